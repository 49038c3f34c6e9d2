"""A land cover from other sources: which layer wins, what stays unknown, no ground lost."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import contracts, schemas
from pipeline.artificialisation.coverage import find_borders
from pipeline.artificialisation.derive import NO_SOURCE, derive_land, extent_around
from pipeline.artificialisation.qualify import qualify_land
from tests.tables import ASSUMPTIONS, FRANCE, L93, RULES, box, line, point
from tests.unit.artificialisation.test_qualify import LAND, ON

EXTENT = box(0, 0, 100, 100)
CHOICES = ASSUMPTIONS.derived_land


def evidence(*rows):
    """Rows (kind, shape) or (kind, shape, source)."""
    table = pd.DataFrame(
        {
            "kind": [row[0] for row in rows],
            "source": [row[2] if len(row) > 2 else "osm" for row in rows],
            "source_id": [f"way/{i}" for i in range(len(rows))],
            "geometry": [row[1] for row in rows],
        }
    )
    return gpd.GeoDataFrame(contracts.conform(schemas.LandEvidence, table, L93))


def derived(*rows, extent=EXTENT):
    return derive_land(evidence(*rows), extent, 2024, ASSUMPTIONS, FRANCE)


def at(land, x, y):
    found = land[land.intersects(point(x, y))]
    assert len(found) == 1
    return found.iloc[0]


def codes(land, x, y):
    row = at(land, x, y)
    return tuple(None if pd.isna(row[name]) else row[name] for name in ("cover_code", "use_code"))


def is_whole(land, extent=EXTENT):
    shapes = land.geometry.to_numpy()
    areas_agree = shapely.area(shapes).sum() == pytest.approx(extent.area, abs=1e-6)
    return bool(shapely.coverage_is_valid(shapes)) and areas_agree


def test_a_building_hides_the_road_and_takes_the_use_of_its_zone():
    land = derived(
        ("habitat", box(0, 0, 100, 60)),
        ("chaussee", box(0, 40, 100, 46), "bdtopo"),
        ("batiment", box(20, 44, 40, 54), "cadastre"),
    )
    assert codes(land, 30, 45) == ("CS1.1.1.1", "US5")  # where the two overlap
    assert codes(land, 30, 50) == ("CS1.1.1.1", "US5")
    assert codes(land, 30, 42) == ("CS1.1.1.2", "US4.1.1")
    assert codes(land, 50, 50) == (None, "US5")  # a garden? nobody says
    assert codes(land, 50, 80) == (None, None)
    assert is_whole(land)
    # Road: 100 × 6 less what the building takes of it, 20 × 2.
    road = land[land["is_frame"]]
    assert road.geometry.area.sum() == pytest.approx(560)
    assert land[land["cover_code"] == "CS1.1.1.1"].geometry.area.sum() == pytest.approx(200)


def test_each_piece_says_who_told_and_how_reliably():
    land = derived(
        ("habitat", box(0, 0, 50, 100), "osm"),
        ("batiment", box(20, 20, 80, 30), "cadastre"),
        ("pelouse", box(20, 50, 80, 60), "osm"),
        ("bois", box(90, 90, 100, 100), "bdtopo"),
        ("foret_ouverte", box(90, 0, 100, 10), "bdtopo"),
    )
    said = {
        (30, 25): ("cadastre, osm", "elevee"),
        (60, 25): ("cadastre", "moyenne"),  # no zone: the use is not known
        (30, 55): ("osm", "moyenne"),
        (60, 55): ("osm", "faible"),
        (95, 95): ("bdtopo", "moyenne"),
        (10, 10): ("osm", "faible"),  # a use, no cover
        (60, 80): (NO_SOURCE, None),
        (95, 5): ("bdtopo", None),  # told, of a cover that is on both sides of the law
    }
    for place, (source, reliability) in said.items():
        row = at(land, *place)
        found = None if pd.isna(row["reliability"]) else row["reliability"]
        assert (row["source"], found) == (source, reliability), place
    assert set(land["origin"]) == {"derive"}
    assert set(land["vintage"]) == {2024}


PRECEDENCE = {
    "a road over water": ("chaussee", "eau", "CS1.1.1.2"),
    "a rail over a car park": ("voie_ferree", "stationnement", "CS1.1.2.1"),
    "gravel said of a car park": ("stationnement_mineral", "stationnement", "CS1.1.2.1"),
    "trees over a declared parcel": ("haie", "parcelle_herbacee", "CS2.1"),
    "a wood of known leaves over a wood": ("feuillus", "bois", "CS2.1.1.1"),
    "a declared vine over farmland": ("vigne", "culture", "CS2.1.3"),
    "water over a quarry": ("eau", "carriere", "CS1.2.2"),
    "a line of unknown nature hides": ("voie_inconnue", "bois", None),
}


@pytest.mark.parametrize(("over", "under", "code"), PRECEDENCE.values(), ids=PRECEDENCE.keys())
def test_the_first_layer_of_the_list_wins(over, under, code):
    land = derived((under, box(0, 0, 60, 100)), (over, box(40, 0, 100, 100)))
    assert codes(land, 50, 50)[0] == code
    assert codes(land, 80, 50)[0] == code


def test_a_car_park_has_the_use_of_its_zone_else_that_of_the_roads():
    land = derived(("commerce", box(0, 0, 50, 100)), ("stationnement", box(40, 0, 60, 100)))
    assert codes(land, 45, 50) == ("CS1.1.1.2", "US3")
    assert codes(land, 55, 50) == ("CS1.1.1.2", "US4.1.1")
    assert not land["is_frame"].any()


@pytest.mark.parametrize(("width", "counts"), [(4.9, False), (5.0, True), (5.1, True)])
def test_a_road_counts_from_five_metres(width, counts):
    around = box(0, 0, 400, 400)
    road = shapely.buffer(line((0, 200), (400, 200)), width / 2, cap_style="flat")
    meadow = ("parcelle_herbacee", around), ("agriculture", around)
    side = box(0, 100, 400, 100 + width)  # and one that a grid of a centimetre draws as it is
    land = derived(*meadow, ("chaussee", road), ("chaussee", side), extent=around)
    assert is_whole(land, around)
    found = qualify_land(land, LAND, FRANCE).land
    for y in (200, 102):
        row = at(found, 150, y)
        # 400 m of road are below 2 500 m²: left as it is, for it reaches the edge of the data.
        assert bool(row["is_artificial"]) is counts
        assert row["reason"] == ("matrice" if counts else "seuil_largeur")
        assert row["reliability"] == "elevee"


def test_what_nothing_tells_is_not_judged():
    land = derived(("habitat", box(0, 0, 100, 50)), ("pelouse", box(0, 0, 20, 50)))
    found = qualify_land(land, LAND, FRANCE).land
    assert pd.isna(at(found, 50, 25)["is_artificial"])
    assert pd.isna(at(found, 50, 75)["is_artificial"])
    assert bool(at(found, 10, 25)["is_artificial"])  # grass in a residential zone: 4°


def test_without_evidence_one_piece_says_that_nobody_knows():
    land = derive_land(
        contracts.empty(schemas.LandEvidence, L93), EXTENT, 2024, ASSUMPTIONS, FRANCE
    )
    assert len(land) == 1
    assert land["source"].tolist() == [NO_SOURCE]
    assert codes(land, 50, 50) == (None, None)


def test_a_sliver_between_two_drawings_takes_the_words_of_its_longest_neighbour():
    land = derived(("pelouse", box(0, 0, 50, 100)), ("bois", box(50.15, 0, 100, 100)))
    assert len(land) == 2
    assert is_whole(land)
    kept = derived(("pelouse", box(0, 0, 50, 100)), ("bois", box(50.25, 0, 100, 100)))
    assert len(kept) == 3


def test_evidence_beyond_the_extent_is_cut():
    land = derived(("eau", box(-50, 40, 150, 60)), ("bois", box(200, 0, 300, 100)))
    assert is_whole(land)
    assert land[land["cover_code"] == "CS1.2.2"].geometry.area.sum() == pytest.approx(2000)


def test_the_extent_is_the_box_of_the_commune_and_its_halo_on_the_grid():
    commune = shapely.Polygon([(10, 20), (30.004, 25), (12, 40)])
    assert extent_around(commune, 100, ASSUMPTIONS).bounds == pytest.approx((-90, -80, 130, 140))
    west, south, east, north = extent_around(commune, 100.007, ASSUMPTIONS).bounds
    assert (west, south) == pytest.approx((-90.0, -80.0))  # inside what is read
    assert (east, north) == pytest.approx((130.01, 140.0))


def test_the_extent_may_be_the_commune_grown():
    extent = shapely.Polygon([(x, y) for x, y in box(0, 0, 100, 100).exterior.coords][:3])
    land = derived(("eau", box(40, 40, 60, 60)), ("habitat", box(0, 0, 100, 50)), extent=extent)
    assert is_whole(land, extent)
    assert land.geometry.within(extent.buffer(0.01)).all()


def test_a_piece_is_cut_at_the_kilometre_and_judged_whole():
    # The origin of the tests is at 700 000, 6 322 333: lines of the kilometres at x = 0, y = 667.
    around = box(-200, 500, 200, 800)
    park = box(-20, 627, 20, 697)  # 2 × 20 m by 40 + 30 m: 2 800 m² in four
    land = derived(
        ("parcelle_herbacee", around), ("agriculture", around), ("stationnement", park),
        extent=around,
    )  # fmt: skip
    assert is_whole(land, around)
    areas = land[land["cover_code"] == "CS1.1.1.2"].geometry.area
    assert sorted(areas.round()) == [600, 600, 800, 800]
    found = qualify_land(land, LAND, FRANCE).land
    sealed = found[found["cover_code"] == "CS1.1.1.2"]
    assert len(sealed) == 4
    assert sealed["is_artificial"].all()  # each alone would be below 2 500 m²
    assert sealed["component_m2"].to_numpy() == pytest.approx(2800, rel=1e-3)


def test_pieces_share_their_edges():
    land = derived(("batiment", box(20, 20, 30, 30)), ("pelouse", box(30, 10, 60, 25)))
    borders = find_borders(land.geometry.to_numpy())
    assert borders.open_m.sum() == pytest.approx(400)  # the outline of the extent, no more


KINDS = [layer.kind for layer in CHOICES.covers]
USES = [layer.kind for layer in CHOICES.uses]
CORNERS = st.integers(0, 20)


@st.composite
def drawings(draw):
    rows = []
    for _ in range(draw(st.integers(1, 7))):
        (x0, x1), (y0, y1) = (sorted(draw(st.tuples(CORNERS, CORNERS))) for _ in range(2))
        kind = draw(st.sampled_from(sorted({*KINDS, *USES})))
        rows.append((kind, box(x0, y0, x1 + 1, y1 + 1), draw(st.sampled_from(["osm", "bdtopo"]))))
    return rows


@settings(max_examples=40, deadline=None)
@given(rows=drawings(), x=CORNERS, y=CORNERS, shuffle=st.randoms(use_true_random=False))
def test_anywhere_the_first_layer_tells_and_the_order_of_rows_changes_nothing(rows, x, y, shuffle):
    extent = box(0, 0, 21, 21)
    land = derived(*rows, extent=extent)
    assert is_whole(land, extent)
    here = [kind for kind, shape, _ in rows if shape.contains(point(x + 0.5, y + 0.5))]
    covers = [layer for layer in CHOICES.covers if layer.kind in here]
    frames = {layer.kind for layer in CHOICES.covers if layer.is_frame} - {
        layer.kind for layer in covers[:1]
    }
    uses = [layer.code for layer in CHOICES.uses if layer.kind in here and layer.kind not in frames]
    expected = (covers[0].code if covers else None, uses[0] if uses else None)
    assert codes(land, x + 0.5, y + 0.5) == expected
    shuffled = list(enumerate(rows))
    shuffle.shuffle(shuffled)
    again = evidence(*(row for _, row in shuffled)).assign(
        source_id=[f"way/{i}" for i, _ in shuffled]
    )
    same = derive_land(again, extent, 2024, ASSUMPTIONS, FRANCE)
    assert same.drop(columns="geometry").equals(land.drop(columns="geometry"))
    assert same.geometry.to_wkb().equals(land.geometry.to_wkb())


def test_every_code_is_in_the_nomenclature():
    nomenclature = RULES.land_on(ON)
    covers = {item.code for item in nomenclature.cover_codes}
    uses = {item.code for item in nomenclature.use_codes}
    assert {layer.code for layer in CHOICES.covers if layer.code} <= covers
    assert {layer.code for layer in CHOICES.uses} <= uses


def test_ids_do_not_depend_on_what_is_elsewhere():
    one = derived(("batiment", box(20, 20, 30, 30)))
    other = derived(("batiment", box(20, 20, 30, 30)), ("eau", box(80, 80, 90, 90)))
    assert at(one, 25, 25)["land_id"] == at(other, 25, 25)["land_id"]
    assert np.unique(other["land_id"]).size == len(other)
