"""Verdicts of a table of car parks: facts gathered row by row, one decision each."""

from dataclasses import asdict
from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd

from pipeline.contracts import check_table, conform
from pipeline.obligation.article40 import Article40
from pipeline.obligation.facts import Facts, Interval, TreeFacts
from pipeline.obligation.verdict import decide
from pipeline.rules import RuleBook
from pipeline.schemas import Verdict


def classify_lots(
    lots: gpd.GeoDataFrame,
    surfaces: pd.DataFrame,
    cover: pd.DataFrame,
    shares: pd.DataFrame,
    rules: RuleBook,
    day: date,
) -> pd.DataFrame:
    """
    Decide on each car park under the law in force on `day`.

    Parameters
    ----------
    lots
        `ParkingLot`, in scope or not.
    surfaces, cover
        `EligibleSurface` and `TreeCover`: one row per lot in scope.
    shares
        `ProtectionShare`.

    Returns
    -------
    verdicts
        `Verdict`, in the order of `lots`. An undated park present in the data is presumed existing.
    """
    law = Article40(rules, day)
    by_kind = shares.drop_duplicates(["lot_id", "kind"]).sort_values(
        ["kind_share", "kind"], ascending=[False, True]
    )
    protections = {
        lot_id: tuple(zip(found["kind"], found["kind_share"], strict=True))
        for lot_id, found in by_kind.groupby("lot_id")
    }
    table = lots.drop(columns="geometry").merge(
        surfaces.drop(columns="gross_area_m2"), on="lot_id", how="left", validate="1:1"
    )
    table = table.merge(cover, on="lot_id", how="left", validate="1:1")
    rows = []
    for row in table.to_dict("records"):
        facts = _facts(row, protections.get(row["lot_id"], ()))
        decision = decide(facts, law, row["insee_code"])
        in_scope = decision.status != "hors_champ"
        rows.append(
            {
                "lot_id": row["lot_id"],
                "regime": "existant_1500" if in_scope else "aucun",
                "regime_is_presumed": in_scope,
                **asdict(decision),
            }
        )
    verdicts = pd.DataFrame(rows).pipe(_dates_as_text)
    return check_table(Verdict, conform(Verdict, verdicts))


def _dates_as_text(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Write dates in ISO: a table holds no date object."""
    for column in ("due_date", "other_due_date"):
        if column in verdicts:
            verdicts[column] = [
                value.isoformat() if isinstance(value, date) else None for value in verdicts[column]
            ]
    return verdicts


def _facts(row: dict[Any, Any], protections: tuple[tuple[str, float], ...]) -> Facts:
    eligible, gross = row["eligible_area_m2"], row["gross_area_m2"]
    return Facts(
        out_of_scope=_text(row["out_of_scope"]),
        area=Interval(row["eligible_min_m2"], eligible, row["eligible_max_m2"]),
        excluded_m2=row["excluded_area_m2"],
        uncertain_m2=row["uncertain_m2"],
        flagged_m2=row["flagged_m2"],
        has_uncertain_ring=row["has_uncertain_ring"],
        source_areas=row["source_areas"],
        sources_low_m2=eligible + row["source_low_m2"] - gross,
        sources_high_m2=eligible + row["source_high_m2"] - gross,
        outline_known=row["outline_known"],
        is_bays_only=row["is_bays_only"],
        piece_count=row["piece_count"],
        largest_piece_m2=row["largest_piece_m2"],
        joined_by=_text(row["joined_by"]),
        spaces=Interval(row["spaces_min"], row["spaces"], row["spaces_max"]),
        trees=_tree_facts(row),
        protections=protections,
    )


def _tree_facts(row: dict[Any, Any]) -> TreeFacts | None:
    if not _text(row["method"]) or pd.isna(row["shade_share"]):
        return None
    return TreeFacts(
        shade=Interval(row["shade_share_min"], row["shade_share"], row["shade_share_max"]),
        wide_tree_count=row["wide_tree_count"],
        tree_count=row["tree_count"],
        are_spread=bool(row["trees_are_spread"]),
    )


def _text(value: object) -> str | None:
    """Return a text, or None for the missing value of a table."""
    return value if isinstance(value, str) else None
