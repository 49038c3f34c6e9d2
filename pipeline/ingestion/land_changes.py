"""Difference products of OCS GE: what the producer says changed, to compare with."""

from collections.abc import Collection, Sequence
from functools import partial

import geopandas as gpd
import pandas as pd

from pipeline.contracts import check
from pipeline.ingestion.catalogue import as_text
from pipeline.ingestion.land_codes import Axis, read_codes
from pipeline.ingestion.land_layers import (
    FOLDER,
    ChangeColumns,
    read_layers,
    read_polygons,
    told_apart,
)
from pipeline.ingestion.land_years import read_two_vintages
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Scope
from pipeline.schemas import DeclaredChange

_AXES: tuple[tuple[str, Axis], ...] = (("cover", "CS"), ("use", "US"))
_DIRECTIONS = {"1": "artificialisation", "-1": "desartificialisation"}


def read_declared_changes(
    reports: Sequence[FileReport], scope: Scope, known_codes: Collection[str]
) -> gpd.GeoDataFrame:
    """
    Read the difference products of a folder: the codes of both dates in one row.

    They are compared with, never used as a land cover. `direction` is the producer's column (1 or
    −1); what the name of a file or of a folder suggests is not read.

    Parameters
    ----------
    reports, scope
        Files of `ocsge/`, vector layers; territory, catalogue. Files are read whole.
    known_codes
        Dotted codes of the nomenclature, both axes; any other is left missing and told.

    Returns
    -------
    changes
        `DeclaredChange`, in the order of the files; empty when there is no such product.

    Raises
    ------
    SourceError
        If a layer cannot be read, lacks a code, or tells no pair of vintages.
    """
    read = partial(_read_layer, known_codes)
    rows = read_layers(DeclaredChange, ChangeColumns, reports, scope, read)
    rows["change_id"] = told_apart(rows["change_id"])
    return check(DeclaredChange, rows, scope.territory.crs)


def _read_layer(
    known_codes: Collection[str],
    report: FileReport,
    layer: str,
    columns: ChangeColumns,
    scope: Scope,
) -> pd.DataFrame:
    before, after = read_two_vintages(layer, columns, report)
    table = read_polygons(report, layer, scope)
    report.row_count += len(table)
    report.vintage = max(report.vintage or "", str(after))
    said = scope.catalogue[FOLDER].take(table, "direction")
    codes = {
        f"{what}_{when}": read_codes(as_text(table[getattr(side, what)]), axis, known_codes, report)
        for when, side in (("before", columns.before), ("after", columns.after))
        for what, axis in _AXES
    }
    return pd.DataFrame(
        {
            "change_id": table["row_id"],
            "vintage_before": before,
            "vintage_after": after,
            **codes,
            "direction": said.map(_DIRECTIONS),
            "geometry": table.geometry.to_numpy(),
        }
    )
