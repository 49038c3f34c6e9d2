"""ISO 19139 metadata of a file: what it is, from which data, under which licences."""

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from datetime import date

from pipeline.crs import WGS84, transformer_between
from pipeline.export.licences import is_share_alike
from pipeline.export.typed_rows import clean

Bounds = tuple[float, float, float, float]
_GMD, _GCO = "http://www.isotc211.org/2005/gmd", "http://www.isotc211.org/2005/gco"
_CODES = "http://standards.iso.org/iso/19139/resources/gmxCodelists.xml"
_SHARE_ALIKE = (
    "Les couches et les parcs dont la source contient « osm » dérivent de cette base : leur"
    " diffusion reste sous la même licence (partage à l'identique)."
)


@dataclass(frozen=True)
class Record:
    """
    What a file says of itself.

    Attributes
    ----------
    day
        The only date told.
    bounds
        Box in the CRS `epsg`.
    statement
        How it was made.
    licences
        Licence, and the attribution that it asks for; one block each, never mixed.
    sources
        Description of each source.
    """

    identifier: str
    title: str
    abstract: str
    day: date
    epsg: int
    bounds: Bounds
    statement: str
    licences: tuple[tuple[str, str], ...]
    sources: tuple[str, ...] = ()


def iso_document(record: Record) -> str:
    """Return the ISO 19139 record, in French."""
    ET.register_namespace("gmd", _GMD)
    ET.register_namespace("gco", _GCO)
    root = _gmd("MD_Metadata")
    root.append(_text("fileIdentifier", record.identifier))
    root.append(_coded("language", "LanguageCode", "fre"))
    root.append(_coded("characterSet", "MD_CharacterSetCode", "utf8"))
    root.append(_coded("hierarchyLevel", "MD_ScopeCode", "dataset"))
    root.append(_responsible("contact"))
    root.append(_day("dateStamp", record))
    root.append(_text("metadataStandardName", "ISO 19115:2003/19139"))
    root.append(_reference_system(record))
    root.append(_wrap("identificationInfo", _identification(record)))
    root.append(_distribution())
    root.append(_wrap("dataQualityInfo", _quality(record)))
    return ET.tostring(root, encoding="unicode")


def _identification(record: Record) -> ET.Element:
    date_ = _gmd("CI_Date", _day("date", record), _coded("dateType", "CI_DateTypeCode", "creation"))
    citation = _gmd("CI_Citation", _text("title", record.title), _wrap("date", date_))
    return _gmd(
        "MD_DataIdentification",
        _wrap("citation", citation),
        _text("abstract", record.abstract),
        *(_licence(name, credit) for name, credit in record.licences),
        _coded("spatialRepresentationType", "MD_SpatialRepresentationTypeCode", "vector"),
        _coded("language", "LanguageCode", "fre"),
        _wrap("topicCategory", _gmd("MD_TopicCategoryCode", text="planningCadastre")),
        _extent(record),
    )


def _licence(name: str, credit: str) -> ET.Element:
    """Return one block per licence: an ODbL source and an open-licence one never share a block."""
    share_alike = _SHARE_ALIKE if is_share_alike(name) else ""
    return _wrap(
        "resourceConstraints",
        _gmd(
            "MD_LegalConstraints",
            _text("useLimitation", f"{name}. {share_alike}".strip()),
            _coded("useConstraints", "MD_RestrictionCode", "otherRestrictions"),
            _text("otherConstraints", f"{name} — mention obligatoire : {credit}"),
        ),
    )


def _quality(record: Record) -> ET.Element:
    scope = _gmd("DQ_Scope", _coded("level", "MD_ScopeCode", "dataset"))
    sources = [
        _wrap("source", _gmd("LI_Source", _text("description", source)))
        for source in record.sources
    ]
    lineage = _gmd("LI_Lineage", _text("statement", record.statement), *sources)
    return _gmd("DQ_DataQuality", _wrap("scope", scope), _wrap("lineage", lineage))


def _extent(record: Record) -> ET.Element:
    transformer = transformer_between(f"EPSG:{record.epsg}", WGS84)
    west, south, east, north = transformer.transform_bounds(*record.bounds)
    corners = {
        "westBoundLongitude": west,
        "eastBoundLongitude": east,
        "southBoundLatitude": south,
        "northBoundLatitude": north,
    }
    degrees = [_wrap(tag, _gco("Decimal", f"{value:.6f}")) for tag, value in corners.items()]
    box = _wrap("geographicElement", _gmd("EX_GeographicBoundingBox", *degrees))
    return _wrap("extent", _gmd("EX_Extent", box))


def _reference_system(record: Record) -> ET.Element:
    code = f"http://www.opengis.net/def/crs/EPSG/0/{record.epsg}"
    identifier = _wrap("referenceSystemIdentifier", _gmd("RS_Identifier", _text("code", code)))
    return _wrap("referenceSystemInfo", _gmd("MD_ReferenceSystem", identifier))


def _distribution() -> ET.Element:
    form = _gmd("MD_Format", _text("name", "GeoPackage"), _text("version", "1.3"))
    return _wrap("distributionInfo", _gmd("MD_Distribution", _wrap("distributionFormat", form)))


def _responsible(tag: str) -> ET.Element:
    party = _gmd(
        "CI_ResponsibleParty",
        _text("organisationName", "Service de l'État qui a produit le fichier"),
        _coded("role", "CI_RoleCode", "processor"),
    )
    return _wrap(tag, party)


def _day(tag: str, record: Record) -> ET.Element:
    return _wrap(tag, _gco("Date", record.day.isoformat()))


def _text(tag: str, value: str) -> ET.Element:
    return _wrap(tag, _gco("CharacterString", clean(value)))


def _coded(tag: str, code_list: str, value: str) -> ET.Element:
    code = _gmd(code_list, text=value)
    code.set("codeList", f"{_CODES}#{code_list}")
    code.set("codeListValue", value)
    return _wrap(tag, code)


def _wrap(tag: str, child: ET.Element) -> ET.Element:
    return _gmd(tag, child)


def _gmd(tag: str, *children: ET.Element, text: str | None = None) -> ET.Element:
    made = ET.Element(f"{{{_GMD}}}{tag}")
    made.text = text
    made.extend(children)
    return made


def _gco(tag: str, text: str) -> ET.Element:
    made = ET.Element(f"{{{_GCO}}}{tag}")
    made.text = text
    return made
