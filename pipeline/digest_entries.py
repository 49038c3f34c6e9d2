"""What a digest tells: the changes of many communes, their urgency, conflicts, failures."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.diff import CommuneDiff
from pipeline.export.product import departement_of
from pipeline.inventory.park_values import day, figure, text

COLUMNS = (
    *("departement", "commune_insee", "commune_nom", "parc_id", "nom", "nature", "avant", "apres"),
    *("causes", "detail", "vu_le", "statut", "echeance", "surface_assujettie_m2"),
    "priorite_instruction",
)
CONFLICTS = (
    *("departement", "commune_insee", "commune_nom", "parc_id", "correction_id", "action"),
    *("date", "part_deplacee", "raison"),
)
# Of two changes of equal priority and due date, that which calls for an act comes first.
_URGENCY = (
    *("echeance_proche", "seuil", "statut", "echeance", "nouveau", "disparu", "superficie"),
    "correction",
)
_NEVER = "9999-12-31"
_LAST = 9  # after the classes of priority
# A park that is gone is named in a column of its own.
_JOURNAL_SQL = """
SELECT coalesce(j.parc_id, j.ancien_parc_id) AS parc_id, j.nom, j.nature, j.avant, j.apres,
 j.causes, j.detail, j.vu_le, p.statut, p.echeance, p.surface_assujettie_m2,
 p.priorite_instruction
FROM journal j LEFT JOIN parcs p ON p.parc_id = j.parc_id WHERE j.vu_le BETWEEN ? AND ?
"""
# A conflict has a row for each of its two outlines.
_CONFLICT_SQL = """
SELECT min(coalesce(parc_id, ancien_parc_id)) AS parc_id, correction_id, min(action) AS action,
 min(date) AS date, max(part_deplacee) AS part_deplacee, min(raison) AS raison
FROM conflits GROUP BY correction_id
"""


@dataclass(frozen=True)
class Failure:
    """A commune that could not be brought up to date, and why, in one line."""

    insee_code: str
    message: str


@dataclass(frozen=True)
class Digest:
    """
    What changed from `first` to `last` (both included).

    `entries` has the `COLUMNS`, the most urgent first; `conflicts` the columns `CONFLICTS`;
    `communes` counts the communes looked at.
    """

    first: date
    last: date
    entries: pd.DataFrame
    conflicts: pd.DataFrame
    failures: tuple[Failure, ...]
    communes: int


def gather(out: Path, *, first: date, last: date, failures: Sequence[Failure] = ()) -> Digest:
    """
    Read what the journals of the published products tell of a period.

    Parameters
    ----------
    out
        Root of the products (`OUT/DEP/INSEE.gpkg`); one that cannot be read becomes a failure.
    first, last
        First and last day told (`vu_le`), both included.
    failures
        Communes that the run could not bring up to date.
    """
    entries: list[dict[str, Any]] = []
    conflicts: list[dict[str, Any]] = []
    failed = list(failures)
    products = sorted(out.glob("*/?????.gpkg"))
    for path in products:
        try:
            told, unsettled = _read(path, first, last)
        except sqlite3.Error as error:
            failed.append(Failure(path.stem, f"{path.name} : produit illisible ({error})"))
            continue
        entries += told
        conflicts += unsettled
    return _digest(first, last, entries, conflicts, failed, len(products))


def from_diffs(
    found: Iterable[CommuneDiff], *, first: date, last: date, failures: Sequence[Failure] = ()
) -> Digest:
    """Return the digest of a diff, which knows of no conflict."""
    entries: list[dict[str, Any]] = []
    communes = 0
    for communes, item in enumerate(found, start=1):  # noqa: B007 - the count is wanted after
        entries += _of_diff(item)
    return _digest(first, last, entries, [], list(failures), communes)


def _digest(
    first: date,
    last: date,
    entries: list[dict[str, Any]],
    conflicts: list[dict[str, Any]],
    failures: list[Failure],
    communes: int,
) -> Digest:
    unsettled = pd.DataFrame(conflicts, columns=list(CONFLICTS), dtype=object)
    keys = ["commune_insee", "parc_id", "correction_id"]
    return Digest(
        first=first,
        last=last,
        entries=by_urgency(pd.DataFrame(entries, columns=list(COLUMNS), dtype=object)),
        conflicts=unsettled.sort_values(keys, ignore_index=True, na_position="first"),
        failures=tuple(sorted(failures, key=lambda it: (it.insee_code, it.message))),
        communes=communes,
    )


def by_urgency(entries: pd.DataFrame) -> pd.DataFrame:
    """
    Return entries, the most urgent first.

    By class of priority (none last), then due date (none last), then kind of change, then commune,
    park and words: the order is total.
    """
    ranks = {kind: rank for rank, kind in enumerate(_URGENCY)}
    keys = pd.DataFrame(
        {
            "class": pd.to_numeric(entries["priorite_instruction"]).astype("float64").fillna(_LAST),
            "due": entries["echeance"].fillna(_NEVER),
            "kind": entries["nature"].map(ranks).astype("float64"),
            **{
                name: entries[name].fillna("")
                for name in ("commune_insee", "parc_id", "detail", "vu_le", "avant", "apres")
            },
        }
    )
    return entries.loc[keys.sort_values(list(keys.columns)).index].reset_index(drop=True)


def _read(path: Path, first: date, last: date) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Read the entries and the conflicts of a product; an older one may have neither table."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as opened:
        opened.row_factory = sqlite3.Row
        names = {row[0] for row in opened.execute("SELECT table_name FROM gpkg_contents")}
        commune = opened.execute("SELECT insee, nom FROM commune").fetchone()
        if commune is None:
            return [], []
        place = {
            "departement": departement_of(commune["insee"]),
            "commune_insee": commune["insee"],
            "commune_nom": commune["nom"],
        }
        days = (first.isoformat(), last.isoformat())
        told = opened.execute(_JOURNAL_SQL, days) if "journal" in names else ()
        entries = [place | dict(row) for row in told]
        unsettled = opened.execute(_CONFLICT_SQL) if "conflits" in names else ()
        return entries, [place | dict(row) for row in unsettled]


def _of_diff(found: CommuneDiff) -> Iterator[dict[str, Any]]:
    for row in found.entries.astype(object).to_dict("records"):
        lot = None if pd.isna(row["lot_id"]) else str(row["lot_id"])
        park = found.told.get(lot or "", {})
        due = day(park, "echeance")
        yield {
            "departement": departement_of(found.insee_code),
            "commune_insee": found.insee_code,
            "commune_nom": found.name,
            "parc_id": lot,
            "nom": row["name"],
            "nature": row["kind"],
            "avant": row["before"],
            "apres": row["after"],
            "causes": row["causes"],
            "detail": row["detail"],
            "vu_le": row["seen_on"],
            "statut": text(park, "statut"),
            "echeance": None if due is None else due.isoformat(),
            "surface_assujettie_m2": figure(park, "surface_assujettie_m2"),
            "priorite_instruction": figure(park, "priorite_instruction"),
        }
