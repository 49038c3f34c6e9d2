"""A file that a data folder lacks, and the live service that gives it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.ingestion.evidence_records import Evidence
from pipeline.ingestion.exchange import Request
from pipeline.ingestion.retrieval import Reader, Retrieval

Make = Callable[[Sequence[Path]], Iterable[bytes]]


@dataclass(frozen=True)
class Wanted:
    """
    One file to make from a live service.

    `place` is relative to the data folder; `request` is the first thing asked; `fetch` gets every
    answer, kept, and `make` writes the file from their contents (None: as they are).
    """

    place: str
    request: Request
    fetch: Callable[[Retrieval], list[Evidence]]
    make: Make | None = None

    @property
    def folder(self) -> str:
        """Return the folder of the data that reads the file."""
        return self.place.split("/")[0]


def single(place: str, request: Request, read: Reader) -> Wanted:
    """Return a file that is one answer, as it came."""
    return Wanted(place, request, lambda retrieval: [retrieval.get(request, read)])
