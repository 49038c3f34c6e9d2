"""CSV and JSON files without geometry → tables of text, columns in lower case."""

import csv
import io
import json
import warnings
from collections.abc import Iterable, Mapping

import pandas as pd

from pipeline.ingestion.broken_csv import is_sound, mend
from pipeline.ingestion.encoding import LATIN_1, decode
from pipeline.ingestion.provenance import FileReport

_DELIMITERS = ";\t|,"
# Beyond this share of rows whose quotes are wrong, the file is something else, or cut.
_MOST_BROKEN = 0.1
_SHOWN_LINES = 5


def read_csv(report: FileReport, *, mends: bool = False) -> pd.DataFrame:
    """
    Read a CSV file: separator found in its first line, UTF-8 else Latin-1, every value as text.

    Parameters
    ----------
    mends
        Read row by row a file whose quotes are wrong here and there, and say which lines; by
        default it is refused.

    Raises
    ------
    SourceError
        If a line has more values than the header, or a quote is never closed.
    """
    text, encoding = decode(report.file.path.read_bytes())
    if encoding != "utf-8":
        report.note(LATIN_1)
    if mends and not is_sound(text, delimiter_of(text)):
        text = _mended(text, report)
    try:
        with warnings.catch_warnings():
            # When the first row is the long one, pandas only warns of the values that it drops.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = _parse(text)
    except (
        pd.errors.ParserError,
        pd.errors.ParserWarning,
        pd.errors.EmptyDataError,
        ValueError,
    ) as error:
        why = f"CSV illisible ({error}) ; vérifier le séparateur et les guillemets"
        raise report.refusal(why) from error
    return _lower(table)


def _mended(text: str, report: FileReport) -> str:
    """Return a text with sound quotes; refuse one with more than a few wrong lines."""
    found = mend(text, delimiter_of(text))
    broken = len(found.mended) + len(found.lost)
    if broken > _MOST_BROKEN * (found.row_count + len(found.lost)):
        why = f"CSV illisible (guillemets mal placés, {broken} ligne(s)) ; redéposer le fichier"
        raise report.refusal(why)
    for lines, what in (
        (found.mended, "aux guillemets mal placés, coupée(s) à chaque séparateur"),
        (found.lost, "illisible(s) aux guillemets mal placés, écartée(s)"),
    ):
        if lines:
            shown = ", ".join(str(line) for line in lines[:_SHOWN_LINES])
            more = ", …" if len(lines) > _SHOWN_LINES else ""
            report.warn(f"{len(lines)} ligne(s) {what} (lignes {shown}{more})")
    return found.text


def _parse(text: str) -> pd.DataFrame:
    return pd.read_csv(
        io.StringIO(text),
        sep=delimiter_of(text),
        dtype=str,
        keep_default_na=False,
        na_values=[""],
        quoting=csv.QUOTE_MINIMAL,
        index_col=False,
    )


def delimiter_of(text: str) -> str:
    """Return the separator of a CSV text: the one that its first line holds most."""
    header = text.lstrip("\r\n").split("\n", 1)[0]
    return max(_DELIMITERS, key=header.count)


def read_json(report: FileReport) -> pd.DataFrame:
    """
    Read a JSON document: an array of objects, or an object whose `data` or `results` is one.

    Raises
    ------
    SourceError
        If the document is truncated, or holds no such array.
    """
    text, encoding = decode(report.file.path.read_bytes())
    if encoding != "utf-8":
        report.note(LATIN_1)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        why = f"JSON illisible ou tronqué ({error}) ; le redéposer"
        raise report.refusal(why) from error
    rows = document if isinstance(document, list) else _rows(document)
    if rows is None or not all(isinstance(row, dict) for row in rows):
        why = "JSON sans liste d'objets « data » ou « results » ; vérifier le fichier"
        raise report.refusal(why)
    return _lower(pd.DataFrame([_flat(row) for row in rows], dtype=object))


def _rows(document: object) -> list[dict[str, object]] | None:
    if not isinstance(document, Mapping):
        return None
    found = next((document[key] for key in ("data", "results") if key in document), None)
    return found if isinstance(found, list) else None


def _flat(row: Mapping[str, object]) -> dict[str, object]:
    return {key: _plain(key, value) for key, value in row.items()}


def _plain(key: str, value: object) -> object:
    """Return a value as text; the headings of an installation joined by `;`."""
    if isinstance(value, list):
        return ";".join(_texts(value)) or None
    if isinstance(value, Mapping):  # a point of the open-data portals
        return f"{value['lat']}, {value['lon']}" if {"lat", "lon"} <= set(value) else None
    return None if value is None or key == "" else str(value)


def _texts(values: Iterable[object]) -> list[str]:
    numbers = [item.get("numeroRubrique") if isinstance(item, Mapping) else item for item in values]
    return sorted({str(number) for number in numbers if number is not None})


def _lower(table: pd.DataFrame) -> pd.DataFrame:
    table.columns = [str(name).strip().lower() for name in table.columns]
    return table.loc[:, ~table.columns.duplicated()]
