"""The store of prepared sources: copies by content, which a commune reads in its window only."""

import hashlib
import json
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import pyarrow as pa

from pipeline.disk import flush, flush_folder
from pipeline.ingestion.file_locks import held
from pipeline.ingestion.provenance import FileReport

if TYPE_CHECKING:
    from pipeline.ingestion.files import SourceFile

FOLDER = ".prepare"
# The libraries that read sources and write copies: another version may give other rows.
_LIBRARIES = ("osmium", "pandas", "pyarrow", "pyogrio", "pyproj", "shapely")
DAMAGED = (pa.ArrowException, OSError, ValueError, KeyError, TypeError)
_META = "meta.json"
_SHARD = 2
_CACHED_COPIES = 4_096

Meta = dict[str, Any]


@dataclass(frozen=True)
class Effects:
    """What a reading did to its report, whatever the window, to be done again."""

    vintage: str | None
    state: str
    remarks: tuple[tuple[str, bool], ...]

    @classmethod
    def of(cls, report: FileReport) -> "Effects":
        """Return what was done to a report that was new; remarks with whether they are warnings."""
        warned = {line.removeprefix(f"{report.file.name} : ") for line in report.warnings}
        remarks = tuple((remark, remark in warned) for remark in report.remarks)
        return cls(report.vintage, report.state, remarks)

    @classmethod
    def read(cls, raw: Meta) -> "Effects":
        """Return effects as `asdict` wrote them."""
        remarks = tuple((str(remark), bool(warned)) for remark, warned in raw["remarks"])
        return cls(raw["vintage"], raw["state"], remarks)

    def replay(self, report: FileReport) -> None:
        """Do the same to another report of the same file."""
        report.vintage = self.vintage or report.vintage
        if self.state != "utilisee":
            report.state = cast(Literal["utilisee", "partielle", "sans_objet"], self.state)
        for remark, is_warning in self.remarks:
            (report.warn if is_warning else report.note)(remark)


@dataclass(frozen=True)
class Copy:
    """One copy of the store: its folder, and what it says of itself."""

    folder: Path
    meta: Meta

    def file(self, name: str) -> Path:
        """Return a file of the copy."""
        return self.folder / name


class Store:
    """
    A folder of copies: `copies/` by key, `unpacked/` by digest of the archive, `listings/`.

    A copy enters whole or not at all: it is written in `incoming/`, flushed, then renamed. Its key
    is made of the digest of the source file, of what is copied and of the `maker`, hence a copy is
    never out of date: at worst nobody asks for it any more.

    Parameters
    ----------
    root
        Folder of the store.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.listings = root / "listings"
        self.unpacked = root / "unpacked"
        self._copies = root / "copies"
        self._incoming = root / "incoming"

    def find(self, key: str) -> Copy | None:
        """Return the copy of a key; None when there is none, or when it is damaged."""
        folder = self._copies / key[:_SHARD] / key
        try:
            return Copy(folder, _read_meta(folder))
        except FileNotFoundError:
            return None
        except DAMAGED:
            self.refuse(folder)
            return None

    def refuse(self, folder: Path) -> None:
        """Take a damaged copy out of the way: the source is read instead, and copied again."""
        self.forget()
        with suppress(OSError):  # another process took it, or the folder cannot be written
            self._incoming.mkdir(parents=True, exist_ok=True)
            away = self._incoming / f"damaged-{uuid.uuid4().hex}"
            folder.replace(away)
            shutil.rmtree(away, ignore_errors=True)

    @staticmethod
    def forget() -> None:
        """Forget what was read of copies: another process may have changed them."""
        _read_meta.cache_clear()

    def make(
        self, key: str, sources: "Iterable[SourceFile]", write: Callable[[Path], Meta]
    ) -> Copy:
        """
        Make the copy of a key, at once.

        Parameters
        ----------
        sources
            The files that it is a copy of.
        write
            Writes the files of the copy in a new folder, and returns what it says of itself; its
            `maker` too, where it is made by more than the code that reads sources.
        """
        target = self._copies / key[:_SHARD] / key
        with self.staging() as folder:
            meta = write(folder)
            sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
            digests = sorted({file.sha256 for file in sources})
            meta = {"maker": maker(), **meta, "sources": digests, "files": sizes}
            body = json.dumps(meta, ensure_ascii=False, sort_keys=True)
            told = f"{hashlib.sha256(body.encode()).hexdigest()}\n{body}"
            (folder / _META).write_text(told, encoding="utf-8")
            self.adopt(folder, target)
        return Copy(target, meta)

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """Give a new folder; nothing of it remains after, but what was adopted."""
        folder = self._incoming / uuid.uuid4().hex
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def adopt(self, folder: Path, target: Path) -> None:
        """Flush a folder to the disk and put it in its place, unless another is there."""
        for path in folder.rglob("*"):
            if path.is_file():
                flush(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            if not target.exists():
                folder.replace(target)
                flush_folder(target.parent)

    def write_listing(self, name: str, content: Meta) -> None:
        """Write what one folder of the sources holds, at once."""
        self.listings.mkdir(parents=True, exist_ok=True)
        with self.staging() as folder:
            temporary = folder / "listing.json"
            temporary.write_text(json.dumps(content, sort_keys=True), encoding="utf-8")
            flush(temporary)
            temporary.replace(self.listings / f"{name}.json")
            flush_folder(self.listings)

    def sound(self, key: str) -> Copy | None:
        """Return the copy of a key if its files have the sizes it says; refuse it otherwise."""
        folder = self._copies / key[:_SHARD] / key
        if not (folder / _META).is_file():  # remembered perhaps, gone since
            self.forget()
        found = self.find(key)
        if found is None:
            return None
        try:
            sizes = {name: found.file(name).stat().st_size for name in found.meta["files"]}
        except DAMAGED:
            sizes = {}
        if sizes == found.meta["files"]:
            return found
        self.refuse(found.folder)
        return None

    def keys(self) -> list[str]:
        """Return the keys of all copies, sorted."""
        return sorted(path.name for path in self._copies.glob("*/*"))

    def remove(self, key: str) -> int:
        """Remove a copy; return its bytes."""
        folder = self._copies / key[:_SHARD] / key
        size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
        self.refuse(folder)
        return size

    @contextmanager
    def locked(self) -> Iterator[bool]:
        """Hold the right to write in the store, or not: yields whether it is ours; never waits."""
        self.root.mkdir(parents=True, exist_ok=True)
        with held(self.root / "verrou") as is_ours:
            if is_ours:  # what killed processes left: nobody else writes now
                shutil.rmtree(self._incoming, ignore_errors=True)
            yield is_ours


def store_of(data: Path) -> Path | None:
    """Return the store that lies in a data folder; None without one."""
    root = data / FOLDER
    return root if (root / "listings").is_dir() else None


def copy_key(file: "SourceFile", *parts: object) -> str:
    """Return the key of a copy of something in a file: the same content has the same key."""
    return key_of(file.sha256, file.member, file.format, *parts)


def key_of(*parts: object) -> str:
    """Return a key made of anything that can be written as JSON."""
    told = json.dumps([maker(), *parts], ensure_ascii=False, default=str)
    return hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()


def effects_of(report: FileReport) -> Meta:
    """Return what was done to a report, to be written in a copy."""
    return asdict(Effects.of(report))


@cache
def maker() -> str:
    """Return the digest of what makes copies: the code that reads sources, and its libraries."""
    digest = hashlib.sha256(repr([(name, version(name)) for name in _LIBRARIES]).encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


@lru_cache(maxsize=_CACHED_COPIES)
def _read_meta(folder: Path) -> Meta:
    """Read what a copy says of itself; its content never changes, it is read once."""
    digest, body = (folder / _META).read_text(encoding="utf-8").split("\n", 1)
    if hashlib.sha256(body.encode()).hexdigest() != digest:
        msg = f"{folder.name}: changed since it was written"
        raise ValueError(msg)
    return cast(Meta, json.loads(body))
