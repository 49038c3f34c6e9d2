"""A regional OSM file → what parzan reads of it, whole: relations with their ways and nodes."""

import tempfile
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import osmium
from osmium.filter import KeyFilter

from pipeline.disk import chunks_of
from pipeline.errors import ServiceError
from pipeline.ingestion.recipes import Recipe

# Changed with what the code below keeps or writes: extracts made before are then made again.
_VERSION = 2
# The vintage is read there, and that nothing has to be sorted.
_HEADERS = ("osmosis_replication_timestamp", "timestamp", "sorting")
# No author and no change number: nobody reads them. The day of the edit dates a car park.
# Compressed fast: a fiftieth larger, and a fifth less time.
_FORMAT = "pbf,add_metadata=version+timestamp,pbf_compression_level=1"
# Bytes. Identifiers are kept by tables of 4 MB: once blocks as large were given back, glibc would
# keep these to itself, 1.8 GB, when they are.
_BUFFER = 1 << 20


def extraction(keys: Sequence[str]) -> Recipe:
    """Return how an extract is made of one regional file, the last of the contents."""
    return Recipe(f"extrait OSM {_VERSION} : {','.join(keys)}", partial(_chunks, keys=keys))


def extract(source: Path, keys: Sequence[str], target: Path) -> None:
    """
    Write the objects of an OSM PBF file that have one of the keys, and all that they are made of.

    Ways come with their nodes, relations with their ways and the nodes of these, as far as the file
    holds them; their tags are kept. The order is that of the file, and the bytes depend on nothing
    else. The names of the authors are left out.

    Parameters
    ----------
    source
        The file, whatever its name.
    keys
        Those of `osm_land.keys_read`.
    target
        Replaced.

    Raises
    ------
    ServiceError
        If osmium cannot read the file to its end.
    """
    file = osmium.io.File(str(source), "pbf")
    try:
        header = _header(file)
        wanted = _wanted(file, keys)
        wanted.complete_backward_references(file)
        whole = osmium.io.File(str(target), _FORMAT)
        with osmium.SimpleWriter(whole, header=header, overwrite=True) as writer:
            osmium.apply(file, wanted.id_filter(), writer)
    except RuntimeError as error:
        msg = (
            f"{source} : extrait OSM illisible ou tronqué ({error}) ; le supprimer, puis relancer"
            " connecté"
        )
        raise ServiceError(msg) from error


def _header(file: osmium.io.File) -> osmium.io.Header:
    """Return the header of the extract: what that of the file tells and readers need."""
    header = osmium.io.Header()
    with osmium.io.Reader(file, osmium.osm.NOTHING) as reader:
        told = reader.header()
        for name in _HEADERS:
            if told.get(name):
                header.set(name, told.get(name))
    header.set("generator", "parzan")
    return header


def _wanted(file: osmium.io.File, keys: Sequence[str]) -> osmium.IdTracker:
    """Return the identifiers of the objects with one of the keys, and of members of relations."""
    tracker = osmium.IdTracker()
    add = {"n": tracker.add_node, "w": tracker.add_way, "r": tracker.add_relation}
    with tempfile.TemporaryDirectory() as work:
        names = Path(work) / "objets.ids"  # in text: objects passed one by one take longer
        with osmium.SimpleWriter(osmium.io.File(str(names), "ids"), _BUFFER) as writer:
            osmium.apply(file, KeyFilter(*keys), writer)
        with names.open(encoding="ascii") as lines:
            for name in lines:
                add[name[0]](int(name[1:]))
    for relation in osmium.FileProcessor(file, osmium.osm.RELATION).with_filter(KeyFilter(*keys)):
        tracker.add_references(relation)
    return tracker


def _chunks(contents: Sequence[Path], keys: Sequence[str]) -> Iterable[bytes]:
    with tempfile.TemporaryDirectory() as work:
        target = Path(work) / "extrait.osm.pbf"
        extract(contents[-1], keys, target)
        yield from chunks_of([target])
