"""OSM files made ready for the assembler: harmless, of one form, merged and sorted."""

import re
from collections.abc import Sequence
from pathlib import Path

import osmium

from pipeline.ingestion.formats import HEAD_BYTES
from pipeline.ingestion.osm_overpass import rewrite_overpass
from pipeline.ingestion.provenance import FileReport

_OSM_BASE = re.compile(rb"osm_base[\"']?\s*[=:]\s*[\"'](\d{4}-\d{2}-\d{2})")
_DECLARATION = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_FIRST_OBJECT = re.compile(rb"<(?:node|way|relation|bounds)[\s>]")
_MOST_HEAD = 64 * HEAD_BYTES
_SORTED = "Type_then_ID"
_HEADER_DATES = ("osmosis_replication_timestamp", "timestamp")


def merge_osm(reports: Sequence[FileReport], work: Path) -> Path:
    """
    Return one file, sorted by type and id, that holds the last version of each object.

    An object that several files hold counts once: the same extract in two formats gives what it
    gives alone. One file that says it is sorted is returned as it is.

    Raises
    ------
    SourceError
        If a file is truncated, or declares XML entities.
    """
    paths = [_as_osm(report, work) for report in reports]
    are_sorted = [_is_sorted(path, report) for path, report in zip(paths, reports, strict=True)]
    if are_sorted == [True]:
        return paths[0]
    reader = osmium.MergeInputReader()
    for path, report in zip(paths, reports, strict=True):
        try:
            reader.add_file(str(path))
        except (RuntimeError, OSError, ValueError) as error:
            why = f"données OSM illisibles ou tronquées ({error}) ; redéposer l'extrait"
            raise report.refusal(why) from error
    merged = work / "osm-trie.osm.pbf"
    with osmium.SimpleWriter(str(merged), overwrite=True) as writer:
        reader.apply(writer, simplify=True)
    return merged


def _as_osm(report: FileReport, work: Path) -> Path:
    """Return a path that osmium reads, once what precedes the objects is known to be harmless."""
    head = _head(report)
    if found := _OSM_BASE.search(head):
        report.keep_latest(found[1].decode())
    if report.file.format == "osm_xml" and _DECLARATION.search(head):
        why = "XML avec DOCTYPE ou ENTITY, refusé ; déposer un extrait OSM ordinaire"
        raise report.refusal(why)
    return rewrite_overpass(report, work) if report.file.format == "overpass" else report.file.path


def _head(report: FileReport) -> bytes:
    """Return the file up to its first object; XML allows no declaration after it."""
    with report.file.path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
        if report.file.format != "osm_xml":
            return head
        while _FIRST_OBJECT.search(head) is None and len(head) < _MOST_HEAD:
            chunk = stream.read(HEAD_BYTES)
            if not chunk:
                break
            head += chunk
    return head


def _is_sorted(path: Path, report: FileReport) -> bool:
    """Tell whether a file says that it is sorted; note the date that its header gives."""
    try:
        with osmium.io.Reader(str(path), osmium.osm.NOTHING) as reader:
            header = reader.header()
            for name in _HEADER_DATES:
                report.keep_latest(header.get(name))
            return bool(header.get("sorting") == _SORTED)
    except RuntimeError as error:
        why = f"données OSM illisibles ou tronquées ({error}) ; redéposer l'extrait"
        raise report.refusal(why) from error
