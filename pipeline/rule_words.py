"""The law in French words: a value with its unit, the base of a share, where a rule applies."""

from datetime import date

from pipeline.legal_values import FRENCH_COMPARISON, LegalArea, Rule, ShareBase, Unit, Value

NOT_READ = "non établie"
EMPTY_LIST = "(aucune)"

_UNITS: dict[Unit, str] = {
    "m2": "m²",
    "m": "m",
    "ans": "ans",
    "mois": "mois",
    "EUR/an": "€ par an",
    "kgCO2eq/kWc": "kg éq. CO2 par kWc",
    "places/arbre": "emplacements par arbre",
}
_SHARE_BASES: dict[ShareBase, str] = {
    "superficie": "de la superficie",
    "superficie_a_couvrir": "de la superficie à couvrir",
    "superficie_eaux_pluviales": "de la superficie de l'art. R. 111-25-3",
    "superficie_ombrage": "de la superficie de l'art. R. 111-25-7",
    "superficie_totale": "de la superficie totale",
    "couvert_vegetal": "du couvert végétal",
    "consommation_reference": "de la consommation de référence",
    "emprise_toiture": "de l'emprise de la toiture",
    "rendement_module": "de rendement du module",
    "cout_travaux": "du coût des travaux",
    "valeur_venale": "de la valeur vénale",
}
AREA_WORDS: dict[LegalArea, str] = {
    "art40": "superficie de l'article 40",
    "eaux_pluviales": "superficie de l'art. R. 111-25-3",
    "ombrage": "superficie de l'art. R. 111-25-7",
}
EFFECT_WORDS: dict[str, str] = {
    "automatique": "exonère un parc tout entier dedans",
    "possible": "dérogation possible, à apprécier",
}


def written(value: Value | None) -> str | None:
    """
    Write a value so that it reads back exactly: 1500, 1500.004, 2028-07-01, a word.

    The items of a list are joined by « ; »; None where there is no value.
    """
    if isinstance(value, tuple):
        return ";".join(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return None if value is None else str(value)


def plain(value: Value | None) -> str:
    """Write a value as `written` does; one that nobody has read yet is « non établie »."""
    text = written(value)
    return NOT_READ if text is None else text


def value_words(rule: Rule, value: Value | None) -> str:
    """Write a value as a reader says it: « > 1 500 m² », « ≥ 35 % de la superficie à couvrir »."""
    if value is None:
        return NOT_READ
    comparison = FRENCH_COMPARISON[rule.comparison] if rule.comparison else ""
    parts = (comparison, _amount(rule, value), base_words(rule))
    return " ".join(part for part in parts if part)


def base_words(rule: Rule) -> str:
    """Say what a share is a share of; empty for a value that is no share."""
    return _SHARE_BASES[rule.share_of] if rule.share_of else ""


def territory_words(rule: Rule) -> str:
    """Say where a rule replaces the general one; empty where it applies everywhere."""
    if not rule.departements:
        return ""
    plural = "s" if len(rule.departements) > 1 else ""
    return f"département{plural} {', '.join(rule.departements)}"


def _amount(rule: Rule, value: Value) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or EMPTY_LIST
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, str):
        return value
    if rule.unit == "/1":
        return f"{_exact(100 * value)}\u00a0%"
    unit = _UNITS.get(rule.unit, rule.unit)
    return f"{_exact(value)}\u00a0{unit}"


def _exact(value: float) -> str:
    """Write a number whole, as the French do: a legal value is never rounded."""
    whole, _, decimals = f"{round(value, 9):f}".rstrip("0").partition(".")
    thousands = f"{int(whole):,}".replace(",", "\u202f")
    return f"{thousands},{decimals}" if decimals else thousands
