"""Where communes are made: none is lost, whatever process dies; real workers, real schedulers."""

import os
import socket
import time

import pytest

from pipeline.errors import EngineError
from pipeline.region_engine import InProcess, Limits, local_workers, scheduler_at
from tests.unit import region_work
from tests.unit.dask_processes import free_port, processes, scheduler, worker
from tests.unit.region_work import LIMITS, codes, orders


def gathered(engine, asked):
    """Return the outcomes by code, each once, and the most orders given out at a time."""
    live, widest, found = set(), 0, {}

    def started(order):
        nonlocal widest
        live.add(order.insee_code)
        widest = max(widest, len(live))

    for outcome in engine.run(asked, started):
        assert outcome.insee_code not in found
        found[outcome.insee_code] = outcome
        live.discard(outcome.insee_code)
    return found, widest


def test_in_process_one_commune_at_a_time(tmp_path):
    found, widest = gathered(InProcess(region_work.easy), orders(tmp_path, codes(3)))
    assert list(found) == codes(3)
    assert widest == 1
    assert {outcome.sha256 for outcome in found.values()} == {str(os.getpid())}


def test_two_processes_share_the_work_a_few_communes_at_a_time(tmp_path):
    before = dict(os.environ)
    with local_workers(2, LIMITS, tmp_path, region_work.slow) as engine:
        found, widest = gathered(engine, orders(tmp_path, codes(12)))
    assert sorted(found) == codes(12)
    assert widest == 4
    processes = {outcome.sha256 for outcome in found.values()}
    assert len(processes) == 2
    assert str(os.getpid()) not in processes
    assert dict(os.environ) == before


def test_a_killed_worker_costs_only_what_it_worked_on(tmp_path):
    with local_workers(2, LIMITS, tmp_path, region_work.deadly_once) as engine:
        found, _ = gathered(engine, orders(tmp_path, codes(8)))
    assert (tmp_path / "tried").exists()
    assert sorted(found) == codes(8)
    assert all(outcome.error is None for outcome in found.values())


def test_a_commune_that_ends_its_workers_is_reported_and_the_others_are_made(tmp_path):
    with local_workers(2, LIMITS, tmp_path, region_work.deadly) as engine:
        found, _ = gathered(engine, orders(tmp_path, codes(6)))
    assert [code for code, outcome in sorted(found.items()) if outcome.error] == ["62902"]
    assert sorted(found) == codes(6)
    assert "même seule" in found["62902"].error
    assert len((tmp_path / "tries").read_text(encoding="utf-8")) == 4  # twice, and twice alone


def test_a_fault_of_the_work_itself_is_reported(tmp_path):
    with local_workers(2, LIMITS, tmp_path, region_work.broken) as engine:
        found, _ = gathered(engine, orders(tmp_path, codes(4)))
    assert "a fault of the work itself" in found["62902"].error
    assert sum(outcome.error is None for outcome in found.values()) == 3


def test_the_limit_of_memory_is_stated_and_never_beyond_the_machine(tmp_path):
    huge = Limits(tasks_per_worker=1, memory_mb=10**9, connect_s=10)
    with local_workers(1, huge, tmp_path, region_work.easy) as engine:
        stated = int(engine.said.split(", ")[1].split()[0])
    assert engine.said.startswith("1 processus, ")
    assert 0 < stated <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024**2


def test_a_scheduler_and_workers_of_their_own_processes(tmp_path):
    """One of the two is killed on the way: the other ends the work."""
    port = free_port()
    with processes(scheduler(port), worker(port), worker(port)) as (_, first, second):
        patient = Limits(2, 1024, connect_s=30)
        with scheduler_at(f"tcp://127.0.0.1:{port}", patient, region_work.slow) as engine:
            engine._client.wait_for_workers(2, timeout=30)
            found = {}
            for outcome in engine.run(orders(tmp_path, codes(16)), lambda _: None):
                found[outcome.insee_code] = outcome
                if len(found) == 4:
                    first.kill()
    assert sorted(found) == codes(16)
    assert all(outcome.error is None for outcome in found.values())
    assert str(second.pid) in {outcome.sha256 for outcome in found.values()}


def test_a_scheduler_that_dies_stops_the_run_in_one_line(tmp_path):
    port = free_port()
    with processes(scheduler(port), worker(port)) as (scheduling, _):
        patient = Limits(2, 1024, connect_s=30)

        def work_on():
            with scheduler_at(f"tcp://127.0.0.1:{port}", patient, region_work.slow) as engine:
                for _ in engine.run(orders(tmp_path, codes(40)), lambda _: None):
                    scheduling.kill()

        with pytest.raises(EngineError, match="relancer la même commande"):
            work_on()


def test_a_scheduler_that_is_not_there_or_has_no_worker_is_told():
    port, hurried = free_port(), Limits(2, 1024, connect_s=1)
    address = f"tcp://127.0.0.1:{port}"
    with (
        pytest.raises(EngineError, match="injoignable"),
        scheduler_at(address, hurried, region_work.easy),
    ):
        pass
    with processes(scheduler(port)):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as opened:
                if opened.connect_ex(("127.0.0.1", port)) == 0:
                    break
        with (
            pytest.raises(EngineError, match="aucun processus de calcul"),
            scheduler_at(address, Limits(2, 1024, connect_s=3), region_work.easy),
        ):
            pass
