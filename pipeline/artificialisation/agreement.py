"""The variants of the thresholds beside the default one, and beside what the producer states."""

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.artificialisation.coverage import BoolArray
from pipeline.artificialisation.qualify import QualifiedLand
from pipeline.contracts import check_table, conform
from pipeline.crs import FloatArray
from pipeline.schemas import VariantArea


def compare_variants(own: QualifiedLand, default: str) -> pd.DataFrame:
    """
    Measure what each variant finds, where it differs from the default, where from the producer.

    Parameters
    ----------
    own
        Land of one vintage, in a commune or whole.
    default
        Name of the variant that gives the status.

    Returns
    -------
    areas
        `VariantArea`, one row per variant; the confusion table in m² where the product of the
        producer states a status.
    """
    land = own.land
    area: FloatArray = land["area_m2"].to_numpy(dtype=float)
    declared = land["declared_artificial"]
    rows = [
        {
            "vintage": int(land["vintage"].iloc[0]),
            "variant": name,
            "is_default": name == default,
            "artificial_m2": area[_is(status, value=True)].sum(),
            "differs_m2": area[_differ(status, own.variants[default])].sum(),
            **(_confusion(status, declared, area) if declared.notna().any() else {}),
        }
        for name, status in own.variants.items()
        if len(land)
    ]
    return check_table(VariantArea, conform(VariantArea, pd.DataFrame(rows)))


def find_disagreements(land: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the rows of `LandStatus` whose status is not the one that the producer states."""
    differs = _differ(land["is_artificial"], land["declared_artificial"])
    return gpd.GeoDataFrame(land[differs].reset_index(drop=True))


def _confusion(
    ours: "pd.Series[bool]", declared: "pd.Series[bool]", area: FloatArray
) -> dict[str, float]:
    cells = {
        "both_artificial_m2": (True, True),
        "neither_artificial_m2": (False, False),
        "only_ours_m2": (True, False),
        "only_declared_m2": (False, True),
    }
    return {
        name: float(area[_is(ours, value=own) & _is(declared, value=other)].sum())
        for name, (own, other) in cells.items()
    }


def _is(status: "pd.Series[bool]", *, value: bool) -> BoolArray:
    return np.asarray((status == value).fillna(value=False).to_numpy(dtype=bool))


def _differ(one: "pd.Series[bool]", other: "pd.Series[bool]") -> BoolArray:
    """Tell where both statuses are known, and differ."""
    return np.asarray((one != other).fillna(value=False).to_numpy(dtype=bool))
