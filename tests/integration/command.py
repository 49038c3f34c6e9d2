"""The command line as a person runs it: a run of the sample commune, and what a refusal says."""

from typer.testing import CliRunner

from pipeline.cli import app

runner = CliRunner()
ON = "2026-11-22"


def run(data, out, insee="62999", *options):
    arguments = ["run", insee, "--data", str(data), "--out", str(out), "--on", ON, *options]
    return runner.invoke(app, arguments)


def refused(result, *words):
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    assert result.exit_code == 1, result.output
    assert len(lines) == 1, lines
    assert lines[0].startswith("Erreur : ")
    assert "Traceback" not in result.output
    for word in words:
        assert word in lines[0]


def nothing_written(out):
    return not out.exists() or not [path for path in out.rglob("*") if path.is_file()]
