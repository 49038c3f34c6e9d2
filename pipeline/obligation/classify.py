"""Verdicts of a table of car parks: facts gathered row by row, one decision each."""

from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd

from pipeline.assumptions import Assumptions
from pipeline.contracts import check_table, conform
from pipeline.obligation.dossiers import as_day, gather_dossiers
from pipeline.obligation.facts import CarportFacts, Dossier, Facts, Interval, Protected, TreeFacts
from pipeline.obligation.installations import installations_over
from pipeline.obligation.law import Law
from pipeline.obligation.verdict import Decision, decide
from pipeline.rules import RuleBook
from pipeline.schemas import DecisionStep, Plea, Verdict

_HAZMAT = "marchandises_dangereuses"
Deducted = dict[str, tuple[tuple[str, float], ...]]


@dataclass(frozen=True)
class Evidence:
    """
    What the other stages say of the lots, beside their own table.

    `surfaces` `EligibleSurface`, `pieces` `ExclusionPiece`, `cover` `TreeCover`, `carports`
    `CarportCover`, `shares` `ProtectionShare`, `perimeters` `Perimeter`, `installations`
    `LocatedInstallation`, `dossiers` `ParkDossier`: all in one CRS.
    """

    surfaces: pd.DataFrame
    pieces: gpd.GeoDataFrame
    cover: pd.DataFrame
    carports: pd.DataFrame
    shares: pd.DataFrame
    perimeters: gpd.GeoDataFrame
    installations: gpd.GeoDataFrame
    dossiers: gpd.GeoDataFrame


@dataclass(frozen=True)
class Judgement:
    """
    Verdicts (`Verdict`), the way to each (`DecisionStep`), grounds of exemption (`Plea`).

    `remarks` tells, in French, what an agent should know of the rows of `dossiers/`.
    """

    verdicts: pd.DataFrame
    steps: pd.DataFrame
    pleas: pd.DataFrame
    remarks: tuple[str, ...]


def classify_lots(
    lots: gpd.GeoDataFrame,
    evidence: Evidence,
    rules: RuleBook,
    assumptions: Assumptions,
    day: date,
) -> Judgement:
    """
    Decide on each car park under the law in force on `day`.

    Parameters
    ----------
    lots
        `ParkingLot`, in scope or not.
    evidence
        Tables of the other stages; `surfaces` and `cover` have one row per lot in scope.

    Returns
    -------
    judgement
        Tables in the order of `lots`. An undated park present in the data is presumed existing.
    """
    dossiers, remarks = gather_dossiers(lots, evidence.dossiers)
    protections = _protections(evidence)
    deducted = _deducted(evidence.pieces)
    sites = installations_over(lots, evidence.installations)
    decisions = {}
    for row in _joined(lots, evidence).to_dict("records"):
        lot_id = row["lot_id"]
        facts = _facts(
            row, protections.get(lot_id, ()), deducted.get(lot_id, ()), sites.get(lot_id),
            dossiers.get(lot_id, Dossier()), day, assumptions,
        )  # fmt: skip
        law = Law(rules, day, row["insee_code"])
        decisions[lot_id] = decide(facts, law, assumptions.pleas)
    return Judgement(*_tables(decisions), remarks=remarks)


def _joined(lots: gpd.GeoDataFrame, evidence: Evidence) -> pd.DataFrame:
    measured = evidence.surfaces.drop(columns="gross_area_m2")  # the same as that of the lot
    table = lots.drop(columns="geometry").merge(measured, on="lot_id", how="left", validate="1:1")
    for cover in (evidence.cover, evidence.carports):
        table = table.merge(cover, on="lot_id", how="left", validate="1:1")
    return table


def _protections(evidence: Evidence) -> dict[str, tuple[Protected, ...]]:
    """Return, by lot, each kind of perimeter with its share and the names of its perimeters."""
    names = evidence.perimeters.set_index("perimeter_id")["name"]
    shares = evidence.shares.assign(name=evidence.shares["perimeter_id"].map(names))
    by_lot: dict[str, list[Protected]] = {}
    for _, found in shares.groupby(["lot_id", "kind"], sort=True):
        first = found.iloc[0]
        told = ", ".join(sorted(set(found["name"].dropna())))
        kind = Protected(str(first["kind"]), float(first["kind_share"]), told)
        by_lot.setdefault(str(first["lot_id"]), []).append(kind)
    return {
        lot_id: tuple(sorted(items, key=lambda item: (-item.share, item.kind)))
        for lot_id, items in by_lot.items()
    }


def _deducted(pieces: gpd.GeoDataFrame) -> Deducted:
    """Return, by lot, what each motif takes out, m²."""
    taken = pieces[pieces["is_deducted"]].groupby(["lot_id", "motif"], sort=True)
    by_lot: dict[str, list[tuple[str, float]]] = {}
    for row in taken["area_m2"].sum().reset_index().to_dict("records"):
        by_lot.setdefault(str(row["lot_id"]), []).append((str(row["motif"]), float(row["area_m2"])))
    return {lot_id: tuple(found) for lot_id, found in by_lot.items()}


def _facts(
    row: dict[Any, Any],
    protections: tuple[Protected, ...],
    deducted: tuple[tuple[str, float], ...],
    installation: tuple[str, float] | None,
    dossier: Dossier,
    day: date,
    assumptions: Assumptions,
) -> Facts:
    eligible, gross = row["eligible_area_m2"], row["gross_area_m2"]
    area = Interval(row["eligible_min_m2"], eligible, row["eligible_max_m2"])
    opened = dossier.is_open_to_public
    if opened is None:
        opened = assumptions.open_to_public.tells(_text(row["access"]))
    return Facts(
        insee_code=row["insee_code"],
        out_of_scope=_text(row["out_of_scope"]),
        gross_m2=gross,
        area=area,
        rainwater=_beside(row["rainwater_area_m2"], area),
        shade=_beside(row["shade_area_m2"], area),
        deducted=deducted,
        excluded_m2=row["excluded_area_m2"],
        uncertain_m2=row["uncertain_m2"],
        flagged_m2=row["flagged_m2"],
        has_uncertain_ring=row["has_uncertain_ring"] is True,
        source_areas=row["source_areas"],
        sources_low_m2=eligible + row["source_low_m2"] - gross,
        sources_high_m2=eligible + row["source_high_m2"] - gross,
        outline_known=row["outline_known"],
        is_bays_only=row["is_bays_only"],
        piece_count=row["piece_count"],
        largest_piece_m2=row["largest_piece_m2"],
        joined_by=_text(row["joined_by"]),
        spaces=Interval(row["spaces_min"], row["spaces"], row["spaces_max"]),
        trees=_tree_facts(row, day, assumptions),
        protections=protections,
        first_seen=as_day(_text(row["first_seen"])),
        is_open_to_public=opened,
        is_for_trucks=row["is_for_trucks"],
        hazmat_m2=dict(deducted).get(_HAZMAT, 0.0),
        installation=installation,
        carports=_carport_facts(row),
        dossier=dossier,
    )


def _beside(other_m2: float, area: Interval) -> Interval:
    """Return another legal area of the same park, with the margins of article 40's."""
    low = max(0.0, other_m2 - (area.central - area.low))
    return Interval(low, other_m2, other_m2 + (area.high - area.central))


def _tree_facts(row: dict[Any, Any], day: date, assumptions: Assumptions) -> TreeFacts | None:
    if not _text(row["method"]) or pd.isna(row["shade_share"]):
        return None
    return TreeFacts(
        shade=Interval(row["shade_share_min"], row["shade_share"], row["shade_share_max"]),
        wide_tree_count=row["wide_tree_count"],
        possible_wide_count=row["possible_wide_count"],
        are_spread=bool(row["trees_are_spread"]),
        is_from_heights=row["method"] == "modele_hauteur",
        measured_share=1.0 if pd.isna(row["measured_share"]) else row["measured_share"],
        vintage=_text(row["heights_vintage"]),
        is_recent=_is_recent(row, day, assumptions),
        outside_share=row["outside_shade_share"],
    )


def _is_recent(row: dict[Any, Any], day: date, assumptions: Assumptions) -> bool:
    """Tell whether trees seen then may be taken as there now: the oldest of the heights decides."""
    if row["method"] != "modele_hauteur":
        return True
    dates = _text(row["heights_vintage"])
    if dates is None:
        return False
    oldest = min(int(item.split("-")[0]) for item in dates.split(";"))
    return 0 <= day.year - oldest <= assumptions.height_model.oldest_years.value


def _carport_facts(row: dict[Any, Any]) -> CarportFacts | None:
    if pd.isna(row["solar_m2"]):
        return None
    return CarportFacts(solar_m2=row["solar_m2"], other_m2=row["other_m2"])


def _text(value: object) -> str | None:
    """Return a text, or None for the missing value of a table."""
    return value if isinstance(value, str) else None


def _tables(decisions: dict[str, Decision]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    plain = [item.name for item in fields(Decision) if item.name not in {"steps", "pleas"}]
    verdicts = [
        {"lot_id": lot_id, **{name: _written(getattr(found, name)) for name in plain}}
        for lot_id, found in decisions.items()
    ]
    steps = [
        {"lot_id": lot_id, "rank": rank, "law": law, **step.as_row()}
        for lot_id, found in decisions.items()
        for rank, (law, step) in enumerate(found.steps, start=1)
    ]
    pleas = [
        {"lot_id": lot_id, **{key: _written(value) for key, value in asdict(plea).items()}}
        for lot_id, found in decisions.items()
        for plea in found.pleas
    ]
    return (
        check_table(Verdict, conform(Verdict, pd.DataFrame(verdicts))),
        check_table(DecisionStep, conform(DecisionStep, pd.DataFrame(steps))),
        check_table(Plea, conform(Plea, pd.DataFrame(pleas))),
    )


def _written(value: object) -> object:
    """Write days in ISO: a table holds no date object."""
    return value.isoformat() if isinstance(value, date) else value
