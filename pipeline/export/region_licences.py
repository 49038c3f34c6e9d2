"""Licences of a file made of several communes: those of the sources that these used."""

from collections.abc import Iterable, Sequence

from pipeline.export.licences import is_share_alike, remark_of
from pipeline.export.project import Licence

Used = tuple[str, str]  # licence, attribution


def licences_of_communes(used: Iterable[Iterable[Used]]) -> list[dict[str, object]]:
    """
    Return one row per licence of what each commune used; every layer derives from all of them.

    Returns
    -------
    rows
        `licence`, `attribution` (each once, joined by ` ; `), `communes_nb`, `partage_identique`,
        `remarque`; sorted by licence.
    """
    told: dict[str, set[str]] = {}
    counts: dict[str, int] = {}
    for commune in used:
        found = list(commune)
        for licence in {licence for licence, _ in found}:
            counts[licence] = counts.get(licence, 0) + 1
        for licence, credit in found:
            told.setdefault(licence, set()).add(credit)
    return [
        {
            "licence": licence,
            "attribution": " ; ".join(sorted(told[licence])),
            "communes_nb": counts[licence],
            "partage_identique": is_share_alike(licence),
            "remarque": remark_of(licence, told),
        }
        for licence in sorted(told)
    ]


def credits_of(rows: Sequence[dict[str, object]]) -> tuple[tuple[str, str], ...]:
    """Return licence and attribution of each row, as the metadata of the file tell them."""
    return tuple((str(row["licence"]), str(row["attribution"])) for row in rows)


def as_licences(rows: Sequence[dict[str, object]]) -> tuple[Licence, ...]:
    """Return the rows as the project of the region tells them of each layer."""
    names = ("licence", "attribution", "remarque")
    return tuple(Licence(*(str(row[name]) for name in names)) for row in rows)
