"""One request to a live service: paced, retried, resumed, bounded, checked. Or refused: offline."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Self

import httpx
import stamina

from pipeline.disk import sha256_of
from pipeline.errors import AbsentError, OfflineError, ServiceError, SourceError
from pipeline.ingestion.answer_checks import check_answer, decoded, refuse_page
from pipeline.ingestion.evidence_records import Evidence
from pipeline.ingestion.exchange import KEPT_HEADERS, Answer, Request
from pipeline.ingestion.partials import Partial, partial_of, room
from pipeline.ingestion.refusals import PassingError, of_connection, of_disk, of_status
from pipeline.ingestion.services import Service, Services
from pipeline.ingestion.throttle import Throttle
from pipeline.ingestion.watchdog import Watchdog

_log = logging.getLogger(__name__)
_GONE = frozenset({httpx.codes.NOT_FOUND, httpx.codes.GONE})
_WHOLE, _REST, _NO_SUCH_REST, _UNCHANGED = 200, 206, 416, 304
_REDIRECTS = 10
_MEGABYTE = 1024**2
_BIG = 50 * _MEGABYTE


class Transport:
    """
    The only way out to the network.

    Parameters
    ----------
    services
        The services that may be asked.
    user_agent
        How parzan presents itself: name, version, contact.
    clock
        Gives the time, in UTC; only for a `Retry-After` date of a service without `Date`.
    offline
        Refuse every connection.
    announce
        Receives a French sentence before a big download: from where, and how big.
    """

    def __init__(
        self,
        services: Services,
        *,
        user_agent: str,
        clock: Callable[[], datetime],
        offline: bool = False,
        announce: Callable[[str], None] | None = None,
    ) -> None:
        self.services = services
        self.offline = offline
        self._clock = clock
        self._announce = announce or _log.info
        self._throttle = Throttle()
        self._slots = {
            name: threading.BoundedSemaphore(service.at_once) for name, service in services.items()
        }
        self._client = httpx.Client(
            headers={"User-Agent": user_agent, "Accept-Encoding": "gzip"},
            follow_redirects=True,
            max_redirects=_REDIRECTS,
            # One kept for later would escape the watchdog, which learns of each as it opens.
            limits=httpx.Limits(max_keepalive_connections=0),
            event_hooks={"request": [self._wait_turn]},
        )

    def __enter__(self) -> Self:
        """Return the transport itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the client."""
        self._client.close()

    def fetch(self, request: Request, incoming: Path) -> Answer:
        """
        Ask, and return the whole answer.

        Parameters
        ----------
        request
            What is asked of which service.
        incoming
            Folder of the downloads under way; what a failure or a kill leaves there is resumed.

        Raises
        ------
        OfflineError
            If no connection is allowed.
        AbsentError
            If the service holds no such thing.
        ServiceError
            If the service cannot be reached, refuses, or gives what is not the answer.
        SourceError
            If the disk refuses; nothing of the answer is then kept.
        """
        answer = self.refresh(request, incoming, None)
        if answer is None:
            raise AssertionError  # pragma: no cover - nothing is unchanged without a copy
        return answer

    def refresh(self, request: Request, incoming: Path, copy: Evidence | None) -> Answer | None:
        """
        Ask as `fetch` does, but download nothing where a copy still holds.

        Parameters
        ----------
        copy
            An earlier answer to this request: its `ETag` and `Last-Modified` go with the question
            (`If-None-Match`, `If-Modified-Since`), unless a download under way is resumed.

        Returns
        -------
        answer
            None when the address of the copy says that its content did not change (304).
        """
        service = self._allowed(request)
        where = request.where(service)
        try:
            with self._slots[request.service], partial_of(incoming, request.key) as partial:
                deadline = _deadline(service)  # the wait for a turn of ours is not the service's
                for attempt in self._attempts(service, deadline):
                    with attempt:
                        return self._attempt(request, service, partial, deadline, copy)
        except ServiceError:
            raise
        except OSError as error:
            if isinstance(error, SourceError):
                raise
            raise of_disk(error, where) from error
        raise AssertionError  # pragma: no cover - the last attempt raises or returns

    def announced_size(self, request: Request) -> int | None:
        """Return the size that the service announces for a GET, in bytes; None when it does not."""
        service = self._allowed(request)
        where, deadline = request.where(service), _deadline(service)
        for attempt in self._attempts(service, deadline):
            with attempt, self._sent("HEAD", request, service, {}, deadline) as head:
                self._refuse_status(head, where)
                length = head.headers.get("content-length", "")
                return int(length) if length.isdecimal() else None
        return None  # pragma: no cover - the last attempt raises or returns

    def _allowed(self, request: Request) -> Service:
        service = self.services[request.service]
        if self.offline:
            msg = f"{request.where(service)} : connexion interdite (--offline) ; relancer sans elle"
            raise OfflineError(msg)
        return service

    def _attempts(self, service: Service, deadline: float) -> Iterable[stamina.Attempt]:
        def wait(error: Exception) -> bool | float:
            """Tell whether to try again, and after how long when the service asks for a wait."""
            if not isinstance(error, PassingError) or time.monotonic() >= deadline:
                return False
            _log.info("%s", error)
            if error.wait_s is None:
                return True
            return False if time.monotonic() + error.wait_s >= deadline else error.wait_s

        return stamina.retry_context(
            on=wait,
            attempts=service.retry.attempts,
            timeout=None,
            wait_initial=service.retry.first_wait_s,
            wait_max=service.retry.longest_wait_s,
            wait_jitter=service.retry.jitter_s,
        )

    def _attempt(
        self,
        request: Request,
        service: Service,
        partial: Partial,
        deadline: float,
        copy: Evidence | None,
    ) -> Answer | None:
        where = request.where(service)
        resumed = partial.resume_headers() if request.form is None else {}
        headers = resumed or _conditions(copy)
        try:
            with self._sent(request.method, request, service, headers, deadline) as response:
                url, status = str(response.url), response.status_code
                is_unchanged = copy is not None and not resumed and status == _UNCHANGED
                if not is_unchanged:
                    self._refuse_status(response, where, partial)
                    self._receive(response, service, partial, where)
            if copy is None or not is_unchanged:
                return _checked(request, service, partial, url, status)
            # Told by another address than that of the copy, it says nothing of the copy.
            if url == copy.url:
                return None
            return self._attempt(request, service, partial, deadline, None)
        except ServiceError:
            raise
        except OSError:  # the disk: nothing half kept
            partial.forget()
            raise

    @contextmanager
    def _sent(
        self,
        method: str,
        request: Request,
        service: Service,
        headers: dict[str, str],
        deadline: float,
    ) -> Iterator[httpx.Response]:
        """Yield the response, its body still to come; every failure of the wire is told."""
        where = request.where(service)
        limits = service.timeouts
        with Watchdog(deadline) as watchdog:
            try:
                with self._client.stream(
                    method,
                    service.url(request.path),
                    params=dict(request.params) or None,
                    data=None if request.form is None else dict(request.form),
                    headers=headers,
                    timeout=httpx.Timeout(limits.silence_s, connect=limits.connect_s),
                    extensions={"trace": watchdog.trace, "parzan": (service, deadline)},
                ) as response:
                    yield response
            except httpx.HTTPError as error:
                if not watchdog.fired:
                    raise of_connection(error, where) from error
            if watchdog.fired:
                msg = f"{where} : réponse trop lente, plus de {limits.total_s:g} s ; relancer"
                raise PassingError(msg)

    def _wait_turn(self, sent: httpx.Request) -> None:
        """Pace each request to a host, redirects included; refuse one that leaves encryption."""
        service, deadline = sent.extensions["parzan"]
        if sent.url.scheme != "https" and service.base.startswith("https:"):
            msg = f"{service.label} ({sent.url}) : renvoi vers une adresse non chiffrée ; refusé"
            raise ServiceError(msg)
        pause = self._throttle.reserve(sent.url.host, service.requests_per_second)
        if time.monotonic() + pause >= deadline:
            msg = f"{service.label} : le service demande d'attendre {pause:.0f} s ; relancer après"
            raise ServiceError(msg)
        time.sleep(pause)

    def _refuse_status(
        self, response: httpx.Response, where: str, partial: Partial | None = None
    ) -> None:
        status = response.status_code
        if status in {_WHOLE, _REST}:
            return
        if status == _NO_SUCH_REST and partial is not None and partial.size:
            partial.forget()
            msg = f"{where} : reprise refusée ; relancer"
            raise PassingError(msg, 0.0)
        if status in _GONE | response.request.extensions["parzan"][0].absent_statuses:
            msg = f"{where} : introuvable chez le producteur (HTTP {status}) ; vérifier le code"
            absent = AbsentError(msg)
            absent.status = status
            raise absent
        said = next(response.iter_bytes(), b"")
        error = of_status(response, said, where, self._clock())
        if isinstance(error, PassingError) and error.wait_s is not None:
            self._throttle.hold(response.url.host, error.wait_s)
        raise error

    def _receive(
        self, response: httpx.Response, service: Service, partial: Partial, where: str
    ) -> None:
        chunks = response.iter_raw()
        first = next(chunks, b"")
        if response.status_code == _REST:
            _refuse_wrong_rest(response, partial, where)
        else:
            refuse_page(first, where)  # before it takes the place of a download under way
            partial.start(_kept(response))
        announced = response.headers.get("content-length", "")
        size = int(announced) if announced.isdecimal() else 0
        if size > service.largest_answer:
            _refuse_size(where, size, service, partial)
        if size > room(partial.path.parent):
            msg = f"{where} : {size // _MEGABYTE} Mo annoncés, disque plein ; libérer de la place"
            raise SourceError(msg)
        if size >= _BIG:
            self._announce(f"{where} : {size // _MEGABYTE} Mo à télécharger")
        if not partial.append(chain([first], chunks), service.largest_answer):
            _refuse_size(where, partial.size, service, partial)


def _conditions(copy: Evidence | None) -> dict[str, str]:
    """Return the headers that ask for a content only if it is no longer that of a copy."""
    if copy is None:
        return {}
    told = {"If-None-Match": copy.etag, "If-Modified-Since": copy.last_modified}
    return {name: value for name, value in told.items() if value is not None}


def _deadline(service: Service) -> float:
    """Return the end of a request that begins now, on the clock of `time.monotonic`."""
    return time.monotonic() + service.timeouts.total_s


def _refuse_size(where: str, size: int, service: Service, partial: Partial) -> None:
    partial.forget()
    msg = (
        f"{where} : réponse de plus de {service.largest_answer_mb:g} Mo"
        f" ({size // _MEGABYTE} Mo) ; refusée, vérifier la demande"
    )
    raise ServiceError(msg)


def _refuse_wrong_rest(response: httpx.Response, partial: Partial, where: str) -> None:
    """Refuse a rest that does not begin where the download stopped."""
    if not response.headers.get("content-range", "").startswith(f"bytes {partial.size}-"):
        partial.forget()
        msg = f"{where} : reprise au mauvais endroit ; relancer"
        raise PassingError(msg, 0.0)


def _checked(request: Request, service: Service, partial: Partial, url: str, status: int) -> Answer:
    """Return the answer that the bytes received make; forget them if they make none."""
    where = request.where(service)
    facts = partial.facts()
    content = partial.path
    try:
        encoding = facts.get("content-encoding", "").lower()
        content = decoded(partial.path, encoding, service.largest_answer, where)
        check_answer(content, request, service.largest_answer, where)
    except ServiceError:
        content.unlink(missing_ok=True)
        partial.forget()
        raise
    sha256, size = sha256_of(content), content.stat().st_size
    return Answer(partial.give(content), sha256, size, url, status, facts)


def _kept(response: httpx.Response) -> dict[str, str]:
    return {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
