"""What qualifies the land: land covers, exempted places, crowns; commune limits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.assumptions import Assumptions
from pipeline.crs import GeometryArray, Territory
from pipeline.errors import SourceError
from pipeline.ingestion import exempted_places
from pipeline.ingestion.catalogue import Catalogue
from pipeline.ingestion.communes import read_communes
from pipeline.ingestion.folders import Folders
from pipeline.ingestion.land_changes import read_declared_changes
from pipeline.ingestion.land_layers import FOLDER
from pipeline.ingestion.ocsge import read_land
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Scope
from pipeline.ingestion.trees import read_trees
from pipeline.land_nomenclature import LandNomenclature

_SURFACE = 2  # dimension of a polygon


@dataclass(frozen=True)
class Land:
    """
    What was read, whole; an absent folder gives no row.

    `pieces` is `LandPiece`, `changes` is `DeclaredChange`, `crowns` are the polygons of `arbres/`.
    """

    pieces: gpd.GeoDataFrame
    changes: gpd.GeoDataFrame
    crowns: GeometryArray


@dataclass(frozen=True)
class OpenedLand:
    """
    The folders of what qualifies the land, opened: `covers` and `trees` are still to be read.

    `places` is `ExemptedPlace`, read already: there are few. `codes` are those of the nomenclature.
    """

    folders: Folders
    covers: Sequence[FileReport]
    trees: Sequence[FileReport]
    places: gpd.GeoDataFrame
    codes: frozenset[str]

    def read(self, assumptions: Assumptions) -> Land:
        """
        Read the land covers and the crowns whole: thresholds come before any cut by commune.

        Raises
        ------
        SourceError
            If a file cannot be used; see `read_land`.
        """
        scope = self.folders.scope
        pieces = read_land(self.covers, scope, assumptions, self.codes)
        changes = read_declared_changes(self.covers, scope, self.codes)
        return Land(pieces, changes, _crowns(self.trees, scope))

    def warnings(self) -> tuple[str, ...]:
        """Return what was found wrong, in French sentences of one line, once all is read."""
        told = (line for report in self.folders.reports for line in report.warnings)
        # Absent, the other two folders grant and add nothing: nobody needs to hear of it.
        absent = [
            f"{name}/ : {self.folders.scope.catalogue[name].label}, source absente"
            for name in self.folders.missing
            if name == FOLDER
        ]
        is_granting = bool(self.folders.opened(exempted_places.FOLDER))
        nothing = [f"{exempted_places.FOLDER}/ : aucun lieu exempté"] if is_granting else []
        return (*absent, *(nothing if self.places.empty else []), *told)


def open_land_folder(
    data: Path,
    territory: Territory,
    catalogue: Catalogue,
    nomenclature: LandNomenclature,
    *,
    work: Path,
    prepared: Path | None = None,
    on_progress: Callable[[str], None] | None = None,
) -> OpenedLand:
    """
    Open `ocsge/`, `exemptions_sols/` and `arbres/`.

    Parameters
    ----------
    data
        Folder of the sources, one folder each (contract §3).
    territory
        Gives the CRS of the tables.
    catalogue
        What is known of each folder.
    nomenclature
        That of the day: its codes and its exemptions are known, others are told.
    work
        Temporary folder that receives what archives hold; it lasts until all is read.
    prepared
        Where the sources were prepared, when it is not in the data folder.
    on_progress
        Called with the label of each folder before it is opened.

    Raises
    ------
    SourceError
        If a file named as data cannot be opened, or an exempted place cannot be read.
    """
    if not data.is_dir():
        msg = f"{data} : dossier des sources introuvable ; le créer ou indiquer --data"
        raise SourceError(msg)
    scope = Scope(territory, None, "", catalogue, work)
    folders = Folders(data, scope, on_progress or (lambda _: None), prepared)
    covers = folders.open(FOLDER)
    granting = folders.open(exempted_places.FOLDER)
    trees = folders.open("arbres")
    codes = {item.code for item in (*nomenclature.cover_codes, *nomenclature.use_codes)}
    places = exempted_places.read_exempted_places(granting, scope, nomenclature.exemptions)
    return OpenedLand(folders, covers, trees, places, frozenset(codes))


def _crowns(reports: Sequence[FileReport], scope: Scope) -> GeometryArray:
    trees = [table["geometry"].to_numpy() for table in read_trees(reports, scope)]
    shapes = np.concatenate([np.empty(0, dtype=object), *trees])
    return np.asarray(shapes[shapely.get_dimensions(shapes) == _SURFACE])


@dataclass(frozen=True)
class Limits:
    """Commune limits, `Commune` sorted by INSEE code, and what was read for them."""

    communes: gpd.GeoDataFrame
    records: pd.DataFrame
    warnings: tuple[str, ...]


def read_limits(data: Path, territory: Territory, catalogue: Catalogue, *, work: Path) -> Limits:
    """
    Read every commune of the folder `communes/`.

    Raises
    ------
    SourceError
        If the folder is absent, or a file of it cannot be used.
    """
    folders = Folders(data, Scope(territory, None, "", catalogue, work), lambda _: None)
    reports = folders.open("communes") if data.is_dir() else []
    if not reports:
        msg = (
            f"{data}/communes : dossier absent ; y déposer les limites communales, ou donner des"
            " codes INSEE à `parzan sources fetch`"
        )
        raise SourceError(msg)
    communes = read_communes(reports, folders.scope)
    told = (line for report in reports for line in report.warnings)
    warnings = (*folders.mixed(), *told)
    return Limits(communes, folders.records(), warnings)
