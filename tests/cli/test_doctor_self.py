"""``utnet doctor --self``: what it prints and its exit status; the checks have their own tests."""

import json
import subprocess
import sys

import pytest

from core.cli.main import main
from core.doctor.environment import examine
from core.doctor.environment.examined import Examined, Health

OK = Examined("Python", "3.11.9", Health.OK)
NOTE = Examined("GPU", "none", Health.NOTE, "train small networks here")
WRONG = Examined("place for runs", "cannot be written", Health.WRONG, "give yourself the right")


@pytest.fixture
def finds(monkeypatch):
    """Let the checks find this."""

    def plant(*found: Examined) -> None:
        monkeypatch.setattr(examine, "examine_environment", lambda hand_model: iter(found))

    return plant


def test_healthy_is_status_0_and_notes_are_no_fault(finds, capsys):
    finds(OK, NOTE)
    assert main(["doctor", "--self"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("OK          Python: 3.11.9\n") and said.endswith("\nhealthy\n")
    assert "→ train small networks here" in said


def test_one_wrong_thing_is_status_1(finds, capsys):
    finds(OK, WRONG)
    assert main(["doctor", "--self"]) == 1
    said = capsys.readouterr().out
    assert "WRONG       place for runs: cannot be written" in said and "1 of 2" in said


def test_json_has_value_verdict_and_advice(finds, capsys):
    finds(OK, WRONG)
    assert main(["doctor", "--self", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["healthy"] is False and told["version"]
    assert told["checks"][1] == {
        "name": "place for runs",
        "measured": "cannot be written",
        "health": "wrong",
        "advice": "give yourself the right",
    }


def test_a_check_that_cannot_even_be_imported_is_wrong_and_the_others_run(monkeypatch):
    for name in ("versions", "window", "devices", "places"):  # as where a library is missing
        monkeypatch.setitem(sys.modules, f"core.doctor.environment.{name}", None)
    found = {one.name: one for one in examine.examine_environment()}
    assert found["devices"].health is Health.WRONG
    assert "ModuleNotFoundError" in found["devices"].measured
    assert found["demo, checkpoint and hand"].health is Health.OK
    assert found["hand model"].health is Health.NOTE


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["demo", "--self"], "leave out dataset"),
        (["--self", "--checks", "scale"], "leave out checks"),
        (["demo", "--hand-model", "mine.pkl"], "data.hand_model"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options, said, capsys):
    assert main(["doctor", *options]) == 2
    assert said in capsys.readouterr().err


def test_help_and_parsing_import_neither_torch_nor_qt():
    code = (
        "import sys; from core.cli.main import build_parser\n"
        "build_parser().parse_args(['doctor', '--self'])\n"
        "import core.doctor.environment.examine, core.doctor.environment.devices\n"
        "assert not {'PySide6', 'torch'} & sys.modules.keys()"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
