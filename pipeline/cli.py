"""Command line: options, log, exit codes. Heavy imports wait for the command that needs them."""

import json
import logging
import os
from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.logging import RichHandler

from pipeline.cli_diff import diff
from pipeline.cli_fetch import fill
from pipeline.cli_inventory import inventory_app
from pipeline.cli_lists import rules_app, sources_app
from pipeline.cli_loop import each, leave
from pipeline.cli_options import (
    DATES,
    EXIT_ERROR,
    AsJson,
    Data,
    Offline,
    On,
    Out,
    day_of,
    one_clear_line,
    stderr,
)
from pipeline.cli_refresh import refresh
from pipeline.cli_review import review_app
from pipeline.cli_schedule import schedule_app

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Quels parcs de stationnement doivent porter des ombrières solaires, quels sols sont"
    " artificialisés, et pourquoi.",
)
app.add_typer(rules_app, name="rules")
app.add_typer(sources_app, name="sources")
app.add_typer(review_app, name="review")
app.command()(diff)
app.add_typer(inventory_app, name="inventory")
app.add_typer(schedule_app, name="schedule")
app.command()(refresh)


@app.callback()
def configure(
    *, verbose: Annotated[int, typer.Option("-v", count=True, help="Journal détaillé.")] = 0
) -> None:
    """Set up the log, on stderr so that stdout holds results only, and the memory of rasters."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.WARNING,
        format="%(message)s",
        handlers=[RichHandler(console=stderr, show_path=False)],
    )
    # Each retry is told by parzan, in French, at the level of the details.
    logging.getLogger("stamina").setLevel(logging.ERROR)
    # Megabytes of decoded blocks that GDAL keeps: by default a share of the machine. Set here, and
    # not in `rasterio.Env`, which would set it again at every call and empty it.
    os.environ.setdefault("GDAL_CACHEMAX", "256")


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
    offline: Offline = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Remplace un produit différent.")
    ] = False,
    derive_land: Annotated[
        bool, typer.Option("--derive-land", help="Sans OCS GE, dérive les sols d'autres sources.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Traite des communes : un GeoPackage par commune, dans OUT/DEP/INSEE.gpkg."""
    from pipeline.settings import Settings

    settings = Settings()
    fill(insee, data, offline=offline)
    _run(
        insee,
        data or settings.data,
        out or settings.out,
        day_of(on),
        overwrite=overwrite,
        derive_land=derive_land,
        as_json=as_json,
    )


def _run(
    insee: list[str],
    data: Path,
    out: Path,
    day: date,
    *,
    overwrite: bool,
    derive_land: bool = False,
    as_json: bool = False,
) -> None:
    """Run the communes and print what they gave."""
    with one_clear_line(), stderr.status("Chargement…") as status:
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
            derive_land=derive_land,
            land=LandReader(data, day, configuration),
        )
        results, failed = each(insee, work, status)
    if as_json:
        typer.echo(json.dumps([as_document(result) for result in results], ensure_ascii=False))
    else:
        for result in results:
            print_summary(result, Console())
    leave(done=len(results), failed=len(failed))


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
    offline: Offline = False,
    as_json: AsJson = False,
) -> None:
    """Qualifie les sols seuls (ZAN) : artificialisés ou non, par millésime, et le bilan."""
    if bool(insee) == bool(departement):
        msg = "donner des codes INSEE, ou --departement"
        raise typer.BadParameter(msg)
    fill(insee or [], data, offline=offline)
    with one_clear_line(), stderr.status("Chargement…") as status:
        from pipeline.configuration import Configuration
        from pipeline.land_report import land_document, print_land
        from pipeline.settings import Settings
        from pipeline.zan import LandRun

        settings = Settings()
        configuration = Configuration.load(settings)
        land = LandRun(data or settings.data, out or settings.out, day_of(on), configuration)

        said: set[str] = set()

        def work(code: str, *, on_step: Callable[[str], None]) -> dict[str, object]:
            """Publish a commune and keep only what is said of it: a département holds many."""
            result = land.publish(code, on_step=on_step)
            if not as_json:
                print_land(result, Console(), said)
            return land_document(result)

        documents, failed = each(insee or land.communes_of(departement), work, status)
    if as_json:
        typer.echo(json.dumps(documents, ensure_ascii=False))
    leave(done=len(documents), failed=len(failed))


@app.command()
def whatif(
    insee: Annotated[list[str], typer.Argument(metavar="INSEE…", help="Codes INSEE des communes.")],
    between: Annotated[
        datetime, typer.Option("--between", formats=DATES, help="Premier jour de la loi.")
    ],
    until: Annotated[datetime, typer.Option("--and", formats=DATES, help="Second jour.")],
    data: Data = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Dit quels parcs changent de verdict entre deux dates, et quelle règle le veut."""
    days = (between.date(), until.date())
    if days[0] >= days[1]:
        msg = f"--between {days[0]} doit précéder --and {days[1]}"
        raise typer.BadParameter(msg)
    with one_clear_line(), stderr.status("Chargement…") as status:
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
        found, failed = each(insee, work, status)
    if as_json:
        typer.echo(json.dumps([whatif_document(it, days) for it in found], ensure_ascii=False))
    else:
        for item in found:
            print_whatif(item, days, Console())
    leave(done=len(found), failed=len(failed))


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FICHIER.gpkg…", help="Produits.")],
) -> None:
    """Vérifie des produits : conformité, invariants, provenance."""
    with one_clear_line():
        from pipeline.export.conformance import check_product

        found = {path: check_product(path) for path in files}
    for path, problems in found.items():
        typer.echo(f"{path} : {'conforme' if not problems else f'{len(problems)} anomalie(s)'}")
        for problem in problems:
            typer.echo(f"  - {problem}")
    if any(found.values()):
        raise typer.Exit(code=EXIT_ERROR)
