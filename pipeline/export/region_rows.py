"""Products of communes → rows of the product of their region, one commune in memory at a time."""

import math
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pyarrow as pa

from pipeline.disk import sha256_of
from pipeline.errors import PublicationError
from pipeline.export.fields import Kind
from pipeline.export.geometry_checks import wkb_of
from pipeline.export.layers import GEOMETRY_COLUMN, Layer
from pipeline.export.product import departement_of
from pipeline.export.region_layers import COUNTED, DIGITS, REGION_BY_NAME, SUMMED
from pipeline.export.region_licences import Used
from pipeline.export.typed_rows import ARROW

Row = dict[str, object]
# Layers that are read commune by commune while they are written.
STREAMED = ("parcs", "conflits", "journal")
_USED = """SELECT DISTINCT coalesce(licence, ''), coalesce(attribution, libelle)
    FROM sources WHERE etat IN ('utilisee', 'partielle')"""


@dataclass
class Region:
    """
    What was read of the products of a region: small tables, and where the rows of the big ones are.

    `communes` has one row per product read, its geometry included; `products` one row per commune
    asked for, read or not. `holders`: by streamed layer, the products that have a row of it.
    `used`: licence and attribution of the sources of each product read.
    """

    communes: list[Row] = field(default_factory=list)
    products: list[Row] = field(default_factory=list)
    used: list[list[Used]] = field(default_factory=list)
    holders: dict[str, list[Path]] = field(default_factory=lambda: {name: [] for name in STREAMED})


def gather_region(out: Path, insee_codes: Iterable[str]) -> Region:
    """
    Read the totals of the product of each commune; a commune without product is told.

    Parameters
    ----------
    out
        Root of the products.
    insee_codes
        Any order; rows come out in the order of the codes.
    """
    region = Region()
    for code in sorted(set(insee_codes)):
        path = out / departement_of(code) / f"{code}.gpkg"
        product: Row = {"insee": code, "fichier": path.relative_to(out).as_posix()}
        if not path.exists():
            region.products.append(product | {"etat": "absent", "remarque": "produit à faire"})
            continue
        try:
            _read(path, product, region)
        except (sqlite3.Error, TypeError) as error:
            reason = " ".join(str(error).split())
            told = f"refaire ce produit ({reason})"
            region.products.append(product | {"etat": "illisible", "remarque": told})
            continue
        region.products.append(product | {"etat": "lu", "sha256": sha256_of(path)})
    return region


def totals(communes: Sequence[Row]) -> list[Row]:
    """
    Add up the rows of communes: one row each, then by EPCI, by département, and for all.

    Each total is the sum of the rounded values of its communes: whoever adds them up again finds
    the same number.
    """
    levels: dict[str, Callable[[Row], tuple[object, object]]] = {
        "commune": lambda row: (row["insee"], row["nom"]),
        "epci": lambda row: (row["epci_nom"] or "inconnue", row["epci_nom"]),
        "departement": lambda row: (row["departement"], row["departement"]),
        "ensemble": lambda _: ("ensemble", None),
    }
    found: list[Row] = []
    for level, named in levels.items():
        groups: dict[tuple[str, object], list[Row]] = {}
        for row in communes:
            code, name = named(row)
            groups.setdefault((str(code), name), []).append(row)
        found += [
            {"niveau": level, "code": code, "nom": name, "communes_nb": len(rows)} | _added(rows)
            for (code, name), rows in groups.items()
        ]
    return sorted(found, key=lambda row: (str(row["niveau"]), str(row["code"])))


def to_table(layer: Layer, rows: Sequence[Row]) -> pa.Table:
    """Return rows, by the names of the layer's columns, as a typed table sorted as it declares."""
    return _typed(layer, rows).sort_by([(name, "ascending") for name in layer.sort])


def copied(name: str, paths: Sequence[Path]) -> pa.RecordBatchReader:
    """
    Return a layer of several products as a stream: one commune in memory at a time.

    Raises
    ------
    PublicationError
        While it is read, if a product has changed and cannot be read any more.
    """
    layer = REGION_BY_NAME[name]
    schema = _typed(layer, []).schema
    batches = (batch for path in paths for batch in _typed(layer, _rows(path, layer)).to_batches())
    return pa.RecordBatchReader.from_batches(schema, batches)


def _read(path: Path, product: Row, region: Region) -> None:
    """Add to a region what it needs of a product, opened once; nothing of one that is damaged."""
    with closing(_opened(path)) as connection:
        commune = _commune(connection, product)
        used = [(str(licence), str(credit)) for licence, credit in connection.execute(_USED)]
        held = [name for name in STREAMED if _has_rows(connection, name)]
    region.communes.append(commune)
    region.used.append(used)
    for name in held:
        region.holders[name].append(path)


def _has_rows(connection: sqlite3.Connection, name: str) -> bool:
    found = connection.execute(f"SELECT EXISTS (SELECT 1 FROM {name})")  # noqa: S608 - our names
    return bool(found.fetchone()[0])


def _commune(connection: sqlite3.Connection, product: Row) -> Row:
    read = connection.cursor()
    read.row_factory = sqlite3.Row
    one = read.execute(
        f"SELECT insee, nom, epci_nom, surface_m2, {GEOMETRY_COLUMN} FROM commune"  # noqa: S608
    ).fetchone()
    sums = ", ".join(f"{sql} AS {name}" for name, *_, sql in (*COUNTED, *SUMMED))
    added = dict(read.execute(f"SELECT {sums} FROM parcs").fetchone())  # noqa: S608
    conflicts = read.execute("SELECT count(DISTINCT correction_id) FROM conflits").fetchone()[0]
    rounded = {name: round(float(added[name]), DIGITS) for name, *_ in SUMMED}
    return (
        dict(one)
        | added
        | rounded
        | {
            "conflits_nb": conflicts,
            "departement": departement_of(str(product["insee"])),
            "fichier": product["fichier"],
        }
    )


def _added(rows: Sequence[Row]) -> Row:
    counted = [name for name, *_ in COUNTED] + ["conflits_nb"]
    return {name: sum(int(str(row[name])) for row in rows) for name in counted} | {
        name: round(math.fsum(float(str(row[name])) for row in rows), DIGITS) for name, *_ in SUMMED
    }


def _rows(path: Path, layer: Layer) -> list[Row]:
    names = [column.name for column in layer.columns]
    if layer.geometry is not None:
        names.append(GEOMETRY_COLUMN)
    order = ", ".join((*layer.sort, "fid"))
    try:
        with closing(_opened(path)) as connection:
            found = connection.execute(
                f'SELECT {", ".join(names)} FROM "{layer.name}" ORDER BY {order}'  # noqa: S608
            ).fetchall()
    except sqlite3.Error as error:
        msg = f"{path} : illisible ({error}) ; refaire ce produit, puis relancer"
        raise PublicationError(msg) from error
    return [dict(zip(names, row, strict=True)) for row in found]


def _typed(layer: Layer, rows: Sequence[Row]) -> pa.Table:
    arrays = {
        column.name: pa.array(
            [_value(row.get(column.name), column.kind) for row in rows], type=ARROW[column.kind]
        )
        for column in layer.columns
    }
    if layer.geometry is not None:
        shapes = [_wkb(row.get(GEOMETRY_COLUMN)) for row in rows]
        arrays[GEOMETRY_COLUMN] = pa.array(shapes, type=pa.binary())
    return pa.table(arrays)


def _value(value: object, kind: Kind) -> object:
    if value is None:
        return None
    if kind == "date":
        return date.fromisoformat(str(value)[:10])
    return bool(value) if kind == "boolean" else value


def _wkb(blob: object) -> bytes | None:
    return wkb_of(blob) if isinstance(blob, bytes) else None


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
