"""The one-page method note of the local report: figures of a commune, method, sources, limits."""

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator

import pandas as pd

from pipeline.export.domains import DOMAINS
from pipeline.export.licences import credits_of, is_share_alike, used_records
from pipeline.export.product import Product
from pipeline.export.qgis_xml import element
from pipeline.french import number

_STYLE = (
    "@page{size:A4;margin:12mm}body{font:8.6pt/1.3 'DejaVu Sans',Arial,sans-serif;color:#222;"
    "max-width:186mm;margin:0 auto}h1{font-size:13pt;margin:0 0 1mm}h2{font-size:9.6pt;"
    "margin:2.4mm 0 .8mm;border-bottom:.3mm solid #888}p{margin:.6mm 0}"
    "table{border-collapse:collapse;width:100%}td,th{border-bottom:.2mm solid #ccc;"
    "padding:.4mm 1mm;text-align:left;vertical-align:top}td.n,th.n{text-align:right;"
    "white-space:nowrap}.w{background:#fff3d6;border:.3mm solid #d9a400;padding:1mm 1.6mm}"
)
_HEADLINES = (
    *("consommation_enaf", "artificialisation_nette", "part_artificialisation_nette"),
    *("impermeabilisation_nette", "surface_artificialisee", "part_artificialisee"),
    *("surface_impermeable", "surface_par_seuil", "surface_indeterminee", "surface_non_couverte"),
    "surface_incomparable",
)
_MOST_ROWS = 24
_MOST_SOURCES = 8
_SHA_SHOWN = 12
_WARNING = (
    "Estimation sur données publiques, qui ne vaut ni constat ni décision. L'artificialisation"
    " mesurée ici n'est pas la consommation d'espaces naturels, agricoles et forestiers (ENAF), qui"
    " fait foi jusqu'en 2031, et ne vaut pas à l'échelle d'un projet."
)
_METHOD = (
    "Chaque polygone de l'occupation du sol reçoit, d'après sa couverture et son usage, l'une des"
    " dix catégories de l'annexe à l'article R. 101-1 du code de l'urbanisme. Un code absent ou"
    " inconnu n'est jamais deviné : son statut reste inconnu, et la surface est comptée à part.\n"
    "Les seuils sont appliqués au territoire entier, avant toute découpe par commune : {building}"
    " pour le bâti, {surface} pour toute autre surface, {width} de large pour les infrastructures"
    " linéaires, {trees} de couvert arboré en deçà desquels une végétation est herbacée.\n"
    "Une surface sous le seuil prend le statut qui borde la plus grande part de son contour. C'est"
    " la convention de l'observatoire national, que le texte ne donne pas ; lecture retenue :"
    " {variant}. Les valeurs basse et haute sont celles des autres lectures, le sol de statut"
    " inconnu compté d'un côté ou de l'autre.\n"
    "Les surfaces sont mesurées au sol, sur l'ellipsoïde. Les évolutions ne portent que sur le sol"
    " dont le statut est connu aux deux dates : la variation du stock égale la somme des flux."
)


def land_note(product: Product) -> str:
    """
    Return the method note of a commune as one HTML page that prints on one A4 sheet.

    It loads nothing and runs nothing; what comes from the data is text.
    """
    title = f"Artificialisation des sols — {product.commune_name} ({product.insee_code})"
    subtitle = f"Note de méthode. Règles au {product.as_of:%d/%m/%Y}, parzan {product.version}."
    head = [
        element("meta", {"charset": "utf-8"}),
        element("title", text=title),
        element("style", text=_STYLE),
    ]
    body = [
        element("h1", text=title),
        element("p", text=subtitle),
        element("p", {"class": "w"}, text=_WARNING),
        element("p", text=_scope(product.land.indicators)),
        element("h2", text="Indicateurs (CGCT, art. R. 2231-1)"),
        *_figures(product.land.indicators),
        element("h2", text="Méthode"),
        *(element("p", text=line) for line in _method(product)),
        element("h2", text="Sources"),
        *(element("p", text=line) for line in _sources(product.records)),
    ]
    parts = [element("head", children=head), element("body", children=body)]
    root = element("html", {"lang": "fr"}, parts)
    text = ET.tostring(root, encoding="unicode", method="html")
    return f"<!DOCTYPE html>\n{text}\n"


def _scope(indicators: pd.DataFrame) -> str:
    told = indicators[indicators["code"].isin(["rapport_local", "garantie_communale"])]
    pairs = zip(told["label"], told["warning"], strict=True)
    return " ".join(f"{label} : {said}" for label, said in pairs)


def _figures(indicators: pd.DataFrame) -> Iterator[ET.Element]:
    heads = (
        ("Indicateur", ""),
        ("Année", ""),
        ("Valeur", "n"),
        ("Entre", "n"),
        ("Obligatoire", ""),
    )
    table = element("table")
    table.append(element("tr", children=[_cell("th", words, kind) for words, kind in heads]))
    rank = {code: position for position, code in enumerate(_HEADLINES)}
    shown = indicators[indicators["code"].isin(_HEADLINES)]
    order = shown.assign(rank=shown["code"].map(rank)).sort_values(["rank", "vintage"])
    for row in order.head(_MOST_ROWS).to_dict("records"):
        table.append(element("tr", children=list(_cells({str(k): v for k, v in row.items()}))))
    yield table
    if len(order) > _MOST_ROWS:
        left = len(order) - _MOST_ROWS
        yield element("p", text=f"Et {left} autres lignes : table « bilan » du GeoPackage.")


def _cells(row: dict[str, object]) -> Iterator[ET.Element]:
    unit = str(row["unit"])
    yield _cell("td", str(row["label"]))
    yield _cell("td", "" if pd.isna(row["vintage"]) else str(row["vintage"]))  # type: ignore[call-overload]
    yield _cell("td", _written(row["value"], unit), "n")
    bounds = [_written(row[name], unit) for name in ("least", "most")]
    yield _cell("td", "" if "" in bounds else " et ".join(bounds), "n")
    compulsory = row["is_compulsory"]
    yield _cell("td", "non établi" if pd.isna(compulsory) else "oui" if compulsory else "non")  # type: ignore[call-overload]


def _cell(tag: str, text: str, kind: str = "") -> ET.Element:
    return element(tag, {"class": kind} if kind else {}, text=text)


def _written(value: object, unit: str) -> str:
    if not isinstance(value, float) or pd.isna(value):
        return ""
    if unit == "/1":
        return f"{100 * value:.2f}".replace(".", ",") + " %"
    return f"{number(value)} m²"


def _method(product: Product) -> Iterable[str]:
    rules, day = product.rules, product.as_of
    chosen = product.land.variants.loc[product.land.variants["is_default"], "variant"]
    names = DOMAINS["variante_seuils"]
    said = {
        "building": f"{number(rules.number('ZAN.seuil_bati', day))} m²",
        "surface": f"{number(rules.number('ZAN.seuil_surface', day))} m²",
        "width": f"{number(rules.number('ZAN.largeur_lineaire', day))} m",
        "trees": f"{number(100 * rules.number('ZAN.couvert_arbore', day))} %",
        "variant": names[str(chosen.iloc[0])].lower() if len(chosen) else "sans objet",
    }
    return _METHOD.format(**said).splitlines()


def _sources(records: pd.DataFrame) -> Iterator[str]:
    used = records[records["state"].isin(["utilisee", "partielle"])].sort_values(["folder", "file"])
    for row in used.head(_MOST_SOURCES).to_dict("records"):
        vintage = f", {row['vintage']}" if isinstance(row["vintage"], str) else ""
        digest = f" (SHA-256 {str(row['sha256'])[:_SHA_SHOWN]}…)" if row["sha256"] else ""
        yield f"{row['label']}{vintage} : {row['file']}{digest}. {row['licence']}."
    if len(used) > _MOST_SOURCES:
        yield f"Et {len(used) - _MOST_SOURCES} autres fichiers : table « sources » du GeoPackage."
    yield f"Mentions obligatoires : {' ; '.join(credits_of(records)) or 'aucune'}."
    if any(is_share_alike(licence) for licence in used_records(records)["licence"]):
        yield "Ce qui dérive d'une base sous ODbL reste sous ODbL : table « licences »."
