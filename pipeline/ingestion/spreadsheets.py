"""Spreadsheets typed by a service, CSV or ODS → rows of text, numbered as the agent sees them."""

import csv
import datetime as dt
import io
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import SourceError
from pipeline.ingestion.archives import unpack
from pipeline.ingestion.encoding import LATIN_1, decode
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.tables import delimiter_of

# Limits of safety: a few bytes of ODS can ask for billions of cells (« repeated »).
MAX_CELLS = 1_000_000
MAX_CONTENT_BYTES = 256 * 1024**2
_TOKEN = re.compile(
    rb"<table:(?:(?P<row>table-row)|(?:covered-)?table-cell)(?=[\s/>])"
    rb"(?P<attributes>(?:[^>\"']|\"[^\"]*\"|'[^']*')*)>|<text:p"
)
_REPEATED = re.compile(rb"number-(?:rows|columns)-repeated\s*=\s*[\"']([^\"']*)[\"']")
_DIGITS = 9
_VALUED = (b"office:", b"table:formula")


@dataclass(frozen=True)
class Sheet:
    """
    Rows of one sheet.

    `names` is the header as typed; each row is its number in the spreadsheet (the first line is
    1, blank ones count) and its values by name, blanks left out.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]


def read_sheet(report: FileReport, work: Path) -> Sheet:
    """
    Read a CSV file, or the first sheet of an ODS file; every value comes out as text.

    Dates of an ODS come out as ISO texts, its booleans as `oui` and `non`. Rows without any value
    are no rows.

    Parameters
    ----------
    report
        The file, of format `csv` or `ods`.
    work
        Temporary folder, where the ODS is checked before it is opened.

    Raises
    ------
    SourceError
        If the file is damaged, encrypted or hostile, has no row, or a row has more values than the
        header.
    """
    lines = _read_ods(report, work) if report.file.format == "ods" else _read_csv(report)
    filled = [(number, line) for number, line in lines if any(line)]
    if not filled:
        why = "tableau vide ; y mettre une ligne de titres et une ligne par parc"
        raise report.refusal(why)
    header = filled[0][1]
    _refuse_overflow(filled, len(header), report)
    rows = [
        (number, {name: value for name, value in zip(header, line, strict=False) if value})
        for number, line in filled[1:]
    ]
    return Sheet(tuple(header), tuple(rows))


def _refuse_overflow(
    lines: Iterable[tuple[int, list[str]]], width: int, report: FileReport
) -> None:
    for number, line in lines:
        if any(line[width:]):
            why = (
                f"ligne {number} : {len(line)} valeurs pour {width} titres ; vérifier le"
                " séparateur, les guillemets et la ligne de titres"
            )
            raise report.refusal(why)


def _read_csv(report: FileReport) -> list[tuple[int, list[str]]]:
    text, encoding = decode(report.file.path.read_bytes())
    if encoding != "utf-8":
        report.note(LATIN_1)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text), strict=True)
    try:
        return [
            (number, [value.strip() for value in line]) for number, line in enumerate(reader, 1)
        ]
    except csv.Error as error:
        why = f"CSV illisible ({error}) ; vérifier le séparateur et les guillemets"
        raise report.refusal(why) from error


def _read_ods(report: FileReport, work: Path) -> list[tuple[int, list[str]]]:
    from python_calamine import CalamineError, CalamineWorkbook

    _refuse_hostile(report, work)
    try:
        workbook = CalamineWorkbook.from_path(report.file.path)
        names = workbook.sheet_names
        lines = workbook.get_sheet_by_index(0).to_python(skip_empty_area=False) if names else []
    except (CalamineError, OSError, ValueError) as error:
        why = f"ODS illisible ou chiffré ({error}) ; l'ouvrir et l'enregistrer de nouveau"
        raise report.refusal(why) from error
    if names[1:]:
        others = ", ".join(f"« {name} »" for name in names[1:])
        report.warn(f"seule la feuille « {names[0]} » est lue ; laissées : {others[:200]}")
    return [(number, [_as_text(cell) for cell in line]) for number, line in enumerate(lines, 1)]


def _refuse_hostile(report: FileReport, work: Path) -> None:
    """Refuse a workbook that would swell, before anything expands it."""
    into = work / "ods" / report.file.sha256
    shutil.rmtree(into, ignore_errors=True)
    unpack(report.file.path, "zip", into, report.file.name)
    content = into / "content.xml"
    try:
        if not content.is_file():
            raise _swollen(report, "sans contenu")
        if content.stat().st_size > MAX_CONTENT_BYTES:
            raise _swollen(report, f"de plus de {MAX_CONTENT_BYTES // 1024**2} Mo")
        if _expanded_cells(content.read_bytes()) > MAX_CELLS:
            raise _swollen(report, f"de plus de {MAX_CELLS} cellules")
    finally:
        shutil.rmtree(into, ignore_errors=True)


def _swollen(report: FileReport, what: str) -> SourceError:
    return report.refusal(
        f"classeur ODS {what} ; ne garder que les lignes utiles, ou passer en CSV"
    )


def _expanded_cells(content: bytes) -> int:
    """Return the size of the box, from the first cell, that holds every cell with a value."""
    row = column = height = width = 0
    for token in _TOKEN.finditer(content):
        attributes = token["attributes"]
        if token["row"]:
            row, column = row + _times(attributes), 0
            continue
        if attributes is not None:  # a cell; otherwise the text of the last one
            column += _times(attributes)
        if attributes is None or any(mark in attributes for mark in _VALUED):
            height, width = row, max(width, column)
    return height * width


def _times(attributes: bytes) -> int:
    """Return how many times a row or a cell is repeated; too many when that cannot be read."""
    told = _REPEATED.search(attributes)
    if told is None:
        return 1
    is_plain = told[1].isdigit() and len(told[1]) <= _DIGITS
    return int(told[1]) if is_plain else MAX_CELLS + 1


def _as_text(cell: object) -> str:
    """Return what a cell holds as one would type it in a CSV."""
    if isinstance(cell, bool):
        return "oui" if cell else "non"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    return str(cell).strip()
