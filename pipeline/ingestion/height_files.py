"""One GeoTIFF of heights or altitudes: what it is, where it lies, when it was flown."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import rasterio  # type: ignore[import-untyped] # no stubs are published
from pyproj import CRS
from rasterio.vrt import WarpedVRT  # type: ignore[import-untyped] # idem
from rasterio.warp import transform  # type: ignore[import-untyped] # idem

from pipeline.french import decimal
from pipeline.heights import Heights
from pipeline.ingestion import prepared_heights
from pipeline.ingestion.height_values import read_metres, refuse_other_heights
from pipeline.ingestion.height_windows import Grid, Window, spread
from pipeline.ingestion.placement import same_crs
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.rasters import FAULTS, crs_of, open_raster, readable
from pipeline.ingestion.scope import Bounds, Scope

Kind = Literal["mnh", "mns", "mnt"]

# Coarser pixels mix a crown with the ground beside it, finer ones are not what LiDAR gives. Metres,
# both included.
FINEST_M, COARSEST_M = 0.2, 2.0
# No LiDAR was flown over France before; the year is included.
EARLIEST_YEAR = 1990
# Values are looked at in sixteen spots of this side, pixels: the cost is that of sixteen blocks.
SPOTS_PER_SIDE, SPOT_PIXELS = 4, 128

# The first that fits: a height model made « from the MNS » is a height model.
_WORDS: dict[Kind, str] = {"mnh": "mnh|chm", "mns": "mns|dsm", "mnt": "mnt|dtm|rge_?alti"}
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
# « 1914_4226 » places a tile in kilometres: four digits before four more are not surely a year.
_SURE_YEAR = re.compile(rf"{_YEAR.pattern}(?![_-][1-9]\d{{3}}(?!\d))")
_TAGGED_YEAR = re.compile(r"[1-9]\d{3}(?=-)")
_CONTENT = "hauteurs (MNH), ou altitudes d'un couple MNS et MNT, en mètres"


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
    native_m
        Longest side of its own pixels, metres.
    """

    report: FileReport
    kind: Kind
    crs: str
    grid: Grid
    rows: int
    columns: int
    is_straight: bool
    native_m: float

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
        [`FINEST_M`, `COARSEST_M`], a date before `EARLIEST_YEAR` or to come, or values that are no
        heights in metres for a height model.
    """
    if prepared_heights.is_away(report, scope):
        report.meet(0)
        return None
    with readable(report), open_raster(report) as dataset:
        file = _located(dataset, report, scope)
        if not prepared_heights.meets(file.bounds, scope.window):
            report.meet(0)
            return None
        report.meet(1)
        values = _sample(dataset)
    if not values.size:
        report.state = "sans_objet"
        report.note("aucune hauteur renseignée")
        return None
    if file.kind == "mnh":
        refuse_other_heights(values, report, "unnamed" if _named_kind(report) is None else "named")
    report.row_count += 1
    return file


def locate_height_file(report: FileReport, scope: Scope) -> Bounds:
    """
    Return where a raster lies, metres in the territory CRS, without a look at its values.

    Raises
    ------
    SourceError
        As `open_height_file`, but for values.
    """
    with readable(report), open_raster(report) as dataset:
        return _located(dataset, report, scope).bounds


def _located(dataset: rasterio.DatasetReader, report: FileReport, scope: Scope) -> HeightFile:
    """Tell where a raster lies and when it was flown; refuse one that is no model of heights."""
    file = _placed(dataset, report, scope)
    _refuse_other_resolutions(file)
    _refuse_bare_ground_unknown(file, dataset.nodata)
    _date(dataset, report, scope)
    return file


def _placed(dataset: rasterio.DatasetReader, report: FileReport, scope: Scope) -> HeightFile:
    """Tell where the pixels of a raster lie, or those that it will be read as; note the latter."""
    crs = crs_of(dataset, report, _CONTENT)
    # Heights are no matter of vertical system: of Lambert-93 + IGN69, only the first part counts.
    horizontal = crs.sub_crs_list[0] if crs.is_compound else crs
    is_home = same_crs(horizontal, scope.territory)
    name = scope.territory.crs if is_home else horizontal.to_wkt()
    a, b, west, d, e, north = dataset.transform[:6]
    kind = _named_kind(report) or "mnh"  # without any hint, heights, to be checked
    rows, columns = dataset.shape
    if is_home and b == d == 0 and a > 0 and math.isclose(a, -e, rel_tol=1e-6):
        grid = Grid(west, north, a, scope.territory.crs)
        return HeightFile(report, kind, name, grid, rows, columns, is_straight=True, native_m=a)
    if is_home:
        report.note("grille inclinée ou pixels non carrés : redressée, valeurs interpolées")
    else:
        report.note(f"reprojeté depuis {horizontal.name}, valeurs interpolées")
    grid, rows, columns = _straightened(dataset, name, horizontal, report, scope)
    side = _longest_side(dataset, name, grid.crs)
    return HeightFile(report, kind, name, grid, rows, columns, is_straight=False, native_m=side)


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


def _longest_side(dataset: rasterio.DatasetReader, crs: str, home: str) -> float:
    """Return the longer side of the pixel in the middle of a raster, metres in another CRS."""
    row, column = dataset.height // 2, dataset.width // 2
    corners = dataset.xy([row, row, row + 1], [column, column + 1, column], offset="ul")
    x, y = transform(crs, home, *corners)
    return max(math.hypot(x[i] - x[0], y[i] - y[0]) for i in (1, 2))


def _named_kind(report: FileReport) -> Kind | None:
    """Tell heights from altitudes by the name, None when it says nothing."""
    for kind, words in _WORDS.items():
        if re.search(rf"(?<![^\W_])(?:{words})(?![^\W_])", _names(report), re.IGNORECASE):
            return kind
    return None


def _names(report: FileReport) -> str:
    """Return the name of an archive and that of the file that it holds."""
    return f"{report.file.stem} {report.file.path.stem}"


def _refuse_other_resolutions(file: HeightFile) -> None:
    side = file.grid.resolution
    if not FINEST_M * (1 - 1e-6) <= side <= COARSEST_M * (1 + 1e-6):
        found = decimal(float(f"{side:.3g}"))
        accepted = f"{decimal(FINEST_M)}-{decimal(COARSEST_M)} m"
        why = f"pixels de {found} m, hors de {accepted} ; déposer une autre résolution"
        raise file.report.refusal(why)


def _refuse_bare_ground_unknown(file: HeightFile, nodata: float | None) -> None:
    if file.kind == "mnh" and nodata == 0:
        why = (
            "valeur absente (nodata) à 0 : le sol nu y passe pour inconnu ; en déclarer une autre,"
            " par exemple gdal_edit.py -a_nodata -9999"
        )
        raise file.report.refusal(why)


def _date(dataset: rasterio.DatasetReader, report: FileReport, scope: Scope) -> None:
    """
    Take the day written in the file, or the year of its name if earlier; refuse an impossible one.

    A file is written after the flight: copied again, it bears a later day than its name.
    """
    possible = range(EARLIEST_YEAR, scope.latest_year + 1)
    tag = str(dataset.tags().get("TIFFTAG_DATETIME", ""))[:10].replace(":", "-")
    tagged = _TAGGED_YEAR.match(tag)
    sure = _SURE_YEAR.findall(_names(report))
    named = [year for year in sure if int(year) in possible]
    told = [tagged[0]] if tagged else [] if named else sure
    if told and int(told[0]) not in possible:
        why = (
            f"millésime {told[0]} impossible (de {EARLIEST_YEAR} à {scope.latest_year}) ;"
            " corriger le nom du fichier, ou sa balise TIFFTAG_DATETIME"
        )
        raise report.refusal(why)
    if tagged:
        report.keep_latest(tag)
    if named and (report.vintage is None or min(named) < report.vintage[:4]):
        report.vintage = min(named)
    known = "le millésime est la date des hauteurs"
    report.note(known if report.vintage else "date des hauteurs inconnue")


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
