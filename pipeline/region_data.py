"""What each commune reads of a prepared data folder, so that a refresh sees which ones changed."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from pipeline.configuration import Configuration
from pipeline.ingestion.commune_windows import commune_windows
from pipeline.ingestion.preparation import Prepared, prepare_folder, prune
from pipeline.ingestion.prepared import FOLDER
from pipeline.ingestion.window_digests import window_digests
from pipeline.region_communes import held_communes
from pipeline.region_plan import Deposit
from pipeline.whole_land import maker_of

RADIUS = "APER40.abords_rayon"


@dataclass(frozen=True)
class PreparedData:
    """
    A data folder prepared once, and what the window of each commune meets in it.

    `root` is where the copies are when the data folder may not be written, None where they are in
    it. The windows are those of every commune of the folder, whatever is asked: a commune is worth
    the same alone, with its département or with its region.
    """

    prepared: Prepared
    root: Path | None
    day: date
    configuration: Configuration

    def of_commune(self, insee_code: str) -> Mapping[str, str]:
        """Return a digest by folder that is there; nothing of a commune without limits."""
        return self._by_commune.get(insee_code, {})

    def deposited(self) -> Mapping[str, tuple[Deposit, ...]]:
        """Return the files of each folder, as (name, sha256), under the names of a product."""
        return {
            folder: tuple((file.name, file.sha256) for file in files)
            for folder, files in self.prepared.files.items()
        }

    def tidy(self, on_step: Callable[[str], None]) -> None:
        """
        Remove the copies of files that are gone, and those that other code or choices made.

        Raises
        ------
        OSError
            If the system refuses; what is left is removed the next time.
        """
        prune(self.prepared.store, on_step, makers=[maker_of(self.configuration)])

    @cached_property
    def _by_commune(self) -> dict[str, dict[str, str]]:
        known = self.configuration
        data = self.prepared.data
        windows = commune_windows(
            data,
            held_communes(data, known.catalogue, known.territories),
            known.assumptions.parking_lots.halo_m.value,
            known.territories,
            known.catalogue,
            prepared=self.root,
        )
        radius = known.rules.number(RADIUS, self.day)
        return window_digests(self.prepared, windows, heritage_radius_m=radius)


def prepare(
    data: Path,
    spare: Path,
    day: date,
    configuration: Configuration,
    on_step: Callable[[str], None],
) -> PreparedData:
    """
    Prepare a data folder; in it, or in `spare` where it may not be written.

    Raises
    ------
    SourceError
        If the folder is absent, or the copies cannot be written.
    """
    inside = data / FOLDER
    root = None if os.access(inside if inside.exists() else data, os.W_OK) else spare
    prepared = prepare_folder(
        data,
        configuration.territories,
        configuration.assumptions,
        configuration.catalogue,
        root=root,
        on_step=on_step,
    )
    return PreparedData(prepared, root, day, configuration)
