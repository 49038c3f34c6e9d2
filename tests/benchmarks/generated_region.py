"""A generated region, fixed seed: 3 800 communes, their car parks, grass, parcels, buildings."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import shapely

CRS = "EPSG:2154"
ORIGIN = (600_000.0, 6_700_000.0)
SIDE = 3_000.0
COLUMNS, ROWS = 50, 76
DEPARTEMENTS = ("02", "59", "60", "62", "80")
PARKS_A_COMMUNE = 32
PARKS = 120_000
GREENS_A_PARK = 10
REACH = 1_250.0  # more than the halo that a commune reads beyond its limit, and half a park
SEED = 20261126
_BATCH = 200_000


def commune_codes(count: int = COLUMNS * ROWS) -> list[str]:
    """Return the codes of the first communes, row after row; a département is a band of rows."""
    per = COLUMNS * ROWS // len(DEPARTEMENTS)
    return [f"{DEPARTEMENTS[i // per]}{i % per + 1:03d}" for i in range(count)]


def generate_region(folder: Path) -> Path:
    """Write the sources of the whole region once; the same files are found again."""
    done = folder / "region.json"
    if done.exists():
        return folder
    random = np.random.default_rng(SEED)
    communes = _communes(folder)
    parks, owner = _parks(random, communes)
    _write(folder / "osm" / "parcs.gpkg", parks, {"amenity": "parking", "parking": "surface"})
    _greens(random, folder, parks)
    _around(random, folder, parks, owner)
    done.write_text(json.dumps({"communes": len(communes), "parks": len(parks)}))
    return folder


def edit(folder: Path, insee_codes: list[str]) -> None:
    """Move a metre the parks in the middle of communes, out of the reach of their neighbours."""
    path = folder / "osm" / "parcs.gpkg"
    table = pyogrio.read_dataframe(path)
    limits = pyogrio.read_dataframe(folder / "communes" / "communes.gpkg")
    wanted = shapely.union_all(limits[limits["code"].isin(insee_codes)].geometry.to_numpy())
    wanted = shapely.buffer(wanted, -REACH)
    shapely.prepare(wanted)
    inside = shapely.within(shapely.centroid(table.geometry.to_numpy()), wanted)
    moved = table.geometry.where(~inside, table.geometry.translate(1.0, 0.0))
    path.unlink()
    pyogrio.write_dataframe(table.set_geometry(moved), path, layer="parcs")


def _communes(folder: Path) -> np.ndarray:
    column, row = np.meshgrid(np.arange(COLUMNS), np.arange(ROWS))
    west = ORIGIN[0] + SIDE * column.ravel()
    south = ORIGIN[1] + SIDE * row.ravel()
    boxes = shapely.box(west, south, west + SIDE, south + SIDE)
    codes = commune_codes()
    table = gpd.GeoDataFrame(
        {"code": codes, "nom": [f"Commune {code}" for code in codes]}, geometry=boxes, crs=CRS
    )
    target = folder / "communes" / "communes.gpkg"
    target.parent.mkdir(parents=True, exist_ok=True)
    pyogrio.write_dataframe(table, target, layer="communes")
    return np.column_stack([west, south])


def _parks(random: np.random.Generator, communes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Draw the parks on a grid of each commune, so that none meets another."""
    slots = 36
    cell = SIDE / 6
    owner = np.sort(random.choice(len(communes) * slots, PARKS, replace=False))
    commune, slot = owner // slots, owner % slots
    corner = communes[commune] + np.column_stack([slot % 6, slot // 6]) * cell + cell / 4
    size = np.clip(np.exp(random.normal(3.6, 0.6, (PARKS, 2))), 12, cell / 2)
    boxes = shapely.box(corner[:, 0], corner[:, 1], *(corner + size).T)
    return np.asarray(boxes), commune


def _greens(random: np.random.Generator, folder: Path, parks: np.ndarray) -> None:
    """Draw ten pieces of grass in or near each park, most of them beside it."""
    bounds = np.repeat(shapely.bounds(parks), GREENS_A_PARK, axis=0)
    span = bounds[:, 2:] - bounds[:, :2]
    centre = bounds[:, :2] + span * random.uniform(-0.5, 1.5, bounds[:, :2].shape)
    half = np.minimum(np.exp(random.normal(1.0, 0.7, bounds[:, :2].shape)), 12)
    boxes = shapely.box(*(centre - half).T, *(centre + half).T)
    _write(
        folder / "osm" / "verdure.gpkg", np.asarray(boxes), {"landuse": "grass"}, first=10_000_000
    )


def _around(
    random: np.random.Generator, folder: Path, parks: np.ndarray, owner: np.ndarray
) -> None:
    """Draw the parcel that holds each park, and a building beside it."""
    bounds = shapely.bounds(parks)
    parcels = shapely.box(*(bounds[:, :2] - 5).T, *(bounds[:, 2:] + 30).T)
    codes = np.array(commune_codes())[owner]
    numbers = [f"{code}000{'A' + chr(65 + i % 26)}{i // 26 % 9999 + 1:04d}"
               for i, code in enumerate(codes)]  # fmt: skip
    table = gpd.GeoDataFrame(
        {"id": numbers, "contenance": shapely.area(parcels).round()}, geometry=parcels, crs=CRS
    )
    target = folder / "cadastre" / "parcelles.gpkg"
    target.parent.mkdir(parents=True, exist_ok=True)
    pyogrio.write_dataframe(table.drop_duplicates("id"), target, layer="parcelles")
    side = random.uniform(8, 20, len(parks))
    west, south = bounds[:, 2] + 6, bounds[:, 1]
    built = shapely.box(west, south, west + side, south + side)
    table = gpd.GeoDataFrame({"type": ["01"] * len(built)}, geometry=built, crs=CRS)
    pyogrio.write_dataframe(table, folder / "cadastre" / "batiments.gpkg", layer="batiments")


def _write(path: Path, shapes: np.ndarray, tags: dict[str, str], first: int = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    for start in range(0, len(shapes), _BATCH):
        part = shapes[start : start + _BATCH]
        ids = [f"way/{first + start + rank}" for rank in range(len(part))]
        columns = {"id": ids} | {name: [value] * len(part) for name, value in tags.items()}
        table = gpd.GeoDataFrame(columns, geometry=part, crs=CRS)
        pyogrio.write_dataframe(table, path, layer=path.stem, append=start > 0)
