"""Digests of what a product is made from beside the data: the law, the choices, the code."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from pipeline.errors import ConfigError

_PACKAGE = Path(__file__).resolve().parent
_DESCRIBES = ("sources.yaml", "territories.yaml")  # read with the code, changed with it


@dataclass(frozen=True)
class Making:
    """What every product of a run shares: sha256 of the rules, the assumptions and the code."""

    rules: str
    assumptions: str
    code: str


def making_of(config: Path) -> Making:
    """
    Return the digests of a configuration folder and of the code of this process.

    The code is read once per process: what runs is what was loaded, whatever is written later.

    Raises
    ------
    ConfigError
        If a file cannot be read.
    """
    try:
        described = _digest_of(config, (config / name for name in _DESCRIBES))
        return Making(
            rules=_digest_of(config, (config / "rules").glob("*.yaml")),
            assumptions=_digest_of(config, [config / "assumptions.yaml"]),
            code=hashlib.sha256(f"{code_digest()} {described}".encode()).hexdigest(),
        )
    except OSError as error:
        msg = f"{config} : configuration illisible ({error.strerror}) ; vérifier PARZAN_CONFIG"
        raise ConfigError(msg) from error


@cache
def code_digest() -> str:
    """Return the sha256 of the version of parzan and of its modules, sorted by name."""
    modules = (
        path
        for path in _PACKAGE.rglob("*.py")
        # A wheel also holds a copy of the configuration and of the sample, which are no code.
        if not path.relative_to(_PACKAGE).parts[0].startswith(("_config", "_sample"))
    )
    return hashlib.sha256(
        f"{version('parzan')} {_digest_of(_PACKAGE, modules)}".encode()
    ).hexdigest()


def _digest_of(root: Path, paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()
