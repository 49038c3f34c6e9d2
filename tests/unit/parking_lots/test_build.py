"""From candidates to legal car parks: joins, cuts, scope, owner, outcomes, any tiling."""

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import contracts, schemas
from pipeline.parking_lots.build import build_parking_lots
from pipeline.parking_lots.describe import Surroundings
from tests.tables import (
    ASSUMPTIONS,
    FRANCE,
    L93,
    bays,
    box,
    buildings,
    candidates,
    fences,
    line,
    point,
    roads,
    table,
)  # fmt: skip

HOME = {"insee_code": "30000", "name": "Ici", "geometry": box(-1000, -1000, 1000, 1000)}
NEXT = {"insee_code": "30001", "name": "Voisine", "geometry": box(1000, -1000, 3000, 1000)}


def around(**tables):
    found = {
        "communes": table(schemas.Commune, [HOME, NEXT], {}),
        "bays": bays(), "roads": roads(), "fences": fences(), "buildings": buildings(),
        "parcels": contracts.empty(schemas.Parcel, L93),
        "hints": contracts.empty(schemas.CadastralHint, L93),
    }  # fmt: skip
    return Surroundings(**{**found, **tables})


def build(*rows, **tables):
    return build_parking_lots(candidates(*rows), around(**tables), ASSUMPTIONS, FRANCE)


def osm(ref, shape, **facts):
    return {"candidate_id": ref, "geometry": shape, **facts}


def areas(found):
    return sorted(found.lots["gross_area_m2"].round(1))


def street(*points, **facts):
    row = {"road_id": "s", "highway": "residential", "name": "Rue", "geometry": line(*points)}
    return roads({**row, **facts})


TWO = (osm("a", box(0, 0, 40, 40)), osm("b", box(60, 0, 100, 40)))  # 1 600 m² each, 20 m apart


def aisle(*points, road_class="aisle"):
    return roads({"road_id": "r", "road_class": road_class, "geometry": line(*points)})


class TestJoins:
    def test_an_aisle_joins_two_pieces_and_its_ground_counts(self):
        found = build(*TWO, roads=aisle((30, 20), (70, 20)))
        assert areas(found) == [3300]  # 2 × 1 600 + 20 m × 5 m
        assert found.lots["joined_by"].tolist() == ["allee"]
        assert found.lots["piece_count"].tolist() == [2]
        assert found.lots["largest_piece_m2"].round().tolist() == [1600]

    def test_a_short_service_road_joins(self):
        assert areas(build(*TWO, roads=aisle((40, 20), (60, 20), road_class="service"))) == [3300]

    @pytest.mark.parametrize(
        ("gap", "joined"),
        [
            pytest.param(30, True, id="30 m of service road: joins"),
            pytest.param(31, False, id="31 m of service road: too long"),
        ],
    )
    def test_a_service_road_joins_on_a_short_way_only(self, gap, joined):
        pieces = (osm("a", box(0, 0, 40, 40)), osm("b", box(40 + gap, 0, 80 + gap, 40)))
        found = build(*pieces, roads=aisle((40, 20), (40 + gap, 20), road_class="service"))
        assert (len(found.lots) == 1) is joined

    def test_proximity_alone_never_joins(self):
        assert areas(build(osm("a", box(0, 0, 40, 40)), osm("b", box(40.5, 0, 80.5, 40)))) == [
            1600, 1600,
        ]  # fmt: skip

    def test_an_aisle_that_a_public_street_crosses_does_not_join(self):
        both = roads(
            {"road_id": "r", "road_class": "aisle", "geometry": line((40, 20), (60, 20))},
            {"road_id": "s", "highway": "residential", "geometry": line((50, -50), (50, 90))},
        )
        assert areas(build(*TWO, roads=both)) == [1600, 1600]

    def test_the_ground_of_a_link_is_not_taken_from_a_neighbour(self):
        third = osm("c", box(42, 21.5, 58, 60))
        found = build(*TWO, third, roads=aisle((40, 20), (60, 20)))
        # the band is 17.5 to 22.5 m high; the neighbour holds 16 m × 1 m of it
        assert areas(found) == [616, 3284]

    def test_a_dead_end_adds_no_ground_and_changes_no_join(self):
        ways = roads(
            {"road_id": "r", "road_class": "aisle", "geometry": line((40, 20), (50, 20), (60, 20))},
            {"road_id": "s", "road_class": "aisle", "geometry": line((50, 20), (50, 200))},
        )
        assert areas(build(*TWO, roads=ways)) == [3300]

    def test_a_service_road_split_at_a_node_joins_like_a_whole_one(self):
        ways = roads(
            {"road_id": "r", "road_class": "service", "geometry": line((40, 20), (50, 20))},
            {"road_id": "s", "road_class": "service", "geometry": line((50, 20), (60, 20))},
        )
        assert areas(build(*TWO, roads=ways)) == [3300]

    def test_an_aisle_and_a_dead_end_touch_one_piece_only(self):
        assert areas(build(*TWO, roads=aisle((40, 20), (50, 20)))) == [1600, 1600]


class TestCuts:
    def test_a_public_street_parts_a_lot_and_its_ground_is_out_of_both(self):
        found = build(osm("a", box(0, 0, 100, 40)), roads=street((50, -10), (50, 50)))
        assert areas(found) == [1900, 1900]  # 100 × 40 less a band of 5 m

    def test_its_own_width_is_taken_when_known(self):
        found = build(osm("a", box(0, 0, 100, 40)), roads=street((50, -10), (50, 50), width_m=8.0))
        assert areas(found) == [1840, 1840]

    def test_a_street_that_ends_inside_does_not_cut(self):
        found = build(osm("a", box(0, 0, 100, 40)), roads=street((50, -10), (50, 20)))
        assert areas(found) == [4000]

    def test_a_road_without_class_never_cuts_but_is_told(self):
        found = build(
            osm("a", box(0, 0, 100, 40)),
            roads=street((50, -10), (50, 50), road_class="unknown", highway=None),
        )
        assert areas(found) == [4000]
        assert "voie sans classe" in found.lots["reliability_reasons"].item()

    def test_a_building_across_parts_and_a_kiosk_does_not(self):
        lot = osm("a", box(0, 0, 100, 40))
        assert areas(build(lot, buildings=buildings(box(40, -5, 50, 45)))) == [1600, 2000]
        assert areas(build(lot, buildings=buildings(box(40, 10, 50, 20)))) == [4000]

    def test_a_kiosk_in_one_part_stays_in_its_raw_area(self):
        shops = buildings(box(40, -5, 50, 45), box(10, 10, 15, 15))
        assert areas(build(osm("a", box(0, 0, 100, 40)), buildings=shops)) == [1600, 2000]

    def test_an_open_roof_does_not_cut(self):
        roof = buildings(box(40, -5, 50, 45), is_open=True)
        assert areas(build(osm("a", box(0, 0, 100, 40)), buildings=roof)) == [4000]

    @pytest.mark.parametrize(
        ("has_opening", "expected"),
        [
            pytest.param(False, [2000, 2000], id="a closed fence parts"),
            pytest.param(True, [4000], id="a fence with a gate does not"),
        ],
    )
    def test_fence(self, has_opening, expected):
        wire = fences(
            {"fence_id": "f", "geometry": line((50, 0), (50, 40)), "has_opening": has_opening}
        )
        assert areas(build(osm("a", box(0, 0, 100, 40)), fences=wire)) == expected

    def test_pieces_drawn_apart_stay_together_when_something_touches_one(self):
        both = shapely.MultiPolygon([box(0, 0, 40, 40), box(60, 0, 100, 40)])
        assert areas(build(osm("a", both), buildings=buildings(box(10, 10, 15, 15)))) == [3200]

    def test_parts_of_a_cut_lot_have_their_own_names(self):
        found = build(osm("a", box(0, 0, 100, 40)), roads=street((30, -10), (30, 50)))
        assert found.lots["lot_id"].nunique() == 2
        assert found.outcomes["lot_id"].item() in set(found.lots["lot_id"])


def test_ground_drawn_by_two_unmatched_sources_counts_once():
    # 30 % of each: two lots, the common 12 m × 40 m to OSM
    found = build(
        osm("a", box(0, 0, 40, 40)),
        {"candidate_id": "b", "source": "bdtopo", "geometry": box(28, 0, 68, 40)},
    )
    assert areas(found) == [1120, 1600]


@pytest.mark.parametrize(
    ("shape", "owner"),
    [
        pytest.param(box(939, 0, 1039, 10), "30000", id="61 m of 100 inside: ours"),
        pytest.param(box(961, 0, 1061, 10), "30001", id="39 m of 100 inside: the neighbour's"),
        pytest.param(box(-1061, 0, -961, 10), "", id="mostly out of every known commune"),
    ],
)
def test_a_lot_belongs_to_the_commune_that_holds_most_of_it_and_is_whole(shape, owner):
    found = build(osm("a", shape))
    assert found.lots["insee_code"].tolist() == [owner]
    assert areas(found) == [1000]


@pytest.mark.parametrize("kind", ["souterrain", "aerien_bati", "toiture", "couvert", "voirie"])
def test_out_of_scope_is_kept_with_its_reason(kind):
    found = build(osm("a", box(0, 0, 40, 40), parking_type=kind))
    assert found.lots["parking_type"].tolist() == [kind]
    assert found.lots["out_of_scope"].notna().all()


def test_a_lot_drawn_under_a_building_is_of_that_building():
    found = build(osm("a", box(0, 0, 40, 40)), buildings=buildings(box(-1, -1, 41, 39)))
    assert found.lots["parking_type"].tolist() == ["aerien_bati"]


@pytest.mark.parametrize(
    ("distance", "kind"),
    [
        pytest.param(4.5, "voirie", id="edge at 2 m of a 5 m carriageway: on the road"),
        pytest.param(4.6, "surface", id="edge at 2.1 m: not on the road"),
    ],
)
def test_bays_that_open_on_a_public_road(distance, kind):
    row = osm("a", box(0, 0, 30, 5), role="bays")
    found = build(row, roads=street((-50, -distance), (90, -distance)))
    assert found.lots["parking_type"].tolist() == [kind]


def test_a_strip_drawn_along_a_street_is_on_the_road():
    found = build(osm("a", box(0, 0, 360, 5)), roads=street((-50, -4), (400, -4)))
    assert found.lots["parking_type"].tolist() == ["voirie"]


def test_a_strip_that_an_aisle_serves_is_not():
    ways = roads(
        {"road_id": "s", "name": "Rue", "geometry": line((-50, -4), (400, -4))},
        {"road_id": "r", "road_class": "aisle", "geometry": line((-20, 6), (380, 6))},
    )  # fmt: skip
    assert build(osm("a", box(0, 0, 360, 5)), roads=ways).lots["parking_type"].tolist() == [
        "surface"
    ]


def test_a_row_across_the_kerb_is_not_on_the_road():
    row = osm("a", box(0, 0, 5, 75), role="bays")
    found = build(row, roads=street((-50, -4), (90, -4)))
    assert found.lots["parking_type"].tolist() == ["surface"]


def test_bays_that_another_source_draws_as_a_park_are_not_on_the_road():
    found = build(
        osm("a", box(0, 0, 30, 5), role="bays"),
        {"candidate_id": "b", "source": "bdtopo", "geometry": box(0, 0, 30, 60)},
        roads=street((-50, -4), (90, -4)),
    )
    assert found.lots["parking_type"].tolist() == ["surface"]


def test_a_declared_unit_confirms_the_outline_it_holds():
    unit = {"candidate_id": "u", "source": "pot_sol_park", "role": "enclosing",
            "geometry": box(-50, -50, 150, 100)}  # fmt: skip
    found = build(*TWO, unit)
    assert areas(found) == [1600, 1600]
    assert found.lots["outline_known"].all()
    assert found.outcomes.set_index("candidate_id").loc["u", "lot_id"] in set(found.lots["lot_id"])


def test_a_declared_unit_alone_is_a_park_of_unknown_outline():
    found = build(
        {"candidate_id": "u", "source": "pot_sol_park", "role": "enclosing",
         "geometry": box(0, 0, 100, 100)}
    )  # fmt: skip
    assert found.lots["outline_known"].tolist() == [False]
    assert found.lots["reliability"].tolist() == ["faible"]


def test_an_unknown_road_in_two_stretches_crosses_all_the_same():
    ways = roads(
        {"road_id": "r", "road_class": "unknown", "geometry": line((50, -10), (50, 20))},
        {"road_id": "s", "road_class": "unknown", "geometry": line((50, 20), (50, 50))},
    )
    found = build(osm("a", box(0, 0, 100, 40)), roads=ways)
    assert "voie sans classe" in found.lots["reliability_reasons"].item()


def test_bays_alone_do_not_bound_the_lanes_between_them():
    # 60 bays of 12.5 m²: 750 m² drawn, up to 60 × 30 m² with the lanes
    found = build(osm("a", box(0, 0, 150, 5), role="bays", capacity_min=60, capacity_max=60))
    lot = found.lots.iloc[0]
    assert lot["gross_area_m2"] == pytest.approx(750, abs=0.1)
    assert lot["source_high_m2"] == 1800


def test_every_candidate_has_an_outcome():
    found = build(
        osm("a", box(0, 0, 40, 40)),
        osm("gone", None, defect="geometrie_incomplete : 2 nœuds sur 5 absents"),
        osm("square", box(10, 10, 15, 15), role="point_object", defect="objet ponctuel"),
    )
    outcomes = found.outcomes.set_index("candidate_id")
    lot = found.lots["lot_id"].item()
    assert outcomes.loc["a", "lot_id"] == lot
    assert outcomes.loc["square", "lot_id"] == lot
    assert outcomes["lot_id"].isna()["gone"]
    assert "2 nœuds sur 5" in outcomes.loc["gone", "reason"]


class TestSpaces:
    def test_mapped_bays_are_counted(self):
        found = build(
            osm("a", box(0, 0, 50, 40)),
            bays=bays(*({"bay_id": str(i), "geometry": point(i, 5)} for i in range(1, 41))),
        )
        lot = found.lots.iloc[0]
        assert (lot["spaces"], lot["spaces_source"]) == (40, "comptees")

    def test_a_few_mapped_bays_are_a_sample(self):
        found = build(
            osm("a", box(0, 0, 50, 40)), bays=bays({"bay_id": "1", "geometry": point(5, 5)})
        )
        assert found.lots["spaces_source"].tolist() == ["estimees"]

    def test_a_tagged_capacity_is_declared_with_its_range(self):
        found = build(osm("a", box(0, 0, 50, 40), capacity_min=60, capacity_max=80))
        lot = found.lots.iloc[0]
        assert (lot["spaces_min"], lot["spaces_max"]) == (60, 80)
        assert lot["spaces_source"] == "declarees"

    def test_else_the_area_gives_an_interval(self):
        lot = build(osm("a", box(0, 0, 50.2, 40))).lots.iloc[0]
        # 2 008 m² at 30 m² a space (66.9), 24.7 (81.3) and 20 (100.4)
        assert [lot["spaces_min"], lot["spaces"], lot["spaces_max"]] == [66, 81, 101]

    @pytest.mark.parametrize(
        ("width", "spaces"),
        [
            pytest.param(37.4, 67, id="1 496 m² at 22.4: as a small park"),
            pytest.param(37.6, 61, id="1 504 m² at 24.7: as a large one"),
        ],
    )
    def test_the_area_of_a_space_follows_the_size_of_the_park(self, width, spaces):
        assert build(osm("a", box(0, 0, width, 40))).lots["spaces"].item() == spaces


metres = st.integers(0, 150)
rectangles = st.builds(
    lambda x, y, w, h: box(x, y, x + w + 5, y + h + 5), metres, metres,
    st.integers(0, 40), st.integers(0, 40),
)  # fmt: skip


@settings(deadline=None, max_examples=40)
@given(shapes=st.lists(st.tuples(rectangles, st.booleans()), min_size=1, max_size=6))
def test_lots_never_overlap_and_never_exceed_what_is_drawn(shapes):
    rows = [
        {"candidate_id": str(i), "geometry": shape, "source": "osm" if is_osm else "bdtopo"}
        for i, (shape, is_osm) in enumerate(shapes)
    ]
    found = build(*rows)
    ground = found.lots.geometry.to_numpy()
    together = shapely.union_all(ground)
    assert together.area == pytest.approx(shapely.area(ground).sum(), abs=1e-3)
    drawn = shapely.union_all([shape for shape, _ in shapes])
    assert together.difference(drawn).area == pytest.approx(0, abs=1e-3)
    assert found.outcomes["candidate_id"].tolist() == [str(i) for i in range(len(rows))]


def test_the_same_lots_whatever_the_window():
    near = [osm("a", box(0, 0, 100, 40)), *(osm(n, g) for n, g in (("b", box(120, 0, 150, 40)),))]
    far = [osm(f"far{i}", box(300 * i, 500, 300 * i + 50, 550)) for i in range(1, 3)]
    ways = roads(
        {"road_id": "r", "road_class": "aisle", "geometry": line((100, 20), (120, 20))},
        {"road_id": "s", "highway": "residential", "geometry": line((30, -10), (30, 50))},
    )
    small, large = build(*near, roads=ways), build(*far, *near, roads=ways)
    kept = large.lots[large.lots["lot_id"].isin(small.lots["lot_id"])].reset_index(drop=True)
    columns = ["lot_id", "gross_area_m2", "piece_count", "source_ids"]
    assert kept[columns].equals(small.lots[columns])
    assert all(kept.geometry.geom_equals(small.lots.geometry, align=False))


@pytest.mark.parametrize(
    ("points", "confirms"),
    [
        pytest.param([(0, 0), (40, 0), (40, 42.9)], True, id="within 3 m of the lot"),
        pytest.param([(0, 0), (80, 0)], True, id="half of its known points"),
        pytest.param([(0, 0), (80, 0), (80, 40)], False, id="less than half"),
        pytest.param([(80, 0), (80, 40)], False, id="elsewhere"),
    ],
)
def test_an_incomplete_outline_confirms_the_lot_it_falls_on(points, confirms):
    partial = osm(
        "part", shapely.MultiPoint([point(*xy) for xy in points]), name="Parking",
        defect="geometrie_incomplete : 1 nœud sur 9 absent",
    )  # fmt: skip
    drawn = {"candidate_id": "b", "source": "bdtopo", "geometry": box(0, 0, 40, 40)}
    found = build(drawn, partial)
    lot, outcome = found.lots.iloc[0], found.outcomes.set_index("candidate_id").loc["part"]
    assert (outcome["lot_id"] == lot["lot_id"]) is confirms
    assert lot["sources"] == ("bdtopo;osm" if confirms else "bdtopo")
    assert lot["gross_area_m2"] == pytest.approx(1600, abs=0.1)
    assert (lot["name"] == "Parking") is confirms
