"""Whatever the sources do upstream, no decision of an agent is lost, and those that fit hold."""

from dataclasses import dataclass, field, replace

import geopandas as gpd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.inventory.bases import known_bases
from pipeline.inventory.previous import Previous
from pipeline.outline_digest import outline_hash
from tests import corrections as made
from tests.tables import L93, box, lots

# Parks 100 m apart, 40 m × 40 m: none reaches another. Moved by d metres along its side, a square
# differs from itself by 2 d / (40 + d): 13.9 % for 3 m, 26.1 % for 6 m; the limit is 15 %.
NAMES = ("A", "B", "C")
SAME = 15


def square(name, shift):
    """Return the detected outline of a park, moved to the east; one left in the ground is None."""
    x = 100 * NAMES.index(name) + shift
    return box(x, 0, x + 40, 40)


@dataclass
class World:
    """Sources, review file and last product of a commune, run after run."""

    shift: dict[str, int | None] = field(default_factory=lambda: dict.fromkeys(NAMES, 0))
    rows: list[dict] = field(default_factory=list)
    taken_on: list[int | None] = field(default_factory=list)
    previous: Previous = field(default_factory=lambda: Previous.none(L93))
    shown: dict[str, int | None] = field(default_factory=dict)

    def decide(self, name, action, value):
        """Decide on what the last product shows, as the form does; a gone park shows nothing."""
        if self.shown.get(name) is None:
            return
        row = {"lot_id": name, "action": action, "value": value,
               "base_hash": outline_hash(square(name, self.shown[name])),
               "decided_on": f"2026-01-{len(self.rows) + 1:02d}"}  # fmt: skip
        if action == "redessiner":
            x = 100 * NAMES.index(name)
            row["geometry"] = box(x, 0, x + 60, int(value))
        self.rows.append(row)
        self.taken_on.append(self.shown[name])

    def run(self):
        """Run the commune, and make of the result the previous product."""
        parks = lots(*({"lot_id": name, "geometry": square(name, shift)}
                       for name, shift in self.shift.items() if shift is not None))  # fmt: skip
        bases = known_bases(self.previous, made.corrections(*self.rows))
        found = made.replayed(*self.rows, parks=parks, bases=bases)
        shown = found.lots[["lot_id", "source_ids", "geometry"]].copy()
        shown["base_hash"] = shown["lot_id"].map(found.base_hashes)
        french = {"lot_id": "parc_id", "state": "etat"}
        self.previous = replace(
            self.previous,
            exists=True,
            parks=gpd.GeoDataFrame(shown.rename(columns=french)),
            replayed=gpd.GeoDataFrame(found.replayed.rename(columns=french)),
        )
        self.shown = dict(self.shift)
        return found

    def fits(self, rank):
        """Tell whether the park of a decision is still the one that the agent saw."""
        today, then = self.shift[self.rows[rank]["lot_id"]], self.taken_on[rank]
        if today is None or then is None:
            return False
        moved = abs(today - then)
        return 100 * 2 * moved <= SAME * (40 + moved)


NAMED = st.sampled_from(NAMES)
EDITS = st.tuples(st.just("edit"), NAMED, st.sampled_from([0, 1, 3, 6, None]))
DECISIONS = st.tuples(
    st.just("decide"),
    NAMED,
    st.sampled_from([("fixer_places", "17"), ("fixer_places", "23"), ("redessiner", "45"),
                     ("redessiner", "50"), ("confirmer", None), ("rejeter", None),
                     ("fixer_statut", "exonere")]),
)  # fmt: skip
RUNS = st.tuples(st.just("run"), st.none(), st.none())


def carry(world, step):
    """Do one step of a sequence; return what a run gave."""
    what, name, told = step
    if what == "edit":
        world.shift[name] = told
    elif what == "decide":
        world.decide(name, *told)
    else:
        return world.run()
    return None


# The second decision is taken on an outline that goes away again: the first one must come back.
THERE_AND_BACK = [
    ("decide", "A", ("fixer_places", "17")),
    ("edit", "A", 6),
    ("run", None, None),
    ("decide", "A", ("fixer_places", "23")),
    ("run", None, None),
    ("edit", "A", 0),
]


@example(THERE_AND_BACK)
@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(EDITS, DECISIONS, DECISIONS, RUNS), min_size=3, max_size=12))
def test_any_sequence_of_edits_and_decisions_keeps_every_decision_that_fits(steps):
    world = World()
    world.run()
    for step in steps:
        found = carry(world, step)
        if found is not None:
            hold(world, found)
    hold(world, world.run())


def hold(world, found):
    """Nothing is dropped; what fits holds; what does not says why, with both outlines."""
    kept = found.replayed
    assert kept["correction_id"].tolist() == [f"c{i + 1}" for i in range(len(world.rows))]
    conflicts = kept[kept["state"] == "conflit"]
    assert conflicts["reason"].notna().all()
    assert sorted(found.conflicts["correction_id"]) == sorted([*conflicts["correction_id"]] * 2)
    assert kept.geometry.notna().all()
    for rank, state in enumerate(kept["state"]):
        if not world.fits(rank):
            assert state in {"conflit", "remplacee"}
        else:
            assert state in {"appliquee", "remplacee", "sans_effet"}
    for name in NAMES:
        obeys(world, found, name)


def obeys(world, found, name):
    """The last decision that fits, of each kind, is what the park shows."""
    last = {
        row["action"]: row
        for rank, row in enumerate(world.rows)
        if row["lot_id"] == name and world.fits(rank)
    }
    if "fixer_places" in last:
        assert made.park(found, name)["spaces"] == int(last["fixer_places"]["value"])
    if "redessiner" in last:
        assert made.park(found, name)["geometry"].equals(last["redessiner"]["geometry"])
    existence = [row["action"] for rank, row in enumerate(world.rows) if row["lot_id"] == name
                 and row["action"] in {"confirmer", "rejeter"} and world.fits(rank)]  # fmt: skip
    status = dict(zip(found.overrides["lot_id"], found.overrides["status"], strict=True))
    if existence and existence[-1] == "rejeter":
        assert status[name] == "hors_champ"
    elif "fixer_statut" in last:
        assert status[name] == "exonere"
    else:
        assert name not in status
