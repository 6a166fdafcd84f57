"""``utnet doctor``: what it prints, writes and answers with, on the embedded samples."""

import json

import pytest

from core.cli.main import main
from core.doctor.store import read_examination

DATA = ["--tier", "seconds", "--checks", "targets,scale,reprojection", "--set", "run.threads=1"]


def test_healthy_data_is_status_0_and_every_check_has_its_number(capsys):
    assert main(["doctor", "demo", *DATA, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "healthy" and told["diagnosis"] == []
    assert [check["id"] for check in told["checks"]] == ["targets", "scale", "reprojection"]
    for check in told["checks"]:
        assert check["verdict"] == "pass" and isinstance(check["value"], float)
        assert check["threshold"] is not None and check["reason"] and check["formula"]


def test_a_fault_is_status_1_with_cause_remedy_and_place(capsys):
    # No hand is half a metre long, so this threshold makes a fault of all.
    strict = ["--threshold", "targets.extent_low=500"]
    assert main(["doctor", "demo", *DATA, *strict, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    cause = told["diagnosis"][0]
    assert cause["check"] == "targets" and cause["title"] and cause["remedy"] and cause["where"]


def test_a_configuration_changes_thresholds_too(tmp_path, capsys):
    file = tmp_path / "strict.yaml"
    file.write_text("name: strict\ndoctor:\n  thresholds: targets.extent_low=500\n")
    assert main(["doctor", "demo", "--config", str(file), *DATA]) == 1
    assert "1." in capsys.readouterr().out


def test_progress_is_lines_and_the_report_is_files(tmp_path, capsys):
    folder = tmp_path / "report"
    assert main(["doctor", "demo", *DATA, "--progress", "--report", str(folder)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    started = [line for line in lines if line["event"] == "started"]
    assert [line["check"] for line in started] == ["targets", "scale", "reprojection"]
    assert [line["event"] for line in lines].count("finding") == 3
    assert lines[-1] == {"event": "finished", "folder": str(folder)}
    assert len(read_examination(folder).findings) == 3
    for name in ("report.en.html", "report.zh.html", "report.en.md", "report.zh.md"):
        assert (folder / name).stat().st_size > 1000


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["demo", "--checks", "targtes"], "targtes"),
        (["demo", "--threshold", "no.such=1"], "no.such"),
        (["demo", "--threshold", "scale"], "key=number"),
        (["demo", "--progress"], "--report"),
        (["no-such-folder"], "no-such-folder"),
        (["demo", "--config", "demmo"], "did you mean demo"),
        (["--adapter", "nonsense"], "package.module:factory"),
        (["demo", "--run", "no-such-run"], "no-such-run"),
        (["demo", "--checkpoint", "no-such.safetensors"], "no-such.safetensors"),
    ],
)
def test_what_cannot_be_run_is_status_2_and_says_why(options, said, capsys):
    assert main(["doctor", *options]) == 2
    assert said in capsys.readouterr().err
