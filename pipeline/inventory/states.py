"""What a product says of a commune on a day: its parks, and what they were made from."""

import sqlite3
import warnings
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from pipeline.errors import PublicationError
from pipeline.inventory.product_tables import layers_in, reading, table_of

# Licence and attribution of a source that was used.
Credits = tuple[tuple[str, str], ...]
# Folder → file → sha256.
Digests = dict[str, dict[str, str]]
REPLAYED = ("correction_id", "parc_id", "action", "valeur", "etat", "raison")
# A run that is not published yet has the names of our schemas.
_FRENCH = {
    "lot_id": "parc_id",
    "value": "valeur",
    "state": "etat",
    "reason": "raison",
    "folder": "dossier",
    "file": "fichier",
}
_USED = ("utilisee", "partielle")
_NEEDED = ("commune", "parcs", "sources")


@dataclass(frozen=True)
class State:
    """
    A commune as a product or an inventory holds it, in French columns.

    Attributes
    ----------
    parks
        The layer `parcs`, in the territory CRS, areas in m².
    rules_as_of
        `regles_au`: the last day on which something changed for the product.
    fingerprints
        Digest of the rules, assumptions, code and corrections, by name; empty where an older
        product does not tell.
    sources
        Digest of each file read, by folder.
    replayed
        Columns `REPLAYED` of `corrections_rejouees`; empty where there is none.
    credits
        Licence and attribution of the sources that were used; empty where an older file does not
        tell.
    seen_on
        The day of an inventory; missing for a product, which does not hold the day of its run.
    """

    insee_code: str
    name: str
    version: str
    rules_as_of: date
    parks: gpd.GeoDataFrame
    fingerprints: dict[str, str] = field(default_factory=dict)
    sources: Digests = field(default_factory=dict)
    replayed: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(REPLAYED)))
    credits: Credits = ()
    seen_on: date | None = None

    @property
    def day(self) -> date:
        """Return the day that the state is told of: that of the inventory, else of the rules."""
        return self.seen_on or self.rules_as_of


def read_product(path: Path, parks: gpd.GeoDataFrame | None = None) -> State:
    """
    Read the state that a published product holds.

    Parameters
    ----------
    parks
        Its layer `parcs` where that is already read, or is of no use to the caller.

    Raises
    ------
    PublicationError
        If there is no such file, it cannot be read, or it is no product of parzan.
    """
    if not path.is_file():
        msg = f"{path} : fichier absent ; donner un produit (INSEE.gpkg) ou un inventaire"
        raise PublicationError(msg)
    try:
        with reading(path) as connection:
            layers = layers_in(connection)
            missing = [name for name in _NEEDED if name not in layers]
            if not missing:
                return _state(connection, layers, _parks(path) if parks is None else parks)
    except (DataSourceError, DataLayerError, sqlite3.Error, KeyError, IndexError) as error:
        reason = " ".join(str(error).split())[:200]
        msg = f"{path} : produit illisible ({reason}) ; donner un fichier INSEE.gpkg de parzan"
        raise PublicationError(msg) from error
    msg = f"{path} : pas un produit de parzan (couche « {missing[0]} » absente)"
    raise PublicationError(msg)


def _state(connection: sqlite3.Connection, layers: set[str], parks: gpd.GeoDataFrame) -> State:
    commune = table_of(connection, "commune").iloc[0]
    sources = table_of(connection, "sources")
    prints, replayed = (
        table_of(connection, name) if name in layers else pd.DataFrame()
        for name in ("empreintes", "corrections_rejouees")
    )
    return State(
        insee_code=str(commune["insee"]),
        name=str(commune["nom"]),
        version=str(commune["parzan_version"]),
        rules_as_of=pd.Timestamp(commune["regles_au"]).date(),
        parks=parks,
        fingerprints=fingerprints_of(prints),
        sources=sources_of(sources),
        replayed=replayed_of(replayed),
        credits=credits_of(sources),
    )


def _parks(path: Path) -> gpd.GeoDataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the driver says of a damaged file: told above
        return gpd.GeoDataFrame(pyogrio.read_dataframe(path, layer="parcs", use_arrow=True))


def fingerprints_of(table: pd.DataFrame) -> dict[str, str]:
    """Return `Fingerprint` rows, or the layer `empreintes`, as a dictionary."""
    if not len(table):
        return {}
    rows = table.rename(columns={"name": "nom", "value": "valeur"})
    return dict(zip(rows["nom"].astype(str), rows["valeur"].astype(str), strict=True))


def sources_of(table: pd.DataFrame) -> Digests:
    """Return the digest of each file read, from `SourceRecord` rows or the layer `sources`."""
    found: Digests = {}
    rows = table.rename(columns=_FRENCH)
    known = rows[rows["fichier"].notna() & rows["sha256"].notna()]  # a missing source has none
    for folder, file, digest in known[["dossier", "fichier", "sha256"]].itertuples(index=False):
        found.setdefault(str(folder), {})[str(file)] = str(digest)
    return found


def credits_of(table: pd.DataFrame) -> Credits:
    """Return licence and attribution of what was used, of the layer `sources`, each once."""
    if "attribution" not in table.columns:
        return ()
    used = table[table["etat"].isin(_USED)]
    credit = used["attribution"].fillna(used["libelle"])
    return tuple(sorted(set(zip(used["licence"].fillna(""), credit, strict=True))))


def replayed_of(table: pd.DataFrame | None) -> pd.DataFrame:
    """Return what the journal reads of `ReplayedCorrection` rows, or of their layer."""
    if table is None or not len(table):
        return pd.DataFrame(columns=list(REPLAYED))
    named = pd.DataFrame(table).rename(columns=_FRENCH)
    if "ancien_parc_id" in named.columns:  # a park that is gone is named apart
        named = named.assign(parc_id=named["parc_id"].fillna(named["ancien_parc_id"]))
    rows = named.reindex(columns=list(REPLAYED)).astype(object)
    rows = rows.where(rows.notna(), None).sort_values("correction_id", ignore_index=True)
    return pd.DataFrame(rows)
