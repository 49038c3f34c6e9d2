"""OSM files of a region as Geofabrik gives them: PBF, dated in the header, sorted."""

import hashlib
import tempfile
from pathlib import Path

import osmium


def as_region(xml, *, day="2026-11-25"):
    """The bytes of a PBF that holds an OSM XML text."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "x.osm", Path(folder) / "x.osm.pbf"
        source.write_text(xml, encoding="utf-8")
        header = osmium.io.Header()
        header.set("sorting", "Type_then_ID")
        header.set("osmosis_replication_timestamp", f"{day}T21:20:00Z")
        with osmium.SimpleWriter(str(target), header=header) as writer:
            osmium.apply(str(source), writer)
        return target.read_bytes()


def md5_line(content, name="nord-pas-de-calais-latest.osm.pbf"):
    return f"{hashlib.md5(content, usedforsecurity=False).hexdigest()}  {name}\n"
