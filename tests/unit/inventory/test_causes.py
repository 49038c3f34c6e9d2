"""Why a park changed, case by case: what differs between the products, and can reach the change."""

from datetime import date

import geopandas as gpd
import pytest

from pipeline.inventory.causes import evidence_between
from pipeline.inventory.changes import changes
from pipeline.inventory.states import State
from tests.tables import RULES
from tests.unit.inventory.french_parks import (
    DAY,
    READING,
    compared,
    decisions,
    evidence,
    parcs,
    park,
)

OSM, ALL_SAME = {"data": frozenset({"osm"})}, {}
UNKNOWN = {"data": None, "rules": None, "assumptions": None, "code": None}
RULE, CODE, CHOICES = {"rules": True}, {"code": True}, {"assumptions": True}
CORRECTED = {"corrected": frozenset({"p1"})}
CLOCK = {"days_moved": True}


def causes(kind, before, after, **differs):
    rows = compared(before, after, evidence(**differs))
    (found,) = rows.loc[rows["kind"] == kind, "causes"]
    return found


MOVED = {"side": 60, "surface_brute_m2": 3000.0, "surface_assujettie_m2": 2400.0}
REDRAWN = MOVED | {"base_hash": "00ff"}
DETECTED = MOVED | {"base_hash": "ff00"}
EXCLUDED = {"surface_assujettie_m2": 1800.0, "surface_exclue_m2": 700.0}
SHADED = {"statut": "exonere", "statut_calcule": "exonere"}
REVIEWED = {"statut": "exonere", "statut_revu": "exonere", "source_statut": "revue"}


@pytest.mark.parametrize(
    ("differs", "expected"),
    [
        pytest.param(OSM, "donnees", id="the map changed"),
        pytest.param(OSM | CODE, "donnees;code", id="the map and the program: both are named"),
        pytest.param(CODE, "code", id="the program alone"),
        pytest.param(CHOICES, "hypothese", id="an assumption alone"),
        pytest.param(OSM | RULE, "donnees", id="a rule makes no park"),
        pytest.param(OSM | CORRECTED, "correction", id="an agent added or removed it"),
        pytest.param({"data": frozenset({"mnh"})} | CODE, "code", id="heights draw no park"),
        pytest.param(
            {"data": frozenset({"a_new_source"})}, "donnees", id="a folder nobody knows may"
        ),
        pytest.param(ALL_SAME, "donnees;hypothese;code", id="nothing is known to differ"),
        pytest.param(UNKNOWN, "donnees;hypothese;code", id="an older product that does not tell"),
    ],
)
@pytest.mark.parametrize("kind", ["nouveau", "disparu"])
def test_why_a_park_comes_or_goes(kind, differs, expected):
    sides = ([], [park()]) if kind == "nouveau" else ([park()], [])
    assert causes(kind, *sides, **differs) == expected


def test_a_park_that_an_agent_drew_comes_from_the_agent():
    drawn = park(sources="agent")
    assert causes("nouveau", [], [drawn], **OSM) == "correction"
    assert causes("nouveau", [], [park(sources="osm")], **OSM) == "donnees"


@pytest.mark.parametrize(
    ("values", "differs", "expected"),
    [
        pytest.param(DETECTED, OSM, "donnees", id="the detected outline moved"),
        pytest.param(DETECTED, CODE, "code", id="the detected outline moved, by the program"),
        pytest.param(
            DETECTED, OSM | CHOICES, "donnees;hypothese", id="by the map or an assumption"
        ),
        pytest.param(
            DETECTED, OSM | CORRECTED, "donnees;correction", id="it moved, and an agent redrew it"
        ),
        pytest.param(REDRAWN, OSM | CORRECTED, "correction", id="an agent redrew it, no more"),
        pytest.param(REDRAWN, OSM, "correction", id="it left the detected outline"),
        pytest.param(
            DETECTED, OSM | RULE, "donnees", id="a rule moves no outline, nor an area alone"
        ),
        pytest.param(EXCLUDED, OSM, "donnees", id="other exclusions"),
        pytest.param(
            EXCLUDED, OSM | RULE, "donnees;regle", id="other exclusions, a rule may set them"
        ),
        pytest.param(EXCLUDED, RULE, "regle", id="other exclusions, of a rule alone"),
        pytest.param(
            EXCLUDED, {"data": frozenset({"servitudes"})} | CODE, "code",
            id="a servitude excludes no area",
        ),
        pytest.param(
            EXCLUDED, {"data": frozenset({"icpe"})}, "donnees", id="an installation excludes some"
        ),
    ],
)  # fmt: skip
def test_why_an_area_changes(values, differs, expected):
    assert causes("superficie", [park()], [park(**values)], **differs) == expected


def test_without_the_digest_of_the_base_a_correction_of_the_park_explains_its_outline():
    before, after = park(base_hash=None), park(**MOVED | {"base_hash": None})
    assert causes("superficie", [before], [after], **OSM, **CORRECTED) == "correction"
    assert causes("superficie", [before], [after], **OSM) == "donnees"


@pytest.mark.parametrize(
    ("values", "differs", "expected"),
    [
        pytest.param(SHADED, RULE | CLOCK, "regle", id="the same measures, another law"),
        pytest.param(
            SHADED, RULE | OSM | CLOCK, "regle", id="a map that changed elsewhere is no cause"
        ),
        pytest.param(
            SHADED, RULE | {"data": frozenset({"servitudes"})}, "donnees;regle",
            id="a servitude speaks of the verdict without a measure",
        ),
        pytest.param(
            SHADED | {"acces": "private"}, RULE | OSM, "donnees;regle", id="a fact changed too"
        ),
        pytest.param(SHADED, CLOCK, "calendrier", id="only the day moved"),
        pytest.param(
            SHADED, RULE | CLOCK | {"due_reached": True}, "regle;calendrier",
            id="another law, and a day that it sets was reached",
        ),
        pytest.param(SHADED, CODE, "code", id="the program alone"),
        pytest.param(SHADED, CODE | RULE, "regle;code", id="the program or the law"),
        pytest.param(SHADED | DETECTED, OSM, "donnees", id="the outline moved"),
        pytest.param(SHADED | DETECTED, OSM | RULE, "donnees;regle", id="the outline and the law"),
        pytest.param(
            SHADED | {"ombrage_arbore_part": 0.6}, {"data": frozenset({"mnh"})}, "donnees",
            id="the shade moved",
        ),
        pytest.param(REVIEWED, OSM | RULE, "correction", id="an agent gave it"),
        pytest.param(SHADED, CORRECTED, "correction", id="an agent gave a fact"),
        pytest.param(SHADED, CORRECTED | RULE, "regle;correction", id="an agent, or the law"),
        pytest.param(
            SHADED, UNKNOWN | CLOCK, "donnees;regle;hypothese;code;calendrier",
            id="an older product that does not tell: all that could",
        ),
    ],
)  # fmt: skip
def test_why_a_verdict_changes(values, differs, expected):
    before = park(acces=None, ombrage_arbore_part=0.1)
    after = park(**{"acces": None, "ombrage_arbore_part": 0.1} | values)
    columns = list(after)

    def rows(row):
        return gpd.GeoDataFrame([row], columns=columns, geometry="geometry", crs="EPSG:2154")

    found = _changes(rows(before), rows(after), differs)
    (entry,) = found.loc[found["kind"] == "statut", "causes"]
    assert entry == expected


def _changes(before, after, differs):
    return changes(before, after, seen_on=DAY, reading=READING, causes=evidence(**differs))


def test_the_passing_of_time_is_the_only_cause_of_a_due_date_that_did_not_move():
    after = park(echeance_situation="echue", regles_au=date(2028, 7, 2))
    differs = OSM | RULE | CLOCK
    assert causes("echeance", [park()], [after], **differs) == "calendrier"
    near = park(regles_au=date(2027, 7, 2))
    assert causes("echeance_proche", [park()], [near], **differs) == "calendrier"


def test_a_due_date_that_the_law_moves_to_a_near_day_is_the_law_s_doing():
    after = park(echeance=date(2027, 3, 1))
    assert causes("echeance", [park()], [after], **RULE) == "regle"
    assert causes("echeance_proche", [park()], [after], **RULE) == "regle"


def test_what_an_agent_does_is_a_correction_and_what_becomes_of_it_is_not():
    made = decisions(("1", "p1", "redessiner", None, "appliquee", None))
    spoilt = decisions(("1", "p1", "redessiner", None, "conflit", "contour déplacé"))
    edited = decisions(("1", "p1", "rejeter", None, "appliquee", None))
    none = decisions()
    for sides in ((none, made), (made, none), (made, edited)):
        assert _fate(*sides) == "correction"
    assert _fate(made, spoilt) == "donnees;correction"


def _fate(before, after):
    found = compared([park()], [park()], evidence(before=before, after=after, **OSM))
    (entry,) = found["causes"]
    return entry


def state(day, replayed=None, version="1", sources=None, **fingerprints):
    return State(
        insee_code="62999", name="Démo", version=version, rules_as_of=day, parks=parcs(park()),
        fingerprints=fingerprints, replayed=decisions() if replayed is None else replayed,
        sources={"osm": {"a.pbf": "00"}} if sources is None else sources,
    )  # fmt: skip


BEFORE_LAW, AFTER_LAW = date(2025, 5, 1), date(2025, 5, 2)  # the road of goods is excluded


def test_the_law_differs_when_a_value_enters_between_the_two_days():
    same = {"regles": "00"}
    found = evidence_between(state(BEFORE_LAW, **same), state(AFTER_LAW, **same), RULES)
    assert (found.rules, found.days_moved) == (True, True)
    back = evidence_between(state(AFTER_LAW, **same), state(BEFORE_LAW, **same), RULES)
    assert (back.rules, back.days_moved) == (True, True)
    still = evidence_between(state(AFTER_LAW, **same), state(AFTER_LAW, **same), RULES)
    assert (still.rules, still.days_moved) == (False, False)


def test_a_due_day_that_is_reached_is_no_change_of_the_law():
    same = {"regles": "00"}
    found = evidence_between(
        state(date(2026, 6, 30), **same), state(date(2026, 7, 1), **same), RULES
    )
    # On that day the share of roofs to equip (L. 171-4) rises too: no park is judged by it.
    assert (found.rules, found.due_reached, found.days_moved) == (False, True, True)


def test_fingerprints_tell_what_differs_and_missing_ones_that_nobody_knows():
    day = date(2026, 2, 1)
    prints = {"regles": "0", "hypotheses": "0", "code": "0"}
    old = state(day, **prints)
    found = evidence_between(old, state(day, **prints | {"hypotheses": "1"}), RULES)
    assert (found.rules, found.assumptions, found.code) == (False, True, False)
    found = evidence_between(old, state(day, **prints | {"regles": "1"}), RULES)
    assert (found.rules, found.assumptions, found.code) == (True, False, False)
    bare = evidence_between(old, state(day), RULES)
    assert (bare.rules, bare.assumptions, bare.code) == (None, None, None)
    newer = evidence_between(old, state(day, version="2"), RULES)
    assert newer.code is True


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ({"osm": {"a.pbf": "00"}}, frozenset()),
        ({"osm": {"a.pbf": "11"}}, frozenset({"osm"})),
        ({"osm": {"b.pbf": "00"}}, frozenset({"osm"})),
        ({"osm": {"a.pbf": "00"}, "icpe": {"i.csv": "22"}}, frozenset({"icpe"})),
        ({"icpe": {"i.csv": "22"}}, frozenset({"icpe", "osm"})),
        ({}, None),
    ],
)
def test_a_folder_differs_when_a_file_of_it_does(sources, expected):
    day = date(2026, 2, 1)
    assert evidence_between(state(day), state(day, sources=sources), RULES).data == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([("1", "p1", "confirmer", None, "appliquee", None)], {"p1"}, id="new"),
        pytest.param([("1", "p1", "confirmer", None, "conflit", "x")], set(), id="not applied"),
        pytest.param(
            [("1", "p1", "fusionner", "p2", "appliquee", None)], {"p1", "p2"}, id="both of a merge"
        ),
    ],
)
def test_the_parks_that_an_agent_changed(rows, expected):
    day = date(2026, 2, 1)
    found = evidence_between(state(day), state(day, decisions(*rows)), RULES)
    assert found.corrected == expected
    back = evidence_between(state(day, decisions(*rows)), state(day), RULES)
    assert back.corrected == expected


def test_a_decision_that_fares_otherwise_changes_no_park_by_the_agent_s_hand():
    day = date(2026, 2, 1)
    sides = (
        state(day, decisions(("1", "p1", "redessiner", None, fate, None)))
        for fate in ("appliquee", "conflit")
    )
    assert evidence_between(*sides, RULES).corrected == frozenset()
