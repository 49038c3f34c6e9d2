"""A real HTTP server on the loopback, which behaves as badly as it is told to."""

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from pipeline.ingestion.exchange import Request
from pipeline.ingestion.services import Retry, Service, Timeouts
from pipeline.ingestion.transport import Transport

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
USER_AGENT = "parzan/0 (+essais@parzan.example)"


@dataclass
class Seen:
    """One request as the server received it."""

    method: str
    path: str
    params: dict
    headers: dict
    form: dict


@dataclass
class Server:
    """Answers of each path, in turn; the last one is given again and again."""

    base: str
    scripts: dict = field(default_factory=dict)
    seen: list = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def on(self, path, *answers):
        """Say what `path` answers: functions of the handler, or bodies for a plain 200."""
        self.scripts[path] = [a if callable(a) else plain(a) for a in answers]

    def next_of(self, path):
        with self.lock:
            script = self.scripts.get(path, [status(404)])
            return script.pop(0) if len(script) > 1 else script[0]


def _handler(server):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self):
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.query = dict(parse_qsl(parts.query))
            self.form = dict(parse_qsl(body.decode()))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with server.lock:
                server.seen.append(Seen(self.command, parts.path, self.query, headers, self.form))
            try:
                server.next_of(parts.path)(self)
            except OSError:  # the client left
                self.close_connection = True

        do_GET = do_POST = do_HEAD = _answer  # noqa: N815

        def log_message(self, *_):
            """Say nothing."""

    return Handler


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that leaves is what these tests are about."""


@contextmanager
def serving():
    """Run a server on a free port of the loopback."""
    server = Server("")
    http = _Quiet(("127.0.0.1", 0), _handler(server))
    server.base = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def send(handler, code, body=b"", **headers):
    handler.send_response(code)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body)


def plain(body, **headers):
    """A 200 with this body."""
    raw = body if isinstance(body, bytes) else body.encode()
    return lambda handler: send(handler, 200, raw, **headers)


def status(code, body=b"", **headers):
    """An answer of this status."""
    return lambda handler: send(handler, code, body, **headers)


def cut(body, at, *, announced, **headers):
    """A body that stops after `at` bytes, its length announced or not (chunks, without)."""

    def answer(handler):
        handler.send_response(200)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        if announced:
            handler.send_header("Content-Length", str(len(body)))
        else:
            handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(body[:at])
        handler.wfile.flush()
        handler.close_connection = True

    return answer


def cut_chunks(body, at):
    """A chunked body that stops before its last chunk."""

    def answer(handler):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"%x\r\n%s\r\n" % (at, body[:at]))
        handler.wfile.flush()
        handler.close_connection = True

    return answer


def ranged(body, **headers):
    """A 206 with the rest where it is asked for and the validator fits, else a 200."""

    def answer(handler):
        asked = handler.headers.get("Range")
        fits = handler.headers.get("If-Range") in {
            headers.get("ETag"),
            headers.get("Last_Modified"),
        }
        if asked is None or not fits:
            send(handler, 200, body, **headers)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-"))
        place = f"bytes {start}-{len(body) - 1}/{len(body)}"
        send(handler, 206, body[start:], Content_Range=place, **headers)

    return answer


def service(base, **changes):
    """A service of the tests: quick to try again."""
    facts = {
        "label": "Service d'essai",
        "producer": "parzan",
        "base": base,
        "licence": "Licence Ouverte 2.0",
        "attribution": "© essai",
        "requests_per_second": 1000,
        "at_once": 2,
        "max_age_days": 30,
        "absence_max_age_days": 1,
        "largest_shrink": 0.2,
        "largest_answer_mb": 10,
        "retry": Retry(attempts=3, first_wait_s=0.01, longest_wait_s=0.05, jitter_s=0.01),
        "timeouts": Timeouts(connect_s=2, silence_s=2, total_s=10),
    }
    return Service(**(facts | changes))


def transport(base, *, offline=False, **changes):
    """A transport that knows one service, `essai`."""
    return Transport(
        {"essai": service(base, **changes)},
        user_agent=USER_AGENT,
        clock=lambda: NOW,
        offline=offline,
    )


def asking(path="/a", *, kinds=("json",), **more):
    return Request("essai", path, kinds, **more)


def validated(body, **headers):
    """A 304 where the validators asked are ours, else a 200 with them."""

    def answer(handler):
        pairs = (("If-None-Match", "ETag"), ("If-Modified-Since", "Last_Modified"))
        asked = [(handler.headers.get(name), headers.get(ours)) for name, ours in pairs]
        known = [ours for sent, ours in asked if sent is not None]
        if known and all(sent == ours for sent, ours in asked if sent is not None):
            send(handler, 304)
        else:
            send(handler, 200, body, **headers)

    return answer
