"""The list of a digest as a spreadsheet: CSV as French spreadsheets read it, and ODS."""

import csv
import io
import tempfile
import zipfile
from pathlib import Path

import pandas as pd
import pyogrio

from pipeline.digest_entries import COLUMNS
from pipeline.export.domains import DOMAINS, cause_words
from pipeline.french import number

HEADS = {
    "departement": "Département",
    "commune_insee": "Code INSEE",
    "commune_nom": "Commune",
    "parc_id": "Parc",
    "nom": "Nom du parc",
    "nature": "Changement",
    "avant": "Avant",
    "apres": "Après",
    "causes": "Causes",
    "detail": "Détail",
    "vu_le": "Vu le",
    "statut": "Statut",
    "echeance": "Échéance",
    "surface_assujettie_m2": "Superficie assujettie (m²)",
    "priorite_instruction": "Priorité",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "of:")
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_SHEET = "Changements"


def rows_to_read(entries: pd.DataFrame) -> pd.DataFrame:
    """
    Return entries as an analyst reads them: texts, French words and heads.

    Every cell is a text, so that `01004` keeps its zero; one that a spreadsheet would take for a
    formula is led by an apostrophe.
    """
    table = entries[list(COLUMNS)].astype(object).copy()
    table["nature"] = table["nature"].map(DOMAINS["nature_changement"])
    table["causes"] = table["causes"].map(cause_words)
    table["statut"] = table["statut"].map(DOMAINS["statut"], na_action="ignore")
    for name in ("surface_assujettie_m2", "priorite_instruction"):
        table[name] = table[name].map(_whole, na_action="ignore")
    texts = table.where(table.notna(), "").map(_harmless)
    return texts.rename(columns=HEADS)


def _whole(value: float) -> str:
    return number(value).replace("\u202f", "")


def _harmless(value: object) -> str:
    cell = str(value)
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def as_csv(entries: pd.DataFrame) -> bytes:
    """Return the list as CSV: « ; », UTF-8 with its mark, so that a spreadsheet opens it as is."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    table = rows_to_read(entries)
    writer.writerow(table.columns)
    writer.writerows(table.itertuples(index=False, name=None))
    return buffer.getvalue().encode("utf-8-sig")


def as_ods(entries: pd.DataFrame) -> bytes:
    """Return the list as ODS; the same list gives the same bytes."""
    table = rows_to_read(entries).astype("str")
    with tempfile.TemporaryDirectory(prefix="parzan-") as folder:
        path = Path(folder) / "digest.ods"
        pyogrio.write_dataframe(table, path, driver="ODS", layer=_SHEET)
        return _without_times(path)


def _without_times(path: Path) -> bytes:
    """Pack the members of an archive again, in their order, the hour of their writing left out."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as written, zipfile.ZipFile(buffer, "w") as packed:
        for member in written.infolist():
            named = zipfile.ZipInfo(member.filename, _ZIP_EPOCH)
            named.create_system = 3  # else the byte says on which system it was written
            packed.writestr(named, written.read(member), compress_type=member.compress_type)
    return buffer.getvalue()
