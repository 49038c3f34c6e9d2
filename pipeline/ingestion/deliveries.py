"""One file of a data folder: left as it is, fetched and written, or only planned."""

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from pipeline.disk import sha256_of
from pipeline.errors import AbsentError, OfflineError, ServiceError, SourceError
from pipeline.ingestion.evidence import EvidenceStore
from pipeline.ingestion.evidence_records import Evidence
from pipeline.ingestion.exchange import Request
from pipeline.ingestion.retrieval import Retrieval
from pipeline.ingestion.wanted import Archive, Listed, Make, Wanted

_MEGABYTE = 1024**2
State = Literal["telecharge", "deja_la", "a_demander", "absent", "depose", "ecarte", "echec"]


@dataclass(frozen=True)
class Fetched:
    """
    What became of one file.

    `state` tells whether its answer is new (`telecharge`), was kept (`deja_la`), would be asked for
    (`a_demander`), does not exist at the producer (`absent`), was left to a file of somebody
    (`depose`), was left out on purpose (`ecarte`, the reason in `detail`), or could not be had
    (`echec`, the error in `detail`). The rest is None without an answer; `size` is in bytes, that
    which is announced where nothing was asked for yet.
    """

    place: str
    state: State
    service: str
    size: int | None = None
    fetched_at: str | None = None
    vintage: str | None = None
    licence: str | None = None
    detail: str | None = None


class Deliveries:
    """
    Writes the files of a data folder, one by one.

    A folder that holds files of somebody is left as it is: two sources are never mixed unseen.

    Parameters
    ----------
    data
        The folder; made as needed.
    retrieval
        Its store is in the folder.
    clock
        Gives the time, in UTC.
    on_step
        Called with what is being fetched.
    """

    def __init__(
        self,
        data: Path,
        retrieval: Retrieval,
        *,
        clock: Callable[[], datetime],
        on_step: Callable[[str], None],
    ) -> None:
        self.data = data
        self.retrieval = retrieval
        self._clock = clock
        self._on_step = on_step

    @property
    def store(self) -> EvidenceStore:
        """Return the store of the proofs."""
        return self.retrieval.store

    def fetched(self, wanted: Wanted) -> Fetched:
        """Fetch a file and write it; what cannot be had is told."""
        left = self.left(wanted.folder, wanted.place, wanted.request.service)
        if left is not None:
            return left
        self._on_step(wanted.place)
        before = self.retrieval.kept_count
        try:
            parts = wanted.fetch(self.retrieval)
            self._write(parts, wanted.place, wanted.make)
        except ServiceError as error:
            return _failed(wanted.place, wanted.request.service, error)
        self._remove(wanted.replaces, {wanted.place})
        is_new = self.retrieval.kept_count > before
        return _told(wanted.place, wanted.request, parts, "telecharge" if is_new else "deja_la")

    def planned(self, wanted: Wanted) -> Fetched:
        """Tell what `fetched` would do, asking nobody."""
        return self._planned(wanted.place, wanted.folder, wanted.request, None)

    def archives(self, listed: Listed, *, dry_run: bool) -> list[Archive] | Fetched:
        """
        Return the archives that a list tells, or what is said when there are none to fetch.

        With `dry_run` the list, if it must be asked, is kept nowhere.
        """
        place, service = f"{listed.folder}/", listed.request.service
        left = self.left(listed.folder, place, service)
        if left is not None:
            return left
        self._on_step(place)
        try:
            if not dry_run or self.is_kept(listed.request):
                return listed.expand(self.retrieval)
            with tempfile.TemporaryDirectory() as work:
                return listed.expand(self._peeking(Path(work)))
        except ServiceError as error:
            if dry_run and isinstance(error, OfflineError):
                where = listed.request.where(self.retrieval.transport.services[service])
                return Fetched(place, "a_demander", service, detail=where)
            return _failed(place, service, error)

    def archive_planned(self, archive: Archive) -> Fetched:
        """Tell what `archive_fetched` would do, with the size that the service announces."""
        size = self.size_of(archive.request, archive.size)
        return self._planned(archive.place, archive.folder, archive.request, size)

    def archive_fetched(self, archive: Archive) -> Iterator[Fetched]:
        """Fetch an archive, and write the files that it holds, those that are not there yet."""
        service = archive.request.service
        left = self.left(archive.folder, archive.place, service)
        if left is not None:
            yield left
            return
        self._on_step(archive.place)
        before = self.retrieval.kept_count
        done: set[str] = set()
        try:
            part = self.retrieval.get(archive.request, archive.read)
            is_new = self.retrieval.kept_count > before
            content = self.store.verified(part)
            for member in archive.members(content):
                self._on_step(member.place)
                if not self._is_made(member.place, part):
                    self._write([part], member.place, member.make)
                done.add(member.place)
                state: State = "telecharge" if is_new else "deja_la"
                yield _told(member.place, archive.request, [part], state)
        except SourceError as error:  # a damaged archive does not stop the other files
            yield _failed(archive.place, service, error)
            return
        self._remove(archive.replaces, done)

    def size_of(self, request: Request, listed: int | None = None) -> int | None:
        """
        Return the size of a download to come, bytes; 0 if it is kept, None if nobody tells.

        Parameters
        ----------
        listed
            The size that a list of the service tells; without it, the service is asked.
        """
        if self.is_kept(request):
            return 0
        if listed is not None:
            return listed
        try:
            return self.retrieval.transport.announced_size(request)
        except ServiceError:
            return None

    def is_kept(self, request: Request) -> bool:
        """Tell whether a fresh answer is kept."""
        last = self.store.latest(request)
        service = self.retrieval.transport.services[request.service]
        return last is not None and self.retrieval.is_fresh(last, service)

    def left(self, folder: str, place: str, service: str) -> Fetched | None:
        """Return what is said of a file left to somebody's; None when it may be written."""
        ours = set(self.store.register.uses()) if self.store.exists() else set()
        places = {path.relative_to(self.data).as_posix() for path in visible(self.data / folder)}
        if not places <= ours:
            detail = f"{folder}/ : fichiers déposés à la main, employés tels quels"
        elif place in places and not self.store.is_ours(self.data, place):
            detail = f"{place} : modifié depuis, employé tel quel"
        else:
            return None
        return Fetched(place, "depose", service, detail=detail)

    def ours(self, folder: str) -> list[str]:
        """Return the places of a folder that hold files written from the store, sorted."""
        uses = self.store.register.uses() if self.store.exists() else {}
        return sorted(
            place
            for place in uses
            if place.startswith(f"{folder}/") and (self.data / place).is_file()
        )

    def has_files(self, folder: str) -> bool:
        """Tell whether readers would see a file in a folder."""
        return any(visible(self.data / folder))

    def _peeking(self, work: Path) -> Retrieval:
        """Return what asks the same services, and keeps nothing in the data folder."""
        return Retrieval(
            EvidenceStore(work),
            self.retrieval.transport,
            clock=self._clock,
            warn=lambda _: None,
        )

    def _planned(self, place: str, folder: str, request: Request, size: int | None) -> Fetched:
        left = self.left(folder, place, request.service)
        if left is not None:
            return left
        last = self.store.latest(request)
        if last is not None and self.is_kept(request):
            return _told(place, request, [last], "absent" if last.is_absence else "deja_la")
        where = request.where(self.retrieval.transport.services[request.service])
        return Fetched(place, "a_demander", request.service, size=size, detail=where)

    def _write(self, parts: Sequence[Evidence], place: str, make: Make | None) -> None:
        self.store.deliver(parts, self.data, place, self._clock(), make=make)

    def _is_made(self, place: str, part: Evidence) -> bool:
        """Tell whether a file is there already, as the same archive gave it."""
        use = self.store.register.uses().get(place)
        path = self.data / place
        return (
            use is not None
            and use.parts == ((part.key, part.sha256),)
            and path.is_file()
            and sha256_of(path) == use.sha256
        )

    def _remove(self, pattern: str | None, kept: set[str]) -> None:
        """Remove the files, of ours and unchanged, that a new one makes useless."""
        if pattern is None:
            return
        for place in self.ours(next(iter(kept), "").split("/")[0]):
            is_useless = re.fullmatch(pattern, place) is not None and place not in kept
            if is_useless and self.store.is_ours(self.data, place):
                (self.data / place).unlink()


def total_of(sizes: Sequence[int | None]) -> str:
    """Return in French what is to be downloaded: the announced sizes, and those that are not."""
    known = sum(size for size in sizes if size is not None)
    unknown = sum(size is None for size in sizes)
    more = f", plus {unknown} fichier(s) de taille non annoncée" if unknown else ""
    return f"{-(-known // _MEGABYTE)} Mo annoncés{more}"


def visible(folder: Path) -> Iterator[Path]:
    """Give the files that readers would see."""
    for path in folder.rglob("*") if folder.is_dir() else ():
        if path.is_file() and not any(
            part.startswith(".") for part in path.relative_to(folder).parts
        ):
            yield path


def _failed(place: str, service: str, error: SourceError) -> Fetched:
    state: State = "absent" if isinstance(error, AbsentError) else "echec"
    return Fetched(place, state, service, detail=str(error))


def _told(place: str, request: Request, parts: Sequence[Evidence], state: State) -> Fetched:
    """Describe a file by its answers: the oldest day and vintage of all."""
    vintages = [part.vintage for part in parts if part.vintage is not None]
    return Fetched(
        place,
        state,
        request.service,
        size=sum(part.size for part in parts),
        fetched_at=min(part.fetched_at for part in parts),
        vintage=min(vintages, default=None),
        licence=parts[0].licence,
    )
