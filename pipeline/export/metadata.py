"""ISO 19139 metadata of a product: what it is, from which data, under which licences."""

import xml.etree.ElementTree as ET
from collections.abc import Iterable

import pandas as pd

from pipeline.crs import WGS84, transformer_between
from pipeline.export.licences import as_texts, credit_of, is_share_alike, used_records
from pipeline.export.product import Product
from pipeline.export.typed_rows import clean

_GMD, _GCO = "http://www.isotc211.org/2005/gmd", "http://www.isotc211.org/2005/gco"
_CODES = "http://standards.iso.org/iso/19139/resources/gmxCodelists.xml"
_SHARE_ALIKE = (
    "Les couches et les parcs dont la source contient « osm » dérivent de cette base : leur"
    " diffusion reste sous la même licence (partage à l'identique)."
)


def title_of(product: Product) -> str:
    """Return the title of the product and of its project."""
    return f"Parcs de stationnement et sols — {product.commune_name} ({product.insee_code})"


def abstract_of(product: Product) -> str:
    """Return the abstract: what the file holds and what it is not."""
    return (
        "Parcs de stationnement extérieurs au regard de l'article 40 de la loi n° 2023-175 du"
        " 10 mars 2023 : superficie assujettie, exclusions, statut, échéance. Sols artificialisés"
        " ou non au sens de l'article R. 101-1 du code de l'urbanisme, par millésime. Commune :"
        f" {product.commune_name} ({product.insee_code}). Règles au"
        f" {product.as_of:%d/%m/%Y}. Estimation sur données publiques : ne vaut ni constat ni"
        " décision."
    )


def iso_document(product: Product) -> str:
    """Return the ISO 19139 record, in French."""
    ET.register_namespace("gmd", _GMD)
    ET.register_namespace("gco", _GCO)
    used = used_records(product.records)
    root = _gmd("MD_Metadata")
    root.append(_text("fileIdentifier", f"parzan-{product.insee_code}"))
    root.append(_coded("language", "LanguageCode", "fre"))
    root.append(_coded("characterSet", "MD_CharacterSetCode", "utf8"))
    root.append(_coded("hierarchyLevel", "MD_ScopeCode", "dataset"))
    root.append(_responsible("contact"))
    root.append(_day("dateStamp", product))
    root.append(_text("metadataStandardName", "ISO 19115:2003/19139"))
    root.append(_reference_system(product))
    root.append(_wrap("identificationInfo", _identification(product, used)))
    root.append(_distribution())
    root.append(_wrap("dataQualityInfo", _quality(product, used)))
    return ET.tostring(root, encoding="unicode")


def _identification(product: Product, used: pd.DataFrame) -> ET.Element:
    date = _gmd("CI_Date", _day("date", product), _coded("dateType", "CI_DateTypeCode", "creation"))
    citation = _gmd("CI_Citation", _text("title", title_of(product)), _wrap("date", date))
    return _gmd(
        "MD_DataIdentification",
        _wrap("citation", citation),
        _text("abstract", abstract_of(product)),
        *(_licence(name, rows) for name, rows in _by_licence(used)),
        _coded("spatialRepresentationType", "MD_SpatialRepresentationTypeCode", "vector"),
        _coded("language", "LanguageCode", "fre"),
        _wrap("topicCategory", _gmd("MD_TopicCategoryCode", text="planningCadastre")),
        _extent(product),
    )


def _by_licence(used: pd.DataFrame) -> Iterable[tuple[str, pd.DataFrame]]:
    return [(str(name), rows) for name, rows in used.groupby("licence", sort=True)]


def _licence(name: str, rows: pd.DataFrame) -> ET.Element:
    """Return one block per licence: an ODbL source and an open-licence one never share a block."""
    share_alike = _SHARE_ALIKE if is_share_alike(name) else ""
    credit = "; ".join(sorted({f"{credit_of(row)}{_vintage(row)}" for row in as_texts(rows)}))
    return _wrap(
        "resourceConstraints",
        _gmd(
            "MD_LegalConstraints",
            _text("useLimitation", f"{name}. {share_alike}".strip()),
            _coded("useConstraints", "MD_RestrictionCode", "otherRestrictions"),
            _text("otherConstraints", f"{name} — mention obligatoire : {credit}"),
        ),
    )


def _vintage(row: dict[str, str | None]) -> str:
    return f" ({row['vintage']})" if row["vintage"] else ""


def _quality(product: Product, used: pd.DataFrame) -> ET.Element:
    scope = _gmd("DQ_Scope", _coded("level", "MD_ScopeCode", "dataset"))
    statement = (
        f"Calculé par parzan {product.version} : réunion des objets des sources en parcs,"
        " retrait des exclusions du décret n° 2024-1023, application des règles au"
        f" {product.as_of:%d/%m/%Y}. Superficies au sol. Détail des sources et des règles :"
        " tables « sources » et « regles » ; licence de chaque couche : table « licences »."
    )
    sources = [
        _wrap("source", _gmd("LI_Source", _text("description", f"{row['label']}{_vintage(row)}")))
        for row in as_texts(used.sort_values(["folder", "label"]))
    ]
    lineage = _gmd("LI_Lineage", _text("statement", statement), *sources)
    return _gmd("DQ_DataQuality", _wrap("scope", scope), _wrap("lineage", lineage))


def _extent(product: Product) -> ET.Element:
    transformer = transformer_between(product.territory.crs, WGS84)
    west, south, east, north = transformer.transform_bounds(*product.commune.total_bounds)
    corners = {
        "westBoundLongitude": west,
        "eastBoundLongitude": east,
        "southBoundLatitude": south,
        "northBoundLatitude": north,
    }
    degrees = [_wrap(tag, _gco("Decimal", f"{value:.6f}")) for tag, value in corners.items()]
    box = _wrap("geographicElement", _gmd("EX_GeographicBoundingBox", *degrees))
    return _wrap("extent", _gmd("EX_Extent", box))


def _reference_system(product: Product) -> ET.Element:
    code = f"http://www.opengis.net/def/crs/EPSG/0/{product.territory.epsg}"
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


def _day(tag: str, product: Product) -> ET.Element:
    return _wrap(tag, _gco("Date", product.as_of.isoformat()))


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
