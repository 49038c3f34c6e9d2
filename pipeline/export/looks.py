"""How each layer looks: renderers and labels, one default and, for the parks, one per question."""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.export import correction_looks, land_looks, region_looks
from pipeline.export.domains import DOMAINS
from pipeline.export.symbols import (
    Case,
    Colour,
    Drawing,
    by_rules,
    categorized,
    fills,
    hatching,
    marker,
    markers,
    polygon,
    single,
)

# Told apart without red-green vision (Okabe and Ito's palette), and over an orthophoto.
STATUS_COLOURS: dict[str, tuple[Colour, Colour]] = {
    "assujetti": ((213, 94, 0), (130, 50, 0)),
    "a_verifier": ((240, 200, 40), (140, 100, 0)),
    "exonere": ((86, 156, 214), (0, 70, 130)),
    "non_assujetti": ((40, 165, 120), (0, 85, 60)),
    "hors_champ": ((175, 175, 175), (95, 95, 95)),
}
_EXCLUSION_COLOURS: dict[str, Colour] = {
    "batiment": (70, 70, 70),
    "voie_publique": (110, 80, 60),
    "espace_vert": (20, 110, 40),
    "repos": (90, 130, 20),
    "stockage": (150, 90, 20),
    "logistique": (120, 60, 0),
    "marchandises_dangereuses": (170, 0, 60),
    "icpe_prescription": (90, 0, 120),
    "icpe_10m": (130, 30, 160),
    "voie_poids_lourds": (30, 50, 130),
}
_PERIMETER_COLOURS: dict[str, Colour] = {
    "mh_terrain": (0, 60, 130),
    "abords_delimites": (0, 100, 170),
    "abords_500m": (120, 60, 160),
    "abords_incertains": (150, 100, 170),
    "spr": (0, 120, 140),
    "site_classe": (0, 110, 80),
    "site_inscrit": (60, 140, 60),
    "coeur_parc_national": (20, 90, 30),
    "l151_19": (90, 110, 0),
    "risque_naturel": (0, 130, 190),
    "risque_technologique": (190, 60, 20),
}
_WHITE: Colour = (255, 255, 255)
MIXED = "Mixed"
_GREY: Colour = (150, 150, 150)
_DARK: Colour = (45, 45, 45)
_PURPLE: Colour = (130, 30, 160)
_NAME_AND_AREA = (
    "coalesce(\"nom\" || '\\n', '')"
    " || coalesce(format_number(\"surface_assujettie_m2\", 0, 'fr') || ' m²', '')"
)
_DUE = (
    "format_date(\"echeance\", 'dd/MM/yyyy')"
    " || coalesce(' ou ' || format_date(\"echeance_alternative\", 'dd/MM/yyyy'), '')"
    " || CASE WHEN \"report_etat\" = 'justifie' THEN '\\nreportée au '"
    " || format_date(\"echeance_reportee\", 'dd/MM/yyyy')"
    " WHEN \"echeance_situation\" = 'echue_report_a_justifier'"
    " THEN coalesce('\\nreport possible au '"
    " || format_date(\"echeance_reportee\", 'dd/MM/yyyy'), '')"
    " ELSE '' END"
)
_DEROGATIONS = "replace(\"derogations_libelles\", ' ; ', '\\n')"


@dataclass(frozen=True)
class Look:
    """
    A named style: its renderer, what geometry it draws, its labels.

    `label` is an expression; `label_scale` the denominator of the scale from which it is shown;
    `label_priority` (0 to 10) says which label stays when two meet.
    """

    name: str
    geometry: str
    renderer: Callable[[], ET.Element]
    label: str = ""
    label_scale: int = 15_000
    label_priority: int = 8


def _status() -> ET.Element:
    cases = []
    for status, label in DOMAINS["statut"].items():
        fill, outline = STATUS_COLOURS[status]
        cases.append((status, label, _park(fill, outline)))
    return categorized("statut", cases)


def _park(fill: Colour, outline: Colour) -> Drawing:
    return fills(polygon(outline, fill, alpha=170, width=0.35))


def _deadlines() -> ET.Element:
    states = DOMAINS["echeance_situation"]
    colours: dict[str, tuple[Colour, Colour]] = {
        "echue": ((170, 20, 40), (90, 0, 20)),
        "echue_report_a_justifier": STATUS_COLOURS["assujetti"],
        "a_venir": STATUS_COLOURS["exonere"],
    }
    two_dates = fills(
        polygon((140, 100, 0), (240, 200, 40), alpha=170, width=0.5),
        hatching((140, 100, 0), angle=45),
    )
    deferred = fills(
        polygon((0, 70, 130), (150, 200, 235), alpha=170, width=0.5),
        hatching((0, 70, 130), angle=45),
    )
    put_off = "coalesce(\"report_etat\", '') = 'justifie'"
    known = (
        f'NOT ({put_off}) AND "echeance_alternative" IS NULL AND "echeance_situation" = \'{{}}\''
    )
    two = f'NOT ({put_off}) AND "echeance_alternative" IS NOT NULL'
    return by_rules(
        [
            Case("Échéance reportée, report justifié", put_off, deferred),
            *(
                Case(f"Échéance : {label.lower()}", known.format(state), _park(*colours[state]))
                for state, label in states.items()
            ),
            Case("Deux échéances possibles", two, two_dates),
            Case("Sans échéance", "", _pale()),
        ]
    )


def _derogations() -> ET.Element:
    possible = fills(
        polygon((90, 0, 120), (190, 120, 210), alpha=170, width=0.5),
        hatching((90, 0, 120), angle=135),
    )
    return by_rules(
        [
            Case("Dérogation possible", "\"derogations_possibles\" <> ''", possible),
            Case("Exonéré", "\"statut\" = 'exonere'", _park(*STATUS_COLOURS["exonere"])),
            Case("Aucune dérogation repérée", "", _pale()),
        ]
    )


def _pale() -> Drawing:
    return fills(polygon(_GREY, (235, 235, 235), alpha=130, width=0.3))


def _exclusions() -> ET.Element:
    labels = DOMAINS["motif_exclusion"]
    deducted = [
        Case(label, f'"deduite" AND "motif" = \'{motif}\'', _removed(_EXCLUSION_COLOURS[motif]))
        for motif, label in labels.items()
    ]
    flagged = fills(polygon(_DARK, width=0.4, dash="dot"))
    return by_rules([*deducted, Case("Signalée, non déduite", 'NOT "deduite"', flagged)])


def _removed(colour: Colour) -> Drawing:
    return fills(polygon(colour, _WHITE, alpha=190, width=0.3), hatching(colour, angle=45))


def _perimeters() -> ET.Element:
    possible = {"abords_500m", "abords_incertains", "risque_naturel", "risque_technologique"}
    return categorized(
        "nature",
        [
            (
                kind,
                label,
                fills(
                    polygon(
                        _PERIMETER_COLOURS[kind],
                        _PERIMETER_COLOURS[kind],
                        alpha=22,
                        width=0.6,
                        dash="dash" if kind in possible else "solid",
                    )
                ),
            )
            for kind, label in DOMAINS["nature_protection"].items()
        ],
    )


def _trees() -> ET.Element:
    wide = marker("circle", (15, 90, 30), size=2.6)
    other = marker("circle", (90, 170, 80), size=2.0)
    outside = marker("circle", (150, 170, 120), size=1.6)
    left = marker("diamond", (170, 170, 170), size=1.6)
    inside, is_wide = '"compte" AND NOT "hors_parc"', 'coalesce("canopee_large", false)'
    return by_rules(
        [
            Case("À canopée large", f"{inside} AND {is_wide}", markers(wide)),
            Case("Autre arbre du parc", f"{inside} AND NOT {is_wide}", markers(other)),
            Case("Planté hors du parc", '"compte" AND "hors_parc"', markers(outside)),
            Case("Relevé, non compté", "", markers(left)),
        ]
    )


def _crowns() -> ET.Element:
    own = fills(polygon((30, 110, 40), (60, 150, 60), alpha=130, width=0.2))
    outside = fills(polygon((120, 150, 80), (160, 190, 110), alpha=110, width=0.2, dash="dash"))
    return by_rules(
        [
            Case("Houppier d'un arbre du parc", 'NOT "hors_parc"', own),
            Case("Houppier venu du dehors", "", outside),
        ]
    )


def _carports() -> ET.Element:
    solar = fills(
        polygon((20, 40, 90), (60, 90, 170), alpha=200, width=0.4),
        hatching((230, 235, 255), angle=90),
    )
    doubtful = fills(
        polygon((20, 40, 90), (200, 210, 230), alpha=150, width=0.4, dash="dash"),
        hatching((60, 90, 170), angle=45),
    )
    return categorized(
        "certitude",
        [
            ("certaine", "Ombrière photovoltaïque", solar),
            ("a_verifier", "Toiture à vérifier", doubtful),
        ],
    )


def _candidates() -> ET.Element:
    kept = fills(polygon((0, 90, 160), width=0.4, dash="dash"))
    left = fills(polygon((200, 0, 80), width=0.4, dash="dot"))
    return by_rules(
        [Case("Dans un parc", '"parc_id" IS NOT NULL', kept), Case("Sans parc", "", left)]
    )


def _rings() -> ET.Element:
    certain = fills(polygon(_PURPLE, _PURPLE, alpha=40, width=0.4))
    doubtful = fills(polygon(_PURPLE, _PURPLE, alpha=15, width=0.4, dash="dash"))
    labels = DOMAINS["certitude"]
    return categorized(
        "certitude",
        [
            ("certaine", labels["certaine"], certain),
            ("a_verifier", labels["a_verifier"], doubtful),
        ],
    )


def _installations() -> ET.Element:
    """Draw a table of points and polygons: each rule has the symbol of its geometry."""
    kind = "geometry_type($geometry) = '{}'"
    return by_rules(
        [
            Case("Point", kind.format("Point"), _site()),
            Case("Emprise ou bâtiment", kind.format("Polygon"), _footprint()),
        ]
    )


def _site() -> Drawing:
    return markers(marker("diamond", _PURPLE, size=4))


def _footprint() -> Drawing:
    return fills(polygon(_PURPLE, (205, 170, 215), alpha=120, width=0.5))


def _commune() -> ET.Element:
    return single(fills(polygon(_WHITE, width=1.6), polygon(_DARK, width=0.7, dash="dash dot")))


LOOKS: dict[str, tuple[Look, ...]] = {
    "commune": (Look("Commune", "Polygon", _commune),),
    "parcs": (
        Look("Statut", "Polygon", _status, _NAME_AND_AREA),
        Look("Échéances", "Polygon", _deadlines, _DUE),
        Look("Dérogations possibles", "Polygon", _derogations, _DEROGATIONS),
    ),
    "candidats": (Look("Candidats", "Polygon", _candidates),),
    "exclusions": (Look("Exclusions", "Polygon", _exclusions),),
    "canopee": (Look("Houppiers", "Polygon", _crowns),),
    "arbres": (Look("Arbres", "Point", _trees),),
    "ombrieres": (Look("Ombrières", "Polygon", _carports),),
    "icpe": (
        Look("Installations classées", MIXED, _installations),
        Look("ICPE, points", "Point", lambda: single(_site()), '"nom"', 6_000, 2),
        Look("ICPE, emprises", "Polygon", lambda: single(_footprint()), '"nom"', 6_000, 2),
    ),
    "icpe_tampon": (Look("Tampon de 10 m", "Polygon", _rings),),
    "perimetres_protection": (Look("Périmètres", "Polygon", _perimeters),),
    "parcelles": (
        Look("Parcelles", "Polygon", lambda: single(fills(polygon((150, 110, 60), width=0.2)))),
    ),
    "communes": (
        Look("Limites", "Polygon", region_looks.limits, '"nom"', 150_000, 3),
        Look("Parcs assujettis", "Polygon", region_looks.communes, '"nom"', 150_000, 3),
    ),
    "corrections": (Look("Corrections", "Polygon", correction_looks.corrections),),
    "corrections_rejouees": (Look("Corrections rejouées", "Polygon", correction_looks.replayed),),
    "parcs_connus": (Look("Parcs connus", "Polygon", correction_looks.known),),
    "conflits": (Look("Conflits", "Polygon", correction_looks.conflicts),),
    "sols": (
        Look("Catégories", "Polygon", land_looks.categories),
        Look("Artificialisé ou non", "Polygon", land_looks.status),
        Look("Effet des seuils", "Polygon", land_looks.decided_by),
    ),
    "sols_flux": (Look("Changements", "Polygon", land_looks.flows),),
    "sols_ecarts": (Look("Écarts", "Polygon", land_looks.disagreements),),
    "friches": (
        Look("Friches", MIXED, land_looks.brownfields),
        Look(
            "Friches, points",
            "Point",
            lambda: single(land_looks.brownfield_points()),
            '"nom"',
            10_000,
            3,
        ),
        Look(
            "Friches, emprises",
            "Polygon",
            lambda: single(land_looks.brownfield_grounds()),
            '"nom"',
            10_000,
            3,
        ),
    ),
}
