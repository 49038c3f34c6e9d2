"""`parzan review`: what the agents corrected, what no longer fits, and a run that applies it."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from pipeline.cli_loop import each, leave
from pipeline.cli_options import AsJson, Data, On, Out, day_of, one_clear_line, stderr

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.configuration import Configuration
    from pipeline.inventory.reviewed import ReviewedCommune

review_app = typer.Typer(no_args_is_help=True, help="Les corrections des agents.")
Communes = Annotated[
    list[str] | None,
    typer.Option("--commune", metavar="INSEE", help="Code INSEE ; répétable ; sinon toutes."),
]
_Read = Callable[["ReviewedCommune", "Configuration"], "pd.DataFrame"]
_Found = list[tuple[str, "pd.DataFrame"]]


@review_app.command("list")
def review_list(commune: Communes = None, out: Out = None, *, as_json: AsJson = False) -> None:
    """Donne les corrections saisies, et ce que le dernier passage en a fait."""
    with one_clear_line():
        from pipeline.review_report import print_corrections, review_document

        found = _read_each(commune, out, _corrections)
    if as_json:
        typer.echo(json.dumps(review_document(found), ensure_ascii=False))
    else:
        print_corrections(found, Console())


@review_app.command("conflicts")
def review_conflicts(commune: Communes = None, out: Out = None, *, as_json: AsJson = False) -> None:
    """Donne les corrections qui ne s'appliquent plus, et ce qui a changé depuis."""
    with one_clear_line():
        from pipeline.review_report import print_conflicts, review_document

        found = _read_each(commune, out, _conflicts)
    if as_json:
        typer.echo(json.dumps(review_document(found), ensure_ascii=False))
    else:
        print_conflicts(found, Console())


@review_app.command("apply")
def review_apply(
    commune: Annotated[
        list[str], typer.Option("--commune", metavar="INSEE", help="Code INSEE ; répétable.")
    ],
    data: Data = None,
    out: Out = None,
    on: On = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Refait des communes avec leurs corrections, sans rien télécharger."""
    with one_clear_line(), stderr.status("Chargement…") as status:
        from pipeline.configuration import Configuration
        from pipeline.inventory.reviewed import reviewed_communes
        from pipeline.report import as_document, print_summary
        from pipeline.run import run_commune
        from pipeline.settings import Settings

        settings = Settings()
        folder = out or settings.out
        reviewed_communes(folder, commune)  # refuses at once a commune without review
        work = partial(
            run_commune,
            data=data or settings.data,
            out=folder,
            day=day_of(on),
            configuration=Configuration.load(settings),
            overwrite=True,
        )
        results, failed = each(commune, work, status)
    if as_json:
        typer.echo(json.dumps([as_document(result) for result in results], ensure_ascii=False))
    else:
        for result in results:
            print_summary(result, Console())
    leave(done=len(results), failed=len(failed))


def _read_each(commune: list[str] | None, out: Path | None, read: _Read) -> _Found:
    from pipeline.configuration import Configuration
    from pipeline.inventory.reviewed import reviewed_communes
    from pipeline.settings import Settings

    settings = Settings()
    configuration = Configuration.load(settings)
    communes = reviewed_communes(out or settings.out, commune or ())
    return [(item.insee_code, read(item, configuration)) for item in communes]


def _corrections(commune: "ReviewedCommune", configuration: "Configuration") -> "pd.DataFrame":
    from pipeline.crs import territory_of
    from pipeline.inventory.reviewed import corrections_of

    territory = territory_of(commune.insee_code, configuration.territories)
    return corrections_of(commune, territory, configuration.assumptions.corrections)


def _conflicts(commune: "ReviewedCommune", configuration: "Configuration") -> "pd.DataFrame":
    from pipeline.crs import territory_of
    from pipeline.inventory.reviewed import conflicts_of

    return conflicts_of(commune, territory_of(commune.insee_code, configuration.territories))
