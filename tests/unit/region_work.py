"""Communes that cost nothing to make, and some that end the process that makes them."""

import os
import signal
import time
from datetime import date
from pathlib import Path

from pipeline.commune_task import Job, Order, Outcome
from pipeline.fingerprints import Making
from pipeline.region_engine import Limits

LIMITS = Limits(tasks_per_worker=2, memory_mb=1024, connect_s=10)


def orders(out, codes):
    job = Job("essai", Path("data"), out, Path("config"), date(2026, 11, 22), Making("", "", ""))
    return [Order(job, code) for code in codes]


def codes(count):
    return [f"629{rank:02d}" for rank in range(count)]


def easy(order):
    return Outcome(order.insee_code, sha256=str(os.getpid()))


def slow(order):
    time.sleep(0.15)
    return easy(order)


def deadly_once(order):
    """End the process at the first try of the third commune."""
    mark = order.job.out / "tried"
    if order.insee_code == "62902" and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return slow(order)


def deadly(order):
    """End the process whenever the third commune is tried."""
    if order.insee_code == "62902":
        with (order.job.out / "tries").open("a", encoding="utf-8") as tries:
            tries.write("x")
        os.kill(os.getpid(), signal.SIGKILL)
    return slow(order)


def broken(order):
    if order.insee_code == "62902":
        msg = "a fault of the work itself"
        raise ValueError(msg)
    return easy(order)
