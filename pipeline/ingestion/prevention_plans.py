"""Risk-prevention plans (PPR): which layers say what may be built where, and which risk it is."""

import re

import geopandas as gpd
import pandas as pd

from pipeline.ingestion.catalogue import SourceFolder

# pprn, ppri, pprif, pprl, pprm…: natural risks and mines (servitude PM1); pprt: industry (PM3).
_PLAN = re.compile(r"(?<![a-z])ppr(?P<risk>[a-z]*)")
_TECHNOLOGICAL = "t"
# Names of the standards of the State (COVADIS, then CNIG): zone_reg…, zonereglementaireurba.
_REGULATORY = re.compile(r"zone_?reg")
# Sectors where land may be bought or left: they overlap the zones, and rule no building.
_LAND = "foncier"


def is_plan_layer(name: str, folder: SourceFolder, table: gpd.GeoDataFrame) -> bool:
    """Tell whether a layer is one of a prevention plan: by its name, else by its columns."""
    if folder.find(table, "assiette_id") or folder.find(table, "generateur_id"):
        return False  # an easement, whatever its file is called
    is_named = _PLAN.search(name) is not None
    return is_named or bool(folder.find(table, "zone_rule") and folder.find(table, "plan_code"))


def is_regulatory(name: str, folder: SourceFolder, table: gpd.GeoDataFrame) -> bool:
    """
    Tell whether a layer of a plan holds its regulatory zones.

    The perimeter, the hazards, the stakes and the land sectors are not: they say nothing of what
    may be built, or repeat the zones.
    """
    is_named = _REGULATORY.search(name) is not None
    return _LAND not in name and (is_named or folder.find(table, "zone_rule") is not None)


def risk_kind(name: str) -> str | None:
    """Return the kind of protection that the name of a plan tells; None when it tells none."""
    found = _PLAN.search(name)
    if found is None or not found["risk"]:
        return None
    return "risque_technologique" if found["risk"].startswith(_TECHNOLOGICAL) else "risque_naturel"


def zone_ids(folder: SourceFolder, table: gpd.GeoDataFrame) -> "pd.Series[str]":
    """Return the id of each zone, with that of its plan: numbers start again in each plan."""
    return folder.take(table, "plan_code") + "/" + folder.take(table, "zone_id")


def zone_names(folder: SourceFolder, table: gpd.GeoDataFrame) -> "pd.Series[str]":
    """Return the words of the rule of each zone, else its code."""
    code = "zone " + folder.take(table, "zone_code")
    return folder.take(table, "zone_name").fillna(code)
