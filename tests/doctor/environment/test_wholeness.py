"""The checksums of what comes with the program, with every kind of damage planted."""

import shutil
import subprocess
from pathlib import Path

import pytest

from core.doctor.environment.examined import Health
from core.doctor.environment.wholeness import (
    FOLDERS,
    checksums,
    checksums_file,
    examine_wholeness,
    listed_files,
)

RESOURCES = checksums_file().parent


def test_the_list_is_of_this_tree():
    said = checksums_file().read_text(encoding="utf-8")
    assert said == checksums(RESOURCES), "demo, checkpoint or hand changed: make checksums"
    examined = examine_wholeness()
    assert examined.health is Health.OK
    assert str(len(listed_files(RESOURCES))) in examined.measured


def test_sha256sum_reads_the_list_too():
    if shutil.which("sha256sum") is None:
        pytest.skip("no sha256sum here")
    command = ["sha256sum", "--check", "--strict", "--quiet", checksums_file().name]
    assert subprocess.run(command, cwd=RESOURCES).returncode == 0


@pytest.fixture
def copy(tmp_path) -> Path:
    """A few files of each folder, with their list."""
    for name in FOLDERS:
        (tmp_path / name).mkdir()
        (tmp_path / name / "data.bin").write_bytes(name.encode() * 100)
    (tmp_path / checksums_file().name).write_text(checksums(tmp_path))
    assert examine_wholeness(tmp_path).health is Health.OK
    return tmp_path


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[50] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda root: (root / "demo/data.bin").unlink(), "missing: demo/data.bin"),
        (lambda root: flip(root / "checkpoints/data.bin"), "changed: checkpoints/data.bin"),
        (lambda root: (root / "hand/data.bin").write_bytes(b""), "changed: hand/data.bin"),
        (lambda root: (root / checksums_file().name).unlink(), "no list of checksums"),
        (lambda root: (root / checksums_file().name).write_text(""), "0 of 0"),
    ],
)
def test_damage_is_named(copy, harm, said):
    harm(copy)
    examined = examine_wholeness(copy)
    assert examined.health is Health.WRONG
    assert said in examined.measured and examined.advice
