"""Listed monuments (Mérimée) around a commune, from the portal of the ministère de la Culture."""

import json
import math
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from pyproj import Geod

from pipeline.errors import ServiceError
from pipeline.ingestion.evidence import Facts
from pipeline.ingestion.evidence_records import Evidence
from pipeline.ingestion.exchange import Answer, Request
from pipeline.ingestion.live_boxes import rounded_out
from pipeline.ingestion.live_csv import csv_line
from pipeline.ingestion.live_pages import UnfitError, fitting
from pipeline.ingestion.live_settings import OpenDataset
from pipeline.ingestion.retrieval import Retrieval
from pipeline.ingestion.scope import Bounds
from pipeline.ingestion.services import Service
from pipeline.ingestion.wanted import Wanted

SERVICE = "culture"
_ID, _NAME, _PLACE = "reference", "titre_editorial_de_la_notice", "coordonnees_au_format_wgs84"
_DEPARTEMENT = "departement_format_numerique"
_GROUND = Geod(ellps="GRS80")
_STEP_M = 100


def monuments_around(insee_code: str, box: Bounds, service: Service) -> list[Wanted]:
    """
    Return the file of the monuments within a distance of the middle of a box, counted.

    Parameters
    ----------
    box
        West, south, east, north in degrees: its corners, and the margin, are within the distance.
    """
    if service.open_data is None:
        return []
    count, export = _requests(rounded_out(box), service.open_data)
    place = f"monuments/merimee-{insee_code}.csv"
    return [Wanted(place, export, partial(_fetch, count=count, export=export), _table)]


def monuments_of(departements: Sequence[str], service: Service) -> list[Wanted]:
    """
    Return the file of the monuments of départements, counted; it bears the name of the first.

    Parameters
    ----------
    departements
        Codes: the département itself, then those around, whose monuments may be near its limits.
    """
    if service.open_data is None:
        return []
    where = " or ".join(f'{_DEPARTEMENT}="{code}"' for code in departements)
    count, export = _asked(where, service.open_data)
    place = f"monuments/merimee-{departements[0]}.csv"
    return [Wanted(place, export, partial(_fetch, count=count, export=export), _table)]


def _requests(box: Bounds, portal: OpenDataset) -> tuple[Request, Request]:
    """Return what asks for the number of monuments, then for all of them."""
    west, south, east, north = box
    lon, lat = round((west + east) / 2, 4), round((south + north) / 2, 4)
    corners = [(x, y) for x in (west, east) for y in (south, north)]
    far = max(_GROUND.inv(lon, lat, x, y)[2] for x, y in corners)
    radius = math.ceil((far + portal.margin_m) / _STEP_M) * _STEP_M
    return _asked(f"within_distance({_PLACE}, GEOM'POINT({lon:g} {lat:g})', {radius}m)", portal)


def _asked(where: str, portal: OpenDataset) -> tuple[Request, Request]:
    count = Request(SERVICE, f"{portal.dataset}/records", ("json",), {"where": where, "limit": "1"})
    export = Request(SERVICE, f"{portal.dataset}/exports/json", ("json",), {"where": where})
    return count, export


def _fetch(retrieval: Retrieval, count: Request, export: Request) -> list[Evidence]:
    """Return the count and the monuments, which agree."""
    where = export.where(retrieval.transport.services[SERVICE])

    def collect(renew: bool) -> list[Evidence]:
        told = retrieval.get(count, _read_count, renew=renew)
        held = retrieval.get(export, _read_all, renew=renew)
        if told.row_count != held.row_count:
            msg = (
                f"{where} : {held.row_count} monuments reçus sur {told.row_count} annoncés ;"
                " relancer"
            )
            raise UnfitError(msg)
        return [told, held]

    return fitting(collect, where)


def _read_count(answer: Answer, where: str) -> Facts:
    document = json.loads(answer.path.read_bytes())
    total = document.get("total_count") if isinstance(document, dict) else None
    if not isinstance(total, int):
        msg = f"{where} : nombre de monuments introuvable ; relancer plus tard"
        raise ServiceError(msg)
    return Facts(row_count=total)


def _read_all(answer: Answer, where: str) -> Facts:
    try:
        rows = [_row(item) for item in json.loads(answer.path.read_bytes())]
    except (KeyError, TypeError, AttributeError) as error:
        msg = f"{where} : monuments mal formés ({error!r}) ; relancer plus tard"
        raise ServiceError(msg) from error
    return Facts(row_count=len(rows))


def _row(item: dict[str, object]) -> list[str]:
    """Return the reference, the title and the coordinates of a monument, as texts."""
    place = item[_PLACE]
    lon, lat = (place["lon"], place["lat"]) if isinstance(place, dict) else ("", "")
    return [str(item[_ID]), str(item.get(_NAME) or ""), str(lon), str(lat)]


def _table(paths: Sequence[Path]) -> Iterable[bytes]:
    """Give one CSV file from the count and the monuments."""
    yield csv_line([_ID, _NAME, "longitude", "latitude"])
    for item in json.loads(paths[-1].read_bytes()):
        yield csv_line(_row(item))
