"""The product of a region or a département: streamed from those of its communes, swapped in."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import shapely

from pipeline.crs import Territory
from pipeline.errors import PublicationError
from pipeline.export.geometry_checks import wkb_of
from pipeline.export.layers import GEOMETRY_COLUMN
from pipeline.export.licences import line_of
from pipeline.export.project import Frame
from pipeline.export.project_layers import layers_shown
from pipeline.export.region_layers import REGION_LAYERS, REGION_THEMES
from pipeline.export.region_licences import as_licences, credits_of, licences_of_communes
from pipeline.export.region_rows import Region, copied, gather_region, to_table, totals
from pipeline.export.replacing import record_of, replacing, write_tables


@dataclass(frozen=True)
class Area:
    """What a regional product is of: `name` is that of its file, `label` its title."""

    name: str
    label: str
    territory: Territory


def publish_region(area: Area, insee_codes: Iterable[str], out: Path, day: date) -> Path:
    """
    Write `OUT/<name>.gpkg` from the products of communes, in the place of the former one.

    One commune is in memory at a time; the small tables (one row per commune) are whole. The same
    products give the same bytes.

    Parameters
    ----------
    area
        For instance `region_32`.
    insee_codes
        Those of the area; a commune without product is listed in `produits`, never left out.
    out
        Root of the products.
    day
        Date of the law asked for; the only date written.

    Raises
    ------
    PublicationError
        If no commune has a product, a product cannot be read any more, the totals do not add up,
        the old file is open for editing, or the disk refuses.
    """
    path = out / f"{area.name}.gpkg"
    region = gather_region(out, insee_codes)
    if not region.communes:
        msg = f"{path} : aucune commune n'a de produit ; lancer parzan refresh d'abord"
        raise PublicationError(msg)
    with replacing(path) as temporary:
        _write(area, region, temporary, path.name, day)
    return path


def _write(area: Area, region: Region, path: Path, file_name: str, day: date) -> None:
    licences = licences_of_communes(region.used)
    small = {
        "communes": region.communes,
        "totaux": totals(region.communes),
        "produits": region.products,
        "licences": licences,
    }
    tables = {
        layer.name: to_table(layer, small[layer.name])
        if layer.name in small
        else copied(layer.name, region.holders[layer.name])
        for layer in REGION_LAYERS
    }
    frame = Frame(
        title=f"Parcs de stationnement — {area.label}",
        abstract=_ABSTRACT.format(area.label, day, len(region.communes), len(region.products)),
        epsg=area.territory.epsg,
        bounds=_bounds(region),
        shown=layers_shown(REGION_LAYERS, file_name),
        themes=REGION_THEMES,
        relations=(),
        credit=line_of(str(row["attribution"]) for row in licences),
        licences={layer.name: as_licences(licences) for layer in REGION_LAYERS},
    )
    record = record_of(frame, area.name, day, _STATEMENT, credits_of(licences))
    write_tables(path, REGION_LAYERS, tables, frame, record)


_STATEMENT = (
    "Réunion des produits des communes (table « produits »), sans autre calcul que les totaux."
    " Sources et règles : tables « sources » et « regles » de chaque produit."
)
_ABSTRACT = (
    "Parcs de stationnement de {0} au regard de l'article 40 de la loi n° 2023-175 du 10 mars 2023,"
    " au {1:%d/%m/%Y} : {2} communes lues sur {3}. Estimation sur données publiques : ne vaut ni"
    " constat ni décision."
)


def _bounds(region: Region) -> tuple[float, float, float, float]:
    blobs = [row[GEOMETRY_COLUMN] for row in region.communes]
    shapes = shapely.from_wkb([wkb_of(blob) for blob in blobs if isinstance(blob, bytes)])
    west, south, east, north = shapely.total_bounds(shapes)
    return float(west), float(south), float(east), float(north)
