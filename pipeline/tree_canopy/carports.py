"""Existing roofs over the bays: solar canopies, and roofs that may be some."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.assumptions import Assumptions
from pipeline.contracts import check, check_table, conform
from pipeline.crs import GeometryArray, Territory, ground_area
from pipeline.groups import IntArray
from pipeline.polygons import polygonal, without_earlier
from pipeline.schemas import CarportCover, CarportPiece

# Of roofs drawn one over the other, the one that says the most keeps the ground.
_SUREST_FIRST = ("installation_solaire", "ombriere", "toit", "construction", "plateau")


@dataclass(frozen=True)
class ExistingCarports:
    """`CarportCover` and `CarportPiece` of the same lots, in the territory CRS."""

    cover: pd.DataFrame
    pieces: gpd.GeoDataFrame


def measure_carports(
    lots: gpd.GeoDataFrame,
    eligible: GeometryArray,
    carports: gpd.GeoDataFrame,
    plateaus: tuple[GeometryArray, IntArray],
    measured: IntArray,
    assumptions: Assumptions,
    territory: Territory,
) -> ExistingCarports:
    """
    Measure the existing roofs over each lot.

    A roof is a solar canopy for sure only when a source says so; any other may carry panels, or
    none: it is told apart, to be checked. What a roof shares with a surer one is measured once, and
    only over the surface that counts: it is half of that one that the law wants covered.

    Parameters
    ----------
    lots
        `lot_id` and footprint, territory CRS.
    eligible
        Shape `(n,)`, eligible surface of each lot.
    carports
        `Carport`, as the maps draw them.
    plateaus
        Flat roofs of the height model, and the position of the lot that each one meets.
    measured
        Positions of the lots that a height model tells of: there, no roof is no roof.

    Returns
    -------
    existing
        Areas in m² on the ground; missing where nothing was found and no height model speaks.
    """
    rows = pd.concat(
        [_mapped(lots, eligible, carports), _flat(lots, eligible, *plateaus)], ignore_index=True
    )
    rows = rows.assign(rank=rows["kind"].map(_SUREST_FIRST.index)).sort_values(
        ["lot", "is_certain", "rank", "carport_id"], ascending=[True, False, True, True]
    )
    cut = without_earlier(rows["geometry"].to_numpy(), rows["lot"].to_numpy(dtype=np.intp))
    area = ground_area(cut, territory)
    kept = area >= assumptions.carports.smallest_piece_m2.value
    pieces = rows.assign(geometry=cut, area_m2=area)[kept].reset_index(drop=True)
    return ExistingCarports(
        cover=_cover(lots, pieces, measured),
        pieces=check(
            CarportPiece,
            gpd.GeoDataFrame(conform(CarportPiece, pieces, territory.crs)),
            territory.crs,
        ),
    )


def _mapped(
    lots: gpd.GeoDataFrame, eligible: GeometryArray, carports: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Return the part of each mapped roof over each lot."""
    roofs = carports.geometry.to_numpy()
    lot, roof = shapely.STRtree(roofs).query(eligible, predicate="intersects")
    found = carports.iloc[roof].reset_index(drop=True)
    return pd.DataFrame(found.drop(columns=["geometry", "is_solar"])).assign(
        lot=lot,
        lot_id=lots["lot_id"].to_numpy()[lot],
        is_certain=found["is_solar"].fillna(value=False).to_numpy(dtype=bool),
        geometry=polygonal(shapely.intersection(roofs[roof], eligible[lot])),
    )


def _flat(
    lots: gpd.GeoDataFrame, eligible: GeometryArray, plateaus: GeometryArray, lot: IntArray
) -> pd.DataFrame:
    """Return the part over each lot of the roofs that only the height model shows."""
    middle = shapely.get_coordinates(shapely.centroid(plateaus))
    return pd.DataFrame(
        {
            "lot": lot,
            "lot_id": lots["lot_id"].to_numpy()[lot],
            "carport_id": [f"mnh/{x:.2f}/{y:.2f}" for x, y in middle],
            "source": "mnh",
            "kind": "plateau",
            "is_certain": False,
            "geometry": polygonal(shapely.intersection(plateaus, eligible[lot])),
        }
    )


def _cover(lots: gpd.GeoDataFrame, pieces: pd.DataFrame, measured: IntArray) -> pd.DataFrame:
    table = pd.DataFrame({"lot_id": lots["lot_id"].to_numpy()})
    told = np.zeros(len(lots), dtype=np.bool_)
    told[measured] = True
    told[pieces["lot"].to_numpy(dtype=np.intp)] = True
    for column, is_certain in (("solar_m2", True), ("other_m2", False)):
        part = pieces[pieces["is_certain"].astype(bool) == is_certain]
        area = np.bincount(
            part["lot"].to_numpy(dtype=np.intp), weights=part["area_m2"], minlength=len(lots)
        )
        table[column] = np.where(told, area, np.nan)
    return check_table(CarportCover, conform(CarportCover, table))
