"""What the evidence store of a data folder says of its files: who gave each, when, under what."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pipeline.ingestion.evidence_records import Evidence, Register, Use
from pipeline.ingestion.files import SourceFile

# Inside the data folder, and hidden from the readers: a folder that is moved keeps its proofs.
STORE = ".preuves"
REGISTER = "registre.sqlite"


@dataclass(frozen=True)
class Proof:
    """
    Where a file of the data folder comes from.

    `url` is the address that answered (the first, of `answer_count`), `received_at` the ISO time in
    UTC when the oldest of these contents first came, `vintages` those that the producer gives.
    """

    url: str
    answer_count: int
    received_at: str
    vintages: tuple[str, ...]
    licence: str
    attribution: str

    @property
    def vintage(self) -> str | None:
        """Return the oldest vintage of the answers; None when none is known."""
        return min(self.vintages, default=None)


@dataclass(frozen=True)
class Proofs:
    """The proofs of a data folder; none by default."""

    uses: Mapping[str, Use] = field(default_factory=dict)
    first: Mapping[tuple[str, str], Evidence] = field(default_factory=dict)

    def of(self, file: SourceFile) -> Proof | None:
        """Return the proof of a file, or of the archive that holds it; None if put by hand."""
        path = PurePosixPath(file.name)
        return self.at((path, *path.parents), file.sha256)

    def at(self, places: Iterable[PurePosixPath], sha256: str) -> Proof | None:
        """Return the proof of the first of these places that has it, with this very content."""
        uses = (self.uses.get(str(place)) for place in places)
        use = next((use for use in uses if use is not None and use.sha256 == sha256), None)
        if use is None:
            return None
        parts = [self.first[part] for part in use.parts if part in self.first]
        if not parts:
            return None
        return Proof(
            url=parts[0].url,
            answer_count=len(parts),
            received_at=min(part.fetched_at for part in parts),
            vintages=tuple(sorted({it.vintage for it in parts if it.vintage is not None})),
            licence=parts[0].licence,
            attribution=parts[0].attribution,
        )


def proofs_of(data: Path) -> Proofs:
    """
    Read what the evidence store of a data folder knows; nothing where there is none.

    Of the answers that gave one content, the first counts: asking again changes no product.

    Raises
    ------
    SourceError
        If the register cannot be read.
    """
    path = data / STORE / REGISTER
    if not path.is_file():
        return Proofs()
    register = Register(path)
    first: dict[tuple[str, str], Evidence] = {}
    for answer in register.answers():
        first.setdefault((answer.key, answer.sha256), answer)
    return Proofs(register.uses(), first)
