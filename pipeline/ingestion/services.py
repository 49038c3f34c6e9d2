"""The live services: where they are and how they may be asked: `config/services.yaml`."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from pipeline.errors import ConfigError, describe_faults
from pipeline.ingestion.live_settings import (
    Downloads,
    Gpu,
    HeightWindows,
    OpenDataset,
    Outlines,
    Paged,
    Regions,
    YieldGrid,
)

_STRICT = ConfigDict(extra="forbid", frozen=True)
_MEGABYTE = 1024**2


class Retry(BaseModel):
    """How often a request is tried, and the waits between tries, in seconds."""

    model_config = _STRICT

    attempts: int = Field(ge=1)
    first_wait_s: float = Field(ge=0)
    longest_wait_s: float = Field(ge=0)
    jitter_s: float = Field(ge=0, description="drawn at random and added to each wait")


class Timeouts(BaseModel):
    """Limits of time of one request, in seconds."""

    model_config = _STRICT

    connect_s: float = Field(gt=0)
    silence_s: float = Field(gt=0, description="longest time without a byte")
    total_s: float = Field(gt=0, description="retries and waits included")


class WfsLayer(BaseModel):
    """One layer of a WFS, and the file that it becomes."""

    model_config = _STRICT

    typename: str
    sorted_by: str = Field(description="a column without repeats: without it pages overlap")
    folder: str = Field(description="folder of `--data` that reads it")
    file: str = Field(description="start of the name of the file; readers know the layer by it")


class Wfs(BaseModel):
    """Layers of a WFS, and how many objects it gives at once."""

    model_config = _STRICT

    page_size: int = Field(ge=1)
    layers: tuple[WfsLayer, ...]


class Service(BaseModel):
    """One live service: its maker, its licence, what it bears, how long its answers stay fresh."""

    model_config = _STRICT

    label: str
    producer: str
    base: str = Field(description="start of every URL, without a final slash")
    licence: str
    attribution: str
    requests_per_second: float = Field(gt=0)
    at_once: int = Field(ge=1)
    max_age_days: float = Field(ge=0)
    absence_max_age_days: float = Field(ge=0, description="of « there is no such thing »")
    largest_shrink: float = Field(
        ge=0, le=1, description="share of rows or bytes that an answer may lose; beyond: refused"
    )
    largest_answer_mb: float = Field(gt=0)
    retry: Retry
    timeouts: Timeouts
    wfs: Wfs | None = None
    paged: Paged | None = None
    gpu: Gpu | None = None
    heights: HeightWindows | None = None
    yields: YieldGrid | None = None
    open_data: OpenDataset | None = None
    outlines: Outlines | None = None
    downloads: Downloads | None = None
    dataset: str | None = Field(default=None, description="whose attached files are taken")
    arrondissements: dict[str, tuple[str, ...]] = Field(
        default={}, description="by commune: those under which the service knows its objects"
    )
    regions: Regions | None = None
    absent_statuses: frozenset[int] = Field(
        default=frozenset(), description="that also say « there is no such thing », beside 404, 410"
    )

    @field_validator("base")
    @classmethod
    def _is_web_address(cls, base: str) -> str:
        parts = urlsplit(base)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            msg = f"« {base} » n'est pas une adresse http(s)"
            raise ValueError(msg)
        return base.rstrip("/")

    @property
    def largest_answer(self) -> int:
        """Return the size beyond which an answer is refused, decoded or not; bytes."""
        return int(self.largest_answer_mb * _MEGABYTE)

    def url(self, path: str) -> str:
        """Return the address of `path` at this service; an absolute address is kept."""
        return path if "://" in path else f"{self.base}/{path.lstrip('/')}"


Services = Mapping[str, Service]


def load_services(path: Path, bases: Mapping[str, str] | None = None) -> Services:
    """
    Read `services.yaml`.

    Parameters
    ----------
    path
        The file.
    bases
        Addresses that replace the declared ones, by service: a mirror, or the server of a test.

    Raises
    ------
    ConfigError
        If the file is unreadable, a key is unknown or missing, or `bases` names no service.
    """
    replaced = dict(bases or {})
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        unknown = set(replaced) - set(raw)
        services = {
            name: Service.model_validate(
                item | ({"base": replaced[name]} if name in replaced else {})
            )
            for name, item in raw.items()
        }
    except ValidationError as error:
        msg = f"{path} : services illisibles : {describe_faults(error.errors())}"
        raise ConfigError(msg) from error
    except (OSError, yaml.YAMLError, AttributeError, TypeError) as error:
        msg = f"{path} : services illisibles : {' '.join(str(error).split())}"
        raise ConfigError(msg) from error
    if unknown:
        msg = f"PARZAN_SERVICES : service inconnu ({', '.join(sorted(unknown))}) ; voir {path}"
        raise ConfigError(msg)
    return services
