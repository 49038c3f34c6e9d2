"""What goes with the land of some communes: consumption, planning documents, brownfields."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd

from pipeline.assumptions import Assumptions
from pipeline.crs import Territory
from pipeline.errors import SourceError
from pipeline.ingestion import brownfields, enaf, planning
from pipeline.ingestion.catalogue import Catalogue
from pipeline.ingestion.folders import Folders
from pipeline.ingestion.scope import Scope


@dataclass(frozen=True)
class LandContext:
    """
    What three folders say of some communes; an absent one gives no row and an `absente` record.

    `consumption` is `EnafConsumption`, `documents` is `PlanningDocument`, `brownfields` is
    `Brownfield`, within the box of the communes; `records` is `SourceRecord`; `warnings` are French
    sentences of one line.
    """

    consumption: pd.DataFrame
    documents: pd.DataFrame
    brownfields: gpd.GeoDataFrame
    records: pd.DataFrame
    warnings: tuple[str, ...]


def read_land_context(
    data: Path,
    territory: Territory,
    communes: gpd.GeoDataFrame,
    assumptions: Assumptions,
    catalogue: Catalogue,
    *,
    work: Path,
    on_progress: Callable[[str], None] | None = None,
) -> LandContext:
    """
    Read `enaf/`, `plu/` and `friches/` for some communes.

    Parameters
    ----------
    data
        Folder of the sources, one folder each (contract §3).
    territory
        Gives the CRS of the tables.
    communes
        `Commune`, at least one, in the CRS of the territory: those asked.
    assumptions, catalogue
        Modelling choices; what is known of each folder.
    work
        Temporary folder that receives what archives hold.
    on_progress
        Called with the label of each folder before it is read.

    Raises
    ------
    SourceError
        If a file named as data cannot be used; see each reader.
    """
    if not data.is_dir():
        msg = f"{data} : dossier des sources introuvable ; le créer ou indiquer --data"
        raise SourceError(msg)
    xmin, ymin, xmax, ymax = communes.total_bounds
    scope = Scope(territory, (xmin, ymin, xmax, ymax), "", catalogue, work)
    folders = Folders(data, scope, on_progress or (lambda _: None))
    codes = set(communes["insee_code"])
    return LandContext(
        enaf.read_enaf_consumption(folders.open(enaf.FOLDER), scope, codes),
        planning.read_planning_documents(
            folders.open(planning.FOLDER), scope, communes, assumptions
        ),
        brownfields.read_brownfields(folders.open(brownfields.FOLDER), scope),
        folders.records(),
        _warnings(folders, catalogue),
    )


def _warnings(folders: Folders, catalogue: Catalogue) -> tuple[str, ...]:
    """Return what the person who runs the command should know, one line each."""
    absent = [f"{name}/ : {catalogue[name].label}, source absente" for name in folders.missing]
    useless = [
        f"{name}/ : rien n'y concerne les communes demandées"
        for name in dict.fromkeys(report.file.folder for report in folders.reports)
        if not any(report.row_count for report in folders.opened(name))
    ]
    told = (line for report in folders.reports for line in report.warnings)
    return (*absent, *useless, *told)
