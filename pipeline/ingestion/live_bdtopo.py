"""BD TOPO around a commune or over a département, from the WFS of the Géoplateforme."""

from dataclasses import replace
from functools import partial

import shapely

from pipeline.ingestion.scope import Bounds
from pipeline.ingestion.services import Service, WfsLayer
from pipeline.ingestion.wanted import Wanted
from pipeline.ingestion.wfs import (
    count_objects,
    fetch_pages,
    merged,
    merged_within,
    page_request,
)

SERVICE = "geoplateforme_wfs"


def bdtopo_around(insee_code: str, box: Bounds, service: Service) -> list[Wanted]:
    """
    Return one file per declared layer: the objects that meet a box, whole.

    Parameters
    ----------
    box
        West, south, east, north in degrees.
    """
    if service.wfs is None:
        return []
    return [
        _layer_around(insee_code, layer, box, service.wfs.page_size) for layer in service.wfs.layers
    ]


def bdtopo_over(departement: str, place: shapely.Geometry, service: Service) -> list[Wanted]:
    """
    Return one file per declared layer: the objects that meet a place, whole.

    The service is asked for the box of the place; what misses the place is then left out.

    Parameters
    ----------
    departement
        Names the files.
    place
        In degrees.
    """
    if service.wfs is None:
        return []
    west, south, east, north = shapely.bounds(place)
    box = (float(west), float(south), float(east), float(north))
    size = service.wfs.page_size
    return [
        replace(
            _layer_around(departement, layer, box, size),
            make=partial(merged_within, place=place),
            announce=partial(count_objects, service=SERVICE, layer=layer, box=box),
        )
        for layer in service.wfs.layers
    ]


def _layer_around(insee_code: str, layer: WfsLayer, box: Bounds, size: int) -> Wanted:
    return Wanted(
        f"{layer.folder}/{layer.file}-{insee_code}.geojson",
        page_request(SERVICE, layer, box, 0, size),
        partial(fetch_pages, service=SERVICE, layer=layer, box=box),
        merged,
    )
