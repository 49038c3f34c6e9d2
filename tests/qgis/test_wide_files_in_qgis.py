"""Real QGIS opens what is made of several communes: the product of a region, a past state."""

import json
from datetime import date
from pathlib import Path

import pytest

from pipeline.crs import load_territories
from pipeline.export.past_layers import PAST_LAYERS, PAST_THEMES
from pipeline.export.publish import publish
from pipeline.export.region import publish_region
from pipeline.export.region_layers import REGION_LAYERS, REGION_THEMES
from pipeline.inventory.inventories import keep_inventory
from pipeline.past import rebuild_state
from tests.qgis.conftest import run_system_python
from tests.unit.export.hand_made import make_product
from tests.unit.export.test_region import AREA, renamed

pytestmark = pytest.mark.qgis
DAY = date(2026, 11, 26)
CONFIG = Path(__file__).resolve().parents[2] / "config"
OBSERVER = Path(__file__).with_name("observe_project.py")
FILES = {"region": (REGION_LAYERS, REGION_THEMES), "past": (PAST_LAYERS, PAST_THEMES)}


@pytest.fixture(scope="module")
def seen(system_qgis, tmp_path_factory):  # noqa: ARG001 - skips first
    out = tmp_path_factory.mktemp("wide")
    for product in (make_product(), renamed(make_product(), "59001", None)):
        keep_inventory(publish(product, out), out, DAY)
    paths = {
        "region": publish_region(AREA, ["62999", "59001"], out, DAY),
        "past": rebuild_state(out, DAY, load_territories(CONFIG / "territories.yaml")).path,
    }
    done = run_system_python(str(OBSERVER), *map(str, paths.values()))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    return {name: told[str(path)] for name, path in paths.items()}


@pytest.mark.parametrize("file", FILES)
def test_the_project_opens_with_every_layer_in_french(seen, file):
    layers, _ = FILES[file]
    found = seen[file]
    assert found["opened"]
    assert found["crs"] == "EPSG:2154"
    assert found["layers"] == {layer.title: True for layer in layers}
    for layer in layers:
        aliases = found["aliases"][layer.title]
        assert {c.name: aliases[c.name] for c in layer.columns} == {
            c.name: c.alias for c in layer.columns
        }


@pytest.mark.parametrize("file", FILES)
def test_each_theme_draws_the_parks_over_a_white_sheet(seen, file):
    _, themes = FILES[file]
    drawn = seen[file]["themes"]
    assert set(drawn) == {theme.name for theme in themes}
    assert all(colours > 3 for colours in drawn.values()), drawn


def test_both_hold_the_parks_of_both_communes(seen):
    title = REGION_LAYERS[0].title
    assert seen["region"]["rows"][title] == seen["past"]["rows"][title]
    assert seen["past"]["title"].endswith("état au 26/11/2026")
