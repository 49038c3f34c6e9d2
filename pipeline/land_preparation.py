"""The land of a folder qualified and copied before communes ask for it, in a process of its own."""

import multiprocessing
import os
import signal
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread

from pipeline.configuration import Configuration
from pipeline.crs import Territory
from pipeline.errors import PipelineError, SourceError
from pipeline.ingestion.preparation import turn
from pipeline.ingestion.prepared import FOLDER, Store
from pipeline.ingestion.refusals import of_disk
from pipeline.settings import Settings
from pipeline.whole_land import OnStep, WholeLand

_STEP, _REFUSED = "step", "refused"
_LOST = (
    "sols : le processus qui les qualifie pour toutes les communes a été arrêté (mémoire ?) ;"
    " chaque processus de calcul les qualifie entiers"
)


@dataclass(frozen=True)
class LandOrder:
    """
    What is to be copied: the land of a data folder on a day.

    Sources were prepared in `prepared`, or in the data folder if it is missing; archives are
    unpacked in `scratch`.
    """

    data: Path
    day: date
    config: Path
    scratch: Path
    prepared: Path | None = None


def prepare_land(
    order: LandOrder,
    territories: Iterable[Territory],
    configuration: Configuration,
    on_step: OnStep,
    on_warning: OnStep = lambda _: None,
) -> None:
    """
    Copy the qualified land of a data folder to the store of prepared sources, unless it is there.

    A process that ends gives back all the memory that whole vintages took: that is why one does the
    work. A file that cannot be used, or a day without law, is left to the communes, which tell it.

    Parameters
    ----------
    territories
        Those of the communes that will be made.
    on_warning
        Told, in French, that the process was lost: whoever makes communes qualifies the whole.

    Raises
    ------
    SourceError
        If the copy cannot be written.
    """
    whole = WholeLand(order.data, order.day, configuration, order.prepared)
    for territory in territories:
        try:
            is_ready = whole.is_ready(territory, lambda _: None)
        except PipelineError:
            continue
        if not is_ready:
            on_step("Qualification des sols, entiers, pour toutes les communes")
            if not _is_done(order, territory.code, on_step):
                on_warning(_LOST)


def _is_done(order: LandOrder, territory: str, on_step: OnStep) -> bool:
    """Do the work in a process of its own; tell whether it came to its end."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(theirs, order, territory), daemon=True)
    process.start()
    theirs.close()
    try:
        _listen(ours, on_step)
        process.join()
    finally:
        process.terminate()  # of one that is ended, nothing
        process.join()
    return process.exitcode == 0


def _listen(pipe: Connection, on_step: OnStep) -> None:
    """Tell the steps of the process until it ends; raise what it could not write."""
    with pipe, suppress(EOFError):
        while True:
            kind, said = pipe.recv()
            if kind == _REFUSED:
                raise SourceError(said)
            on_step(said)


def _work(pipe: Connection, order: LandOrder, territory: str) -> None:
    """Do the work in the new process, told step by step."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started us ends us
    Thread(target=_end_with_parent, daemon=True).start()
    tempfile.tempdir = str(order.scratch)
    root = order.prepared or order.data / FOLDER
    try:
        _keep(order, territory, Store(root), lambda said: pipe.send((_STEP, said)))
    except PipelineError:  # told when a commune reads it
        return
    except OSError as error:
        refused = of_disk(error, f"{root} (sols qualifiés)")
        with suppress(OSError):
            pipe.send((_REFUSED, str(refused)))


def _keep(order: LandOrder, code: str, store: Store, on_step: Callable[[str], None]) -> None:
    configuration = Configuration.load(Settings(config=order.config))
    territory = next(it for it in configuration.territories if it.code == code)
    with turn(store, on_step):
        WholeLand(order.data, order.day, configuration, order.prepared).keep(
            territory, store, on_step
        )


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
