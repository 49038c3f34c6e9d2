"""What a live service did wrong, in one French line: what, where, what to do."""

import errno
import socket
import ssl
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx

from pipeline.errors import ServiceError, SourceError

_DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_SHOWN = 120
_BUSY = frozenset({502, 503, 504, 529})  # 529, of no standard: « the site is overloaded »


class PassingError(ServiceError):
    """
    A failure that may pass: the request is tried again.

    `wait_s` is how long the service asks to wait, None when it does not say.
    """

    def __init__(self, message: str, wait_s: float | None = None) -> None:
        super().__init__(message)
        self.wait_s = wait_s


def of_connection(error: httpx.HTTPError, where: str) -> ServiceError:
    """Tell a failure of the connection; one that may pass is a `PassingError`."""
    causes = list(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return ServiceError(
            f"{where} : certificat refusé ; vérifier l'horloge, ou indiquer celui du réseau"
            " par SSL_CERT_FILE"
        )
    if isinstance(error, httpx.TooManyRedirects):
        return ServiceError(f"{where} : renvois sans fin ; vérifier l'adresse du service")
    if isinstance(error, httpx.UnsupportedProtocol):
        return ServiceError(f"{where} : adresse inutilisable ; vérifier config/services.yaml")
    return PassingError(f"{where} : {_what(error, causes)}")


def _what(error: httpx.HTTPError, causes: list[BaseException]) -> str:
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return "nom de machine introuvable ; vérifier le réseau et l'adresse du service"
    if isinstance(error, httpx.RemoteProtocolError):
        return "réponse coupée avant sa fin ; relancer, le téléchargement reprendra"
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError | httpx.ProxyError):
        return f"connexion impossible ({one_line(error)}) ; vérifier le réseau, relancer plus tard"
    if isinstance(error, httpx.TimeoutException):
        return "aucun octet dans le délai fixé ; relancer plus tard"
    return f"connexion perdue ({one_line(error)}) ; relancer plus tard"


def of_status(response: httpx.Response, said: bytes, where: str, now: datetime) -> ServiceError:
    """Tell a status that is no success; one that may pass is a `PassingError`."""
    status = response.status_code
    if status == httpx.codes.TOO_MANY_REQUESTS:
        wait = retry_after(response, now)
        more = "" if wait is None else f", attendre {wait:.0f} s"
        return PassingError(
            f"{where} : trop de requêtes (HTTP 429{more}) ; relancer plus tard", wait
        )
    if status in _BUSY:
        return PassingError(
            f"{where} : service indisponible (HTTP {status}) ; relancer plus tard",
            retry_after(response, now),
        )
    if status == httpx.codes.NOT_ACCEPTABLE:
        return ServiceError(
            f"{where} : client refusé (HTTP 406) ; indiquer un contact par PARZAN_CONTACT"
        )
    return ServiceError(
        f"{where} : requête refusée (HTTP {status}{_quoted(said)}) ; vérifier la demande"
    )


def retry_after(response: httpx.Response, now: datetime) -> float | None:
    """
    Return the wait that `Retry-After` asks for, in seconds; None without a usable one.

    A date is counted from the `Date` of the service, so that two clocks need not agree; without it,
    from `now`.
    """
    text = response.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    until = _date(text)
    if until is None:
        return None
    since = _date(response.headers.get("date", "")) or now
    return max(0.0, (until - since).total_seconds())


def of_disk(error: OSError, where: str) -> SourceError:
    """Tell that the disk refused to keep an answer."""
    if error.errno in _DISK_FULL:
        return SourceError(f"{where} : disque plein, rien n'est gardé ; libérer de la place")
    return SourceError(
        f"{where} : écriture impossible ({error.strerror or error}) ; vérifier les droits"
    )


def one_line(text: object) -> str:
    """Return a text of the outside in one short line."""
    return " ".join(str(text).split())[:_SHOWN]


def _quoted(said: bytes) -> str:
    text = one_line(said.decode("utf-8", "replace"))
    return f", « {text} »" if text else ""


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
