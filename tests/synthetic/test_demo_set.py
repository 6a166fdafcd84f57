"""The demo set that the project brings along: whole, small, and what its README says it is."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import resources
from core.data.ho3d.index import open_index
from core.hand.mano_file import load_hand_model
from core.synthetic.dataset import SETTINGS_NAME, SetSettings
from core.synthetic.recorder import Recorder
from core.synthetic.sequence import pose_frame

DEMO = Path(resources.__file__).parent / "demo"


@pytest.fixture(scope="module")
def settings() -> SetSettings:
    values = json.loads((DEMO / SETTINGS_NAME).read_text())
    values.pop("generator")
    return SetSettings(**values)


def test_demo_is_small():
    assert sum(path.stat().st_size for path in DEMO.rglob("*")) < 8.0e6


def test_demo_reads_without_a_problem(tmp_path, settings):
    counts = []
    for split in ("train", "evaluation"):
        index = open_index(DEMO, split, hand_model=load_hand_model(None), cache_dir=tmp_path)
        assert index.problems == ()
        for row in range(0, len(index), 9):
            frame = index.read(row)
            assert frame.problems == () and frame.hand.has_all_joints
        counts.append(len(index))
    assert counts == [settings.train_frames, settings.evaluation_frames]


def test_readme_tells_the_command_that_made_it(settings):
    command = re.sub(r"\\\s*", "", (DEMO / "README.md").read_text())
    for option, value in (
        ("--version", settings.version),
        ("--train-frames", settings.train_frames),
        ("--evaluation-frames", settings.evaluation_frames),
        ("--sequence-frames", settings.sequence_frames),
        ("--seed", settings.seed),
    ):
        assert f"{option} {value}" in command


def test_demo_is_what_the_generator_makes_today(tmp_path, settings):
    """By its poses: pictures may differ in single pixels from machine to machine."""
    index = open_index(DEMO, "train", hand_model=load_hand_model(None), cache_dir=tmp_path)
    recorder = Recorder(DEMO, version=settings.version, seed=settings.seed)
    for task in settings.tasks():
        if task.split != "train":
            continue
        plan = recorder.plan(task)
        for number in (0, task.length - 1):
            frame = index.read(index.row_of(task.frame_ids()[number]))
            planned = pose_frame(recorder.model, plan, number).joints_mm
            assert np.abs(planned - frame.hand.joints_mm).max() < 0.01
            assert np.allclose(plan.camera.intrinsics, frame.camera.intrinsics)
