"""Commune limits of a département, from API Géo."""

import json
import re
from pathlib import Path

import numpy as np
import shapely
from shapely.errors import ShapelyError

from pipeline.crs import GeometryArray
from pipeline.errors import ServiceError
from pipeline.ingestion.evidence import Facts
from pipeline.ingestion.exchange import Answer, Request
from pipeline.ingestion.services import Service
from pipeline.ingestion.wanted import Wanted, single

SERVICE = "api_geo"
OUTLINES = "etalab_contours"
_POLYGONS = frozenset({"Polygon", "MultiPolygon"})
DEPARTEMENT = re.compile(r"0[1-9]|1[0-9]|2[1-9AB]|[3-8][0-9]|9[0-5]|97[1-46]")
_OVERSEAS = "97"
_METRES_PER_DEGREE = 60_000.0  # of longitude, at the north of France: a degree is more elsewhere


def departement_of(insee_code: str) -> str:
    """Return the code of the département of a commune: `62`, `2A`, `974`."""
    return insee_code[: 3 if insee_code.startswith(_OVERSEAS) else 2]


def limits_of(departement: str) -> Wanted:
    """
    Return the file of the limits of the communes of a département.

    Without `geometry=contour` the service gives one point per commune.
    """
    params = {
        "codeDepartement": departement,
        "fields": "nom,code,codeEpci",
        "format": "geojson",
        "geometry": "contour",
    }
    request = Request(SERVICE, "communes", ("json",), params)
    return single(f"communes/api-geo-{departement}.geojson", request, _read)


def outlines_request(service: Service) -> Request | None:
    """Return what asks for the outlines of all départements; None when none is declared."""
    if service.outlines is None:
        return None
    return Request(OUTLINES, service.outlines.file, ("json",))


def read_outlines(answer: Answer, where: str) -> Facts:
    """
    Read the outlines of the départements.

    Raises
    ------
    ServiceError
        If a département has no code or no outline, or if there is none.
    """
    try:
        codes, _ = _outlines(answer.path)
    except (KeyError, TypeError, ShapelyError) as error:
        msg = f"{where} : contours mal formés ({error!r}) ; relancer plus tard"
        raise ServiceError(msg) from error
    if not codes:
        msg = f"{where} : aucun département ; réponse refusée, relancer plus tard"
        raise ServiceError(msg)
    return Facts(row_count=len(codes))


def departements_meeting(outlines: Path, place: shapely.Geometry, margin_m: float) -> list[str]:
    """
    Return the départements whose outline comes within a margin of a place, sorted.

    Parameters
    ----------
    outlines
        The file that `read_outlines` accepted.
    place
        Any geometry, in degrees.
    margin_m
        How far the outlines may be from the true ones, metres.
    """
    codes, shapes = _outlines(outlines)
    near = shapely.buffer(place, margin_m / _METRES_PER_DEGREE)
    meets = shapely.intersects(shapes, near)
    return sorted(code for code, met in zip(codes, meets, strict=True) if met)


def _outlines(path: Path) -> tuple[list[str], GeometryArray]:
    features = json.loads(path.read_bytes())["features"]
    codes = [str(item["properties"]["code"]) for item in features]
    texts = [json.dumps(item["geometry"]) for item in features]
    return codes, shapely.from_geojson(np.array(texts, dtype=object))


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
