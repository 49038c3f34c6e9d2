"""One commune, from files to a GeoPackage: the stages as calls. The first file to read."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from pipeline.assumptions import Assumptions, load_assumptions
from pipeline.crs import Territory, ground_area, load_territories, territory_of
from pipeline.eligible_surface.ground import gather_masks
from pipeline.eligible_surface.installations import icpe_rings, locate_installations, ring_distance
from pipeline.eligible_surface.measure import compute_eligible_surface
from pipeline.export.product import Product
from pipeline.export.publish import publish
from pipeline.ingestion.catalogue import Catalogue, load_catalogue
from pipeline.ingestion.folder import Sources, read_sources
from pipeline.obligation.classify import Evidence, Judgement, classify_lots
from pipeline.obligation.dossiers import boundaries
from pipeline.obligation.law import check_completeness
from pipeline.obligation.owners import ownership, parcel_owners
from pipeline.obligation.priority import prioritise
from pipeline.obligation.protections import protection_shares
from pipeline.obligation.solar import solar_potential
from pipeline.parking_lots.build import ParkingLots, build_parking_lots
from pipeline.parking_lots.describe import Surroundings
from pipeline.roads import settle_through_roads
from pipeline.rule_files import load_rules
from pipeline.rules import RuleBook
from pipeline.settings import Settings
from pipeline.tree_canopy.mapped_trees import compute_tree_cover, crowns_of, crowns_over

OnStep = Callable[[str], None]


@dataclass(frozen=True)
class Configuration:
    """What a run needs beside the data: the law, the modelling choices, what sources are."""

    rules: RuleBook
    assumptions: Assumptions
    territories: tuple[Territory, ...]
    catalogue: Catalogue

    @classmethod
    def load(cls, settings: Settings) -> "Configuration":
        """Read and check every configuration file; raise `ConfigError` on the first fault."""
        rules = load_rules(settings.config / "rules")
        check_completeness(rules)
        return cls(
            rules=rules,
            assumptions=load_assumptions(settings.config / "assumptions.yaml"),
            territories=load_territories(settings.config / "territories.yaml"),
            catalogue=load_catalogue(settings.config / "sources.yaml"),
        )


@dataclass(frozen=True)
class Result:
    """A published commune: its tables, where they are, and what to say about them."""

    product: Product
    path: Path
    warnings: tuple[str, ...]


def run_commune(
    insee_code: str,
    *,
    data: Path,
    out: Path,
    day: date,
    configuration: Configuration,
    overwrite: bool = False,
    on_step: OnStep = lambda _: None,
) -> Result:
    """
    Qualify the car parks of one commune and publish `OUT/DEP/INSEE.gpkg`.

    Parameters
    ----------
    data
        Folder of the sources, one folder each (contract §3).
    day
        The law in force on that day applies.
    overwrite
        Replace a published product whose content differs; the same content is never an error.
    on_step
        Told, in French, what is being done.

    Raises
    ------
    PipelineError
        One line that says what is wrong, where, and what to do; nothing is half-written.
    """
    product, warnings = measure_commune(
        insee_code, data=data, day=day, configuration=configuration, on_step=on_step
    )
    on_step("Écriture du GeoPackage")
    path = publish(product, out, overwrite=overwrite)
    return Result(product=product, path=path, warnings=warnings)


def measure_commune(
    insee_code: str,
    *,
    data: Path,
    day: date,
    configuration: Configuration,
    on_step: OnStep = lambda _: None,
) -> tuple[Product, tuple[str, ...]]:
    """Return the tables of one commune and the warnings of its sources; nothing is written."""
    rules = configuration.rules
    territory = territory_of(insee_code, configuration.territories)
    sources = _read(insee_code, data, rules.as_of(day), territory, configuration, on_step)
    as_of = rules.as_of(day, boundaries(sources.dossiers))
    product, unmatched = _qualify(insee_code, sources, as_of, territory, configuration, on_step)
    return product, (*sources.warnings, *unmatched)


def _read(
    insee_code: str,
    data: Path,
    day: date,
    territory: Territory,
    configuration: Configuration,
    on_step: OnStep,
) -> Sources:
    return read_sources(
        data,
        insee_code,
        territory,
        configuration.assumptions,
        configuration.catalogue,
        heritage_radius_m=configuration.rules.number("APER40.abords_rayon", day),
        on_progress=on_step,
    )


def _qualify(
    insee_code: str,
    sources: Sources,
    day: date,
    territory: Territory,
    configuration: Configuration,
    on_step: OnStep,
) -> tuple[Product, tuple[str, ...]]:
    rules, assumptions = configuration.rules, configuration.assumptions

    on_step("Délimitation des parcs")
    roads = settle_through_roads(sources.roads, assumptions)
    around = _surroundings(sources, roads)
    parks = build_parking_lots(sources.candidates, around, assumptions, territory)
    lots = parks.lots[parks.lots["insee_code"] == insee_code].reset_index(drop=True)

    on_step("Mesure de la superficie assujettie")
    located, rings = _installations(sources, rules, day, territory, assumptions)
    # Nothing is counted, hence excluded, in a park that article 40 does not reach.
    counted = lots[lots["out_of_scope"].isna()].reset_index(drop=True)
    masks = gather_masks(sources.masks, sources.buildings, roads, rings, counted, assumptions)
    ledger = compute_eligible_surface(
        counted,
        masks,
        crowns_of(sources.trees, "high", assumptions),
        rules.exclusions_on(day),
        assumptions,
        territory,
    )

    on_step("Ombrage par les arbres cartographiés")
    cover = compute_tree_cover(counted, ledger.remaining, sources.trees, assumptions, territory)

    on_step("Application de la loi")
    shares = protection_shares(lots, sources.perimeters, assumptions)
    evidence = Evidence(
        surfaces=ledger.surfaces,
        pieces=ledger.pieces,
        cover=cover,
        shares=shares,
        perimeters=sources.perimeters,
        installations=located,
        dossiers=_own_dossiers(sources.dossiers, lots, _of_commune(sources.communes, insee_code)),
    )
    judged = classify_lots(lots, evidence, rules, assumptions, day)

    on_step("Propriétaires, voisinage et potentiel solaire")
    land = parcel_owners(
        sources.parcels, sources.owned_parcels, assumptions, owners_known=sources.owners_known
    )
    owners = ownership(lots, land, assumptions, owners_known=sources.owners_known)

    product = Product(
        territory=territory,
        insee_code=insee_code,
        as_of=day,
        commune=_of_commune(sources.communes, insee_code),
        lots=lots,
        surfaces=ledger.surfaces,
        tree_cover=cover,
        verdicts=judged.verdicts,
        steps=judged.steps,
        pleas=judged.pleas,
        ownership=owners,
        solar=solar_potential(lots, judged.verdicts, sources.yield_cells, assumptions),
        priorities=prioritise(
            lots,
            judged.verdicts,
            ledger.surfaces,
            owners,
            assumptions,
            day=day,
            large_m2=rules.number("APER40.seuil_grand", day),
        ),
        candidates=sources.candidates,
        outcomes=_outcomes_for(insee_code, parks),
        pieces=ledger.pieces,
        trees=crowns_over(lots, sources.trees, assumptions),
        installations=located,
        rings=rings,
        perimeters=_meeting(sources.perimeters, shares),
        protection_shares=shares,
        parcels=_parcels_of(lots, land),
        records=sources.records,
        rules=rules,
        version=version("parzan"),
    )
    return product, _unmatched(judged)


def _unmatched(judged: Judgement) -> tuple[str, ...]:
    """Tell the rows of `dossiers/` that fit no car park of the commune: none is lost in silence."""
    if not judged.unmatched:
        return ()
    rows = ", ".join(judged.unmatched)
    return (f"dossiers/ : aucun parc de la commune à cet identifiant ou à cette position : {rows}",)


def _surroundings(sources: Sources, roads: gpd.GeoDataFrame) -> Surroundings:
    return Surroundings(
        communes=sources.communes,
        bays=sources.bays,
        roads=roads,
        fences=sources.fences,
        buildings=sources.buildings,
        parcels=sources.parcels,
        hints=sources.hints,
    )


def _installations(
    sources: Sources, rules: RuleBook, day: date, territory: Territory, assumptions: Assumptions
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return the installations on their best rung, and their rings with their ground area."""
    headings = rules.rule("APER40.icpe_rubriques")
    verified = rules.labels(headings.id, day) if headings.is_in_force(day) else ()
    located = locate_installations(sources.installations, sources.buildings, verified)
    rings = icpe_rings(located, ring_distance(rules, day), assumptions)
    return located, rings.assign(area_m2=ground_area(rings.geometry.to_numpy(), territory))


def _own_dossiers(
    dossiers: gpd.GeoDataFrame, lots: gpd.GeoDataFrame, commune: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Leave the rows placed in another commune to it; a park of ours may reach beyond our limit."""
    places = dossiers.geometry.to_numpy()
    ground = shapely.union_all([*commune.geometry, *lots.geometry])
    ours = dossiers["lot_id"].notna() | shapely.intersects(ground, places)
    return dossiers[ours].reset_index(drop=True)


def _of_commune(communes: gpd.GeoDataFrame, insee_code: str) -> gpd.GeoDataFrame:
    return communes[communes["insee_code"] == insee_code].reset_index(drop=True)


def _outcomes_for(insee_code: str, parks: ParkingLots) -> pd.DataFrame:
    """Say of a candidate next door which commune its park belongs to; its park is not ours."""
    owner = parks.lots.set_index("lot_id")["insee_code"].to_dict()
    ours = _own_lots(insee_code, parks.lots)
    outcomes = parks.outcomes.copy()
    elsewhere = outcomes["lot_id"].notna() & (outcomes["lot_id"].map(owner) != insee_code)
    # A candidate cut in two may have its larger part next door, and another one here.
    lot_here = outcomes["candidate_id"].map(ours)
    outcomes["lot_id"] = outcomes["lot_id"].mask(elsewhere, lot_here)
    gone = elsewhere & lot_here.isna()
    code = parks.outcomes["lot_id"].map(owner)[gone]
    outcomes.loc[gone, "reason"] = ("parc rattaché à la commune " + code).where(
        code != "", "parc situé hors des communes connues"
    )
    return outcomes


def _own_lots(insee_code: str, lots: gpd.GeoDataFrame) -> dict[str, str]:
    """Return the largest lot of the commune that each candidate takes part in."""
    own = lots[lots["insee_code"] == insee_code].sort_values(["gross_area_m2", "lot_id"])
    return {
        candidate: lot_id
        for lot_id, candidates in zip(own["lot_id"], own["source_ids"], strict=True)
        for candidate in candidates.split(";")
    }


def _meeting(perimeters: gpd.GeoDataFrame, shares: pd.DataFrame) -> gpd.GeoDataFrame:
    met = perimeters["perimeter_id"].isin(shares["perimeter_id"])
    return perimeters[met].reset_index(drop=True)


def _parcels_of(lots: gpd.GeoDataFrame, parcels: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the parcels under a lot with its `lot_id`; the first by id where several share one."""
    listed = lots[["lot_id", "parcel_ids"]].dropna()
    pairs = listed.assign(idu=listed["parcel_ids"].str.split(";")).explode("idu")
    first = pairs.sort_values(["idu", "lot_id"]).drop_duplicates("idu")
    lot_of = dict(zip(first["idu"], first["lot_id"], strict=True))
    under = parcels[parcels["idu"].isin(lot_of)].reset_index(drop=True)
    return under.assign(lot_id=under["idu"].map(lot_of).astype("str"))
