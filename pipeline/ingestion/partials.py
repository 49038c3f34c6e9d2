"""A download under way: what came is kept, so that a second try asks only for the rest."""

import json
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pipeline.ingestion.file_locks import held


class Partial:
    """
    The bytes received so far, and what proves that the rest belongs to the same content.

    Only a content with a strong `ETag`, or a `Last-Modified`, is resumed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._facts = path.with_suffix(".json")

    @property
    def size(self) -> int:
        """Return how many bytes came; 0 when nothing did."""
        return self.path.stat().st_size if self.path.exists() else 0

    def resume_headers(self) -> dict[str, str]:
        """Return the headers that ask for the rest; none when the whole must be asked."""
        validator = _validator(self.facts())
        if validator is None or not self.size:
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": validator}

    def facts(self) -> dict[str, str]:
        """Return the headers of the answer that was begun; none when they are lost."""
        try:
            found = json.loads(self._facts.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}

    def start(self, headers: Mapping[str, str]) -> None:
        """Forget what came: a content that has these headers begins."""
        self.forget()
        self._facts.write_text(json.dumps(dict(headers)), encoding="utf-8")

    def append(self, chunks: Iterable[bytes], largest: int) -> bool:
        """Add bytes as they come; return False as soon as there are more than `largest`."""
        size = self.size
        with self.path.open("ab") as stream:
            for chunk in chunks:
                size += len(chunk)
                if size > largest:
                    return False
                stream.write(chunk)
        return True

    def forget(self) -> None:
        """Remove what came."""
        self.path.unlink(missing_ok=True)
        self._facts.unlink(missing_ok=True)

    def give(self, content: Path) -> Path:
        """Return `content` (the partial or a decoded copy) under a name that nobody else writes."""
        given = self.path.with_name(f"{uuid.uuid4().hex}.whole")
        content.replace(given)
        self.forget()
        return given


@contextmanager
def partial_of(folder: Path, key: str) -> Iterator[Partial]:
    """
    Yield the download under way of a request, for one process at a time.

    A second process that asks the same at the same moment has a download of its own, that nobody
    resumes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with held(folder / f"{key}.lock") as ours:
        if ours:
            yield Partial(folder / f"{key}.part")
            return
        alone = Partial(folder / f"{uuid.uuid4().hex}.part")
        try:
            yield alone
        finally:
            alone.forget()


def room(folder: Path) -> int:
    """Return the free bytes of the disk that holds `folder`."""
    return shutil.disk_usage(folder).free


def _validator(facts: Mapping[str, str]) -> str | None:
    etag = facts.get("etag", "")
    if etag and not etag.startswith("W/"):
        return etag
    return facts.get("last-modified")
