"""Fetch what a data folder lacks from the live services: the clock, the settings, the wiring."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from pipeline.configuration import Configuration
from pipeline.errors import ConfigError, PipelineError
from pipeline.ingestion.evidence import Pruned
from pipeline.ingestion.fetching import Fetched, Fetcher, mixed_vintages, store_of
from pipeline.ingestion.retrieval import Retrieval
from pipeline.ingestion.services import load_services
from pipeline.ingestion.transport import Transport
from pipeline.settings import Settings


@dataclass(frozen=True)
class CommuneFetch:
    """What was fetched for one commune, and the error that stopped it, if one did."""

    insee_code: str
    files: tuple[Fetched, ...]
    error: PipelineError | None = None

    @property
    def failed(self) -> bool:
        """Tell whether something could not be had."""
        return self.error is not None or any(file.state == "echec" for file in self.files)


def fetch_sources(
    insee_codes: Sequence[str],
    data: Path,
    settings: Settings,
    configuration: Configuration,
    *,
    offline: bool,
    dry_run: bool,
    accept_shrink: bool,
    renew: bool,
    on_step: Callable[[str], None],
    warn: Callable[[str], None],
) -> list[CommuneFetch]:
    """
    Fetch what a data folder lacks around communes; one that fails does not stop the others.

    Parameters
    ----------
    data
        The folder to fill; the proofs are kept in it, hidden.
    offline
        Connect to nothing: only copies kept before are written.
    dry_run
        Tell what would be asked, ask nothing, write nothing.
    accept_shrink
        Keep answers that lost more than their service may lose.
    renew
        Ask again even for what is fresh.
    on_step, warn
        Receive French words: what is being fetched, what the user should know.

    Raises
    ------
    ConfigError
        If the declared services cannot be used.
    """
    services = load_services(settings.config / "services.yaml", _bases(settings))
    with Transport(
        services, user_agent=user_agent(settings), clock=_now, offline=offline, announce=on_step
    ) as transport:
        store = store_of(data)
        retrieval = Retrieval(
            store, transport, clock=_now, warn=warn, accept_shrink=accept_shrink, renew=renew
        )
        fetcher = Fetcher(
            data,
            retrieval,
            configuration.territories,
            configuration.assumptions,
            configuration.catalogue,
            clock=_now,
            on_step=on_step,
        )
        done = [_fetched(fetcher, code, dry_run=dry_run) for code in insee_codes]
    for sentence in mixed_vintages(store):
        warn(sentence)
    return done


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


def _fetched(fetcher: Fetcher, insee_code: str, *, dry_run: bool) -> CommuneFetch:
    files: list[Fetched] = []
    try:
        files.extend(fetcher.plan(insee_code) if dry_run else fetcher.fetch(insee_code))
    except PipelineError as error:
        return CommuneFetch(insee_code, tuple(files), error)
    return CommuneFetch(insee_code, tuple(files))


def _now() -> datetime:
    return datetime.now(UTC)
