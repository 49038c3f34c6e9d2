"""The recipes of a scheduled refresh: each machine reads its own."""

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.cli import app
from pipeline.schedule import Moment, Unit, cron, recipes, service, timer, windows
from tests.integration.command import runner

UNIT = Unit(
    "parzan-region-32",
    ["/opt/parzan/bin/parzan", "refresh", "--region", "32", "--data", "/srv/d 100 %/$x"],
    [Path("/srv/d 100 %/$x"), Path("/srv/out")],
)
FIRST_NIGHT = Moment(2, 5, day=1)


def test_a_timer_says_the_hour_and_the_day():
    assert "OnCalendar=*-*-01 02:05:00" in timer(FIRST_NIGHT)
    assert "OnCalendar=*-*-* 23:00:00" in timer(Moment(23, 0))
    assert "Persistent=true" in timer(FIRST_NIGHT)


def test_systemd_signs_are_escaped():
    assert (
        'ExecStart=/opt/parzan/bin/parzan refresh --region 32 --data "/srv/d 100 %%/$$x"'
        in service(UNIT)
    )
    # A dollar sign names a variable in a command, nowhere else.
    assert 'ReadWritePaths="/srv/d 100 %%/$x" /srv/out' in service(UNIT)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd on this machine")
def test_systemd_reads_the_units_without_a_remark(tmp_path):
    program = shutil.which("true")
    unit = Unit("parzan-essai", [program, "refresh", "--data", "/srv/d 100 %"], [tmp_path])
    (tmp_path / "parzan-essai.service").write_text(
        service(unit).replace("User=parzan\n", "User=root\n"), encoding="utf-8"
    )
    (tmp_path / "parzan-essai.timer").write_text(timer(FIRST_NIGHT), encoding="utf-8")
    found = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / "parzan-essai.timer")],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in found.stderr.splitlines() if "parzan-essai" in line]
    assert ours == []
    assert found.returncode == 0, found.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd on this machine")
@pytest.mark.parametrize(
    ("moment", "expected"),
    [(FIRST_NIGHT, "2026-12-01 02:05:00"), (Moment(23, 0), "2026-11-22 23:00:00")],
)
def test_systemd_starts_on_the_day_that_was_asked(moment, expected):
    calendar = timer(moment).split("OnCalendar=")[1].splitlines()[0]
    found = subprocess.run(
        ["systemd-analyze", "calendar", "--base-time=2026-11-22 12:00:00", calendar],
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = (line for line in found.stdout.splitlines() if "Next elapse" in line)
    assert expected in line


def test_a_cron_line_starts_the_same_command():
    minute, hour, day, month, weekday, command = cron(UNIT, FIRST_NIGHT).split(" ", 5)
    assert (minute, hour, day, month, weekday) == ("5", "2", "1", "*", "*")
    assert shlex.split(command.replace(r"\%", "%")) == UNIT.command
    assert "%" not in command.replace(r"\%", "")


def test_the_windows_task_starts_on_the_same_day_whoever_is_logged_on():
    unit = Unit("parzan-region-32", [r"C:\parzan\parzan.exe", "--data", r"C:\mes données"], [])
    assert windows(unit, FIRST_NIGHT).splitlines()[-1] == (
        r"schtasks /Create /TN parzan-region-32 /SC MONTHLY /D 1 /ST 02:05 /RU parzan /RP * /TR"
        r' "C:\parzan\parzan.exe --data \"C:\mes données\""'
    )
    assert "/SC DAILY /ST 23:00" in windows(unit, Moment(23, 0))


@pytest.mark.parametrize(("length", "in_a_file"), [(261, False), (262, True)])
def test_a_command_too_long_for_schtasks_goes_in_a_file(length, in_a_file):
    program = r"C:\100%\parzan.exe".ljust(length, "x")
    found = windows(Unit("parzan-region-32", [program], []), FIRST_NIGHT)
    *before, last = found.splitlines()
    assert (r"/TR C:\parzan\parzan-region-32.cmd" in last) is in_a_file
    assert (program.replace("%", "%%") in before) is in_a_file
    assert (program in last) is not in_a_file


def test_one_document_holds_the_recipes_and_the_exit_codes():
    document = recipes(UNIT, FIRST_NIGHT)
    for part in (service(UNIT), timer(FIRST_NIGHT), cron(UNIT, FIRST_NIGHT)):
        assert part in document
    for code in ("0  tout est à jour", "1  arrêt", "2  commande", "3  fait, mais"):
        assert code in document


def test_the_command_prints_the_recipes_of_the_refresh_that_was_asked(tmp_path):
    arguments = ["schedule", "show", "--at", "02:05", "--day", "1", "--region", "32"]
    folders = ["--data", str(tmp_path / "d"), "--out", str(tmp_path / "o")]
    result = runner.invoke(app, [*arguments, *folders, "--log", str(tmp_path / "l" / "j.log")])
    assert result.exit_code == 0, result.output
    assert f"refresh --region 32 --data {tmp_path}/d --out {tmp_path}/o" in result.stdout
    assert f"ReadWritePaths={tmp_path}/d {tmp_path}/o {tmp_path}/l" in result.stdout
    assert "parzan-region-32.timer" in result.stdout


@pytest.mark.parametrize(
    ("codes", "name"),
    [
        ("62001,62002,62003,62004,62005", "parzan-commune-62001-62002-62003-62004-62005"),
        (
            "62001,62002,62003,62004,62005,62006,62007",
            "parzan-commune-62001-62002-62003-62004-62005-et-2-autres",
        ),
    ],
)
def test_many_communes_make_a_short_name(codes, name):
    result = runner.invoke(app, ["schedule", "show", "--at", "02:05", "--commune", codes])
    assert result.exit_code == 0, result.output
    assert f"/etc/systemd/system/{name}.timer" in result.stdout
    assert f"--commune {codes.split(',')[-1]} " in result.stdout


@pytest.mark.parametrize(
    "wrong",
    [
        ["--at", "25:00", "--region", "32"],
        ["--at", "02:00"],
        ["--at", "02:00", "--region", "32", "--departement", "62"],
        ["--at", "02:00", "--region", "32", "--day", "29"],
        ["--at", "02:00", "--commune", "../62"],
    ],
)
def test_a_wrong_use_is_refused(wrong):
    assert runner.invoke(app, ["schedule", "show", *wrong]).exit_code == 2
