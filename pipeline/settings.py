"""Where things are on this machine: environment variables `PARZAN_*`, never the law nor a model."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent


def _shipped(in_checkout: str, in_wheel: str) -> Path:
    """Return a folder of the repository, or its copy inside the installed package."""
    checkout = _CHECKOUT / in_checkout
    return checkout if (_CHECKOUT / "pyproject.toml").exists() else _PACKAGE / in_wheel


class Settings(BaseSettings):
    """
    Folders of a run, how live services are met, what a refresh may take of the machine.

    Each field is read from the environment (`PARZAN_DATA`, `PARZAN_OUT`, `PARZAN_CONFIG`,
    `PARZAN_OFFLINE`, `PARZAN_CONTACT`, `PARZAN_SERVICES` in JSON, `PARZAN_KEEP_DAYS`,
    `PARZAN_WORKER_MEMORY_MB`…).
    """

    model_config = SettingsConfigDict(env_prefix="PARZAN_", extra="ignore", frozen=True)

    data: Path = Field(default=Path("data/sources"), description="folder of the sources")
    out: Path = Field(default=Path("data/exports"), description="folder of the products")
    config: Path = Field(
        default_factory=lambda: _shipped("config", "_config"), description="rules and assumptions"
    )

    offline: bool = Field(default=False, description="connect to nothing, whatever the command")
    contact: str = Field(default="", description="who asks live services: an address, a page")
    services: str = Field(
        default="", description="addresses that replace those of services, as a JSON object"
    )

    keep_days: float = Field(
        default=90, ge=0, description="age under which `sources prune` forgets no answer, days"
    )
    worker_memory_mb: int = Field(
        default=4096, ge=256, description="memory beyond which a process of a refresh is ended, MiB"
    )
    tasks_per_worker: int = Field(
        default=2, ge=1, description="communes given out at once for each process of a refresh"
    )
    scheduler_wait_s: float = Field(
        default=30, gt=0, description="how long a scheduler and its first worker are waited for"
    )
    log_mb: int = Field(default=5, ge=1, description="size at which a log file is put aside, MiB")
    log_copies: int = Field(default=12, ge=1, description="log files put aside that are kept")

    @property
    def sample(self) -> Path:
        """Folder of the embedded sample commune."""
        return _shipped("data/sample", "_sample")
