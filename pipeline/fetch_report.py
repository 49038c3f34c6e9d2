"""What was fetched, in words: a table for the terminal, a document for scripts."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.live_sources import PlaceFetch

STATE_LABELS = {
    "telecharge": "téléchargé",
    "deja_la": "déjà gardé",
    "a_demander": "à demander",
    "absent": "absent chez le producteur",
    "depose": "laissé, déposé à la main",
    "ecarte": "laissé de côté",
    "echec": "échec",
}
_KILOBYTE = 1024


def fetch_document(done: PlaceFetch) -> dict[str, Any]:
    """Return what was fetched for a commune (`insee`) or a `departement` as a JSON document."""
    names = {
        "place": "fichier",
        "state": "etat",
        "service": "service",
        "size": "octets",
        "fetched_at": "recu_le",
        "vintage": "millesime",
        "licence": "licence",
        "detail": "detail",
    }
    return {
        "departement" if done.is_departement else "insee": done.code,
        "fichiers": [
            {names[name]: value for name, value in asdict(file).items()} for file in done.files
        ],
        "erreur": None if done.error is None else str(done.error),
    }


def print_fetched(done: Sequence[PlaceFetch], console: Console) -> None:
    """Print one table per place; what could not be had is told under it."""
    for place in done:
        if not place.files:
            continue
        table = Table("Fichier", "État", title=place.code, title_justify="left")
        table.add_column("ko", justify="right")
        for name in ("Reçu le", "Millésime", "Licence"):
            table.add_column(name)
        for file in place.files:
            size = "" if file.size is None else str(-(-file.size // _KILOBYTE))
            cells = (file.place, STATE_LABELS[file.state], size, (file.fetched_at or "")[:10])
            table.add_row(
                *(Text(cell) for cell in (*cells, file.vintage or "", file.licence or ""))
            )
        console.print(table)
        for detail in dict.fromkeys(file.detail for file in place.files if file.detail):
            console.print(f"- {detail}", markup=False, soft_wrap=True)
