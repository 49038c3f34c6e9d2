"""Files cut short, told by the length that their own header announces."""

import struct

from pipeline.ingestion.provenance import FileReport

_SQLITE_PAGE_SIZE_AT = 16
_SQLITE_PAGE_COUNT_AT = 28
_SHAPEFILE_LENGTH_AT = 24
_CHANGED, _VALID_FOR = slice(24, 28), slice(92, 96)  # equal: the page count can be trusted
_HEADER_BYTES = 100


def refuse_truncated(report: FileReport) -> None:
    """
    Refuse a shapefile or a GeoPackage shorter than its own header says.

    Raises
    ------
    SourceError
        Naming the file.
    """
    path = report.file.path
    with path.open("rb") as stream:
        header = stream.read(_HEADER_BYTES).ljust(_HEADER_BYTES, b"\0")
    announced = 0
    if report.file.format == "shapefile":
        announced = 2 * struct.unpack_from(">i", header, _SHAPEFILE_LENGTH_AT)[0]
    elif report.file.format == "geopackage" and header[_CHANGED] == header[_VALID_FOR]:
        page = struct.unpack_from(">H", header, _SQLITE_PAGE_SIZE_AT)[0]
        announced = (65_536 if page == 1 else page) * struct.unpack_from(
            ">I", header, _SQLITE_PAGE_COUNT_AT
        )[0]
    if path.stat().st_size < announced:
        why = "fichier tronqué ; le redéposer"
        raise report.refusal(why)
