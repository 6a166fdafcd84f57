"""What the window can do here: real facts, and processes that answer as broken machines do."""

import re
import sys
from pathlib import Path

import pytest

from core.doctor.environment import window
from core.doctor.environment.examined import Health
from core.doctor.environment.window import (
    LIBRARIES,
    WINDOW_PACKAGES,
    examine_libraries,
    examine_window,
    gather_facts,
    judge_drawing,
    judge_screen,
)

ROOT = Path(__file__).resolve().parents[3]


def answering(code: str) -> tuple[str, ...]:
    """A process that stands in for the window's."""
    return (sys.executable, "-c", f"import json, sys, os\n{code}")


def say(fact: str, value: object) -> str:
    return f"print(json.dumps({{'fact': {fact!r}, 'value': {value!r}}}), flush=True)\n"


HEALTHY = "".join(
    [
        say("platform", "Qt 6.11.2, offscreen, 800×800 at scale 1"),
        say("painting", 400),
        say("settings", {"path": "settings.ini", "problem": "", "hand_model": "mine.pkl"}),
        say("log", ""),
        say("rays", 2.5),
        say("opengl", "4.5, llvmpipe"),
    ]
)


def health(found) -> dict[str, Health]:
    return {one.name: one.health for one in found}


def test_this_machine(home, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    found, hand_model = examine_window()
    assert hand_model == ""
    assert {one.name for one in found if one.health is not Health.OK} == {"screen"}, found
    assert health(found)["screen"] is Health.NOTE
    assert str(home) in next(one.measured for one in found if one.name == "settings")


def test_what_a_healthy_window_says_is_healthy():
    facts = gather_facts("offscreen", command=answering(HEALTHY))
    assert set(health(judge_drawing(facts)).values()) == {Health.OK}
    assert set(health(judge_screen(facts)).values()) == {Health.OK}
    assert facts.values["settings"]["hand_model"] == "mine.pkl"


def test_no_gl_library_is_wrong_and_names_the_package():
    planted = {**LIBRARIES, "libNoSuchGL.so.1": "libno-such-gl1"}
    examined = examine_libraries(planted)
    assert examined.health is Health.WRONG and "libNoSuchGL.so.1" in examined.measured
    assert "apt-get install libno-such-gl1" in examined.advice
    assert examine_libraries().health is Health.OK


def test_qt_that_cannot_be_imported_is_wrong_with_the_reason():
    code = "sys.exit('ImportError: libGL.so.1: cannot open shared object file')"
    found = judge_drawing(gather_facts("offscreen", command=answering(code)))
    assert health(found) == {
        "drawing without a screen": Health.WRONG,
        "settings": Health.NOT_TESTED,
        "log file": Health.NOT_TESTED,
        "mesh view": Health.WRONG,
    }
    assert all("libGL.so.1" in one.measured for one in found)


def test_a_screen_without_opengl_is_a_note_and_a_crash_there_hides_nothing():
    without = HEALTHY.replace("'4.5, llvmpipe'", "''")
    assert health(judge_screen(gather_facts("", command=answering(without)))) == {
        "screen": Health.OK,
        "OpenGL": Health.NOTE,
    }
    crash = HEALTHY[: HEALTHY.index("print(json.dumps({'fact': 'opengl'")] + "os.abort()"
    screen, gl = judge_screen(gather_facts("", command=answering(crash)))
    assert screen.health is Health.OK
    assert gl.health is Health.NOTE and "signal 6" in gl.measured


@pytest.mark.parametrize(
    ("fact", "value", "name"),
    [
        ("painting", 0, "drawing without a screen"),
        ("settings", {"path": "x", "problem": "Settings are not saved"}, "settings"),
        ("log", "There is no log file", "log file"),
        ("rays", 3.1, "mesh view"),
    ],
)
def test_one_planted_fault_is_one_wrong_check(fact, value, name):
    facts = gather_facts("offscreen", command=answering(HEALTHY + say(fact, value)))
    found = judge_drawing(facts)
    assert [one.name for one in found if one.health is Health.WRONG] == [name]
    assert all(one.advice for one in found if one.health is Health.WRONG)


def test_a_process_that_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr(window, "TIMEOUT_S", 0.2)
    facts = gather_facts("offscreen", command=answering("import time; time.sleep(60)"))
    assert "no answer" in judge_drawing(facts)[0].measured


def test_the_packages_are_those_that_set_up_installs():
    script = (ROOT / "scripts/setup.sh").read_text()
    listed = dict(re.findall(r"^(lib\S+\.so\S*):(\S+)$", script, re.MULTILINE))
    assert LIBRARIES.items() <= listed.items()
    assert set(WINDOW_PACKAGES.split()) == set(listed.values()) - set(LIBRARIES.values())
