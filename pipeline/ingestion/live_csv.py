"""Rows of a CSV file made from answers: a header alone is a valid « nothing » for the readers."""

import csv
import io
from collections.abc import Iterable


def csv_line(values: Iterable[str]) -> bytes:
    """Return one line, in UTF-8, its values separated by `;` and quoted where they need be."""
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\n").writerow(values)
    return text.getvalue().encode()
