"""Command line: options, log, exit codes. Heavy imports wait for the command that needs them."""

import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.status import Status

from pipeline.errors import PipelineError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Quels parcs de stationnement doivent porter des ombrières solaires, et pourquoi.",
)
rules_app = typer.Typer(no_args_is_help=True, help="Les valeurs légales, datées.")
sources_app = typer.Typer(no_args_is_help=True, help="Les sources de données.")
app.add_typer(rules_app, name="rules")
app.add_typer(sources_app, name="sources")

_stderr = Console(stderr=True)
_EXIT_ERROR, _EXIT_SOME_FAILED = 1, 3
_DoneT = TypeVar("_DoneT")

Data = Annotated[
    Path | None,
    typer.Option("--data", help="Dossier des sources ; sinon PARZAN_DATA, sinon data/sources."),
]
Out = Annotated[
    Path | None, typer.Option("--out", help="Dossier des produits ; sinon data/exports.")
]
_DATES = ["%Y-%m-%d"]
On = Annotated[
    datetime | None,
    typer.Option("--on", formats=_DATES, help="Date de la loi ; sinon aujourd'hui."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Un document JSON sur la sortie standard.")]


@app.callback()
def configure(
    *, verbose: Annotated[int, typer.Option("-v", count=True, help="Journal détaillé.")] = 0
) -> None:
    """Set up the log, on stderr so that stdout holds results only, and the memory of rasters."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.WARNING,
        format="%(message)s",
        handlers=[RichHandler(console=_stderr, show_path=False)],
    )
    # Megabytes of decoded blocks that GDAL keeps: by default a share of the machine. Set here, and
    # not in `rasterio.Env`, which would set it again at every call and empty it.
    os.environ.setdefault("GDAL_CACHEMAX", "256")


@contextmanager
def _one_clear_line() -> Iterator[None]:
    """Turn an error that the user can mend into one line on stderr and exit code 1."""
    try:
        yield
    except PipelineError as error:
        _say_error(error)
        raise typer.Exit(code=_EXIT_ERROR) from error


def _say_error(error: PipelineError) -> None:
    _stderr.print(
        f"Erreur : {' '.join(str(error).split())}", style="red", markup=False, soft_wrap=True
    )


def _day(on: datetime | None) -> date:
    return (on or datetime.now(ZoneInfo("Europe/Paris"))).date()


@app.command()
def demo(out: Out = None) -> None:
    """Traite la commune d'exemple, hors ligne, et affiche le résultat."""
    from pipeline.settings import Settings

    settings = Settings()
    _run(["62999"], settings.sample, out or settings.out, date(2026, 11, 22), overwrite=True)


@app.command()
def run(
    insee: Annotated[list[str], typer.Argument(metavar="INSEE…", help="Codes INSEE des communes.")],
    data: Data = None,
    out: Out = None,
    on: On = None,
    *,
    offline: Annotated[bool, typer.Option("--offline", help="Aucune connexion.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Remplace un produit différent.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Traite des communes : un GeoPackage par commune, dans OUT/DEP/INSEE.gpkg."""
    del offline  # every source of this version is a file: a run never connects
    from pipeline.settings import Settings

    settings = Settings()
    _run(
        insee,
        data or settings.data,
        out or settings.out,
        _day(on),
        overwrite=overwrite,
        as_json=as_json,
    )


def _run(
    insee: list[str], data: Path, out: Path, day: date, *, overwrite: bool, as_json: bool = False
) -> None:
    """Run the communes and print what they gave."""
    with _one_clear_line(), _stderr.status("Chargement…") as status:
        from pipeline.configuration import Configuration
        from pipeline.land import LandReader
        from pipeline.report import as_document, print_summary
        from pipeline.run import run_commune
        from pipeline.settings import Settings

        configuration = Configuration.load(Settings())
        work = partial(
            run_commune,
            data=data,
            out=out,
            day=day,
            configuration=configuration,
            overwrite=overwrite,
            land=LandReader(data, day, configuration),
        )
        results, failed = _each(insee, work, status)
    if as_json:
        typer.echo(json.dumps([as_document(result) for result in results], ensure_ascii=False))
    else:
        for result in results:
            print_summary(result, Console())
    _leave(done=len(results), failed=len(failed))


def _each(
    insee: list[str], work: Callable[..., _DoneT], status: Status
) -> tuple[list[_DoneT], list[str]]:
    """Work on communes one by one; one that fails is told and does not stop the others."""
    done: list[_DoneT] = []
    failed: list[str] = []
    codes = list(dict.fromkeys(insee))
    for rank, code in enumerate(codes, start=1):
        shown = code if len(codes) == 1 else f"{code} ({rank} / {len(codes)})"
        try:
            done.append(work(code, on_step=partial(_show_step, status, shown)))
        except PipelineError as error:
            _say_error(error)
            failed.append(code)
    return done, failed


def _leave(*, done: int, failed: int) -> None:
    """End with the exit code of the contract when a commune failed."""
    if failed:
        raise typer.Exit(code=_EXIT_SOME_FAILED if done else _EXIT_ERROR)


def _show_step(status: Status, code: str, step: str) -> None:
    status.update(f"{code} : {step}")


@app.command()
def zan(
    insee: Annotated[
        list[str] | None, typer.Argument(metavar="[INSEE…]", help="Codes INSEE des communes.")
    ] = None,
    departement: Annotated[
        str, typer.Option("--departement", metavar="DEP", help="Toutes ses communes.")
    ] = "",
    data: Data = None,
    out: Out = None,
    on: On = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Qualifie les sols seuls (ZAN) : artificialisés ou non, par millésime, et le bilan."""
    if bool(insee) == bool(departement):
        msg = "donner des codes INSEE, ou --departement"
        raise typer.BadParameter(msg)
    with _one_clear_line(), _stderr.status("Chargement…") as status:
        from pipeline.configuration import Configuration
        from pipeline.land_report import land_document, print_land
        from pipeline.settings import Settings
        from pipeline.zan import LandRun

        settings = Settings()
        configuration = Configuration.load(settings)
        land = LandRun(data or settings.data, out or settings.out, _day(on), configuration)

        def work(code: str, *, on_step: Callable[[str], None]) -> dict[str, object]:
            """Publish a commune and keep only what is said of it: a département holds many."""
            result = land.publish(code, on_step=on_step)
            if not as_json:
                print_land(result, Console())
            return land_document(result)

        documents, failed = _each(insee or land.communes_of(departement), work, status)
    if as_json:
        typer.echo(json.dumps(documents, ensure_ascii=False))
    _leave(done=len(documents), failed=len(failed))


@app.command()
def whatif(
    insee: Annotated[list[str], typer.Argument(metavar="INSEE…", help="Codes INSEE des communes.")],
    between: Annotated[
        datetime, typer.Option("--between", formats=_DATES, help="Premier jour de la loi.")
    ],
    until: Annotated[datetime, typer.Option("--and", formats=_DATES, help="Second jour.")],
    data: Data = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Dit quels parcs changent de verdict entre deux dates, et quelle règle le veut."""
    days = (between.date(), until.date())
    if days[0] >= days[1]:
        msg = f"--between {days[0]} doit précéder --and {days[1]}"
        raise typer.BadParameter(msg)
    with _one_clear_line(), _stderr.status("Chargement…") as status:
        from pipeline.configuration import Configuration
        from pipeline.report import print_whatif, whatif_document
        from pipeline.settings import Settings
        from pipeline.whatif import compare_days

        settings = Settings()
        work = partial(
            compare_days,
            data=data or settings.data,
            days=days,
            configuration=Configuration.load(settings),
        )
        found, failed = _each(insee, work, status)
    if as_json:
        typer.echo(json.dumps([whatif_document(it, days) for it in found], ensure_ascii=False))
    else:
        for item in found:
            print_whatif(item, days, Console())
    _leave(done=len(found), failed=len(failed))


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FICHIER.gpkg…", help="Produits.")],
) -> None:
    """Vérifie des produits : conformité, invariants, provenance."""
    with _one_clear_line():
        from pipeline.export.conformance import check_product

        found = {path: check_product(path) for path in files}
    for path, problems in found.items():
        typer.echo(f"{path} : {'conforme' if not problems else f'{len(problems)} anomalie(s)'}")
        for problem in problems:
            typer.echo(f"  - {problem}")
    if any(found.values()):
        raise typer.Exit(code=_EXIT_ERROR)


@rules_app.command("show")
def rules_show(on: On = None, *, as_json: AsJson = False) -> None:
    """Affiche les valeurs légales en vigueur à une date."""
    with _one_clear_line():
        from pipeline.rule_files import load_rules
        from pipeline.rule_report import print_rules, rules_document
        from pipeline.settings import Settings

        book, day = load_rules(Settings().config / "rules"), _day(on)
        book.as_of(day)
    if as_json:
        typer.echo(json.dumps(rules_document(book, day), ensure_ascii=False))
    else:
        print_rules(book, day, Console())


@rules_app.command("diff")
def rules_diff(
    before: Annotated[datetime, typer.Argument(metavar="DATE1", formats=_DATES)],
    after: Annotated[datetime, typer.Argument(metavar="DATE2", formats=_DATES)],
    *,
    as_json: AsJson = False,
) -> None:
    """Dit ce qui a changé dans le droit après DATE1 et jusqu'à DATE2 comprise."""
    days = (before.date(), after.date())
    if days[0] > days[1]:
        msg = f"{days[0]} suit {days[1]} : donner la date la plus ancienne d'abord"
        raise typer.BadParameter(msg)
    with _one_clear_line():
        from pipeline.rule_changes import changes
        from pipeline.rule_files import load_rules
        from pipeline.rule_report import changes_document, print_changes
        from pipeline.settings import Settings

        found = changes(load_rules(Settings().config / "rules"), *days)
    if as_json:
        typer.echo(json.dumps(changes_document(found), ensure_ascii=False))
    else:
        print_changes(found, *days, Console())


@rules_app.command("check")
def rules_check() -> None:
    """Vérifie les fichiers de règles et les hypothèses."""
    with _one_clear_line():
        from pipeline.assumptions import load_assumptions
        from pipeline.obligation.law import check_completeness
        from pipeline.rule_files import load_rules
        from pipeline.settings import Settings

        folder = Settings().config
        book = load_rules(folder / "rules")
        check_completeness(book)
        load_assumptions(folder / "assumptions.yaml")
    doubts = [
        *(rule.needs_review for rule in book.rules),
        *(exclusion.needs_review for exclusion in book.exclusions),
        *(protection.needs_review for protection in book.protections),
        *(derogation.needs_review for derogation in book.derogations),
        *(land.needs_review for land in book.land),
        *(exemption.needs_review for land in book.land for exemption in land.exemptions),
    ]
    typer.echo(f"{len(doubts)} règles lues, {sum(doubts)} à relire (needs_review), aucune erreur")


@sources_app.command("list")
def sources_list(data: Data = None, *, as_json: AsJson = False) -> None:
    """Donne la liste des sources connues et des fichiers présents."""
    _sources(data, as_json=as_json, open_files=False)


@sources_app.command("check")
def sources_check(data: Data = None, *, as_json: AsJson = False) -> None:
    """Ouvre chaque fichier et dit s'il est lisible."""
    _sources(data, as_json=as_json, open_files=True)


def _sources(data: Path | None, *, as_json: bool, open_files: bool) -> None:
    with _one_clear_line():
        from pipeline.configuration import Configuration
        from pipeline.ingestion.folder import check_sources, list_sources
        from pipeline.report import print_sources
        from pipeline.settings import Settings

        settings = Settings()
        configuration = Configuration.load(settings)
        folder = data or settings.data
        if open_files:
            table = check_sources(folder, configuration.territories, configuration.catalogue)
        else:
            table = list_sources(folder, configuration.catalogue)
    if as_json:
        typer.echo(table.to_json(orient="records", force_ascii=False))
    else:
        print_sources(table, Console())
    if open_files and table["anomalie"].notna().any():
        raise typer.Exit(code=_EXIT_ERROR)
