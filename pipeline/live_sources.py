"""Fetch what a data folder lacks from the live services: the clock, the settings, the wiring."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Self

from pipeline.configuration import Configuration
from pipeline.errors import ConfigError, PipelineError
from pipeline.ingestion.deliveries import Deliveries, Fetched, total_of
from pipeline.ingestion.evidence import Pruned
from pipeline.ingestion.fetching import Choice, Fetcher, Surroundings, mixed_vintages, store_of
from pipeline.ingestion.fetching_departement import DepartementFetcher
from pipeline.ingestion.live_communes import DEPARTEMENT, departement_of
from pipeline.ingestion.retrieval import Retrieval
from pipeline.ingestion.services import load_services
from pipeline.ingestion.transport import Transport
from pipeline.settings import Settings

_INSEE_LENGTH = 5


@dataclass(frozen=True)
class PlaceFetch:
    """What was fetched for a commune or a département, and the error that stopped it, if any."""

    code: str
    files: tuple[Fetched, ...]
    error: PipelineError | None = None

    @property
    def is_departement(self) -> bool:
        """Tell whether the code is that of a département."""
        return len(self.code) < _INSEE_LENGTH

    @property
    def failed(self) -> bool:
        """Tell whether something could not be had."""
        return self.error is not None or any(file.state == "echec" for file in self.files)


@dataclass(frozen=True)
class Manner:
    """
    How to fetch.

    `choice` tells the folders; `offline` connects to nothing: only copies kept before are written;
    `dry_run` tells what would be asked, and writes nothing; `accept_shrink` keeps answers that lost
    more than their service may lose; `renew` asks again even for what is fresh.
    """

    choice: Choice = field(default_factory=Choice)
    offline: bool = False
    dry_run: bool = False
    accept_shrink: bool = False
    renew: bool = False


@dataclass(frozen=True)
class Told:
    """Who receives French words: of each step, of what stays on the screen, of doubts."""

    on_step: Callable[[str], None]
    tell: Callable[[str], None]
    warn: Callable[[str], None]


def fetch_sources(
    places: Sequence[str],
    data: Path,
    settings: Settings,
    configuration: Configuration,
    manner: Manner,
    told: Told,
) -> list[PlaceFetch]:
    """
    Fetch what a data folder lacks; a place that fails does not stop the others.

    Parameters
    ----------
    places
        INSEE codes of communes, codes of départements.
    data
        The folder to fill; the proofs are kept in it, hidden.
    manner
        Which folders, connected or not.
    told
        Receives what is being fetched, and the total of the announced sizes before the downloads.

    Raises
    ------
    ConfigError
        If the declared services cannot be used.
    """
    services = load_services(settings.config / "services.yaml", _bases(settings))
    with Transport(
        services,
        user_agent=user_agent(settings),
        clock=_now,
        offline=manner.offline,
        announce=told.on_step,
    ) as transport:
        store = store_of(data)
        retrieval = Retrieval(
            store,
            transport,
            clock=_now,
            warn=told.warn,
            accept_shrink=manner.accept_shrink,
            renew=manner.renew,
        )
        desk = _Desk.of(places, data, retrieval, configuration, manner, told)
        desk.announce(places)
        done = [desk.done(place) for place in places]
    for sentence in mixed_vintages(store):
        told.warn(sentence)
    return done


@dataclass(frozen=True)
class _Desk:
    """The two fetchers, of communes and of départements."""

    communes: Fetcher
    departements: DepartementFetcher
    manner: Manner
    told: Told
    deliveries: Deliveries

    @classmethod
    def of(
        cls,
        places: Sequence[str],
        data: Path,
        retrieval: Retrieval,
        configuration: Configuration,
        manner: Manner,
        told: Told,
    ) -> Self:
        known = Surroundings(
            configuration.territories, configuration.assumptions, configuration.catalogue
        )
        given = (data, retrieval, known, manner.choice)
        return cls(
            Fetcher(*given, clock=_now, on_step=told.on_step),
            DepartementFetcher(
                *given, clock=_now, on_step=told.on_step, tell=told.tell, together=places
            ),
            manner,
            told,
            Deliveries(data, retrieval, clock=_now, on_step=told.on_step),
        )

    def announce(self, places: Sequence[str]) -> None:
        """Tell the size of the big downloads of all places together, before the first of them."""
        sizes: dict[str, int | None] = {}
        for place in places:
            if self.manner.offline or not DEPARTEMENT.fullmatch(departement_of(place)):
                continue
            for listed in self._of(place).lists(place):
                found = self.deliveries.archives(listed, dry_run=self.manner.dry_run)
                for archive in () if isinstance(found, Fetched) else found:
                    size = self.deliveries.size_of(archive.request, archive.size)
                    sizes[archive.request.key] = size
            if len(place) < _INSEE_LENGTH:
                for request in self.departements.downloads(place):
                    sizes[request.key] = self.deliveries.size_of(request)
        if any(size != 0 for size in sizes.values()):
            self.told.tell(f"Gros fichiers à télécharger : {total_of(list(sizes.values()))}")

    def done(self, place: str) -> PlaceFetch:
        fetcher = self._of(place)
        files: list[Fetched] = []
        try:
            files.extend(fetcher.plan(place) if self.manner.dry_run else fetcher.fetch(place))
        except PipelineError as error:
            return PlaceFetch(place, tuple(files), error)
        return PlaceFetch(place, tuple(files))

    def _of(self, place: str) -> Fetcher | DepartementFetcher:
        return self.communes if len(place) >= _INSEE_LENGTH else self.departements


def prune_sources(data: Path, *, keep_days: float, dry_run: bool) -> Pruned:
    """
    Remove from the proofs of a data folder the answers that nothing needs.

    The last answer of each request and those that files are made of stay, whatever their age.

    Parameters
    ----------
    keep_days
        Answers that are younger, or exactly as old, stay.
    dry_run
        Remove nothing, tell what would be.
    """
    return store_of(data).prune(_now(), keep_days=keep_days, dry_run=dry_run)


def may_fill(data: Path) -> bool:
    """
    Tell whether a run may fill a data folder by itself.

    One that is absent, empty, or that parzan filled before; one that somebody prepared is left as
    it is, and never makes a run connect.
    """
    if store_of(data).exists():
        return True
    return not data.exists() or (data.is_dir() and not any(data.iterdir()))


def user_agent(settings: Settings) -> str:
    """Return how parzan presents itself to a service: its version, and whom to write to."""
    contact = " ".join(settings.contact.split())
    return f"parzan/{version('parzan')}" + (f" (+{contact})" if contact else "")


def _bases(settings: Settings) -> dict[str, str]:
    """Return the addresses that replace the declared ones, by service."""
    try:
        bases = json.loads(settings.services or "{}")
        return {str(name): str(base) for name, base in bases.items()}
    except (ValueError, AttributeError) as error:
        msg = 'PARZAN_SERVICES : objet JSON attendu, comme {"overpass": "https://…"}'
        raise ConfigError(msg) from error


def _now() -> datetime:
    return datetime.now(UTC)
