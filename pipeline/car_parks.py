"""The car parks of one commune: its sources read, then each stage as a call."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from pipeline.assumptions import Assumptions
from pipeline.before import Before
from pipeline.configuration import Configuration
from pipeline.contracts import conform
from pipeline.crs import Territory, ground_area, territory_of
from pipeline.delimitation import Delimited, delimit
from pipeline.eligible_surface.ground import gather_masks
from pipeline.eligible_surface.installations import icpe_rings, locate_installations, ring_distance
from pipeline.eligible_surface.measure import Ledger, compute_eligible_surface
from pipeline.export.inventory_tables import InventoryTables
from pipeline.export.land_tables import LandTables
from pipeline.export.product import Product
from pipeline.heights import HeightTile
from pipeline.ingestion.folder import Sources, read_sources
from pipeline.obligation.apply import Applied, Ground, apply_law
from pipeline.obligation.classify import Evidence
from pipeline.obligation.dossiers import boundaries, own_dossiers
from pipeline.obligation.protections import protection_shares
from pipeline.parking_lots.land import parcels_of_lots
from pipeline.rules import RuleBook
from pipeline.schemas import UNTIL, Fingerprint
from pipeline.tree_canopy.mapped_trees import crowns_of
from pipeline.tree_canopy.measure import Overhead, OverheadSources, measure_overhead

OnStep = Callable[[str], None]


def measure_commune(
    insee_code: str,
    *,
    data: Path,
    day: date,
    configuration: Configuration,
    before: Before | None = None,
    prepared: Path | None = None,
    on_step: OnStep = lambda _: None,
) -> tuple[Product, tuple[str, ...]]:
    """
    Return the tables of the car parks of one commune and the warnings of its sources.

    The tables of its land have no row (`with_land` gives them); nothing is written. Car parks keep
    the identifiers of the last product, and the decisions of the agents are carried out again, as
    `before` tells them; by default there is neither.
    """
    territory = territory_of(insee_code, configuration.territories)
    configuration.rules.as_of(day)  # refuses a day before the law, before anything is read
    known = before or Before.nothing(territory)
    run = _Run(insee_code, day, territory, configuration)
    # Archives stay open to the end: heights are read when the shade is measured.
    with tempfile.TemporaryDirectory(prefix="parzan-") as work:
        sources = _read(run, data, prepared, Path(work), on_step)
        on_step("Délimitation des parcs")
        found = delimit(insee_code, sources, known, run.assumptions, territory, seen_on=day)
        commune = _of_commune(sources.communes, insee_code)
        dossiers = own_dossiers(sources.dossiers, commune, found.lots)
        days = _boundaries(run, dossiers)
        dated = replace(run, day=run.rules.as_of(day, days))
        product, remarks = _qualify(dated, sources, found, dossiers, on_step)
    product = _good_until(product, run.rules.next_change(day, days))
    return product, (*sources.warnings, *known.review.remarks, *remarks)


@dataclass(frozen=True)
class _Run:
    """What every stage of one commune shares: where, when, under which choices."""

    insee_code: str
    day: date
    territory: Territory
    configuration: Configuration

    @property
    def rules(self) -> RuleBook:
        return self.configuration.rules

    @property
    def assumptions(self) -> Assumptions:
        return self.configuration.assumptions


@dataclass(frozen=True)
class _Measured:
    """What was measured on the car parks of a commune: areas, what is overhead, installations."""

    ledger: Ledger
    overhead: Overhead
    located: gpd.GeoDataFrame
    rings: gpd.GeoDataFrame


def _read(run: _Run, data: Path, prepared: Path | None, work: Path, on_step: OnStep) -> Sources:
    return read_sources(
        data,
        run.insee_code,
        run.territory,
        run.assumptions,
        run.configuration.catalogue,
        heritage_radius_m=run.rules.number("APER40.abords_rayon", run.day),
        work=work,
        prepared=prepared,
        on_progress=on_step,
    )


def _boundaries(run: _Run, dossiers: gpd.GeoDataFrame) -> tuple[date, ...]:
    """Return the days on which a file or a priority changes by itself, for this commune."""
    days = boundaries(dossiers)
    soon = timedelta(days=run.assumptions.priority.soon_days.value)
    return (*days, *(due - soon for due in (*run.rules.due_days(), *days)))


def _good_until(product: Product, day: date) -> Product:
    """Say in the product on which day its car parks may change, nothing being deposited."""
    row = pd.DataFrame({"name": [UNTIL], "value": [day.isoformat()]})
    tables = replace(product.inventory, fingerprints=conform(Fingerprint, row))
    return replace(product, inventory=tables)


def _qualify(
    run: _Run,
    sources: Sources,
    found: Delimited,
    dossiers: gpd.GeoDataFrame,
    on_step: OnStep,
) -> tuple[Product, tuple[str, ...]]:
    on_step("Mesure de la superficie assujettie et de l'ombrage")
    measured = _measure(run, sources, found, on_step)

    on_step("Application de la loi")
    shares = protection_shares(found.lots, sources.perimeters, run.assumptions)
    law = apply_law(
        found.lots,
        _evidence(sources, dossiers, measured, shares),
        Ground(sources.parcels, sources.owned_parcels, sources.owners_known, sources.yield_cells),
        run.rules,
        run.assumptions,
        run.day,
    )
    return _product(run, sources, found, measured, shares, law), law.judgement.remarks


def _measure(run: _Run, sources: Sources, found: Delimited, on_step: OnStep) -> _Measured:
    located, rings = _installations(run, sources)
    # Nothing is counted, hence excluded, in a park that the law does not reach.
    counted = found.lots[found.lots["out_of_scope"].isna()].reset_index(drop=True)
    masks = gather_masks(
        sources.masks, sources.buildings, found.roads, rings, counted, run.assumptions
    )
    ledger = compute_eligible_surface(
        counted,
        masks,
        crowns_of(sources.trees, "high", run.assumptions),
        run.rules.exclusions_on(run.day),
        run.assumptions,
        run.territory,
    )
    overhead = measure_overhead(
        counted,
        ledger.remaining,
        _overhead(run, sources, counted, on_step),
        run.assumptions,
        run.territory,
    )
    return _Measured(ledger, overhead, located, rings)


def _overhead(
    run: _Run, sources: Sources, lots: gpd.GeoDataFrame, on_step: OnStep
) -> OverheadSources:
    """Return what is above the lots; heights are read when the stage asks for the next tile."""
    boxes = shapely.bounds(lots.geometry.to_numpy())
    margin = run.assumptions.height_model.margin_m.value
    heights = sources.heights
    return OverheadSources(
        trees=sources.trees,
        buildings=sources.buildings,
        carports=sources.carports,
        tiles=None if heights.is_empty else _told(heights.tiles(boxes, margin), len(lots), on_step),
        vintages=heights.vintages(boxes),
    )


def _told(tiles: Iterator[HeightTile], total: int, on_step: OnStep) -> Iterator[HeightTile]:
    """Tell how many car parks have been measured as the tiles go by."""
    done = 0
    for tile in tiles:
        on_step(f"Mesure de l'ombrage sur le modèle de hauteur : {done} / {total} parcs")
        yield tile
        done += len(tile.members)


def _evidence(
    sources: Sources, dossiers: gpd.GeoDataFrame, measured: _Measured, shares: pd.DataFrame
) -> Evidence:
    return Evidence(
        surfaces=measured.ledger.surfaces,
        pieces=measured.ledger.pieces,
        cover=measured.overhead.canopy.cover,
        carports=measured.overhead.carports.cover,
        shares=shares,
        perimeters=sources.perimeters,
        installations=measured.located,
        dossiers=dossiers,
    )


def _product(
    run: _Run,
    sources: Sources,
    found: Delimited,
    measured: _Measured,
    shares: pd.DataFrame,
    law: Applied,
) -> Product:
    return Product(
        territory=run.territory,
        insee_code=run.insee_code,
        as_of=run.day,
        commune=_of_commune(sources.communes, run.insee_code),
        lots=found.lots,
        surfaces=measured.ledger.surfaces,
        tree_cover=measured.overhead.canopy.cover,
        carport_cover=measured.overhead.carports.cover,
        verdicts=law.judgement.verdicts,
        steps=law.judgement.steps,
        pleas=law.judgement.pleas,
        ownership=law.ownership,
        solar=law.solar,
        priorities=law.priorities,
        candidates=sources.candidates,
        outcomes=found.outcomes,
        pieces=measured.ledger.pieces,
        trees=measured.overhead.canopy.trees,
        crowns=measured.overhead.canopy.crowns,
        carports=measured.overhead.carports.pieces,
        installations=measured.located,
        rings=measured.rings,
        perimeters=_meeting(sources.perimeters, shares),
        protection_shares=shares,
        parcels=parcels_of_lots(found.lots, law.land),
        land=LandTables.none(run.territory.crs),
        inventory=_kept(found),
        records=sources.records,
        rules=run.rules,
        version=version("parzan"),
    )


def _kept(found: Delimited) -> InventoryTables:
    """Return what the next run must know of this one, and what agents decided."""
    return replace(
        InventoryTables.none(str(found.lots.crs)),
        lineage=found.identified.lineage,
        known=found.identified.known,
        replayed=found.corrected.replayed,
        conflicts=found.corrected.conflicts,
        overrides=found.corrected.overrides,
        base_hashes=found.corrected.base_hashes,
    )


def _installations(run: _Run, sources: Sources) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return the installations on their best rung, and their rings with their ground area."""
    headings = run.rules.rule("APER40.icpe_rubriques")
    verified = run.rules.labels(headings.id, run.day) if headings.is_in_force(run.day) else ()
    located = locate_installations(sources.installations, sources.buildings, verified)
    rings = icpe_rings(located, ring_distance(run.rules, run.day), run.assumptions)
    return located, rings.assign(area_m2=ground_area(rings.geometry.to_numpy(), run.territory))


def _of_commune(communes: gpd.GeoDataFrame, insee_code: str) -> gpd.GeoDataFrame:
    return communes[communes["insee_code"] == insee_code].reset_index(drop=True)


def _meeting(perimeters: gpd.GeoDataFrame, shares: pd.DataFrame) -> gpd.GeoDataFrame:
    met = perimeters["perimeter_id"].isin(shares["perimeter_id"])
    return perimeters[met].reset_index(drop=True)
