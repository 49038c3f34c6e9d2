"""What the hand-made commune carries from former runs: a gone park, a decision, a conflict."""

from pipeline import schemas
from pipeline.export.inventory_tables import InventoryTables
from pipeline.outline_digest import outline_hash
from tests.unit.export.hand_made_ground import GRAND, PETIT, SHAPES, table

GONE = "62999-00000000000000ff"
_DECIDED = {"agent": "agent", "decided_on": "2026-10-02", "value": None}


def inventory(**changes):
    lineage = [
        {"lot_id": GONE, "event": "fusion", "related_id": GRAND, "share": 0.9}
        | {"source_ids": "osm:way/9", "seen_on": "2026-09-01"},
        {"lot_id": PETIT, "event": "creation", "seen_on": "2026-10-01"},
    ]
    journal = [
        {"seen_on": "2026-10-01", "lot_id": PETIT, "name": "Petit", "kind": "nouveau"}
        | {"causes": "donnees", "detail": "Nouveau parc."},
        {"seen_on": "2026-09-01", "lot_id": GONE, "name": None, "kind": "disparu"}
        | {"causes": "donnees;code", "detail": "Parc disparu."},
    ]
    replayed = [
        {"correction_id": "1", "lot_id": PETIT, "action": "confirmer", "state": "appliquee"}
        | _DECIDED
        | {"geometry": SHAPES[PETIT]},
        {"correction_id": "2", "lot_id": GONE, "action": "rejeter", "state": "conflit"}
        | _DECIDED
        | {"geometry": None},
    ]
    conflicts = [
        {"correction_id": "2", "lot_id": GONE, "role": "base", "action": "rejeter"}
        | _DECIDED
        | {"reason": "Le parc a disparu.", "geometry": SHAPES[GRAND]}
    ]
    prints = [{"name": "regles", "value": "00ff"}, {"name": "code", "value": "ff00"}]
    known = [
        *(
            {"lot_id": lot_id, "state": "present", "source_ids": None, "geometry": shape}
            for lot_id, shape in SHAPES.items()
        ),
        {"lot_id": GONE, "state": "fusionne", "source_ids": "osm:way/9"}
        | {"geometry": SHAPES[GRAND]},
    ]
    tables = {
        "known": table(schemas.KnownPark, known),
        "lineage": table(schemas.Lineage, lineage, geometry=False),
        "journal": table(schemas.JournalEntry, journal, geometry=False),
        "replayed": table(schemas.ReplayedCorrection, replayed),
        "conflicts": table(schemas.Conflict, conflicts),
        "overrides": table(schemas.StatusOverride, [], geometry=False),
        "fingerprints": table(schemas.Fingerprint, prints, geometry=False),
        "base_hashes": {lot_id: outline_hash(shape) for lot_id, shape in SHAPES.items()},
    }
    return InventoryTables(**(tables | changes))
