"""`parzan diff`: what changed between two products, two inventories or two days, and why."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from pipeline.cli_options import (
    EXIT_ERROR,
    EXIT_SOME_FAILED,
    AsJson,
    Out,
    one_clear_line,
    say_error,
    stderr,
)
from pipeline.errors import PipelineError

if TYPE_CHECKING:
    from pipeline.diff import CommuneDiff
    from pipeline.digest_entries import Failure

_SIDE = "Produit .gpkg, inventaire .parquet, ou jour AAAA-MM-JJ."


def diff(
    old: Annotated[str, typer.Argument(metavar="AVANT", help=_SIDE)],
    new: Annotated[str, typer.Argument(metavar="APRÈS", help=_SIDE)],
    out: Out = None,
    commune: Annotated[
        list[str] | None,
        typer.Option("--commune", metavar="INSEE", help="Code INSEE ; répétable."),
    ] = None,
    *,
    digest: Annotated[
        bool, typer.Option("--digest", help="Écrit aussi OUT/digest : page HTML, CSV et ODS.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Dit ce qui a changé entre deux états, parc par parc, et pourquoi."""
    with one_clear_line(), stderr.status("Chargement…"):
        from pipeline.assumptions import load_assumptions
        from pipeline.diff import Law, communes_to_compare, compare_commune, side_of
        from pipeline.diff_report import diff_document, print_diff
        from pipeline.rule_files import load_rules
        from pipeline.settings import Settings

        settings = Settings()
        folder = out or settings.out
        sides = side_of(old), side_of(new)
        codes = communes_to_compare(*sides, out=folder, asked=commune or [])
        law = Law(
            load_rules(settings.config / "rules"),
            load_assumptions(settings.config / "assumptions.yaml"),
        )
        failures: list[Failure] = []
        work = partial(compare_commune, old=sides[0], new=sides[1], out=folder, law=law)
        found = list(_each(codes, work, failures))
        paths = _write(found, failures, folder) if digest and found else ()
    if as_json and found:
        documents = [diff_document(item) for item in found]
        typer.echo(json.dumps(documents, ensure_ascii=False))
    elif found:
        print_diff(found, *sides, Console())
    for path in paths:
        stderr.print(f"Digest : {path}", markup=False, soft_wrap=True)
    if failures:
        raise typer.Exit(code=EXIT_SOME_FAILED if found else EXIT_ERROR)


def _each(
    codes: tuple[str, ...], work: "Callable[[str], CommuneDiff]", failures: "list[Failure]"
) -> "Iterator[CommuneDiff]":
    """Compare communes one by one; one that fails is told and does not stop the others."""
    from pipeline.digest_entries import Failure

    for code in codes:
        try:
            yield work(code)
        except PipelineError as error:
            say_error(error)
            failures.append(Failure(code, " ".join(str(error).split())))


def _write(found: "list[CommuneDiff]", failures: "list[Failure]", folder: Path) -> tuple[Path, ...]:
    from pipeline.digest import write_digest
    from pipeline.digest_entries import from_diffs

    first = min(item.old.day for item in found)
    last = max(item.new.day for item in found)
    return write_digest(folder, from_diffs(found, first=first, last=last, failures=failures))
