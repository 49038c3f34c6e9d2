"""Commands that work on communes one by one: what fails is told, the others go on."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import typer
from rich.status import Status

from pipeline.cli_options import EXIT_ERROR, EXIT_SOME_FAILED, say_error
from pipeline.errors import PipelineError

_DoneT = TypeVar("_DoneT")


def each(
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
            say_error(error)
            failed.append(code)
    return done, failed


def leave(*, done: int, failed: int) -> None:
    """End with the exit code of the contract when a commune failed."""
    if failed:
        raise typer.Exit(code=EXIT_SOME_FAILED if done else EXIT_ERROR)


def _show_step(status: Status, code: str, step: str) -> None:
    status.update(f"{code} : {step}")
