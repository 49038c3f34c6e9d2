"""Inventories by date: the car parks of a commune as they were published, one GeoParquet a day."""

import io
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
from pyproj import CRS

from pipeline.errors import PublicationError
from pipeline.inventory.states import REPLAYED, State, read_product, replayed_of
from pipeline.inventory.whole_files import write_whole

FOLDER = "inventaires"
_NAME = re.compile(r"(\w{5})_(\d{4}-\d{2}-\d{2})\.parquet")
_KEY, _GEO, _GEOMETRY = b"parzan", b"geo", "geometry"
_DAY = "etat_au"
_OVERSEAS = ("97", "98")


def keep_inventory(product: Path, out: Path, day: date) -> Path | None:
    """
    Keep the parks of a published product as the inventory of a day.

    Parameters
    ----------
    product
        `INSEE.gpkg`, as published.
    out
        Root of the products; the file is `OUT/inventaires/DEP/INSEE_AAAA-MM-JJ.parquet`: the layer
        `parcs` as it is (GeoParquet 1.1, WKB, territory CRS), and under the key `parzan` of its
        metadata the commune, the version, `regles_au`, the fingerprints, the digests and the
        licences of the sources, and the corrections.
    day
        The day of the run (`--on`).

    Returns
    -------
    path
        The file written; None when the last inventory of that day or before says the same.

    Raises
    ------
    PublicationError
        If the product cannot be read or the disk refuses.
    """
    state = read_product(product, gpd.GeoDataFrame())  # the parks are copied, never decoded
    content = _parquet(product, _metadata(state, day))
    last = path_at(out, state.insee_code, day)
    if last is not None and _same(last, content):
        return None
    path = folder_of(out, state.insee_code) / f"{state.insee_code}_{day.isoformat()}.parquet"
    write_whole(path, content)
    return path


def folder_of(out: Path, insee_code: str) -> Path:
    """Return the folder of the inventories of a commune."""
    digits = 3 if insee_code.startswith(_OVERSEAS) else 2
    return out / FOLDER / insee_code[:digits]


def state_at(out: Path, insee_code: str, day: date) -> State | None:
    """
    Return the state of a commune on a day: its last inventory of that day or before.

    None when there is none, the day being before the first; `PublicationError` when the file
    cannot be read.
    """
    path = path_at(out, insee_code, day)
    return None if path is None else read_inventory(path)


def path_at(out: Path, insee_code: str, day: date) -> Path | None:
    """Return the inventory that tells a day: the last of that day or before; None without any."""
    days = [known for known in days_of(out, insee_code) if known <= day]
    name = f"{insee_code}_{max(days).isoformat()}.parquet" if days else ""
    return folder_of(out, insee_code) / name if days else None


def communes_of(out: Path) -> tuple[str, ...]:
    """Return the communes that have an inventory, in order."""
    return tuple(sorted({code for code, _ in _named((out / FOLDER).glob("*/*.parquet"))}))


def days_of(out: Path, insee_code: str) -> tuple[date, ...]:
    """Return the days of the inventories of a commune, in order."""
    files = folder_of(out, insee_code).glob(f"{insee_code}_*.parquet")
    return tuple(sorted(day for code, day in _named(files) if code == insee_code))


def read_inventory(path: Path) -> State:
    """
    Read an inventory.

    Raises
    ------
    PublicationError
        If there is no such file, it cannot be read, or it is no inventory of parzan.
    """
    try:
        said = _said(pq.read_schema(path))
        parks = gpd.read_parquet(path)
        return State(
            insee_code=said["commune_insee"],
            name=said["commune_nom"],
            version=said["version"],
            rules_as_of=date.fromisoformat(said["regles_au"]),
            parks=gpd.GeoDataFrame(parks),
            fingerprints=said["empreintes"],
            sources=said["sources"],
            replayed=replayed_of(pd.DataFrame(said["corrections"], columns=list(REPLAYED))),
            credits=tuple((licence, credit) for licence, credit in said.get("licences", ())),
            seen_on=date.fromisoformat(said[_DAY]),
        )
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        msg = f"{path} : pas un inventaire de parzan, ou fichier abîmé ({reason})"
        raise PublicationError(msg) from error


def parks_table(path: Path) -> pa.Table:
    """
    Return the parks of an inventory as they are kept: French columns, `geometry` as WKB.

    Raises
    ------
    PublicationError
        If the file cannot be read.
    """
    try:
        return pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        msg = f"{path} : inventaire illisible ({' '.join(str(error).split())[:200]})"
        raise PublicationError(msg) from error


def _named(files: Iterator[Path]) -> Iterator[tuple[str, date]]:
    for file in files:
        match = _NAME.fullmatch(file.name)
        if match is None:
            continue
        with suppress(ValueError):  # no day of the calendar: somebody else's file
            yield match[1], date.fromisoformat(match[2])


def _metadata(state: State, day: date) -> dict[str, Any]:
    replayed = state.replayed.astype(object)
    return {
        "commune_insee": state.insee_code,
        "commune_nom": state.name,
        "version": state.version,
        "regles_au": state.rules_as_of.isoformat(),
        _DAY: day.isoformat(),
        "empreintes": state.fingerprints,
        "sources": state.sources,
        "licences": [list(pair) for pair in state.credits],
        "corrections": replayed.where(replayed.notna(), None).to_dict("records"),
    }


def _parquet(product: Path, metadata: dict[str, Any]) -> bytes:
    """Return the layer `parcs` as GeoParquet; the same product gives the same bytes."""
    described, table = pyogrio.read_arrow(product, layer="parcs")
    table = table.rename_columns(
        [_GEOMETRY if name == described["geometry_name"] else name for name in table.column_names]
    )
    geometry: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": ["MultiPolygon"],
        "crs": json.loads(_crs_json(str(described["crs"]))),
    }
    geo = {"version": "1.1.0", "primary_column": _GEOMETRY, "columns": {_GEOMETRY: geometry}}
    # GDAL's notes on the fields (comments, domains) are those of the layer, not of the parks.
    fields = [pa.field(field.name, field.type) for field in table.schema]
    schema = pa.schema(fields, metadata={_GEO: _json(geo), _KEY: _json(metadata)})
    buffer = io.BytesIO()
    pq.write_table(pa.table(table.columns, schema=schema), buffer, compression="zstd")
    return buffer.getvalue()


@cache
def _crs_json(crs: str) -> str:
    return CRS.from_user_input(crs).to_json()


def _json(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True).encode()


def _said(schema: pa.Schema) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((schema.metadata or {})[_KEY])
    return found


def _same(path: Path, content: bytes) -> bool:
    """Tell whether an inventory says the same, its day left out; a damaged one does not."""
    try:
        before, after = (pq.read_table(source) for source in (path, io.BytesIO(content)))
        told = [
            {key: value for key, value in _said(table.schema).items() if key != _DAY}
            for table in (before, after)
        ]
        return told[0] == told[1] and bool(before.equals(after))
    except (OSError, pa.ArrowException, KeyError, ValueError):
        return False
