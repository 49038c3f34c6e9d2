"""Where the communes of a refresh are made: this process, processes of this machine, a cluster."""

import logging
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pipeline.commune_task import Order, Outcome
from pipeline.errors import EngineError

if TYPE_CHECKING:
    from distributed import Client, Future

Work = Callable[[Order], Outcome]
OnStart = Callable[[Order], None]
_MEBIBYTE = 1024**2
# A task whose worker dies once is tried again; twice, it is suspected, and tried last, alone.
_ALLOWED_DEATHS = 1
# Of a result that went with its worker before it was fetched: Dask makes it again by itself.
_MADE_AGAIN = ("lost", "pending")
_LOST = "ordonnanceur perdu en cours de calcul ; relancer la même commande"
_DASK = {
    "distributed.scheduler.allowed-failures": _ALLOWED_DEATHS,
    # A waiting task is never held against the worker that dies under another.
    "distributed.scheduler.worker-saturation": 1.0,
    # Results are a few words: nothing to spill, and a paused worker may never start again. Beyond
    # 95 % of the limit the worker is ended, and what it worked on is tried elsewhere.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": 0.95,
    "distributed.comm.timeouts.connect": "30s",
    # It keeps an hour of call stacks: two megabytes a commune, of which nobody looks at one.
    "distributed.worker.profile.enabled": False,
    # By default a worker gives back what it frees at once, and asks for it again for the next
    # table: 5 % of its time. Below this many bytes it keeps it.
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": 128 * _MEBIBYTE,
}


class Engine(Protocol):
    """Makes communes, in any order, and yields what became of each, once."""

    said: str

    def run(self, orders: Sequence[Order], on_start: OnStart) -> Iterator[Outcome]:
        """Yield the outcomes as they come; `on_start` is told of each order as it is given out."""


class InProcess:
    """One commune after another, in this process."""

    said = "1 processus, sans limite de mémoire"

    def __init__(self, work: Work) -> None:
        self._work = work

    def run(self, orders: Sequence[Order], on_start: OnStart) -> Iterator[Outcome]:
        """Yield the outcomes in the order of the orders."""
        for order in orders:
            on_start(order)
            yield self._work(order)


@dataclass(frozen=True)
class Limits:
    """Tasks given out at once for each worker; memory beyond which one is ended, MiB."""

    tasks_per_worker: int
    memory_mb: int
    connect_s: float


class OnCluster:
    """
    Communes given out to Dask workers, never more at once than a few for each.

    A worker that dies costs what it was working on: tried again elsewhere. A task under which
    workers die is put aside, tried again alone at the end, and is lost if they die again.
    """

    def __init__(self, client: "Client", work: Work, limits: Limits, said: str) -> None:
        self._client, self._work, self._limits, self.said = client, work, limits, said

    def run(self, orders: Sequence[Order], on_start: OnStart) -> Iterator[Outcome]:
        """Yield the outcomes as workers end."""
        suspects: list[Order] = []
        for order, outcome in self._pass(orders, self._width, on_start, "commune"):
            if outcome is None:
                suspects.append(order)
            else:
                yield outcome
        for order, outcome in self._pass(suspects, lambda: 1, lambda _: None, "seule"):
            yield outcome or Outcome(
                order.insee_code,
                error=(
                    f"{order.insee_code} : met fin au processus qui la calcule, même seule ;"
                    " manque de mémoire probable : relancer avec moins de processus, ou élever"
                    " PARZAN_WORKER_MEMORY_MB"
                ),
            )

    def _width(self) -> int:
        """Return how many communes may be given out at once: workers come and go."""
        try:
            workers = len(self._client.nthreads())
        except OSError as error:
            raise EngineError(_LOST) from error
        return self._limits.tasks_per_worker * max(1, workers)

    def _pass(
        self, orders: Sequence[Order], width: Callable[[], int], on_start: OnStart, mark: str
    ) -> Iterator[tuple[Order, Outcome | None]]:
        """Yield each order with its outcome, None when it ended the workers that had it."""
        from distributed import as_completed

        waiting = deque(orders)
        live: dict[Future[Outcome], Order] = {}
        ended = as_completed()
        while waiting or live:
            while waiting and len(live) < width():
                order = waiting.popleft()
                on_start(order)
                future = self._submit(order, mark)
                live[future] = order
                ended.add(future)
            future = next(ended)
            if future.status in _MADE_AGAIN:
                ended.add(future)
                continue
            order = live.pop(future)
            yield order, self._outcome(order, future)
            future.release()

    def _submit(self, order: Order, mark: str) -> "Future[Outcome]":
        key = (f"{mark}-{order.job.run}", order.insee_code)
        return self._client.submit(self._work, order, key=key, pure=False)

    def _outcome(self, order: Order, future: "Future[Outcome]") -> Outcome | None:
        from distributed import KilledWorker

        if future.status == "finished":
            return future.result()
        error = future.exception() if future.status == "error" else None
        if isinstance(error, KilledWorker):
            return None
        if error is None:  # cancelled: nobody is there any more to give the answer
            raise EngineError(_LOST)
        said = " ".join(f"{type(error).__name__}: {error}".split())
        return Outcome(
            order.insee_code, error=f"{order.insee_code} : erreur de calcul distribué ({said})"
        )


@contextmanager
def local_workers(count: int, limits: Limits, scratch: Path, work: Work) -> Iterator[Engine]:
    """
    Give an engine of `count` processes on this machine; all die with this one.

    Raises
    ------
    EngineError
        If the processes cannot be started.
    """
    import dask
    from distributed import Client, LocalCluster
    from distributed.system import MEMORY_LIMIT

    memory = min(limits.memory_mb * _MEBIBYTE, MEMORY_LIMIT // count)
    quiet()
    with _own_environment(), dask.config.set(_DASK):
        try:
            cluster = LocalCluster(
                n_workers=count,
                threads_per_worker=1,
                processes=True,
                dashboard_address="127.0.0.1:0",  # any free port: two refreshes share a machine
                memory_limit=memory,
                local_directory=str(scratch),
                silence_logs=logging.ERROR,
            )
        except (OSError, RuntimeError, TimeoutError) as error:
            msg = f"processus de calcul : démarrage impossible ({error}) ; essayer --workers 1"
            raise EngineError(msg) from error
        said = f"{count} processus, {memory // _MEBIBYTE} Mio au plus chacun"
        with cluster, Client(cluster) as client:
            yield OnCluster(client, work, limits, said)


@contextmanager
def _own_environment() -> Iterator[None]:
    """Give this process its variables back: Dask sets those of its workers there."""
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def scheduler_at(address: str, limits: Limits, work: Work) -> Iterator[Engine]:
    """
    Give an engine on a scheduler that somebody started, with its workers.

    Raises
    ------
    EngineError
        If it cannot be reached, or has no worker.
    """
    import dask
    from distributed import Client

    quiet()
    with dask.config.set(_DASK):
        try:
            client = Client(address, timeout=limits.connect_s)
        except (OSError, ValueError) as error:
            msg = f"ordonnanceur {address} injoignable ({error}) ; vérifier --scheduler"
            raise EngineError(" ".join(msg.split())) from error
        with client:
            try:
                client.wait_for_workers(1, timeout=limits.connect_s)
            except TimeoutError as error:
                msg = f"ordonnanceur {address} : aucun processus de calcul ; lancer `dask worker`"
                raise EngineError(msg) from error
            count = len(client.nthreads())
            yield OnCluster(client, work, limits, f"{count} processus de {address}")


def quiet() -> None:
    """Keep Dask's own talk out of the terminal: what matters of it is told by parzan."""
    for name in ("distributed", "tornado", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
