"""The system's QGIS, asked once what it sees of a product; skipped aloud where there is none."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from pipeline.export.layers import LAYERS
from pipeline.export.looks import STATUS_COLOURS
from pipeline.export.publish import publish
from tests.unit.export.hand_made import make_product

SYSTEM_PYTHON = "/usr/bin/python3"
OBSERVER = Path(__file__).with_name("observe_product.py")
OFFSCREEN = {"QT_QPA_PLATFORM": "offscreen", "LANG": "C.UTF-8"}


def run_system_python(*arguments):
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        [SYSTEM_PYTHON, *arguments],
        env=environment | OFFSCREEN,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(scope="session")
def system_qgis():
    """Skip, and say so, where `qgis` cannot be imported by the system's Python."""
    if not Path(SYSTEM_PYTHON).exists():
        pytest.skip(f"no {SYSTEM_PYTHON}: QGIS cannot be asked")
    probe = run_system_python("-c", "import qgis.core")
    if probe.returncode:
        pytest.skip("QGIS is not installed (Debian: qgis python3-qgis)")


@pytest.fixture(scope="session")
def product_path(system_qgis, tmp_path_factory):  # noqa: ARG001 - skips first
    """A published product, with its review file beside it."""
    return publish(make_product(), tmp_path_factory.mktemp("qgis") / "sortie")


@pytest.fixture(scope="session")
def seen(product_path):
    """What QGIS saw of the product: one start of QGIS for all tests."""
    request = {
        "tables": [layer.name for layer in LAYERS],
        "colours": {status: fill for status, (fill, _) in STATUS_COLOURS.items()},
        "folder": str(product_path.parent.parent),
    }
    done = run_system_python(str(OBSERVER), str(product_path), json.dumps(request))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
