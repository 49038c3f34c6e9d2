"""What became of each candidate: its lot, or the reason it has none, in French."""

import geopandas as gpd
import pandas as pd
import shapely

from pipeline.parking_lots.conflation import Conflation
from pipeline.parking_lots.perimeter import Perimeter

_DRAWN = "contour retenu"
_DRAWN_AND_CUT = "contour retenu, coupé par une voie publique, un bâtiment ou une clôture"


def explain_candidates(
    candidates: gpd.GeoDataFrame,
    conflation: Conflation,
    perimeters: list[Perimeter],
    lots: gpd.GeoDataFrame,
    confirms: dict[str, str],
) -> pd.DataFrame:
    """
    Give every candidate an outcome: no row vanishes.

    Parameters
    ----------
    candidates
        `ParkingCandidate`, all of them.
    conflation
        Groups of those that draw something.
    perimeters, lots
        Lots in the same order: what they are made of, and their `lot_id` and `gross_area_m2`.
    confirms
        `lot_id` of the lot that each partial outline confirms, missing where it confirms none.

    Returns
    -------
    outcomes
        `candidate_id`, `lot_id` (missing without lot), `reason`; the order of `candidates`.
    """
    drawn = _drawn_outcomes(conflation, perimeters, lots)
    rows = []
    for name, defect, shape in zip(
        candidates["candidate_id"], candidates["defect"], candidates.geometry, strict=True
    ):
        if name in drawn:
            rows.append((name, *drawn[name]))
        elif isinstance(confirms.get(name), str):
            why = defect if isinstance(defect, str) else "unité foncière déclarée"
            rows.append((name, confirms[name], f"{why} ; confirme le parc"))
        else:
            rows.append((name, *_without_outline(defect, shape, lots)))
    return pd.DataFrame(rows, columns=["candidate_id", "lot_id", "reason"])


def _drawn_outcomes(
    conflation: Conflation, perimeters: list[Perimeter], lots: gpd.GeoDataFrame
) -> dict[str, tuple[str | None, str]]:
    names = {position: str(row["candidate_id"]) for position, row in conflation.rows.items()}
    outcomes: dict[str, tuple[str | None, str]] = dict.fromkeys(
        names.values(), (None, "aucune surface propre : déjà dessinée par un autre objet")
    )
    # The largest lot comes last and keeps the candidate, where a cut made several of it.
    sizes = lots.assign(size=lots["gross_area_m2"].round(1)).reset_index(drop=True)
    for position in sizes.sort_values(["size", "lot_id"]).index:
        perimeter, lot_id = perimeters[position], str(lots["lot_id"].iloc[position])
        for member in (item for group in perimeter.groups for item in conflation.by_group[group]):
            if member in perimeter.members:
                outcomes[names[member]] = (lot_id, _DRAWN_AND_CUT if perimeter.is_cut else _DRAWN)
            elif outcomes[names[member]][1] not in {_DRAWN, _DRAWN_AND_CUT}:
                outcomes[names[member]] = (lot_id, "confirme le parc, contour d'une autre source")
    return outcomes


def _without_outline(
    defect: object, shape: shapely.Geometry | None, lots: gpd.GeoDataFrame
) -> tuple[str | None, str]:
    reason = defect if isinstance(defect, str) else "aucun contour"
    if shape is None or shapely.is_empty(shape):
        return None, reason
    around = shapely.intersects(lots.geometry.to_numpy(), shapely.point_on_surface(shape))
    if not around.any():
        return None, reason
    return str(lots["lot_id"].to_numpy()[around][0]), f"{reason} ; situé dans le parc"


def outcomes_for_commune(
    insee_code: str, lots: gpd.GeoDataFrame, outcomes: pd.DataFrame
) -> pd.DataFrame:
    """Say of a candidate next door which commune its park belongs to; its park is not ours."""
    owner = lots.set_index("lot_id")["insee_code"].to_dict()
    ours = _own_lots(insee_code, lots)
    told = outcomes.copy()
    elsewhere = outcomes["lot_id"].notna() & (outcomes["lot_id"].map(owner) != insee_code)
    # A candidate cut in two may have its larger part next door, and another one here.
    lot_here = outcomes["candidate_id"].map(ours)
    told["lot_id"] = told["lot_id"].mask(elsewhere, lot_here)
    gone = elsewhere & lot_here.isna()
    code = outcomes["lot_id"].map(owner)[gone]
    told.loc[gone, "reason"] = ("parc rattaché à la commune " + code).where(
        code != "", "parc situé hors des communes connues"
    )
    return told


def _own_lots(insee_code: str, lots: gpd.GeoDataFrame) -> dict[str, str]:
    """Return the largest lot of the commune that each candidate takes part in."""
    own = lots[lots["insee_code"] == insee_code].sort_values(["gross_area_m2", "lot_id"])
    return {
        candidate: lot_id
        for lot_id, candidates in zip(own["lot_id"], own["source_ids"], strict=True)
        for candidate in candidates.split(";")
    }
