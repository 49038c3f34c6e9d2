"""A refresh: plan, give out, gather. What `parzan refresh` does, from a request to its report."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pipeline.commune_task import Job, Order, Outcome, make_commune
from pipeline.configuration import Configuration
from pipeline.crs import Territory, territory_of
from pipeline.digest_entries import Failure
from pipeline.errors import EngineError, PublicationError
from pipeline.fingerprints import making_of
from pipeline.inventory.file_digests import FileDigests
from pipeline.inventory.products import rebuild
from pipeline.inventory.records import Made, Run
from pipeline.inventory.state import State
from pipeline.land_preparation import LandOrder, prepare_land
from pipeline.region_communes import Covered
from pipeline.region_data import PreparedData, prepare
from pipeline.region_engine import Engine, InProcess, Limits, local_workers, scheduler_at
from pipeline.region_lock import STATE_FOLDER, machine, only_one
from pipeline.region_outputs import write_outputs
from pipeline.region_plan import Plan, Planner, Task
from pipeline.settings import Settings

STATE_FILE = "refresh.sqlite"
_SCRATCH = "parzan-refresh-"


@dataclass(frozen=True)
class Request:
    """
    What is asked: communes, folders, the day of the law, and where to compute.

    `covered` are the areas that have a product of their own.
    """

    codes: tuple[str, ...]
    data: Path
    out: Path
    day: date
    workers: int = 1
    scheduler: str | None = None
    covered: tuple[Covered, ...] = ()


@dataclass(frozen=True)
class Listener:
    """Is told, in French, what goes on; by default nobody is."""

    step: Callable[[str], None] = lambda _: None
    warn: Callable[[str], None] = lambda _: None
    planned: Callable[[Plan, str], None] = lambda _plan, _said: None
    came: Callable[[Outcome], None] = lambda _: None


@dataclass(frozen=True)
class _Planned:
    """The plan, the digests of the files it looked at, the sources as they were prepared."""

    plan: Plan
    files: FileDigests
    data: PreparedData


@dataclass
class Refreshed:
    """What a refresh did: its plan, what became of each commune, the files of areas and the day."""

    plan: Plan
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    said: str = ""
    written: tuple[Path, ...] = ()

    @property
    def failed(self) -> tuple[str, ...]:
        """Communes that have no new product, sorted."""
        return tuple(sorted(code for code, it in self.outcomes.items() if it.error is not None))


def plan_refresh(request: Request, settings: Settings, listener: Listener) -> Plan:
    """
    Return what a refresh would do, without writing anything, not even the state.

    Raises
    ------
    PipelineError
        If the configuration, the data or the state cannot be read.
    """
    configuration = Configuration.load(settings)
    path = request.out / STATE_FOLDER / STATE_FILE
    with closing(State.copied(path, _rebuilt(request))) as state:
        return _planned(request, configuration, state, listener).plan


def refresh(request: Request, settings: Settings, listener: Listener) -> Refreshed:
    """
    Make again the communes that need it; the others are left as they are.

    Killed at any moment and started again, it resumes: a product is published whole or not at all,
    and one that was published and not noted is made again with the same bytes.

    Parameters
    ----------
    request
        Communes, folders, day, and where to compute.
    settings
        The configuration folder; memory of a worker, tasks given out at once.
    listener
        Is told the plan, then each commune as it ends.

    Raises
    ------
    PublicationError
        If another refresh works on the same products, or the state cannot be written.
    SourceError
        If the copies of the sources cannot be written.
    EngineError
        If the processes that compute cannot be had, or are lost.
    PipelineError
        If the configuration or the data cannot be read. A commune that fails raises nothing.
    """
    configuration = Configuration.load(settings)
    configuration.rules.as_of(request.day)  # refuses a day before the law
    path = request.out / STATE_FOLDER / STATE_FILE
    with (
        only_one(request.out),
        closing(State.opened(path, _rebuilt(request), listener.warn)) as state,
    ):
        found = _planned(request, configuration, state, listener)
        state.keep_digests(found.files.used)
        return _carried_out(request, settings, configuration, found, state, listener)


def _rebuilt(request: Request) -> Callable[[], Iterator[tuple[str, Made]]]:
    return lambda: rebuild(request.out, FileDigests({}))


def _planned(
    request: Request,
    configuration: Configuration,
    state: State,
    listener: Listener,
) -> _Planned:
    files = FileDigests(state.digests())
    spare = request.out / STATE_FOLDER / "prepare"
    data = prepare(request.data, spare, request.day, configuration, listener.step)
    listener.step("Comparaison avec les produits publiés")
    planner = Planner(request.out, request.day, configuration.making, data, files)
    return _Planned(planner.plan(request.codes, state.known()), files, data)


def _carried_out(
    request: Request,
    settings: Settings,
    configuration: Configuration,
    found: _Planned,
    state: State,
    listener: Listener,
) -> Refreshed:
    plan = found.plan
    _tidy(state)
    with _scratch() as scratch:
        run, interrupted = state.start(
            Run(request.day, machine(), os.getpid(), str(scratch)),
        )
        if interrupted:
            listener.warn(
                f"actualisation précédente interrompue pendant {', '.join(interrupted)} : reprise"
            )
        done = Refreshed(plan)
        if plan.tasks:
            prepare_land(
                _land_order(request, settings, found, scratch),
                _territories(plan, configuration),
                configuration,
                listener.step,
                listener.warn,
            )
            with _engine(request, settings, scratch) as engine:
                done.said = engine.said
                listener.planned(plan, engine.said)
                orders = _orders(request, settings, found, scratch)
                _gather(orders, engine, run, state, done, listener)
            _prune(found.data, listener)
        else:
            listener.planned(plan, "")
        done.written = _outputs(request, done, found.files, listener)
        state.keep_digests(found.files.used)
        failed = len(done.failed)
        state.end(
            run,
            done=len(done.outcomes) - failed,
            failed=failed,
            unchanged=len(plan.unchanged),
            exit_code=3 if failed else 0,
        )
    return done


def _prune(data: PreparedData, listener: Listener) -> None:
    try:
        data.tidy(listener.step)
    except OSError as error:
        listener.warn(f"copies de sources devenues inutiles non retirées ({error})")


def _outputs(
    request: Request, done: Refreshed, files: FileDigests, listener: Listener
) -> tuple[Path, ...]:
    failures = [Failure(code, str(done.outcomes[code].error)) for code in done.failed]
    return write_outputs(
        request.covered,
        request.out,
        request.day,
        failures,
        files,
        listener.step,
        changed=bool(done.outcomes),
    )


def _land_order(request: Request, settings: Settings, found: _Planned, scratch: Path) -> LandOrder:
    return LandOrder(
        data=request.data.resolve(),
        day=request.day,
        config=settings.config.resolve(),
        scratch=scratch,
        prepared=found.data.root.resolve() if found.data.root else None,
    )


def _territories(plan: Plan, configuration: Configuration) -> list[Territory]:
    """Return the territories of the communes to be made, each once."""
    own = (territory_of(task.insee_code, configuration.territories) for task in plan.tasks)
    return list({territory.code: territory for territory in own}.values())


def _orders(request: Request, settings: Settings, found: _Planned, scratch: Path) -> list[Order]:
    job = Job(
        run=secrets.token_hex(6),
        data=request.data.resolve(),
        out=request.out.resolve(),
        config=settings.config.resolve(),
        day=request.day,
        making=making_of(settings.config),
        prepared=found.data.root.resolve() if found.data.root else None,
        # A scheduler has machines of its own, where this folder may not be.
        scratch=None if request.scheduler else scratch,
    )
    return [Order(job, task.insee_code) for task in found.plan.tasks]


def _gather(
    orders: Sequence[Order],
    engine: Engine,
    run: int,
    state: State,
    done: Refreshed,
    listener: Listener,
) -> None:
    """Note each commune as it ends: the state is never ahead of the products."""
    tasks = {task.insee_code: task for task in done.plan.tasks}
    for outcome in engine.run(orders, lambda order: state.lease(run, order.insee_code)):
        if outcome.error is None:
            state.done(outcome.insee_code, _made(tasks[outcome.insee_code], outcome, orders[0].job))
        else:
            state.failed(outcome.insee_code, outcome.error)
        done.outcomes[outcome.insee_code] = outcome
        listener.came(outcome)


def _made(task: Task, outcome: Outcome, job: Job) -> Made:
    if outcome.sha256 is None or outcome.as_of is None:
        msg = f"{outcome.insee_code} : résultat sans produit ; signaler"
        raise EngineError(msg)
    return Made(
        # Of the plan: what changed while the commune was made is seen by the next one.
        inputs=task.inputs,
        day=job.day,
        as_of=outcome.as_of,
        until=outcome.until,
        sha256=outcome.sha256,
        summary=outcome.summary,
        seconds=round(outcome.seconds, 3),
    )


@contextmanager
def _engine(request: Request, settings: Settings, scratch: Path) -> Iterator[Engine]:
    limits = Limits(settings.tasks_per_worker, settings.worker_memory_mb, settings.scheduler_wait_s)
    with ExitStack() as stack:
        if request.scheduler:
            engine = stack.enter_context(scheduler_at(request.scheduler, limits, make_commune))
        elif request.workers > 1:
            engine = stack.enter_context(
                local_workers(request.workers, limits, scratch, make_commune)
            )
        else:
            engine = InProcess(make_commune)
        yield engine


@contextmanager
def _scratch() -> Iterator[Path]:
    """Give a folder for what is unpacked: a killed run leaves it, and the next one removes it."""
    try:
        folder = tempfile.TemporaryDirectory(prefix=_SCRATCH, ignore_cleanup_errors=True)
    except OSError as error:
        msg = f"dossier temporaire refusé ({error}) ; vérifier la place et TMPDIR"
        raise PublicationError(msg) from error
    before = tempfile.tempdir
    with folder as name:
        try:
            yield Path(name)
        finally:
            tempfile.tempdir = before  # communes made in this process unpacked in `name`


def _tidy(state: State) -> None:
    """Remove what runs of this machine that died left in its temporary folder."""
    for folder in state.abandoned(machine()):
        if Path(folder).name.startswith(_SCRATCH):
            shutil.rmtree(folder, ignore_errors=True)
