"""Inventories of a day → the state of their communes, rebuilt as a file that QGIS opens."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.crs import Territory, territory_of
from pipeline.disk import sha256_of
from pipeline.errors import PublicationError
from pipeline.export.layers import GEOMETRY_COLUMN
from pipeline.export.park_columns import PARK_COLUMNS
from pipeline.export.past import Bounds, Past, publish_past
from pipeline.inventory.inventories import (
    communes_of,
    parks_table,
    path_at,
    read_inventory,
)
from pipeline.inventory.states import State

FOLDER = "etats"
_KNOWN = {column.name for column in PARK_COLUMNS} | {GEOMETRY_COLUMN}
_NONE = "aucun inventaire ce jour-là ou avant"
_NO_LICENCE = "licences des sources non gardées par cette version"


@dataclass(frozen=True)
class Rebuilt:
    """A file written, and the communes that had no inventory yet on the day."""

    path: Path
    communes: int
    parks: int
    missing: tuple[str, ...]


def rebuild_state(
    out: Path,
    day: date,
    territories: tuple[Territory, ...],
    *,
    asked: Sequence[str] = (),
    path: Path | None = None,
) -> Rebuilt:
    """
    Write the parks of communes as they were published on a day.

    Parameters
    ----------
    out
        Root of the products; inventories are in it.
    asked
        INSEE codes; every commune that has an inventory, if empty.
    path
        The file; `OUT/etats/etat_AAAA-MM-JJ.gpkg` by default, or `INSEE_AAAA-MM-JJ.gpkg` for one
        commune.

    Raises
    ------
    PublicationError
        If no commune has an inventory on the day, one cannot be read, they are of territories that
        share no CRS, or the file cannot be written.
    """
    codes = tuple(dict.fromkeys(asked)) or communes_of(out)
    found = {code: path_at(out, code, day) for code in codes}
    files = {code: file for code, file in sorted(found.items()) if file is not None}
    missing = tuple(sorted(code for code, file in found.items() if file is None))
    if not files:
        msg = f"{out} : {_NONE} ({day:%d/%m/%Y}) ; parzan refresh en garde un à chaque changement"
        raise PublicationError(msg)
    territory = _one_territory(files, territories)
    past = _gathered(out, day, territory, files, missing)
    target = path or out / FOLDER / f"{_stem(codes, asked)}_{day.isoformat()}.gpkg"
    publish_past(past, target)
    parks = sum(int(str(row.get("parcs_nb") or 0)) for row in past.rows["etats"])
    return Rebuilt(target, len(files), parks, missing)


def _stem(codes: Sequence[str], asked: Sequence[str]) -> str:
    return codes[0] if len(asked) == 1 else "etat"


def _one_territory(files: dict[str, Path], territories: tuple[Territory, ...]) -> Territory:
    found = {
        territory.code: territory
        for code in files
        for territory in (territory_of(code, territories),)
    }
    if len(found) > 1:
        names = ", ".join(sorted(territory.name for territory in found.values()))
        msg = f"communes de plusieurs territoires ({names}) : en demander un à la fois, --commune"
        raise PublicationError(msg)
    return next(iter(found.values()))


def _gathered(
    out: Path, day: date, territory: Territory, files: dict[str, Path], missing: Sequence[str]
) -> Past:
    """Read each inventory once for its small tables; its parks are read again when written."""
    rows: dict[str, list[dict[str, object]]] = {
        name: [] for name in ("etats", "corrections_rejouees", "sources_lues", "empreintes")
    }
    rows["etats"] += [{"insee": code, "remarque": _NONE} for code in missing]
    used, boxes = [], []
    for code, file in files.items():
        state = read_inventory(file)
        rows["etats"].append(_state_row(out, file, state))
        own: dict[str, object] = {"insee": code}
        rows["corrections_rejouees"] += [
            own | {str(name): value for name, value in row.items()}
            for row in state.replayed.to_dict("records")
        ]
        rows["sources_lues"] += [
            own | {"dossier": folder, "fichier": name, "sha256": digest}
            for folder, digests in state.sources.items()
            for name, digest in digests.items()
        ]
        rows["empreintes"] += [
            own | {"nom": name, "valeur": value} for name, value in state.fingerprints.items()
        ]
        used.append(state.credits)
        if len(state.parks):
            boxes.append(state.parks.total_bounds)
    return Past(day, territory, rows, _parks(files), used, _around(boxes))


def _state_row(out: Path, file: Path, state: State) -> dict[str, object]:
    unknown = sorted(set(state.parks.columns) - _KNOWN - {"geometry"})
    remarks = [
        *([f"colonnes d'une autre version laissées : {', '.join(unknown)}"] if unknown else []),
        *([] if state.credits else [_NO_LICENCE]),
    ]
    return {
        "insee": state.insee_code,
        "nom": state.name,
        "inventaire_du": state.day.isoformat(),
        "regles_au": state.rules_as_of.isoformat(),
        "parzan_version": state.version,
        "parcs_nb": len(state.parks),
        "fichier": file.relative_to(out).as_posix(),
        "sha256": sha256_of(file),
        "remarque": " ; ".join(remarks) or None,
    }


def _parks(files: dict[str, Path]) -> Iterator[pa.Table]:
    for file in files.values():
        table = parks_table(file)
        names = [GEOMETRY_COLUMN if name == "geometry" else name for name in table.column_names]
        yield table.rename_columns(names)


def _around(boxes: "list[np.ndarray]") -> Bounds | None:
    if not boxes:
        return None
    all_boxes = np.array(boxes)
    west, south = all_boxes[:, :2].min(axis=0).tolist()
    east, north = all_boxes[:, 2:].max(axis=0).tolist()
    return west, south, east, north
