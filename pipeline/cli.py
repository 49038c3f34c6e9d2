"""Command line: options, log, exit codes. Heavy imports wait for the command that needs them."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated
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

Data = Annotated[
    Path | None,
    typer.Option("--data", help="Dossier des sources ; sinon PARZAN_DATA, sinon data/sources."),
]
Out = Annotated[
    Path | None, typer.Option("--out", help="Dossier des produits ; sinon data/exports.")
]
On = Annotated[
    datetime | None,
    typer.Option("--on", formats=["%Y-%m-%d"], help="Date de la loi ; sinon aujourd'hui."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Un document JSON sur la sortie standard.")]


@app.callback()
def configure(
    *, verbose: Annotated[int, typer.Option("-v", count=True, help="Journal détaillé.")] = 0
) -> None:
    """Set up the log: on stderr, so that stdout holds results only."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.WARNING,
        format="%(message)s",
        handlers=[RichHandler(console=_stderr, show_path=False)],
    )


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
    """Run the communes one by one; one that fails is told and does not stop the others."""
    with _one_clear_line(), _stderr.status("Chargement…") as status:
        from pipeline.report import as_document, print_summary
        from pipeline.run import Configuration, run_commune
        from pipeline.settings import Settings

        configuration = Configuration.load(Settings())
        results, failed = [], []
        for code in dict.fromkeys(insee):
            try:
                result = run_commune(
                    code,
                    data=data,
                    out=out,
                    day=day,
                    configuration=configuration,
                    overwrite=overwrite,
                    on_step=partial(_show_step, status, code),
                )
                results.append(result)
            except PipelineError as error:
                _say_error(error)
                failed.append(code)
    if as_json:
        typer.echo(json.dumps([as_document(result) for result in results], ensure_ascii=False))
    else:
        for result in results:
            print_summary(result, Console())
    if failed:
        raise typer.Exit(code=_EXIT_SOME_FAILED if results else _EXIT_ERROR)


def _show_step(status: Status, code: str, step: str) -> None:
    status.update(f"{code} : {step}")


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
        from pipeline.report import print_rules, rules_document
        from pipeline.rule_files import load_rules
        from pipeline.settings import Settings

        book, day = load_rules(Settings().config / "rules"), _day(on)
        book.as_of(day)
    if as_json:
        typer.echo(json.dumps(rules_document(book, day), ensure_ascii=False))
    else:
        print_rules(book, day, Console())


@rules_app.command("check")
def rules_check() -> None:
    """Vérifie les fichiers de règles et les hypothèses."""
    with _one_clear_line():
        from pipeline.assumptions import load_assumptions
        from pipeline.rule_files import load_rules
        from pipeline.settings import Settings

        folder = Settings().config
        book = load_rules(folder / "rules")
        load_assumptions(folder / "assumptions.yaml")
    doubts = [
        *(rule.needs_review for rule in book.rules),
        *(exclusion.needs_review for exclusion in book.exclusions),
        *(protection.needs_review for protection in book.protections),
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
        from pipeline.ingestion.folder import check_sources, list_sources
        from pipeline.report import print_sources
        from pipeline.run import Configuration
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
