"""The evidence store: every raw answer of a live service, kept once by its content."""

import hashlib
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.disk import chunks_of, flush, flush_folder, sha256_of, written
from pipeline.errors import SourceError
from pipeline.ingestion.evidence_records import Evidence, Register, Use
from pipeline.ingestion.exchange import Answer, Request
from pipeline.ingestion.proofs import REGISTER
from pipeline.ingestion.recipes import Recipe
from pipeline.ingestion.refusals import of_disk
from pipeline.ingestion.services import Service

_SHARD = 2
_UNCHANGED = 304
# Stands for the request among what a file is made of.
_RECIPE = "recette"
# A content or a download that is younger may belong to a process that is about to register it.
_GRACE = timedelta(days=1)


@dataclass(frozen=True)
class Facts:
    """What the reading of an answer tells: the date of its data, and its number of objects."""

    vintage: str | None = None
    row_count: int | None = None


@dataclass(frozen=True)
class Pruned:
    """What `prune` removed: files, and their bytes."""

    files: int
    size: int


class EvidenceStore:
    """
    A folder: `contents/` by digest, `incoming/` for downloads under way, `registre.sqlite`.

    A content enters whole or not at all: it is written elsewhere, flushed, then renamed, and only
    then registered. Several processes may use one store; one that is killed leaves at worst a
    content without a row, which `prune` removes.

    Parameters
    ----------
    root
        Folder of the store; made at the first answer.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.incoming = root / "incoming"
        self.register = Register(root / REGISTER)

    def exists(self) -> bool:
        """Tell whether an answer was ever kept here."""
        return (self.root / REGISTER).is_file()

    def latest(self, request: Request) -> Evidence | None:
        """Return the last answer to a request whose content is still here; None without one."""
        if not self.exists():
            return None
        found = self.register.latest(request.key)
        return found if found is not None and self.content(found.sha256).is_file() else None

    def content(self, sha256: str) -> Path:
        """Return where the content of this digest is, or would be."""
        return self.root / "contents" / sha256[:_SHARD] / sha256

    def keep(
        self, answer: Answer, request: Request, service: Service, facts: Facts, now: datetime
    ) -> Evidence:
        """
        Take an answer in, and say so in the register.

        Parameters
        ----------
        answer
            Its file is moved, or removed when the same content is here already.
        service
            Gives the licence and the attribution.
        now
            When the answer came; UTC.

        Raises
        ------
        SourceError
            If the disk refuses; the register then says nothing of the answer.
        """
        evidence = Evidence(
            key=request.key,
            service=request.service,
            asked=request.asked,
            url=answer.url,
            fetched_at=_iso(now),
            status=answer.status,
            content_type=answer.headers.get("content-type"),
            etag=answer.headers.get("etag"),
            last_modified=answer.headers.get("last-modified"),
            vintage=facts.vintage,
            licence=service.licence,
            attribution=service.attribution,
            sha256=answer.sha256,
            size=answer.size,
            row_count=facts.row_count,
        )
        try:
            flush(answer.path)
            # The register is held meanwhile: `prune` cannot remove the content before its row.
            with self.register.writing() as writing:
                self._adopt(answer)
                writing.add(evidence)
        except OSError as error:
            if isinstance(error, SourceError):
                raise
            raise of_disk(error, str(self.root)) from error
        return evidence

    def confirm(self, copy: Evidence, now: datetime) -> Evidence:
        """Say in the register that a service answered (304) that a copy is still its content."""
        told = replace(copy, fetched_at=_iso(now), status=_UNCHANGED)
        with self.register.writing() as writing:
            writing.add(told)
        return told

    def is_sound(self, evidence: Evidence) -> bool:
        """Tell whether the content of an answer is here, unchanged."""
        path = self.content(evidence.sha256)
        return path.is_file() and sha256_of(path) == evidence.sha256

    def keep_absence(
        self, request: Request, service: Service, status: int, now: datetime
    ) -> Evidence:
        """Say in the register that the service answered that it holds no such thing."""
        self.incoming.mkdir(parents=True, exist_ok=True)
        path = self.incoming / f"{uuid.uuid4().hex}.whole"
        path.touch()
        answer = Answer(path, sha256_of(path), 0, service.url(request.path), status, {})
        return self.keep(answer, request, service, Facts(), now)

    def _adopt(self, answer: Answer) -> None:
        target = self.content(answer.sha256)
        if target.is_file() and sha256_of(target) == answer.sha256:
            answer.path.unlink()
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        answer.path.replace(target)
        flush_folder(target.parent)

    def verified(self, evidence: Evidence) -> Path:
        """
        Return the content of an answer, its digest verified.

        Raises
        ------
        SourceError
            If it is missing or was changed.
        """
        path = self.content(evidence.sha256)
        if not self.is_sound(evidence):
            msg = (
                f"{path} : copie gardée absente ou modifiée ; la supprimer, puis relancer connecté"
            )
            raise SourceError(msg)
        return path

    def damages(self) -> dict[str, str | None]:
        """Hash every content again: what is wrong with each in French, None for a sound one."""
        if not self.exists():
            return {}
        found: dict[str, str | None] = {}
        for evidence in {it.sha256: it for it in self.register.answers()}.values():
            path = self.content(evidence.sha256)
            shown = path.relative_to(self.root).as_posix()
            try:
                self.verified(evidence)
                found[shown] = None
            except SourceError as error:
                found[shown] = str(error)
            except OSError as error:
                found[shown] = f"{path} : illisible ({error.strerror}) ; vérifier le disque"
        return dict(sorted(found.items()))

    def deliver(
        self,
        parts: Sequence[Evidence],
        data: Path,
        place: str,
        now: datetime,
        *,
        make: Callable[[Sequence[Path]], Iterable[bytes]] | None = None,
    ) -> Path:
        """
        Write a file of the data folder from answers, at once, and note what it is made of.

        A file that somebody deposited, or changed since it was written here, is left alone.

        Parameters
        ----------
        parts
            The answers, in order.
        data, place
            The data folder, and the file in it with `/` between folders.
        make
            Gives the bytes of the file from the contents; by default, one after the other. What a
            `Recipe` made of the same answers is left as it is.

        Raises
        ------
        SourceError
            If a content was changed, the file there is somebody's, or the disk refuses; an earlier
            file is then untouched.
        """
        target = data / place
        made_of = tuple((part.key, part.sha256) for part in parts)
        if isinstance(make, Recipe):
            made_of += ((_RECIPE, hashlib.sha256(make.name.encode()).hexdigest()),)
            if self._is_made(target, place, made_of):
                return target
        contents = [self.verified(part) for part in parts]
        temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            digest = written((make or chunks_of)(contents), temporary)
            # Said before it is done: killed in between, the file that is there is still known.
            before = self._refuse_to_replace(target, place, digest)
            with self.register.writing() as writing:
                writing.note(Use(place, digest, before, _iso(now), made_of))
            temporary.replace(target)
            flush_folder(target.parent)
        except OSError as error:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            if isinstance(error, SourceError):
                raise
            raise of_disk(error, str(target)) from error
        return target

    def is_ours(self, data: Path, place: str) -> bool:
        """Tell whether a file of the data folder is as it was written from this store."""
        noted = self.register.uses().get(place) if self.exists() else None
        return noted is not None and sha256_of(data / place) in {noted.sha256, noted.previous}

    def _is_made(self, target: Path, place: str, made_of: tuple[tuple[str, str], ...]) -> bool:
        """Tell whether a file is there, as it was made of these answers by this recipe."""
        noted = self.register.uses().get(place) if target.is_file() else None
        return noted is not None and noted.parts == made_of and sha256_of(target) == noted.sha256

    def _refuse_to_replace(self, target: Path, place: str, digest: str) -> str | None:
        """Refuse to replace a file that is not of this store; return its digest if there is one."""
        _removed(list(target.parent.glob(f".{target.name}.*")))  # of writers that were killed
        if not target.exists():
            return None
        found = sha256_of(target)
        if found != digest and not self.is_ours(target.parents[place.count("/")], place):
            msg = (
                f"{target} : fichier déposé ou modifié à la main, laissé ; le déplacer pour"
                " employer celui du service"
            )
            raise SourceError(msg)
        return found

    def prune(
        self,
        now: datetime,
        *,
        keep_days: float,
        kept: set[str] | None = None,
        dry_run: bool = False,
    ) -> Pruned:
        """
        Remove what nothing needs: answers that are neither recent, last, used nor in `kept`.

        An answer is forgotten before its content is removed: killed in between, the store holds a
        content too many, that the next call removes.

        Parameters
        ----------
        now
            UTC; an answer is recent within `keep_days` days of it, strictly older ones go.
        kept
            Digests that a product refers to.
        dry_run
            Remove nothing, tell what would be.
        """
        if not self.exists():
            return Pruned(0, 0)
        before = _iso(now - timedelta(days=keep_days))
        with self.register.writing(undo=dry_run) as writing:
            writing.forget(before, kept or set())
            needed = writing.digests()
        if dry_run:
            return _removed(self._unneeded(needed), dry_run=True)
        # Held while contents go: nobody can say meanwhile that one of them is an answer.
        with self.register.writing() as writing:
            return _removed(self._unneeded(writing.digests()))

    def _unneeded(self, needed: set[str]) -> list[Path]:
        contents = (self.root / "contents").glob("*/*")
        return [*(it for it in contents if it.name not in needed), *self.incoming.glob("*")]


def _removed(paths: list[Path], *, dry_run: bool = False) -> Pruned:
    """Remove the files that no living process can be writing."""
    files, size = 0, 0
    youngest = time.time() - _GRACE.total_seconds()
    for path in paths:
        with suppress(OSError):  # another process took it, or Windows holds it open
            found = path.stat()
            if found.st_mtime < youngest:
                if not dry_run:
                    path.unlink()
                files, size = files + 1, size + found.st_size
    return Pruned(files, size)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
