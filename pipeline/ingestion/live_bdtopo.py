"""BD TOPO around a commune, from the WFS of the Géoplateforme."""

from functools import partial

from pipeline.ingestion.scope import Bounds
from pipeline.ingestion.services import Service, WfsLayer
from pipeline.ingestion.wanted import Wanted
from pipeline.ingestion.wfs import fetch_pages, merged, page_request

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


def _layer_around(insee_code: str, layer: WfsLayer, box: Bounds, size: int) -> Wanted:
    return Wanted(
        f"{layer.folder}/{layer.file}-{insee_code}.geojson",
        page_request(SERVICE, layer, box, 0, size),
        partial(fetch_pages, service=SERVICE, layer=layer, box=box),
        merged,
    )
