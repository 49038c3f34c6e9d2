"""Rights on parcels read from the store of prepared sources: the communes asked for, no other."""

from collections.abc import Collection, Iterable
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.ingestion.prepared import DAMAGED, Effects, Store, copy_key
from pipeline.ingestion.prepared_digests import Lanes, digests_of_rows
from pipeline.ingestion.prepared_rows import DIGEST, MOST_ROWS
from pipeline.ingestion.provenance import FileReport

ROWS, KIND = "rows.parquet", "owners"
INSEE = "insee"


def rows_of(report: FileReport, communes: Collection[str]) -> list[pd.DataFrame] | None:
    """
    Return the rights of some communes, in the order of the file, and its remarks to the report.

    None when nothing is prepared.
    """
    if report.file.store is None:
        return None
    store = Store(report.file.store)
    copy = store.find(copy_key(report.file, KIND))
    if copy is None:
        return None
    try:
        rows = _of_communes(copy.file(ROWS), sorted(communes))
    except DAMAGED:
        store.refuse(copy.folder)
        return None
    Effects.read(copy.meta["effects"]).replay(report)
    return [rows] if len(rows) else []


def write_owners(path: Path, parts: "Iterable[tuple[pd.DataFrame, pd.Series[str]]]") -> None:
    """
    Write rights, part after part, in the order of their file.

    The files of the DGFiP go commune by commune: each group of rows tells of a few, and says which.

    Parameters
    ----------
    parts
        Rows in the columns of `OwnedParcel`, all of text, and their communes.
    """
    writer: pq.ParquetWriter | None = None
    try:
        for frame, insee in parts:
            if frame.empty:
                continue
            texts = {str(name): pa.array(frame[name], pa.string()) for name in frame.columns}
            rows = pa.table({INSEE: pa.array(insee, pa.string()), **texts})
            for name, lane in zip(DIGEST, digests_of_rows(rows), strict=True):
                rows = rows.append_column(name, pa.array(lane))
            if writer is None:
                writer = pq.ParquetWriter(
                    path, rows.schema, compression="zstd", write_page_checksum=True
                )
            writer.write_table(rows, row_group_size=MOST_ROWS)
    finally:
        if writer is not None:
            writer.close()


def digests_by_commune(path: Path) -> "tuple[pd.Series[str], Lanes]":
    """Return the commune and the digests of each row."""
    rows = pq.read_table(path, columns=[INSEE, *DIGEST])
    first, second = (rows[name].to_numpy() for name in DIGEST)
    return rows[INSEE].to_pandas(), (first, second)


def _of_communes(path: Path, codes: list[str]) -> pd.DataFrame:
    lows, highs = _codes_of_groups(path)
    groups = [
        group
        for group, (low, high) in enumerate(zip(lows, highs, strict=True))
        if any(low <= code <= high for code in codes)
    ]
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        rows = file.read_row_groups(groups, use_threads=False)
    kept = rows.filter(pc.is_in(rows[INSEE], pa.array(codes, pa.string())))
    return pd.DataFrame(kept.drop_columns([INSEE, *DIGEST]).to_pandas())


@lru_cache(maxsize=64)
def _codes_of_groups(path: Path) -> tuple[np.ndarray, np.ndarray]:
    metadata = pq.read_metadata(path)
    place = metadata.schema.to_arrow_schema().names.index(INSEE)
    groups = range(metadata.num_row_groups)
    told = [metadata.row_group(group).column(place).statistics for group in groups]
    return np.array([item.min for item in told]), np.array([item.max for item in told])
