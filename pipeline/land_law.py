"""What the rule book of a day says of land, in the form that the stage asks for."""

from datetime import date

from pipeline.artificialisation.indicators import ReportRules
from pipeline.artificialisation.qualify import LandRules
from pipeline.artificialisation.report_scope import EnafTarget, Guarantee
from pipeline.artificialisation.thresholds import VARIANTS, Thresholds
from pipeline.assumptions import Assumptions
from pipeline.errors import ConfigError
from pipeline.land_nomenclature import LandNomenclature
from pipeline.rules import RuleBook


def land_rules(rules: RuleBook, assumptions: Assumptions, day: date) -> LandRules:
    """
    Return the nomenclature, the thresholds and the reading of their silences on a day.

    Raises
    ------
    RuleNotInForceError
        If nothing says what is artificial on that day.
    """
    nomenclature = rules.land_on(day)
    chosen = assumptions.land_cover.variant.value
    return LandRules(
        nomenclature=nomenclature,
        thresholds=Thresholds(
            building_m2=rules.number("ZAN.seuil_bati", day),
            surface_m2=rules.number("ZAN.seuil_surface", day),
        ),
        width_m=rules.number("ZAN.largeur_lineaire", day),
        tree_share=rules.number("ZAN.couvert_arbore", day),
        variant=next(variant for variant in VARIANTS if variant.name == chosen),
    )


def exemption_thresholds(
    rules: RuleBook, nomenclature: LandNomenclature, day: date
) -> dict[str, float]:
    """Return, by exemption of that day, the area from which the text admits a place; 0 if none."""
    found = {}
    for exemption in nomenclature.exemptions:
        known = [rules.rule(rule_id) for rule_id in exemption.conditions]
        areas = [rules.number(rule.id, day) for rule in known if rule.unit == "m2"]
        found[exemption.code] = max(areas, default=0.0)
    return found


def report_rules(rules: RuleBook, day: date) -> ReportRules:
    """Return what the texts of a day ask of the local report."""
    return ReportRules(
        nomenclature=rules.land_on(day),
        compulsory=rules.labels("ZAN.rapport_rubriques", day),
        guarantee=Guarantee(
            area_m2=rules.number("ZAN.un_hectare", day),
            before=_day(rules, "ZAN.un_hectare_document", day),
            article=rules.rule("ZAN.un_hectare").article,
        ),
        target=EnafTarget(
            reference_start=_day(rules, "ENAF.reference_debut", day).year,
            start=_day(rules, "ENAF.objectif_debut", day).year,
            end=_day(rules, "ENAF.objectif_fin", day).year,
            most_share=rules.number("ENAF.part_maximale", day),
            article=rules.rule("ENAF.part_maximale").article,
        ),
    )


def _day(rules: RuleBook, rule_id: str, day: date) -> date:
    value = rules.rule(rule_id).at(day).value
    if isinstance(value, date):
        return value
    msg = f"{rule_id} : date attendue, reçu {value!r}"
    raise ConfigError(msg)
