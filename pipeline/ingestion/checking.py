"""Which sources are here, and whether each file can be used: `sources list` and `check`."""

import dataclasses
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pandas as pd

from pipeline.crs import Territory, territory_of
from pipeline.errors import SourceError
from pipeline.ingestion.brownfields import count_brownfields
from pipeline.ingestion.catalogue import Catalogue
from pipeline.ingestion.communes import insee_codes
from pipeline.ingestion.dossiers import read_rows
from pipeline.ingestion.enaf import count_enaf_communes
from pipeline.ingestion.exempted_places import count_exempted_places
from pipeline.ingestion.files import SourceFile, file_digest, find_files
from pipeline.ingestion.formats import RAW_OSM, READ_IN, VECTORS
from pipeline.ingestion.ocsge import count_rows
from pipeline.ingestion.osm import read_objects
from pipeline.ingestion.owners import count_owned_parcels
from pipeline.ingestion.planning import count_planning_rows
from pipeline.ingestion.points import to_points
from pipeline.ingestion.proofs import REGISTER, STORE, proofs_of
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Scope
from pipeline.ingestion.tables import read_csv, read_json
from pipeline.ingestion.vector import list_layers, read_layer

_COLUMNS = ["dossier", "fichier", "format", "lignes", "remarques", "anomalie"]
_PROOF_COLUMNS = [
    *("fichier", "recu_le", "millesime", "licence", "attribution", "url", "reponses"),
]


def list_sources(data: Path, catalogue: Catalogue) -> pd.DataFrame:
    """
    Return one row per known folder: what it is, what it takes, how many files are here.

    Nothing is opened.

    Returns
    -------
    table
        Columns `dossier`, `libelle`, `formats`, `fichiers` (missing when the folder is absent).
    """
    rows = [
        {
            "dossier": name,
            "libelle": folder.label,
            "formats": folder.formats,
            "fichiers": _count(data / name),
        }
        for name, folder in catalogue.items()
    ]
    return pd.DataFrame(rows).astype({"fichiers": "Int64"})


def list_proofs(data: Path) -> pd.DataFrame:
    """
    Return one row per file of the folder that came from a live service, and is as it came.

    Only the files that the evidence store knows are opened, to be hashed.

    Returns
    -------
    table
        Columns `fichier`, `recu_le` (UTC), `millesime`, `licence`, `attribution`, `url` (of the
        first answer), `reponses` (their number).
    """
    proofs = proofs_of(data)
    rows = []
    for place in sorted(proofs.uses):
        path = PurePosixPath(place)
        here = (data / place).is_file()
        proof = proofs.at((path,), file_digest(data / place)) if here else None
        if proof is not None:
            told = (proof.received_at, proof.vintage, proof.licence, proof.attribution)
            rows.append((place, *told, proof.url, proof.answer_count))
    return pd.DataFrame(rows, columns=_PROOF_COLUMNS)


def _check_store(data: Path) -> list[dict[str, object]]:
    """Hash the evidence store again: one row, or one per damaged content; none without a store."""
    if not (data / STORE / REGISTER).is_file():
        return []
    from pipeline.ingestion.evidence import EvidenceStore  # loads what live services need

    row: dict[str, object] = {"dossier": STORE, "format": "preuves"}
    try:
        damages = EvidenceStore(data / STORE).damages()
    except SourceError as error:
        return [{**row, "anomalie": str(error)}]
    wrong = {place: told for place, told in damages.items() if told is not None}
    sound = len(damages) - len(wrong)
    first = {**row, "lignes": sound, "remarques": "réponses gardées, empreintes vérifiées"}
    return [first, *({**row, "fichier": it, "anomalie": told} for it, told in wrong.items())]


def _count(folder: Path) -> int | None:
    """Return the number of files of a folder, None when it is absent."""
    return sum(path.is_file() for path in folder.rglob("*")) if folder.is_dir() else None


def check_sources(
    data: Path, territories: tuple[Territory, ...], catalogue: Catalogue
) -> pd.DataFrame:
    """
    Open every file of every known folder and say, in one line each, whether it can be used.

    The evidence store, where there is one, is hashed again, answer by answer.

    Parameters
    ----------
    data
        Folder of the sources.
    territories
        All known ones: those of the communes of the folder are kept, all when none is known.
    catalogue
        What is known of each folder.

    Returns
    -------
    table
        Columns `dossier`, `fichier`, `format`, `lignes`, `remarques`, `anomalie` (missing when
        the file is sound).
    """
    with tempfile.TemporaryDirectory(prefix="parzan-") as work:
        scope = Scope(territories[0], None, "", catalogue, Path(work))
        there = _territories_of(data, territories, scope)
        scopes = [dataclasses.replace(scope, territory=territory) for territory in there]
        rows = [row for name in catalogue for row in _check_folder(data, name, scopes)]
    rows += _check_store(data)
    return pd.DataFrame(rows, columns=_COLUMNS).astype({"lignes": "Int64"})


def _territories_of(
    data: Path, territories: tuple[Territory, ...], scope: Scope
) -> tuple[Territory, ...]:
    """Return the territories of the communes of the folder, the one that holds most first."""
    try:
        files = find_files(data, "communes", scope.work) or ()
    except SourceError:  # told when the folder is checked
        files = ()
    found: Counter[str] = Counter()
    for file in files:
        codes = insee_codes(FileReport(file), scope) if file.format in VECTORS else []
        found.update(territory_of(code, territories).code for code in codes)
    by_code = {territory.code: territory for territory in territories}
    return tuple(by_code[code] for code, _ in found.most_common()) or territories


def _check_folder(data: Path, name: str, scopes: list[Scope]) -> list[dict[str, object]]:
    row: dict[str, object] = {"dossier": name}
    try:
        files = find_files(data, name, scopes[0].work)
    except SourceError as error:
        return [{**row, "anomalie": str(error)}]
    if files is None:
        return [{**row, "remarques": "dossier absent"}]
    rows = [{**row, **_check_file(file, scopes)} for file in files]
    if any(file.damage or file.format in READ_IN.get(name, VECTORS) for file in files):
        return rows
    formats = scopes[0].catalogue[name].formats
    return [
        *rows,
        {**row, "anomalie": f"{name}/ : aucun fichier lisible ; formats lus : {formats}"},
    ]


def _check_file(file: SourceFile, scopes: list[Scope]) -> dict[str, object]:
    row: dict[str, object] = {"fichier": file.name, "format": file.format}
    if file.damage is not None:
        return {**row, "anomalie": str(FileReport(file).refusal(file.damage))}
    if file.format not in READ_IN.get(file.folder, VECTORS):
        return {**row, "remarques": "format non lu dans ce dossier : fichier ignoré"}
    refusals: list[str] = []
    for scope in scopes:
        report = FileReport(file)
        try:
            rows = _open(report, scope)
        except SourceError as error:
            refusals.append(str(error))
        else:
            return {**row, "lignes": rows, "remarques": " ; ".join(report.remarks) or None}
    return {**row, "anomalie": refusals[0]}


def _open(report: FileReport, scope: Scope) -> int:
    """Read a file as its folder's reader would, for the whole territory; return its rows."""
    if report.file.format in RAW_OSM:
        return len(read_objects([report], scope, frozenset()).keys())
    if report.file.folder in _OPENED_BY:
        return _OPENED_BY[report.file.folder](report, scope)
    folder = scope.catalogue[report.file.folder]
    if report.file.format in VECTORS:
        tables = [read_layer(report, layer, scope) for layer in list_layers(report)]
        for table in tables:
            folder.require(table, report.file.name)
        return sum(len(table) for table in tables)
    rows = read_csv(report) if report.file.format == "csv" else read_json(report)
    if folder.columns:
        folder.require(rows, report.file.name)
    is_headings = "heading" in folder.columns and folder.find(rows, "heading") is not None
    return len(rows) if is_headings else len(to_points(rows, scope, report))


def _count_dossiers(report: FileReport, scope: Scope) -> int:
    return len(read_rows(report, scope))


def _count_owners(report: FileReport, _: Scope) -> int:
    return count_owned_parcels(report)


def _count_cells(report: FileReport, scope: Scope) -> int:
    from pipeline.ingestion.irradiation import read_yield_cells  # slow to load, seldom needed

    return len(read_yield_cells([report], scope))


def _count_heights(report: FileReport, scope: Scope) -> int:
    from pipeline.ingestion.height_files import open_height_file  # slow to load, seldom needed

    return 0 if open_height_file(report, scope) is None else 1


_OPENED_BY: dict[str, Callable[[FileReport, Scope], int]] = {
    "dossiers": _count_dossiers,
    "proprietaires": _count_owners,
    "irradiation": _count_cells,
    "mnh": _count_heights,
    "ocsge": count_rows,
    "enaf": count_enaf_communes,
    "plu": count_planning_rows,
    "friches": count_brownfields,
    "exemptions_sols": count_exempted_places,
}
