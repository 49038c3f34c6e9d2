"""Parcels of legal persons (DGFiP, *parcelles des personnes morales*): who holds which right."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from pipeline.contracts import conform
from pipeline.errors import SourceError
from pipeline.french import without_accents
from pipeline.ingestion import prepared_owners
from pipeline.ingestion.dgfip_codes import (
    ARRONDISSEMENTS,
    PERSON_GROUPS,
    RIGHTS,
    insee_code,
    split_coded,
)
from pipeline.ingestion.encoding import LATIN_1, decode, is_utf8
from pipeline.ingestion.provenance import FileReport
from pipeline.schemas import OwnedParcel

# Places of what is read, from 0. Names are of no use: two columns share one, others change.
_COLUMNS = {
    "departement": 0,
    "direction": 1,
    "commune": 2,
    "prefix": 4,
    "section": 5,
    "number": 6,
    "right": 17,
    "siren": 19,
    "group": 20,
    "name": 23,
}
_COLUMN_COUNT = 24
_COMMUNE = ["departement", "direction", "commune"]
_HEAD_BYTES = 65_536
_BLOCK_BYTES = 16 * 1024**2
_ISO_8859_1 = "latin1"
# PM_25_NB_620.csv, fichier_des_parcelles_situation_2025_…: the state of 1 January.
_YEAR = re.compile(r"PM[_-](?P<short>\d{2})[_-]NB|(?<!\d)(?P<full>20\d{2})(?!\d)", re.IGNORECASE)
_SAME_RIGHT = ["idu", "siren", "owner_name", "right_code"]
_IDU_LENGTH = 14
_UNNAMED = "personne morale sans dénomination"


@dataclass(frozen=True)
class Shape:
    """How one file is written."""

    width: int
    encoding: str
    is_quoted: bool


def read_owned_parcels(reports: Sequence[FileReport], communes: Collection[str]) -> pd.DataFrame:
    """
    Read the rights of legal persons on the parcels of some communes.

    A national file is streamed, and only the rows of `communes` are kept. Where files of several
    years tell of one commune, the latest is kept. Files of premises (*locaux*) are left.

    Parameters
    ----------
    reports
        Files of the folder.
    communes
        INSEE codes; with Paris, Lyon and Marseille, those of the arrondissements.

    Returns
    -------
    owned
        `OwnedParcel`, one row per parcel, person and right, sorted by idu and name.

    Raises
    ------
    SourceError
        If a file is not of the DGFiP (fewer than 24 columns), or none is of parcels.
    """
    tables = [_none()]
    for report in reports:
        found = prepared_owners.rows_of(report, communes)
        if found is None:
            shape = shape_of(report)
            if shape is None:
                report.state = "sans_objet"
                report.note("fichier de locaux (bâtis) : seules les parcelles servent ici")
                continue
            found = [rows_of(batch, communes)[0] for batch in batches_of(report, shape)]
        tables.append(_owned(report, found))
    if reports and len(tables) == 1:
        msg = "proprietaires/ : aucun fichier de parcelles (PM_…_NB_…) ; le déposer"
        raise SourceError(msg)
    rows = _latest(pd.concat(tables, ignore_index=True), reports)
    order = ["idu", "owner_name", "siren", "right_code"]
    rows = rows.sort_values(order, na_position="last", ignore_index=True)
    return conform(OwnedParcel, rows)


def tells_owners(owned: pd.DataFrame, insee_code: str) -> bool:
    """
    Tell whether the files cover a commune: every commune has parcels of legal persons.

    Otherwise a parcel that they do not list may be anyone's.
    """
    start = ARRONDISSEMENTS.get(insee_code, insee_code)
    return bool(owned["idu"].str.startswith(start).any())


def count_owned_parcels(report: FileReport) -> int:
    """
    Return the number of rows of a file, all communes together.

    Raises
    ------
    SourceError
        If the file is not of the DGFiP.
    """
    shape = shape_of(report)
    if shape is None:
        report.note("fichier de locaux (bâtis) : seules les parcelles servent ici")
        return 0
    return sum(batch.num_rows for batch in batches_of(report, shape))


def _none() -> pd.DataFrame:
    return pd.DataFrame(columns=[*OwnedParcel.to_schema().columns, "file"], dtype=object)


def shape_of(report: FileReport) -> Shape | None:
    """
    Return how a file of parcels is written; None for a file of premises.

    Raises
    ------
    SourceError
        If the file is not of the DGFiP.
    """
    with report.file.path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    lines = decode(head[: head.rfind(b"\n") + 1] or head)[0].splitlines()
    titles = [_plain(title) for title in lines[0].split(";")]
    if {"batiment", "entree"} <= set(titles):
        return None
    if len(titles) < _COLUMN_COUNT:
        why = (
            f"colonnes séparées par « ; » : {len(titles)}, {_COLUMN_COUNT} attendues ; déposer le"
            " fichier des parcelles des personnes morales tel que la DGFiP le publie"
        )
        raise report.refusal(why)
    encoding = "utf8" if is_utf8(report.file.path) else _ISO_8859_1
    if encoding == _ISO_8859_1:
        report.note(LATIN_1)
    return Shape(len(titles), encoding, any(line.startswith('"') for line in lines[1:2]))


def _plain(title: str) -> str:
    return without_accents(title.strip().strip('"')).strip()


def batches_of(report: FileReport, shape: Shape) -> Iterator[pa.RecordBatch]:
    """Yield the columns of use, block after block, under the names of `_COLUMNS`."""
    places = {str(place): name for name, place in _COLUMNS.items()}
    names = [places.get(str(place), f"c{place}") for place in range(shape.width)]
    broken: list[int] = []

    def leave(row: pyarrow.csv.InvalidRow) -> str:
        broken.append(row.actual_columns)
        return "skip"

    try:
        yield from pyarrow.csv.open_csv(
            report.file.path,
            pyarrow.csv.ReadOptions(
                block_size=_BLOCK_BYTES, skip_rows=1, column_names=names, encoding=shape.encoding
            ),
            pyarrow.csv.ParseOptions(
                delimiter=";",
                quote_char='"' if shape.is_quoted else False,
                invalid_row_handler=leave,
            ),
            pyarrow.csv.ConvertOptions(
                include_columns=list(_COLUMNS),
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
            ),
        )
    except (pa.ArrowException, UnicodeDecodeError) as error:
        why = f"CSV illisible ({error}) ; redéposer le fichier de la DGFiP"
        raise report.refusal(why) from error
    report.count(
        len(broken),
        "ligne coupée ou de trop de colonnes écartée",
        "lignes coupées ou de trop de colonnes écartées",
    )


def _owned(report: FileReport, found: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the rights that one file gives, once each, with the name of the file."""
    rows = pd.concat([frame for frame in found if len(frame)] or [_none()], ignore_index=True)
    report.meet(len(rows))
    has_idu = rows["idu"].str.len().eq(_IDU_LENGTH).to_numpy(dtype=bool)
    one, many = (
        "ligne sans référence de parcelle écartée",
        "lignes sans référence de parcelle écartées",
    )
    report.count(int((~has_idu).sum()), one, many)
    rows = rows[has_idu].drop_duplicates(_SAME_RIGHT)
    report.row_count += len(rows)
    if year := _YEAR.search(report.file.name):
        report.keep_latest(f"20{year['short']}-01-01" if year["short"] else f"{year['full']}-01-01")
    return rows.assign(file=report.file.name)


def rows_of(
    batch: pa.RecordBatch, communes: Collection[str] | None
) -> "tuple[pd.DataFrame, pd.Series[str]]":
    """Return the rows of some communes, or all, in the columns of `OwnedParcel`; their communes."""
    joined = pc.binary_join_element_wise(*(batch[name] for name in _COMMUNE), ";")
    places = joined.dictionary_encode()
    codes = [insee_code(*text.split(";")) for text in places.dictionary.to_pylist()]
    is_kept = [communes is None or code in communes for code in codes]
    mask = pa.array(is_kept, pa.bool_()).take(places.indices)
    batch, indices = batch.filter(mask), places.indices.filter(mask)
    insee = pd.Series([codes[index] for index in indices.to_pylist()], dtype="str")
    if not batch.num_rows:
        return _none(), insee
    columns = {
        name: pd.Series(batch[name].to_pylist(), dtype="str").str.strip() for name in _COLUMNS
    }
    return _as_owned(columns, insee), insee


def _as_owned(columns: "dict[str, pd.Series[str]]", insee: "pd.Series[str]") -> pd.DataFrame:
    right_code, right = split_coded(columns["right"], RIGHTS)
    group_code, group = split_coded(columns["group"], PERSON_GROUPS)
    siren, name = columns["siren"].str.upper(), columns["name"]
    has_place = (columns["section"] != "") & (columns["number"] != "")
    section, number = columns["section"].str.zfill(2), columns["number"].str.zfill(4)
    idu = insee + columns["prefix"].str.zfill(3) + section.str.upper() + number
    return pd.DataFrame(
        {
            "idu": idu.where(has_place, ""),
            "owner_name": name.where(name != "", _UNNAMED),
            # « U… » stands for a person without SIREN.
            "siren": siren.where(siren.str.fullmatch(r"[0-9]{9}")),
            "right_code": right_code,
            "right": right,
            "owner_group": (group_code + " - " + group).fillna(group).fillna(group_code),
        }
    )


def _latest(rows: pd.DataFrame, reports: Sequence[FileReport]) -> pd.DataFrame:
    """Keep, for each commune, the rights of the latest dated file; undated files stay."""
    years = rows["file"].map({report.file.name: report.vintage for report in reports}).astype("str")
    newest = years.groupby(rows["idu"].str[:5]).transform("max")
    is_old = (years < newest).fillna(value=False).to_numpy(dtype=bool)
    for report in reports:
        left = int((is_old & (rows["file"] == report.file.name)).sum())
        report.row_count -= left
        one, many = (
            "droit d'une année plus ancienne laissé",
            "droits d'une année plus ancienne laissés",
        )
        report.count(left, one, many)
    return rows[~is_old].drop_duplicates(_SAME_RIGHT)
