"""The land of each commune: its share of what was qualified whole, else derived."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import pandas as pd
import shapely

from pipeline.artificialisation.communes import covered_share, land_of_commune
from pipeline.artificialisation.derive import derive_land, extent_around
from pipeline.artificialisation.qualify import QualifiedLand, qualify_land
from pipeline.commune_land import Commune, land_tables
from pipeline.configuration import Configuration
from pipeline.contracts import empty
from pipeline.crs import Territory
from pipeline.errors import RuleNotInForceError
from pipeline.export.land_tables import LandTables
from pipeline.export.product import Product
from pipeline.french import number
from pipeline.ingestion.folder import read_sources
from pipeline.ingestion.land_context import LandContext, read_land_context
from pipeline.kept_vintage import LostCopyError
from pipeline.land_law import report_rules
from pipeline.schemas import ParkingLot
from pipeline.whole_land import QualifiedFolder, WholeLand

OnStep = Callable[[str], None]
_YEAR = r"((?:19|20)[0-9]{2})"
_EVIDENCE = ("osm", "bdtopo", "cadastre", "rpg")
_TELL_OF_LAND = tuple(f"{folder}/" for folder in _EVIDENCE)
_DERIVED = "sols dérivés d'autres sources, faute d'OCS GE : indicatifs, et hors du bilan"


@dataclass(frozen=True)
class CommuneLand:
    """The land of one commune, what was read for it, and what to say of it."""

    tables: LandTables
    records: pd.DataFrame
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Derived:
    """The land of a commune by other sources, and what was read for it; nothing by default."""

    land: QualifiedLand | None = None
    records: tuple[pd.DataFrame, ...] = ()
    warnings: tuple[str, ...] = ()


class LandReader:
    """
    Gives the land of communes one by one: each reads its window of the copy of what was qualified.

    Without a copy, the folder is qualified once per territory, when a commune first asks.
    """

    def __init__(
        self, data: Path, day: date, configuration: Configuration, prepared: Path | None = None
    ) -> None:
        self._data, self._day = data, day
        self._configuration = configuration
        self._whole = WholeLand(data, day, configuration, prepared)
        self._folders: dict[str, QualifiedFolder] = {}
        self._contexts: dict[frozenset[str], LandContext] = {}

    def land_of(
        self,
        commune: gpd.GeoDataFrame,
        territory: Territory,
        *,
        lots: gpd.GeoDataFrame | None = None,
        among: gpd.GeoDataFrame | None = None,
        derive: bool = False,
        on_step: OnStep = lambda _: None,
    ) -> CommuneLand:
        """
        Return the land of one commune.

        Parameters
        ----------
        commune
            `Commune`, one row, in the territory CRS.
        lots
            `ParkingLot` of the commune, to cross with brownfields; none where not looked for.
        among
            All the communes of the run: what goes with the land is read for them together.
        derive
            Where no vintage of OCS GE speaks of the commune, draw a land cover from other sources.

        Raises
        ------
        SourceError
            If a file of the land cannot be used.
        RuleNotInForceError
            If nothing says what is artificial on the day.
        """
        folder = self._qualified(territory, on_step)
        context = self._context(commune if among is None else among, territory, on_step)
        on_step("Sols de la commune")
        own, remarks = self._own(commune, territory, on_step)
        drawn = self._derived(commune, territory, on_step) if derive and not own else Derived()
        parks = empty(ParkingLot, territory.crs) if lots is None else lots
        known = Commune(commune, own, context, parks, drawn.land)
        law = report_rules(self._configuration.rules, self._day)
        records = [folder.records, context.records, *drawn.records]
        return CommuneLand(
            tables=land_tables(known, self._whole.rules, law, territory),
            records=pd.concat(records, ignore_index=True),
            warnings=(*folder.warnings, *context.warnings, *remarks, *drawn.warnings),
        )

    def _derived(self, commune: gpd.GeoDataFrame, territory: Territory, on_step: OnStep) -> Derived:
        """Draw the land of a commune from other sources, and qualify it."""
        configuration, rules = self._configuration, self._configuration.rules
        halo = configuration.assumptions.parking_lots.halo_m.value
        with TemporaryDirectory(prefix="parzan-") as work:
            sources = read_sources(
                self._data,
                str(commune["insee_code"].iloc[0]),
                territory,
                configuration.assumptions,
                configuration.catalogue,
                heritage_radius_m=rules.number("APER40.abords_rayon", self._day),
                work=Path(work),
                on_progress=on_step,
                with_land=True,
            )
        if sources.land_evidence.empty:
            return Derived()
        on_step("Occupation du sol dérivée des autres sources")
        limits = shapely.union_all(commune.geometry.to_numpy())
        year = latest_year(sources.land_evidence, self._day)
        extent = extent_around(limits, halo, configuration.assumptions)
        pieces = derive_land(
            sources.land_evidence, extent, year, configuration.assumptions, territory
        )
        land = land_of_commune(
            qualify_land(pieces, self._whole.rules, territory), limits, territory
        )
        told = tuple(line for line in sources.warnings if line.startswith(_TELL_OF_LAND))
        records = sources.records[sources.records["folder"].isin(_EVIDENCE)]
        return Derived(land, (records,), (_DERIVED, *told))

    def _qualified(self, territory: Territory, on_step: OnStep) -> QualifiedFolder:
        if territory.code not in self._folders:
            self._folders[territory.code] = self._whole.of(territory, on_step)
        return self._folders[territory.code]

    def _own(
        self, commune: gpd.GeoDataFrame, territory: Territory, on_step: OnStep
    ) -> tuple[Sequence[QualifiedLand], tuple[str, ...]]:
        """Return the vintages of a commune; where their copy is lost, they are qualified here."""
        try:
            return self._own_vintages(self._qualified(territory, on_step), commune)
        except LostCopyError:
            whole = self._whole.of(territory, on_step, with_copy=False)
            self._folders[territory.code] = whole
            return self._own_vintages(whole, commune)

    def _context(
        self, communes: gpd.GeoDataFrame, territory: Territory, on_step: OnStep
    ) -> LandContext:
        codes = frozenset(communes["insee_code"])
        if codes not in self._contexts:
            with TemporaryDirectory(prefix="parzan-") as work:
                # That of one run, or of one commune: those of a region would fill the memory.
                context = read_land_context(
                    self._data,
                    territory,
                    communes,
                    self._configuration.assumptions,
                    self._configuration.catalogue,
                    work=Path(work),
                    on_progress=on_step,
                )
            self._contexts = {codes: context}
        return self._contexts[codes]

    def _own_vintages(
        self, folder: QualifiedFolder, commune: gpd.GeoDataFrame
    ) -> tuple[Sequence[QualifiedLand], tuple[str, ...]]:
        """Return the vintages that speak of the commune; the others, and gaps, are told."""
        least = self._configuration.assumptions.land_cover.least_covered_share.value
        own: list[QualifiedLand] = []
        remarks: list[str] = []
        limits = commune.geometry.iloc[0]
        for vintage in folder.vintages:
            near = vintage.around(limits.bounds)
            cut = land_of_commune(near, limits, folder.territory)
            share = covered_share(cut)
            year = vintage.year
            if share >= least:
                own.append(cut)
                remarks += _said_bare(cut, year)
            else:
                met = "ne couvre qu'un bord" if share > 0 else "ne couvre pas la commune"
                remarks.append(f"ocsge/ : le millésime {year} {met}, laissé de côté")
        return own, tuple(remarks)


def _said_bare(cut: QualifiedLand, year: int) -> Iterator[str]:
    """Say in French how much of a commune a vintage leaves without data; nothing below 1 m²."""
    bare = float(cut.land.loc[cut.land["reason"] == "non_couvert", "area_m2"].sum())
    if round(bare):
        yield (
            f"ocsge/ : le millésime {year} laisse {number(bare)} m² de la commune sans donnée, ni"
            " artificialisés ni comparés ; les seuils ne jugent pas les petites surfaces qui y"
            " touchent"
        )


def with_land(
    product: Product,
    reader: LandReader,
    *,
    derive: bool = False,
    on_step: OnStep = lambda _: None,
) -> tuple[Product, tuple[str, ...]]:
    """
    Return a product of car parks with the land of its commune, and what to say of it.

    `derive`: draw it from other sources where OCS GE says nothing of the commune.
    """
    try:
        found = reader.land_of(
            product.commune,
            product.territory,
            lots=product.lots,
            derive=derive,
            on_step=on_step,
        )
    except RuleNotInForceError as error:  # a day before the decree: parks have a law, land has none
        return product, (f"sols non qualifiés : {error}",)
    records = merge_records(product.records, found.records)
    return replace(product, land=found.tables, records=records), found.warnings


def merge_records(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Return the records of two readings, a file that both read told once, as the first has it."""
    both = pd.concat([first, second], ignore_index=True)
    return both.drop_duplicates(["folder", "file"], ignore_index=True)


def latest_year(evidence: gpd.GeoDataFrame, day: date) -> int:
    """Return the year of the latest row of `LandEvidence`; that of `day` where none has one."""
    years = pd.to_numeric(evidence["vintage"].str.extract(_YEAR)[0]).dropna()
    return int(years.max()) if len(years) else day.year
