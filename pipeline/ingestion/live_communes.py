"""Commune limits of a département, from API Géo."""

import json

from pipeline.errors import ServiceError
from pipeline.ingestion.evidence import Facts
from pipeline.ingestion.exchange import Answer, Request
from pipeline.ingestion.wanted import Wanted, single

SERVICE = "api_geo"
_POLYGONS = frozenset({"Polygon", "MultiPolygon"})
_OVERSEAS = "97"


def departement_of(insee_code: str) -> str:
    """Return the code of the département of a commune: `62`, `2A`, `974`."""
    return insee_code[: 3 if insee_code.startswith(_OVERSEAS) else 2]


def limits_of(insee_code: str) -> Wanted:
    """
    Return the file of the limits of a commune: those of its whole département, neighbours included.

    Without `geometry=contour` the service gives one point per commune.
    """
    departement = departement_of(insee_code)
    params = {
        "codeDepartement": departement,
        "fields": "nom,code,codeEpci",
        "format": "geojson",
        "geometry": "contour",
    }
    request = Request(SERVICE, "communes", ("json",), params)
    return single(f"communes/api-geo-{departement}.geojson", request, _read)


def _read(answer: Answer, where: str) -> Facts:
    document = json.loads(answer.path.read_bytes())
    try:
        features = list(document["features"])
        is_drawn = [item["geometry"]["type"] in _POLYGONS for item in features]
        codes = {str(item["properties"]["code"]) for item in features}
    except (KeyError, TypeError) as error:
        msg = f"{where} : limites communales mal formées ({error!r}) ; relancer plus tard"
        raise ServiceError(msg) from error
    if not features or not all(is_drawn) or len(codes) < len(features):
        msg = (
            f"{where} : {len(features)} communes, dont {sum(is_drawn)} dessinées et {len(codes)}"
            " codes distincts ; relancer plus tard"
        )
        raise ServiceError(msg)
    return Facts(row_count=len(features))
