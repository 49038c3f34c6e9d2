"""One commune, from files to a GeoPackage: car parks, land, journal. The first file to read."""

from datetime import date
from pathlib import Path

from pipeline.before import known_before
from pipeline.car_parks import OnStep, measure_commune
from pipeline.configuration import Configuration
from pipeline.crs import territory_of
from pipeline.export.publish import Result, publish, publish_note
from pipeline.inventory.inventories import keep_inventory
from pipeline.land import LandReader, with_land
from pipeline.product_journal import with_fingerprints, with_journal


def run_commune(
    insee_code: str,
    *,
    data: Path,
    out: Path,
    day: date,
    configuration: Configuration,
    overwrite: bool = False,
    land: LandReader | None = None,
    derive_land: bool = False,
    prepared: Path | None = None,
    on_step: OnStep = lambda _: None,
) -> Result:
    """
    Qualify the car parks and the land of one commune and publish `OUT/DEP/INSEE.gpkg`.

    Parks keep their identifiers, the decisions of the agents are carried out again, what changed
    since the last product goes to the journal, and the parks to the inventory of the day. Where a
    land cover is known, its method note goes beside it, in `INSEE_note.html`.

    Parameters
    ----------
    data
        Folder of the sources, one folder each (contract §3).
    day
        The law in force on that day applies.
    overwrite
        Replace a published product whose content differs; the same content is never an error.
    land
        Reads the land of the folder once for several communes; a reader of its own by default.
    derive_land
        Draw the land from other sources where OCS GE says nothing of the commune.
    prepared
        Where the sources were prepared, when it is not in the data folder.
    on_step
        Told, in French, what is being done.

    Raises
    ------
    PipelineError
        One line that says what is wrong, where, and what to do; nothing is half-written.
    """
    territory = territory_of(insee_code, configuration.territories)
    before = known_before(insee_code, out, territory, configuration.assumptions)
    parks, warnings = measure_commune(
        insee_code,
        data=data,
        day=day,
        configuration=configuration,
        before=before,
        prepared=prepared,
        on_step=on_step,
    )
    reader = land or LandReader(data, day, configuration, prepared)
    product, remarks = with_land(parks, reader, derive=derive_land, on_step=on_step)
    told = with_fingerprints(product, configuration.making, before.corrections)
    product = with_journal(
        told,
        before.state,
        before.previous.journal,
        seen_on=day,
        assumptions=configuration.assumptions,
    )
    on_step("Écriture du GeoPackage")
    said: list[str] = []
    path = publish(product, out, overwrite=overwrite, on_remark=said.append)
    keep_inventory(path, out, day)
    if product.land.vintages:
        publish_note(product, out)
    return Result(product=product, path=path, warnings=(*warnings, *remarks, *said))
