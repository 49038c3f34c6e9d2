"""Easements, prescriptions and planning documents around a commune, from the API Carto (GPU)."""

import json
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import shapely

from pipeline.errors import ServiceError
from pipeline.ingestion.evidence import Facts
from pipeline.ingestion.evidence_records import Evidence
from pipeline.ingestion.exchange import Answer, Request
from pipeline.ingestion.live_boxes import as_geojson, count_outside, quarters, rounded_out
from pipeline.ingestion.live_pages import fitting
from pipeline.ingestion.live_settings import Gpu, GpuLayer
from pipeline.ingestion.retrieval import Retrieval
from pipeline.ingestion.scope import Bounds
from pipeline.ingestion.services import Service
from pipeline.ingestion.wanted import Wanted

SERVICE = "apicarto_gpu"
_CATEGORY = "suptype"
# What numbers an object; its own `id` is drawn at random in some layers.
_ROW, _PARTITION = "gid", "partition"


def planning_around(insee_code: str, box: Bounds, service: Service) -> list[Wanted]:
    """
    Return one file per declared layer: the objects that meet a box, whole; an empty one is valid.

    Parameters
    ----------
    insee_code
        The commune whose surroundings these are: names the files.
    box
        West, south, east, north in degrees.
    """
    gpu = service.gpu
    return [] if gpu is None else [_layer_around(insee_code, it, box, gpu) for it in gpu.layers]


def _layer_around(insee_code: str, layer: GpuLayer, box: Bounds, gpu: Gpu) -> Wanted:
    category = "" if layer.category is None else f"-{layer.category.lower()}"
    window = rounded_out(box)
    return Wanted(
        f"{layer.folder}/gpu-{layer.layer}{category}-{insee_code}.geojson",
        _request(layer, window),
        partial(_fetch, layer=layer, window=window, gpu=gpu),
        _merged,
    )


def _request(layer: GpuLayer, window: Bounds) -> Request:
    params = {"geom": as_geojson(window)}
    if layer.category is not None:
        params["categorie"] = layer.category
    return Request(SERVICE, layer.layer, ("json",), params)


def _fetch(retrieval: Retrieval, layer: GpuLayer, window: Bounds, gpu: Gpu) -> list[Evidence]:
    where = _request(layer, window).where(retrieval.transport.services[SERVICE])

    def collect(renew: bool) -> list[Evidence]:
        return _parts(retrieval, layer, window, gpu, gpu.most_splits, renew=renew)

    return fitting(collect, where)


def _parts(
    retrieval: Retrieval, layer: GpuLayer, window: Bounds, gpu: Gpu, splits: int, *, renew: bool
) -> list[Evidence]:
    """Return the answers of a window: one, or those of its quarters when it reaches the cap."""
    request = _request(layer, window)
    part = retrieval.get(request, _Reader(layer, window), renew=renew)
    if not _is_cut(retrieval.store.verified(part), gpu.cap):
        return [part]
    if not splits:
        where = request.where(retrieval.transport.services[SERVICE])
        msg = (
            f"{where} : plus de {gpu.cap} objets dans la plus petite fenêtre, réponse coupée ;"
            " refusée, le signaler"
        )
        raise ServiceError(msg)
    return [
        found
        for quarter in quarters(window)
        for found in _parts(retrieval, layer, quarter, gpu, splits - 1, renew=renew)
    ]


def _is_cut(path: Path, cap: int) -> bool:
    """Tell whether an answer may have lost objects: it reaches the cap, or says so."""
    document = json.loads(path.read_bytes())
    count = len(document["features"])
    matched = document.get("numberMatched", document.get("totalFeatures"))
    return count >= cap or (isinstance(matched, int) and matched > count)


class _Reader:
    """Reads one answer: objects of the kind and of the place asked for, each with its number."""

    def __init__(self, layer: GpuLayer, window: Bounds) -> None:
        self._layer, self._window = layer, window

    def __call__(self, answer: Answer, where: str) -> Facts:
        document = json.loads(answer.path.read_bytes())
        try:
            features = list(document["features"])
            keys = [_key(feature) for feature in features]
            kinds = {feature["properties"].get(_CATEGORY) for feature in features}
            outside = count_outside(features, self._window)
        except (KeyError, TypeError, AttributeError, shapely.errors.ShapelyError) as error:
            msg = f"{where} : réponse mal formée ({error!r}) ; relancer plus tard"
            raise ServiceError(msg) from error
        if None in keys or len(set(keys)) < len(keys):
            msg = f"{where} : objets sans numéro, ou donnés deux fois ; réponse refusée"
            raise ServiceError(msg)
        self._refuse_others(kinds, where)
        if outside:  # the window was ignored, or turned over
            msg = f"{where} : {outside} objets hors de la fenêtre ; réponse refusée"
            raise ServiceError(msg)
        return Facts(row_count=len(features))

    def _refuse_others(self, kinds: set[object], where: str) -> None:
        """Refuse servitudes of another kind: the filter was ignored."""
        wanted = self._layer.category
        others = {str(kind).lower() for kind in kinds if kind is not None}
        if wanted is not None and others - {wanted.lower()}:
            found = ", ".join(sorted(others)[:3])
            msg = f"{where} : servitudes {found} au lieu de {wanted} ; réponse refusée"
            raise ServiceError(msg)


def _key(feature: dict[str, Any]) -> object:
    facts = feature["properties"]
    number = facts.get(_ROW)
    return feature.get("id") if number is None else (facts.get(_PARTITION), number)


def _merged(paths: Sequence[Path]) -> Iterable[bytes]:
    """Give one GeoJSON document, in degrees; an object of two windows comes once."""
    yield b'{"type":"FeatureCollection","features":['
    seen: set[object] = set()
    for path in paths:
        for feature in json.loads(path.read_bytes())["features"]:
            if _key(feature) not in seen:
                lead = b",\n" if seen else b""
                yield lead + json.dumps(feature, ensure_ascii=False).encode()
            seen.add(_key(feature))
    yield b"]}"
