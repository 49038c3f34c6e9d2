"""The ledger of each car park: footprint, pieces that leave it, four legal areas, interval."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from pipeline.assumptions import Assumptions
from pipeline.contracts import check, check_table, conform, empty
from pipeline.crs import FloatArray, GeometryArray, Territory, ground_area
from pipeline.eligible_surface.subtraction import (
    Hits,
    find_hits,
    ground_of,
    subtract,
    take_pieces,
    without_enclosing,
)
from pipeline.legal_values import Exclusion, LegalArea
from pipeline.precision import PIECE_DUST_M2
from pipeline.schemas import EligibleSurface, ExclusionPiece, ParkingLot

_GROUND_MOTIFS = ("espace_vert", "repos", "stockage", "logistique", "marchandises_dangereuses")


@dataclass(frozen=True)
class Ledger:
    """
    Account of each car park.

    Attributes
    ----------
    pieces
        What leaves it, or is only flagged (`ExclusionPiece`).
    surfaces
        Its areas (`EligibleSurface`), in the order of the lots.
    remaining
        Its eligible surface, shape `(n,)`, in the order of the lots; empty where nothing is left.
    """

    pieces: gpd.GeoDataFrame
    surfaces: pd.DataFrame
    remaining: GeometryArray


def compute_eligible_surface(
    parking_lots: gpd.GeoDataFrame,
    masks: list[pa.RecordBatch],
    crowns: GeometryArray,
    exclusions: tuple[Exclusion, ...],
    assumptions: Assumptions,
    territory: Territory,
) -> Ledger:
    """
    Subtract from each car park what the decree leaves out, and keep each piece.

    Overlapping pieces go to the first of the order of precedence of `config/rules`. No lot is
    dropped: one that is wholly deducted keeps its row, with 0 m². A piece of ground that contains
    the whole lot deducts nothing.

    Parameters
    ----------
    parking_lots
        `ParkingLot`, territory CRS.
    masks
        Record batches of schema `MASKS`, same CRS; may overlap.
    crowns
        Shape `(m,)`, crowns of the trees mapped one by one. A crown over asphalt is not a green
        space: vegetation seen from above that crowns explain is not flagged.
    exclusions
        Those in force on the day of the run, in order of precedence: they say which mask deducts,
        and from which legal area.
    territory
        Gives the area on the ground.

    Returns
    -------
    ledger
        Areas in m² on the ground: `gross − excluded = eligible`, and `excluded` is the sum of the
        deducted pieces. The interval adds ± accuracy × perimeter, spans the areas of the matched
        sources, puts uncertain pieces back at its maximum and removes flagged ones at its minimum.

    References
    ----------
    Décret n° 2024-1023 du 13 novembre 2024, art. 1er, II et III (LEGIARTI000050496520) ;
    code de l'urbanisme, art. R. 111-25-3 et R. 111-25-7.
    """
    lots = check(ParkingLot, parking_lots, territory.crs).reset_index(drop=True)
    footprints = lots.geometry.to_numpy()
    hits = _kept(footprints, find_hits(footprints, masks), assumptions)
    pieces, remaining = _pieces(lots, hits, exclusions, territory)
    pieces = _without_crowns(pieces, crowns, assumptions)
    rainwater = _legal_area(footprints, hits, "eaux_pluviales", exclusions, territory)
    shade = _legal_area(footprints, hits, "ombrage", exclusions, territory)
    most = _most_left(footprints, hits, exclusions, territory)
    surfaces = _surfaces(lots, pieces, most)
    surfaces = surfaces.assign(rainwater_area_m2=rainwater, shade_area_m2=shade)
    return Ledger(
        pieces=pieces,
        surfaces=check_table(EligibleSurface, conform(EligibleSurface, surfaces)),
        remaining=remaining,
    )


def _kept(footprints: GeometryArray, hits: Hits, assumptions: Assumptions) -> Hits:
    """Drop ground cover that contains the lot; a building or a ring still counts."""
    if not len(hits):
        return hits
    is_ground = _column(hits, "motif").isin(_GROUND_MOTIFS).to_numpy()[hits.mask]
    share = assumptions.eligible_surface.enclosing_share.value
    ground = without_enclosing(footprints, _where(hits, is_ground), share)
    others = _where(hits, ~is_ground)
    lot = np.concatenate([ground.lot, others.lot])
    order = np.argsort(lot, kind="stable")
    mask = np.concatenate([ground.mask, others.mask])
    return Hits(lot[order], mask[order], hits.masks, hits.geometries)


def _column(hits: Hits, name: str) -> "pd.Series[Any]":
    return pd.Series(hits.masks.column(name).to_pandas())


def _where(hits: Hits, keep: np.ndarray) -> Hits:
    return Hits(hits.lot[keep], hits.mask[keep], hits.masks, hits.geometries)


def _deducting(hits: Hits, area: LegalArea, exclusions: tuple[Exclusion, ...]) -> Hits:
    """Keep the pairs whose mask leaves this legal area."""
    motifs = [item.motif for item in exclusions if area in item.deducted_from]
    deducts = _column(hits, "deducts").astype(bool) & _column(hits, "motif").isin(motifs)
    return _where(hits, deducts.to_numpy()[hits.mask])


def _legal_area(
    footprints: GeometryArray,
    hits: Hits,
    area: LegalArea,
    exclusions: tuple[Exclusion, ...],
    territory: Territory,
) -> FloatArray:
    if not len(hits):
        return ground_area(footprints, territory)
    remaining = subtract(footprints, _deducting(hits, area, exclusions))
    return ground_area(remaining, territory)


def _most_left(
    footprints: GeometryArray,
    hits: Hits,
    exclusions: tuple[Exclusion, ...],
    territory: Territory,
) -> FloatArray:
    """Return what is left of each lot if only the certain masks deduct, m²."""
    if not len(hits):
        return ground_area(footprints, territory)
    deducting = _deducting(hits, "art40", exclusions)
    certain = _column(hits, "certain").astype(bool).to_numpy()[deducting.mask]
    return ground_area(subtract(footprints, _where(deducting, certain)), territory)


def _pieces(
    lots: gpd.GeoDataFrame, hits: Hits, exclusions: tuple[Exclusion, ...], territory: Territory
) -> tuple[gpd.GeoDataFrame, GeometryArray]:
    """Return the pieces of each lot, deducted or only flagged in what is left, and what is left."""
    footprints = lots.geometry.to_numpy()
    if not len(hits):
        return empty(ExclusionPiece, territory.crs), footprints
    order: dict[str, int] = {item.motif: rank for rank, item in enumerate(exclusions)}
    ranked = _by_precedence(hits, order)
    deducting = _deducting(ranked, "art40", exclusions)
    remaining, deducted = take_pieces(footprints, deducting)
    flagged = _where(ranked, ~_column(ranked, "deducts").astype(bool).to_numpy()[ranked.mask])
    _, seen = take_pieces(remaining, flagged)
    table = pd.concat(
        [
            _describe(lots, deducting, deducted, is_deducted=True),
            _describe(lots, flagged, seen, is_deducted=False),
        ],
        ignore_index=True,
    )
    articles = {item.motif: item.article for item in exclusions}
    table["article"] = table["motif"].map(articles)
    table["area_m2"] = ground_of(
        table["geometry"].to_numpy(), lambda shapes: ground_area(shapes, territory)
    )
    kept = table[table["area_m2"] > PIECE_DUST_M2].reset_index(drop=True)
    pieces = gpd.GeoDataFrame(conform(ExclusionPiece, kept, territory.crs))
    return check(ExclusionPiece, pieces, territory.crs), remaining


def _without_crowns(
    pieces: gpd.GeoDataFrame, crowns: GeometryArray, assumptions: Assumptions
) -> gpd.GeoDataFrame:
    """Drop the flagged vegetation that the crowns of mapped trees explain."""
    flagged = np.flatnonzero(~pieces["is_deducted"] & (pieces["motif"] == "espace_vert"))
    shapes = pieces.geometry.to_numpy()[flagged]
    piece, crown = shapely.STRtree(crowns).query(shapes, predicate="intersects")
    explained = []
    for i in np.unique(piece):
        shade = shapely.union_all(crowns[crown[piece == i]])
        share = shapely.area(shapely.intersection(shapes[i], shade)) / shapely.area(shapes[i])
        if share >= assumptions.eligible_surface.crowns_explain_share.value:
            explained.append(flagged[i])
    return pieces.drop(index=pieces.index[explained]).reset_index(drop=True)


def _by_precedence(hits: Hits, order: dict[str, int]) -> Hits:
    """Sort the pairs of each lot by motif, then by mask id: the result has one order."""
    motif = _column(hits, "motif").map(order).fillna(len(order)).to_numpy()
    by_id = pc.rank(hits.masks.column("mask_id"), tiebreaker="first").to_numpy()
    keys = np.lexsort((by_id[hits.mask], motif[hits.mask], hits.lot))
    known = motif[hits.mask[keys]] < len(order)
    return Hits(hits.lot[keys][known], hits.mask[keys][known], hits.masks, hits.geometries)


def _describe(
    lots: gpd.GeoDataFrame, hits: Hits, pieces: GeometryArray, *, is_deducted: bool
) -> pd.DataFrame:
    rows = hits.masks.select(["mask_id", "source", "motif", "certain"]).to_pandas()
    of_pair = rows.iloc[hits.mask].reset_index(drop=True)
    return pd.DataFrame(
        {
            "lot_id": lots["lot_id"].to_numpy()[hits.lot],
            "motif": of_pair["motif"],
            "is_deducted": is_deducted,
            "is_certain": of_pair["certain"].astype(bool),
            "source": of_pair["source"],
            "source_id": of_pair["mask_id"],
            "geometry": pieces,
        }
    )


def _surfaces(
    lots: gpd.GeoDataFrame, pieces: gpd.GeoDataFrame, most_m2: FloatArray
) -> pd.DataFrame:
    """
    Return the ledger of each lot and the interval of its eligible area, all in m².

    `most_m2` is what is left when uncertain pieces are put back: ground that a certain mask takes
    too stays out.
    """

    def total(which: "pd.Series[bool]") -> FloatArray:
        sums = pieces[which].groupby("lot_id")["area_m2"].sum()
        return lots["lot_id"].map(sums).fillna(0.0).to_numpy(dtype=float)

    gross = lots["gross_area_m2"].to_numpy(dtype=float)
    excluded = np.minimum(total(pieces["is_deducted"]), gross)
    uncertain = np.maximum(most_m2 - (gross - excluded), 0.0)
    uncertain[uncertain < PIECE_DUST_M2] = 0.0
    flagged = total(~pieces["is_deducted"])
    doubtful_ring = (pieces["motif"] == "icpe_10m") & ~pieces["is_certain"]
    eligible = gross - excluded
    half_width = lots["accuracy_m"].to_numpy() * shapely.length(lots.geometry.to_numpy())
    # A source that draws the whole lot larger or smaller moves the eligible area by as much.
    low = eligible + np.minimum(-half_width, lots["source_low_m2"] - gross) - flagged
    low = low.where(lots["outline_known"], 0.0)
    high = eligible + np.maximum(half_width, lots["source_high_m2"] - gross) + uncertain
    return pd.DataFrame(
        {
            "lot_id": lots["lot_id"],
            "gross_area_m2": gross,
            "excluded_area_m2": excluded,
            "eligible_area_m2": eligible,
            "eligible_min_m2": np.maximum(low, 0.0),
            "eligible_max_m2": np.maximum(high, 0.0),
            "half_width_m2": half_width,
            "uncertain_m2": uncertain,
            "flagged_m2": flagged,
            "has_uncertain_ring": lots["lot_id"].isin(pieces.loc[doubtful_ring, "lot_id"]),
        }
    )
