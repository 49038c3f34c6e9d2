"""What the embedded project shows: its layers, their groups and order, map themes, basemaps."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.export.layers import LAYERS, Layer
from pipeline.export.looks import Look
from pipeline.export.review_schema import REVIEW_LAYERS
from pipeline.export.styles import looks_of

GROUPS = ("À instruire", "Mesure", "Contexte", "Données")
BASEMAP_GROUP = "Fonds de plan"
# From the top down: what explains a park lies over it, what surrounds it lies under.
_DRAWING_ORDER = (
    "corrections",
    "arbres",
    "ombrieres",
    "canopee",
    "exclusions",
    "candidats",
    "icpe_point",
    "parcelles",
    "parcs",
    "icpe_tampon",
    "icpe_polygon",
    "perimetres_protection",
    "commune",
)
_INSTALLATIONS = ("icpe_point", "icpe_tampon", "icpe_polygon")
# Small things that would only blur a map of the whole commune.
_DETAIL_SCALES = {"exclusions": 15_000, "canopee": 15_000, "ombrieres": 15_000, "arbres": 3_000}
_HIDDEN_AT_FIRST = {"candidats", "parcelles", "perimetres_protection"}


@dataclass(frozen=True)
class Shown:
    """A layer of the project: a table of one of the two files, or its points or polygons alone."""

    key: str
    title: str
    source: str
    layer: Layer
    looks: tuple[Look, ...]
    editable: bool

    @property
    def id(self) -> str:
        """Identifier in the project; QGIS silently replaces one of ten characters or less."""
        return f"parzan_{self.key}_0001"

    @property
    def geometry(self) -> str:
        """Geometry as QGIS names it."""
        return self.looks[0].geometry or "No geometry"

    @property
    def checked(self) -> bool:
        """Tell whether the layer is drawn when the project opens."""
        return self.key not in _HIDDEN_AT_FIRST

    @property
    def smallest_scale(self) -> int:
        """Denominator of the scale from which the layer is drawn; 0: always."""
        return _DETAIL_SCALES.get(self.key, 0)


@dataclass(frozen=True)
class Theme:
    """A map theme: the layers it shows, and how it draws the parks."""

    name: str
    look: str
    keys: tuple[str, ...]


THEMES: tuple[Theme, ...] = (
    Theme(
        "À instruire",
        "Statut",
        ("corrections", "ombrieres", "exclusions", "parcs", *_INSTALLATIONS, "commune"),
    ),
    Theme("Échéances", "Échéances", ("parcs", "commune")),
    Theme(
        "Dérogations possibles",
        "Dérogations possibles",
        (
            "arbres",
            "ombrieres",
            "canopee",
            "parcs",
            *_INSTALLATIONS,
            "perimetres_protection",
            "commune",
        ),
    ),
)


@dataclass(frozen=True)
class Basemap:
    """XYZ tiles: unlike a WMTS, they open without a network, blank and without a dialog."""

    key: str
    title: str
    tile_layer: str
    image: str
    deepest_zoom: int

    @property
    def id(self) -> str:
        """Identifier in the project."""
        return f"parzan_{self.key}_0001"

    @property
    def source(self) -> str:
        """Datasource of the WMS provider; the inner URL is encoded once."""
        query = (
            "SERVICE%3DWMTS%26REQUEST%3DGetTile%26VERSION%3D1.0.0%26STYLE%3Dnormal"
            f"%26TILEMATRIXSET%3DPM%26LAYER%3D{self.tile_layer}%26FORMAT%3Dimage/{self.image}"
            "%26TILEMATRIX%3D%7Bz%7D%26TILEROW%3D%7By%7D%26TILECOL%3D%7Bx%7D"
        )
        url = f"https://data.geopf.fr/wmts?{query}"
        return f"type=xyz&url={url}&zmin=0&zmax={self.deepest_zoom}"


BASEMAPS: tuple[Basemap, ...] = (
    Basemap("orthophoto", "Orthophotographie (IGN)", "ORTHOIMAGERY.ORTHOPHOTOS", "jpeg", 19),
    Basemap("plan_ign", "Plan IGN", "GEOGRAPHICALGRIDSYSTEMS.PLANIGNV2", "png", 19),
)


def shown_layers(product_file: str, review_file: str) -> tuple[Shown, ...]:
    """Return the layers of the project, in the order of the legend."""
    found = [
        *_of_file(REVIEW_LAYERS, review_file, editable=True),
        *_of_file(LAYERS, product_file, editable=False),
    ]
    rank = {key: position for position, key in enumerate(("parcs", *_DRAWING_ORDER))}
    found.sort(key=lambda item: rank.get(item.key, len(rank)))
    return tuple(sorted(found, key=lambda item: GROUPS.index(item.layer.group)))


def drawn_from_the_top(shown: tuple[Shown, ...]) -> list[str]:
    """Return the identifiers of the map layers, the topmost first, basemaps last."""
    ids = {item.key: item.id for item in shown}
    return [*(ids[key] for key in _DRAWING_ORDER), *(basemap.id for basemap in BASEMAPS)]


def _of_file(layers: tuple[Layer, ...], file: str, *, editable: bool) -> Iterator[Shown]:
    for layer in layers:
        source = f"./{file}|layername={layer.name}"
        if layer.geometry == "Unknown":  # QGIS reads one geometry type at a time
            for look in looks_of(layer)[1:]:
                key = f"{layer.name}_{look.geometry.lower()}"
                part = f"{source}|geometrytype={look.geometry}"
                yield Shown(key, look.name, part, layer, (look,), editable)
        else:
            yield Shown(layer.name, layer.title, source, layer, looks_of(layer), editable)
