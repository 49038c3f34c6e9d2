"""Masks: polygons that may leave a car park, packed so that few are ever decoded."""

from collections.abc import Iterable

import pyarrow as pa
import shapely

from pipeline.crs import GeometryArray

# Masks are too many to decode: bounds let a stage pick the few that touch a car park.
MASKS = pa.schema(
    [
        ("mask_id", pa.string()),
        ("source", pa.string()),
        ("motif", pa.string()),
        ("deducts", pa.bool_()),
        ("certain", pa.bool_()),
        ("xmin", pa.float64()),
        ("ymin", pa.float64()),
        ("xmax", pa.float64()),
        ("ymax", pa.float64()),
        ("wkb", pa.binary()),
    ]
)


def to_masks(
    geometries: GeometryArray,
    *,
    ids: Iterable[str],
    source: Iterable[str],
    motif: str | Iterable[str],
    deducts: bool | Iterable[bool],
    certain: bool | Iterable[bool],
) -> pa.Table:
    """
    Pack polygons as masks: bounds and WKB, decoded later only where they touch a car park.

    Parameters
    ----------
    geometries
        Shape `(n,)`, valid polygons in the territory CRS.
    ids, source
        One per geometry.
    motif, deducts, certain
        One per geometry, or one for all.

    Returns
    -------
    masks
        Table of schema `MASKS`.
    """
    count = len(geometries)
    bounds = shapely.bounds(geometries).reshape(count, 4)

    def column(value: object) -> list[object]:
        if isinstance(value, str | bool) or not isinstance(value, Iterable):
            return [value] * count
        return list(value)

    columns = [column(item) for item in (ids, source, motif, deducts, certain)]
    return pa.Table.from_arrays(
        [
            *(pa.array(values, type=MASKS.field(i).type) for i, values in enumerate(columns)),
            *(pa.array(bounds[:, i], type=pa.float64()) for i in range(4)),
            pa.array(list(shapely.to_wkb(geometries)), type=pa.binary()),
        ],
        schema=MASKS,
    )
