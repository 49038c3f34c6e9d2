"""What a height raster holds: metres read, and values that are no heights refused in one line."""

from typing import Literal

import numpy as np
import rasterio  # type: ignore[import-untyped] # no stubs are published
from rasterio.enums import MaskFlags  # type: ignore[import-untyped] # idem

from pipeline.errors import SourceError
from pipeline.french import decimal, number
from pipeline.heights import Heights
from pipeline.ingestion.height_windows import Window
from pipeline.ingestion.provenance import FileReport

# In a height model some ground is always seen: its lowest percent is near 0. In a surface model it
# is the altitude of the place. Metres, both included.
GROUND_M = 2.0
# Ground seen beyond this is told: heights may all be shifted. Metres, excluded.
OFFSET_M = 0.5
# No tree of France is higher; a tower may be, on a few pixels. Metres, included.
HIGHEST_M = 100.0
# Nothing built or grown in France is higher: a few pixels are noise, more are another unit.
HIGHEST_TOWER_M, MOST_TOO_HIGH = 350.0, 10
# No unit makes such numbers of heights: they stand for « nothing measured ». Metres, included.
IMPOSSIBLE_M = 1e6
_GROUND_PERCENTILE, _TOP_PERCENTILE = 1.0, 99.9
# What IGN writes where nothing was measured, whether the file declares it or not.
USUAL_NODATA = -9999.0

# Where values come from: a file whose name says heights, one that says nothing, a surface model
# less its terrain.
Origin = Literal["named", "unnamed", "pair"]
_WITHOUT_GROUND: dict[Origin, str] = {
    "named": "altitudes (MNS), ou centimètres ? y joindre le MNT, ou convertir en mètres",
    "unnamed": (
        "altitudes (MNS) ? y joindre le MNT, ou nommer le fichier MNH si ce sont des hauteurs"
    ),
    "pair": "MNT d'un autre lieu ou d'un autre système d'altitude ? vérifier le couple MNS et MNT",
}


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


def refuse_other_heights(values: Heights, report: FileReport, origin: Origin) -> None:
    """
    Refuse a sample of values that are no heights above the ground in metres; NaN says nothing.

    A doubt that does not refuse is noted: no ground in a sample of a file whose name says heights,
    or ground beyond ±`OFFSET_M`.
    """
    known = values[np.isfinite(values)]
    if not known.size:
        return
    ground, top = np.percentile(known, (_GROUND_PERCENTILE, _TOP_PERCENTILE)).tolist()
    if top >= IMPOSSIBLE_M:
        raise _too_high(top, report)
    if ground > GROUND_M:
        _doubt_altitudes(ground, top, report, origin)
        return
    if ground < -GROUND_M:
        why = (
            f"hauteurs jusqu'à {number(-ground)} m au-dessous du sol ; déclarer la valeur"
            " « nodata », ou vérifier l'unité et le système d'altitude"
        )
        raise report.refusal(why)
    if top > HIGHEST_M:
        raise _too_high(top, report)
    if abs(ground) > OFFSET_M:
        sign = "+" if ground > 0 else "-"
        report.note(f"sol vu à {sign}{decimal(round(abs(ground), 1))} m : hauteurs décalées ?")


def refuse_towers(values: Heights, report: FileReport) -> None:
    """Refuse more than `MOST_TOO_HIGH` values above `HIGHEST_TOWER_M`: other unit, no height."""
    if np.count_nonzero(values > HIGHEST_TOWER_M) > MOST_TOO_HIGH:
        raise _too_high(float(np.nanmax(values)), report)


def refuse_altitudes(report: FileReport) -> None:
    """Refuse a surface model that no terrain model comes with."""
    why = (
        "altitudes, pas des hauteurs : c'est un modèle de surface (MNS) ;"
        " y joindre le MNT, ou déposer le MNH"
    )
    raise report.refusal(why)


def _doubt_altitudes(ground: float, top: float, report: FileReport, origin: Origin) -> None:
    """Refuse values without any ground, unless a name and their range tell a dense forest."""
    if origin == "named" and top <= HIGHEST_M:
        report.note("aucun sol visible dans l'échantillon ; le nom dit un modèle de hauteur")
        return
    why = (
        f"valeurs de {number(ground)} à {number(top)} m, sans sol proche de 0 :"
        f" {_WITHOUT_GROUND[origin]}"
    )
    raise report.refusal(why)


def _too_high(top: float, report: FileReport) -> SourceError:
    if top >= IMPOSSIBLE_M:
        digits, power = f"{top:.1e}".split("e")
        most = f"{decimal(float(digits))}e{int(power)}"
        why = f"valeurs impossibles (jusqu'à {most}) ; déclarer la valeur « nodata »"
        return report.refusal(why)
    why = (
        f"hauteurs jusqu'à {number(top)} m : unité en centimètres ?"
        " convertir en mètres ou déclarer l'échelle 0,01"
    )
    return report.refusal(why)


def _has_own_mask(view: rasterio.DatasetReader) -> bool:
    """Tell whether unknown pixels are told by a mask, which costs a second reading, not a value."""
    flags = view.mask_flag_enums[0]
    return MaskFlags.nodata not in flags and flags != [MaskFlags.all_valid]
