"""How often each host is asked: one request per interval, none while it asks for peace."""

import threading
import time


class Throttle:
    """Spaces the requests to each host, for all the threads that share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next: dict[str, float] = {}

    def reserve(self, host: str, per_second: float) -> float:
        """Return how long to sleep before asking `host`, in seconds; the turn is then taken."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next.get(host, now))
            self._next[host] = turn + 1 / per_second
            return turn - now

    def hold(self, host: str, seconds: float) -> None:
        """Let nobody ask `host` before `seconds` have passed."""
        with self._lock:
            until = time.monotonic() + seconds
            self._next[host] = max(until, self._next.get(host, until))
