"""Which layers of a file hold the columns that a folder reads, and the numbers of text columns."""

import numpy as np
import pandas as pd

from pipeline.ingestion.catalogue import SourceFolder
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.vector import count_fields, list_layers


def fields_of(report: FileReport) -> dict[str, frozenset[str]]:
    """
    Return the columns, in lower case, of each layer that holds something.

    An answer without any object, of a service asked of a place where it knows nothing, has no
    column either: noted, and left.
    """
    fields: dict[str, frozenset[str]] = {}
    for layer in list_layers(report):
        names, count = count_fields(report, layer)
        if names or count:
            fields[layer] = names
        else:
            report.meet(0)
            report.note(f"couche {layer} vide")
    return fields


def layers_of(report: FileReport, folder: SourceFolder) -> list[str]:
    """
    Return the layers that have every required column of a folder; the others are noted.

    Raises
    ------
    SourceError
        If layers hold something, and none has them: names expected and found, from the first.
    """
    fields = fields_of(report)
    kept = [
        layer
        for layer, names in fields.items()
        if all(folder.known(names, column) is not None for column in folder.required)
    ]
    if fields and not kept:
        layer, names = next(iter(fields.items()))
        folder.require(pd.DataFrame(columns=sorted(names)), f"{report.file.name}, couche {layer}")
    for layer in fields.keys() - set(kept):
        report.note(f"couche {layer} : sans usage ici")
    return kept


def read_areas(written: "pd.Series[str]", what: str, report: FileReport) -> "pd.Series[float]":
    """
    Return numbers at least 0; decimal comma or dot, thousands spaced or not.

    Parameters
    ----------
    written
        Text, blanks missing.
    what
        What they are, in French, for the record of those that cannot be read: left missing.
    report
        Receives their number, with the first few.
    """
    plain = written.str.replace(r"\s", "", regex=True).str.replace(",", ".", regex=False)
    numbers = pd.to_numeric(plain, errors="coerce").astype("float64")
    read = numbers.where(np.isfinite(numbers) & (numbers >= 0))
    wrong = written[written.notna() & read.isna()]
    report.count(
        len(wrong),
        f"{what} illisible ou négative, laissée vide",
        f"{what} illisibles ou négatives, laissées vides",
        ids=(text[:20] for text in wrong),
    )
    return read
