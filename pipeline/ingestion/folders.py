"""The folders of the sources, opened one by one; what was found in each is remembered."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from pipeline.contracts import check_table
from pipeline.errors import SourceError
from pipeline.ingestion.formats import READ_IN, VECTORS
from pipeline.ingestion.prepared_listing import find_known_files
from pipeline.ingestion.proofs import proofs_of
from pipeline.ingestion.provenance import FileReport, note_mixed_vintages, to_records
from pipeline.ingestion.scope import Scope
from pipeline.schemas import SourceRecord

_SHOWN_REMARKS = 300


class Folders:
    """Opens folders one by one, and remembers what was found in each."""

    def __init__(
        self,
        data: Path,
        scope: Scope,
        on_progress: Callable[[str], None],
        prepared: Path | None = None,
    ) -> None:
        self.scope = scope
        self.reports: list[FileReport] = []
        self.missing: list[str] = []
        self._data, self._prepared = data, prepared
        self._on_progress = on_progress

    def opened(self, name: str) -> list[FileReport]:
        """Return the readable files of a folder opened before."""
        accepted = READ_IN.get(name, VECTORS)
        return [r for r in self.reports if r.file.folder == name and r.file.format in accepted]

    def open(self, name: str) -> list[FileReport]:
        """Return the files of a folder; none, and a record, when it is absent."""
        self._on_progress(self.scope.catalogue[name].label)
        files = find_known_files(self._data, name, self.scope.work, self._prepared)
        if files is None:
            self.missing.append(name)
            return []
        reports = [FileReport(file) for file in files]
        self.reports += reports
        for report in reports:
            if report.file.damage is not None:
                raise report.refusal(report.file.damage)
            if report.file.format not in READ_IN.get(name, VECTORS):
                _leave(report)
        if not self.opened(name):
            formats = self.scope.catalogue[name].formats
            msg = f"{name}/ : aucun fichier lisible dans ce dossier ; formats lus : {formats}"
            raise SourceError(msg)
        return self.opened(name)

    def records(self) -> pd.DataFrame:
        """Return what each file gave, and the folders that are absent."""
        self.mixed()
        proofs = proofs_of(self._data)
        found = to_records(self.reports, self.missing, self.scope.catalogue, proofs)
        return check_table(SourceRecord, found)

    def warnings(self) -> tuple[str, ...]:
        """Return what the person who runs the command should know, one line each."""
        absent = [
            f"{name}/ : {self.scope.catalogue[name].label}, source absente" for name in self.missing
        ]
        useless = [
            f"{name}/ : {self._why_useless(name)}"
            for name in dict.fromkeys(report.file.folder for report in self.reports)
            if not any(report.row_count for report in self.opened(name))
        ]
        return (
            *absent,
            *useless,
            *self.mixed(),
            *(line for report in self.reports for line in report.warnings),
        )

    def mixed(self) -> list[str]:
        """Note the vintages that mix on the files concerned, and return what to say of them."""
        return note_mixed_vintages(self.reports, self.scope.catalogue, proofs_of(self._data))

    def _why_useless(self, name: str) -> str:
        """Tell a folder without data around the commune from one whose data was set aside."""
        around = f"autour de la commune {self.scope.insee_code}"
        reports = self.opened(name)
        met = sum(report.met or 0 for report in reports)
        said = " ; ".join(remark for report in reports for remark in report.remarks)
        if met == 0 and all(report.met is not None for report in reports):
            return f"aucune donnée {around}"
        seen = f"aucun des {met} objets lus n'est gardé" if met else "aucun objet n'est lu"
        return f"{seen} {around} : {said[:_SHOWN_REMARKS] or 'voir la table des sources'}"


def _leave(report: FileReport) -> None:
    """Record a file that its folder does not read."""
    report.state = "sans_objet"
    what = report.file.format
    known = "format non reconnu" if what == "unknown" else f"format {what} sans usage ici"
    report.warn(f"{known}, fichier non lu")
