"""Owners of the ground of each car park, as far as they are published."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.assumptions import Assumptions
from pipeline.contracts import check, check_table, conform
from pipeline.french import without_accents
from pipeline.groups import IntArray, components
from pipeline.obligation.neighbours import neighbour_groups
from pipeline.schemas import OwnedParcel, Ownership, Parcel, ParkingLot

# The file of the DGFiP lists legal persons only: a parcel it does not list has an owner too.
UNPUBLISHED = "propriétaire non publié"
NOT_SUPPLIED = f"{UNPUBLISHED} (fichier non fourni)"
# Code of the right of an owner, among usufruct, long lease, management…
_OWNS = "P"
_OWNER_COLUMNS = ["owner_name", "siren", "owner_class", "right"]


def ownership(
    lots: gpd.GeoDataFrame,
    land: gpd.GeoDataFrame,
    may_owe: "pd.Series[bool]",
    assumptions: Assumptions,
    *,
    owners_known: bool,
) -> pd.DataFrame:
    """
    Return the owner and the neighbours of each car park.

    Parameters
    ----------
    lots
        `ParkingLot`, territory CRS.
    land
        What `parcel_owners` returns, same CRS; empty without cadastre.
    may_owe
        Index of `lots`: the park is subject, or may be; only such parks are neighbours.
    owners_known
        Whether the file of owners was supplied; if not, the names say so.

    Returns
    -------
    ownership
        `Ownership`, one row per lot, in their order.
    """
    parks = check(ParkingLot, lots, str(lots.crs))
    held = lot_owners(parks, land, assumptions, owners_known=owners_known)
    beside = neighbour_groups(parks, may_owe, assumptions).drop(columns="lot_id")
    return check_table(Ownership, conform(Ownership, held.join(beside)))


def parcel_owners(
    parcels: gpd.GeoDataFrame,
    owned: pd.DataFrame,
    assumptions: Assumptions,
    *,
    owners_known: bool,
) -> gpd.GeoDataFrame:
    """
    Give each parcel its published owner, and the land holding (*unité foncière*) it is part of.

    Where somebody holds the right of owner (`P`), only such rights count; where nobody does, all.

    Returns
    -------
    parcels
        `Parcel` with five more columns. `owner_name`: the names, sorted, joined by ` ; `; a text
        that says so where none is published. `siren`: missing unless there is one owner.
        `owner_class`: the kinds of legal person, as the DGFiP tells them (its `owner_group`), and
        `right`: what they hold, both joined alike. `holding_id`: the smallest `idu` of the parcels
        in one piece of the same owner; they share an edge, a corner is not enough; missing without
        published owner.

    References
    ----------
    Conseil d'État, 27 juin 2005, n° 264667 (*unité foncière*: in one piece, of one owner).
    """
    land = check(Parcel, parcels, str(parcels.crs)).reset_index(drop=True)
    owners = _owners_by_parcel(check_table(OwnedParcel, owned)).reindex(land["idu"])
    for column in _OWNER_COLUMNS:
        land[column] = owners[column].to_numpy()
    owner = owner_key(land)
    land["holding_id"] = _holdings(land, owner, assumptions)
    land["owner_name"] = land["owner_name"].where(
        owner.notna(), unpublished(owners_known=owners_known)
    )
    return land


def unpublished(*, owners_known: bool) -> str:
    """Return the text that stands for an owner that is not published."""
    return UNPUBLISHED if owners_known else NOT_SUPPLIED


def owner_key(table: pd.DataFrame) -> "pd.Series[str]":
    """Return what tells owners apart: the SIREN, else the published name without case or accent."""
    names = table["owner_name"].map(_plain, na_action="ignore")
    return table["siren"].astype(object).where(table["siren"].notna(), names.astype(object))


def _plain(name: str) -> str:
    return " ".join(without_accents(name).split())


def _owners_by_parcel(owned: pd.DataFrame) -> pd.DataFrame:
    """Return names, SIREN, classes and rights, one row per parcel, its `idu` as index."""
    rows = owned.assign(owner=owner_key(owned), owns=owned["right_code"] == _OWNS)
    rows = rows[rows["owns"] | ~rows.groupby("idu")["owns"].transform("any")]
    rows["right"] = rows["right"].fillna(rows["right_code"])
    # One person written in two ways, or listed once per part of the parcel, is one person.
    persons = rows.sort_values(["idu", "owner", "owner_name"]).drop_duplicates(["idu", "owner"])
    by_parcel = persons.groupby("idu")
    found = pd.DataFrame({"siren": by_parcel["siren"].first().where(by_parcel.size() == 1)})
    found["owner_name"] = _joined(persons, "owner_name")
    found["owner_class"] = _joined(rows, "owner_group")
    found["right"] = _joined(rows, "right")
    return found


def _joined(rows: pd.DataFrame, column: str) -> "pd.Series[str]":
    """Return the texts told of each parcel, each once, sorted; a parcel without any has no row."""
    told = rows.loc[rows[column].fillna("") != "", ["idu", column]].drop_duplicates()
    # Most parcels have one text: only the others are worth a call each.
    is_one = ~told.duplicated("idu", keep=False)
    one: pd.Series[str] = told[is_one].set_index("idu")[column]
    several = told[~is_one].groupby("idu")[column].agg(lambda texts: " ; ".join(sorted(texts)))
    return pd.concat([one, several])


def _holdings(
    land: gpd.GeoDataFrame, owner: "pd.Series[str]", assumptions: Assumptions
) -> "pd.Series[str]":
    """Return the smallest `idu` of the holding of each parcel; missing without owner."""
    known = land[owner.notna()].sort_values("idu")
    group = components(len(known), _same_holding(known, owner[known.index], assumptions))
    return known["idu"].groupby(group).transform("first").reindex(land.index)


def _same_holding(
    land: gpd.GeoDataFrame, owner: "pd.Series[str]", assumptions: Assumptions
) -> IntArray:
    """Return the pairs of parcels, shape `(m, 2)`, that share an edge and an owner."""
    gap, length = assumptions.owners.edge_gap_m.value, assumptions.owners.edge_length_m.value
    one, other = land.sindex.query(land.geometry, predicate="dwithin", distance=gap)
    owners = owner.to_numpy()
    alike = (one < other) & (owners[one] == owners[other])
    one, other = one[alike], other[alike]
    shapes = land.geometry.to_numpy()
    # A round buffer: within the gap of a corner there is less edge than `edge_length_m`.
    along = shapely.intersection(shapely.boundary(shapes[one]), shapely.buffer(shapes[other], gap))
    shared = shapely.length(along) >= length
    return np.column_stack([one[shared], other[shared]])


def lot_owners(
    lots: gpd.GeoDataFrame,
    parcels: gpd.GeoDataFrame,
    assumptions: Assumptions,
    *,
    owners_known: bool,
) -> pd.DataFrame:
    """
    Return the owner who holds most of the ground of each car park.

    Ground on no parcel (a street, a square) is nobody's here: it lowers the share. What no
    published owner holds counts as one owner more, who may be the first.

    Parameters
    ----------
    lots
        `ParkingLot`, territory CRS.
    parcels
        What `parcel_owners` returns, same CRS.

    Returns
    -------
    owners
        Index of `lots`: `lot_id`; `owner_name`, followed by « et n autre(s) » when others hold more
        than `owners.other_owner_share` of the lot; `siren`; `owner_share` of the lot, in [0, 1],
        missing on no parcel; `owner_group`, missing without published owner. A parcel that shares
        `parking_lots.shared_edge_m2` or less with a lot is only beside it. Ties go to the first
        SIREN or name; the unpublished come last.
    """
    held = _ground_by_owner(lots, parcels, assumptions)
    main = held.drop_duplicates("lot").set_index("lot").reindex(range(len(lots)))
    beyond = held[held["share"] > assumptions.owners.other_owner_share.value]
    count = beyond[~beyond["is_main"]].groupby("lot").size().reindex(range(len(lots)), fill_value=0)
    names = main["owner_name"].astype(object).fillna(unpublished(owners_known=owners_known))
    return pd.DataFrame(
        {
            "lot_id": lots["lot_id"].to_numpy(),
            "owner_name": [
                _and_others(name, number) for name, number in zip(names, count, strict=True)
            ],
            "siren": main["siren"].to_numpy(),
            "owner_share": main["share"].to_numpy(),
            "owner_group": main["owner"].where(main["is_published"].eq(True)).to_numpy(),
        },
        index=lots.index,
    )


def _ground_by_owner(
    lots: gpd.GeoDataFrame, parcels: gpd.GeoDataFrame, assumptions: Assumptions
) -> pd.DataFrame:
    """Return the share of each lot (its position) that each owner holds, the largest first."""
    shapes, ground = lots.geometry.to_numpy(), parcels.geometry.to_numpy()
    lot, parcel = parcels.sindex.query(lots.geometry, predicate="intersects")
    table = parcels[["owner_name", "siren"]].iloc[parcel].reset_index(drop=True)
    table["is_published"] = parcels["holding_id"].notna().to_numpy()[parcel]
    table["owner"] = owner_key(table).where(table["is_published"], "")
    table["lot"] = lot
    table["area"] = shapely.area(shapely.intersection(shapes[lot], ground[parcel]))
    table = table[table["area"] > assumptions.parking_lots.shared_edge_m2.value]
    names = table.sort_values("owner_name").drop_duplicates(["lot", "owner"])
    held: pd.DataFrame = table.groupby(["lot", "owner"], as_index=False)["area"].sum()
    held = held.merge(names.drop(columns="area"), on=["lot", "owner"])
    held["share"] = np.clip(held["area"] / shapely.area(shapes)[held["lot"]], 0, 1)
    order = ["lot", "share", "is_published", "owner"]
    held = held.sort_values(order, ascending=[True, False, False, True])
    return held.assign(is_main=~held.duplicated("lot"))


def _and_others(name: str, others: int) -> str:
    if not others:
        return name
    return f"{name} et {others} autre{'s' if others > 1 else ''}"
