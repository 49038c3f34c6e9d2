import pytest

from pipeline.ingestion.formats import sniff_bytes

ODS = b"application/vnd.oasis.opendocument.spreadsheet"


def zipped(name, content=b"", extra=b""):
    """The first bytes of a zip: the header of its first member, its name, its content."""
    lengths = len(name).to_bytes(2, "little") + len(extra).to_bytes(2, "little")
    return b"PK\x03\x04" + bytes(22) + lengths + name + extra + content


HEADS = {
    "a GeoPackage by the magic of SQLite": (b"SQLite format 3\x00" + b"\x10\x00", "geopackage"),
    "a shapefile by its magic": (b"\x00\x00\x27\x0a" + bytes(20), "shapefile"),
    "a zip": (b"PK\x03\x04rest", "zip"),
    "a spreadsheet of LibreOffice": (zipped(b"mimetype", ODS + b"PK"), "ods"),
    "a template of it, after an extra field": (
        zipped(b"mimetype", ODS + b"-template", b"\x01\x00\x00\x00"),
        "ods",
    ),
    "a text of LibreOffice": (
        zipped(b"mimetype", b"application/vnd.oasis.opendocument.text"),
        "zip",
    ),
    "a file called mimetype": (zipped(b"mimetype", b"x"), "zip"),
    "a workbook of Excel": (zipped(b"[Content_Types].xml"), "xlsx"),
    "a shapefile in a zip": (zipped(b"COMMUNE.shp"), "zip"),
    "an empty zip": (b"PK\x05\x06" + bytes(18), "zip"),
    "gzip": (b"\x1f\x8b\x08", "gzip"),
    "bzip2": (b"BZh91AY", "bzip2"),
    "a tar by the magic of its first header": (bytes(257) + b"ustar\x0000", "tar"),
    "a PBF by its first blob": (b"\x00\x00\x00\x0d\x0a\x09OSMHeader\x18", "osm_pbf"),
    "an EDIGEO exchange file": (b"BOMT 12:E0000A01.THF\r\n", "edigeo"),
    "OSM XML after a byte order mark": (b'\xef\xbb\xbf<?xml version="1.0"?>\n<osm v="', "osm_xml"),
    "another XML": (b"<?xml version='1.0'?><gpx>", "unknown"),
    "an error page": (b"<html><body>Request Rejected", "unknown"),
    "an Overpass answer": (b'{"version":0.6,"elements":[{"type":"node"', "overpass"),
    "a GeoJSON": (b'{"type": "FeatureCollection","features":[]}', "geojson"),
    "a GeoJSON whose type comes last": (b'{"features": [{"geometry": ', "geojson"),
    "a page of the installations API": (b'{"results":1,"page":1,"data":[{"raisonSociale"', "json"),
    "a bare array": (b'[{"a": 1}]', "json"),
    "a CSV": ("codeAiot;raisonSociale\n1;Société\n".encode("latin-1"), "csv"),
    "a text without separator": (b"hello\nworld\n", "unknown"),
    "binary that holds a comma": (b"a,b\x00c\n", "unknown"),
    "a GeoTIFF": (b"II*\x00\x08\x00\x00\x00", "tiff"),
    "nothing at all": (b"", "unknown"),
}


@pytest.mark.parametrize(("head", "expected"), HEADS.values(), ids=HEADS.keys())
def test_content_tells_the_format(head, expected):
    assert sniff_bytes(head) == expected
