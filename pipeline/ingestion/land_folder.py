"""What qualifies the land, read whole: land covers, exempted places, crowns; commune limits."""

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
    What qualifies the land; an absent folder gives no row and an `absente` record.

    `pieces` is `LandPiece`, `changes` is `DeclaredChange`, `places` is `ExemptedPlace`, `crowns`
    are the polygons of `arbres/`; `records` has one row per file; `warnings` are French sentences
    of one line.
    """

    pieces: gpd.GeoDataFrame
    changes: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    crowns: GeometryArray
    records: pd.DataFrame
    warnings: tuple[str, ...]


def read_land_folder(
    data: Path,
    territory: Territory,
    assumptions: Assumptions,
    catalogue: Catalogue,
    nomenclature: LandNomenclature,
    *,
    work: Path,
    on_progress: Callable[[str], None] | None = None,
) -> Land:
    """
    Read `ocsge/`, `exemptions_sols/` and the crowns of `arbres/`, whole.

    Thresholds come before any cut by commune: what is beyond its limits counts.

    Parameters
    ----------
    data
        Folder of the sources, one folder each (contract §3).
    territory
        Gives the CRS of the tables.
    assumptions, catalogue
        Modelling choices; what is known of each folder.
    nomenclature
        That of the day: its codes and its exemptions are known, others are told.
    work
        Temporary folder that receives what archives hold.
    on_progress
        Called with the label of the folder before it is read.

    Raises
    ------
    SourceError
        If a file named as data cannot be used; see `read_land`.
    """
    if not data.is_dir():
        msg = f"{data} : dossier des sources introuvable ; le créer ou indiquer --data"
        raise SourceError(msg)
    scope = Scope(territory, None, "", catalogue, work)
    folders = Folders(data, scope, on_progress or (lambda _: None))
    reports = folders.open(FOLDER)
    codes = {item.code for item in (*nomenclature.cover_codes, *nomenclature.use_codes)}
    pieces = read_land(reports, scope, assumptions, codes)
    changes = read_declared_changes(reports, scope, codes)
    granting = folders.open(exempted_places.FOLDER)
    places = exempted_places.read_exempted_places(granting, scope, nomenclature.exemptions)
    crowns = _crowns(folders.open("arbres"), scope)
    told = (line for report in folders.reports for line in report.warnings)
    # Absent, the other two folders grant and add nothing: nobody needs to hear of it.
    absent = [
        f"{name}/ : {catalogue[name].label}, source absente"
        for name in folders.missing
        if name == FOLDER
    ]
    nothing = [f"{exempted_places.FOLDER}/ : aucun lieu exempté"] if granting else []
    warnings = (*absent, *(nothing if places.empty else []), *told)
    return Land(pieces, changes, places, crowns, folders.records(), warnings)


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
