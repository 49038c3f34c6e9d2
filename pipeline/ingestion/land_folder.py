"""The folder `ocsge/` read for the land part alone: whole départements, no commune, no car park."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd

from pipeline.assumptions import Assumptions
from pipeline.crs import Territory
from pipeline.errors import SourceError
from pipeline.ingestion.catalogue import Catalogue
from pipeline.ingestion.communes import read_communes
from pipeline.ingestion.folder import Folders
from pipeline.ingestion.land_changes import read_declared_changes
from pipeline.ingestion.land_layers import FOLDER
from pipeline.ingestion.ocsge import read_land
from pipeline.ingestion.scope import Scope


@dataclass(frozen=True)
class Land:
    """
    What `ocsge/` holds; an absent folder gives no row and an `absente` record.

    `pieces` is `LandPiece`, `changes` is `DeclaredChange`, `records` has one row per file;
    `warnings` are French sentences of one line.
    """

    pieces: gpd.GeoDataFrame
    changes: gpd.GeoDataFrame
    records: pd.DataFrame
    warnings: tuple[str, ...]


def read_land_folder(
    data: Path,
    territory: Territory,
    assumptions: Assumptions,
    catalogue: Catalogue,
    known_codes: Collection[str],
    *,
    work: Path,
    on_progress: Callable[[str], None] | None = None,
) -> Land:
    """
    Read every vintage and every difference product of the folder `ocsge/`, whole.

    Parameters
    ----------
    data
        Folder of the sources, one folder each (contract §3).
    territory
        Gives the CRS of the tables.
    assumptions, catalogue
        Modelling choices; what is known of each folder.
    known_codes
        Dotted codes of the nomenclature of the day, both axes.
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
    pieces = read_land(reports, scope, assumptions, known_codes)
    changes = read_declared_changes(reports, scope, known_codes)
    absent = [f"{name}/ : {catalogue[name].label}, source absente" for name in folders.missing]
    return Land(
        pieces,
        changes,
        folders.records(),
        (*absent, *(line for report in folders.reports for line in report.warnings)),
    )


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
        msg = f"{data}/communes : dossier absent ; y déposer les limites communales"
        raise SourceError(msg)
    communes = read_communes(reports, folders.scope)
    warnings = tuple(line for report in reports for line in report.warnings)
    return Limits(communes, folders.records(), warnings)
