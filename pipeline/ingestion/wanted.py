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
    answer, kept, and `make` writes the file from their contents (None: as they are). `replaces` is
    a pattern of the places that the file makes useless; `announce` asks, cheaply, how much is to be
    had, and says it in French.
    """

    place: str
    request: Request
    fetch: Callable[[Retrieval], list[Evidence]]
    make: Make | None = None
    replaces: str | None = None
    announce: Callable[[Retrieval], str] | None = None

    @property
    def folder(self) -> str:
        """Return the folder of the data that reads the file."""
        return self.place.split("/")[0]


@dataclass(frozen=True)
class Member:
    """One file of the data folder that an archive holds, and what gives its bytes."""

    place: str
    make: Make


@dataclass(frozen=True)
class Archive:
    """
    A big download, and the files of the data folder that it holds.

    `place` is how a plan calls what is not opened yet; `read` refuses what is no such archive;
    `members` tells the files from the content; `size` is what the service announces, bytes, None
    where only the download tells; `replaces` is a pattern of the places that become useless.
    """

    place: str
    request: Request
    read: Reader
    members: Callable[[Path], list[Member]]
    size: int | None = None
    replaces: str | None = None

    @property
    def folder(self) -> str:
        """Return the folder of the data that reads the files."""
        return self.place.split("/")[0]


@dataclass(frozen=True)
class Listed:
    """
    Archives that a list of the service tells: their names change with each edition.

    `request` is the first page of the list; `expand` reads it whole and chooses.
    """

    folder: str
    request: Request
    expand: Callable[[Retrieval], list[Archive]]


def single(place: str, request: Request, read: Reader) -> Wanted:
    """Return a file that is one answer, as it came."""
    return Wanted(place, request, lambda retrieval: [retrieval.get(request, read)])
