"""The land of a folder, qualified whole: thresholds come before any cut by commune."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from pipeline.artificialisation.exemptions import Granted, grant, said_too_small
from pipeline.artificialisation.qualify import (
    LandRules,
    QualifiedLand,
    Refinement,
    qualify_land,
)
from pipeline.configuration import Configuration
from pipeline.crs import Territory
from pipeline.ingestion.land_folder import Land, OpenedLand, open_land_folder
from pipeline.ingestion.prepared import Copy, Effects, Meta, Store, effects_of, key_of, store_of
from pipeline.ingestion.provenance import FileReport
from pipeline.kept_vintage import HeldVintage, KeptVintage, Vintage, file_of, write_vintage
from pipeline.land_law import exemption_thresholds, land_rules

OnStep = Callable[[str], None]
_KIND = "sols"


@dataclass(frozen=True)
class QualifiedFolder:
    """
    Every vintage of a folder, qualified whole: communes are cut out of it one after the other.

    `vintages` by year; `records` and `warnings` as the readers left them.
    """

    territory: Territory
    vintages: tuple[Vintage, ...]
    records: pd.DataFrame
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Opened:
    """The files, what is exempted on the day and what to say of it, the key of the copy."""

    files: OpenedLand
    granted: Granted
    remarks: tuple[str, ...]
    key: str


@dataclass(frozen=True)
class WholeLand:
    """
    The land of a data folder on a day, qualified here or read of its copy.

    A copy is in the store of prepared sources, in `prepared` or in the data folder. Its key is made
    of the files, of what is exempted on the day, of the rules, the assumptions and the code.
    """

    data: Path
    day: date
    configuration: Configuration
    prepared: Path | None = None

    @cached_property
    def rules(self) -> LandRules:
        """What the texts of the day say of land; `RuleNotInForceError` where they say nothing."""
        return land_rules(self.configuration.rules, self.configuration.assumptions, self.day)

    def of(
        self, territory: Territory, on_step: OnStep, *, with_copy: bool = True
    ) -> QualifiedFolder:
        """
        Return every vintage of the folder, of its copy if there is one.

        Raises
        ------
        SourceError
            If a file of the land cannot be used.
        """
        with self._opened(territory, on_step) as opened:
            copy = self._copy(opened) if with_copy else None
            vintages: tuple[Vintage, ...]
            if copy is None:
                land = opened.files.read(self.configuration.assumptions)
                vintages = tuple(
                    HeldVintage(year, qualified)
                    for year, qualified in self._qualify(land, opened.granted, territory, on_step)
                )
            else:
                store, folder = self._store(), copy.folder
                assert store is not None  # noqa: S101 - it gave the copy
                years = copy.meta["years"]
                vintages = tuple(KeptVintage(year, store, folder, territory) for year in years)
                _replay(copy.meta["reports"], _read_reports(opened.files))
            warnings = (*opened.files.warnings(), *opened.remarks)
            return QualifiedFolder(territory, vintages, opened.files.folders.records(), warnings)

    def is_ready(self, territory: Territory, on_step: OnStep) -> bool:
        """
        Tell whether communes will read windows, or have no land cover to read.

        Raises
        ------
        SourceError
            If a file of the land cannot be opened.
        """
        with self._opened(territory, on_step) as opened:
            return not opened.files.covers or self._copy(opened) is not None

    def keep(self, territory: Territory, store: Store, on_step: OnStep) -> None:
        """
        Qualify the folder and copy it in a store, of which the right to write is held.

        Raises
        ------
        SourceError
            If a file of the land cannot be used.
        OSError
            If the copy cannot be written.
        """
        with self._opened(territory, on_step) as opened:
            if store.sound(opened.key) is not None:  # another process made it meanwhile
                return
            land = opened.files.read(self.configuration.assumptions)

            def write(folder: Path) -> Meta:
                years = []
                for year, kept in self._qualify(land, opened.granted, territory, on_step):
                    write_vintage(folder / file_of(year), kept, territory.crs)
                    years.append(year)
                told = [_told(report) for report in _read_reports(opened.files)]
                return {"years": years, "reports": told, "maker": maker_of(self.configuration)}

            store.make(opened.key, [it.file for it in _read_reports(opened.files)], write)

    def _store(self) -> Store | None:
        root = self.prepared or store_of(self.data)
        return None if root is None else Store(root)

    def _copy(self, opened: _Opened) -> Copy | None:
        store = self._store()
        return None if store is None or not opened.files.covers else store.sound(opened.key)

    @contextmanager
    def _opened(self, territory: Territory, on_step: OnStep) -> Iterator[_Opened]:
        with TemporaryDirectory(prefix="parzan-") as work:
            files = open_land_folder(
                self.data,
                territory,
                self.configuration.catalogue,
                self.rules.nomenclature,
                work=Path(work),
                prepared=self.prepared,
                on_progress=on_step,
            )
            granted, remarks = self._grant(files.places, territory)
            yield _Opened(files, granted, remarks, self._key(files, granted, territory))

    def _key(self, opened: OpenedLand, granted: Granted, territory: Territory) -> str:
        """Return the key of a copy: of what counts on the day, not of the day itself."""
        files = [
            (it.file.name, it.file.sha256, it.file.member, it.file.format)
            for it in _read_reports(opened)
        ]
        grounds = [
            (code, hashlib.sha256(shapely.to_wkb(ground)).hexdigest())
            for code, ground in granted.grounds.items()
        ]
        maker = maker_of(self.configuration)
        return key_of(_KIND, maker, territory.code, files, grounds, repr(self.rules))

    def _grant(
        self, places: gpd.GeoDataFrame, territory: Territory
    ) -> tuple[Granted, tuple[str, ...]]:
        """Return what is exempted on the day: what is decided later, or is too small, is told."""
        known = self.configuration
        least = exemption_thresholds(known.rules, self.rules.nomenclature, self.day)
        later = (places["decided_on"] > self.day.isoformat()).fillna(value=False).astype(bool)
        granted = grant(
            places[~later],
            least,
            territory,
            sliver_m=known.assumptions.land_cover.sliver_width_m.value,
        )
        remarks = []
        if granted.too_small:
            remarks.append(said_too_small(granted.too_small))
        if later.any():
            ids = ", ".join(places.loc[later, "place_id"])
            remarks.append(f"exemption non appliquée, décidée après le {self.day:%d/%m/%Y} : {ids}")
        return granted, tuple(remarks)

    def _qualify(
        self, land: Land, granted: Granted, territory: Territory, on_step: OnStep
    ) -> Iterator[tuple[int, QualifiedLand]]:
        refinement = Refinement(granted, land.crowns)
        for year, pieces in land.pieces.groupby("vintage", sort=True):
            on_step(f"Qualification des sols de {year} ({len(pieces)} polygones)")
            own = gpd.GeoDataFrame(pieces)
            yield int(str(year)), qualify_land(own, self.rules, territory, refinement)


def maker_of(configuration: Configuration) -> str:
    """Return the digest of what makes copies of qualified land: the code and the assumptions."""
    return key_of(_KIND, configuration.making.code, configuration.making.assumptions)


def _read_reports(opened: OpenedLand) -> list[FileReport]:
    """Return the reports of the files that a copy spares reading."""
    return [*opened.covers, *opened.trees]


def _told(report: FileReport) -> Meta:
    return {**effects_of(report), "row_count": report.row_count, "met": report.met}


def _replay(told: list[Mapping[str, Any]], reports: list[FileReport]) -> None:
    """Do to the reports what the reading of their files did when the copy was made."""
    for own, report in zip(told, reports, strict=True):
        Effects.read(dict(own)).replay(report)
        report.row_count, report.met = own["row_count"], own["met"]
