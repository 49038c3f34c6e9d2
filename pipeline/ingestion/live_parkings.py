"""Car parks of the national layer (over 500 m²) around a commune, from the WFS."""

import json
from functools import partial

import shapely

from pipeline.errors import ServiceError
from pipeline.ingestion.evidence import Facts
from pipeline.ingestion.exchange import Answer, Request
from pipeline.ingestion.live_boxes import count_outside, rounded_out
from pipeline.ingestion.scope import Bounds
from pipeline.ingestion.services import Service
from pipeline.ingestion.wanted import Wanted, single

SERVICE = "geoplateforme_wfs"
_LAYER = "PARKING.SUP.500:parkings_sup500m2"


def parkings_around(insee_code: str, box: Bounds, service: Service) -> Wanted:
    """
    Return the file of the car parks that meet a box.

    No column of the layer is a key that pages could be sorted by: one page must hold them all.

    Parameters
    ----------
    box
        West, south, east, north in degrees.
    service
        Gives the size of a page.
    """
    window = rounded_out(box)
    params = {
        "SERVICE": "WFS",
        "VERSION": "2.0.0",
        "REQUEST": "GetFeature",
        "TYPENAMES": _LAYER,
        "OUTPUTFORMAT": "application/json",
        "SRSNAME": "EPSG:4326",
        "COUNT": str(service.wfs.page_size if service.wfs is not None else 1),
        "BBOX": ",".join(f"{side:.3f}" for side in window) + ",EPSG:4326",
    }
    place = f"parkings/parkings_sup500m2-{insee_code}.geojson"
    request = Request(SERVICE, "ows", ("json",), params)
    return single(place, request, partial(_read, window=window))


def _read(answer: Answer, where: str, *, window: Bounds) -> Facts:
    document = json.loads(answer.path.read_bytes())
    try:
        features, matched = list(document["features"]), document["numberMatched"]
        outside = count_outside(features, window)
    except (KeyError, TypeError, shapely.errors.ShapelyError) as error:
        msg = f"{where} : page WFS mal formée ({error!r}) ; vérifier la demande"
        raise ServiceError(msg) from error
    if matched != len(features):
        msg = f"{where} : {len(features)} parcs reçus sur {matched} annoncés ; réponse refusée"
        raise ServiceError(msg)
    if outside:
        msg = f"{where} : {outside} parcs hors de la fenêtre ; réponse refusée"
        raise ServiceError(msg)
    return Facts(row_count=len(features))
