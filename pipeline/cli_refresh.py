"""`parzan refresh`: the communes of a région made again where something changed."""

import json
import logging
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pipeline.cli_fetch import fill
from pipeline.cli_options import (
    EXIT_SOME_FAILED,
    AsJson,
    Communes,
    Data,
    Departements,
    Offline,
    On,
    Out,
    RegionCode,
    codes_of,
    day_of,
    one_clear_line,
    stderr,
    warn,
)
from pipeline.errors import PipelineError, PublicationError

if TYPE_CHECKING:
    from pipeline.commune_task import Outcome
    from pipeline.region import Request
    from pipeline.region_communes import Covered
    from pipeline.region_plan import Plan
    from pipeline.settings import Settings

_LOG = logging.getLogger("parzan.refresh")
_MIB = 1024**2


def refresh(
    commune: Communes = None,
    departement: Departements = None,
    region: RegionCode = "",
    data: Data = None,
    out: Out = None,
    on: On = None,
    *,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processus ; sinon un par cœur.")
    ] = None,
    scheduler: Annotated[
        str,
        typer.Option("--scheduler", metavar="ADRESSE", help="Ordonnanceur Dask déjà lancé."),
    ] = "",
    offline: Offline = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Dit ce qui serait refait et pourquoi, sans rien faire."),
    ] = False,
    log: Annotated[
        Path | None, typer.Option("--log", metavar="FICHIER", help="Journal, avec rotation.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Refait les produits dont les données, les règles ou les corrections ont changé."""
    chosen = (codes_of(commune), codes_of(departement), codes_of([region]))
    if sum(map(bool, chosen)) != 1:
        msg = "donner --commune, ou --departement, ou --region : l'un des trois"
        raise typer.BadParameter(msg)
    with one_clear_line():
        from pipeline.region import Request
        from pipeline.settings import Settings

        settings = Settings()
        folder = data or settings.data
        if chosen[0] and not dry_run:
            fill(chosen[0], folder, offline=offline)
        with stderr.status("Communes…"):
            codes = _communes(*chosen, folder, settings)
            request = Request(
                codes=codes,
                data=folder,
                out=out or settings.out,
                day=day_of(on),
                workers=workers or _cores(),
                scheduler=scheduler or None,
                covered=_covered(chosen[1], chosen[2], codes, settings),
            )
        if dry_run:
            _show_plan(request, settings, as_json=as_json)
        else:
            with _logged(log, settings):
                _refresh(request, settings, as_json=as_json)


def _cores() -> int:
    """Return how many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1


def _communes(
    communes: Sequence[str],
    departements: Sequence[str],
    regions: Sequence[str],
    data: Path,
    settings: "Settings",
) -> tuple[str, ...]:
    from pipeline.crs import load_territories
    from pipeline.ingestion.catalogue import load_catalogue
    from pipeline.region_communes import (
        communes_of,
        departements_of,
        given_communes,
        load_regions,
    )

    if communes:
        return given_communes(communes).codes
    known = load_regions(settings.config / "regions.yaml") if regions else ()
    whole = [dep for code in regions for dep in departements_of(code, known)] or departements
    chosen = communes_of(
        whole,
        data,
        load_catalogue(settings.config / "sources.yaml"),
        load_territories(settings.config / "territories.yaml"),
    )
    for remark in chosen.remarks:
        warn(remark)
    return chosen.codes


def _covered(
    departements: Sequence[str], regions: Sequence[str], codes: Sequence[str], settings: "Settings"
) -> "tuple[Covered, ...]":
    """Return the areas that have a product of their own: each région, each département asked."""
    from pipeline.crs import load_territories
    from pipeline.region_communes import areas_of, load_regions

    return areas_of(
        departements,
        regions,
        codes,
        load_regions(settings.config / "regions.yaml"),
        load_territories(settings.config / "territories.yaml"),
    )


def _show_plan(request: "Request", settings: "Settings", *, as_json: bool) -> None:
    from pipeline.refresh_report import plan_document, print_plan
    from pipeline.region import Listener, plan_refresh

    plan = plan_refresh(request, settings, Listener(warn=warn))
    if as_json:
        typer.echo(json.dumps(plan_document(plan, request.out), ensure_ascii=False))
    else:
        print_plan(plan, Console())


def _refresh(request: "Request", settings: "Settings", *, as_json: bool) -> None:
    from pipeline.refresh_report import print_refreshed, refreshed_document
    from pipeline.region import Listener, refresh

    try:
        with _Bar() as bar:
            listener = Listener(warn=_warned, planned=bar.planned, came=bar.came)
            done = refresh(request, settings, listener)
    except PipelineError as error:
        _LOG.error("arrêt : %s", " ".join(str(error).split()))
        raise
    _LOG.info(
        "fin : %d faites, %d inchangées, %d en échec",
        len(done.outcomes) - len(done.failed),
        len(done.plan.unchanged),
        len(done.failed),
    )
    if as_json:
        typer.echo(json.dumps(refreshed_document(done, request.out), ensure_ascii=False))
    else:
        print_refreshed(done, Console())
    if done.failed:
        raise typer.Exit(code=EXIT_SOME_FAILED)


def _warned(sentence: str) -> None:
    warn(sentence)
    _LOG.warning("%s", sentence)


class _Bar:
    """A progress bar on stderr: done, total, failed, time left; failures are told as they come."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("Communes"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[failed]} en échec"),
            TimeRemainingColumn(),
            console=stderr,
            disable=not stderr.is_terminal,
        )
        self._failed = 0
        self._met: Counter[str] = Counter()

    def __enter__(self) -> "_Bar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
        for warning, count in self._met.items():
            if count > 1:
                _LOG.warning("%d communes : %s", count, warning)

    def planned(self, plan: "Plan", engine: str) -> None:
        """Show the plan and what computes it."""
        from pipeline.refresh_report import said_plan

        said = said_plan(plan) + (f" ; {engine}" if engine else "")
        stderr.print(said, markup=False, soft_wrap=True)
        _LOG.info("début : %s", said)
        if plan.tasks:
            self._progress.add_task("", total=len(plan.tasks), failed=0)

    def came(self, outcome: "Outcome") -> None:
        """Show that a commune ended; tell its error, or note its warnings in the log."""
        if outcome.error is None:
            _LOG.info("%s : fait en %.1f s", outcome.insee_code, outcome.seconds)
        else:
            self._failed += 1
            said = f"{outcome.insee_code} : {outcome.error}"
            stderr.print(f"Échec : {said}", style="red", markup=False, soft_wrap=True)
            _LOG.error("%s", said)
        for warning in outcome.warnings:
            if not self._met[warning]:  # a missing source would be told by every commune
                _LOG.warning("%s : %s", outcome.insee_code, warning)
            self._met[warning] += 1
        if outcome.trace is not None:
            _LOG.error("%s", outcome.trace)
        for task in self._progress.task_ids:
            self._progress.update(task, advance=1, failed=self._failed)


@contextmanager
def _logged(path: Path | None, settings: "Settings") -> Iterator[None]:
    """Write what happens in a file that is put aside when it is big, the oldest ones removed."""
    _LOG.setLevel(logging.INFO)
    _LOG.propagate = False  # the terminal has its own words
    if path is None:
        _LOG.addHandler(logging.NullHandler())
        yield
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            path, maxBytes=settings.log_mb * _MIB, backupCount=settings.log_copies, encoding="utf-8"
        )
    except OSError as error:
        msg = f"{path} : journal refusé ({error.strerror}) ; vérifier la place et les droits"
        raise PublicationError(msg) from error
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    _LOG.addHandler(handler)
    try:
        yield
    finally:
        _LOG.removeHandler(handler)
        handler.close()
