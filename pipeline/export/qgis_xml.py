"""Building blocks of QGIS documents: elements, typed options, colours; ElementTree escapes all."""

import io
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from pyproj import CRS

from pipeline.export.typed_rows import clean

QGIS_VERSION = "3.22.16"  # of Debian 12, the oldest that must read the product
_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_ARCHIVED_NAME = "projet.qgs"

Value = bool | int | float | str | Sequence["Value"] | Mapping[str, "Value"] | None


def element(
    tag: str,
    attributes: Mapping[str, object] | None = None,
    children: Iterable[ET.Element] = (),
    text: str | None = None,
) -> ET.Element:
    """Return an element; attribute values and text lose what XML 1.0 forbids."""
    made = ET.Element(tag, {key: clean(str(value)) for key, value in (attributes or {}).items()})
    made.text = None if text is None else clean(text)
    made.extend(children)
    return made


def option(value: Value, name: str | None = None) -> ET.Element:
    """Encode a value the way QGIS stores a QVariant."""
    attributes: dict[str, object] = {} if name is None else {"name": name}
    children: list[ET.Element] = []
    match value:
        case None:
            attributes["type"] = "invalid"
        case bool():
            attributes |= {"type": "bool", "value": str(value).lower()}
        case int():
            attributes |= {"type": "int", "value": value}
        case float():
            attributes |= {"type": "double", "value": repr(value)}
        case str():
            attributes |= {"type": "QString", "value": value}
        case Mapping():
            attributes["type"] = "Map"
            children = [option(item, key) for key, item in value.items()]
        case _:
            attributes["type"] = "List"
            children = [option(item) for item in value]
    return element("Option", attributes, children)


def reference_system(epsg: int) -> ET.Element:
    """Return a CRS that every QGIS honours: WKT, and a positive srsid beside the authority's id."""
    parts = {
        "wkt": _wkt(epsg),
        "srsid": "1",
        "authid": f"EPSG:{epsg}",
    }
    children = [element(tag, text=text) for tag, text in parts.items()]
    return element("spatialrefsys", {"nativeFormat": "Wkt"}, children)


@cache
def _wkt(epsg: int) -> str:
    return str(CRS.from_epsg(epsg).to_wkt("WKT2_2019"))


def document(root: ET.Element) -> str:
    """Return the text of a QML or of a project."""
    return _DOCTYPE + ET.tostring(root, encoding="unicode")


def archive_hex(project: str) -> str:
    """Return a project as QGIS stores it: a .qgz in hexadecimal, always the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        member = zipfile.ZipInfo(_ARCHIVED_NAME, _ZIP_EPOCH)
        member.create_system = 3  # else the byte says on which system it was written
        archive.writestr(member, project.encode(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue().hex()
