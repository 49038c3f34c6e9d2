"""One GeoTIFF of heights or altitudes: what it is, where it lies, whether its values can be."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import rasterio  # type: ignore[import-untyped] # no stubs are published
from pyproj import CRS
from rasterio.enums import MaskFlags  # type: ignore[import-untyped] # idem
from rasterio.vrt import WarpedVRT  # type: ignore[import-untyped] # idem

from pipeline.heights import Heights
from pipeline.ingestion.height_windows import Grid, Window, spread
from pipeline.ingestion.placement import same_crs
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.rasters import FAULTS, crs_of, open_raster, readable
from pipeline.ingestion.scope import Bounds, Scope

Kind = Literal["mnh", "mns", "mnt"]

# Coarser pixels mix a crown with the ground beside it, finer ones are not what LiDAR gives. Metres,
# both included.
FINEST_M, COARSEST_M = 0.2, 2.0
# In a height model some ground is always seen: its lowest percent is near 0. In a surface model it
# is the altitude of the place. Metres, both included.
GROUND_M = 2.0
# No tree of France is higher; a tower may be, on a few pixels. Metres, included.
HIGHEST_M = 100.0
_GROUND_PERCENTILE, _TOP_PERCENTILE = 1.0, 99.9
# What IGN writes where nothing was measured, whether the file declares it or not.
USUAL_NODATA = -9999.0
# Values are looked at in sixteen spots of this side, pixels: the cost is that of sixteen blocks.
SPOTS_PER_SIDE, SPOT_PIXELS = 4, 128

# The first that fits: a height model made « from the MNS » is a height model.
_WORDS: dict[Kind, str] = {"mnh": "mnh|chm", "mns": "mns|dsm|surface",
                           "mnt": "mnt|dtm|terrain|rge_?alti"}  # fmt: skip
_YEAR = re.compile(r"(?<!\d)(?:199|20\d)\d(?!\d)")
_CONTENT = "hauteurs (MNH), ou altitudes d'un couple MNS et MNT, en mètres"
_ALTITUDES = (
    "altitudes, pas des hauteurs : c'est un modèle de surface (MNS) ;"
    " y joindre le MNT, ou déposer le MNH"
)


@dataclass(frozen=True)
class HeightFile:
    """
    A raster and its place on the ground.

    Attributes
    ----------
    kind
        `mnh` heights above the ground; `mns` altitudes of what is seen, `mnt` of the ground.
    crs
        Horizontal CRS of the file: that of the territory under its own name, else WKT.
    grid, rows, columns
        Its pixels, in the territory CRS; those that it is read as when it must be reprojected.
    is_straight
        Its own pixels are those of `grid`.
    """

    report: FileReport
    kind: Kind
    crs: str
    grid: Grid
    rows: int
    columns: int
    is_straight: bool

    @property
    def name(self) -> str:
        """Path of the file in the data folder."""
        return self.report.file.name

    @property
    def bounds(self) -> Bounds:
        """West, south, east, north, metres in the territory CRS."""
        return self.grid.bounds(self.rows, self.columns)


def open_height_file(report: FileReport, scope: Scope) -> HeightFile | None:
    """
    Read where a raster lies, and look at a bounded sample of its values.

    Returns
    -------
    file
        None when it lies away from the window, or has no value at all.

    Raises
    ------
    SourceError
        If the file is damaged, has several bands or no place on the ground, pixels outside
        [`FINEST_M`, `COARSEST_M`], or values that are no heights in metres for a height model.
    """
    with readable(report), open_raster(report) as dataset:
        file = _placed(dataset, report, scope)
        _refuse_other_resolutions(file)
        _date(dataset, report)
        if not _meets(file.bounds, scope.window):
            report.meet(0)
            return None
        report.meet(1)
        values = _sample(dataset)
    if not values.size:
        report.state = "sans_objet"
        report.note("aucune hauteur renseignée")
        return None
    if file.kind == "mnh":
        refuse_other_heights(values, report)
    report.row_count += 1
    return file


def read_metres(
    view: rasterio.DatasetReader, window: Window, dataset: rasterio.DatasetReader
) -> Heights:
    """Read a window of `dataset`, or of a `view` that warps it: metres, NaN where unknown."""
    row, column, last_row, last_column = window
    pixels = ((row, last_row), (column, last_column))
    raw = view.read(1, window=pixels)
    metres = raw.astype(np.float32, copy=False)
    unknown = ~((raw > USUAL_NODATA) & (raw < np.inf))  # NaN and both infinities too
    if view.nodata not in (None, USUAL_NODATA):
        unknown |= raw == view.nodata
    if _has_own_mask(view):
        unknown |= view.read_masks(1, window=pixels) == 0
    scale, offset = dataset.scales[0], dataset.offsets[0]
    if (scale, offset) != (1.0, 0.0):
        metres = np.asarray(metres * scale + offset, dtype=np.float32)
    metres[unknown] = np.nan
    return np.asarray(metres, dtype=np.float32)


def _has_own_mask(view: rasterio.DatasetReader) -> bool:
    """Tell whether unknown pixels are told by a mask, which costs a second reading, not a value."""
    flags = view.mask_flag_enums[0]
    return MaskFlags.nodata not in flags and flags != [MaskFlags.all_valid]


def refuse_other_heights(values: Heights, report: FileReport) -> None:
    """Refuse values that are no heights above the ground in metres; NaN says nothing."""
    known = values[np.isfinite(values)]
    if not known.size:
        return
    ground, top = np.percentile(known, (_GROUND_PERCENTILE, _TOP_PERCENTILE))
    if ground > GROUND_M:
        why = f"valeurs de {ground:.0f} à {top:.0f} m : {_ALTITUDES}"
        raise report.refusal(why)
    if ground < -GROUND_M:
        why = (
            f"hauteurs jusqu'à {ground:.0f} m sous le sol ; déclarer la valeur « nodata »,"
            " ou vérifier l'unité et le système d'altitude"
        )
        raise report.refusal(why)
    if top > HIGHEST_M:
        why = (
            f"hauteurs jusqu'à {top:.0f} m : unité en centimètres ?"
            " convertir en mètres ou déclarer l'échelle 0,01"
        )
        raise report.refusal(why)


def refuse_altitudes(report: FileReport) -> None:
    """Refuse a surface model that no terrain model comes with."""
    raise report.refusal(_ALTITUDES)


def _placed(dataset: rasterio.DatasetReader, report: FileReport, scope: Scope) -> HeightFile:
    """Tell where the pixels of a raster lie, or those that it will be read as; note the latter."""
    crs = crs_of(dataset, report, _CONTENT)
    # Heights are no matter of vertical system: of Lambert-93 + IGN69, only the first part counts.
    horizontal = crs.sub_crs_list[0] if crs.is_compound else crs
    is_home = same_crs(horizontal, scope.territory)
    name = scope.territory.crs if is_home else horizontal.to_wkt()
    a, b, west, d, e, north = dataset.transform[:6]
    kind = _kind(report)
    rows, columns = dataset.shape
    if is_home and b == d == 0 and a > 0 and math.isclose(a, -e, rel_tol=1e-6):
        grid = Grid(west, north, a, scope.territory.crs)
        return HeightFile(report, kind, name, grid, rows, columns, is_straight=True)
    if is_home:
        report.note("grille inclinée ou pixels non carrés : redressée, valeurs interpolées")
    else:
        report.note(f"reprojeté depuis {horizontal.name}, valeurs interpolées")
    grid, rows, columns = _straightened(dataset, name, horizontal, report, scope)
    return HeightFile(report, kind, name, grid, rows, columns, is_straight=False)


def _straightened(
    dataset: rasterio.DatasetReader, name: str, crs: CRS, report: FileReport, scope: Scope
) -> tuple[Grid, int, int]:
    """Return the square grid of the territory that holds a raster, its rows and columns."""
    home = scope.territory.crs
    try:
        with WarpedVRT(dataset, src_crs=name, crs=home) as view:
            west, south, east, north = view.bounds
            side = min(view.res)
    except FAULTS as error:
        why = f"système {crs.name} impossible à convertir ; reprojeter le GeoTIFF en {home}"
        raise report.refusal(why) from error
    rows, columns = (round(length / side) for length in (north - south, east - west))
    return Grid(west, north, side, home), rows, columns


def _kind(report: FileReport) -> Kind:
    """Tell heights from altitudes by the name; without any hint, heights, to be checked."""
    named = f"{report.file.stem} {report.file.path.stem}"  # an archive, and the file that it holds
    for kind, words in _WORDS.items():
        if re.search(rf"(?<![^\W_])(?:{words})(?![^\W_])", named, re.IGNORECASE):
            return kind
    return "mnh"


def _refuse_other_resolutions(file: HeightFile) -> None:
    side = file.grid.resolution
    if not FINEST_M * (1 - 1e-6) <= side <= COARSEST_M * (1 + 1e-6):
        accepted = f"{FINEST_M:g}-{COARSEST_M:g} m".replace(".", ",")
        why = f"pixels de {side:.3g} m, hors de {accepted} ; déposer une autre résolution"
        raise file.report.refusal(why)


def _date(dataset: rasterio.DatasetReader, report: FileReport) -> None:
    """Take the day written in the file, else the year of its name."""
    tag = str(dataset.tags().get("TIFFTAG_DATETIME", ""))[:10].replace(":", "-")
    if _YEAR.match(tag):
        report.keep_latest(tag)
    named = _YEAR.search(f"{report.file.stem} {report.file.path.stem}")
    if report.vintage is None and named is not None:
        report.vintage = named[0]
    known = "le millésime est la date des hauteurs"
    report.note(known if report.vintage else "date des hauteurs inconnue")


def _meets(bounds: Bounds, window: Bounds | None) -> bool:
    if window is None:
        return True
    west, south, east, north = bounds
    return west < window[2] and south < window[3] and east > window[0] and north > window[1]


def _sample(dataset: rasterio.DatasetReader) -> Heights:
    """Return known values of a few spots; where they hold none, of the first block that does."""
    whole = (0, 0, *dataset.shape)
    values = _known(dataset, spread(whole, per_side=SPOTS_PER_SIDE, side=SPOT_PIXELS))
    if values.size:
        return values
    blocks = (pixels.toranges() for _, pixels in dataset.block_windows(1))
    each = (_known(dataset, [(r[0], c[0], r[1], c[1])]) for r, c in blocks)
    return next((known for known in each if known.size), values)


def _known(dataset: rasterio.DatasetReader, windows: Iterable[Window]) -> Heights:
    parts = [read_metres(dataset, window, dataset).ravel() for window in windows]
    values = np.concatenate(parts)
    return values[np.isfinite(values)]
