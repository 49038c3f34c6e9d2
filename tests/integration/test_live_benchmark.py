"""The pages of the benchmark, few: both ways get all of them, ours makes one file of them."""

import json

import pytest

from tests.benchmarks.live_cases import PAGE, download, parzan, served
from tests.unit.ingestion.conftest import no_proxy  # noqa: F401 - a fixture

COUNT = PAGE + 1


@pytest.mark.usefixtures("no_proxy")
def test_both_cases_get_every_page(tmp_path):
    (tmp_path / "count").write_text(str(COUNT), encoding="ascii")
    folders = [tmp_path / name for name in ("download", "parzan")]
    for folder in folders:
        folder.mkdir()
    with served(COUNT) as (base, size):
        assert download(base, folders[0]) == 2
        assert parzan(base, folders[1]) == 2
    assert sum(path.stat().st_size for path in folders[0].iterdir()) == size
    made = json.loads((folders[1] / "bdtopo" / "batiment.geojson").read_bytes())
    keys = {item["properties"]["cleabs"] for item in made["features"]}
    assert len(keys) == len(made["features"]) == COUNT
