"""What the live services give around a commune, beyond its plan: one list, in order."""

from collections.abc import Sequence

from pipeline.assumption_groups import SolarAssumptions
from pipeline.ingestion import live_gpu, live_icpe, live_irradiation, live_monuments, live_parkings
from pipeline.ingestion.live_gpu import planning_around
from pipeline.ingestion.live_icpe import installations_around
from pipeline.ingestion.live_irradiation import yields_around
from pipeline.ingestion.live_monuments import monuments_around
from pipeline.ingestion.live_parkings import parkings_around
from pipeline.ingestion.scope import Bounds
from pipeline.ingestion.services import Services
from pipeline.ingestion.wanted import Wanted


def context_around(
    insee_code: str,
    box: Bounds,
    codes: Sequence[str],
    services: Services,
    plant: SolarAssumptions,
) -> list[Wanted]:
    """
    Return the files of the context of a commune.

    Parameters
    ----------
    box
        West, south, east, north in degrees.
    codes
        The communes that meet the box, the commune itself first.
    plant
        The plant whose yield is asked.
    """
    return [
        installations_around(insee_code, codes, services[live_icpe.SERVICE]),
        *planning_around(insee_code, box, services[live_gpu.SERVICE]),
        *yields_around(insee_code, box, services[live_irradiation.SERVICE], plant),
        *monuments_around(insee_code, box, services[live_monuments.SERVICE]),
        parkings_around(insee_code, box, services[live_parkings.SERVICE]),
    ]
