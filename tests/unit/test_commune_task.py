"""One commune in a worker: whatever goes wrong is an outcome; the day it may change is known."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from pipeline.commune_task import Job, Order, make_commune
from pipeline.configuration import Configuration
from pipeline.fingerprints import Making, making_of
from pipeline.settings import Settings

DAY = date(2026, 11, 22)
CONFIG = Settings().config


@pytest.fixture(scope="module")
def configuration():
    return Configuration.load(Settings())


def job(tmp_path, **changes):
    said = Job("r", tmp_path / "data", tmp_path / "out", CONFIG, DAY, making_of(CONFIG))
    return replace(said, **changes)


def test_an_error_that_the_user_can_mend_is_told_in_one_line(tmp_path):
    outcome = make_commune(Order(job(tmp_path), "62999"))
    assert "dossier des sources introuvable" in outcome.error
    assert "\n" not in outcome.error
    assert outcome.trace is None
    assert outcome.sha256 is None


def test_a_bug_on_one_commune_keeps_its_trace_and_stops_nothing(tmp_path):
    outcome = make_commune(Order(job(tmp_path, day="2026-11-22"), "62999"))
    assert outcome.error.startswith("62999 : erreur imprévue (")
    assert "Traceback" in outcome.trace


def test_a_worker_with_other_rules_refuses_to_work(tmp_path):
    making = making_of(CONFIG)
    for other in (
        Making("autres", making.assumptions, making.code),
        Making(making.rules, "autres", making.code),
        Making(making.rules, making.assumptions, "autre"),
    ):
        outcome = make_commune(Order(job(tmp_path, making=other), "62999"))
        assert "installer la même version partout" in outcome.error


def test_a_worker_without_the_configuration_says_so(tmp_path):
    outcome = make_commune(Order(job(tmp_path, config=Path("/nowhere")), "62999"))
    assert "configuration illisible" in outcome.error


@pytest.mark.parametrize("day", [date(2026, 11, 22), date(2027, 6, 30), date(2028, 7, 1)])
def test_between_two_changes_the_rules_are_of_the_same_day(configuration, day):
    """`RuleBook.next_change` is where `as_of` moves: not on the day before, surely on the day."""
    rules = configuration.rules
    change = rules.next_change(day)
    assert rules.as_of(change - timedelta(1)) == rules.as_of(day)
    assert rules.as_of(change) == change


def test_nothing_changes_after_the_last_known_date(configuration):
    assert configuration.rules.next_change(date(2100, 1, 1)) == date.max
    assert configuration.rules.next_change(date(2100, 1, 1), [date(2100, 1, 2)]) == date(2100, 1, 2)
    assert configuration.rules.next_change(date(2100, 1, 1), [date(2100, 1, 1)]) == date.max
