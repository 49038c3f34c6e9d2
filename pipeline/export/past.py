"""The file of a past state: parks as they were published on a day, to be opened in QGIS."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pyarrow as pa

from pipeline.crs import WGS84, Territory, transformer_between
from pipeline.errors import PublicationError
from pipeline.export.layers import GEOMETRY_COLUMN
from pipeline.export.licences import line_of
from pipeline.export.past_layers import PAST_LAYERS, PAST_THEMES
from pipeline.export.project import Frame
from pipeline.export.project_layers import layers_shown
from pipeline.export.region_licences import (
    Used,
    as_licences,
    credits_of,
    licences_of_communes,
)
from pipeline.export.region_rows import Row, to_table
from pipeline.export.replacing import record_of, replacing, write_tables
from pipeline.export.typed_rows import ARROW
from pipeline.export.wide_checks import is_of_the_past

Bounds = tuple[float, float, float, float]
_PARKS = PAST_LAYERS[0]


@dataclass(frozen=True)
class Past:
    """
    What was published of some communes on a day.

    Attributes
    ----------
    rows
        Rows of the tables without geometry of `PAST_LAYERS`, by layer; licences left out.
    parks
        One table per commune, the columns of `parcs` and `geometry` (WKB); read when they are
        written, one in memory at a time.
    used
        Licence and attribution of what each commune used.
    bounds
        Box of the parks in the territory CRS; None without any.
    """

    day: date
    territory: Territory
    rows: Mapping[str, Sequence[Row]]
    parks: Iterable[pa.Table]
    used: Sequence[Iterable[Used]] = field(default_factory=tuple)
    bounds: Bounds | None = None


def publish_past(past: Past, path: Path) -> Path:
    """
    Write a past state to `path`, in the place of a former file; the same state, the same bytes.

    Raises
    ------
    PublicationError
        If the old file is open for editing or is no past state (a product, the work of an agent),
        if the name is not that of a GeoPackage, or the disk refuses.
    """
    _refuse_others(path)
    licences = licences_of_communes(past.used)
    rows = {**past.rows, "licences": licences}
    tables = {
        layer.name: to_table(layer, rows[layer.name]) if layer.name in rows else _stream(past.parks)
        for layer in PAST_LAYERS
    }
    frame = Frame(
        title=f"Parcs de stationnement — état au {past.day:%d/%m/%Y}",
        abstract=_ABSTRACT.format(past.day),
        epsg=past.territory.epsg,
        bounds=past.bounds or _whole(past.territory),
        shown=layers_shown(PAST_LAYERS, path.name),
        themes=PAST_THEMES,
        relations=(),
        credit=line_of(str(row["attribution"]) for row in licences),
        licences={layer.name: as_licences(licences) for layer in PAST_LAYERS},
    )
    record = record_of(frame, path.stem, past.day, _STATEMENT, credits_of(licences))
    with replacing(path) as temporary:
        write_tables(temporary, PAST_LAYERS, tables, frame, record)
    return path


def _refuse_others(path: Path) -> None:
    if path.suffix != ".gpkg":
        msg = f"{path} : donner un nom de fichier en .gpkg"
        raise PublicationError(msg)
    if path.exists() and not _is_past(path):
        msg = f"{path} : existe, et n'est pas un état passé ; choisir un autre nom"
        raise PublicationError(msg)


def _is_past(path: Path) -> bool:
    """Look without a lock: a review file that is open must keep no trace of it."""
    uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            return is_of_the_past(connection)
    except sqlite3.Error:
        return False


_STATEMENT = (
    "Relu des inventaires que parzan garde à chaque changement (table « etats »), sans calcul."
    " Sources, règles et corrections d'alors : tables « sources_lues », « empreintes » et"
    " « corrections_rejouees »."
)
_ABSTRACT = (
    "Parcs de stationnement tels que parzan les publiait le {0:%d/%m/%Y}, d'après les inventaires"
    " gardés ce jour-là ou avant (table « etats »). Estimation sur données publiques : ne vaut ni"
    " constat ni décision."
)


def _stream(parks: Iterable[pa.Table]) -> pa.RecordBatchReader:
    schema = _as_layer(pa.table({GEOMETRY_COLUMN: pa.array([], pa.binary())})).schema
    batches = (batch for table in parks for batch in _as_layer(table).to_batches())
    return pa.RecordBatchReader.from_batches(schema, batches)


def _as_layer(parks: pa.Table) -> pa.Table:
    """Give parks the columns of the layer: one that their version did not have comes out NULL."""
    arrays = {
        column.name: parks[column.name].cast(ARROW[column.kind])
        if column.name in parks.column_names
        else pa.nulls(len(parks), ARROW[column.kind])
        for column in _PARKS.columns
    }
    arrays[GEOMETRY_COLUMN] = parks[GEOMETRY_COLUMN].cast(pa.binary())
    return pa.table(arrays).sort_by([(name, "ascending") for name in _PARKS.sort])


def _whole(territory: Territory) -> Bounds:
    carried = transformer_between(WGS84, territory.crs).transform_bounds(*territory.lon_lat_bounds)
    west, south, east, north = carried
    return west, south, east, north
