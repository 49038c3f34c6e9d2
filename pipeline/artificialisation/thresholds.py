"""Surfaces below the thresholds take the status around them: an explicit sequence of passes."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from pipeline.artificialisation.coverage import BoolArray, Borders, label_components
from pipeline.crs import FloatArray
from pipeline.groups import IntArray
from pipeline.precision import SUM_SLACK_M2, TIE_SLACK_M

Statuses = npt.NDArray[np.int8]
ARTIFICIAL, NOT_ARTIFICIAL, UNKNOWN = 1, 0, -1
Grouping = Literal["statut", "categorie"]
Pass = Literal["non_artificialise", "artificialise"]
_ABSORBED: dict[Pass, int] = {"non_artificialise": NOT_ARTIFICIAL, "artificialise": ARTIFICIAL}


@dataclass(frozen=True)
class Variant:
    """
    A reading of the texts, which fix neither what a surface is nor the order.

    `grouping`: a surface is made of the polygons of one status, or of one category, that share an
    edge. `passes`: small surfaces of which status are absorbed, one pass after the other.
    """

    name: str
    grouping: Grouping
    passes: tuple[Pass, ...]


# The order of the national observatory first: it fills what is enclosed before it erases what is
# isolated.
VARIANTS: tuple[Variant, ...] = (
    Variant("statut_enclaves_dabord", "statut", ("non_artificialise", "artificialise")),
    Variant("statut_isolats_dabord", "statut", ("artificialise", "non_artificialise")),
    Variant("categorie_enclaves_dabord", "categorie", ("non_artificialise", "artificialise")),
    Variant("categorie_isolats_dabord", "categorie", ("artificialise", "non_artificialise")),
)


@dataclass(frozen=True)
class Thresholds:
    """Areas, m² on the ground, from which a building and any other surface count (both do)."""

    building_m2: float
    surface_m2: float


@dataclass(frozen=True)
class Absorbed:
    """
    Status of each polygon after the passes.

    `is_changed`: the thresholds, not the matrix, gave it. `component_m2`: the surface that decided,
    the one that was absorbed, else the one the polygon belongs to at the end; NaN when unknown.
    """

    status: Statuses
    is_changed: BoolArray
    component_m2: FloatArray


def apply_thresholds(
    status: Statuses,
    category: IntArray,
    is_building: BoolArray,
    area_m2: FloatArray,
    borders: Borders,
    thresholds: Thresholds,
    variant: Variant,
) -> Absorbed:
    """
    Let the surfaces below the threshold take the status around them.

    A surface takes the status that holds the longest part of its border; an equal share, or only
    neighbours of unknown status, leave it as it is. One that reaches the edge of the data is left
    too: its size is not known. A group of buildings at the building threshold stays artificial
    whatever surrounds it, though it counts in the size of the surface around it.

    Parameters
    ----------
    status
        By the matrix: `ARTIFICIAL`, `NOT_ARTIFICIAL` or `UNKNOWN`, shape `(n,)`.
    category
        1 to 10; 0 when unknown.
    area_m2
        On the ground.

    References
    ----------
    Code de l'urbanisme, annexe à l'article R. 101-1 (seuils de référence) ; absorption : convention
    de l'observatoire national, que le texte ne donne pas.
    """
    land = _Land(category, area_m2, borders)
    is_kept = _large_buildings(is_building, land, thresholds.building_m2)
    found = status.copy()
    changed = np.zeros(len(status), dtype=np.bool_)
    decided = np.full(len(status), np.nan)
    for step in variant.passes:
        # What one absorption leaves alone may be small in its turn: until nothing changes.
        while True:
            component = land.surfaces(found, changed, variant.grouping)
            small, size = land.small(component, thresholds.surface_m2)
            absorbed = small[component] & (found == _ABSORBED[step]) & ~is_kept
            around = _around(component, found, borders)[component]
            turned = absorbed & (around != UNKNOWN) & (around != found)
            if not turned.any():
                break
            found[turned] = around[turned]
            changed |= turned
            decided[turned] = size[component[turned]]
    return Absorbed(found, found != status, land.sizes(found, decided))


@dataclass(frozen=True)
class _Land:
    """What does not change from one pass to the next."""

    category: IntArray
    area_m2: FloatArray
    borders: Borders

    def surfaces(self, status: Statuses, changed: BoolArray, grouping: Grouping) -> IntArray:
        """Return the surface that each polygon belongs to."""
        group = status.astype(np.intp)
        if grouping == "categorie":  # numbered beyond the statuses, which absorbed land takes
            group = np.where(changed, group, self.category + len(_ABSORBED))
        return label_components(group, self.borders)

    def small(self, component: IntArray, least_m2: float) -> tuple[BoolArray, FloatArray]:
        """Tell which surfaces are below the threshold, and known to be; and their sizes."""
        size = np.bincount(component, weights=self.area_m2)
        open_m = np.bincount(component, weights=self.borders.open_m)
        return np.asarray((size < least_m2 - SUM_SLACK_M2) & (open_m == 0)), np.asarray(
            size, dtype=float
        )

    def sizes(self, status: Statuses, decided: FloatArray) -> FloatArray:
        """Return the size that decided, else that of the surface at the end; NaN when unknown."""
        component = label_components(status.astype(np.intp), self.borders)
        size = np.bincount(component, weights=self.area_m2)[component]
        told = np.where(np.isnan(decided), size, decided)
        return np.asarray(np.where(status == UNKNOWN, np.nan, told))


def take_status_around(is_taken: BoolArray, status: Statuses, borders: Borders) -> Statuses:
    """
    Return, for each polygon of the surfaces that `is_taken` makes, the status around them.

    Unknown on a tie, or where nothing around has a status; of no meaning for the other polygons.
    """
    component = label_components(is_taken.astype(np.intp), borders)
    return np.asarray(_around(component, status, borders)[component])


def _around(component: IntArray, status: Statuses, borders: Borders) -> Statuses:
    """Return the status that holds most of the border of each surface; unknown on a tie."""
    count = int(component.max(initial=-1)) + 1
    length = np.zeros((count, len(_ABSORBED)))
    for inner, outer in ((borders.left, borders.right), (borders.right, borders.left)):
        beyond = (component[inner] != component[outer]) & (status[outer] != UNKNOWN)
        where = (component[inner[beyond]], status[outer[beyond]])
        np.add.at(length, where, borders.length_m[beyond])
    most = length.argmax(axis=1).astype(np.int8)
    difference = length[:, ARTIFICIAL] - length[:, NOT_ARTIFICIAL]
    is_tie = np.abs(difference) <= TIE_SLACK_M
    return np.asarray(np.where(is_tie, np.int8(UNKNOWN), most))


def _large_buildings(is_building: BoolArray, land: _Land, least_m2: float) -> BoolArray:
    group = label_components(is_building.astype(np.intp), land.borders)
    size = np.bincount(group, weights=land.area_m2)
    return np.asarray(is_building & (size[group] >= least_m2 - SUM_SLACK_M2))
