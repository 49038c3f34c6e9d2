"""Land cover × land use → category 1° to 10°, artificial or not, sealed or not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.crs import FloatArray
from pipeline.errors import ConfigError
from pipeline.land_nomenclature import Cell, LandCode, LandNomenclature, expand

BoolArray = npt.NDArray[np.bool_]
SmallArray = npt.NDArray[np.int8]
_UNKNOWN = -1


@dataclass(frozen=True)
class _Codes:
    """
    Codes of one axis and the cells they stand for.

    `known` lists the codes; `cells[i]` are the positions, among the codes that have cells, of those
    the i-th stands for. One more entry at the end stands for them all: a code that is missing or
    unknown, which may be any.
    """

    known: "pd.Index[Any]"
    cells: tuple[list[int], ...]

    @classmethod
    def of(cls, codes: Iterable[LandCode]) -> "_Codes":
        stands_for = expand(codes)
        own = [code for code, others in stands_for.items() if others == (code,)]
        positions = {code: i for i, code in enumerate(own)}
        cells = [[positions[other] for other in others] for others in stands_for.values()]
        return cls(pd.Index(list(stands_for)), (*cells, list(range(len(own)))))

    def locate(self, codes: "pd.Series[Any]") -> npt.NDArray[np.intp]:
        """Return the position of each code; -1, the entry at the end, where it is not known."""
        return self.known.get_indexer(pd.Index(codes, dtype=object))


def classify(
    cover_codes: "pd.Series[Any]",
    use_codes: "pd.Series[Any]",
    nomenclature: LandNomenclature,
    *,
    exempted: Mapping[str, BoolArray] | None = None,
) -> pd.DataFrame:
    """
    Return what the annex to article R. 101-1 says of each piece of land, thresholds apart.

    Nothing is guessed. A code that is missing, unknown or coarser than the nomenclature gives what
    all the codes that it may stand for give alike, and a missing value where they differ: under a
    building no use matters, on mineral ground an extraction site would not be artificial.

    Parameters
    ----------
    cover_codes, use_codes
        Dotted codes (`CS1.1.1.1`, `US4.1.1`), one per piece, on one index; null where none.
    nomenclature
        The one in force on the day, with its exemptions.
    exempted
        The exemptions that the service grants, by code: which pieces are in such a place and meet
        its conditions, shape `(n,)`. None by default. Where two meet, the first one stands.

    Returns
    -------
    classes
        On the index of `cover_codes`: `category` (1 to 10), `is_artificial`, `is_sealed`, all
        nullable, and `exemption`, the code of the one that made the piece not artificial.

    Raises
    ------
    ConfigError
        If an exemption is not one of the nomenclature's on that day.

    References
    ----------
    Code de l'urbanisme, art. R. 101-1 and its annex (décret n° 2023-1096).
    """
    covers, uses = _Codes.of(nomenclature.cover_codes), _Codes.of(nomenclature.use_codes)
    rows, columns = covers.locate(cover_codes), uses.locate(use_codes)
    answers = {cell: line.category for cell, line in nomenclature.answers.items()}
    category, status = _read(answers, nomenclature, covers, uses, rows, columns)
    exemption = np.full(len(rows), None, dtype=object)
    for code, granted in (exempted or {}).items():
        moved = {**answers, **_cells_of(code, nomenclature)}
        other, freed = _read(moved, nomenclature, covers, uses, rows, columns)
        applies = np.asarray(granted, dtype=bool) & (status == 1) & (freed == 0)
        category, status = np.where(applies, other, category), np.where(applies, 0, status)
        exemption[applies] = code
    sealed = np.array([item.is_sealed for item in nomenclature.cover_codes if not item.read_as])
    columns_of = {
        "category": pd.arrays.IntegerArray(category.astype(np.int64), category == _UNKNOWN),
        "is_artificial": _nullable(status),
        "is_sealed": _nullable(
            _shared(sealed.astype(np.int8)[:, None], covers.cells, ([0],))[rows, 0]
        ),
        "exemption": pd.array(exemption, dtype=pd.StringDtype(na_value=np.nan)),
    }
    return pd.DataFrame(columns_of, index=cover_codes.index)


def undetermined(
    cover_codes: "pd.Series[Any]",
    use_codes: "pd.Series[Any]",
    areas_m2: FloatArray,
    nomenclature: LandNomenclature,
) -> pd.DataFrame:
    """
    List the pairs of codes that the nomenclature does not answer in full, the largest area first.

    Returns
    -------
    pairs
        One row per pair of codes of which one is missing or unknown, or whose category is not
        known: `cover_code`, `use_code`, `cause` (French), `is_artificial` where it is known all
        the same, `piece_count`, `area_m2`.
    """
    classes = classify(cover_codes, use_codes, nomenclature)
    covers, uses = _Codes.of(nomenclature.cover_codes), _Codes.of(nomenclature.use_codes)
    pieces = pd.DataFrame(
        {
            "cover_code": cover_codes,
            "use_code": use_codes,
            "is_artificial": classes["is_artificial"],
            "area_m2": areas_m2,
        }
    )
    doubtful = (covers.locate(cover_codes) < 0) | (uses.locate(use_codes) < 0)
    listed = pieces[doubtful | classes["category"].isna().to_numpy()]
    pairs = (
        listed.groupby(["cover_code", "use_code"], dropna=False, sort=True)
        .agg(
            is_artificial=("is_artificial", "first"),
            piece_count=("area_m2", "size"),
            area_m2=("area_m2", "sum"),
        )
        .reset_index()
    )
    causes = zip(
        _causes(pairs["cover_code"], covers, "couverture", "e"),
        _causes(pairs["use_code"], uses, "usage", ""),
        strict=True,
    )
    pairs.insert(2, "cause", [" ; ".join(filter(None, both)) for both in causes])
    return pairs.sort_values("area_m2", ascending=False, kind="stable", ignore_index=True)


def _causes(codes: "pd.Series[Any]", known: _Codes, noun: str, feminine: str) -> list[str]:
    """Say in French what is wrong with each code of an axis; empty where nothing is."""
    said = []
    for code, position in zip(codes, known.locate(codes), strict=True):
        if pd.isna(code):
            said.append(f"{noun} absent{feminine}")
        elif position < 0:
            said.append(f"{noun} inconnu{feminine}")
        else:
            several = len(known.cells[position]) > 1
            said.append(f"{noun} trop large" if several else "")
    return said


def _read(
    answers: Mapping[Cell, int],
    nomenclature: LandNomenclature,
    covers: _Codes,
    uses: _Codes,
    rows: npt.NDArray[np.intp],
    columns: npt.NDArray[np.intp],
) -> tuple[SmallArray, SmallArray]:
    """Return the category and the status of each piece, -1 where unknown."""
    own = [
        [item.code for item in axis if not item.read_as]
        for axis in (nomenclature.cover_codes, nomenclature.use_codes)
    ]
    categories = np.array([[answers[c, u] for u in own[1]] for c in own[0]], dtype=np.int8)
    is_artificial = np.vectorize(nomenclature.status.get, otypes=[np.int8])(categories)
    category, status = (
        _shared(table, covers.cells, uses.cells) for table in (categories, is_artificial)
    )
    return category[rows, columns], status[rows, columns]


def _shared(
    table: SmallArray, rows: tuple[list[int], ...], columns: tuple[list[int], ...]
) -> SmallArray:
    """Return, for each pair of sets of cells, the value they share; -1 where they differ."""
    shared = np.full((len(rows), len(columns)), _UNKNOWN, dtype=np.int8)
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            values = table[np.ix_(row, column)]
            if (values == values[0, 0]).all():
                shared[i, j] = values[0, 0]
    return shared


def _cells_of(code: str, nomenclature: LandNomenclature) -> dict[Cell, int]:
    for exemption in nomenclature.exemptions:
        if exemption.code == code:
            return exemption.categories
    msg = f"exemption {code} : absente de la nomenclature des sols en vigueur"
    raise ConfigError(msg)


def _nullable(values: SmallArray) -> pd.arrays.BooleanArray:
    return pd.arrays.BooleanArray(values == 1, values == _UNKNOWN)
