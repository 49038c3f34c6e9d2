"""The layers of a product, in the order they are written: title, geometry, group, columns."""

from dataclasses import dataclass
from typing import Literal

from pipeline.export.columns import COLUMNS
from pipeline.export.fields import Column

GeometryType = Literal["MultiPolygon", "Point", "Unknown"]
Group = Literal["À instruire", "Mesure", "Sols", "Contexte", "Données"]
GEOMETRY_COLUMN = "geom"


@dataclass(frozen=True)
class Layer:
    """
    A table of the GeoPackage.

    `geometry` is None for a table without geometry and `Unknown` where points and polygons mix;
    `key` is the column whose values are unique; `sort` orders the rows.
    """

    name: str
    title: str
    description: str
    geometry: GeometryType | None
    group: Group
    sort: tuple[str, ...]
    key: str | None = None
    columns: tuple[Column, ...] = ()


def _layer(
    name: str,
    title: str,
    description: str,
    geometry: GeometryType | None,
    group: Group,
    sort: tuple[str, ...],
    *,
    key: bool = True,
) -> Layer:
    unique = sort[0] if key else None
    return Layer(name, title, description, geometry, group, sort, unique, COLUMNS[name])


LAYERS: tuple[Layer, ...] = (
    _layer(
        "commune",
        "Commune",
        "Limite de la commune",
        "MultiPolygon",
        "Contexte",
        ("insee",),
    ),
    _layer(
        "parcs",
        "Parcs de stationnement",
        "Parcs de stationnement au sens de la loi APER, superficie, statut et échéance",
        "MultiPolygon",
        "À instruire",
        ("parc_id",),
    ),
    _layer(
        "candidats",
        "Objets des sources",
        "Objets des sources qui peuvent être un parc, et ce qu'ils sont devenus",
        "MultiPolygon",
        "Mesure",
        ("candidat_id",),
    ),
    _layer(
        "exclusions",
        "Exclusions de superficie",
        "Pièces retirées d'un parc, ou seulement signalées, avec leur article",
        "MultiPolygon",
        "Mesure",
        ("parc_id", "motif", "source", "source_id"),
        key=False,
    ),
    _layer(
        "canopee",
        "Houppiers",
        "Houppiers au-dessus de la superficie assujettie d'un parc",
        "MultiPolygon",
        "Mesure",
        ("parc_id", "arbre_id"),
        key=False,
    ),
    _layer(
        "arbres",
        "Arbres",
        "Arbres sur un parc ou au-dessus de lui",
        "Point",
        "Mesure",
        ("arbre_id",),
    ),
    _layer(
        "ombrieres",
        "Ombrières et toitures existantes",
        "Ombrières photovoltaïques en place, et toitures qui peuvent en être",
        "MultiPolygon",
        "Mesure",
        ("parc_id", "ombriere_id"),
        key=False,
    ),
    _layer(
        "icpe",
        "Installations classées",
        "Installations classées (ICPE) à la meilleure géométrie connue",
        "Unknown",
        "Contexte",
        ("code_aiot",),
    ),
    _layer(
        "icpe_tampon",
        "Tampon de 10 m des installations classées",
        "Bande de moins de dix mètres autour d'une installation classée",
        "MultiPolygon",
        "Mesure",
        ("code_aiot",),
        key=False,
    ),
    _layer(
        "perimetres_protection",
        "Périmètres de protection",
        "Périmètres de patrimoine, de nature ou de risque qui touchent un parc",
        "MultiPolygon",
        "Contexte",
        ("perimetre_id",),
    ),
    _layer(
        "parcelles",
        "Parcelles cadastrales",
        "Parcelles cadastrales sous un parc",
        "MultiPolygon",
        "Contexte",
        ("idu",),
    ),
    _layer(
        "sols",
        "Sols",
        "Occupation du sol par millésime : catégorie, artificialisé ou non, et ce qui en décide",
        "MultiPolygon",
        "Sols",
        ("millesime", "sol_id"),
        key=False,
    ),
    _layer(
        "sols_flux",
        "Changements de statut",
        "Sols artificialisés ou désartificialisés entre deux millésimes",
        "MultiPolygon",
        "Sols",
        ("millesime_avant", "millesime_apres", "flux"),
        key=False,
    ),
    _layer(
        "sols_ecarts",
        "Écarts avec l'IGN",
        "Sols dont le statut diffère de celui que le produit de l'IGN énonce",
        "MultiPolygon",
        "Sols",
        ("millesime", "sol_id"),
        key=False,
    ),
    _layer(
        "friches",
        "Friches",
        "Friches recensées, sols artificialisés et parcs de stationnement qu'elles portent",
        "Unknown",
        "Sols",
        ("friche_id",),
    ),
    _layer(
        "bilan",
        "Bilan",
        "Indicateurs du rapport local de suivi de l'artificialisation",
        None,
        "Sols",
        ("indicateur", "millesime_avant", "millesime"),
        key=False,
    ),
    _layer(
        "sols_matrice",
        "Matrice des changements",
        "Surface par catégorie avant et après, entre deux millésimes",
        None,
        "Sols",
        ("millesime_avant", "millesime_apres", "categorie_avant", "categorie_apres"),
        key=False,
    ),
    _layer(
        "sols_variantes",
        "Lectures des seuils",
        "Ce que chaque lecture des seuils change, et son accord avec le produit de l'IGN",
        None,
        "Sols",
        ("millesime", "variante"),
        key=False,
    ),
    _layer(
        "sols_codes",
        "Codes non lus",
        "Codes absents, inconnus ou trop larges, et la surface qui les porte",
        None,
        "Sols",
        ("millesime", "code_cs", "code_us"),
        key=False,
    ),
    _layer(
        "decisions",
        "Raisonnement",
        "Comparaisons qui mènent au statut de chaque parc, dans l'ordre",
        None,
        "Données",
        ("parc_id", "rang"),
        key=False,
    ),
    _layer(
        "derogations",
        "Exonérations et dérogations",
        "Ce qui exonère un parc, ou que son débiteur peut faire valoir",
        None,
        "Données",
        ("parc_id", "code", "fondement"),
        key=False,
    ),
    _layer(
        "corrections_rejouees",
        "Corrections rejouées",
        "Décisions des agents, ce qu'elles sont devenues, le contour sur lequel chacune fut prise",
        "MultiPolygon",
        "Données",
        ("correction_id",),
    ),
    _layer(
        "conflits",
        "Corrections en conflit",
        "Décisions qui ne vont plus : le contour que l'agent a vu, et celui d'aujourd'hui",
        "MultiPolygon",
        "À instruire",
        ("correction_id", "role"),
        key=False,
    ),
    _layer(
        "parcs_filiation",
        "Filiation des parcs",
        "Parcs scindés, fusionnés, disparus, revenus : d'où vient chaque identifiant",
        None,
        "Données",
        ("vu_le", "parc_id", "ancien_parc_id", "evenement", "parc_id_lie"),
        key=False,
    ),
    _layer(
        "parcs_connus",
        "Parcs connus",
        "Tout parc qui eut un identifiant, tel que relevé : il le retrouve s'il revient",
        "MultiPolygon",
        "Données",
        ("parc_id", "ancien_parc_id"),
        key=False,
    ),
    _layer(
        "journal",
        "Journal",
        "Ce qui a changé d'un passage à l'autre, et pourquoi",
        None,
        "À instruire",
        ("vu_le", "parc_id", "ancien_parc_id", "nature", "detail"),
        key=False,
    ),
    _layer(
        "empreintes",
        "Empreintes",
        "De quoi le produit est fait : règles, hypothèses, version, corrections",
        None,
        "Données",
        ("nom",),
    ),
    _layer(
        "sources",
        "Sources",
        "Sources utilisées, partielles ou absentes",
        None,
        "Données",
        ("dossier", "fichier", "libelle"),
        key=False,
    ),
    _layer(
        "licences",
        "Licences",
        "Licence des données de chaque couche, et mention à porter",
        None,
        "Données",
        ("couche", "licence"),
        key=False,
    ),
    _layer(
        "regles",
        "Règles appliquées",
        "Valeurs légales en vigueur à la date du produit",
        None,
        "Données",
        ("nature", "regle_id"),
        key=False,
    ),
)
BY_NAME: dict[str, Layer] = {layer.name: layer for layer in LAYERS}
