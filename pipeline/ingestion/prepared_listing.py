"""What a source folder holds, remembered: neither hashed nor unpacked again for each commune."""

import json
import os
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import cast

from pipeline.ingestion.files import (
    Desk,
    SourceFile,
    file_digest,
    find_files,
    parts_of,
    renamed,
)
from pipeline.ingestion.formats import Format
from pipeline.ingestion.prepared import DAMAGED, Meta, Store, key_of, maker, store_of

# A file that was written in the same tick of the clock as it was read may change unseen: FAT, the
# coarsest, ticks every two seconds.
_TICK_NS = 2_000_000_000
_CACHED_LISTINGS = 64

Stamp = tuple[int, int, int, int]
Stamps = dict[str, Stamp]


def find_known_files(
    data: Path, folder: str, work: Path, store: Path | None = None
) -> tuple[SourceFile, ...] | None:
    """
    List the files of a source folder, as `find_files` does, from the store where it is up to date.

    It is when every file of the folder has the size, the times of writing and of change, and the
    number (inode) that it had when it was hashed.

    Parameters
    ----------
    store
        The store of prepared sources; by default the one of the data folder, if there is one.
    """
    root = store or store_of(data)
    if root is None:
        return find_files(data, folder, work)
    known = _known(Store(root), data, folder)
    return known if known is not None else find_files(data, folder, work)


def list_folder(store: Store, data: Path, folder: str, work: Path) -> tuple[SourceFile, ...] | None:
    """
    List the files of a folder and remember them; None, and nothing, when it is absent.

    Raises
    ------
    SourceError
        As `find_files`; the folder is then read again by each commune, which tells it.
    """
    known = _known(store, data, folder)
    if known is not None:
        return known
    root = data / folder
    if not root.is_dir():
        (store.listings / f"{folder}.json").unlink(missing_ok=True)
        return None
    stamps = _settled(root)
    desk = _KeepingDesk(store, work, root, _hashes(store, folder), stamps)
    files = find_files(data, folder, work, desk=desk)
    if files is None or stamps_of(root) != stamps:  # written meanwhile: not to be trusted
        return files
    content = {
        "maker": maker(),
        "data": str(data.resolve()),
        "stamps": stamps,
        "hashes": desk.hashes,
        "files": [_written(file, store) for file in files],
    }
    store.write_listing(folder, content)
    return _known(store, data, folder) or files


def listed_folders(store: Store) -> list[str]:
    """Return the folders that the store remembers, sorted."""
    return sorted(path.stem for path in store.listings.glob("*.json"))


def listing_of(store: Store, folder: str) -> list[Meta]:
    """Return the files of a folder that the store remembers, as they were written."""
    path = store.listings / f"{folder}.json"
    return cast(list[Meta], _read(path, path.stat().st_mtime_ns)["files"])


def unpacked_in_use(store: Store) -> set[str]:
    """Return the names, in `unpacked/`, of what the listings refer to."""
    used: set[str] = set()
    for folder in listed_folders(store):
        for file in listing_of(store, folder):
            if file["is_kept"]:
                used.add(Path(file["path"]).parts[0])
    return used


def stamps_of(root: Path) -> Stamps:
    """Return the size, times and number of each file of a folder, hidden ones left out."""
    return dict(sorted(_walk(root, "")))


class _KeepingDesk(Desk):
    """Hashes a file once for each of its states, unpacks an archive once for each content."""

    def __init__(
        self,
        store: Store,
        work: Path,
        root: Path,
        earlier: dict[str, tuple[list[Stamp], str]],
        stamps: Stamps,
    ) -> None:
        super().__init__(work)
        self._store, self._root, self._stamps = store, root, stamps
        self._earlier = earlier
        self.hashes: dict[str, tuple[list[Stamp], str]] = {}

    def sha256(self, path: Path) -> str:
        key = path.relative_to(self._root).as_posix()
        own = [part.relative_to(self._root).as_posix() for part in parts_of(path)]
        stamps = [self._stamps[name] for name in own if name in self._stamps]
        earlier = self._earlier.get(key)
        is_known = earlier is not None and earlier[0] == stamps and len(stamps) == len(own)
        digest = earlier[1] if is_known and earlier is not None else file_digest(path)
        self.hashes[key] = (stamps, digest)
        return digest

    def unpacked(self, path: Path, found: Format, name: str, place: str, sha256: str) -> Path:
        target = self._store.unpacked / sha256
        if not target.is_dir():
            with self._store.staging() as folder:
                made = Desk(folder).unpacked(path, found, name, place, sha256)
                self._store.adopt(made, target)
        return target

    def openable(self, path: Path, found: Format, sha256: str) -> Path:
        target = self._store.unpacked / key_of("name", sha256, path.name)
        with self._store.staging() as folder:
            copy = renamed(path, found, folder / "copy")
            if copy is None:
                return path.resolve()
            self._store.adopt(folder / "copy", target)
        return (target / copy.name).resolve()


def _known(store: Store, data: Path, folder: str) -> tuple[SourceFile, ...] | None:
    """Return the files of a folder that has not changed since it was listed; else None."""
    path = store.listings / f"{folder}.json"
    try:
        content = _read(path, path.stat().st_mtime_ns)
        is_current = content["maker"] == maker() and content["data"] == str(data.resolve())
        stamps = {name: tuple(stamp) for name, stamp in content["stamps"].items()}
        if not is_current or stamps_of(data / folder) != stamps:
            return None
        files = tuple(_file(raw, store, data) for raw in content["files"])
        kept = [file for file, raw in zip(files, content["files"], strict=True) if raw["is_kept"]]
    except DAMAGED:
        return None
    return files if all(file.path.exists() for file in kept) else None


def _file(raw: Meta, store: Store, data: Path) -> SourceFile:
    base = store.unpacked if raw["is_kept"] else data
    return SourceFile(
        raw["folder"],
        raw["name"],
        (base / raw["path"]).resolve(),
        cast(Format, raw["format"]),
        raw["sha256"],
        raw["damage"],
        raw["member"],
        store.root,
    )


def _written(file: SourceFile, store: Store) -> Meta:
    kept = store.unpacked.resolve()
    is_kept = file.path.is_relative_to(kept)
    return {
        "folder": file.folder,
        "name": file.name,
        "path": str(file.path.relative_to(kept) if is_kept else file.path),
        "is_kept": is_kept,
        "format": file.format,
        "sha256": file.sha256,
        "damage": file.damage,
        "member": file.member,
    }


def _hashes(store: Store, folder: str) -> dict[str, tuple[list[Stamp], str]]:
    """Return the digests of an earlier listing, with the state of the files that they are of."""
    path = store.listings / f"{folder}.json"
    try:
        content = _read(path, path.stat().st_mtime_ns)
        return {
            name: ([cast(Stamp, tuple(stamp)) for stamp in stamps], str(digest))
            for name, (stamps, digest) in content["hashes"].items()
        }
    except DAMAGED:
        return {}


def _settled(root: Path) -> Stamps:
    """Return the state of a folder once its last writing is older than a tick of any clock."""
    stamps = stamps_of(root)
    latest = max((max(stamp[1], stamp[2]) for stamp in stamps.values()), default=0)
    wait = latest + _TICK_NS - time.time_ns()
    if wait > 0:  # a file dated from tomorrow is waited for no longer
        time.sleep(min(wait, _TICK_NS) / 1e9)
        return stamps_of(root)
    return stamps


def _walk(folder: Path, before: str) -> Iterator[tuple[str, Stamp]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith((".", "__MACOSX")):
                continue
            name = f"{before}{entry.name}"
            if entry.is_dir():
                yield from _walk(Path(entry.path), f"{name}/")
            else:
                found = Path(entry.path).stat()
                yield name, (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


@lru_cache(maxsize=_CACHED_LISTINGS)
def _read(path: Path, _: int) -> Meta:
    return cast(Meta, json.loads(path.read_text(encoding="utf-8")))
