"""
A data folder prepared once, so that each commune reads its window of it and not whole files.

`DATA/.prepare` (or another folder) receives, under a key made of the content of each source file:
its vector layers as GeoParquet sorted along a curve, the objects of raw OSM data assembled, the
tables of owners and of installations, the place of each raster; and the list of the files of each
folder with their digests. What a commune reads is the same, byte for byte, with it and without it.
"""

import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.assumptions import Assumptions
from pipeline.crs import Territory, territory_of
from pipeline.errors import SourceError
from pipeline.ingestion import bdtopo, cadastre
from pipeline.ingestion.catalogue import Catalogue
from pipeline.ingestion.communes import insee_codes
from pipeline.ingestion.files import SourceFile
from pipeline.ingestion.formats import RAW_OSM, READ_IN, VECTORS
from pipeline.ingestion.osm import tags_of
from pipeline.ingestion.prepared import FOLDER, Store, maker
from pipeline.ingestion.prepared_listing import (
    list_folder,
    listed_folders,
    listing_of,
    unpacked_in_use,
)
from pipeline.ingestion.preparing_layers import prepare_file, prepare_layer
from pipeline.ingestion.preparing_tables import (
    prepare_heights,
    prepare_osm,
    prepare_owners,
    prepare_points,
)
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.refusals import of_disk
from pipeline.ingestion.scope import Scope
from pipeline.ingestion.vector import list_layers

OnStep = Callable[[str], None]

# Folders of which a commune reads its window; the others are read whole, or are small.
WINDOWED = (
    "communes",
    "osm",
    "bdtopo",
    "cadastre",
    "parkings",
    "icpe",
    "icpe_emprises",
    "arbres",
    "servitudes",
    "monuments",
)
_FOR_LAND = ("rpg",)
_WAIT_S = 0.5


@dataclass(frozen=True)
class PreparedPart:
    """
    Something that was copied: a layer of a file, its points, its rights, its place.

    `kind` is `layer`, `osm`, `owners`, `points` or `heights`; `key` is None when it could not be
    copied: its file is read each time. `files` are several for raw OSM only. A file of which no row
    is read is `unused`.
    """

    folder: str
    kind: str
    files: tuple[SourceFile, ...]
    key: str | None
    layer: str = ""
    territory: str = ""


@dataclass(frozen=True)
class Prepared:
    """
    A data folder, prepared: `files` by folder (absent ones left out), and what was copied.

    `made` and `reused` count the copies; `territories` are those of the communes of the folder.
    """

    data: Path
    store: Store
    territories: tuple[Territory, ...]
    catalogue: Catalogue
    files: dict[str, tuple[SourceFile, ...]] = field(default_factory=dict)
    parts: list[PreparedPart] = field(default_factory=list)
    made: int = 0
    reused: int = 0


@dataclass(frozen=True)
class Pruned:
    """What `prune` removed: copies and unpacked archives, and their bytes."""

    copies: int
    size: int


def prepare_folder(
    data: Path,
    territories: tuple[Territory, ...],
    assumptions: Assumptions,
    catalogue: Catalogue,
    *,
    root: Path | None = None,
    with_land: bool = False,
    on_step: OnStep = lambda _: None,
) -> Prepared:
    """
    Prepare a data folder; what is prepared already is kept.

    A copy enters whole or not at all: killed at any moment, the same call goes on. Two at once take
    turns. A file that cannot be used is left to the communes, which tell it.

    Parameters
    ----------
    data
        Folder of the sources.
    territories
        All known ones; coordinates are looked for in those of the communes of the folder.
    assumptions
        Give the tags of OSM to keep.
    root
        Where copies go; `DATA/.prepare` by default.
    with_land
        Also copy what `read_sources(with_land=True)` reads.
    on_step
        Told, in French, what is being prepared.

    Raises
    ------
    SourceError
        If the data folder is absent, or the store cannot be written.
    """
    if not data.is_dir():
        msg = f"{data} : dossier des sources introuvable ; le créer ou indiquer --data"
        raise SourceError(msg)
    store = Store(root or data / FOLDER)
    try:
        with turn(store, on_step), tempfile.TemporaryDirectory(prefix="parzan-") as work:
            earlier = set(store.keys())
            plan = _Plan(data, store, assumptions, catalogue, Path(work), with_land, on_step)
            parts, files, there = plan.carry_out(territories)
    except OSError as error:
        if isinstance(error, SourceError):
            raise
        raise of_disk(error, f"{store.root} (sources préparées)") from error
    keys = {part.key for part in parts if part.key is not None}
    made, reused = len(keys - earlier), len(keys & earlier)
    return Prepared(data, store, there, catalogue, files, parts, made, reused)


def prune(store: Store, on_step: OnStep = lambda _: None, makers: Collection[str] = ()) -> Pruned:
    """
    Remove the copies of files that the data folder lost, and those that other code made.

    `makers` made copies in the store beside the code that reads sources: theirs are kept too.
    """
    known = {maker(), *makers}
    with turn(store, on_step):
        contents = {file["sha256"] for file in _listed(store)}
        copies = size = 0
        for key in store.keys():  # noqa: SIM118 - of a store, not of a mapping
            copy = store.find(key)
            is_used = copy is not None and copy.meta.get("maker") in known
            if copy is None or not is_used or not set(copy.meta["sources"]) <= contents:
                size += store.remove(key)
                copies += 1
        used = unpacked_in_use(store)
        for folder in sorted(store.unpacked.glob("*")):
            if folder.name not in used:
                size += sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
                store.refuse(folder)
                copies += 1
    return Pruned(copies, size)


def _listed(store: Store) -> Iterator[dict[str, str]]:
    for folder in listed_folders(store):
        yield from listing_of(store, folder)


@contextmanager
def turn(store: Store, on_step: OnStep) -> Iterator[None]:
    """Wait for the right to write in the store, which the system gives back if its holder dies."""
    is_told = False
    while True:
        with store.locked() as is_ours:
            if is_ours:
                yield
                return
        if not is_told:
            on_step("Sources en cours de préparation par un autre traitement : attente")
            is_told = True
        time.sleep(_WAIT_S)


@dataclass(frozen=True)
class _Plan:
    """What a preparation does, folder by folder."""

    data: Path
    store: Store
    assumptions: Assumptions
    catalogue: Catalogue
    work: Path
    with_land: bool
    on_step: OnStep

    def carry_out(
        self, territories: tuple[Territory, ...]
    ) -> tuple[list[PreparedPart], dict[str, tuple[SourceFile, ...]], tuple[Territory, ...]]:
        files = dict(self._list())
        scope = Scope(territories[0], None, "", self.catalogue, self.work)
        there = self._territories(files.get("communes", ()), territories, scope)
        parts = [
            part
            for territory in there
            for name, found in files.items()
            for part in self._folder(name, found, territory)
        ]
        return list(dict.fromkeys(parts)), files, there

    def _list(self) -> Iterator[tuple[str, tuple[SourceFile, ...]]]:
        for name in self.catalogue:
            self.on_step(f"Inventaire des fichiers : {self.catalogue[name].label}")
            try:
                found = list_folder(self.store, self.data, name, self.work / "listes" / name)
            except SourceError:  # told when a commune reads the folder
                continue
            if found is not None:
                accepted = READ_IN.get(name, VECTORS)
                yield (
                    name,
                    tuple(f for f in found if f.damage is None and f.format in accepted),
                )

    def _territories(
        self, files: Iterable[SourceFile], territories: tuple[Territory, ...], scope: Scope
    ) -> tuple[Territory, ...]:
        codes = {code for file in files for code in insee_codes(FileReport(file), scope)}
        there = {territory_of(code, territories).code for code in codes}
        return tuple(territory for territory in territories if territory.code in there)

    def _folder(
        self, name: str, files: tuple[SourceFile, ...], territory: Territory
    ) -> Iterator[PreparedPart]:
        if name not in (*WINDOWED, *_FOR_LAND, "proprietaires", "mnh"):
            return
        if name in _FOR_LAND and not self.with_land:
            yield from (PreparedPart(name, "unused", (file,), None) for file in files)
            return
        self.on_step(f"Préparation : {self.catalogue[name].label}")
        scope = Scope(territory, None, "", self.catalogue, self.work)
        raw = tuple(file for file in files if file.format in RAW_OSM)
        if raw:
            yield from self._osm(raw, scope)
        for file in files:
            if file.format in VECTORS:
                yield from self._vector(FileReport(file), scope)
            elif file.format not in RAW_OSM:
                yield self._other(FileReport(file), scope)

    def _other(self, report: FileReport, scope: Scope) -> PreparedPart:
        name, files, code = report.file.folder, (report.file,), scope.territory.code
        if name == "proprietaires":
            return PreparedPart(name, "owners", files, prepare_owners(self.store, report))
        if name == "mnh":
            key = prepare_heights(self.store, report, scope)
            return PreparedPart(name, "heights", files, key, territory=code)
        key = prepare_points(self.store, report, scope)
        return PreparedPart(name, "points", files, key, territory=code)

    def _osm(self, raw: tuple[SourceFile, ...], scope: Scope) -> Iterator[PreparedPart]:
        for with_land in (False, True) if self.with_land else (False,):
            tags = tags_of(self.assumptions, with_land=with_land)
            reports = [FileReport(file) for file in raw]
            key = prepare_osm(self.store, reports, scope, *tags)
            yield PreparedPart("osm", "osm", raw, key, layer="sols" if with_land else "parcs")

    def _vector(self, report: FileReport, scope: Scope) -> Iterator[PreparedPart]:
        name, code = report.file.folder, scope.territory.code
        try:
            prepare_file(self.store, report)
            layers = [layer for layer in list_layers(report) if self._is_read(report, layer)]
        except SourceError:  # told when a commune reads the file
            yield PreparedPart(name, "layer", (report.file,), None, territory=code)
            return
        if not layers:
            yield PreparedPart(name, "unused", (report.file,), None, territory=code)
        for layer in layers:
            try:
                key = prepare_layer(self.store, report, layer, scope)
            except SourceError:
                key = None
            yield PreparedPart(name, "layer", (report.file,), key, layer, code)

    def _is_read(self, report: FileReport, layer: str) -> bool:
        if report.file.folder == "bdtopo":
            return bdtopo.is_read(report, layer, self.assumptions, with_land=self.with_land)
        return report.file.format != "edigeo" or layer in cadastre.SHEET_LAYERS
