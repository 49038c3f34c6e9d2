"""Laws of the difference, for any two products of a commune."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.inventory.changes import retouched
from pipeline.schemas import CHANGE_CAUSES
from tests.unit.inventory.french_parks import SAME, compared, evidence, parcs, park

rows = st.fixed_dictionaries(
    {
        "surface_assujettie_m2": st.sampled_from([None, 499.0, 1490.0, 1500.0, 1501.0, 12000.0]),
        "statut": st.sampled_from(["assujetti", "a_verifier", "hors_champ"]),
        "statut_revu": st.sampled_from([None, "exonere"]),
        "regime": st.sampled_from(["existant_1500", "neuf_500", "inconnu"]),
        "echeance": st.sampled_from([None, date(2026, 7, 1), date(2028, 7, 1)]),
        "echeance_situation": st.sampled_from([None, "a_venir", "echue"]),
        "side": st.sampled_from([50, 60]),
        "nom": st.sampled_from([None, "Parking du Port"]),
    }
)
tables = st.dictionaries(st.sampled_from("abcdef"), rows, max_size=5).map(
    lambda found: [park(lot, **values) for lot, values in found.items()]
)
differing = st.builds(
    lambda data, rules, code: evidence(data=data, rules=rules, code=code),
    st.sampled_from([None, frozenset(), frozenset({"osm"})]),
    st.sampled_from([None, False, True]),
    st.sampled_from([None, False, True]),
)
quick = settings(deadline=None, max_examples=15)


def ids(table):
    return {row["parc_id"] for row in table}


@quick
@given(table=tables, differs=differing)
def test_nothing_differs_from_itself(table, differs):
    entries = compared(table, table, differs)
    assert entries.empty
    assert retouched(parcs(*table), parcs(*table), entries) == {}


@quick
@given(before=tables, after=tables, differs=differing)
def test_every_park_that_differs_is_named_and_no_other(before, after, differs):
    entries = compared(before, after, differs)
    others = retouched(parcs(*before), parcs(*after), entries)
    old, new = ({row["parc_id"]: row for row in table} for table in (before, after))
    differs_in_fact = {lot for lot in {*old, *new} if old.get(lot) != new.get(lot)}
    assert set(entries["lot_id"]) | set(others) == differs_in_fact
    assert not set(entries["lot_id"]) & set(others)


@quick
@given(before=tables, after=tables)
def test_what_is_new_and_what_stays_make_what_is_there(before, after):
    entries = compared(before, after, SAME)
    new, gone = (
        set(entries.loc[entries["kind"] == kind, "lot_id"]) for kind in ("nouveau", "disparu")
    )
    assert new | (ids(before) - gone) == ids(after)
    assert not new & ids(before)


@quick
@given(before=tables, after=tables)
def test_the_way_back_undoes_what_came_and_went(before, after):
    there, back = compared(before, after), compared(after, before)
    for kind, mirror in (("nouveau", "disparu"), ("statut", "statut"), ("seuil", "seuil")):
        told = (table.loc[table["kind"] == name, "lot_id"].tolist()
                for table, name in ((there, kind), (back, mirror)))  # fmt: skip
        assert next(told) == next(told)


@quick
@given(before=tables, after=tables, differs=differing, data=st.data())
def test_the_order_of_the_rows_changes_nothing(before, after, differs, data):
    shuffled = (data.draw(st.permutations(table)) for table in (before, after))
    assert compared(*shuffled, differs).equals(compared(before, after, differs))


@quick
@given(before=tables, after=tables, differs=differing)
def test_every_change_has_causes_of_the_list_each_once_in_order(before, after, differs):
    for causes in compared(before, after, differs)["causes"]:
        named = causes.split(";")
        assert named == [cause for cause in CHANGE_CAUSES if cause in named]
        assert named
