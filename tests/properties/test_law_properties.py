"""Laws of the verdict, for any coherent facts and any day since article 40."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.obligation.facts import Dossier, Facts, Interval, Protected, TreeFacts, Works
from pipeline.obligation.law import Law
from pipeline.obligation.trace import Conclusion, Step
from pipeline.obligation.verdict import decide, replay
from pipeline.rules import RuleBook
from tests.tables import ASSUMPTIONS, RULES

quick = settings(deadline=None, max_examples=100)
# The thresholds of article 40, by commune, from the texts and not from the rules under test.
THRESHOLDS = {"35236": 1500, "97105": 1500, "97302": 2500, "97411": 1000}
NEW_PARKS = 500
KINDS = (
    "mh_terrain", "abords_delimites", "abords_500m", "abords_incertains", "spr", "site_classe",
    "site_inscrit", "coeur_parc_national", "l151_19", "risque_naturel", "risque_technologique",
)  # fmt: skip
# Both sides of every day on which a text or a due date changes.
TURNS = (
    date(2023, 3, 12), date(2023, 7, 1), date(2024, 1, 1), date(2024, 11, 16), date(2024, 12, 4),
    date(2025, 5, 2), date(2025, 8, 14), date(2025, 11, 28), date(2026, 7, 1), date(2028, 1, 1),
    date(2028, 7, 1), date(2030, 1, 1),
)  # fmt: skip
TURNING_DAYS = [day - timedelta(days=back) for day in TURNS for back in (0, 1)]
DISCLAIMER = "Estimation sur données publiques : ne vaut ni constat ni décision."

days = st.sampled_from(TURNING_DAYS) | st.dates(date(2023, 3, 11), date(2031, 1, 1))
facts_of_a_file = st.none() | st.booleans()
days_of_a_file = st.none() | st.sampled_from(TURNING_DAYS) | st.dates(date(2020, 1, 1))
margins = st.integers(0, 600)
shares = st.integers(0, 20).map(lambda twentieths: twentieths / 20)
# Around each threshold, and anywhere.
areas = (
    st.integers(300, 3500)
    | st.integers(1501, 25000)
    | st.sampled_from([499, 500, 501, 1000, 1001, 1499, 1500, 1501, 2500, 2501, 9999, 10000, 10001])
)


def rarely(strategy):
    """Return mostly nothing: what settles a verdict early would hide the rest."""
    return st.integers(0, 9).flatmap(lambda n: strategy if n == 7 else st.none())


def around(central, below, above):
    return Interval(max(0, central - below), central, central + above)


@st.composite
def trees(draw):
    low, central, high = sorted(draw(st.tuples(shares, shares, shares)))
    wide, more = draw(st.integers(0, 200)), draw(st.integers(0, 100))
    return TreeFacts(Interval(low, central, high), wide, wide + more, draw(st.booleans()))


@st.composite
def perimeters(draw):
    kinds = draw(st.lists(st.sampled_from(KINDS), unique=True, min_size=1, max_size=2))
    found = [Protected(kind, draw(st.sampled_from([0.01, 0.5, 1.0])), "Lieu") for kind in kinds]
    return tuple(sorted(found, key=lambda item: (-item.share, item.kind)))


@st.composite
def dossiers(draw, gross_m2):
    done = draw(
        st.lists(
            st.builds(
                Works,
                st.sampled_from(TURNING_DAYS) | st.dates(date(2005, 1, 1), date(2030, 1, 1)),
                st.none() | st.integers(0, max(1, gross_m2)),
            ),
            max_size=2,
        )
    )
    told = {name: draw(facts_of_a_file) for name in FACTS}
    told |= {name: draw(days_of_a_file) for name in DAYS}
    slope = draw(st.none() | st.integers(0, 30))
    return Dossier(
        works=tuple(sorted(done, key=lambda item: item.done_on)), slope_percent=slope, **told
    )


FACTS = (
    "is_heavy_renovation", "is_concession", "has_efficient_panels", "is_open_to_public",
    "serves_l171_building", "is_for_trucks", "carries_hazmat", "pleads_cost",
)  # fmt: skip
DAYS = (
    "requested_on", "absent_on", "contract_on", "deposit_on", "order_on", "extended_to",
    "removal_permit_on",
)  # fmt: skip


@st.composite
def parks(draw):
    central, below, above = draw(areas), draw(margins), draw(margins)
    area = around(central, below, above)
    excluded = draw(st.integers(0, 2000))
    gross = area.high + excluded
    spaces = central // 25
    joined = draw(rarely(st.sampled_from(["source", "allee"])))
    dossier = draw(st.just(Dossier()) | dossiers(gross) | dossiers(gross))
    rainwater = around(central + draw(st.integers(0, excluded)), below, above)
    return Facts(
        out_of_scope=draw(rarely(st.just("parc souterrain"))),
        area=area,
        excluded_m2=excluded,
        uncertain_m2=draw(st.integers(0, above)),
        flagged_m2=draw(st.integers(0, below)),
        has_uncertain_ring=draw(st.booleans()),
        source_areas="",
        sources_low_m2=area.low,
        sources_high_m2=area.high,
        outline_known=draw(rarely(st.just(False))) is None,
        is_bays_only=draw(rarely(st.just(True))) is not None,
        piece_count=1 if joined is None else 2,
        largest_piece_m2=central if joined is None else central // 2,
        joined_by=joined,
        spaces=Interval(spaces, spaces, spaces + draw(st.integers(0, 20))),
        trees=draw(st.none() | st.none() | trees()),
        protections=draw(rarely(perimeters())) or (),
        insee_code=draw(rarely(st.sampled_from([*THRESHOLDS, "97611"]))) or "35236",
        gross_m2=gross,
        rainwater=rainwater,
        shade=area,
        first_seen=draw(st.none() | st.sampled_from(TURNING_DAYS)),
        is_open_to_public=draw(facts_of_a_file) if dossier.is_open_to_public is None
        else dossier.is_open_to_public,
        is_for_trucks=draw(st.booleans()),
        hazmat_m2=draw(st.sampled_from([0, excluded])),
        installation=draw(st.none() | st.just(("Entrepôt", 0.5))),
        dossier=dossier,
    )  # fmt: skip


def judge(facts, day, rules: RuleBook = RULES):
    return decide(facts, Law(rules, day, facts.insee_code), ASSUMPTIONS.pleas)


def with_rule(rule_id, *, later_by):
    """Return the book with the dates of one rule put off by some days."""
    moved = []
    for rule in RULES.rules:
        if rule.id == rule_id:
            values = tuple(
                dated.model_copy(update={"value": dated.value + timedelta(days=later_by)})
                for dated in rule.values  # noqa: PD011 - dated values, no table
            )
            moved.append(rule.model_copy(update={"values": values}))
        else:
            moved.append(rule)
    return RuleBook(
        rules=tuple(moved), exclusions=RULES.exclusions, protections=RULES.protections,
        derogations=RULES.derogations,
    )  # fmt: skip


def not_earlier(before, after):
    return before is None or (after is not None and after >= before)


@quick
@given(facts=parks(), day=days)
def test_a_deferral_leads_beyond_the_due_date(facts, day):
    found = judge(facts, day)
    assert (found.deferral_state in {"a_justifier", "justifie"}) == (
        found.deferred_due_date is not None
    )
    if found.deferred_due_date is not None:
        assert found.due_date < found.deferred_due_date


@pytest.mark.parametrize("rule_id", ["APER40.report_grand", "APER40.report_petit"])
@settings(deadline=None, max_examples=50)
@given(facts=parks(), day=days, later_by=st.integers(1, 1500))
def test_a_later_deferral_never_makes_a_due_date_earlier(rule_id, facts, day, later_by):
    now, then = judge(facts, day), judge(facts, day, with_rule(rule_id, later_by=later_by))
    assert (then.status, then.due_date) == (now.status, now.due_date)
    assert not_earlier(now.deferred_due_date, then.deferred_due_date)


@quick
@given(facts=parks(), day=days, first=st.dates(date(2023, 7, 1)), more=st.integers(0, 2000))
def test_a_longer_delay_never_makes_a_due_date_earlier(facts, day, first, more):
    assume(first < date(9990, 1, 1))
    shorter, longer = (
        judge(replace(facts, dossier=replace(facts.dossier, extended_to=end)), day)
        for end in (first, first + timedelta(days=more))
    )
    assert longer.status == shorter.status
    assert not_earlier(shorter.due_date, longer.due_date)


def test_the_property_on_delays_bites():
    assert not not_earlier(date(2028, 7, 1), date(2026, 7, 1))
    assert not not_earlier(date(2028, 7, 1), None)


@quick
@given(facts=parks(), day=days, cover=trees(), data=st.data())
def test_more_tree_shade_never_makes_an_exempt_park_subject(facts, day, cover, data):
    rise = [data.draw(st.floats(bound, 1)) for bound in _bounds(cover.shade)]
    low, central, high = rise[0], max(rise[:2]), max(rise)
    more = replace(cover, shade=Interval(low, central, high))
    before, after = (judge(replace(facts, trees=item), day) for item in (cover, more))
    if before.status == "exonere":
        assert after.status == "exonere"
    if before.status in {"exonere", "non_assujetti"}:
        assert after.status not in {"assujetti", "a_verifier"}


def _bounds(interval):
    return interval.low, interval.central, interval.high


@quick
@given(facts=parks(), day=days, cover=trees(), trees_more=st.integers(0, 50))
def test_more_wide_trees_never_make_an_exempt_park_subject(facts, day, cover, trees_more):
    more = replace(
        cover,
        wide_tree_count=cover.wide_tree_count + trees_more,
        possible_wide_count=cover.possible_wide_count + trees_more,
    )
    before, after = (judge(replace(facts, trees=item), day).status for item in (cover, more))
    assert before != "exonere" or after == "exonere"


@quick
@given(facts=parks(), day=days, more=st.integers(0, 15000))
def test_more_area_never_turns_a_subject_park_into_one_that_is_not(facts, day, more):
    # Works keep their share of the surface: a larger park renovated less is another park.
    done = tuple(
        replace(item, resurfaced_m2=_scaled(item.resurfaced_m2, facts.gross_m2, more))
        for item in facts.dossier.works
    )
    larger = replace(
        facts,
        area=_raised(facts.area, more),
        rainwater=_raised(facts.rainwater, more),
        shade=_raised(facts.shade, more),
        gross_m2=facts.gross_m2 + more,
        sources_low_m2=facts.sources_low_m2 + more,
        sources_high_m2=facts.sources_high_m2 + more,
        largest_piece_m2=facts.largest_piece_m2 + more,
        dossier=replace(facts.dossier, works=done),
    )
    before, after = judge(facts, day).status, judge(larger, day).status
    assert not (before == "assujetti" and after == "non_assujetti")
    assert not (before == "a_verifier" and after == "non_assujetti")


def _raised(interval, more):
    return Interval(interval.low + more, interval.central + more, interval.high + more)


def _scaled(area, gross, more):
    # Rounded up by a hair, so that a share of exactly half does not fall below it.
    return None if area is None or gross == 0 else area * (gross + more) / gross * (1 + 1e-12)


@quick
@given(facts=parks(), day=days)
def test_the_trace_replayed_gives_the_same_verdict(facts, day):
    found = judge(facts, day)
    expected = Conclusion(found.status, found.reason_code)
    assert replay(found.steps) == expected
    # through the table of the product, where a missing value is not None but NaN
    rows = pd.DataFrame([{"law": law, **step.as_row()} for law, step in found.steps])
    read = tuple((row["law"], Step.from_row(row)) for row in rows.to_dict("records"))
    assert replay(read) == expected
    assert [step.result for _, step in read] == [step.result for _, step in found.steps]


FORBIDDEN = re.compile(
    r"\b(infractions?|manquements?|ill[ée]ga\w*|fautes?|contrevenant\w*|retard\w*|None|nan|NaN)\b"
)
SNAKE = re.compile(r"\b\w+_\w+\b")
# Where a full stop does not end a sentence: « art. 40 », « L. 111-19-1 », « R. 111-25-7 ».
ABBREVIATION = re.compile(r"\b(art|L|R|al)\. ?(?=[\dLR])")


def sentences(text):
    """Cut a French text at the full stops that end a sentence."""
    flat = ABBREVIATION.sub(r"\1 ", text.replace("\u202f", " ").replace("\u00a0", " "))
    return flat, re.split(r"(?<=[.?!])\s+", flat)


def check_sentences(text):
    flat, found = sentences(text)
    assert "  " not in flat
    assert all(item[0].isupper() for item in found)
    assert all(item.endswith(".") and len(item.split()) > 2 for item in found)
    assert not SNAKE.search(flat)
    assert not FORBIDDEN.search(flat)
    assert flat.count("(") == flat.count(")")
    assert ".." not in flat
    assert " ." not in flat


@quick
@given(facts=parks(), day=days)
def test_every_reason_is_made_of_french_sentences(facts, day):
    reason = judge(facts, day).reason
    check_sentences(reason)
    assert reason.replace("\u00a0", " ").endswith(DISCLAIMER)
    assert reason.count("Estimation sur données publiques") == 1


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param("parc assujetti au titre de la loi.", id="no capital"),
        pytest.param("Parc assujetti au titre de la loi", id="no full stop"),
        pytest.param("Parc assujetti (code sous_le_seuil).", id="a code"),
        pytest.param("Parc dont la surface est None.", id="None"),
        pytest.param("Parc dont la surface est nan m².", id="nan"),
        pytest.param("Le propriétaire est en retard de deux ans.", id="late"),
        pytest.param("Ce parc constitue un manquement à la loi.", id="infringement"),
        pytest.param("Parc assujetti à la loi. échéance dans deux ans.", id="second sentence"),
    ],
)
def test_the_check_of_sentences_bites(bad):
    with pytest.raises(AssertionError):
        check_sentences(bad)


@quick
@given(facts=parks(), day=days)
def test_every_question_comes_with_a_way_to_settle_it(facts, day):
    found = judge(facts, day)
    assert found.status != "a_verifier" or found.question is not None
    assert (found.question is None) == (found.how_to_settle is None)


@quick
@given(facts=parks(), day=days)
def test_a_subject_park_has_a_due_date_and_its_interval_above_the_threshold(facts, day):
    found = judge(facts, day)
    if found.status != "assujetti":
        assert (found.due_date, found.penalty_cap_eur) == (None, None)
        assert (found.area_to_cover_m2, found.shade_to_provide_m2) == (None, None)
        return
    assert found.due_date is not None
    assert found.articles
    if found.penalty_cap_eur is not None:
        assert facts.area.low > THRESHOLDS[facts.insee_code]
        assert found.penalty_cap_eur == (40000 if facts.area.central >= 10000 else 20000)
        assert found.area_to_cover_m2 == facts.area.central / 2
    else:
        assert max(facts.rainwater.low, facts.shade.low) > NEW_PARKS
        assert found.rainwater_to_treat_m2 or found.shade_to_provide_m2


@quick
@given(facts=parks(), day=days)
def test_the_state_of_a_due_date_follows_its_day(facts, day):
    found = judge(facts, day)
    if found.due_date is None:
        assert found.due_state is None
        return
    deferred = found.deferred_due_date
    is_covered = found.deferral_state == "justifie" and deferred is not None and day < deferred
    assert (found.due_state == "a_venir") == (day < found.due_date or is_covered)


SCOPE = {"décret n° 2024-1023, art. 1er, I", "décret n° 2024-1023, art. 1er"}
TEXTS = (*RULES.rules, *RULES.exclusions, *RULES.protections, *RULES.derogations)
CITABLE = {part for item in TEXTS for part in item.article.split(" ; ")} | SCOPE


@quick
@given(facts=parks(), day=days)
def test_every_article_cited_is_one_of_the_rules(facts, day):
    found = judge(facts, day)
    assert set(found.articles.split(" ; ")) <= CITABLE
    for _, step in found.steps:
        assert step.article is None or set(step.article.split(" ; ")) <= CITABLE
    for plea in found.pleas:
        assert set(plea.article.split(" ; ")) <= CITABLE
