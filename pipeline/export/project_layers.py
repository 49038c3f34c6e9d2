"""What the embedded project shows: its layers, their groups and order, map themes, basemaps."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipeline.export.layers import LAYERS, Layer
from pipeline.export.looks import Look
from pipeline.export.review_schema import REVIEW_LAYERS
from pipeline.export.styles import looks_of

GROUPS = ("À instruire", "Mesure", "Sols", "Contexte", "Données")
BASEMAP_GROUP = "Fonds de plan"
# From the top down: what explains a park lies over it, what surrounds it lies under.
_DRAWING_ORDER = (
    "corrections",
    "conflits",
    "corrections_rejouees",
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
    "friches_point",
    "friches_polygon",
    "sols_ecarts",
    "sols_flux",
    "perimetres_protection",
    "sols",
    "commune",
    "communes",
    "parcs_connus",
)
_INSTALLATIONS = ("icpe_point", "icpe_tampon", "icpe_polygon")
# Small things that would only blur a map of the whole commune.
_DETAIL_SCALES = {"exclusions": 15_000, "canopee": 15_000, "ombrieres": 15_000, "arbres": 3_000}
_HIDDEN_AT_FIRST = {
    *("candidats", "parcelles", "perimetres_protection"),
    *("corrections_rejouees", "parcs_connus"),
}
_LAND = ("friches_point", "friches_polygon", "sols_flux", "sols")


@dataclass(frozen=True)
class Contents:
    """
    What a product holds, for its project.

    `vintages` and `periods` of its land covers, one layer each in the project: two vintages in one
    would be drawn over one another. `derived`: those drawn from other sources. `has_parks`: without
    car parks, the land is shown first.
    """

    product_file: str
    review_file: str
    vintages: tuple[int, ...] = ()
    derived: tuple[int, ...] = ()
    periods: tuple[tuple[int, int], ...] = ()
    has_parks: bool = True


@dataclass(frozen=True)
class Shown:
    """
    A layer of the project: a table of one of the two files, or a part of its rows.

    `place` is its name in the drawing order; of the parts that share one, `is_leading` is that
    which themes show. `checked`: drawn when the project opens.
    """

    key: str
    title: str
    source: str
    layer: Layer
    looks: tuple[Look, ...]
    editable: bool
    place: str
    is_leading: bool
    checked: bool

    @property
    def id(self) -> str:
        """Identifier in the project; QGIS silently replaces one of ten characters or less."""
        return f"parzan_{self.key}_0001"

    @property
    def geometry(self) -> str:
        """Geometry as QGIS names it."""
        return self.looks[0].geometry or "No geometry"

    @property
    def smallest_scale(self) -> int:
        """Denominator of the scale from which the layer is drawn; 0: always."""
        return _DETAIL_SCALES.get(self.key, 0)


@dataclass(frozen=True)
class Theme:
    """A map theme: the layers it shows, by their place, and the looks that it gives them."""

    name: str
    looks: Mapping[str, str]
    places: tuple[str, ...]


THEMES: tuple[Theme, ...] = (
    Theme(
        "À instruire",
        {"parcs": "Statut"},
        ("corrections", "conflits", "ombrieres", "exclusions", "parcs", *_INSTALLATIONS, "commune"),
    ),
    Theme("Échéances", {"parcs": "Échéances"}, ("parcs", "commune")),
    Theme(
        "Dérogations possibles",
        {"parcs": "Dérogations possibles"},
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
    Theme("Sols", {"sols": "Catégories"}, ("friches_point", "friches_polygon", "sols", "commune")),
    Theme("Artificialisation", {"sols": "Artificialisé ou non"}, (*_LAND, "commune")),
    Theme("Effet des seuils", {"sols": "Effet des seuils"}, ("sols_ecarts", "sols", "commune")),
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


def shown_layers(contents: Contents) -> tuple[Shown, ...]:
    """Return the layers of the project, in the order of the legend."""
    found = [
        *_of_file(REVIEW_LAYERS, contents.review_file, contents, editable=True),
        *_of_file(LAYERS, contents.product_file, contents, editable=False),
    ]
    rank = {place: position for position, place in enumerate(("parcs", *_DRAWING_ORDER))}
    found.sort(key=lambda item: rank.get(item.place, len(rank)))
    return tuple(sorted(found, key=lambda item: GROUPS.index(item.layer.group)))


def drawn_from_the_top(shown: tuple[Shown, ...]) -> list[str]:
    """Return the identifiers of the map layers, the topmost first, basemaps last."""
    ids = [item.id for place in _DRAWING_ORDER for item in shown if item.place == place]
    return [*ids, *(basemap.id for basemap in BASEMAPS)]


def _of_file(
    layers: tuple[Layer, ...], file: str, contents: Contents, *, editable: bool
) -> Iterator[Shown]:
    for layer in layers:
        source = f"./{file}|layername={layer.name}"
        looks = looks_of(layer)
        if layer.geometry == "Unknown":  # QGIS reads one geometry type at a time
            for look in looks[1:]:
                key = f"{layer.name}_{look.geometry.lower()}"
                part = f"{source}|geometrytype={look.geometry}"
                checked = _is_checked(key, contents)
                yield Shown(key, look.name, part, layer, (look,), editable, key, True, checked)
        else:
            for rank, (end, words, where) in enumerate(_parts(layer, contents)):
                part = f"{source}|subset={where}" if where else source
                leads = rank == 0
                checked = leads and _is_checked(layer.name, contents)
                key, title = f"{layer.name}{end}", f"{layer.title}{words}"
                yield Shown(key, title, part, layer, looks, editable, layer.name, leads, checked)


def _parts(layer: Layer, contents: Contents) -> Iterator[tuple[str, str, str]]:
    """Yield the parts of a layer, the one that leads first: end of key, end of title, filter."""
    if layer.name in {"sols", "sols_ecarts"} and contents.vintages:
        for year in reversed(contents.vintages):
            words = f" {year} (dérivés)" if year in contents.derived else f" {year}"
            yield f"_{year}", words, f'"millesime" = {year}'
    elif layer.name == "sols_flux" and contents.periods:
        # The widest period leads: it shows all that the others do, but what came and went.
        for before, after in sorted(
            contents.periods, key=lambda years: (years[0] - years[1], years)
        ):
            where = f'"millesime_avant" = {before} AND "millesime_apres" = {after}'
            yield f"_{before}_{after}", f" {before}-{after}", where
    else:
        yield "", "", ""


def _is_checked(place: str, contents: Contents) -> bool:
    if place.startswith(("sols", "friches")):
        return not contents.has_parks and place in _LAND
    return place not in _HIDDEN_AT_FIRST


def layers_shown(layers: tuple[Layer, ...], product_file: str) -> tuple[Shown, ...]:
    """Return the layers of a file that nobody edits, whole, in the order of the legend."""
    return tuple(
        Shown(
            key=layer.name,
            title=layer.title,
            source=f"./{product_file}|layername={layer.name}",
            layer=layer,
            looks=looks_of(layer),
            editable=False,
            place=layer.name,
            is_leading=True,
            checked=True,
        )
        for layer in layers
    )
