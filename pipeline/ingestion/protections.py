"""Public-utility easements and planning prescriptions → perimeters, by kind of protection."""

import re
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.french import without_accents
from pipeline.ingestion.encoding import undo_double_encoding
from pipeline.ingestion.prevention_plans import (
    is_plan_layer,
    is_regulatory,
    risk_kind,
    zone_ids,
    zone_names,
)
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.repairs import drop_repeated, keep_polygons
from pipeline.ingestion.scope import Scope
from pipeline.ingestion.vector import list_layers, read_layer

_SERVITUDE = re.compile(
    r"(?<![a-z0-9])(ac1|ac2|ac4|el10|[a-z]{1,2}\d{1,2}(?:bis)?)(?![0-9])", re.IGNORECASE
)
# The CNIG model names an assiette or a générateur after its act: « Château_ass ».
_CNIG_SUFFIX = r"_(?:ass|gen)\d*$"
_HERITAGE_PRESCRIPTION = "07"
# 00: heritage of any kind, article not told; 01 and 02: L. 151-19.
_L151_19 = ("01", "02")


def read_protections(reports: Sequence[FileReport], scope: Scope) -> list[pd.DataFrame]:
    """
    Read the perimeters of the window that article 40 knows.

    AC1 *générateur*: land of a monument. AC1 *assiette*: 500 m circle when drawn as a buffer,
    delimited perimeter when it says so, else uncertain (« égale au générateur » is no proof). AC2:
    classified or listed site. AC4: remarkable heritage site. EL10: heart of a national park.
    Prescriptions 07-01 and 07-02: L. 151-19. PM1 and PM3 *assiettes*, regulatory zones of a PPR:
    natural or technological risk. Others are left out and counted.

    Raises
    ------
    SourceError
        If a file cannot be read.
    """
    seen: set[str] = set()
    return [
        _read_layer(report, layer, scope, seen)
        for report in reports
        for layer in list_layers(report)
    ]


def _read_layer(report: FileReport, layer: str, scope: Scope, seen: set[str]) -> pd.DataFrame:
    table = read_layer(report, layer, scope)
    ranks = pd.Series(
        [report.file.row_id(layer, rank) for rank in table.index], index=table.index, dtype="str"
    )
    kinds, ids, names = _told(table, layer, scope, report)
    _count_left_out(kinds, table, scope, report)
    kept = table.assign(kind=kinds, perimeter_id=ids.fillna(ranks), perimeter_name=names)
    kept = kept[kinds.notna().to_numpy()]
    given = [f"servitudes/{name}" for name in kept["perimeter_id"]]
    kept, unique = drop_repeated(kept, given, seen, report)
    kept = keep_polygons(kept.assign(perimeter_id=unique), unique, report)
    report.row_count += len(kept)
    return pd.DataFrame(
        {
            "perimeter_id": kept["perimeter_id"],
            "source": "servitudes",
            "kind": kept["kind"],
            "name": undo_double_encoding(kept["perimeter_name"]),
            "geometry": kept.geometry.to_numpy(),
        }
    )


def _told(
    table: gpd.GeoDataFrame, layer: str, scope: Scope, report: FileReport
) -> "tuple[pd.Series[str], pd.Series[str], pd.Series[str]]":
    """Return the kind (missing: of no effect), the id and the name of each row of a layer."""
    folder = scope.catalogue["servitudes"]
    name = f"{report.file.stem} {layer}".lower()
    if folder.find(table, "prescription_type"):
        ids = folder.take(table, "prescription_id")
        return _prescription_kinds(table, scope), ids, _name(table, scope)
    if is_plan_layer(name, folder, table):
        kinds = _plan_kinds(table, layer, name, scope, report)
        return kinds, zone_ids(folder, table), zone_names(folder, table)
    is_generateur = _is_generateur(table, name)
    ids = folder.take(table, "generateur_id" if is_generateur else "assiette_id")
    return _servitude_kinds(table, name, scope), ids, _name(table, scope)


def _plan_kinds(
    table: gpd.GeoDataFrame, layer: str, name: str, scope: Scope, report: FileReport
) -> "pd.Series[str]":
    """Return the kind of risk on each regulatory zone of a prevention plan."""
    kind = risk_kind(name)
    if not is_regulatory(layer.lower(), scope.catalogue["servitudes"], table):
        report.note(f"couche {layer} : périmètre, aléa ou foncier d'un plan de prévention, laissée")
        kind = None
    elif kind is None:
        report.warn(
            f"couche {layer} : plan de prévention de nature inconnue, laissée ; nommer le fichier"
            " pprn… (naturel) ou pprt… (technologique)"
        )
    return pd.Series(kind, index=table.index, dtype="str")


def _prescription_kinds(table: pd.DataFrame, scope: Scope) -> "pd.Series[str]":
    folder = scope.catalogue["servitudes"]
    is_heritage = folder.take(table, "prescription_type").str.zfill(2).eq(_HERITAGE_PRESCRIPTION)
    subtype = folder.take(table, "prescription_subtype").str.zfill(2)
    return _series(table, [(is_heritage & subtype.isin(_L151_19), "l151_19")])


def _servitude_kinds(table: pd.DataFrame, name: str, scope: Scope) -> "pd.Series[str]":
    folder = scope.catalogue["servitudes"]
    servitude = _servitude(table, name, scope)
    is_ac1, is_ac2 = servitude.eq("ac1"), servitude.eq("ac2")
    text = _plain(
        *(folder.take(table, column) for column in ("assiette_type", "assiette_name", "title")),
        *(folder.take(table, column) for column in ("generateur_type", "generateur_name")),
    )
    perimeter = _plain(folder.take(table, "assiette_type"), folder.take(table, "assiette_name"))
    is_buffer = _plain(folder.take(table, "drawing_mode")).str.contains("tampon", regex=False)
    is_delimited = perimeter.str.contains(r"delimite|(?<![a-z])pda(?![a-z])", regex=True)
    # A generateur is the plan as drawn; its assiette is where it binds.
    is_study = perimeter.str.contains("etude", regex=False)
    is_bound = ~is_study & (not _is_generateur(table, name))
    is_listed = text.str.contains(r"inscri", regex=True)
    is_classified = text.str.contains(r"(?<![a-z])classe", regex=True)
    return _series(
        table,
        [
            (is_ac1 & _is_generateur(table, name), "mh_terrain"),
            (is_ac1 & is_buffer, "abords_500m"),
            (is_ac1 & is_delimited, "abords_delimites"),
            (is_ac1, "abords_incertains"),
            (is_ac2 & is_classified & ~is_listed, "site_classe"),
            (is_ac2 & is_listed & ~is_classified, "site_inscrit"),
            (servitude.eq("ac4"), "spr"),
            (servitude.eq("el10"), "coeur_parc_national"),
            (servitude.eq("pm1") & is_bound, "risque_naturel"),
            (servitude.eq("pm3") & is_bound, "risque_technologique"),
        ],
    )


def _servitude(table: pd.DataFrame, name: str, scope: Scope) -> "pd.Series[str]":
    """Return the code of the servitude: told by the row, else by its id, else by the file."""
    folder = scope.catalogue["servitudes"]
    told = folder.take(table, "servitude_type").str.lower()
    for column in ("assiette_id", "generateur_id"):
        prefix = folder.take(table, column).str.lower().str.extract(r"^([a-z]+\d+)[-_]")[0]
        told = told.fillna(prefix)
    match = _SERVITUDE.search(name)
    return told.fillna(match[1].lower() if match else "")


def _is_generateur(table: pd.DataFrame, name: str) -> bool:
    if "assiette" in name or "idass" in table.columns:
        return False
    return "generateur" in name or "idgen" in table.columns


def _series(table: pd.DataFrame, cases: "list[tuple[object, str]]") -> "pd.Series[str]":
    """Return the kind of the first case that holds on each row, missing when none does."""
    tests = [np.broadcast_to(np.asarray(test, dtype=bool), len(table)) for test, _ in cases]
    names = np.select(tests, [name for _, name in cases], "")
    kinds = pd.Series(names, index=table.index, dtype="str")
    return kinds.where(kinds != "")


def _plain(*columns: "pd.Series[str]") -> "pd.Series[str]":
    """Return the texts of a row in one, without accents nor capitals."""
    joined = columns[0].fillna("")
    for column in columns[1:]:
        joined = joined + " " + column.fillna("")
    return joined.map(without_accents).astype("str")


def _name(kept: pd.DataFrame, scope: Scope) -> "pd.Series[str]":
    folder = scope.catalogue["servitudes"]
    name = folder.take(kept, "title")
    for column in ("generateur_name", "assiette_name", "prescription_name"):
        name = name.fillna(folder.take(kept, column))
    return name.str.replace(_CNIG_SUFFIX, "", regex=True)


def _count_left_out(
    kinds: "pd.Series[str]", table: gpd.GeoDataFrame, scope: Scope, report: FileReport
) -> None:
    folder = scope.catalogue["servitudes"]
    left = table[kinds.isna().to_numpy()]
    codes = folder.take(left, "prescription_type").fillna(folder.take(left, "servitude_type"))
    report.count(
        len(left),
        "périmètre sans effet connu sur l'article 40, laissé",
        "périmètres sans effet connu sur l'article 40, laissés",
        ids=sorted(set(codes.dropna())),
    )
