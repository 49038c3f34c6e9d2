"""The law on one day and in one commune: values read from the rules, never written here."""

from dataclasses import dataclass
from datetime import date
from math import ceil

from pipeline.errors import ConfigError
from pipeline.legal_values import (
    FRENCH_COMPARISON,
    Comparison,
    Derogation,
    Protection,
    Rule,
    Value,
    compare,
)
from pipeline.obligation.trace import EQUAL, Conclusion, Step
from pipeline.rules import RuleBook

# Ids without which no car park can be judged, on any day since the law.
NEEDED = (
    "APER40.seuil",
    "APER40.part",
    "APER40.seuil_grand",
    "APER40.echeance_grand",
    "APER40.echeance_petit",
    "APER40.concession_au_plus_tot",
    "APER40.concession_au_plus_tard",
    "APER40.existant_au",
    "APER40.demande_depuis",
    "APER40.sanction_grand",
    "APER40.sanction_petit",
    "APER40.ombrage_arbres",
    "APER40.debiteur",
    "APER40.debiteur_concession",
)
# Ids that must exist; a text of a given period holds them.
KNOWN = (
    "APER40.champ",
    "APER40.superficie",
    "APER40.arbres_par_place",
    "APER40.part_ombrieres_mixte",
    "APER40.report_grand",
    "APER40.report_grand_acompte",
    "APER40.report_grand_commande",
    "APER40.report_petit",
    "APER40.report_petit_acompte",
    "APER40.report_petit_commande",
    "NEUF500.seuil",
    "NEUF500.demande_depuis",
    "NEUF500.part_eaux_pluviales",
    "NEUF500.part_ombrage",
    "NEUF500.renovation_cumul_duree",
    "NEUF500.contrat",
)
# Ids that a measure or a day is compared with.
COMPARED = (
    "APER40.seuil",
    "APER40.seuil_grand",
    "APER40.existant_au",
    "APER40.demande_depuis",
    "APER40.ombrage_arbres",
    "APER40.arbres_par_place",
    "APER40.report_grand_acompte",
    "APER40.report_grand_commande",
    "APER40.report_petit_acompte",
    "APER40.report_petit_commande",
    "NEUF500.seuil",
    "NEUF500.demande_depuis",
    "NEUF500.arbres_par_place",
    "NEUF500.ombrage_arbres",
    "NEUF500.renovation_part",
    "NEUF500.renovation_cumul_part",
    "NEUF500.suppression_avant",
)
YES, NO = "oui", "non"


@dataclass(frozen=True)
class Law:
    """
    The texts in force on `day` in a commune.

    `rule` gives the rule of a general id that applies there: an overseas département may have one
    of its own. Areas in m², penalties in euros a year.
    """

    rules: RuleBook
    day: date
    insee_code: str = ""

    def rule(self, rule_id: str) -> Rule:
        """Return the rule that applies in the commune."""
        return self.rules.local(rule_id, self.insee_code)

    def value(self, rule_id: str) -> Value | None:
        """Return the value in force; None before or after the text, or when it was not read."""
        rule = self.rule(rule_id)
        return rule.at(self.day).value if rule.is_in_force(self.day) else None

    def number(self, rule_id: str) -> float:
        """Return a number in force; raise `ConfigError` when there is none."""
        value = self.value(rule_id)
        if isinstance(value, float | int):
            return float(value)
        msg = f"{rule_id} : aucun nombre en vigueur au {self.day}"
        raise ConfigError(msg)

    def day_of(self, rule_id: str) -> date:
        """Return a date in force; raise `ConfigError` when there is none."""
        value = self.value(rule_id)
        if isinstance(value, date):
            return value
        msg = f"{rule_id} : aucune date en vigueur au {self.day}"
        raise ConfigError(msg)

    def words(self, rule_id: str) -> str:
        """Return a word in force."""
        return str(self.value(rule_id))

    def cite(self, rule_id: str) -> str:
        """Return the article of a rule as it reads on that day."""
        return self.rule(rule_id).article_on(self.day)

    def holds(self, rule_id: str, value: Value) -> bool:
        """Compare a value with the threshold in force, as strictly as the text does."""
        rule, threshold = self.rule(rule_id), self.value(rule_id)
        if rule.comparison is None or threshold is None:
            msg = f"{rule_id} : aucune comparaison possible au {self.day}"
            raise ConfigError(msg)
        return compare(rule.comparison, value, threshold)

    def step(
        self,
        name: str,
        question: str,
        rule_id: str,
        value: Value | None,
        *,
        threshold: Value | None = None,
        if_true: Conclusion | None = None,
        if_false: Conclusion | None = None,
    ) -> Step:
        """Return the comparison of a value with a rule (or with a number drawn from it)."""
        rule = self.rule(rule_id)
        return Step(
            step=name,
            question=question,
            value=value,
            article=rule.article_on(self.day),
            rule_id=rule.id if threshold is None else None,
            unit="1" if threshold is not None else rule.unit,
            comparison=FRENCH_COMPARISON[_comparison(rule)],
            threshold=self.value(rule_id) if threshold is None else threshold,
            if_true=if_true,
            if_false=if_false,
        )

    def step_on_day(self, name: str, question: str, rule_id: str) -> Step:
        """Return the comparison of the day with a date of the law: is it still to come."""
        rule = self.rule(rule_id)
        return Step(
            step=name,
            question=question,
            value=self.day,
            article=rule.article_on(self.day),
            rule_id=rule.id,
            unit=rule.unit,
            comparison="<",
            threshold=self.value(rule_id),
        )

    def protections(self) -> dict[str, Protection]:
        """Return the perimeters that exempt, or may exempt, on that day."""
        return self.rules.protections_on(self.day)

    def derogations(self) -> dict[str, Derogation]:
        """Return what an owner may plead on that day, by code."""
        return self.rules.derogations_on(self.day)

    # --- article 40 -------------------------------------------------------------------------------

    @property
    def threshold_m2(self) -> float:
        """Area that a park must exceed (strictly) to be subject."""
        return self.number("APER40.seuil")

    @property
    def has_threshold(self) -> bool:
        """Tell whether the threshold of the commune is known on that day."""
        return self.value("APER40.seuil") is not None

    def exceeds_threshold(self, area_m2: float) -> bool:
        """Tell whether an area is subject; the threshold exactly is not."""
        return self.holds("APER40.seuil", area_m2)

    @property
    def large_threshold_m2(self) -> float:
        """Area from which (included) the first due date applies."""
        return self.number("APER40.seuil_grand")

    def size(self, area_m2: float) -> str:
        """Return `grand` or `petit`, as the ids of the rules say it; 10 000 m² is `grand`."""
        return "grand" if self.holds("APER40.seuil_grand", area_m2) else "petit"

    def due_date(self, area_m2: float) -> date:
        """Return the due date of a park of that area."""
        return self.day_of(f"APER40.echeance_{self.size(area_m2)}")

    def penalty_cap(self, area_m2: float) -> float:
        """Return the ceiling of the yearly penalty of a park of that area."""
        return self.number(f"APER40.sanction_{self.size(area_m2)}")

    def area_to_cover(self, area_m2: float) -> float:
        """Return the least area of canopies."""
        return self.number("APER40.part") * area_m2

    def mixed_canopy_min(self, area_m2: float) -> float | None:
        """Return the least canopies when trees do the rest, m²; None where no text allows it."""
        rule_id = "APER40.part_ombrieres_mixte"
        if self.value(rule_id) is None:
            return None
        return self.number(rule_id) * self.area_to_cover(area_m2)

    def required_trees(self, spaces: float) -> int | None:
        """Return the trees that a number of spaces asks for, rounded up; None before the decree."""
        return self.trees_for(spaces, "APER40.arbres_par_place")

    def trees_for(self, spaces: float, rule_id: str) -> int | None:
        """
        Return the trees that a ratio asks for, rounded up; None when no text gives one.

        One at least: a park with no space counted is one that nobody counted.
        """
        return None if self.value(rule_id) is None else max(1, ceil(spaces / self.number(rule_id)))


def _comparison(rule: Rule) -> Comparison:
    if rule.comparison is None:
        msg = f"{rule.id} : comparaison absente (comparison), or une mesure lui est comparée"
        raise ConfigError(msg)
    return rule.comparison


def yes_or_no(holds: bool | None) -> str | None:
    """Write a fact as the trace compares it; None stays unknown."""
    return None if holds is None else YES if holds else NO


def fact(
    name: str,
    question: str,
    value: str | None,
    expected: str,
    *,
    article: str | None = None,
    rule_id: str | None = None,
    if_true: Conclusion | None = None,
    if_false: Conclusion | None = None,
) -> Step:
    """Return a step that compares a word with the one expected."""
    return Step(
        step=name,
        question=question,
        value=value,
        article=article,
        rule_id=rule_id,
        unit="texte",
        comparison=EQUAL,
        threshold=expected,
        if_true=if_true,
        if_false=if_false,
    )


def measure(name: str, question: str, value: Value, unit: str, article: str | None = None) -> Step:
    """Return a step that only states a figure."""
    return Step(step=name, question=question, value=value, unit=unit, article=article)


def check_completeness(book: RuleBook) -> None:
    """
    Refuse a book that cannot judge a car park on some day since the law came into force.

    Raises
    ------
    ConfigError
        If a needed rule is absent, or has no value on a day when article 40 is in force.
    """
    for rule_id in KNOWN:
        book.rule(rule_id)
    start = min(dated.valid_from for dated in book.rule(NEEDED[0]).values)
    for rule_id in NEEDED:
        rule = book.rule(rule_id)
        if not rule.is_in_force(start) or rule.ends:
            msg = f"{rule_id} : valeur nécessaire chaque jour depuis le {start} ; combler le trou"
            raise ConfigError(msg)
        if any(dated.value is None for dated in rule.values):
            msg = f"{rule_id} : valeur nécessaire, or elle n'est pas établie (null)"
            raise ConfigError(msg)
    for rule_id in COMPARED:
        _comparison(book.rule(rule_id))
