"""What happened to each file, for the table `sources` and for the person who runs the command."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from pipeline.contracts import conform
from pipeline.errors import SourceError
from pipeline.ingestion.catalogue import Catalogue
from pipeline.ingestion.files import SourceFile
from pipeline.ingestion.proofs import Proofs
from pipeline.schemas import SourceRecord

_SHOWN_IDS = 5
_DAY_IN_NAME = re.compile(r"(?<![0-9])(20[0-9]{2}-[01][0-9]-[0-3][0-9])(?![0-9])")

_FROM_PROOF = ("url", "answer_count", "received_at", "licence", "attribution")


@dataclass
class FileReport:
    """
    One file and what was done to it.

    `note` records what an agent may want to know; `warn` also shows it on the terminal. `met` is
    the number of rows met around the commune before any sorting, None when none was looked for;
    `row_count` is how many were kept.
    """

    file: SourceFile
    row_count: int = 0
    met: int | None = None
    vintage: str | None = None
    state: Literal["utilisee", "partielle", "sans_objet"] = "utilisee"
    remarks: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def meet(self, number: int) -> None:
        """Add rows met around the commune, kept or not."""
        self.met = (self.met or 0) + number

    def note(self, remark: str) -> None:
        """Add a French remark to the record, once."""
        if remark not in self.remarks:
            self.remarks.append(remark)

    def warn(self, remark: str) -> None:
        """Add a French remark to the record, and to the warnings of the run."""
        if remark not in self.remarks:
            self.remarks.append(remark)
            self.warnings.append(f"{self.file.name} : {remark}")

    def count(self, number: int, one: str, many: str, *, ids: Iterable[str] = ()) -> None:
        """Note « n things », with the first few ids; nothing when `number` is 0."""
        if number == 0:
            return
        shown = list(ids)
        tail = f" ({', '.join(shown[:_SHOWN_IDS])}{', …' if len(shown) > _SHOWN_IDS else ''})"
        self.note(f"{number} {one if number == 1 else many}{tail if shown else ''}")

    def keep_latest(self, vintage: object) -> None:
        """Keep the latest ISO date met as the vintage of the file; ignore what is no date."""
        day = str(vintage)[:10].replace("/", "-")
        if len(day) == len("2026-01-01") and day[:4].isdigit() and day > (self.vintage or ""):
            self.vintage = day

    def refusal(self, why: str) -> SourceError:
        """Return the one-line error that names this file, for the caller to raise."""
        return SourceError(f"{self.file.name} : {' '.join(why.split())}")


def to_records(
    reports: Iterable[FileReport], missing: Iterable[str], catalogue: Catalogue, proofs: Proofs
) -> pd.DataFrame:
    """
    Return the table `SourceRecord`: one row per file, one `absente` row per missing folder.

    Licence and attribution are those of the service that gave the file, else of its folder.
    """
    rows = [_to_record(report, proofs) for report in reports]
    rows += [{"folder": name, "state": "absente"} for name in missing]
    table = pd.DataFrame(rows, columns=list(SourceRecord.to_schema().columns))
    for column in ("label", "producer", "licence", "attribution"):
        known = pd.Series([getattr(catalogue[name], column) for name in table["folder"]])
        table[column] = table[column].astype(object).where(table[column].notna(), known)
    return conform(SourceRecord, table)


def note_mixed_vintages(
    reports: Sequence[FileReport], catalogue: Catalogue, proofs: Proofs
) -> list[str]:
    """
    Note on each file that others of its folder are of another vintage, where that matters.

    It does in the folders that `sources.yaml` says to be of one vintage, among the files that told
    something of the commune. The vintage is the one that the service gave, else that of the name
    or the content.

    Returns
    -------
    warnings
        One French sentence per folder concerned.
    """
    told: list[str] = []
    for name in sorted({report.file.folder for report in reports}):
        here = [it for it in reports if it.file.folder == name and (it.met or it.row_count)]
        dated = [(it, _vintages(it, catalogue, proofs)) for it in here]
        found = sorted({vintage for _, vintages in dated for vintage in vintages})
        if len(found) > 1:
            remark = f"millésimes mêlés dans {name}/ ({', '.join(found)})"
            for report, vintages in dated:
                if vintages:
                    report.note(remark)
            told.append(f"{name}/ : millésimes mêlés ({', '.join(found)}) ; n'en garder qu'un")
    return told


def _vintages(report: FileReport, catalogue: Catalogue, proofs: Proofs) -> tuple[str, ...]:
    """Return the vintages of a file, none where its folder may mix them or nothing tells."""
    told_by = catalogue[report.file.folder].one_vintage
    if told_by is None:
        return ()
    proof = proofs.of(report.file)
    if proof is not None and proof.vintages:
        return proof.vintages
    if told_by == "contenu":
        return () if report.vintage is None else (report.vintage,)
    return tuple(_DAY_IN_NAME.findall(report.file.name)[-1:])


def _to_record(report: FileReport, proofs: Proofs) -> dict[str, object]:
    """Return one row; a file that was not read has no number of rows, and is no source."""
    is_useless = report.state == "utilisee" and report.row_count == 0
    remarks = list(report.remarks)
    if is_useless and report.met == 0:
        remarks.append("aucun objet autour de la commune")
    was_read = report.met is not None or report.row_count > 0
    proof = proofs.of(report.file)
    origin: dict[str, object] = {}
    if proof is not None:
        origin = {name: getattr(proof, name) for name in _FROM_PROOF}
    return {
        **origin,
        "folder": report.file.folder,
        "state": "sans_objet" if is_useless else report.state,
        "file": report.file.name,
        "sha256": report.file.sha256,
        "vintage": report.vintage or (proof.vintage if proof is not None else None),
        "row_count": report.row_count if was_read else None,
        "remarks": " ; ".join(remarks) or None,
    }
