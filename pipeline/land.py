"""The land part: the land covers of a folder qualified whole, then the share of one commune."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import pandas as pd

from pipeline.artificialisation.agreement import compare_variants, find_disagreements
from pipeline.artificialisation.communes import covered_share, land_of_commune
from pipeline.artificialisation.flows import land_change
from pipeline.artificialisation.indicators import CommuneReport, report_indicators
from pipeline.artificialisation.nomenclature import undetermined
from pipeline.artificialisation.qualify import LandRules, QualifiedLand, qualify_land
from pipeline.artificialisation.report_scope import UNKNOWN_PLANNING
from pipeline.configuration import Configuration
from pipeline.contracts import conform
from pipeline.crs import Territory, ground_area
from pipeline.export.land_tables import LandTables
from pipeline.ingestion.land_folder import Land, read_land_folder
from pipeline.land_law import land_rules, report_rules
from pipeline.schemas import LandFlow, LandStatus, LandTransition, UnreadCodes

OnStep = Callable[[str], None]


@dataclass(frozen=True)
class QualifiedFolder:
    """
    Every vintage of a folder, qualified whole: communes are cut out of it one after the other.

    `vintages` by year; `records` and `warnings` as the readers left them.
    """

    territory: Territory
    vintages: tuple[QualifiedLand, ...]
    records: pd.DataFrame
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class CommuneLand:
    """The land of one commune, what was read for it, and what to say of it."""

    tables: LandTables
    records: pd.DataFrame
    warnings: tuple[str, ...]


class LandReader:
    """Reads and qualifies the land of a folder once per territory, when a commune first asks."""

    def __init__(self, data: Path, day: date, configuration: Configuration) -> None:
        self.day = day
        self.configuration = configuration
        self._data = data
        self._known: dict[str, QualifiedFolder] = {}

    @cached_property
    def rules(self) -> LandRules:
        """What the texts of the day say of land; `RuleNotInForceError` when they say nothing."""
        return land_rules(self.configuration.rules, self.configuration.assumptions, self.day)

    def qualified(self, territory: Territory, on_step: OnStep) -> QualifiedFolder:
        """
        Return the land of a territory, qualified.

        Raises
        ------
        SourceError
            If a file of `ocsge/` cannot be used.
        RuleNotInForceError
            If nothing says what is artificial on the day.
        """
        if territory.code not in self._known:
            with TemporaryDirectory(prefix="parzan-") as work:
                land = self._read(territory, Path(work), on_step)
            self._known[territory.code] = QualifiedFolder(
                territory,
                tuple(self._qualify(land, territory, on_step)),
                land.records,
                land.warnings,
            )
        return self._known[territory.code]

    def _read(self, territory: Territory, work: Path, on_step: OnStep) -> Land:
        nomenclature = self.rules.nomenclature
        codes = {item.code for item in (*nomenclature.cover_codes, *nomenclature.use_codes)}
        return read_land_folder(
            self._data,
            territory,
            self.configuration.assumptions,
            self.configuration.catalogue,
            codes,
            work=work,
            on_progress=on_step,
        )

    def _qualify(
        self, land: Land, territory: Territory, on_step: OnStep
    ) -> Iterator[QualifiedLand]:
        for year, pieces in land.pieces.groupby("vintage", sort=True):
            on_step(f"Qualification des sols de {year} ({len(pieces)} polygones)")
            yield qualify_land(gpd.GeoDataFrame(pieces), self.rules, territory)

    def land_of(
        self, commune: gpd.GeoDataFrame, territory: Territory, on_step: OnStep
    ) -> CommuneLand:
        """Return the land of one commune (`Commune`, one row)."""
        folder = self.qualified(territory, on_step)
        on_step("Sols de la commune")
        own, remarks = _own_vintages(folder, commune, self.configuration)
        tables = _tables(own, commune, folder, self)
        return CommuneLand(tables, folder.records, (*folder.warnings, *remarks))


def _own_vintages(
    folder: QualifiedFolder, commune: gpd.GeoDataFrame, configuration: Configuration
) -> tuple[list[QualifiedLand], tuple[str, ...]]:
    """Return the vintages that speak of the commune; those that barely meet it are told."""
    least = configuration.assumptions.land_cover.least_covered_share.value
    own, remarks = [], []
    for whole in folder.vintages:
        cut = land_of_commune(whole, commune.geometry.iloc[0], folder.territory)
        share = covered_share(cut)
        if share >= least:
            own.append(cut)
        elif share > 0:
            year = int(cut.land["vintage"].iloc[0])
            remarks.append(f"ocsge/ : le millésime {year} ne couvre qu'un bord, laissé de côté")
    return own, tuple(remarks)


def _tables(
    own: Sequence[QualifiedLand],
    commune: gpd.GeoDataFrame,
    folder: QualifiedFolder,
    reader: LandReader,
) -> LandTables:
    territory, crs = folder.territory, folder.territory.crs
    changes = [
        land_change(before.land, after.land, territory) for before, after in combinations(own, 2)
    ]
    matrices = [conform(LandTransition, change.matrix) for change in changes]
    report = CommuneReport(
        vintages=own,
        matrices=matrices,
        consumption=pd.DataFrame(columns=["from_year", "to_year", "area_m2"]),
        planning=UNKNOWN_PLANNING,
        area_m2=float(ground_area(commune.geometry.to_numpy(), territory)[0]),
    )
    nothing, chosen = LandTables.none(crs), reader.rules.variant.name
    pieces = _stack(LandStatus, (item.land for item in own), crs)
    return LandTables(
        pieces=pieces,
        flows=_stack(LandFlow, (change.flows for change in changes), crs),
        disagreements=find_disagreements(pieces),
        brownfields=nothing.brownfields,
        transitions=_concat(matrices, nothing.transitions),
        variants=_concat([compare_variants(item, chosen) for item in own], nothing.variants),
        unread=_concat([_unread(item, reader.rules) for item in own], nothing.unread),
        indicators=report_indicators(report, report_rules(reader.configuration.rules, reader.day)),
    )


def _unread(own: QualifiedLand, rules: LandRules) -> pd.DataFrame:
    land = own.land[own.land["reason"] != "non_couvert"]
    pairs = undetermined(
        land["cover_code"],
        land["use_code"],
        land["area_m2"].to_numpy(dtype=float),
        rules.nomenclature,
    )
    return conform(UnreadCodes, pairs.assign(vintage=int(own.land["vintage"].iloc[0])))


def _stack(
    schema: type[LandStatus | LandFlow], parts: Iterable[gpd.GeoDataFrame], crs: str
) -> gpd.GeoDataFrame:
    tables = [part for part in parts if len(part)]
    if not tables:
        return gpd.GeoDataFrame(conform(schema, pd.DataFrame(columns=[]), crs))
    return gpd.GeoDataFrame(conform(schema, pd.concat(tables, ignore_index=True), crs))


def _concat(parts: Sequence[pd.DataFrame], nothing: pd.DataFrame) -> pd.DataFrame:
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else nothing
