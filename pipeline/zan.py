"""The land part alone, commune by commune, from files to GeoPackages: `parzan zan`."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd

from pipeline.configuration import Configuration
from pipeline.crs import Territory, territory_of
from pipeline.errors import PublicationError, SourceError
from pipeline.export.product import departement_of, without_parks
from pipeline.export.publish import Result, publish, publish_note
from pipeline.ingestion.land_folder import Limits, read_limits
from pipeline.land import LandReader, merge_records

OnStep = Callable[[str], None]


class LandRun:
    """Qualifies the land of communes one by one; what they share is read once."""

    def __init__(self, data: Path, out: Path, day: date, configuration: Configuration) -> None:
        self._data, self._out, self._day = data, out, day
        self._configuration = configuration
        self._reader = LandReader(data, day, configuration)
        self._limits: dict[str, Limits] = {}

    def communes_of(self, departement: str) -> list[str]:
        """
        Return the INSEE codes of a département.

        Raises
        ------
        SourceError
            If the limits hold no commune of it.
        """
        whole = departement.upper()  # `2a` is Corse-du-Sud; `6` is none, not 60 to 69
        territory = territory_of(whole, self._configuration.territories)
        codes = self._limits_of(territory).communes["insee_code"]
        found: list[str] = codes[codes.map(departement_of) == whole].tolist()
        if not found:
            msg = (
                f"communes/ : aucune commune du département {departement} ; vérifier le code, ou"
                " déposer ses limites"
            )
            raise SourceError(msg)
        return found

    def publish(self, insee_code: str, *, on_step: OnStep = lambda _: None) -> Result:
        """
        Qualify the land of one commune and publish `OUT/DEP/INSEE.gpkg`, its parks without a row.

        The method note goes beside it, in `INSEE_note.html`.

        Raises
        ------
        PipelineError
            If a source cannot be used, the commune is unknown, or its published product holds car
            parks: they are never erased by the land alone.
        """
        territory = territory_of(insee_code, self._configuration.territories)
        limits = self._limits_of(territory)
        communes = limits.communes
        commune = communes[communes["insee_code"] == insee_code].reset_index(drop=True)
        if commune.empty:
            msg = f"commune {insee_code} absente de communes/ ; vérifier le code INSEE"
            raise SourceError(msg)
        own_departement = communes["insee_code"].str.startswith(departement_of(insee_code))
        found = self._reader.land_of(
            commune,
            territory,
            among=gpd.GeoDataFrame(communes[own_departement]),
            derive=True,
            on_step=on_step,
        )
        product = without_parks(
            territory,
            insee_code,
            self._configuration.rules.as_of(self._day),
            commune,
            found.tables,
            merge_records(limits.records, found.records),
            self._configuration.rules,
            version("parzan"),
        )
        _refuse_to_erase_parks(self._out / product.departement / f"{insee_code}.gpkg")
        on_step("Écriture du GeoPackage")
        path = publish(product, self._out)
        publish_note(product, self._out)
        return Result(product, path, (*limits.warnings, *found.warnings))

    def _limits_of(self, territory: Territory) -> Limits:
        if territory.code not in self._limits:
            with TemporaryDirectory(prefix="parzan-") as work:
                self._limits[territory.code] = read_limits(
                    self._data, territory, self._configuration.catalogue, work=Path(work)
                )
        return self._limits[territory.code]


def _refuse_to_erase_parks(path: Path) -> None:
    """Refuse to replace a product that holds car parks by one that has only land."""
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as opened:
            parks = opened.execute("SELECT count(*) FROM parcs").fetchone()[0]
    except sqlite3.Error:  # no product of ours, or a damaged one: publication settles it
        return
    if parks:
        msg = (
            f"{path} : contient {parks} parc(s), que les sols seuls effaceraient ; `parzan run`"
            " refait les deux ensemble, ou donner un autre --out"
        )
        raise PublicationError(msg)
