"""Objects of an OSM file by their tags, in columns: osmium writes text, Arrow reads it in bulk."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from pipeline.crs import FloatArray
from pipeline.ingestion.osm_objects import Tags

# How osmium writes what is read here: one line an object, its fields between spaces.
TEXT = "opl,add_metadata=timestamp"
_FIELDS = ("name", "visible", "edit", "tags", "rest")
# Bytes read at a time. A line has to fit in; the longest of OSM, 32 000 members, is below 2 MB.
_BLOCK = 1 << 22
_ESCAPED = re.compile("%([0-9a-f]+)%")

Rows = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Tagged:
    """
    Objects of one type in the order of the file, `n` of them.

    Each column has shape `(n,)`, but `combinations`: what many objects say alike is held, and
    looked at, once. Those tags are shared: never change them.
    """

    kind: str  # `node`, `way`, `relation`
    numbers: Numbers
    edits: Numbers  # seconds since 1970; 0 when not told
    places: tuple[FloatArray, FloatArray]  # of nodes: degrees east and north, NaN if unknown
    members: pa.Array  # of relations, for `members_of`
    codes: Numbers  # rows of `combinations`
    combinations: list[Tags]

    def tell(self, is_so: Callable[[Tags], bool]) -> Rows:
        """Return whether the tags of each object are so, shape `(n,)`."""
        told = np.fromiter(map(is_so, self.combinations), dtype=bool)
        return np.asarray(told[self.codes])

    def keys(self, rows: Rows) -> list[str]:
        """Return the keys, `way/123`, of the objects told by a mask, shape `(n,)`."""
        return [f"{self.kind}/{number}" for number in self.numbers[rows].tolist()]

    def tags(self, rows: Rows) -> list[Tags]:
        """Return the tags of the objects told by a mask, shape `(n,)`."""
        return [self.combinations[code] for code in self.codes[rows].tolist()]

    def days(self, rows: Rows) -> list[str]:
        """Return the days of the last edits, ISO, of the objects told by a mask, shape `(n,)`."""
        moments = self.edits[rows].astype("datetime64[s]")
        return [str(day) for day in np.datetime_as_string(moments, "D")]


def read_tagged(text: Path) -> tuple[Tagged, Tagged, Tagged]:
    """Return the nodes, the ways and the relations of a text that osmium wrote as `TEXT` says."""
    nodes, ways, relations = _Columns("node"), _Columns("way"), _Columns("relation")
    for block in _blocks(text):
        for columns, letter in ((nodes, "n"), (ways, "w"), (relations, "r")):
            columns.add(block.filter(pc.starts_with(block["name"], letter)))
    return nodes.whole(), ways.whole(), relations.whole()


def members_of(text: str) -> list[tuple[str, int]]:
    """Return the members told by `Tagged.members`: kind (`n`, `w`, `r`) and number of each."""
    names = (member.partition("@")[0] for member in text[1:].split(",") if member)
    return [(name[0], int(name[1:])) for name in names]


class _Columns:
    """Columns of objects that come by blocks."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._numbers = [np.empty(0, dtype=np.int64)]
        self._edits = [np.empty(0, dtype=np.int64)]
        self._places = [np.empty((2, 0))]
        self._members = [pa.array([], pa.string())]
        self._codes = [np.empty(0, dtype=np.int64)]
        self._texts: dict[str, int] = {}

    def add(self, block: pa.RecordBatch) -> None:
        """Add a block."""
        self._numbers.append(np.asarray(_without_letter(block["name"]).cast(pa.int64())))
        self._edits.append(_seconds(block["edit"]))
        self._codes.append(_codes(block["tags"], self._texts))
        if self._kind == "node":
            self._places.append(_degrees(block["rest"]))
        elif self._kind == "relation":
            self._members.append(block["rest"])

    def whole(self) -> Tagged:
        """Return the objects of all blocks."""
        east, north = np.concatenate(self._places, axis=1)
        return Tagged(
            self._kind,
            np.concatenate(self._numbers),
            np.concatenate(self._edits),
            (east, north),
            pa.concat_arrays(self._members),
            np.concatenate(self._codes),
            [_tags_of(text) for text in self._texts],
        )


def _blocks(text: Path) -> Iterator[pa.RecordBatch]:
    """Give the fields of the lines; all that follows the tags is one."""
    if not text.stat().st_size:  # Arrow reads no empty file
        return
    with csv.open_csv(
        text,
        csv.ReadOptions(column_names=["line"], block_size=_BLOCK),
        csv.ParseOptions(delimiter="\t", quote_char=False),
        csv.ConvertOptions(column_types={"line": pa.string()}),
    ) as reader:
        for block in reader:
            fields = pc.split_pattern(block["line"], " ", max_splits=len(_FIELDS) - 1)
            columns = [pc.list_element(fields, rank) for rank in range(len(_FIELDS))]
            yield pa.RecordBatch.from_arrays(columns, _FIELDS)


def _seconds(edits: pa.Array) -> Numbers:
    moments = _without_letter(edits).cast(pa.timestamp("s", "UTC"))
    return np.asarray(moments.cast(pa.int64()).fill_null(0))


def _degrees(places: pa.Array) -> FloatArray:
    """Return degrees east and north, shape `(2, n)`, of places told `x2.1 y50.2`."""
    axes = pc.split_pattern(places, " ")
    texts = [_without_letter(pc.list_element(axes, rank)) for rank in (0, 1)]
    return np.stack([text.cast(pa.float64()).fill_null(np.nan) for text in texts])


def _without_letter(texts: pa.Array) -> pa.Array:
    """Return what follows the first letter; null for nothing."""
    told = pc.utf8_slice_codeunits(texts, 1)
    return pc.if_else(pc.equal(told, ""), None, told)


def _codes(texts: pa.Array, known: dict[str, int]) -> Numbers:
    """Return a number for each text, the same for the same; add the new ones to `known`."""
    encoded = texts.dictionary_encode()
    numbers = [known.setdefault(text, len(known)) for text in encoded.dictionary.to_pylist()]
    return np.asarray(np.asarray(numbers, dtype=np.int64)[encoded.indices.to_numpy()])


def _tags_of(text: str) -> Tags:
    pairs = (pair.partition("=") for pair in text[1:].split(",") if pair)
    return {_plain(key): _plain(value) for key, _, value in pairs}


def _plain(text: str) -> str:
    if "%" not in text:
        return text
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
