"""What the commands share: options, the one clear line of an error, exit codes."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from pipeline.errors import PipelineError

EXIT_ERROR, EXIT_SOME_FAILED = 1, 3
stderr = Console(stderr=True)

Data = Annotated[
    Path | None,
    typer.Option("--data", help="Dossier des sources ; sinon PARZAN_DATA, sinon data/sources."),
]
Out = Annotated[
    Path | None, typer.Option("--out", help="Dossier des produits ; sinon data/exports.")
]
DATES = ["%Y-%m-%d"]
On = Annotated[
    datetime | None,
    typer.Option("--on", formats=DATES, help="Date de la loi ; sinon aujourd'hui."),
]
Offline = Annotated[
    bool, typer.Option("--offline", help="Aucune connexion : fichiers déposés ou gardés seulement.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Un document JSON sur la sortie standard.")]
Communes = Annotated[
    list[str] | None,
    typer.Option("--commune", metavar="INSEE", help="Commune ; répétable, ou codes séparés par ,"),
]
Departements = Annotated[
    list[str] | None,
    typer.Option("--departement", metavar="DEP", help="Toutes ses communes ; répétable."),
]
RegionCode = Annotated[
    str, typer.Option("--region", metavar="REG", help="Toute une région, par son code INSEE : 32.")
]


@contextmanager
def one_clear_line() -> Iterator[None]:
    """Turn an error that the user can mend into one line on stderr and exit code 1."""
    try:
        yield
    except PipelineError as error:
        say_error(error)
        raise typer.Exit(code=EXIT_ERROR) from error


def say_error(error: PipelineError) -> None:
    """Print an error in one line, on stderr."""
    stderr.print(
        f"Erreur : {' '.join(str(error).split())}", style="red", markup=False, soft_wrap=True
    )


def day_of(on: datetime | None) -> date:
    """Return the day asked, else today in Paris."""
    return (on or datetime.now(ZoneInfo("Europe/Paris"))).date()


def warn(sentence: str) -> None:
    """Print what the person should know, on stderr."""
    stderr.print(f"Attention : {sentence}", style="yellow", markup=False, soft_wrap=True)


def say(sentence: str) -> None:
    """Print what stays on the screen during a long command, on stderr."""
    stderr.print(sentence, markup=False, soft_wrap=True)


def codes_of(given: list[str] | None) -> list[str]:
    """Return the codes of an option, given several times or separated by commas."""
    return [code for item in given or () for code in item.replace(",", " ").split()]
