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
    Folders of a run, and how live services are met.

    Each field is read from the environment (`PARZAN_DATA`, `PARZAN_OUT`, `PARZAN_CONFIG`,
    `PARZAN_OFFLINE`, `PARZAN_CONTACT`, `PARZAN_SERVICES` in JSON, `PARZAN_KEEP_DAYS`).
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

    @property
    def sample(self) -> Path:
        """Folder of the embedded sample commune."""
        return _shipped("data/sample", "_sample")
