"""Evidence of other sources → a land cover where there is none: the first layer wins, no guess."""

from collections.abc import Sequence
from hashlib import blake2s

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.artificialisation.faces import Told, cut_into_faces, mend_slivers, merge_alike
from pipeline.assumptions import Assumptions
from pipeline.contracts import check, conform
from pipeline.crs import GeometryArray, Territory
from pipeline.derived_land_choices import DerivedLandChoices, DerivedReliability
from pipeline.groups import IntArray
from pipeline.polygons import polygonal
from pipeline.precision import LAND_ID_BYTES
from pipeline.schemas import LandEvidence, LandPiece

NO_SOURCE = "aucune source"


def derive_land(
    evidence: gpd.GeoDataFrame,
    extent: shapely.Polygon,
    year: int,
    assumptions: Assumptions,
    territory: Territory,
) -> gpd.GeoDataFrame:
    """
    Build a land cover from what other sources say, for ground without OCS GE.

    Cover and use are told apart, each by the first layer of its list that lies there. The use of a
    road or of a rail holds only where it is also what is seen: under a building it says nothing.
    Ground of which nothing tells is a piece too, without code: no ground vanishes. Outlines are
    noded on the grid of the assumptions; a piece thinner than the sliver width of the assumptions
    takes the codes of its longest neighbour, its ground staying where it is.

    Parameters
    ----------
    evidence
        `LandEvidence`, territory CRS, any order: the order of the rows changes nothing.
    extent
        Ground to cover, wider than the communes that are asked for, its corners on the grid.
    year
        Vintage given to every piece.

    Returns
    -------
    pieces
        `LandPiece` with `origin` `derive`: a valid coverage of the whole extent. Never mixed with
        that of OCS GE: the two do not draw the same limits.

    Raises
    ------
    ContractError
        If the evidence breaks its schema.
    """
    choices = assumptions.derived_land
    rows = _within(check(LandEvidence, evidence, territory.crs), extent)
    shapes = rows.geometry.to_numpy()
    faces = cut_into_faces(shapes, extent, choices.grid_m.value)
    told = _tell(rows, faces, choices)
    told = mend_slivers(faces, told, assumptions.land_cover.sliver_width_m.value)
    pieces, told = merge_alike(faces, told)
    table = _codes(told, sorted(rows["source"].unique()), choices).assign(
        land_id=_names(pieces, year), vintage=year, origin="derive", geometry=pieces
    )
    found = gpd.GeoDataFrame(conform(LandPiece, table, territory.crs))
    return check(LandPiece, found.sort_values("land_id", ignore_index=True), territory.crs)


def extent_around(
    commune: shapely.Geometry, halo_m: float, assumptions: Assumptions
) -> shapely.Polygon:
    """
    Return the ground to cover for one commune: its box grown by the halo, on the grid.

    It is what ingestion reads, less a grid step at most: evidence is whole everywhere in it.
    """
    step = assumptions.derived_land.grid_m.value
    west, south, east, north = shapely.bounds(commune)
    low = np.ceil(np.array([west - halo_m, south - halo_m]) / step) * step
    high = np.floor(np.array([east + halo_m, north + halo_m]) / step) * step
    return shapely.box(*low, *high)


def _within(evidence: gpd.GeoDataFrame, extent: shapely.Polygon) -> gpd.GeoDataFrame:
    """Return the evidence cut to the extent, in an order that does not depend on the given one."""
    near = evidence[shapely.intersects(evidence.geometry.to_numpy(), extent)]
    cut = polygonal(shapely.intersection(near.geometry.to_numpy(), extent))
    whole = shapely.contains(extent, near.geometry.to_numpy())
    cut[whole] = near.geometry.to_numpy()[whole]
    wkb = shapely.to_wkb(shapely.normalize(cut))
    rows = near.set_geometry(gpd.GeoSeries(cut, index=near.index, crs=evidence.crs)).assign(wkb=wkb)
    rows = rows[shapely.area(cut) > 0]
    return rows.sort_values(["kind", "source", "source_id", "wkb"], ignore_index=True)


def _tell(evidence: gpd.GeoDataFrame, faces: GeometryArray, choices: DerivedLandChoices) -> Told:
    """Return, for each face, the ranks of the layers that tell its cover and use, and who says."""
    cover_rank = {layer.kind: rank for rank, layer in enumerate(choices.covers)}
    use_rank = {layer.kind: rank for rank, layer in enumerate(choices.uses)}
    silent_cover, silent_use = len(cover_rank), len(use_rank)
    points = shapely.point_on_surface(faces)
    row, face = shapely.STRtree(points).query(evidence.geometry.to_numpy(), predicate="contains")
    kinds = evidence["kind"].iloc[row]
    of_cover = kinds.map(cover_rank).fillna(silent_cover).to_numpy(dtype=np.intp)
    of_use = kinds.map(use_rank).fillna(silent_use).to_numpy(dtype=np.intp)
    cover = np.full(len(faces), silent_cover)
    np.minimum.at(cover, face, of_cover)
    frames = [layer.kind for layer in choices.covers if layer.is_frame]
    hidden = kinds.isin(frames).to_numpy() & (of_cover != cover[face])
    of_use = np.where(hidden, silent_use, of_use)
    use = np.full(len(faces), silent_use)
    np.minimum.at(use, face, of_use)
    tells = (of_cover == cover[face]) & (of_cover < silent_cover)
    tells |= (of_use == use[face]) & (of_use < silent_use)
    _, source = np.unique(evidence["source"].to_numpy(dtype=str), return_inverse=True)
    sources = np.zeros(len(faces), dtype=np.intp)
    np.bitwise_or.at(sources, face[tells], np.left_shift(1, source[row[tells]]))
    return Told(cover, use, sources)


def _codes(told: Told, names: list[str], choices: DerivedLandChoices) -> pd.DataFrame:
    """Turn ranks into codes, the reliability they have, and the names of the sources."""
    covers = [*choices.covers, None]
    levels = _reliability(choices)
    return pd.DataFrame(
        {
            "cover_code": _taken([layer and layer.code for layer in covers], told.cover),
            "use_code": _taken([*(layer.code for layer in choices.uses), None], told.use),
            "is_frame": [
                layer is not None and layer.is_frame for layer in _taken(covers, told.cover)
            ],
            "source": [_joined(mask, names) for mask in told.sources],
            "reliability": levels[told.cover, (told.use < len(choices.uses)).astype(np.intp)],
        }
    )


def _reliability(choices: DerivedLandChoices) -> GeometryArray:
    """Return the reliability by rank of cover, then without and with a use."""
    rules: DerivedReliability = choices.reliability
    levels = np.full((len(choices.covers) + 1, 2), None, dtype=object)
    for rank, layer in enumerate(choices.covers):
        if layer.reliability is not None:
            levels[rank] = rules.without_use[layer.reliability], layer.reliability
    levels[levels[:, 1] == None, 1] = rules.without_cover  # noqa: E711 - element by element
    return levels


def _taken(values: Sequence[object], ranks: IntArray) -> GeometryArray:
    table = np.empty(len(values), dtype=object)
    table[:] = values
    return np.asarray(table[ranks])


def _joined(mask: int, names: list[str]) -> str:
    said = [name for bit, name in enumerate(names) if mask >> bit & 1]
    return ", ".join(said) or NO_SOURCE


def _names(pieces: GeometryArray, year: int) -> list[str]:
    """Name each piece after its outline, whatever its place in the table."""
    drawn = shapely.to_wkb(shapely.normalize(pieces))
    return [f"derive/{year}/{blake2s(wkb, digest_size=LAND_ID_BYTES).hexdigest()}" for wkb in drawn]
