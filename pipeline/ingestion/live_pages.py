"""An answer in several parts: all of one day, or all asked again."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from pipeline.errors import ServiceError
from pipeline.ingestion.evidence_records import Evidence

# Parts asked in one go; older ones may describe another state of the data.
ONE_GO = timedelta(days=1)


class UnfitError(ServiceError):
    """Parts that do not fit together: asked again at once, they may."""


def fitting(collect: Callable[[bool], list[Evidence]], where: str) -> list[Evidence]:
    """
    Return parts that fit together, all asked again when some are copies of an earlier day.

    Parameters
    ----------
    collect
        Gives the parts; told whether to ask again for what is fresh. Raises `UnfitError`.
    where
        How messages call the answer.

    Raises
    ------
    ServiceError
        If they do not fit, asked again.
    """
    try:
        return _of_one_go(collect(False), where)
    except UnfitError:
        return _of_one_go(collect(True), where)


def _of_one_go(parts: Sequence[Evidence], where: str) -> list[Evidence]:
    times = [part.time for part in parts]
    if times and max(times) - min(times) > ONE_GO:
        msg = f"{where} : réponses de dates différentes ; relancer plus tard"
        raise UnfitError(msg)
    return list(parts)
