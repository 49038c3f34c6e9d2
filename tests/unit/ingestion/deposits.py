"""Files of sources made by hand, in whole metres of Lambert-93, deposited in a data folder."""

import json
import tempfile
from pathlib import Path
from xml.sax.saxutils import quoteattr

from pyproj import Transformer

from pipeline.crs import load_territories, territory_of
from pipeline.ingestion.catalogue import load_catalogue
from pipeline.ingestion.folder import read_sources
from tests.tables import ASSUMPTIONS, CONFIG, X0, Y0

TERRITORIES = load_territories(CONFIG / "territories.yaml")
CATALOGUE = load_catalogue(CONFIG / "sources.yaml")
INSEE = "62999"
_TO_DEGREES = Transformer.from_crs("EPSG:2154", "EPSG:4326", always_xy=True)


def lon_lat(x, y):
    """Degrees of a point given in metres from the origin of the tests, rounded as OSM rounds."""
    lon, lat = _TO_DEGREES.transform(X0 + x, Y0 + y)
    return round(lon, 7), round(lat, 7)


def rectangle(x0, y0, x1, y1):
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]


def deposit(data, name, content):
    """Write a file of the data folder; `name` is relative to it."""
    path = Path(data) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def polygon(*rings):
    """A GeoJSON polygon in projected metres."""
    return {"type": "Polygon", "coordinates": [[[X0 + x, Y0 + y] for x, y in r] for r in rings]}


def point(x, y):
    return {"type": "Point", "coordinates": [X0 + x, Y0 + y]}


def line(*points):
    return {"type": "LineString", "coordinates": [[X0 + x, Y0 + y] for x, y in points]}


def in_degrees(geometry, *, swapped=False):
    """The same GeoJSON geometry in longitude and latitude (or the reverse)."""

    def carried(item):
        if isinstance(item[0], list):
            return [carried(part) for part in item]
        lon, lat = lon_lat(item[0] - X0, item[1] - Y0)
        return [lat, lon] if swapped else [lon, lat]

    return {**geometry, "coordinates": carried(geometry["coordinates"])}


def geojson(*features, crs="EPSG:2154"):
    """A GeoJSON text from pairs (geometry, properties); no `crs` declares degrees."""
    document = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "geometry": geometry, "properties": properties}
            for geometry, properties in features
        ],
    }
    if crs is not None:
        name = f"urn:ogc:def:crs:{crs.replace(':', '::')}"
        document["crs"] = {"type": "name", "properties": {"name": name}}
    return json.dumps(document, ensure_ascii=False)


def commune(data, code=INSEE, name="Sur-Parzan", half=1000):
    """Deposit a square commune around the origin of the tests."""
    square = polygon(rectangle(-half, -half, half, half))
    return deposit(data, f"communes/{code}.geojson", geojson((square, {"code": code, "nom": name})))


class OsmTown:
    """An OSM extract drawn in metres; nodes are shared by coordinates."""

    def __init__(self):
        self.nodes, self.ways, self.relations = {}, [], []
        self.lost = set()

    def node(self, x, y, **tags):
        number = self.nodes.setdefault((x, y), (len(self.nodes) + 1, {}))[0]
        self.nodes[x, y][1].update(tags)
        return number

    def lose(self, x, y):
        """Leave a node out of the extract, as at the edge of a real one."""
        self.lost.add(self.node(x, y))

    def way(self, number, points, **tags):
        self.ways.append((number, [self.node(x, y) for x, y in points], tags))
        return number

    def relation(self, number, members, **tags):
        self.relations.append((number, members, {"type": "multipolygon", **tags}))
        return number

    def xml(self, *, shuffled=False):
        nodes = [
            f'<node id="{number}" version="1" lat="{lat}" lon="{lon}">{_tags(tags)}</node>'
            for (x, y), (number, tags) in self.nodes.items()
            if number not in self.lost
            for lon, lat in [lon_lat(x, y)]
        ]
        ways = [
            f'<way id="{number}" version="1">'
            + "".join(f'<nd ref="{ref}"/>' for ref in refs)
            + f"{_tags(tags)}</way>"
            for number, refs, tags in self.ways
        ]
        relations = [
            f'<relation id="{number}" version="1">'
            + "".join(f'<member type="way" ref="{ref}" role="{role}"/>' for ref, role in members)
            + f"{_tags(tags)}</relation>"
            for number, members, tags in self.relations
        ]
        things = [*nodes, *ways, *relations]
        body = "\n".join(reversed(things) if shuffled else things)
        return f'<?xml version="1.0"?>\n<osm version="0.6" generator="main">\n{body}\n</osm>\n'

    def overpass(self):
        nodes = [
            {"type": "node", "id": number, "lat": lat, "lon": lon, "tags": tags}
            for (x, y), (number, tags) in self.nodes.items()
            if number not in self.lost
            for lon, lat in [lon_lat(x, y)]
        ]
        ways = [{"type": "way", "id": n, "nodes": refs, "tags": t} for n, refs, t in self.ways]
        relations = [
            {
                "type": "relation",
                "id": number,
                "members": [{"type": "way", "ref": ref, "role": role} for ref, role in members],
                "tags": tags,
            }
            for number, members, tags in self.relations
        ]
        return {"version": 0.6, "elements": [*ways, *relations, *nodes]}

    def export(self, rename=str):
        """The tagged objects as GeoJSON, tags as columns under the names that `rename` gives."""
        places = {number: place for place, (number, _) in self.nodes.items()}
        things = [(f"node/{n}", point(*place), t) for place, (n, t) in self.nodes.items() if t]
        for number, refs, tags in self.ways:
            ring = [places[ref] for ref in refs]
            shape = polygon(ring) if refs[0] == refs[-1] else line(*ring)
            things.append((f"way/{number}", shape, tags))
        return geojson(
            *(
                (in_degrees(shape), {"@id": key} | {rename(k): v for k, v in tags.items()})
                for key, shape, tags in things
            ),
            crs=None,
        )


def _tags(tags):
    return "".join(f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items())


def read(data, code=INSEE, *, with_land=False, prepared=None):
    """Read a whole data folder for one commune."""
    with tempfile.TemporaryDirectory() as work:
        return read_sources(
            Path(data),
            code,
            territory_of(code, TERRITORIES),
            ASSUMPTIONS,
            CATALOGUE,
            heritage_radius_m=500.0,
            work=Path(work),
            with_land=with_land,
            prepared=prepared,
        )


def read_land(data, code=INSEE, *, with_land=True):
    """Read a whole data folder, and what the ground is made of."""
    return read(data, code, with_land=with_land)


def remarks(sources, file):
    """What the record of one file says."""
    records = sources.records
    return records.loc[records["file"] == file, "remarks"].iloc[0]
