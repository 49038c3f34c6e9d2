"""`parzan inventory`: the days of which a state is kept, and a past state rebuilt for QGIS."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.cli_options import (
    DATES,
    AsJson,
    Communes,
    Out,
    codes_of,
    one_clear_line,
    say,
    stderr,
    warn,
)

inventory_app = typer.Typer(no_args_is_help=True, help="Les états passés des parcs.")
_SHOWN_MISSING = 10


@inventory_app.command("list")
def inventory_list(commune: Communes = None, out: Out = None, *, as_json: AsJson = False) -> None:
    """Donne les jours dont l'état est gardé, commune par commune."""
    with one_clear_line():
        from pipeline.errors import PublicationError
        from pipeline.inventory.inventories import communes_of, days_of
        from pipeline.region_communes import given_communes
        from pipeline.settings import Settings

        folder = out or Settings().out
        codes = given_communes(codes_of(commune)).codes or communes_of(folder)
        kept = {code: [day.isoformat() for day in days_of(folder, code)] for code in codes}
        if not any(kept.values()):
            msg = f"{folder} : aucun inventaire ; parzan run et refresh les gardent"
            raise PublicationError(msg)
    if as_json:
        typer.echo(json.dumps(kept, ensure_ascii=False))
        return
    console = Console()
    for code, days in kept.items():
        console.print(f"{code}  {', '.join(days) or 'aucun'}", markup=False, highlight=False)


@inventory_app.command("export")
def inventory_export(
    day: Annotated[datetime, typer.Argument(metavar="AAAA-MM-JJ", formats=DATES, help="Le jour.")],
    commune: Communes = None,
    out: Out = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", help="Le GeoPackage écrit ; sinon OUT/etats/etat_AAAA-MM-JJ.gpkg."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Rebâtit l'état des parcs à une date passée, en un GeoPackage que QGIS ouvre."""
    with one_clear_line(), stderr.status("Relecture des inventaires…"):
        from pipeline.crs import load_territories
        from pipeline.past import rebuild_state
        from pipeline.region_communes import given_communes
        from pipeline.settings import Settings

        settings = Settings()
        done = rebuild_state(
            out or settings.out,
            day.date(),
            load_territories(settings.config / "territories.yaml"),
            asked=given_communes(codes_of(commune)).codes,
            path=to,
        )
    if done.missing:
        shown = ", ".join(done.missing[:_SHOWN_MISSING])
        more = ", …" if len(done.missing) > _SHOWN_MISSING else ""
        warn(f"sans inventaire ce jour-là : {len(done.missing)} commune(s), {shown}{more}")
    if as_json:
        told = {"fichier": str(done.path), "communes": done.communes, "parcs": done.parks}
        typer.echo(json.dumps(told | {"sans_inventaire": list(done.missing)}, ensure_ascii=False))
    else:
        say(f"État au {day:%d/%m/%Y} : {done.parks} parc(s), {done.communes} commune(s)")
        typer.echo(str(done.path))
