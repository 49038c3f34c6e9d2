"""
What can go wrong, told in one line to the person who runs the command.

```text
PipelineError
├── ConfigError              a settings, rule or assumption file cannot be used   (ValueError)
│   └── RuleNotInForceError    no dated value covers the reference date
├── SourceError              an input file let us down                            (OSError)
│   └── ServiceError           a live service let us down: its last good copy may still serve
│       ├── OfflineError         no connection is allowed
│       └── AbsentError          the service says that it holds no such thing (404, 410)
├── ContractError            a table breaks its schema                            (ValueError)
│   └── CRSError               missing or unexpected coordinate reference system
├── PublicationError         a product cannot be written or replaced              (OSError)
└── EngineError              the processes that compute cannot be had, or are lost  (OSError)
```

A message says what, where (file, layer, table, ids) and what to do. Only `cli.py` catches
`PipelineError`; a bug keeps its traceback.
"""

from collections.abc import Mapping, Sequence
from typing import Any


class PipelineError(Exception):
    """Root of every error that a user can mend."""


class ConfigError(PipelineError, ValueError):
    """A settings, rule or assumption file cannot be used."""


class RuleNotInForceError(ConfigError):
    """No dated value of a rule covers the reference date."""


class SourceError(PipelineError, OSError):
    """An input file is missing, unreadable, hostile or outside the territory."""


class ServiceError(SourceError):
    """A live service cannot be reached, refuses, or gives what is not the answer."""


class OfflineError(ServiceError):
    """A connection was needed, and none is allowed."""


class AbsentError(ServiceError):
    """The service answers that it holds no such thing: `status` is 404, or 410 for good."""

    status = 404


class ContractError(PipelineError, ValueError):
    """A table breaks its schema."""


class CRSError(ContractError):
    """A table has no coordinate reference system, or not the territory's."""


class PublicationError(PipelineError, OSError):
    """A product cannot be written, checked or swapped in."""


class EngineError(PipelineError, OSError):
    """The processes that compute cannot be started, reached or trusted, or are lost."""


_FRENCH_FAULTS = {"extra_forbidden": "clé inconnue", "missing": "clé manquante"}
_SHOWN_FAULTS = 3


def describe_faults(faults: Sequence[Mapping[str, Any]]) -> str:
    """Tell in one French line the first faults that pydantic found: where, and what."""
    told = [
        f"{'.'.join(str(part) for part in fault['loc'])} : "
        f"{_FRENCH_FAULTS.get(fault['type'], fault['msg'].removeprefix('Value error, '))}"
        for fault in faults[:_SHOWN_FAULTS]
    ]
    return f"{' ; '.join(told)} ({len(faults)} faute(s)) ; corriger le fichier"
