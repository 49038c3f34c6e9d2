"""Owners of parcels and of car parks; nothing is invented where none is published."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import contracts, schemas
from pipeline.obligation.owners import lot_owners, ownership, parcel_owners
from tests.tables import ASSUMPTIONS, box, lots, table

CITY = {"owner_name": "COMMUNE DE TREVILLE", "siren": "213500001"}
SHOP = {"owner_name": "SCI DES HALLES", "siren": "399000002"}
UNION = {"owner_name": "SYNDICAT DU LAC", "siren": None}


def idu(name):
    """Return an identifier of 14 characters that ends with `name`."""
    return f"30000000{name:0>6}"


def parcels(**shapes):
    rows = [{"idu": idu(name), "geometry": shape} for name, shape in shapes.items()]
    return table(schemas.Parcel, rows, {})


def rights(*rows):
    """Return `OwnedParcel` from (parcel, person) or (parcel, person, code, label)."""
    full = []
    for name, person, *held in rows:
        code, label = held or ("P", "Propriétaire")
        full.append({"idu": idu(name), **person, "right_code": code, "right": label})
    columns = ["idu", "owner_name", "siren", "right_code", "right", "owner_group"]
    return contracts.conform(schemas.OwnedParcel, pd.DataFrame(full, columns=columns))


def land(shapes, *held, known=True):
    return parcel_owners(parcels(**shapes), rights(*held), ASSUMPTIONS, owners_known=known)


def row(found, position=0):
    first = found.drop(columns="geometry", errors="ignore").iloc[position]
    return first.astype(object).where(first.notna(), None)


ONE = {"a": box(0, 0, 50, 40)}


def test_one_owner_gives_its_name_siren_right_and_holding():
    found = row(land(ONE, ("a", CITY)))
    assert found["owner_name"] == "COMMUNE DE TREVILLE"
    assert found["siren"] == "213500001"
    assert found["right"] == "Propriétaire"
    assert found["holding_id"] == idu("a")


@pytest.mark.parametrize(
    ("known", "text"),
    [
        pytest.param(True, "propriétaire non publié", id="file supplied, parcel not listed"),
        pytest.param(False, "propriétaire non publié (fichier non fourni)", id="no file"),
    ],
)
def test_an_unlisted_parcel_says_so_and_has_no_holding(known, text):
    found = row(land(ONE, known=known))
    assert found["owner_name"] == text
    assert (found["siren"], found["right"], found["holding_id"]) == (None, None, None)


def test_two_owners_are_both_named_without_siren():
    found = row(land(ONE, ("a", SHOP), ("a", CITY)))
    assert found["owner_name"] == "COMMUNE DE TREVILLE ; SCI DES HALLES"
    assert found["siren"] is None


def test_the_right_of_owner_comes_before_the_others():
    found = row(land(ONE, ("a", SHOP, "E", "Emphytéote"), ("a", CITY)))
    assert (found["owner_name"], found["siren"]) == ("COMMUNE DE TREVILLE", "213500001")
    assert found["right"] == "Propriétaire"


def test_without_owner_another_right_is_told_with_its_name():
    found = row(land(ONE, ("a", SHOP, "E", "Emphytéote")))
    assert (found["owner_name"], found["right"]) == ("SCI DES HALLES", "Emphytéote")


COMMUNE, COMPANY = {"owner_group": "4 - Commune"}, {"owner_group": "0 - Personne morale"}


@pytest.mark.parametrize(
    ("held", "classes"),
    [
        pytest.param([CITY | COMMUNE], "4 - Commune", id="one owner"),
        pytest.param([CITY | COMMUNE, SHOP | COMMUNE], "4 - Commune", id="two of one kind"),
        pytest.param(
            [CITY | COMMUNE, SHOP | COMPANY], "0 - Personne morale ; 4 - Commune", id="two kinds"
        ),
        pytest.param([CITY | COMMUNE, SHOP], "4 - Commune", id="the kind of one is not told"),
        pytest.param([CITY], None, id="the kind is not told"),
        pytest.param([], None, id="no published owner"),
    ],
)
def test_the_kinds_of_owner_are_told_once_each(held, classes):
    assert row(land(ONE, *(("a", person) for person in held)))["owner_class"] == classes


def test_parcels_of_one_and_of_several_owners_keep_their_own_texts():
    shapes = {name: box(x, 0, x + 10, 40) for name, x in (("c", 0), ("a", 10), ("b", 20))}
    long_lease = (SHOP, "E", "Emphytéote")
    found = land(
        shapes, ("c", *long_lease), ("b", SHOP), ("c", UNION, "U", "Usufruitier"), ("b", CITY)
    )
    told = found[["owner_name", "siren", "right"]].astype(object)
    assert told.where(told.notna(), None).to_numpy().tolist() == [
        ["SCI DES HALLES ; SYNDICAT DU LAC", None, "Emphytéote ; Usufruitier"],
        ["propriétaire non publié", None, None],
        ["COMMUNE DE TREVILLE ; SCI DES HALLES", None, "Propriétaire"],
    ]


def test_one_person_listed_twice_is_one_owner():
    spelled = {**CITY, "owner_name": "TREVILLE (COMMUNE DE)"}
    found = row(land(ONE, ("a", CITY), ("a", spelled), ("a", CITY)))
    assert (found["owner_name"], found["siren"]) == ("COMMUNE DE TREVILLE", "213500001")


@pytest.mark.parametrize(
    ("other", "person", "together"),
    [
        pytest.param(box(50, 0, 90, 40), CITY, True, id="an edge in common"),
        pytest.param(box(50.09, 0, 90, 40), CITY, True, id="an edge 9 cm away: drawing"),
        pytest.param(box(50.11, 0, 90, 40), CITY, False, id="an edge 11 cm away"),
        pytest.param(box(50, 40, 90, 80), CITY, False, id="a corner in common"),
        pytest.param(box(50, 39.2, 90, 80), CITY, False, id="80 cm of edge and the drawing: 90 cm"),
        pytest.param(box(50, 38.9, 90, 80), CITY, True, id="110 cm of edge"),
        pytest.param(box(50, 0, 90, 40), SHOP, False, id="an edge, but another owner"),
    ],
)
def test_a_holding_is_in_one_piece_of_one_owner(other, person, together):
    found = land({"b": other, "a": box(0, 0, 50, 40)}, ("a", CITY), ("b", person))
    assert found["holding_id"].tolist() == [idu("a") if together else idu("b"), idu("a")]


def test_parcels_in_a_row_are_one_holding():
    shapes = {name: box(x, 0, x + 10, 40) for name, x in (("c", 0), ("a", 10), ("b", 20))}
    found = land(shapes, *((name, CITY) for name in shapes))
    assert found["holding_id"].tolist() == [idu("a")] * 3


def owner_of(shapes, *held, known=True, lot=ONE["a"]):
    found = land(shapes, *held, known=known)
    parks = lots({"lot_id": "p", "geometry": lot})
    return row(lot_owners(parks, found, ASSUMPTIONS, owners_known=known))


def test_the_owner_of_most_of_the_ground_over_several_parcels():
    shapes = {"a": box(0, 0, 15, 40), "b": box(15, 0, 35, 40), "c": box(35, 0, 50, 40)}
    found = owner_of(shapes, ("a", CITY), ("b", SHOP), ("c", CITY))
    assert found["owner_name"] == "COMMUNE DE TREVILLE et 1 autre"
    assert found["siren"] == found["owner_group"] == "213500001"
    assert found["owner_share"] == pytest.approx(0.6)  # 30 m of the 50 m


@pytest.mark.parametrize(
    ("limit", "name"),
    [
        pytest.param(47.5, "COMMUNE DE TREVILLE", id="5 % exactly is not told"),
        pytest.param(47.4, "COMMUNE DE TREVILLE et 1 autre", id="5.2 % is told"),
    ],
)
def test_another_owner_is_told_above_five_percent(limit, name):
    shapes = {"a": box(0, 0, limit, 40), "b": box(limit, 0, 50, 40)}
    assert owner_of(shapes, ("a", CITY), ("b", SHOP))["owner_name"] == name


def test_several_others_are_counted():
    shapes = {"a": box(0, 0, 30, 40), "b": box(30, 0, 40, 40), "c": box(40, 0, 50, 40)}
    found = owner_of(shapes, ("a", CITY), ("b", SHOP))
    assert found["owner_name"] == "COMMUNE DE TREVILLE et 2 autres"


def test_an_unpublished_owner_may_hold_most_of_it():
    found = owner_of({"a": box(0, 0, 30, 40), "b": box(30, 0, 50, 40)}, ("b", CITY))
    assert found["owner_name"] == "propriétaire non publié et 1 autre"
    assert (found["siren"], found["owner_group"]) == (None, None)
    assert found["owner_share"] == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("shapes", "known", "text"),
    [
        pytest.param({}, True, "propriétaire non publié", id="no cadastre"),
        pytest.param({"a": box(60, 0, 90, 40)}, True, "propriétaire non publié", id="beside"),
        pytest.param(
            {"a": box(49.98, 0, 90, 40)}, True, "propriétaire non publié", id="0.8 m² is an edge"
        ),
        pytest.param({}, False, "propriétaire non publié (fichier non fourni)", id="no file"),
    ],
)
def test_a_lot_on_no_parcel_has_no_share(shapes, known, text):
    found = owner_of(shapes, *(("a", CITY) for _ in shapes), known=known)
    assert found["owner_name"] == text
    assert (found["owner_share"], found["owner_group"]) == (None, None)


def test_just_over_one_square_metre_of_parcel_counts():
    found = owner_of({"a": box(49.97, 0, 90, 40)}, ("a", CITY))
    assert found["owner_name"] == "COMMUNE DE TREVILLE"
    assert found["owner_share"] == pytest.approx(1.2 / 2000, abs=1e-6)


def test_ground_on_no_parcel_lowers_the_share():
    assert owner_of({"a": box(0, 0, 40, 40)}, ("a", CITY))["owner_share"] == pytest.approx(0.8)


def test_an_owner_without_siren_is_grouped_by_name_whatever_its_case_and_accents():
    spelled = {"owner_name": "Syndicat  du Lâc", "siren": None}
    groups = {
        owner_of({"a": ONE["a"]}, ("a", person))["owner_group"] for person in (UNION, spelled)
    }
    assert groups == {"syndicat du lac"}


def test_ownership_assembles_owners_and_neighbours():
    parks = lots(
        {"lot_id": "q", "geometry": box(0, 0, 50, 40)},
        {"lot_id": "p", "geometry": box(51, 0, 100, 40)},
        {"lot_id": "r", "geometry": box(500, 0, 550, 40)},
    )
    ground = parcels(a=box(0, 0, 100, 40))
    found = ownership(
        parks,
        parcel_owners(ground, rights(("a", CITY)), ASSUMPTIONS, owners_known=True),
        parks["out_of_scope"].isna(),
        ASSUMPTIONS,
        owners_known=True,
    )
    found = found.astype(object).where(found.notna(), None)
    assert found["lot_id"].tolist() == ["q", "p", "r"]
    assert found["owner_group"].tolist() == ["213500001", "213500001", None]
    assert found["neighbour_group"].tolist() == ["p", "p", None]
    assert found["neighbour_ids"].tolist() == ["p", "q", None]


def test_no_lot_and_no_parcel_give_an_empty_table():
    found = ownership(
        lots(),
        parcel_owners(parcels(), rights(), ASSUMPTIONS, owners_known=False),
        lots()["out_of_scope"].isna(),
        ASSUMPTIONS,
        owners_known=False,
    )
    assert found.empty


CELLS = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from([CITY, SHOP, UNION, None])),
    max_size=6,
    unique_by=lambda cell: cell[0],
)


@settings(max_examples=25, deadline=None)
@given(cells=CELLS, added=st.sampled_from([CITY, SHOP, None]))
def test_a_parcel_elsewhere_never_changes_the_owner_of_a_lot(cells, added):
    shapes = {f"n{x}": box(10 * x, 0, 10 * x + 10, 40) for x, _ in cells}
    held = [(f"n{x}", person) for x, person in cells if person]
    before = owner_of(shapes, *held, lot=box(0, 0, 100, 40))
    held += [("far", added)] if added else []
    after = owner_of({**shapes, "far": box(100, 0, 900, 40)}, *held, lot=box(0, 0, 100, 40))
    pd.testing.assert_series_equal(before, after)
