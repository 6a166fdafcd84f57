"""Making a set: the same bytes whatever happens on the way, and what is refused."""

import argparse
import errno
import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from synthetic_set import SETTINGS, contents

from core.cli import synthesize
from core.synthetic import recorder as recorder_module
from core.synthetic.dataset import SETTINGS_NAME, SetSettings, generate


def test_progress_counts_every_frame(made_set):
    assert made_set.progress == tuple((done, 6) for done in range(7))


def test_lists_name_every_frame_in_order(made_set):
    for split, count in (("train", 4), ("evaluation", 2)):
        lines = (made_set.root / f"{split}.txt").read_text().splitlines()
        assert lines == sorted(lines) and len(lines) == count
        for line in lines:
            sequence, frame = line.split("/")
            for kind, suffix in (("rgb", "jpg"), ("depth", "png"), ("seg", "png"), ("meta", "pkl")):
                assert (made_set.root / split / sequence / kind / f"{frame}.{suffix}").is_file()


def test_two_processes_make_the_same_bytes(made_set, tmp_path):
    assert generate(tmp_path / "set", SETTINGS, jobs=2) == 6
    assert contents(tmp_path / "set") == contents(made_set.root)


def test_another_seed_makes_other_frames(recorder):
    from core.synthetic.recorder import Recorder

    other = Recorder(Path("nowhere"), version="v3", seed=SETTINGS.seed + 1)
    task = SETTINGS.tasks()[0]
    first, second = recorder.plan(task).poses[0].hand, other.plan(task).poses[0].hand
    assert (first.wrist_mm != second.wrist_mm).all()


def test_only_what_is_missing_is_made_again(made_set, tmp_path):
    root = tmp_path / "set"
    shutil.copytree(made_set.root, root)
    first = root / "train" / "SYN000"
    (first / "rgb" / "0000.jpg").unlink()
    (first / "meta" / "0000.pkl").unlink()
    shutil.rmtree(root / "evaluation")
    (root / "train.txt").unlink()
    (first / "depth" / "0000.png.123.part").write_bytes(b"half")
    assert generate(root, SETTINGS) == 1 + 2
    assert contents(root) == contents(made_set.root)
    assert generate(root, SETTINGS) == 0


def test_a_killed_run_is_gone_on_with(made_set, tmp_path):
    root = tmp_path / "set"
    code = (
        "from pathlib import Path; from core.synthetic.dataset import SetSettings, generate; "
        f"generate(Path({str(root)!r}), SetSettings(**{asdict(SETTINGS)!r}))"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and not list(root.glob("*/*/meta/*.pkl")):
            assert process.poll() is None
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (root / "train.txt").exists(), "lists come last: readers see whole sets only"
    left = generate(root, SETTINGS)
    assert 0 < left < 6
    assert contents(root) == contents(made_set.root)


@pytest.mark.parametrize(
    "change", [{"seed": 8}, {"version": "v2"}, {"train_frames": 7}, {"sequence_frames": 3}]
)
def test_other_settings_are_refused(made_set, change):
    before = contents(made_set.root)
    with pytest.raises(FileExistsError, match="other settings"):
        generate(made_set.root, replace(SETTINGS, **change))
    assert contents(made_set.root) == before


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(b"dear")
    with pytest.raises(FileExistsError, match="not an empty folder"):
        generate(tmp_path, SETTINGS)
    assert contents(tmp_path) == {"holiday.jpg": b"dear"}


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(FileExistsError, match="not an empty folder"):
        generate(tmp_path / "out", SETTINGS)


def test_damaged_settings_are_refused(tmp_path):
    (tmp_path / SETTINGS_NAME).write_text("{")
    with pytest.raises(FileExistsError, match="damaged"):
        generate(tmp_path, SETTINGS)


def test_a_full_disk_names_the_file_and_leaves_nothing_half(tmp_path, monkeypatch):
    real = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path.suffix == recorder_module.PARTIAL and "depth" in path.parts:
            real(path, content[:10])
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    one_frame = replace(SETTINGS, train_frames=1, evaluation_frames=0)
    with pytest.raises(OSError, match=r"No space left on device.*0000\.png"):
        generate(tmp_path / "set", one_frame)
    monkeypatch.undo()
    assert not list((tmp_path / "set").rglob("*.part"))
    assert not list((tmp_path / "set").rglob("*.pkl")), "labels come last: the frame is not done"
    assert generate(tmp_path / "set", one_frame) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": "v4"}, "version must be"),
        ({"seed": -1}, "negative"),
        ({"train_frames": 0, "evaluation_frames": 0}, "at least one frame"),
        ({"sequence_frames": 0}, "at least one frame"),
    ],
)
def test_nonsense_settings_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        SetSettings(**(asdict(SETTINGS) | change))


def test_lengths_vary_and_add_up():
    tasks = SetSettings("v3", 1000, 100, 3).tasks()
    train = [task.length for task in tasks if task.split == "train"]
    assert sum(train) == 1000 and sum(task.length for task in tasks) == 1100
    assert all(55 <= length <= 125 for length in train) and len(set(train)) > 4
    assert len({task.name for task in tasks}) == len(tasks)


def test_command_writes_v2_and_reports(tmp_path, capsys):
    parser = argparse.ArgumentParser()
    synthesize.add_arguments(parser)
    out = tmp_path / "set"
    options = ["--version", "v2", "--train-frames", "1", "--evaluation-frames", "0", "--json"]
    assert synthesize.run(parser.parse_args([str(out), *options])) == 0
    printed = capsys.readouterr()
    result = json.loads(printed.out)
    assert result["frames"] == result["recorded"] == 1
    assert "1/1 frames" in printed.err
    assert (out / "train" / "SYN000" / "rgb" / "0000.png").read_bytes()[:4] == b"\x89PNG"
