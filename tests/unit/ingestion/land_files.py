"""Layers of land cover made by hand, in whole metres of Lambert-93, deposited in `ocsge/`."""

import tempfile
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import pyogrio

from pipeline.ingestion.land_folder import open_land_folder
from tests.tables import ASSUMPTIONS, FRANCE, L93, RULES
from tests.unit.ingestion.deposits import CATALOGUE

NOMENCLATURE = RULES.land_on(date(2026, 11, 1))
KNOWN = frozenset(item.code for item in (*NOMENCLATURE.cover_codes, *NOMENCLATURE.use_codes))
BUILT = {"code_cs": "CS1.1.1.1", "code_us": "US5"}
GRASS = {"code_cs": "CS2.2.1", "code_us": "US1.1"}


def save(data, name, *rows, crs=L93, layer=None, **options):
    """Write rows (shape, columns) as a layer of `ocsge/`, in the format that the name says."""
    path = Path(data) / "ocsge" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    table = gpd.GeoDataFrame(
        [columns for _, columns in rows], geometry=[shape for shape, _ in rows], crs=crs
    )
    if layer is not None:
        options["layer"] = layer
    pyogrio.write_dataframe(table, path, **options)
    return path


def read(data, nomenclature=NOMENCLATURE):
    """Read what qualifies the land."""
    with tempfile.TemporaryDirectory() as work:
        opened = open_land_folder(Path(data), FRANCE, CATALOGUE, nomenclature, work=Path(work))
        return SimpleNamespace(
            **vars(opened.read(ASSUMPTIONS)),
            places=opened.places,
            warnings=opened.warnings(),
            records=opened.folders.records(),
        )


def remarks(land, name):
    """What the record of one file of `ocsge/` says; empty when it says nothing."""
    said = land.records.set_index("file").loc[f"ocsge/{name}", "remarks"]
    return said if isinstance(said, str) else ""
