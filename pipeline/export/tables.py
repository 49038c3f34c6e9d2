"""Tables of a run → rows of the delivered layers, still under their English column names."""

import re
from collections.abc import Callable
from operator import attrgetter
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.crs import ground_area
from pipeline.export.domains import cause_words, conclusion_words, derogation_words
from pipeline.export.inventory_tables import InventoryTables
from pipeline.export.licences import licence_rows
from pipeline.export.product import Product
from pipeline.export.rule_table import rule_rows

_OSM = "https://www.openstreetmap.org"
_OSM_KINDS = {"n": "node", "w": "way", "r": "relation"}
_SURFACE = 2  # dimension of a polygon
_OSM_ID = re.compile(r"(node|way|relation|[nwr])/?(\d+)")


def commune_rows(product: Product) -> gpd.GeoDataFrame:
    """Return the commune, with its area on the ground."""
    return product.commune.assign(
        ground_area_m2=ground_area(product.commune.geometry.to_numpy(), product.territory),
        rules_as_of=product.as_of,
        version=product.version,
    )


def park_rows(product: Product) -> gpd.GeoDataFrame:
    """Return one row per legal car park: what it is, what was measured, what the law says."""
    measured = product.surfaces.drop(columns="gross_area_m2")  # the same as that of the lot
    tables = (
        *(measured, product.tree_cover, product.carport_cover, product.verdicts),
        *(product.ownership, product.solar, product.priorities),
    )
    lots = pd.DataFrame(product.lots).reset_index(drop=True)
    beside = [_of_lots(table, lots["lot_id"]) for table in tables]
    lots = pd.concat([lots, *beside], axis="columns")
    commune = product.commune.iloc[0]
    return gpd.GeoDataFrame(
        _reviewed(lots, product.inventory).assign(
            commune_name=commune["name"],
            epci_name=commune["epci_name"],
            rules_as_of=product.as_of,
            derogation_words=lots["possible_derogations"].map(derogation_words).astype(object),
        ),
        crs=product.lots.crs,
    )


def _of_lots(table: pd.DataFrame, lot_ids: "pd.Series[str]") -> pd.DataFrame:
    """Return the rows of lots, in their order; missing where the table tells nothing of one."""
    told = table.set_index("lot_id").reindex(pd.Index(lot_ids))  # refuses a lot told twice
    return told.reset_index(drop=True)


def _reviewed(lots: pd.DataFrame, inventory: InventoryTables) -> pd.DataFrame:
    """Add the status an agent gave, which is shown instead of the computed one, and why."""
    given = inventory.overrides.set_index("lot_id")
    reviewed = lots["lot_id"].map(given["status"]).astype(object)
    is_reviewed = reviewed.notna()
    return lots.assign(
        reviewed_status=reviewed.where(is_reviewed, None),
        shown_status=reviewed.where(is_reviewed, lots["status"]),
        status_source=np.where(is_reviewed, "revue", "calcul"),
        reason=[
            _said_by_agent(given.loc[lot_id]) + reason if is_given else reason
            for lot_id, reason, is_given in zip(
                lots["lot_id"], lots["reason"], is_reviewed, strict=True
            )
        ],
        base_hash=lots["lot_id"].map(inventory.base_hashes).astype(object),
    )


def _said_by_agent(given: "pd.Series[Any]") -> str:
    """Return the sentence that comes before the computed reason of a status given by an agent."""
    day, motive = given["decided_on"], given["motive"]
    when = "" if pd.isna(day) else f" le {pd.Timestamp(day):%d/%m/%Y}"
    why = "" if pd.isna(motive) else f" : {motive}"
    return f"Statut revu par un agent{when}{why.rstrip('.')}. Calcul : "


def candidate_rows(product: Product) -> gpd.GeoDataFrame:
    """Return every object of the sources, with its lot or the reason it has none."""
    rows = product.candidates.merge(
        product.outcomes, on="candidate_id", how="left", validate="one_to_one"
    )
    # The points that are known of an outline locate it; they are no surface.
    drawn = shapely.get_dimensions(rows.geometry.to_numpy()) == _SURFACE
    shapes = np.full(len(rows), None, dtype=object)
    shapes[drawn] = rows.geometry.to_numpy()[drawn]
    area = np.where(drawn, ground_area(shapes, product.territory), np.nan)
    links = [_osm_link(*pair) for pair in zip(rows["source"], rows["source_id"], strict=True)]
    rows = rows.set_geometry(gpd.GeoSeries(shapes, index=rows.index, crs=product.lots.crs))
    rows = rows.assign(ground_area_m2=area, link=pd.Series(links, index=rows.index, dtype=object))
    return gpd.GeoDataFrame(rows, crs=product.lots.crs)


def _osm_link(source: str, source_id: str) -> str | None:
    """Return the page of an OSM object, the first of a group; None for any other source."""
    match = _OSM_ID.fullmatch(source_id.split(";")[0]) if source == "osm" else None
    if match is None:
        return None
    kind, number = match.groups()
    return f"{_OSM}/{_OSM_KINDS.get(kind, kind)}/{number}"


def exclusion_rows(product: Product) -> gpd.GeoDataFrame:
    """Return the ledger: each piece with its article, deducted or only flagged."""
    return product.pieces.assign(certainty=_certainty(product.pieces["is_certain"]))


def tree_rows(product: Product) -> gpd.GeoDataFrame:
    """Return the trees that stand in a lot or shade it."""
    return product.trees


def crown_rows(product: Product) -> gpd.GeoDataFrame:
    """Return the crowns over the surface that counts."""
    return product.crowns


def carport_rows(product: Product) -> gpd.GeoDataFrame:
    """Return the existing roofs over a lot, solar for sure or to be checked."""
    return product.carports.assign(certainty=_certainty(product.carports["is_certain"]))


def installation_rows(product: Product) -> gpd.GeoDataFrame:
    """Return installations on their best rung, points and polygons together."""
    return product.installations


def ring_rows(product: Product) -> gpd.GeoDataFrame:
    """Return the 10 m rings."""
    return product.rings.assign(certainty=_certainty(product.rings["is_certain"]))


def perimeter_rows(product: Product) -> gpd.GeoDataFrame:
    """Return perimeters with what they do on the day of the rules, and the lots they touch."""
    touched = (
        product.protection_shares.sort_values("lot_id")
        .groupby("perimeter_id", sort=True)
        .agg(lot_ids=("lot_id", _joined), largest_share=("share", "max"))
        .reset_index()
    )
    rows = product.perimeters.merge(touched, on="perimeter_id", how="left", validate="one_to_one")
    known = product.rules.protections_on(product.as_of)
    said = pd.DataFrame(
        [
            (item.label, item.article, item.effect) if (item := known.get(kind)) else (None,) * 3
            for kind in rows["kind"]
        ],
        index=rows.index,
        columns=["label", "article", "effect"],
        dtype=object,
    )
    return gpd.GeoDataFrame(pd.concat([rows, said], axis="columns"), crs=product.lots.crs)


def parcel_rows(product: Product) -> gpd.GeoDataFrame:
    """Return the parcels under a lot, with their owner where published."""
    return product.parcels


def decision_rows(product: Product) -> pd.DataFrame:
    """Return the comparisons of each lot, with the words of the one that concludes."""
    steps = product.steps
    reached = steps["if_true"].where(steps["result"] == "oui", steps["if_false"])
    answered = steps["result"].isin(["oui", "non"])
    words = reached.where(answered).map(conclusion_words)
    return steps.assign(conclusion=words.astype(object))


def plea_rows(product: Product) -> pd.DataFrame:
    """Return what exempts each lot, or may."""
    return product.pleas


def source_rows(product: Product) -> pd.DataFrame:
    """Return the provenance of the run."""
    return product.records


def rules_in_force(product: Product) -> pd.DataFrame:
    """Return the legal values applied."""
    return rule_rows(product.rules, product.as_of)


def _placed_ids(rows: pd.DataFrame, product: Product) -> pd.DataFrame:
    """Tell the parks of this product from those that are gone."""
    is_here = rows["lot_id"].isin(product.lots["lot_id"])
    return rows.assign(
        living_id=rows["lot_id"].where(is_here, None), gone_id=rows["lot_id"].mask(is_here, None)
    )


def replayed_rows(product: Product) -> pd.DataFrame:
    """Return what became of each correction, with the outline it was taken on."""
    return _placed_ids(product.inventory.replayed, product)


def conflict_rows(product: Product) -> pd.DataFrame:
    """Return the corrections that no longer fit, both outlines."""
    return _placed_ids(product.inventory.conflicts, product)


def lineage_rows(product: Product) -> pd.DataFrame:
    """Return where identifiers come from, and what became of those that are gone."""
    return _placed_ids(product.inventory.lineage, product)


def known_rows(product: Product) -> pd.DataFrame:
    """Return every park that ever had an identifier, as detected."""
    return _placed_ids(product.inventory.known, product)


def journal_rows(product: Product) -> pd.DataFrame:
    """Return the changes, run after run, with their causes in words."""
    rows = _placed_ids(product.inventory.journal, product)
    return rows.assign(cause_words=rows["causes"].map(cause_words).astype(object))


ROWS: dict[str, Callable[[Product], pd.DataFrame]] = {
    "commune": commune_rows,
    "parcs": park_rows,
    "candidats": candidate_rows,
    "exclusions": exclusion_rows,
    "canopee": crown_rows,
    "arbres": tree_rows,
    "ombrieres": carport_rows,
    "icpe": installation_rows,
    "icpe_tampon": ring_rows,
    "perimetres_protection": perimeter_rows,
    "parcelles": parcel_rows,
    "sols": attrgetter("land.pieces"),
    "sols_flux": attrgetter("land.flows"),
    "sols_ecarts": attrgetter("land.disagreements"),
    "friches": attrgetter("land.brownfields"),
    "bilan": attrgetter("land.indicators"),
    "sols_matrice": attrgetter("land.transitions"),
    "sols_variantes": attrgetter("land.variants"),
    "sols_codes": attrgetter("land.unread"),
    "decisions": decision_rows,
    "derogations": plea_rows,
    "corrections_rejouees": replayed_rows,
    "conflits": conflict_rows,
    "parcs_filiation": lineage_rows,
    "parcs_connus": known_rows,
    "journal": journal_rows,
    "empreintes": attrgetter("inventory.fingerprints"),
    "sources": source_rows,
    "licences": licence_rows,
    "regles": rules_in_force,
}


def _certainty(is_certain: "pd.Series[bool]") -> list[str]:
    return ["certaine" if certain else "a_verifier" for certain in is_certain]


def _joined(values: "pd.Series[str]") -> str:
    return ";".join(values)
