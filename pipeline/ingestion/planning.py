"""Planning documents: which communes a PLU or a *carte communale* covers, which have none."""

from collections.abc import Sequence
from enum import StrEnum

import geopandas as gpd
import pandas as pd

from pipeline.assumptions import Assumptions
from pipeline.contracts import check_table, conform
from pipeline.errors import SourceError
from pipeline.french import percent
from pipeline.ingestion.catalogue import SourceFolder
from pipeline.ingestion.columns import fields_of
from pipeline.ingestion.days import read_days
from pipeline.ingestion.planning_coverage import compute_coverage
from pipeline.ingestion.planning_names import read_names, read_types
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.repairs import keep_polygons
from pipeline.ingestion.scope import Scope
from pipeline.ingestion.vector import count_fields, read_columns, read_layer
from pipeline.schemas import PlanningDocument

FOLDER = "plu"
RNU = "RNU"
# What plans the land of a commune (CGCT, art. R. 2231-1): a SCoT does not stand for a PLU.
_PLANS = frozenset({"PLU", "PLUi", "PLUm", "CC", "PSMV", "POS"})
# A POS that no PLU replaced in time has lapsed (CU, art. L. 174-1 to L. 174-6); not every one.
_UNCERTAIN = "POS"
_IN_FORCE = frozenset({"production", "document.production"})
_YES = frozenset({"true", "1", "t", "oui"})
_NO = frozenset({"false", "0", "f", "non"})
_SAME = ["insee_code", "document_type", "is_covered", "approved_on"]
_COLUMNS = ["insee_code", "document_type", "is_covered", "approved_on", "source"]


class Layer(StrEnum):
    """What a layer of `plu/` tells."""

    ZONES = "zones"
    DOCUMENTS = "documents"
    MUNICIPALITIES = "municipalities"


def read_planning_documents(
    reports: Sequence[FileReport],
    scope: Scope,
    communes: gpd.GeoDataFrame,
    assumptions: Assumptions,
) -> pd.DataFrame:
    """
    Read which planning documents the files know of some communes.

    Zones (`ZONE_URBA`, `SECTEUR_CC`) and documents of the API Carto speak of the communes that they
    cover over `planning.covered_share` of their ground, included; its `municipality` speaks of the
    communes that it lists. Nothing is deduced from silence.

    Parameters
    ----------
    reports, scope
        Files of `plu/`; the window holds the communes.
    communes
        `Commune`: those asked.
    assumptions
        Share of a commune from which a document is its own.

    Returns
    -------
    documents
        `PlanningDocument`, sorted by commune; none for a commune that no file tells. Sources that
        contradict each other both have their row, and the file is warned of.

    Raises
    ------
    SourceError
        If a file cannot be read, or no layer of the folder is of a known kind.

    References
    ----------
    CNIG, *Standards PLU et carte communale* (`IDURBA`, `TYPEZONE`, `TYPESECT`).
    """
    layers = [(report, *found) for report in reports for found in _known_layers(report, scope)]
    if not layers and any(report.state == "sans_objet" for report in reports):
        msg = (
            f"{FOLDER}/ : aucune couche de zones (typezone, typesect) ni de communes (is_rnu) ;"
            " déposer ZONE_URBA du Géoportail de l'urbanisme, ou une réponse municipality"
        )
        raise SourceError(msg)
    parts = [_read(*layer, scope, communes, assumptions) for layer in layers]
    rows = pd.concat([_none(), *parts], ignore_index=True)
    rows = rows.sort_values(["insee_code", "approved_on", "source"], ignore_index=True)
    documents = conform(PlanningDocument, rows.drop_duplicates(_SAME, ignore_index=True))
    _warn_of_disputes(documents, reports)
    return check_table(PlanningDocument, documents)


def count_planning_rows(report: FileReport, scope: Scope) -> int:
    """Return the number of zones, documents and communes of a file; note its other layers."""
    return sum(count_fields(report, layer)[1] for layer, _ in _known_layers(report, scope))


def _none() -> pd.DataFrame:
    return pd.DataFrame(columns=_COLUMNS, dtype=object)


def _known_layers(report: FileReport, scope: Scope) -> list[tuple[str, Layer]]:
    known = []
    fields = fields_of(report)
    for layer, names in fields.items():
        kind = _kind(names, scope.catalogue[FOLDER])
        if kind is None:
            report.note(f"couche {layer} : sans usage ici")
        else:
            known.append((layer, kind))
    if fields and not known:
        report.state = "sans_objet"
    return known


def _kind(fields: frozenset[str], folder: SourceFolder) -> Layer | None:
    def has(*columns: str) -> bool:
        return all(folder.known(fields, column) is not None for column in columns)

    if has("zone_type"):
        return Layer.ZONES
    if has("is_rnu", "insee_code"):
        return Layer.MUNICIPALITIES
    return Layer.DOCUMENTS if has("document_type", "partition") else None


def _read(
    report: FileReport,
    layer: str,
    kind: Layer,
    scope: Scope,
    communes: gpd.GeoDataFrame,
    assumptions: Assumptions,
) -> pd.DataFrame:
    if kind is Layer.MUNICIPALITIES:
        rows = _municipalities(report, layer, scope, communes)
    else:
        table = _in_force(read_layer(report, layer, scope), scope, report)
        table = _plans(_named(table, report, scope), report)
        rows = _covering(table, communes, assumptions.planning.covered_share.value, report, scope)
    report.row_count += len(rows)
    for day in rows["approved_on"].dropna():
        report.keep_latest(day)
    return rows.assign(source=report.file.name)[_COLUMNS]


def _municipalities(
    report: FileReport, layer: str, scope: Scope, communes: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Return what the API says of the communes that it lists: national rules (RNU), or not."""
    folder = scope.catalogue[FOLDER]
    fields = count_fields(report, layer)[0]
    known = (folder.known(fields, name) for name in ("insee_code", "is_rnu", "is_deleted"))
    table = read_columns(report, layer, [name for name in known if name], scope.work)
    rows = pd.DataFrame(
        {"insee_code": folder.take(table, "insee_code"), "is_rnu": _answer(table, "is_rnu", folder)}
    )
    is_gone = _answer(table, "is_deleted", folder).fillna(value=False).to_numpy(dtype=bool)
    rows = rows[rows["insee_code"].isin(communes["insee_code"]) & ~is_gone]
    report.meet(len(rows))
    is_told = rows["is_rnu"].notna().to_numpy(dtype=bool)
    one, many = "commune dont is_rnu n'est pas lisible", "communes dont is_rnu n'est pas lisible"
    report.count(int((~is_told).sum()), one, many, ids=rows["insee_code"][~is_told])
    rows = rows[is_told]
    is_rnu = rows["is_rnu"].to_numpy(dtype=bool)
    return pd.DataFrame(
        {
            "insee_code": rows["insee_code"].to_numpy(),
            "document_type": [RNU if told else None for told in is_rnu],
            "is_covered": ~is_rnu,
            "approved_on": None,
        }
    )


def _answer(table: pd.DataFrame, column: str, folder: SourceFolder) -> "pd.Series[bool]":
    """Return a column of yes and no, nullable; missing where it says neither."""
    text = folder.take(table, column).str.lower()
    answers = {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}
    return text.map(answers).astype("boolean")


def _in_force(table: gpd.GeoDataFrame, scope: Scope, report: FileReport) -> gpd.GeoDataFrame:
    """Leave out what the Géoportail does not hold for in force; without status, all is."""
    status = scope.catalogue[FOLDER].take(table, "status").str.lower()
    is_left = (status.notna() & ~status.isin(_IN_FORCE)).to_numpy(dtype=bool)
    states = status[is_left].unique()
    one, many = "objet d'un document qui n'est pas en vigueur", "objets qui ne sont pas en vigueur"
    report.count(int(is_left.sum()), one, many, ids=states)
    return table[~is_left]


def _named(table: gpd.GeoDataFrame, report: FileReport, scope: Scope) -> gpd.GeoDataFrame:
    """Add the key of each `document`, its `document_type` and `approved_on`."""
    folder = scope.catalogue[FOLDER]
    urba, part, name = (
        folder.take(table, column) for column in ("document_id", "partition", "document_name")
    )
    told = read_names(urba).combine_first(read_names(name)).combine_first(read_names(part))
    days = folder.take(table, "approved_on").fillna(told["day"])
    return table.assign(
        document=urba.fillna(name).fillna(part).fillna(report.file.stem),
        document_type=read_types(folder.take(table, "document_type")).fillna(told["document_type"]),
        approved_on=read_days(days, "date d'approbation", report),
    )


def _plans(table: gpd.GeoDataFrame, report: FileReport) -> gpd.GeoDataFrame:
    """Leave out the documents of another kind; zones whose document has no kind are believed."""
    kind = table["document_type"]
    is_other = (kind.notna() & ~kind.isin(_PLANS)).to_numpy(dtype=bool)
    one, many = "objet d'un document d'une autre nature", "objets de documents d'une autre nature"
    report.count(int(is_other.sum()), one, many, ids=kind[is_other].unique())
    return table[~is_other]


def _covering(
    table: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
    least: float,
    report: FileReport,
    scope: Scope,
) -> pd.DataFrame:
    """Return the communes that each document covers over `least` of their ground, included."""
    table = keep_polygons(table, [str(rank) for rank in table.index], report)
    numbers, _ = pd.factorize(table["document"])
    found = compute_coverage(
        table.geometry.to_numpy(), numbers, communes.geometry.to_numpy(), scope.territory
    )
    names = table.drop_duplicates("document").iloc[found.document]
    rows = names.assign(insee_code=communes["insee_code"].to_numpy()[found.commune])
    is_own = found.share >= least
    partly = [
        f"{code} : {percent(share)}"
        for code, share in zip(rows["insee_code"][~is_own], found.share[~is_own], strict=True)
    ]
    one = "commune couverte en partie, dont rien n'est dit"
    report.count(len(partly), one, "communes couvertes en partie, dont rien n'est dit", ids=partly)
    return _told(rows[is_own])


def _told(table: pd.DataFrame) -> pd.DataFrame:
    rows = pd.DataFrame(table[["insee_code", "document_type", "approved_on"]])
    is_certain = (rows["document_type"] != _UNCERTAIN).fillna(value=True).to_numpy(dtype=bool)
    covered = pd.array([True if told else pd.NA for told in is_certain], dtype="boolean")
    return rows.assign(is_covered=covered).drop_duplicates()


def _warn_of_disputes(documents: pd.DataFrame, reports: Sequence[FileReport]) -> None:
    """Warn where one source says that a commune has no document, and another that it has one."""
    by_name = {report.file.name: report for report in reports}
    known = documents.dropna(subset="is_covered")
    is_covered = known["is_covered"].to_numpy(dtype=bool)
    covering = known[is_covered].drop_duplicates("insee_code").set_index("insee_code")["source"]
    bare = known[~is_covered & known["insee_code"].isin(covering.index).to_numpy(dtype=bool)]
    for code, source in zip(bare["insee_code"], bare["source"], strict=True):
        by_name[source].warn(
            f"commune {code} dite au RNU ici, couverte selon {covering[code]} : à vérifier"
        )
