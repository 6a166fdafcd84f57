"""Folders that are written to: missing ones, read-only ones, full ones."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.doctor.environment import places
from core.doctor.environment.examined import Health
from core.doctor.environment.places import NEEDED_BYTES, examine_place, examine_places


def test_a_folder_that_is_not_there_yet_is_tried_above_and_nothing_is_left(tmp_path):
    examined = examine_place("place for runs", tmp_path / "a" / "b", "UTNET_RUNS")
    assert examined.health is Health.OK and "GiB free" in examined.measured
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way(tmp_path):
    (tmp_path / "runs").write_text("")
    examined = examine_place("place for runs", tmp_path / "runs" / "mine", "UTNET_RUNS")
    assert examined.health is Health.WRONG
    assert "is a file" in examined.measured and "$UTNET_RUNS" in examined.advice


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(tmp_path):
    tmp_path.chmod(0o555)
    try:
        assert examine_place("runs", tmp_path, "UTNET_RUNS").health is Health.WRONG
    finally:
        tmp_path.chmod(0o755)


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="no folder that refuses even root")
def test_a_folder_that_refuses_everybody():
    examined = examine_place("place for runs", Path("/proc/utnet"), "UTNET_RUNS")
    assert examined.health is Health.WRONG and "cannot be written" in examined.measured


def test_too_little_room(tmp_path, monkeypatch):
    left = SimpleNamespace(free=NEEDED_BYTES - 1)
    monkeypatch.setattr(places.shutil, "disk_usage", lambda path: left)
    examined = examine_place("place for runs", tmp_path, "UTNET_RUNS")
    assert examined.health is Health.WRONG and examined.advice.startswith("make room")


def test_the_places_are_those_of_the_program(monkeypatch, tmp_path):
    for name in ("RUNS", "EVALUATIONS", "ANNOTATIONS"):
        monkeypatch.setenv(f"UTNET_{name}", str(tmp_path / name.lower()))
    found = {one.name: one for one in examine_places()}
    for name in ("runs", "evaluations", "annotations"):
        assert str(tmp_path / name) in found[f"place for {name}"].measured
    assert all(one.health is Health.OK for one in found.values())
