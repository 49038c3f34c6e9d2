"""Dates of public files → ISO texts; what is no day of the calendar is left missing, and told."""

import pandas as pd

from pipeline.ingestion.dossier_values import parse_day
from pipeline.ingestion.provenance import FileReport

_COMPACT = r"^(\d{4})(\d{2})(\d{2})$"
_WITH_TIME = r"^(\d{4}-\d{1,2}-\d{1,2})[T ].*$"


def read_days(values: "pd.Series[str]", what: str, report: FileReport) -> "pd.Series[str]":
    """
    Return ISO dates from `2024-05-31`, `31/05/2024`, `20240531`, or a date with a time.

    Parameters
    ----------
    values
        Text, blanks missing.
    what
        What the dates are, in French, for the record.
    report
        Receives the number of values that are no date, with the first few.
    """
    plain = values.str.replace(_COMPACT, r"\1-\2-\3", regex=True)
    plain = plain.str.replace(_WITH_TIME, r"\1", regex=True)
    days = {text: _day(text) for text in plain.dropna().unique()}
    read = plain.map(days).astype(object).where(plain.notna(), None).astype("str")
    wrong = values[values.notna() & read.isna()]
    report.count(
        len(wrong),
        f"{what} illisible ou impossible, laissée vide",
        f"{what} illisibles ou impossibles, laissées vides",
        ids=(text[:20] for text in wrong),
    )
    return read


def _day(text: str) -> str | None:
    try:
        return parse_day(text)
    except ValueError:
        return None
