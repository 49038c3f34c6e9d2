"""The digest as one HTML page: it loads nothing, runs nothing, and folds by département."""

import base64
import hashlib
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pandas as pd

from pipeline.digest_entries import Digest
from pipeline.export.domains import DOMAINS, cause_words
from pipeline.export.qgis_xml import element
from pipeline.french import number, percent
from pipeline.schemas import CHANGE_CAUSES, CHANGE_KINDS

_STYLE = (
    "body{font:14px/1.4 'DejaVu Sans',Arial,sans-serif;color:#222;max-width:1100px;margin:1em auto;"
    "padding:0 1em}h1{font-size:1.5em;margin:0}h2{font-size:1.15em;margin:1.4em 0 .4em;"
    "border-bottom:1px solid #888}table{border-collapse:collapse;width:100%;margin:.4em 0}"
    "td,th{border-bottom:1px solid #ccc;padding:.2em .5em;text-align:left;vertical-align:top}"
    "td.n,th.n{text-align:right;white-space:nowrap}summary{cursor:pointer;padding:.3em 0;"
    "font-weight:bold}details{margin-left:.5em}.w{background:#fff3d6;border:1px solid #d9a400;"
    "padding:.4em .8em}@media print{details>summary{list-style:none}}"
)
_WARNING = "Estimation sur données publiques : ne vaut ni constat ni décision."
_KINDS, _CAUSES = DOMAINS["nature_changement"], DOMAINS["cause_changement"]
_HEADS = ("Parc", "Changement", "Causes", "Statut", "Échéance", "Priorité")
_MOST_URGENT = 50
_MOST_OF_KIND = 200
_MOST_OF_COMMUNE = 200
_LEFT = "Et {} autres : voir la liste jointe (CSV, ODS)."


def digest_page(digest: Digest) -> str:
    """
    Return the digest as one page in French, that any browser opens offline.

    Its content security policy allows its own style sheet and nothing else; what comes from the
    data is text.
    """
    title = f"Ce qui a changé {_period(digest)}"
    head = [
        element("meta", {"charset": "utf-8"}),
        element("meta", {"http-equiv": "Content-Security-Policy", "content": _policy()}),
        element("meta", {"name": "viewport", "content": "width=device-width"}),
        element("title", text=title),
        element("style", text=_STYLE),
    ]
    body = [
        element("h1", text=title),
        element("p", text=_summary(digest)),
        element("p", {"class": "w"}, text=_WARNING),
        *_section("Nombres", _by_code(digest.entries, "nature", CHANGE_KINDS, _KINDS)),
        *_section("Causes", _by_cause(digest.entries)),
        *_section("À traiter d'abord", _changes(digest.entries, _MOST_URGENT, place=True)),
        *_section("Corrections en conflit", _conflicts(digest.conflicts)),
        *_section("Communes en échec", _failures(digest)),
        *_section("Changements par nature", _natures(digest.entries)),
        *_section("Par département et par commune", _places(digest.entries)),
    ]
    parts = [element("head", children=head), element("body", children=body)]
    root = element("html", {"lang": "fr"}, parts)
    text = ET.tostring(root, encoding="unicode", method="html")
    return f"<!DOCTYPE html>\n{text}\n"


def _policy() -> str:
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _period(digest: Digest) -> str:
    if digest.first == digest.last:
        return f"au {digest.last:%d/%m/%Y}"
    return f"du {digest.first:%d/%m/%Y} au {digest.last:%d/%m/%Y}"


def _summary(digest: Digest) -> str:
    touched = digest.entries["commune_insee"].nunique()
    parks = digest.entries["parc_id"].nunique()
    return (
        f"{number(len(digest.entries))} changement(s), {number(parks)} parc(s),"
        f" {number(touched)} commune(s) sur {number(digest.communes)} ;"
        f" {len(digest.conflicts)} correction(s) en conflit, {len(digest.failures)} échec(s)."
    )


def _section(title: str, content: Iterable[ET.Element]) -> Iterator[ET.Element]:
    """Yield a title and what follows; a section without content says so."""
    yield element("h2", text=title)
    children = list(content)
    yield from children or [element("p", text="Rien.")]


def _by_code(
    entries: pd.DataFrame, column: str, codes: Sequence[str], words: dict[str, str]
) -> Iterator[ET.Element]:
    found = entries[column].value_counts()
    rows = [(words[code], number(found[code])) for code in codes if code in found.index]
    if rows:
        yield _table(("", "Changements"), rows, right={1})


def _by_cause(entries: pd.DataFrame) -> Iterator[ET.Element]:
    """Count each possible cause: a change that has several counts for each."""
    each = entries.assign(cause=entries["causes"].str.split(";")).explode("cause")
    yield from _by_code(each, "cause", CHANGE_CAUSES, _CAUSES)
    several = int(entries["causes"].str.contains(";", regex=False).sum()) if len(entries) else 0
    if several:
        words = "changement(s) ont plusieurs causes possibles et comptent pour chacune."
        yield element("p", text=f"{number(several)} {words}")


def _changes(entries: pd.DataFrame, most: int, *, place: bool) -> Iterator[ET.Element]:
    if not len(entries):
        return
    heads = [*(["Commune"] if place else []), *_HEADS]
    rows = [
        [*([f"{row['commune_nom']} ({row['commune_insee']})"] if place else []), *_cells(row)]
        for row in _records(entries.head(most))
    ]
    yield _table(heads, rows)
    if len(entries) > most:
        yield element("p", text=_LEFT.format(number(len(entries) - most)))


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    park = ", ".join(part for part in (row["nom"], row["parc_id"]) if part)
    due = row["echeance"]
    shown = "/".join(reversed(str(due)[:10].split("-"))) if due else ""
    ranked = row["priorite_instruction"]
    return (
        park,
        row["detail"],
        cause_words(row["causes"]),
        DOMAINS["statut"].get(row["statut"], ""),
        shown,
        "" if ranked is None else number(ranked),
    )


def _conflicts(conflicts: pd.DataFrame) -> Iterator[ET.Element]:
    rows = [
        (
            f"{row['commune_nom']} ({row['commune_insee']})",
            row["parc_id"] or "",
            DOMAINS["action_correction"].get(row["action"], row["action"]),
            row["date"] or "",
            "" if row["part_deplacee"] is None else percent(row["part_deplacee"]),
            row["raison"] or "",
        )
        for row in _records(conflicts)
    ]
    if rows:
        heads = ("Commune", "Parc", "Correction", "Prise le", "Contour déplacé de", "Raison")
        yield _table(heads, rows, right={4})


def _failures(digest: Digest) -> Iterator[ET.Element]:
    rows = [(failure.insee_code, failure.message) for failure in digest.failures]
    if rows:
        yield _table(("Commune", "Raison"), rows)


def _natures(entries: pd.DataFrame) -> Iterator[ET.Element]:
    """Yield one fold per kind of change, the most urgent first in each."""
    for kind in CHANGE_KINDS:
        rows = entries[entries["nature"] == kind]
        if len(rows):
            told = element("summary", text=f"{_KINDS[kind]} : {number(len(rows))}")
            yield element("details", {}, [told, *_changes(rows, _MOST_OF_KIND, place=True)])


def _places(entries: pd.DataFrame) -> Iterator[ET.Element]:
    """Yield one fold per département, and in it one per commune."""
    for departement, of_departement in entries.groupby("departement", sort=True):
        communes = list(of_departement.groupby("commune_insee", sort=True))
        told = f"Département {departement} : {number(len(of_departement))} changement(s)"
        counted = _departement_table(communes)
        folds = [_commune(str(code), rows) for code, rows in communes]
        yield element("details", {}, [element("summary", text=told), counted, *folds])


def _departement_table(communes: Sequence[tuple[Any, pd.DataFrame]]) -> ET.Element:
    rows = []
    for code, found in communes:
        kinds = found["nature"].value_counts()
        told = ", ".join(
            f"{_KINDS[kind]} : {kinds[kind]}" for kind in CHANGE_KINDS if kind in kinds.index
        )
        causes = set(";".join(found["causes"]).split(";"))
        named = ", ".join(_CAUSES[cause] for cause in CHANGE_CAUSES if cause in causes)
        name = f"{found['commune_nom'].iloc[0]} ({code})"
        rows.append((name, number(len(found)), told, named))
    return _table(("Commune", "Changements", "Natures", "Causes"), rows, right={1})


def _commune(code: str, rows: pd.DataFrame) -> ET.Element:
    told = f"{rows['commune_nom'].iloc[0]} ({code}) : {number(len(rows))} changement(s)"
    content = _changes(rows, _MOST_OF_COMMUNE, place=False)
    return element("details", {}, [element("summary", text=told), *content])


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    plain = table.astype(object)
    rows = plain.where(plain.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def _table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    right: frozenset[int] | set[int] = frozenset(),
) -> ET.Element:
    def line(tag: str, cells: Sequence[str]) -> ET.Element:
        made = [
            element(tag, {"class": "n"} if rank in right else {}, text=cell)
            for rank, cell in enumerate(cells)
        ]
        return element("tr", children=made)

    return element("table", children=[line("th", heads), *(line("td", row) for row in rows)])
