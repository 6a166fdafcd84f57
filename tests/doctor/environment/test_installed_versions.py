"""Versions against what is required and what was tested, with wrong ones planted."""

import sys

import pytest
from packaging.requirements import Requirement

from core.doctor.environment import versions
from core.doctor.environment.examined import Health
from core.doctor.environment.pins import Need, Pin, needs, read_pins
from core.doctor.environment.versions import examine_library, examine_python, examine_versions

NUMPY = Need(Requirement("numpy>=2.2,<3"), "utnet-viewer")
PIN = Pin("numpy", "2.4.6", "BSD-3-Clause", "program")


@pytest.mark.parametrize(
    ("version", "health"),
    [("3.11.9", Health.OK), ("3.12.1", Health.NOTE), ("3.10.4", Health.WRONG)],
)
def test_python(version, health):
    examined = examine_python(version, ">=3.11,<3.13")
    assert examined.health is health and version in examined.measured
    assert bool(examined.advice) is (health is not Health.OK)


@pytest.mark.parametrize(
    ("version", "health"),
    [
        ("2.4.6", Health.OK),
        ("2.4.6+cpu", Health.OK),  # the same release, built otherwise
        ("2.5.0", Health.NOTE),
        ("1.26.4", Health.WRONG),
        (None, Health.WRONG),
    ],
)
def test_a_library(version, health):
    examined = examine_library(NUMPY, version, PIN)
    assert examined.health is health and (version or "not installed") in examined.measured
    if health is not Health.OK:
        assert f'{sys.executable} -m pip install "numpy==2.4.6"' in examined.advice


def test_a_library_that_nobody_tested_is_a_note():
    assert examine_library(NUMPY, "2.4.6", None).health is Health.NOTE


def test_everything_that_is_required_is_looked_at_down_to_the_last():
    packages = {need.package for need in needs("utnet-viewer")}
    # Required directly; by pydantic; only on this platform; never: development, other platforms.
    assert {"numpy", "pyside6-essentials", "pydantic-core", "shiboken6"} <= packages
    assert len(packages & {"open3d", "open3d-cpu"}) == 1
    assert not packages & {"pytest", "ruff", "hypothesis"}
    assert "pytest" in {need.package for need in needs("utnet-viewer", ("dev",))}


def test_a_wrong_version_is_found_in_the_whole_and_named_once(monkeypatch):
    installed = versions._installed
    planted = {"numpy": "1.26.4"}
    monkeypatch.setattr(versions, "_installed", lambda name: planted.get(name) or installed(name))
    wrong = [one for one in examine_versions() if one.health is Health.WRONG]
    assert [one.name for one in wrong] == ["library numpy"]


def test_a_program_that_was_never_installed_is_wrong(monkeypatch):
    monkeypatch.setattr(versions, "DISTRIBUTION", "utnet-viewer-nowhere")
    (examined,) = examine_versions()
    assert examined.health is Health.WRONG and "not installed" in examined.measured


def test_another_table_is_refused(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("name,size\nnumpy,3\n")
    with pytest.raises(ValueError, match=r"list\.csv"):
        read_pins(path)
