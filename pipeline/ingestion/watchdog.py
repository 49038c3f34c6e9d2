"""The end of a request that lasts too long, even when bytes keep coming one by one."""

import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

_OPENED = ("connection.connect_tcp.complete", "connection.start_tls.complete")


class Watchdog:
    """
    Cuts the connections of one request at its deadline.

    A limit on silence does not stop a service that drips: each byte starts it again, in the headers
    as in the body. Cut, the reader sees an end of file or an error; `fired` tells why.

    Parameters
    ----------
    deadline
        On the clock of `time.monotonic`, seconds.
    """

    def __init__(self, deadline: float) -> None:
        self.fired = False
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(max(0.0, deadline - time.monotonic()), self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        """Start the count."""
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the count."""
        self._timer.cancel()

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Learn of each connection as it opens: the `trace` extension of the HTTP client."""
        if event in _OPENED:
            with self._lock:
                self._socket = info["return_value"].get_extra_info("socket")
                if self.fired:
                    self._shut()

    def _cut(self) -> None:
        with self._lock:
            self.fired = True
            self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):  # already closed
                # Not the method of an SSL socket, which would also forget its session.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
