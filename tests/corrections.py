"""Rows of corrections made by hand, and what became of them."""

from pipeline import contracts, schemas
from pipeline.outline_digest import outline_hash
from pipeline.parking_lots.corrections import replay
from pipeline.parking_lots.describe import Surroundings
from tests.tables import (
    ASSUMPTIONS,
    FRANCE,
    L93,
    bays,
    box,
    buildings,
    fences,
    lots,
    roads,
    table,
)

HOME = {"insee_code": "30000", "name": "Ici", "geometry": box(-1000, -1000, 1000, 1000)}
NEXT = {"insee_code": "30001", "name": "Voisine", "geometry": box(1000, -1000, 3000, 1000)}
A, B = box(0, 0, 50, 40), box(100, 0, 140, 40)  # 2 000 m² and 1 600 m²


def around(**tables):
    """What lies around the lots: two communes, and nothing else unless told."""
    found = {
        "communes": table(schemas.Commune, [HOME, NEXT], {}),
        "bays": bays(), "roads": roads(), "fences": fences(), "buildings": buildings(),
        "parcels": contracts.empty(schemas.Parcel, L93),
        "hints": contracts.empty(schemas.CadastralHint, L93),
    }  # fmt: skip
    return Surroundings(**{**found, **tables})


def corrections(*rows):
    """Return `Correction` rows, c1, c2… in the order given; each needs an action."""
    named = [{"correction_id": f"c{rank}", **row} for rank, row in enumerate(rows, start=1)]
    silent = {"agent": "Moi", "decided_on": "2026-03-01", "motive": "vu", "geometry": None}
    return table(schemas.Correction, named, silent)


def on(shape):
    """Return the digest that the form copies from the park that an agent sees."""
    return outline_hash(shape)


def two_parks():
    """Return the car parks A and B."""
    return lots({"lot_id": "A", "geometry": A}, {"lot_id": "B", "geometry": B})


def replayed(*rows, parks=None, bases=None, **tables):
    """Carry out corrections on A and B, or on `parks`."""
    return replay(
        two_parks() if parks is None else parks,
        corrections(*rows),
        bases or {},
        around(**tables),
        ASSUMPTIONS,
        FRANCE,
        "30000",
    )


def states(found):
    """Return the state of each correction."""
    return dict(zip(found.replayed["correction_id"], found.replayed["state"], strict=True))


def reason(found, correction_id="c1"):
    """Return the reason told of a correction."""
    rows = found.replayed[found.replayed["correction_id"] == correction_id]
    return rows["reason"].iloc[0]


def park(found, lot_id="A"):
    """Return one car park once corrected."""
    (row,) = found.lots[found.lots["lot_id"] == lot_id].to_dict("records")
    return {name: None if value is None or value != value else value for name, value in row.items()}
