"""Decisions of agents carried out on two squares: outlines, values, order, conflicts."""

import pytest
import shapely

from pipeline import schemas
from pipeline.parking_lots.outline_edits import minted
from tests.corrections import A, B, on, park, reason, replayed, states, two_parks
from tests.tables import L93, bays, box, line, lots, moved, point, roads, table

ON_A = {"lot_id": "A", "base_hash": on(A)}
ON_B = {"lot_id": "B", "base_hash": on(B)}


def redraw(shape, **facts):
    return {**ON_A, "action": "redessiner", "geometry": shape, **facts}


class TestRedraw:
    def test_the_outline_and_all_that_it_tells_are_worked_out_again(self):
        parcels = table(
            schemas.Parcel,
            [{"idu": "p1", "geometry": box(0, 0, 30, 40)}],
            {"commune_code": "30000", "contenance_m2": 1200.0},
        )
        found = replayed(redraw(box(0, 0, 60, 40)), parcels=parcels)
        row = park(found)
        assert states(found) == {"c1": "appliquee"}
        assert row["gross_area_m2"] == pytest.approx(2400, abs=0.1)
        assert row["source_low_m2"] == row["source_high_m2"] == row["gross_area_m2"]
        assert row["source_areas"] == "agent 2\u202f400 m²"
        assert row["largest_piece_m2"] == row["gross_area_m2"]
        assert (row["spaces"], row["spaces_min"]) == (97, 80)  # by 24.7 and by 30 m²
        assert row["outside_parcels_share"] == pytest.approx(0.5)
        assert row["parcel_ids"] == "p1"
        assert (row["sources"], row["insee_code"]) == ("agent;osm", "30000")
        assert row["reliability"] == "elevee"
        assert row["reliability_reasons"] == "contour dessiné par un agent"
        assert row["accuracy_m"] == 0.4  # config/assumptions.yaml, agent

    def test_bays_in_the_new_outline_are_counted(self):
        new = [{"bay_id": f"b{i}", "geometry": box(52, 3 * i, 57, 3 * i + 2)} for i in range(10)]
        old = {"bay_id": "old", "geometry": box(10, 10, 15, 12), "capacity": 60.0}
        mapped = bays(*new, old)
        found = replayed(redraw(box(0, 0, 60, 40)), bays=mapped)
        assert (park(found)["spaces"], park(found)["spaces_source"]) == (70, "comptees")

    def test_a_declared_capacity_does_not_hold_for_another_outline(self):
        declared = {"spaces": 33.0, "spaces_min": 33.0, "spaces_max": 33.0}
        parks = lots({"lot_id": "A", "geometry": A, **declared, "spaces_source": "declarees"})
        found = replayed(redraw(box(0, 0, 60, 40)), parks=parks)
        assert park(found)["spaces_source"] == "estimees"

    def test_the_drawing_settles_the_doubts_on_the_outline(self):
        doubts = {"outline_known": False, "is_bays_only": True, "piece_count": 3}
        doubts |= {"joined_by": "allee", "source_high_m2": 4000.0}
        parks = lots({"lot_id": "A", "geometry": A, **doubts})
        row = park(replayed(redraw(box(0, 0, 60, 40)), parks=parks))
        assert (row["outline_known"], row["is_bays_only"]) == (True, False)
        assert (row["piece_count"], row["joined_by"]) == (1, None)
        assert row["source_high_m2"] == row["gross_area_m2"]

    def test_a_road_without_class_still_weakens_it(self):
        crossing = roads({"road_id": "r", "road_class": "unknown",
                          "geometry": line((30, -50), (30, 90))})  # fmt: skip
        row = park(replayed(redraw(box(0, 0, 60, 40)), roads=crossing))
        assert row["reliability"] == "moyenne"
        assert "traversé par une voie sans classe" in row["reliability_reasons"]

    def test_an_outline_elsewhere_is_a_conflict(self):
        found = replayed(redraw(box(300, 0, 340, 40)))
        assert (states(found), reason(found)) == (
            {"c1": "conflit"}, "le nouveau contour ne touche pas le parc",
        )  # fmt: skip
        assert park(found)["gross_area_m2"] == 2000

    @pytest.mark.parametrize(
        ("side", "state"),
        [
            pytest.param(4.0, "appliquee", id="12 m²: the smallest park"),
            pytest.param(3.9, "conflit", id="11.7 m²: not a park"),
        ],
    )
    def test_the_smallest_outline(self, side, state):
        assert states(replayed(redraw(box(0, 0, side, 3))))["c1"] == state


class TestNeighbours:
    # B is 1 600 m²: 5 % of it is 80 m², 2 m of its 40 m.
    def test_an_edge_over_a_neighbour_stays_the_neighbours(self):
        found = replayed(redraw(box(0, 0, 102, 40)))
        assert states(found)["c1"] == "appliquee"
        assert park(found)["gross_area_m2"] == pytest.approx(4000, abs=0.1)
        assert park(found, "B")["gross_area_m2"] == 1600
        assert park(found)["geometry"].intersection(B).area == 0

    def test_more_than_an_edge_is_a_conflict_that_names_the_neighbour(self):
        found = replayed(redraw(box(0, 0, 103, 40)))
        assert states(found)["c1"] == "conflit"
        assert "recouvre le parc B" in reason(found)

    def test_ground_that_the_neighbour_gave_up_may_be_taken(self):
        smaller = {**ON_B, "action": "redessiner", "geometry": box(120, 0, 140, 40)}
        found = replayed(redraw(box(0, 0, 120, 40)), smaller)
        assert states(found) == {"c1": "appliquee", "c2": "appliquee"}

    def test_of_two_drawings_over_one_another_the_last_is_set_aside(self):
        found = replayed(
            redraw(box(0, 0, 90, 40)),
            {**ON_B, "action": "redessiner", "geometry": box(70, 0, 140, 40)},
        )
        assert states(found) == {"c1": "appliquee", "c2": "conflit"}
        assert park(found, "B")["gross_area_m2"] == 1600


class TestAdd:
    def test_a_missed_park_gets_an_id_from_its_correction(self):
        found = replayed({"action": "ajouter", "geometry": box(200, 0, 250, 40), "value": "Halle"})
        row = park(found, minted("c1", "30000"))
        assert (row["name"], row["sources"], row["source_ids"]) == ("Halle", "agent", "agent:c1")
        assert row["gross_area_m2"] == pytest.approx(2000, abs=0.1)
        assert found.replayed["lot_id"].tolist() == [row["lot_id"]]
        assert found.base_hashes[row["lot_id"]] == on(box(200, 0, 250, 40))

    def test_redrawing_the_added_park_keeps_its_id(self):
        first = replayed({"action": "ajouter", "geometry": box(200, 0, 250, 40)})
        later = replayed({"action": "ajouter", "geometry": box(210, 0, 260, 40)})
        assert set(first.lots["lot_id"]) == set(later.lots["lot_id"])

    def test_a_decision_may_speak_of_the_added_park(self):
        added = minted("c1", "30000")
        found = replayed(
            {"action": "ajouter", "geometry": box(200, 0, 250, 40)},
            {"action": "fixer_places", "lot_id": added, "value": "61",
             "base_hash": on(box(200, 0, 250, 40))},
        )  # fmt: skip
        assert park(found, added)["spaces"] == 61

    def test_a_park_of_the_next_commune_is_for_its_own_review(self):
        found = replayed({"action": "ajouter", "geometry": box(1100, 0, 1150, 40)})
        assert states(found)["c1"] == "conflit"
        assert reason(found) == "contour dessiné dans la commune 30001"

    def test_a_park_that_a_source_draws_since_is_a_conflict(self):
        found = replayed({"action": "ajouter", "geometry": moved(A, 1, 1)})
        assert states(found)["c1"] == "conflit"
        assert len(found.lots) == 2


CUT = {**ON_A, "action": "scinder", "geometry": box(30, -5, 60, 45)}


class TestSplit:
    def test_the_part_becomes_a_park(self):
        found = replayed(CUT)
        child = minted("c1", "30000")
        assert park(found)["gross_area_m2"] == pytest.approx(1200, abs=0.1)
        assert park(found, child)["gross_area_m2"] == pytest.approx(800, abs=0.1)
        assert park(found, child)["source_ids"] == "agent:c1#0"
        assert park(found)["source_ids"] == "A"

    def test_sources_lose_the_same_share(self):
        parks = lots({"lot_id": "A", "geometry": A, "source_low_m2": 1800.0,
                      "source_high_m2": 2500.0})  # fmt: skip
        row = park(replayed(CUT, parks=parks))
        assert row["source_low_m2"] == pytest.approx(1080, abs=0.1)
        assert row["source_high_m2"] == pytest.approx(1500, abs=0.1)

    def test_two_parts_make_two_parks_the_largest_first(self):
        parts = shapely.MultiPolygon([box(0, 0, 10, 40), box(30, 0, 50, 40)])
        found = replayed({**CUT, "geometry": parts})
        sizes = [park(found, minted("c1", "30000", i))["gross_area_m2"] for i in (0, 1)]
        assert sizes == pytest.approx([800, 400], abs=0.1)

    @pytest.mark.parametrize(
        ("shape", "words"),
        [
            pytest.param(box(-5, -5, 60, 45), "couvre tout le parc", id="all of it"),
            pytest.param(box(200, 0, 220, 40), "n'est pas dans le parc", id="none of it"),
        ],
    )
    def test_a_part_that_is_none_is_a_conflict(self, shape, words):
        found = replayed({**CUT, "geometry": shape})
        assert states(found) == {"c1": "conflit"}
        assert words in reason(found)
        assert len(found.lots) == 2

    def test_two_splits_of_one_park_both_stand(self):
        found = replayed(
            {**ON_A, "action": "scinder", "geometry": box(30, 0, 50, 40)},
            {**ON_A, "action": "scinder", "geometry": box(0, 0, 10, 40)},
        )
        assert states(found) == {"c1": "appliquee", "c2": "appliquee"}
        assert park(found)["gross_area_m2"] == pytest.approx(800, abs=0.1)


JOIN = {**ON_A, "action": "fusionner", "value": "B"}


class TestMerge:
    def test_two_parks_become_the_first(self):
        parks = lots(
            {"lot_id": "A", "geometry": A, "first_seen": "2020-01-01"},
            {"lot_id": "B", "geometry": B, "first_seen": "2018-01-01", "name": "Gare"},
        )
        found = replayed(JOIN, parks=parks)
        row = park(found)
        assert found.lots["lot_id"].tolist() == ["A"]
        assert row["gross_area_m2"] == pytest.approx(3600, abs=0.1)
        assert row["source_low_m2"] == pytest.approx(3600, abs=0.1)
        assert (row["largest_piece_m2"], row["piece_count"]) == (2000, 2)
        assert (row["first_seen"], row["name"]) == ("2018-01-01", "Gare")
        assert row["source_ids"] == "A;B"
        assert found.absorbed == {"B": "A"}

    def test_an_undated_park_leaves_the_whole_undated(self):
        parks = lots({"lot_id": "A", "geometry": A, "first_seen": "2020-01-01"},
                     {"lot_id": "B", "geometry": B})  # fmt: skip
        assert park(replayed(JOIN, parks=parks))["first_seen"] is None

    def test_the_outlines_of_both_are_kept_together_for_the_next_run(self):
        (kept,) = replayed(JOIN).replayed.geometry
        assert kept.equals(A.union(B))

    # Of 3 600 m² in all, B moved by d metres changes 80 d, 15 % of 3 600 + 40 d at 7.3 m.
    @pytest.mark.parametrize(("shift", "state"), [(7, "appliquee"), (8, "conflit")])
    def test_the_other_park_may_not_move_too_far_either(self, shift, state):
        parks = lots({"lot_id": "A", "geometry": A},
                     {"lot_id": "B", "geometry": moved(B, shift, 0)})  # fmt: skip
        found = replayed(JOIN, parks=parks, bases={("c1", "A"): A.union(B)})
        assert states(found) == {"c1": state}

    def test_three_parks_in_a_chain(self):
        parks = lots({"lot_id": "A", "geometry": A}, {"lot_id": "B", "geometry": B},
                     {"lot_id": "C", "geometry": moved(B, 100, 0)})  # fmt: skip
        found = replayed(JOIN, {**ON_B, "action": "fusionner", "value": "C"}, parks=parks)
        assert found.lots["lot_id"].tolist() == ["A"]
        assert found.absorbed == {"B": "A", "C": "A"}

    def test_the_other_way_round_is_the_same_decision_and_the_last_wins(self):
        found = replayed(JOIN, {**ON_B, "action": "fusionner", "value": "A"})
        assert states(found) == {"c1": "remplacee", "c2": "appliquee"}
        assert found.lots["lot_id"].tolist() == ["B"]

    def test_a_decision_on_the_absorbed_park_has_no_effect(self):
        found = replayed(JOIN, {**ON_B, "action": "fixer_places", "value": "12"})
        assert states(found)["c2"] == "sans_effet"
        assert reason(found, "c2") == "parc réuni à A"

    def test_a_park_underground_does_not_join_one_in_the_open(self):
        parks = lots({"lot_id": "A", "geometry": A},
                     {"lot_id": "B", "geometry": B, "parking_type": "souterrain"})  # fmt: skip
        found = replayed(JOIN, parks=parks)
        assert states(found) == {"c1": "conflit"}
        assert len(found.lots) == 2

    def test_the_other_park_is_gone(self):
        found = replayed({**JOIN, "value": "Z"})
        assert (states(found), reason(found)) == ({"c1": "conflit"}, "parc Z disparu")


class TestValues:
    def test_a_confirmed_park_keeps_its_verdict(self):
        found = replayed({**ON_A, "action": "confirmer"})
        assert states(found) == {"c1": "appliquee"}
        assert found.overrides.empty
        assert found.lots.equals(two_parks())

    def test_a_rejected_park_stays_with_the_status_and_motive_of_the_agent(self):
        found = replayed({**ON_A, "action": "rejeter", "motive": "cour d'école"})
        assert found.lots.equals(two_parks())
        assert found.overrides.to_dict("records") == [
            {"lot_id": "A", "status": "hors_champ", "motive": "cour d'école", "agent": "Moi",
             "decided_on": "2026-03-01"},
        ]  # fmt: skip

    def test_a_rejection_without_motive_is_a_conflict(self):
        found = replayed({**ON_A, "action": "rejeter", "motive": None})
        assert (states(found), len(found.overrides)) == ({"c1": "conflit"}, 0)

    def test_a_later_confirmation_undoes_a_rejection(self):
        found = replayed({**ON_A, "action": "rejeter"}, {**ON_A, "action": "confirmer"})
        assert states(found) == {"c1": "remplacee", "c2": "appliquee"}
        assert found.overrides.empty

    @pytest.mark.parametrize("written", ["a_verifier", "À vérifier"])
    def test_a_status_is_read_as_a_code_or_in_words(self, written):
        found = replayed({**ON_A, "action": "fixer_statut", "value": written})
        assert found.overrides["status"].tolist() == ["a_verifier"]

    def test_a_rejection_is_stronger_than_a_status(self):
        found = replayed({**ON_A, "action": "rejeter"},
                         {**ON_A, "action": "fixer_statut", "value": "assujetti"})  # fmt: skip
        assert states(found) == {"c1": "appliquee", "c2": "sans_effet"}
        assert found.overrides["status"].tolist() == ["hors_champ"]

    @pytest.mark.parametrize(
        ("written", "spaces"),
        [("120", (120, 120, 120)), ("110-130", (120, 110, 130)), ("0", (0, 0, 0))],
    )
    def test_spaces(self, written, spaces):
        row = park(replayed({**ON_A, "action": "fixer_places", "value": written}))
        assert (row["spaces"], row["spaces_min"], row["spaces_max"]) == spaces
        assert row["spaces_source"] == "fixees"

    def test_spaces_hold_on_a_redrawn_outline_whatever_the_order(self):
        spaces = {**ON_A, "action": "fixer_places", "value": "120"}
        found = replayed(spaces, redraw(box(0, 0, 60, 40)))
        assert (park(found)["spaces"], round(park(found)["gross_area_m2"])) == (120, 2400)

    def test_a_built_park_leaves_the_scope_and_has_no_estimated_space(self):
        row = park(replayed({**ON_A, "action": "fixer_usage", "value": "aerien_bati"}))
        assert row["out_of_scope"] == "parc en ouvrage à étages, intégré à un bâtiment"
        assert row["spaces_source"] is None

    def test_an_access_and_heavy_vehicles(self):
        row = park(replayed({**ON_A, "action": "fixer_usage", "value": "Clients"}))
        assert (row["access"], row["is_for_trucks"]) == ("clients", False)
        row = park(replayed({**ON_A, "action": "fixer_usage", "value": "poids lourds"}))
        assert (row["access"], row["is_for_trucks"]) == (None, True)

    @pytest.mark.parametrize("written", ["2019-12-31", "31/12/2019"])
    def test_a_date(self, written):
        row = park(replayed({**ON_A, "action": "fixer_date", "value": written}))
        assert row["first_seen"] == "2019-12-31"

    @pytest.mark.parametrize(
        ("action", "value"),
        [
            ("fixer_statut", "coupable"), ("fixer_statut", None), ("fixer_places", "beaucoup"),
            ("fixer_places", "130-110"), ("fixer_places", "-4"), ("fixer_date", "31/02/2019"),
            ("fixer_usage", "piscine"), ("fusionner", None), ("fusionner", "A"),
        ],
    )  # fmt: skip
    def test_a_value_that_cannot_be_read_is_a_conflict_that_tells_what_is_expected(
        self, action, value
    ):
        found = replayed({**ON_A, "action": action, "value": value})
        assert states(found) == {"c1": "conflit"}
        assert "attendu" in reason(found)
        assert found.lots.equals(two_parks())


class TestOrder:
    def test_the_last_date_wins_whatever_the_order_of_the_rows(self):
        found = replayed(
            {**ON_A, "action": "fixer_places", "value": "10", "decided_on": "2026-05-02"},
            {**ON_A, "action": "fixer_places", "value": "20", "decided_on": "2026-05-01"},
        )
        assert states(found) == {"c1": "appliquee", "c2": "remplacee"}

    def test_the_last_row_of_a_day_wins(self):
        found = replayed(redraw(box(0, 0, 60, 40)), redraw(box(0, 0, 70, 40)))
        assert states(found) == {"c1": "remplacee", "c2": "appliquee"}
        assert park(found)["gross_area_m2"] == pytest.approx(2800, abs=0.1)

    def test_the_decision_before_an_invalid_one_stands(self):
        found = replayed(redraw(box(0, 0, 60, 40)), redraw(box(300, 0, 340, 40)))
        assert states(found) == {"c1": "appliquee", "c2": "conflit"}

    def test_an_undated_decision_is_the_oldest_and_says_so(self):
        found = replayed(
            {**ON_A, "action": "fixer_places", "value": "10"},
            {**ON_A, "action": "fixer_places", "value": "20", "decided_on": None},
        )
        assert states(found) == {"c1": "appliquee", "c2": "remplacee"}
        assert "sans date" in reason(found, "c2")


class TestBase:
    # Twenty metres by forty, moved by d metres: 2 × 40 d over 800 + 40 d.
    # d = 1.6 m: 128 / 864 = 14.8 %; d = 1.7 m: 136 / 868 = 15.7 %.
    SEEN = box(0, 0, 20, 40)

    @pytest.mark.parametrize(
        ("shift", "state"),
        [
            pytest.param(1.6, "appliquee", id="14.8 %: the same park"),
            pytest.param(1.7, "conflit", id="15.7 %: another one"),
        ],
    )
    @pytest.mark.parametrize("action", ["redessiner", "confirmer"])
    def test_a_base_that_moved_too_far_is_a_conflict(self, shift, state, action):
        parks = lots({"lot_id": "A", "geometry": moved(self.SEEN, shift, 0)})
        decision = {"lot_id": "A", "action": action, "base_hash": on(self.SEEN),
                    "geometry": box(0, 0, 30, 40)}  # fmt: skip
        found = replayed(decision, parks=parks, bases={("c1", "A"): self.SEEN})
        assert states(found) == {"c1": state}
        assert found.replayed.geometry[0].equals(self.SEEN)  # kept for the next run

    def test_a_conflict_shows_both_outlines_and_how_far_they_are(self):
        today = moved(self.SEEN, 4, 0)
        found = replayed(
            {"lot_id": "A", "action": "confirmer", "base_hash": on(self.SEEN)},
            parks=lots({"lot_id": "A", "geometry": today}),
            bases={("c1", "A"): self.SEEN},
        )
        rows = found.conflicts.set_index("role")
        assert rows.geometry["base"].equals(self.SEEN)
        assert rows.geometry["actuel"].equals(today)
        # 2 × 4 × 40 over 800 + 4 × 40
        assert rows["moved_share"].tolist() == pytest.approx([320 / 960] * 2)
        assert "33" in rows["reason"]["base"]

    def test_a_decision_on_the_outline_of_today_settles_the_conflict(self):
        today = moved(self.SEEN, 4, 0)
        found = replayed(
            {"lot_id": "A", "action": "confirmer", "base_hash": on(self.SEEN)},
            {"lot_id": "A", "action": "confirmer", "base_hash": on(today)},
            parks=lots({"lot_id": "A", "geometry": today}),
            bases={("c1", "A"): self.SEEN},
        )
        assert states(found) == {"c1": "remplacee", "c2": "appliquee"}
        assert found.conflicts.empty

    @pytest.mark.parametrize(
        ("action", "state"),
        [
            ("redessiner", "conflit"), ("scinder", "conflit"), ("fusionner", "conflit"),
            ("confirmer", "appliquee"), ("rejeter", "appliquee"), ("fixer_places", "appliquee"),
        ],
    )  # fmt: skip
    def test_an_unknown_base_stops_only_what_is_drawn_on_it(self, action, state):
        value = {"fusionner": "B", "fixer_places": "12"}.get(action)
        decision = {"lot_id": "A", "action": action, "value": value, "base_hash": "0" * 16,
                    "geometry": box(0, 0, 30, 40)}  # fmt: skip
        found = replayed(decision)
        assert states(found)["c1"] == state
        assert "base inconnue" in reason(found)

    def test_a_park_that_is_gone_is_a_conflict_with_the_outline_that_was_seen(self):
        gone = {"lot_id": "Z", "action": "confirmer", "base_hash": "0" * 16}
        found = replayed(gone, bases={("c1", "Z"): A})
        assert (states(found), reason(found)) == ({"c1": "conflit"}, "parc Z disparu")
        assert found.conflicts.set_index("role").geometry["base"].equals(A)
        assert found.conflicts.set_index("role").geometry["actuel"] is None

    def test_a_row_that_could_not_be_read_is_kept_with_its_fault(self):
        found = replayed({"lot_id": "A", "action": None, "fault": "action inconnue : « raser »"})
        assert states(found) == {"c1": "conflit"}
        assert reason(found) == "action inconnue : « raser »"


def test_no_correction_changes_nothing():
    found = replayed()
    assert found.lots.equals(two_parks())
    assert (len(found.replayed), len(found.conflicts), len(found.overrides)) == (0, 0, 0)
    assert found.base_hashes == {"A": on(A), "B": on(B)}
    assert found.lots.crs == L93


def test_a_commune_without_park_may_receive_one():
    found = replayed({"action": "ajouter", "geometry": box(0, 0, 50, 40)}, parks=lots())
    assert found.lots["gross_area_m2"].round().tolist() == [2000]
    assert found.lots.geometry.contains(point(5, 5)).tolist() == [True]
