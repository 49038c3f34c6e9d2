"""One commune of a refresh, in whatever process it runs: codes and paths in, a few words out."""

import hashlib
import os
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import EngineError, PipelineError
from pipeline.fingerprints import Making, making_of

if TYPE_CHECKING:
    from pipeline.configuration import Configuration
    from pipeline.export.publish import Result
    from pipeline.land import LandReader

_ONE_AT_A_TIME = threading.Lock()
_KIB_PER_MIB = 1024
_BYTES_PER_MIB = 1024**2


@dataclass(frozen=True)
class Job:
    """
    What the communes of one refresh share; all that travels to a worker, with a code.

    `run` is a mark of this refresh alone: what a worker keeps in memory lasts as long as it.
    Sources were prepared in `prepared`, or in the data folder if it is missing. Archives are
    unpacked in `scratch`; where the machine of the worker chooses, if it is missing.
    """

    run: str
    data: Path
    out: Path
    config: Path
    day: date
    making: Making
    scratch: Path | None = None
    prepared: Path | None = None


@dataclass(frozen=True)
class Order:
    """One commune of a job."""

    job: Job
    insee_code: str


@dataclass(frozen=True)
class Outcome:
    """
    What became of a commune: a published product, or the error that says why there is none.

    `as_of`, `until` and `sha256` as in `Made`; `summary` counts its parks by verdict; `seconds` and
    `peak_mb` are of this machine, hence never in a product. `trace` is that of a bug.
    """

    insee_code: str
    sha256: str | None = None
    as_of: date | None = None
    until: date | None = None
    summary: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    peak_mb: float | None = None
    error: str | None = None
    trace: str | None = None


def make_commune(order: Order) -> Outcome:
    """
    Make and publish one commune; whatever goes wrong is told in the outcome, never raised.

    A worker loads the configuration once for a refresh. One with several threads still makes one
    commune at a time: the clock of GDAL is that of the process.
    """
    started = time.perf_counter()
    try:
        with _ONE_AT_A_TIME:
            outcome = _made(order)
    except PipelineError as error:
        outcome = _lost(order, str(error))
    except Exception as error:  # noqa: BLE001 - a bug on one commune must not stop a region
        outcome = _lost(
            order,
            f"{order.insee_code} : erreur imprévue ({type(error).__name__}: {error}) ; la signaler",
            "".join(traceback.format_exception(error)),
        )
    return replace(outcome, seconds=time.perf_counter() - started, peak_mb=_peak_mb())


def _lost(order: Order, error: str, trace: str | None = None) -> Outcome:
    return Outcome(order.insee_code, error=" ".join(error.split()), trace=trace)


def _made(order: Order) -> Outcome:
    from pipeline.run import run_commune

    job = order.job
    configuration, land = _desk(job)
    result = run_commune(
        order.insee_code,
        data=job.data,
        out=job.out,
        day=job.day,
        configuration=configuration,
        overwrite=True,
        land=land,
        prepared=job.prepared,
    )
    return Outcome(
        order.insee_code,
        sha256=hashlib.sha256(result.path.read_bytes()).hexdigest(),
        as_of=result.product.as_of,
        until=_until(result),
        summary=_summary(result),
        warnings=result.warnings,
    )


@lru_cache(maxsize=1)
def _desk(job: Job) -> "tuple[Configuration, LandReader]":
    """Load what the communes of a job share, once per process, and refuse to differ from others."""
    from pipeline.configuration import Configuration
    from pipeline.land import LandReader
    from pipeline.settings import Settings

    # As the command line does: a cache of GDAL sized on the machine would be one per worker.
    os.environ.setdefault("GDAL_CACHEMAX", "256")
    if job.scratch is not None:
        tempfile.tempdir = str(job.scratch)
    if making_of(job.config) != job.making:
        msg = (
            f"processus de calcul : parzan ou sa configuration ({job.config}) y diffère de ce"
            " qu'a la commande ; installer la même version partout et relancer les processus"
        )
        raise EngineError(msg)
    configuration = Configuration.load(Settings(config=job.config))
    return configuration, LandReader(job.data, job.day, configuration, job.prepared)


def _until(result: "Result") -> date | None:
    """Return the day on which the product may change by itself; None where it does not say."""
    from pipeline.schemas import UNTIL

    told = result.product.inventory.fingerprints.set_index("name")["value"].get(UNTIL)
    return None if told is None else date.fromisoformat(told)


def _summary(result: "Result") -> dict[str, Any]:
    product = result.product
    counts = product.verdicts["status"].value_counts().sort_index()
    return {
        "nom": str(product.commune["name"].iloc[0]),
        "parcs": {str(status): int(count) for status, count in counts.items()},
    }


def _peak_mb() -> float | None:
    """Return the most memory that this process has held, MiB; None where it cannot be known."""
    if sys.platform == "win32":
        return None
    import resource

    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held / (_BYTES_PER_MIB if sys.platform == "darwin" else _KIB_PER_MIB)
