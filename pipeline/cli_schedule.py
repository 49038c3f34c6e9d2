"""`parzan schedule show`: what to give the machine so that a refresh starts by itself."""

import shutil
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli_options import (
    Communes,
    Data,
    Departements,
    Out,
    RegionCode,
    codes_of,
    one_clear_line,
)

_NAMED = 5  # codes told in the name of a task; systemd and Windows limit its length
schedule_app = typer.Typer(no_args_is_help=True, help="Lancer l'actualisation toute seule.")


@schedule_app.callback()
def schedule() -> None:
    """Keep `show` a command of its own: others may join it."""


@schedule_app.command("show")
def show(
    at: Annotated[
        datetime, typer.Option("--at", formats=["%H:%M"], metavar="HH:MM", help="Heure.")
    ],
    day: Annotated[
        int | None,
        typer.Option("--day", min=1, max=28, help="Jour du mois ; sinon chaque jour."),
    ] = None,
    commune: Communes = None,
    departement: Departements = None,
    region: RegionCode = "",
    data: Data = None,
    out: Out = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Processus.")] = None,
    scheduler: Annotated[str, typer.Option("--scheduler", metavar="ADRESSE")] = "",
    log: Annotated[Path | None, typer.Option("--log", metavar="FICHIER", help="Journal.")] = None,
    *,
    offline: Annotated[bool, typer.Option("--offline", help="Aucune connexion.")] = False,
) -> None:
    """Donne les recettes systemd, cron et Windows d'une actualisation planifiée."""
    chosen = {
        "commune": codes_of(commune),
        "departement": codes_of(departement),
        "region": codes_of([region]),
    }
    if sum(map(bool, chosen.values())) != 1:
        msg = "donner --commune, ou --departement, ou --region : l'un des trois"
        raise typer.BadParameter(msg)
    for code in (code for codes in chosen.values() for code in codes):
        if not code.isalnum():  # it names files and a task
            msg = f"« {code[:20]} » n'est pas un code : chiffres et lettres seulement"
            raise typer.BadParameter(msg)
    with one_clear_line():
        from pipeline.schedule import Moment, Unit, recipes
        from pipeline.settings import Settings

        settings = Settings()
        folders = {"data": data or settings.data, "out": out or settings.out}
        written = [path.absolute() for path in folders.values()]
        options = [
            part for name, path in folders.items() for part in (f"--{name}", str(path.absolute()))
        ]
        if workers is not None:
            options += ["--workers", str(workers)]
        if scheduler:
            options += ["--scheduler", scheduler]
        if log is not None:
            options += ["--log", str(log.absolute())]
            written.append(log.absolute().parent)
        options += ["--offline"] if offline else []
        asked = [
            part for name, codes in chosen.items() for code in codes for part in (f"--{name}", code)
        ]
        unit = Unit(_named(chosen), [*_program(), "refresh", *asked, *options], written)
        typer.echo(recipes(unit, Moment(at.hour, at.minute, day)), nl=False)


def _named(chosen: dict[str, list[str]]) -> str:
    """Return a name for files and a task: `parzan-departement-59-62`, short whatever was asked."""
    (kind, codes) = next((kind, codes) for kind, codes in chosen.items() if codes)
    others = len(codes) - _NAMED
    told = codes[:_NAMED] + ([f"et-{others}-autres"] if others > 0 else [])
    return "-".join(("parzan", kind, *told))


def _program() -> list[str]:
    """Return how this parzan is started, whatever the folder and the PATH of the one that will."""
    started = Path(sys.argv[0])
    if started.name.startswith("parzan") and started.exists():
        return [str(started.absolute())]
    found = shutil.which("parzan", path=str(Path(sys.executable).parent))
    if found:
        return [found]
    return [sys.executable, "-c", "from pipeline.cli import app; app()"]
