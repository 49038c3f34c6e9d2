"""What takes, or may take, the obligation off a car park: exemptions and possible derogations."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pipeline.assumption_groups import PleaAssumptions
from pipeline.french import decimal, percent
from pipeline.obligation.facts import Facts
from pipeline.obligation.law import Law
from pipeline.obligation.trace import Conclusion
from pipeline.obligation.wording import square_metres

_WHOLE = 1.0  # a use or a slope is pleaded for the whole park
_TREE_TESTS = {
    "ombrage_arbres": "ombrage par des arbres en place",
    "arbres_par_place": "arbres à canopée large répartis sur le parc",
}
Certainty = Literal["automatique", "partielle", "possible"]


@dataclass(frozen=True)
class Plea:
    """
    One ground of exemption over a park, proven by the data or to be proven by the owner.

    `share` in [0, 1] of the park; missing when the ground is no surface. `ends_on`: last day of a
    ground that the text itself ends.
    """

    code: str
    label: str
    article: str
    share: float | None
    certainty: Certainty
    basis: str
    ends_on: date | None
    needs_review: bool


def find_pleas(
    facts: Facts, law: Law, assumptions: PleaAssumptions, reached: Conclusion
) -> tuple[Plea, ...]:
    """
    List the grounds of exemption that the facts show, each with its article and its share.

    Only what is measured or told is listed: an owner may plead more. None of the possible ones
    moves the verdict.

    Parameters
    ----------
    reached
        Conclusion of article 40: an automatic exemption is listed where it is the reason.

    References
    ----------
    Décret n° 2024-1023, art. 4 à 8 ; CU, art. R. 111-25-9 à -17.
    """
    found = [
        *_perimeters(facts, law),
        *_trees(facts, reached, law),
        *_uses(facts, law),
        *_site(facts, law, assumptions),
        *_ring(facts, law),
    ]
    return tuple(sorted(found, key=lambda plea: (plea.code, plea.basis)))


def possible_codes(pleas: tuple[Plea, ...]) -> str | None:
    """Return the codes of what the owner may plead, joined by `;`; None when nothing shows."""
    codes = {plea.code for plea in pleas if plea.certainty != "automatique"}
    return ";".join(sorted(codes)) or None


def _perimeters(facts: Facts, law: Law) -> Iterator[Plea]:
    texts = law.protections()
    for item in facts.protections:
        text = texts.get(item.kind)
        if text is None:
            continue
        certainty: Certainty = "possible"
        if text.effect == "automatique":
            certainty = "automatique" if item.share == 1 else "partielle"
        named = f" : {item.names}" if item.names else ""
        yield Plea(
            code=text.derogation,
            label=text.label,
            article=text.article,
            share=item.share,
            certainty=certainty,
            basis=f"{percent(item.share)} du parc dans le périmètre{named}",
            ends_on=text.valid_to,
            needs_review=text.needs_review,
        )


def _trees(facts: Facts, reached: Conclusion, law: Law) -> Iterator[Plea]:
    """Yield the tree test that exempts, when one does, with the share that trees shade at least."""
    for code, label in _TREE_TESTS.items():
        if reached == Conclusion("exonere", code) and facts.trees is not None:
            rule = law.rule(f"APER40.{code}")
            yield Plea(
                code, label, law.cite(rule.id), facts.trees.shade.low, "automatique",
                "mesuré sur la valeur basse", None, rule.needs_review,
            )  # fmt: skip


def _uses(facts: Facts, law: Law) -> Iterator[Plea]:
    file = facts.dossier
    if file.is_for_trucks:
        yield from _listed(law, "poids_lourds_3t5", "dossier du service")
    elif facts.is_for_trucks and file.is_for_trucks is None:
        yield from _listed(law, "poids_lourds_3t5", "étiquettes d'OpenStreetMap")
    if facts.hazmat_m2 > 0:
        share = min(_WHOLE, facts.hazmat_m2 / facts.gross_m2) if facts.gross_m2 > 0 else None
        basis = f"{square_metres(facts.hazmat_m2)} réservés d'après les sources"
        yield from _listed(law, "marchandises_dangereuses", basis, share)
    elif file.carries_hazmat:
        yield from _listed(law, "marchandises_dangereuses", "dossier du service")
    if file.pleads_cost:
        yield from _listed(law, "economique", "invoqué par le débiteur, à justifier par une étude")
    if file.removal_permit_on is not None:
        yield from _listed(law, "suppression_prevue", "autorisation au dossier du service")


def _site(facts: Facts, law: Law, assumptions: PleaAssumptions) -> Iterator[Plea]:
    slope, limit = facts.dossier.slope_percent, assumptions.slope_percent.value
    if slope is not None and slope > limit:
        told = f"pente de {decimal(slope)} %, au-delà de {decimal(limit)} %"
        yield from _listed(law, "pente", told)
    if facts.installation is not None:
        name, share = facts.installation
        yield from _listed(law, "parc_icpe", name, share or None)


def _ring(facts: Facts, law: Law) -> Iterator[Plea]:
    """Yield the ring whose heading is not verified: the owner may confirm it, or not."""
    if not facts.has_uncertain_ring:
        return
    for item in law.rules.exclusions_on(law.day):
        if item.motif == "icpe_10m":
            share = min(_WHOLE, facts.uncertain_m2 / facts.gross_m2) if facts.gross_m2 > 0 else None
            yield Plea(
                "exclusion_a_confirmer", item.label, item.article, share, "possible",
                "installation dont la rubrique n'est pas vérifiée", item.valid_to,
                item.needs_review,
            )  # fmt: skip


def _listed(law: Law, code: str, basis: str, share: float | None = _WHOLE) -> Iterator[Plea]:
    """Yield a plea if a text in force admits it."""
    text = law.derogations().get(code)
    if text is not None:
        yield Plea(
            code, text.label, text.article, share, "possible", basis, text.valid_to,
            text.needs_review,
        )  # fmt: skip
