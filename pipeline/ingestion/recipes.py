"""How a file is made from answers, when that is too long to be done again for nothing."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Recipe:
    """
    A way to make a file, under a name that changes with everything but the answers.

    A file that the same recipe made of the same answers is left as it is.
    """

    name: str
    make: Callable[[Sequence[Path]], Iterable[bytes]]

    def __call__(self, contents: Sequence[Path]) -> Iterable[bytes]:
        """Give the bytes of the file from the contents of the answers."""
        return self.make(contents)
