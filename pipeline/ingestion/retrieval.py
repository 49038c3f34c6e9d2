"""An answer: from the store while fresh, else from the service, else its last good copy."""

from collections.abc import Callable
from datetime import datetime, timedelta

from pipeline.errors import AbsentError, OfflineError, ServiceError
from pipeline.ingestion.evidence import EvidenceStore, Facts
from pipeline.ingestion.evidence_records import Evidence
from pipeline.ingestion.exchange import Answer, Request
from pipeline.ingestion.services import Service
from pipeline.ingestion.transport import Transport

# Reads an answer (and how messages call it); raises `ServiceError` when it is no answer.
Reader = Callable[[Answer, str], Facts]


class Retrieval:
    """
    Answers of live services, kept; `kept_count` tells how many came since it was made.

    Parameters
    ----------
    store, transport
        Where answers are kept, and what asks for them.
    clock
        Gives the time, in UTC.
    warn
        Receives French sentences of one line: an old copy was used, and why.
    accept_shrink
        Keep an answer even when it lost more than the share that its service may lose.
    renew
        Ask again even for what is fresh.
    """

    def __init__(
        self,
        store: EvidenceStore,
        transport: Transport,
        *,
        clock: Callable[[], datetime],
        warn: Callable[[str], None],
        accept_shrink: bool = False,
        renew: bool = False,
    ) -> None:
        self.store = store
        self.transport = transport
        self._clock = clock
        self._warn = warn
        self._accept_shrink = accept_shrink
        self._renew = renew
        self.kept_count = 0

    def get(self, request: Request, read: Reader, *, renew: bool = False) -> Evidence:
        """
        Return an answer that was read and kept.

        Parameters
        ----------
        request
            What is asked.
        read
            Reads the answer; one that it refuses is not kept.
        renew
            Ask again even if the copy is fresh.

        Returns
        -------
        evidence
            The copy of the store while it is younger than `max_age_days`, or exactly as old; else a
            new answer, which is the same content without a download when the service says that it
            did not change; or the last good copy, with a warning, when the service cannot give one
            or gives one that lost too much.

        Raises
        ------
        AbsentError
            If the service says that it holds no such thing, or said so lately: an old copy would
            hide it.
        ServiceError
            If there is no answer and no copy.
        SourceError
            If the disk refuses.
        """
        service = self.transport.services[request.service]
        last = self.store.latest(request)
        if last is not None and not (renew or self._renew) and self.is_fresh(last, service):
            return _present(last)
        try:
            return self._fetched(request, service, read, last)
        except AbsentError as error:
            self.store.keep_absence(request, service, error.status, self._clock())
            raise
        except ServiceError as error:
            if last is None:
                raise
            self._warn(_instead(error, last))
            return _present(last)

    def is_fresh(self, evidence: Evidence, service: Service) -> bool:
        """
        Tell whether an answer is young enough; one that comes from the future is not.

        An absence is asked again sooner: a wrong address makes one, too.
        """
        age = self._clock() - evidence.time
        days = service.absence_max_age_days if evidence.is_absence else service.max_age_days
        return timedelta(0) <= age <= timedelta(days=days)

    def _may_hold(self, last: Evidence, request: Request) -> bool:
        """
        Tell whether the service may be asked if a copy still holds.

        Not after an absence or a POST, nor where a digest is announced, nor of a damaged copy.
        """
        is_told = last.etag is not None or last.last_modified is not None
        is_plain = request.form is None and request.md5 is None
        return is_told and is_plain and not last.is_absence and self.store.is_sound(last)

    def _fetched(
        self,
        request: Request,
        service: Service,
        read: Reader,
        last: Evidence | None,
    ) -> Evidence:
        copy = last if last is not None and self._may_hold(last, request) else None
        answer = self.transport.refresh(request, self.store.incoming, copy)
        if answer is None and copy is not None:
            return self.store.confirm(copy, self._clock())
        if answer is None:
            raise AssertionError  # pragma: no cover - nothing is unchanged without a copy
        try:
            facts = read(answer, request.where(service))
            if last is not None and not self._accept_shrink:
                _refuse_shrink(answer, facts, last, service, request.where(service))
        except ServiceError:
            answer.path.unlink()
            raise
        kept = self.store.keep(answer, request, service, facts, self._clock())
        self.kept_count += 1
        return kept


def _present(evidence: Evidence) -> Evidence:
    """Return an answer, unless it is that there is no such thing."""
    if evidence.is_absence:
        msg = (
            f"{evidence.url} : introuvable chez le producteur le {evidence.fetched_at[:10]}"
            f" (HTTP {evidence.status}) ; vérifier le code"
        )
        raise AbsentError(msg)
    return evidence


def _refuse_shrink(
    answer: Answer, facts: Facts, last: Evidence, service: Service, where: str
) -> None:
    """Refuse an answer that lost more than the share allowed, in objects or else in bytes."""
    if facts.row_count is not None and last.row_count is not None:
        before, after, unit = last.row_count, facts.row_count, "objets"
    else:
        before, after, unit = last.size, answer.size, "octets"
    if before - after > service.largest_shrink * before:
        msg = (
            f"{where} : réponse suspecte, {after} {unit} contre {before} le"
            f" {last.fetched_at[:10]} ; vérifier, puis relancer avec --accept-shrink"
        )
        raise ServiceError(msg)


def _instead(error: ServiceError, last: Evidence) -> str:
    """Return the warning of an old copy used; offline, the reason is known."""
    day = last.fetched_at[:10]
    if isinstance(error, OfflineError):
        return f"{last.url} : hors ligne, copie du {day} employée, plus ancienne que l'âge admis"
    return f"{error} ; copie du {day} employée"
