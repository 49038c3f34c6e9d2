"""What becomes a mask: buildings, carriageways, freight lanes, rings."""

import geopandas as gpd
import pyarrow as pa
import pytest

from pipeline.eligible_surface.ground import gather_masks
from pipeline.masks import MASKS
from tests.tables import ASSUMPTIONS, L93, box, buildings, line, lots, masks, roads

NO_RINGS = gpd.GeoDataFrame(
    {"installation_id": [], "source": [], "is_certain": []}, geometry=[], crs=L93
)
PARKS = lots({"lot_id": "a", "geometry": box(0, 0, 50, 40)})


def gathered(*, cover=None, houses=None, streets=None, rings=NO_RINGS):
    batches = gather_masks(
        pa.Table.from_batches(cover) if cover else MASKS.empty_table(),
        buildings() if houses is None else houses,
        roads() if streets is None else streets,
        rings,
        PARKS,
        ASSUMPTIONS,
    )
    return pa.Table.from_batches(batches, schema=MASKS).to_pandas()


def street(x, **facts):
    row = {"road_id": "s", "highway": "residential", "geometry": line((x, -20), (x, 60))}
    return roads({**row, **facts})


def test_ground_cover_passes_through():
    assert gathered(cover=masks({"geometry": box(0, 0, 1, 1)}))["motif"].tolist() == ["espace_vert"]


@pytest.mark.parametrize(("is_open", "count"), [(False, 1), (True, 0)])
def test_a_building_deducts_and_an_open_roof_does_not(is_open, count):
    assert len(gathered(houses=buildings(box(0, 0, 5, 5), is_open=is_open))) == count


@pytest.mark.parametrize(
    ("x", "facts", "certain"),
    [
        pytest.param(25, {"width_m": 6.0}, [True], id="known width, inside: certain"),
        pytest.param(52, {"width_m": 6.0}, [True], id="known width, beside: still deducts"),
        pytest.param(25, {}, [False], id="assumed width, axis inside: to be checked"),
        pytest.param(50, {}, [False], id="assumed width, axis along the edge"),
        pytest.param(52, {}, [], id="assumed width, axis beside: the drawn edge wins"),
        pytest.param(25, {"road_class": "unknown"}, [], id="no class: nothing"),
        pytest.param(25, {"road_class": "service"}, [], id="a service road is of the park"),
        pytest.param(
            25, {"road_class": "service", "is_freight": True}, [False], id="a freight lane"
        ),
    ],
)
def test_roads(x, facts, certain):
    assert gathered(streets=street(x, **facts))["certain"].tolist() == certain


def test_rings_are_as_certain_as_their_heading():
    rings = gpd.GeoDataFrame(
        {"installation_id": ["1", "2"], "source": ["icpe"] * 2, "is_certain": [True, False]},
        geometry=[box(0, 0, 5, 5), box(9, 0, 15, 5)],
        crs=L93,
    )
    assert gathered(rings=rings)["certain"].tolist() == [True, False]
