"""The last published product of a commune: its parks, and all that is carried to the next one."""

import sqlite3
import warnings
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from pipeline.errors import PublicationError
from pipeline.inventory.product_tables import has_rows, layers_in, reading

_SPATIAL = ("parcs", "corrections_rejouees", "conflits")
_CARRIED = ("parcs_filiation", "journal", "empreintes")
_KNOWN = "parcs_connus"
_READ = {*_SPATIAL, *_CARRIED}


@dataclass(frozen=True)
class Previous:
    """
    What the last product of a commune says, in the columns of the product (French).

    `parks` is `parcs`, `replayed` is `corrections_rejouees`, `conflicts` is `conflits`, `lineage`
    is `parcs_filiation`, `journal` and `fingerprints` (name → digest) as their layers; `parc_id`
    names the parks that are gone too. Everything is empty before the first product; a table that
    has no row, or that an older product lacks, is empty too, without columns. `known` is
    `parcs_connus`, None where the product has no such layer: its `parcs` are then what is known.
    """

    exists: bool
    parks: gpd.GeoDataFrame
    replayed: gpd.GeoDataFrame
    conflicts: gpd.GeoDataFrame
    lineage: pd.DataFrame
    journal: pd.DataFrame
    fingerprints: dict[str, str]
    known: gpd.GeoDataFrame | None = None

    @classmethod
    def none(cls, crs: str) -> "Previous":
        """Return what is known before the first product."""
        bare = gpd.GeoDataFrame(geometry=gpd.GeoSeries([], crs=crs))
        plain = pd.DataFrame()
        return cls(False, bare, bare.copy(), bare.copy(), plain, plain.copy(), {})


def read_previous(path: Path, crs: str) -> Previous:
    """
    Read a published product.

    Raises
    ------
    PublicationError
        If there is a file and it cannot be read: the identities it holds would be lost.
    """
    if not path.exists():
        return Previous.none(crs)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the driver says of a damaged file: told below
            with reading(path) as connection:
                layers = layers_in(connection)
                filled = {name for name in layers & _READ if has_rows(connection, name)}
            spatial = [_rows(path, filled, name, crs) for name in _SPATIAL]
            lineage, journal, prints = (_table(path, filled, name) for name in _CARRIED)
            known = _rows(path, layers, _KNOWN, crs) if _KNOWN in layers else None
    except (DataSourceError, DataLayerError, sqlite3.Error, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        msg = (
            f"{path} : produit précédent illisible ({reason}) ; le restaurer d'une sauvegarde,"
            " ou le retirer et perdre les identifiants des parcs"
        )
        raise PublicationError(msg) from error
    digests = dict(zip(prints["nom"], prints["valeur"], strict=True)) if len(prints) else {}
    return Previous(True, spatial[0], spatial[1], spatial[2], lineage, journal, digests, known)


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """Give the parks that are gone their identifier back, in the column of the others."""
    if "ancien_parc_id" not in table.columns:
        return table
    ids = table["parc_id"].where(table["parc_id"].notna(), table["ancien_parc_id"])
    return table.assign(parc_id=ids).drop(columns="ancien_parc_id")


def _rows(path: Path, layers: set[str], name: str, crs: str) -> gpd.GeoDataFrame:
    if name not in layers:
        return Previous.none(crs).parks
    table = pyogrio.read_dataframe(path, layer=name, use_arrow=True)
    return gpd.GeoDataFrame(_named(table))


def _table(path: Path, layers: set[str], name: str) -> pd.DataFrame:
    if name not in layers:
        return pd.DataFrame()
    return _named(pd.DataFrame(pyogrio.read_dataframe(path, layer=name, read_geometry=False)))
