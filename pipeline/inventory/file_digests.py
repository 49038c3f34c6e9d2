"""Digests of files, worked out again only for a file that has changed since."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pipeline.disk import sha256_of

# A file changed twice within the grain of the clock of its disk (2 s on FAT) looks the same: what
# was written just now is read again next time. A clock set back only makes it read again longer.
_GRAIN_S = 2.0
NO_FILE = "absent"


class FileDigests:
    """
    Digests by name, kept from a run to the next with the size, time and inode of the files.

    `kept` is that of the last run; `used` what this one asked for, to be kept in its turn.
    """

    def __init__(
        self,
        kept: Mapping[str, tuple[str, str]],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._kept, self._clock = dict(kept), clock
        self.used: dict[str, tuple[str, str]] = {}

    def sha256(self, paths: Sequence[Path]) -> str:
        """Return the sha256 of files put end to end, `absent` where one of them is not there."""
        return self.of(f"sha256 {paths[0]}", paths, lambda: _sha256(paths))

    def of(self, name: str, paths: Sequence[Path], work_out: Callable[[], str]) -> str:
        """
        Return a digest of files, by `work_out` unless they are as they were last time.

        Parameters
        ----------
        name
            Names the digest from one run to the next.
        paths
            The files that it depends on; one that is absent counts as absent.
        work_out
            Reads them; gives `absent` when the first of them is not there.
        """
        stamp, is_settled = self._stamp(paths)
        kept = self._kept.get(name) or self.used.get(name)
        value = kept[1] if kept is not None and kept[0] == stamp else work_out()
        if is_settled:
            self.used[name] = (stamp, value)
        return value

    def _stamp(self, paths: Sequence[Path]) -> tuple[str, bool]:
        parts, latest = [], 0.0
        for path in paths:
            try:
                found = path.stat()
            except OSError:
                parts.append(NO_FILE)
                continue
            latest = max(latest, found.st_mtime)
            parts.append(f"{found.st_size}:{found.st_mtime_ns}:{found.st_ino}")
        return " ".join(parts), self._clock() - latest >= _GRAIN_S


def _sha256(paths: Sequence[Path]) -> str:
    try:
        return sha256_of(*paths)
    except FileNotFoundError:
        return NO_FILE
