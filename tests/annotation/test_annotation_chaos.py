"""Writers that are killed at any moment lose nothing that they had said was saved."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

CHAOS = Path(__file__).parents[1] / "support" / "annotation_chaos.py"


def chaos(folder, edits: int, seed: int) -> str:
    command = [sys.executable, CHAOS, "--edits", str(edits), "--seed", str(seed)]
    ended = subprocess.run([*command, "--folder", folder], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_killed_writers_lose_nothing(tmp_path):
    assert re.search(r"[1-9]\d* writers killed", chaos(tmp_path, 60, 3))


@pytest.mark.slow(reason="some hundred processes: a minute or two")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_thousand_edits_and_many_killed_writers(tmp_path, seed):
    assert "1," in chaos(tmp_path, 1000, seed)


def test_a_lost_edit_would_be_found(tmp_path):
    """The command's own eye: an edit is said to be saved that is not."""
    chaos(tmp_path, 20, 4)
    sys_path = f"import sys; sys.path[:0] = [{str(CHAOS.parent)!r}, {str(CHAOS.parents[2])!r}]"
    code = (
        f"{sys_path}; from pathlib import Path; from annotation_chaos import problems; "
        f"print(problems(Path({str(tmp_path / 'chaos.sqlite')!r}), ['9999 change 0 a note 1']))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "said to be saved, and not there: 9999" in ended.stdout, ended.stderr
