"""Each thing that changes makes a commune due, for a reason that names it; nothing else does."""

from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256

import pytest

from pipeline.fingerprints import Making
from pipeline.inventory.file_digests import FileDigests
from pipeline.inventory.records import Inputs, Known, Made
from pipeline.region_plan import Planner

AS_OF, DAY, UNTIL = date(2026, 7, 1), date(2026, 11, 22), date(2028, 7, 1)
MAKING = Making("r", "h", "c")
CODE = "62901"
PRODUCT = b"product"


class Digests:
    """What a commune reads, as a test says it."""

    def __init__(self, digests, files=None):
        self._digests, self._files = digests, files or {}

    def of_commune(self, _insee_code):
        return self._digests

    def deposited(self):
        return self._files


DATA = Digests({"osm": "o", "cadastre": "k", "mnh": "absent"})


def made(**changes):
    inputs = Inputs(DATA.of_commune(CODE), "r", "h", "c", "aucune")
    said = {"inputs": inputs, "day": DAY, "as_of": AS_OF, "until": UNTIL}
    return Made(**said | {"sha256": sha256(PRODUCT).hexdigest()} | changes)


@pytest.fixture
def out(tmp_path):
    (tmp_path / "62").mkdir()
    (tmp_path / "62" / f"{CODE}.gpkg").write_bytes(PRODUCT)
    return tmp_path


def reasons(out, known, *, day=DAY, data=DATA, making=MAKING):
    planner = Planner(out, day, making, data, FileDigests({}))
    plan = planner.plan([CODE], {CODE: known} if known else {})
    assert len(plan.tasks) + len(plan.unchanged) == 1
    return plan.tasks[0].reasons if plan.tasks else ()


def test_nothing_changed_makes_nothing_due(out):
    assert reasons(out, Known(made())) == ()


def test_a_commune_never_made_is_due(out):
    assert reasons(out, None) == ("première fois",)


def test_a_failure_and_an_interruption_are_told_apart(out):
    assert reasons(out, Known(None, 1, "disque plein")) == ("échec précédent",)
    assert reasons(out, Known(None, 1)) == ("interrompue",)


def test_an_old_product_that_is_still_right_survives_a_failure(out):
    """The failure came of a change since undone: what is published is what would be made."""
    assert reasons(out, Known(made(), 1, "fichier illisible")) == ()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"osm": "o2", "cadastre": "k2", "mnh": "absent"}, "données : cadastre, osm"),
        ({"osm": "o", "cadastre": "absent", "mnh": "absent"}, "données : cadastre"),
        ({"osm": "o", "cadastre": "k", "mnh": "m"}, "données : mnh"),
        ({"osm": "o", "cadastre": "k", "mnh": "absent", "plu": "p"}, "données : plu"),
        ({"osm": "o", "mnh": "absent"}, "données : cadastre"),
    ],
)
def test_the_folders_that_changed_are_named(out, data, reason):
    assert reasons(out, Known(made()), data=Digests(data)) == (reason,)


def test_a_folder_that_is_absent_as_it_was_changes_nothing(out):
    data = {"osm": "o", "cadastre": "k", "plu": "absent"}
    assert reasons(out, Known(made()), data=Digests(data)) == ()


@pytest.mark.parametrize(
    ("making", "reason"),
    [
        (Making("r2", "h", "c"), "règles"),
        (Making("r", "h2", "c"), "hypothèses"),
        (Making("r", "h", "c2"), "version de parzan"),
    ],
)
def test_what_all_communes_share_is_named(out, making, reason):
    assert reasons(out, Known(made()), making=making) == (reason,)


def test_a_review_file_that_no_longer_says_the_same_is_a_reason(out):
    known = made(inputs=replace(made().inputs, corrections="d1"))
    assert reasons(out, Known(known)) == ("corrections",)


def test_a_product_changed_or_removed_by_hand_is_made_again(out):
    path = out / "62" / f"{CODE}.gpkg"
    path.write_bytes(b"edited")
    assert reasons(out, Known(made())) == ("produit modifié",)
    path.unlink()
    assert reasons(out, Known(made())) == ("produit absent",)


def test_every_reason_is_told(out):
    (out / "62" / f"{CODE}.gpkg").unlink()
    found = reasons(out, Known(made()), making=Making("r2", "h2", "c2"), day=UNTIL)
    assert found == (
        "règles",
        "hypothèses",
        "version de parzan",
        "--on : échéance du 01/07/2028",
        "produit absent",
    )


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        pytest.param(AS_OF - timedelta(1), ("--on : avant le 01/07/2026",), id="before"),
        pytest.param(AS_OF, (), id="first day"),
        pytest.param(UNTIL - timedelta(1), (), id="last day"),
        pytest.param(UNTIL, ("--on : échéance du 01/07/2028",), id="the day it changes"),
    ],
)
def test_a_day_matters_only_beyond_a_boundary(out, day, expected):
    assert reasons(out, Known(made()), day=day) == expected


@pytest.mark.parametrize("shift", [-1, 1])
def test_without_a_known_boundary_only_the_day_itself_is_sure(out, shift):
    known = Known(made(until=None))
    assert reasons(out, known) == ()
    found = reasons(out, known, day=DAY + timedelta(shift))
    assert found == ("--on : dates des dossiers à relire",)


def test_those_that_failed_or_were_interrupted_come_last(out):
    known = {"62901": Known(None, 2), "62902": Known(None), "62903": Known(None, 1, "erreur")}
    planner = Planner(out, DAY, MAKING, DATA, FileDigests({}))
    plan = planner.plan(["62904", "62903", "62902", "62901"], known)
    assert [task.insee_code for task in plan.tasks] == ["62902", "62904", "62903", "62901"]


SEEN = {
    "osm": 'sources:[["osm/a.zip/x.osm", "s1"], ["osm/a.zip/y.osm", "s1"], ["osm/b.osm", "s2"]]',
    "mnh": "absent",
}
FILES = {"osm": (("osm/a.zip", "s1"), ("osm/b.osm", "s2"))}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(FILES, (), id="the same files"),
        pytest.param(FILES | {"rpg": (("rpg/r", "s"),)}, (), id="a folder that it does not read"),
        pytest.param(
            {"osm": (("osm/a.zip", "s1"), ("osm/b.osm", "s3"))}, ("données : osm",), id="changed"
        ),
        pytest.param(
            {"osm": (("osm/a.zip", "s1"), ("osm/c.osm", "s2"))}, ("données : osm",), id="renamed"
        ),
        pytest.param({"osm": (("osm/a.zip", "s1"),)}, ("données : osm",), id="one less"),
        pytest.param(
            {"osm": (*FILES["osm"], ("osm/c.osm", "s4"))}, ("données : osm",), id="one more"
        ),
        pytest.param(FILES | {"mnh": (("mnh/t.tif", "s"),)}, ("données : mnh",), id="a new folder"),
    ],
)
def test_a_product_tells_which_files_it_read(out, files, expected):
    """The state was lost: the list of sources of the product stands for it."""
    known = made(inputs=replace(made().inputs, data=SEEN))
    digests = {"osm": "o", "mnh": "m" if "mnh" in files else "absent"}
    assert reasons(out, Known(known), data=Digests(digests, files)) == expected
