"""Under which licence each layer comes: open and share-alike sources are never mixed unsaid."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator

import pandas as pd

from pipeline.export.product import Product

_USED = ("utilisee", "partielle")
_SHARE_ALIKE_NAMES = ("odbl", "open database")
_OPEN_NAMES = (*_SHARE_ALIKE_NAMES, "licence ouverte", "cc by", "cc0")
_UNKNOWN = "Licence non précisée par la source"
# Layers whose rows are objects of a source, which each row names.
_COPIED = {
    "candidats": "candidates",
    "arbres": "trees",
    "perimetres_protection": "perimeters",
}
_LAND = ("ocsge", "exemptions_sols", "arbres")
_DERIVED_LAND = ("osm", "bdtopo", "cadastre", "rpg")
_PARKS = (
    *("communes", "osm", "bdtopo", "parkings", "cadastre", "icpe", "icpe_emprises", "arbres"),
    *("mnh", "servitudes", "monuments", "dossiers"),
)
# Layers that are computed: the folders whose objects may have made them.
_COMPUTED: dict[str, tuple[str, ...]] = {
    "commune": ("communes",),
    "parcs": (*_PARKS, "proprietaires", "irradiation"),
    "exclusions": ("osm", "bdtopo", "parkings", "cadastre", "icpe", "icpe_emprises"),
    "canopee": ("osm", "bdtopo", "parkings", "arbres", "mnh"),
    "ombrieres": ("osm", "bdtopo", "parkings", "mnh"),
    "icpe": ("icpe", "icpe_emprises", "osm", "bdtopo", "cadastre"),
    "icpe_tampon": ("icpe", "icpe_emprises", "osm", "bdtopo", "cadastre"),
    "parcelles": ("cadastre", "proprietaires", "osm", "bdtopo", "parkings"),
    "sols": _LAND,
    "sols_flux": _LAND,
    "sols_ecarts": _LAND,
    "friches": ("friches", *_LAND, "osm", "bdtopo", "parkings"),
    "bilan": ("communes", "enaf", "plu", *_LAND),
    "sols_matrice": _LAND,
    "sols_variantes": _LAND,
    "sols_codes": _LAND,
    "decisions": _PARKS,
    "derogations": _PARKS,
    "corrections_rejouees": _PARKS,
    "conflits": _PARKS,
    "parcs_filiation": _PARKS,
    "parcs_connus": _PARKS,
    "journal": _PARKS,
}
# What is parzan's own, or the law's.
WITHOUT_LICENCE = ("empreintes", "sources", "licences", "regles")
LICENSED = (*_COPIED, *_COMPUTED)
_FOLDER_OF = {"parkings_sup500m2": "parkings", "pot_sol_park": "parkings"}
_CLOSED = "Licence qui n'est pas connue comme ouverte : diffusion à accorder avec le fournisseur."
_COPY = "Lignes reprises de la source, sous sa licence."
_CALCULATION = "Couche calculée d'après la source, à citer."
_SHARED = "Couche dérivée de cette base : elle se diffuse sous {licence} (partage à l'identique)."
_CITED = "Source à citer ; la couche, dérivée aussi d'une base sous {licence}, suit celle-ci."


# A record of a source that was used; a missing text is None.
Texts = dict[str, str | None]


def used_records(records: pd.DataFrame) -> pd.DataFrame:
    """Return the records of the files that told something, `licence` never missing."""
    used = records[records["state"].isin(_USED)]
    return used.assign(licence=used["licence"].fillna(_UNKNOWN))


def is_share_alike(licence: str) -> bool:
    """Tell whether what derives from a base under this licence must stay under it (ODbL)."""
    return any(name in licence.lower() for name in _SHARE_ALIKE_NAMES)


def remark_of(licence: str, among: Iterable[str]) -> str:
    """Return what a licence asks of a layer that derives from sources under all of `among`."""
    shared = next((other for other in sorted(among) if is_share_alike(other)), None)
    remark = _CALCULATION
    if shared is not None:
        remark = (_SHARED if is_share_alike(licence) else _CITED).format(licence=shared)
    return remark if _is_open(licence) else f"{remark} {_CLOSED}"


def _is_open(licence: str) -> bool:
    return any(name in licence.lower() for name in _OPEN_NAMES)


def credit_of(row: Texts) -> str:
    """Return the attribution of a record, else its producer and its label."""
    if row["attribution"]:
        return row["attribution"]
    return " — ".join(name for name in (row["producer"], row["label"]) if name)


def credits_of(records: pd.DataFrame) -> tuple[str, ...]:
    """Return the attributions of records, each once, sorted; only of what was used."""
    return _credits(as_texts(used_records(records)))


def _credits(used: list[Texts]) -> tuple[str, ...]:
    return tuple(sorted({credit_of(row) for row in used} - {""}))


def credit_line(records: pd.DataFrame) -> str:
    """Return the attributions of what was used, in one line of text; empty without any."""
    return line_of(credits_of(records))


def line_of(credits_told: Iterable[str]) -> str:
    """Return attributions as one line of text; empty without any."""
    told = " ; ".join(credits_told)
    return f"Sources : {told}." if told else ""


def as_texts(rows: pd.DataFrame) -> list[Texts]:
    """Return provenance rows, a missing text as None."""
    names = ["folder", "label", "producer", "vintage", "licence", "attribution"]
    columns = [
        [None if gone else str(it) for it, gone in zip(values.tolist(), values.isna(), strict=True)]
        for values in (rows[name] for name in names)
    ]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def licence_rows(product: Product) -> pd.DataFrame:
    """
    Return one row per layer and licence; a layer without a row comes under none.

    Returns
    -------
    table
        `layer`, `licence`, `row_count` (rows that it concerns), `folders` (joined by `;`),
        `attribution`, `is_share_alike`, `remark`.
    """
    used = as_texts(used_records(product.records))
    rows: list[dict[str, object]] = []
    for layer, name in _COPIED.items():
        sources = Counter(getattr(product, name)["source"].tolist())
        rows += _copied(layer, sources, used)
    for layer, count in _counts(product).items():
        if count:
            rows += _computed(layer, count, _fed_by(layer, product), used)
    columns = ("layer", "licence", "row_count", "folders", "attribution", "is_share_alike")
    return pd.DataFrame(rows, columns=[*columns, "remark"])


def _counts(product: Product) -> dict[str, int]:
    land = product.land
    tables = {
        "commune": product.commune,
        "parcs": product.lots,
        "exclusions": product.pieces,
        "canopee": product.crowns,
        "ombrieres": product.carports,
        "icpe": product.installations,
        "icpe_tampon": product.rings,
        "parcelles": product.parcels,
        "decisions": product.steps,
        "derogations": product.pleas,
        "corrections_rejouees": product.inventory.replayed,
        "conflits": product.inventory.conflicts,
        "parcs_filiation": product.inventory.lineage,
        "parcs_connus": product.inventory.known,
        "journal": product.inventory.journal,
        "sols": land.pieces,
        "sols_flux": land.flows,
        "sols_ecarts": land.disagreements,
        "friches": land.brownfields,
        "bilan": land.indicators,
        "sols_matrice": land.transitions,
        "sols_variantes": land.variants,
        "sols_codes": land.unread,
    }
    return {name: len(table) for name, table in tables.items()}


def _fed_by(layer: str, product: Product) -> tuple[str, ...]:
    """Return the folders that may have made a layer; more where the land is drawn from others."""
    is_land = layer.startswith("sols") or layer == "friches"
    derived = _DERIVED_LAND if is_land and product.land.derived else ()
    return (*_COMPUTED[layer], *derived)


def _copied(layer: str, sources: Counter[str], used: list[Texts]) -> Iterator[dict[str, object]]:
    counts: Counter[str | None] = Counter()
    for source, count in sources.items():
        counts[_FOLDER_OF.get(source, source)] += count
    for licence, records in _by_licence(used, counts):
        count = sum(counts[folder] for folder in {row["folder"] for row in records})
        remark = _COPY if _is_open(licence) else f"{_COPY} {_CLOSED}"
        yield _row(layer, licence, count, records, remark)


def _computed(
    layer: str, count: int, folders: tuple[str, ...], used: list[Texts]
) -> Iterator[dict[str, object]]:
    found = _by_licence(used, folders)
    licences = [licence for licence, _ in found]
    for licence, records in found:
        yield _row(layer, licence, count, records, remark_of(licence, licences))


def _by_licence(used: list[Texts], folders: Container[str | None]) -> list[tuple[str, list[Texts]]]:
    """Return the records of some folders by licence, in order."""
    found: dict[str, list[Texts]] = {}
    for row in used:
        if row["folder"] in folders:
            found.setdefault(str(row["licence"]), []).append(row)
    return sorted(found.items())


def _row(
    layer: str, licence: str, count: int, records: list[Texts], remark: str
) -> dict[str, object]:
    return {
        "layer": layer,
        "licence": licence,
        "row_count": count,
        "folders": ";".join(sorted({str(row["folder"]) for row in records})),
        "attribution": " ; ".join(_credits(records)),
        "is_share_alike": is_share_alike(licence),
        "remark": remark,
    }
