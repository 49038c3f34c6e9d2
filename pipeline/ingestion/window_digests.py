"""What each commune reads of each folder, as one digest: same digest, same rows."""

import hashlib
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely
from pyproj import CRS

from pipeline.crs import WGS84, FloatArray, Territory, territory_of, transformer_between
from pipeline.errors import SourceError
from pipeline.ingestion import prepared_osm, prepared_owners, prepared_points
from pipeline.ingestion.dgfip_codes import ARRONDISSEMENTS
from pipeline.ingestion.dossiers import read_rows
from pipeline.ingestion.files import SourceFile
from pipeline.ingestion.placement import same_crs
from pipeline.ingestion.preparation import Prepared, PreparedPart
from pipeline.ingestion.prepared import Copy
from pipeline.ingestion.prepared_digests import (
    Lanes,
    digests_of_rows,
    digests_of_texts,
    mixed,
    sum_by,
)
from pipeline.ingestion.prepared_heights import bounds_in
from pipeline.ingestion.prepared_layers import BARE, ROWS
from pipeline.ingestion.prepared_rows import BOX, DIGEST, FID, OWN, boxes_of, read_all
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Bounds, Scope

# A box that misses a window by less than this may meet it once carried to another system.
_MARGIN_M, _MARGIN_DEGREES = 1.0, 1e-5
_CHUNK = 200_000
# Where every row has one of these, that is its name; elsewhere a row is named by its rank.
_NAMES = {
    "communes": "insee_code",
    "bdtopo": "id",
    "cadastre": "idu",
    "parkings": "id",
    "icpe": "id",
    "icpe_emprises": "id",
    "monuments": "id",
    "rpg": "id",
}
_OSM_NAMES = ("@id", "full_id", "osm_id", "osm_way_id")

Sums = npt.NDArray[np.uint64]


def window_digests(
    prepared: Prepared, windows: Mapping[str, Bounds], *, heritage_radius_m: float
) -> dict[str, dict[str, str]]:
    """
    Return, by commune and by folder, the digest of the rows that its window meets.

    The order of rows does not count. A row counts with its rank in the file where its folder may
    name it so. Files that could not be copied, and folders that are read whole, count whole.
    Neither names, digests nor remarks of files count: two windows with the same digest read
    the same rows, perhaps from files that differ elsewhere.

    Parameters
    ----------
    prepared
        Of the data folder, up to date.
    windows
        Window of each commune (`commune_windows`), metres in the CRS of its territory.
    heritage_radius_m
        Monuments are read this far around a window, metres.

    Returns
    -------
    digests
        By INSEE code, then by folder that is there: 64 hexadecimal digits.
    """
    result: dict[str, dict[str, str]] = {}
    for territory in prepared.territories:
        own = {
            code: window
            for code, window in sorted(windows.items())
            if territory_of(code, prepared.territories).code == territory.code
        }
        if own:
            result |= _Digests(prepared, own, territory, heritage_radius_m).by_commune()
    return dict(sorted(result.items()))


@dataclass(frozen=True)
class _Meeting:
    """Which rows a window of which commune meets."""

    tree: shapely.STRtree
    count: int

    @classmethod
    def of(cls, boxes: FloatArray, margin: float) -> "_Meeting":
        grown = boxes + np.array([-margin, -margin, margin, margin])
        return cls(shapely.STRtree(shapely.box(*grown.T)), len(boxes))

    def sums(self, boxes: FloatArray, lanes: Lanes) -> Sums:
        """Return the sums of the digests of rows by window, shape `(count, 3)`."""
        total = np.zeros((self.count, 3), np.uint64)
        for start in range(0, len(boxes), _CHUNK):
            part = slice(start, start + _CHUNK)
            row, window = self.tree.query(shapely.box(*boxes[part].T))
            total += sum_by((lanes[0][part][row], lanes[1][part][row]), window, self.count)
        return total


class _Digests:
    """The digests of the communes of one territory."""

    def __init__(
        self,
        prepared: Prepared,
        windows: dict[str, Bounds],
        territory: Territory,
        heritage_radius_m: float,
    ) -> None:
        self._prepared, self._territory = prepared, territory
        self._codes = list(windows)
        self._boxes = np.array(list(windows.values()), dtype=float)
        self._heritage_radius_m = heritage_radius_m
        self._meetings: dict[tuple[str, float], _Meeting] = {}
        self._sums: dict[str, Sums] = {}
        self._constants: dict[str, list[str]] = {}

    def by_commune(self) -> dict[str, dict[str, str]]:
        for name in self._prepared.files:
            self._sums[name] = np.zeros((len(self._codes), 3), np.uint64)
            self._constants[name] = []
        told: set[SourceFile] = set()
        for part in self._prepared.parts:
            if part.territory in {"", self._territory.code}:
                self._add(part)
                told.update(part.files)
        for name, files in self._prepared.files.items():
            rest = [file for file in files if file not in told]
            if name == "dossiers":
                self._add_dossiers(rest)
            else:
                self._constants[name] += [f"{file.sha256}/{file.member}" for file in rest]
        if "communes" in self._sums:  # the window itself
            lanes = digests_of_texts([repr(tuple(box)) for box in self._boxes.tolist()])
            self._sums["communes"] += np.column_stack([*lanes, np.zeros_like(lanes[0])])
        return {
            code: {name: self._digest(name, number) for name in self._sums}
            for number, code in enumerate(self._codes)
        }

    def _digest(self, name: str, number: int) -> str:
        told = [*sorted(self._constants[name]), self._sums[name][number].tobytes().hex()]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()

    def _add(self, part: PreparedPart) -> None:
        if part.kind == "unused":
            return
        copy = None if part.key is None else self._prepared.store.find(part.key)
        if copy is None:
            whole = [f"{file.sha256}/{file.member}" for file in part.files]
            self._constants[part.folder] += [f"{part.layer}:{item}" for item in whole]
            return
        by_kind = {
            "layer": self._add_layer,
            "osm": self._add_osm,
            "owners": self._add_owners,
            "points": self._add_points,
            "heights": self._add_heights,
        }
        by_kind[part.kind](part, copy)

    def _meeting(self, crs: str | None, grown_m: float = 0.0) -> _Meeting:
        """Return the windows as a tree, in another CRS if one is given."""
        key = (crs or "", grown_m)
        if key not in self._meetings:
            boxes = self._boxes + grown_m * np.array([-1, -1, 1, 1])
            margin = _MARGIN_M
            if crs is not None:
                to = transformer_between(self._territory.crs, crs)
                boxes = np.array([to.transform_bounds(*box) for box in boxes.tolist()])
                margin = _MARGIN_DEGREES if CRS(crs).is_geographic else _MARGIN_M
            self._meetings[key] = _Meeting.of(boxes, margin)
        return self._meetings[key]

    def _add_layer(self, part: PreparedPart, copy: Copy) -> None:
        schema = pq.read_schema(copy.file(ROWS))
        fields = [(f.name, str(f.type)) for f in schema if f.name not in OWN]
        self._constants[part.folder].append(repr((part.layer, fields, copy.meta["dtypes"])))
        bare = pq.read_table(copy.file(BARE))
        if len(bare):
            lanes = np.column_stack(digests_of_rows(bare)).tolist()
            self._constants[part.folder].append(repr(sorted(lanes)))
        is_home = same_crs(CRS(copy.meta["crs"]), self._territory)
        self._add_rows(part, copy.file(ROWS), None if is_home else copy.meta["crs"])

    def _add_points(self, part: PreparedPart, copy: Copy) -> None:
        self._constants[part.folder].append(repr(sorted(copy.meta["dtypes"].items())))
        self._add_rows(part, copy.file(prepared_points.ROWS), None)

    def _add_rows(self, part: PreparedPart, path: Path, crs: str | None) -> None:
        grown = self._heritage_radius_m if part.folder == "monuments" else 0.0
        naming = self._naming_columns(part.folder, pq.read_schema(path).names)
        rows = read_all(path, [*DIGEST, FID, BOX, *naming])
        lanes: Lanes = (rows[DIGEST[0]].to_numpy(), rows[DIGEST[1]].to_numpy())
        if not any(rows[name].null_count == 0 for name in naming):
            salt = digests_of_texts([f"{part.files[0].name}/{part.layer}"])
            numbers = rows[FID].to_numpy().astype(np.int64)
            lanes = mixed((lanes[0] ^ salt[0], lanes[1] ^ salt[1]), numbers)
        self._sums[part.folder] += self._meeting(crs, grown).sums(boxes_of(rows), lanes)

    def _naming_columns(self, folder: str, names: list[str]) -> list[str]:
        """Return the columns that may name each row of a layer."""
        written = {name.lower(): name for name in names}
        if folder == "osm":
            return [written[name] for name in _OSM_NAMES if name in written]
        known = self._prepared.catalogue[folder]
        if folder not in _NAMES or (
            folder == "cadastre" and known.known(written, "number") is None
        ):
            return []
        found = known.known(written, _NAMES[folder])
        return [] if found is None else [written[found]]

    def _add_osm(self, part: PreparedPart, copy: Copy) -> None:
        meeting = self._meeting(WGS84)
        meta = copy.meta
        if part.layer == "sols":  # what the ground is bears the date of the file
            self._constants["osm"].append(repr(meta["vintage"]))
        salt = digests_of_texts([repr(meta["vintage"])])
        for name in prepared_osm.TABLES:
            rows = read_all(copy.file(f"{name}.parquet"), [*DIGEST, BOX, "tags", "edited_on"])
            # A park without a day of its own has that of the file.
            is_park = pc.match_substring(rows["tags"], '"amenity": "parking')
            is_dated = pc.is_valid(rows["edited_on"])
            takes_date = pc.and_not(is_park, is_dated).to_numpy()
            lanes: Lanes = (
                np.where(takes_date, rows[DIGEST[0]].to_numpy() ^ salt[0], rows[DIGEST[0]]),
                np.where(takes_date, rows[DIGEST[1]].to_numpy() ^ salt[1], rows[DIGEST[1]]),
            )
            self._sums["osm"] += meeting.sums(boxes_of(rows), lanes)
        self._add_incomplete(meta, meeting)

    def _add_incomplete(self, meta: Mapping[str, Any], meeting: _Meeting) -> None:
        located = [item for item in meta["incomplete"] if item[3]]
        lost = [item for item in meta["incomplete"] if not item[3]]
        told = [repr((item, meta["dates"].get(item[0], meta["vintage"]))) for item in located]
        self._constants["osm"] += [repr(item) for item in lost]
        if located:
            places = [np.array(item[3]) for item in located]
            boxes = np.array([[*xy.min(axis=0), *xy.max(axis=0)] for xy in places])
            self._sums["osm"] += meeting.sums(boxes, digests_of_texts(told))

    def _add_owners(self, part: PreparedPart, copy: Copy) -> None:
        """Sum the rights of the communes that each window meets; of unknown ones, for all."""
        insee, lanes = prepared_owners.digests_by_commune(copy.file(prepared_owners.ROWS))
        codes = sorted(set(insee))
        places = {code: place for place, code in enumerate(codes)}
        sums = sum_by(lanes, np.array([places[code] for code in insee], dtype=np.intp), len(codes))
        met = self._windows_met()
        everyone = np.arange(len(self._codes))
        self._constants[part.folder].append(part.files[0].name)
        for place, code in enumerate(codes):
            whole = next((c for c, start in ARRONDISSEMENTS.items() if code.startswith(start)), "")
            self._sums[part.folder][met.get(code, met.get(whole, everyone))] += sums[place]

    def _windows_met(self) -> dict[str, npt.NDArray[np.intp]]:
        """Return the windows that the window of each commune meets: its limits lie in it."""
        tree = self._meeting(None).tree
        row, window = tree.query(shapely.box(*self._boxes.T))
        return {code: window[row == place] for place, code in enumerate(self._codes)}

    def _add_heights(self, part: PreparedPart, copy: Copy) -> None:
        box = np.array([bounds_in(copy.meta["bounds"])])
        lanes = digests_of_texts([f"{part.files[0].name}/{part.files[0].sha256}"])
        self._sums[part.folder] += self._meeting(None).sums(box, lanes)

    def _add_dossiers(self, files: Iterable[SourceFile]) -> None:
        """Sum the rows of each commune, and those placed in its window."""
        with tempfile.TemporaryDirectory(prefix="parzan-") as work:
            scope = Scope(self._territory, None, "", self._prepared.catalogue, Path(work))
            for file in files:
                try:
                    rows = read_rows(FileReport(file), replace(scope, window=None))
                except SourceError:
                    self._constants["dossiers"].append(file.sha256)
                    continue
                texts = [repr((file.name, n, sorted(row.items(), key=str))) for n, row in rows]
                lanes = digests_of_texts(texts)
                for number, (_, row) in enumerate(rows):
                    ours = self._rows_windows(row)
                    one = np.array([lanes[0][number], lanes[1][number], 1], np.uint64)
                    self._sums["dossiers"][ours] += one

    def _rows_windows(self, row: Mapping[str, Any]) -> npt.NDArray[np.intp]:
        """Return the windows of the communes that a row of the service may be about."""
        if "lot_id" in row:
            code = str(row["lot_id"])[:5]
            return np.array([i for i, c in enumerate(self._codes) if c == code], dtype=np.intp)
        point = row["geometry"]
        if point is None:
            return np.empty(0, dtype=np.intp)
        return np.asarray(self._meeting(None).tree.query(point))
