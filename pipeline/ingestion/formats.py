"""What a file is, told by its first bytes and never by its name."""

import re
from pathlib import Path
from typing import Literal

Format = Literal[
    "osm_xml",
    "osm_pbf",
    "overpass",
    "geojson",
    "json",
    "geopackage",
    "shapefile",
    "edigeo",
    "csv",
    "ods",
    "xlsx",
    "zip",
    "7z",
    "gzip",
    "bzip2",
    "tar",
    "tiff",
    "unknown",
]

SEVEN_ZIP = b"7z\xbc\xaf\x27\x1c"
ARCHIVES: frozenset[Format] = frozenset({"zip", "7z", "gzip", "bzip2", "tar"})
VECTORS: frozenset[Format] = frozenset({"geojson", "geopackage", "shapefile", "edigeo"})
LAYERS: frozenset[Format] = VECTORS - {"edigeo"}

RAW_OSM: frozenset[Format] = frozenset({"osm_xml", "osm_pbf", "overpass"})
# What each folder reads; the others read vector layers only.
READ_IN: dict[str, frozenset[Format]] = {
    "osm": RAW_OSM | LAYERS,
    "icpe": VECTORS | {"csv", "json"},
    "arbres": VECTORS | {"csv"},
    "monuments": VECTORS | {"csv", "json"},
    "dossiers": frozenset({"csv", "ods"}),
    "proprietaires": frozenset({"csv"}),
    "irradiation": frozenset({"tiff"}),
    "mnh": frozenset({"tiff"}),
    "enaf": LAYERS | {"csv"},
    "plu": LAYERS,
    "friches": LAYERS | {"csv"},
    "exemptions_sols": LAYERS,
}

# Files that go with another one, or that explain it; never read for themselves.
SIDECARS = frozenset(
    [
        ".dbf",
        ".shx",
        ".prj",
        ".cpg",
        ".qpj",
        ".qix",
        ".sbn",
        ".sbx",
        ".qml",
        ".qmd",
        ".sld",
        ".lyr",
        ".csvt",
        ".md",
        ".pdf",
        ".html",
        ".htm",
        ".vec",
        ".dic",
        ".gen",
        ".geo",
        ".qal",
        ".scd",
        ".md5",
        ".sha256",
        ".aux",
        ".tfw",
        ".ovr",
        ".msk",
        ".lock",
    ]
)
# A text file of these names is an explanation unless its content says otherwise.
EXPLANATIONS = frozenset({".txt", ".xml", ".log", ".url"})

# A file of these names is data: one whose content is nothing known is damaged, not foreign.
DATA = frozenset(
    [
        ".gpkg",
        ".shp",
        ".osm",
        ".pbf",
        ".json",
        ".geojson",
        ".csv",
        ".zip",
        ".7z",
        ".gz",
        ".bz2",
        ".tar",
        ".tif",
        ".tiff",
        ".ods",
    ]
)

HEAD_BYTES = 65_536
_TAR_MAGIC_AT = 257
_MAGICS: tuple[tuple[bytes, Format], ...] = (
    (b"SQLite format 3\x00", "geopackage"),
    (b"\x00\x00\x27\x0a", "shapefile"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gzip"),
    (SEVEN_ZIP, "7z"),
    (b"BZh", "bzip2"),
    (b"BOMT 12:", "edigeo"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
)
_ZIP_MEMBER = b"PK\x03\x04"
_ZIP_NAME_LENGTHS_AT = 26  # then the name of the first member, and its content
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
# What the writers of Excel workbooks put first.
_XLSX_FIRST = (b"[Content_Types].xml", b"docProps/", b"xl/", b"_rels/.rels")
_JSON_KEY = re.compile(
    rb'"(?P<array>elements|features|data)"\s*:\s*\['
    rb'|"type"\s*:\s*"(?P<type>FeatureCollection|Feature|Topology)"'
)
_DELIMITERS = (b";", b"\t", b"|", b",")


def sniff(path: Path) -> Format:
    """Return the format of a file from its first bytes; `unknown` when nothing fits."""
    with path.open("rb") as stream:
        return sniff_bytes(stream.read(HEAD_BYTES))


def sniff_bytes(head: bytes) -> Format:
    """Return the format that `head`, the first bytes of a file, announces."""
    for magic, found in _MAGICS:
        if head.startswith(magic):
            return _sniff_zip(head) if found == "zip" else found
    if head[_TAR_MAGIC_AT : _TAR_MAGIC_AT + 5] == b"ustar":
        return "tar"
    if head[4:15] == b"\x0a\x09OSMHeader":
        return "osm_pbf"
    return _sniff_text(head.removeprefix(b"\xef\xbb\xbf").lstrip())


def _sniff_zip(head: bytes) -> Format:
    """Tell a spreadsheet, which is a zip, from an archive: by the first member."""
    if not head.startswith(_ZIP_MEMBER):
        return "zip"
    at = _ZIP_NAME_LENGTHS_AT
    name_length, extra_length = (int.from_bytes(head[i : i + 2], "little") for i in (at, at + 2))
    name = head[at + 4 : at + 4 + name_length]
    content = head[at + 4 + name_length + extra_length :]
    if name == b"mimetype" and content.startswith(_ODS):
        return "ods"
    return "xlsx" if name.startswith(_XLSX_FIRST) else "zip"


def _sniff_text(text: bytes) -> Format:
    if text.startswith((b"{", b"[")):
        return _sniff_json(text)
    if text.startswith(b"<"):
        return "osm_xml" if re.search(rb"<osm[\s>]", text) else "unknown"
    return "csv" if _looks_like_csv(text) else "unknown"


def _sniff_json(text: bytes) -> Format:
    found = _JSON_KEY.search(text)
    if found is None:
        return "json"
    if found["type"] is not None or found["array"] == b"features":
        return "geojson"
    return "overpass" if found["array"] == b"elements" else "json"


def _looks_like_csv(text: bytes) -> bool:
    """Tell whether the first line is a header of several columns, and the text is no binary."""
    first = text.split(b"\n", 1)[0]
    return b"\x00" not in text and any(first.count(mark) > 0 for mark in _DELIMITERS)
