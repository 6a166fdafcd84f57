"""The wheel and the source package hold the whole tree, and run from where there is no checkout."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from configparser import ConfigParser
from email.parser import HeaderParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("core", "utnet_viewer", "resources")

BUILD = """
import sys
from setuptools import build_meta
getattr(build_meta, "build_" + sys.argv[1])(sys.argv[2])
"""


def tracked() -> list[str]:
    """What git has and is still there; skips where this is no checkout."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("this is no checkout")
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    return [name for name in names.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    """A copy of what git has. The demo's 380 pictures are empty there: names are what counts."""
    copy = tmp_path_factory.mktemp("tree")
    for name in tracked():
        place = copy / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if name.startswith("resources/demo/") or name.endswith(".safetensors"):
            place.touch()
        else:
            shutil.copyfile(ROOT / name, place)
    return copy


def build(tree: Path, kind: str, target: Path) -> Path:
    done = subprocess.run(
        [sys.executable, "-c", BUILD, kind, str(target)], cwd=tree, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (made,) = target.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tree, tmp_path_factory):
    with zipfile.ZipFile(build(tree, "wheel", tmp_path_factory.mktemp("wheel"))) as archive:
        yield archive


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(tree, wheel):
    ours = {name for name in tracked() if name.startswith(tuple(f"{p}/" for p in PACKAGES))}
    inside = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert inside == ours
    for name in inside:
        assert wheel.read(name) == (tree / name).read_bytes(), name


def test_the_wheel_names_commands_python_and_licence(wheel):
    (folder,) = {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" in name}
    scripts = ConfigParser()
    scripts.read_string(wheel.read(f"{folder}/entry_points.txt").decode())
    named = dict(scripts["console_scripts"])
    assert named.keys() == {"utnet", "utnet-viewer"}
    for target in named.values():
        module, function = target.split(":")
        source = Path(importlib.util.find_spec(module).origin).read_text()
        assert f"def {function}(" in source
    about = HeaderParser().parsestr(wheel.read(f"{folder}/METADATA").decode())
    assert about["Requires-Python"] == "<3.13,>=3.11"
    assert about["License-Expression"] == "MIT"
    assert wheel.read(f"{folder}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    for kind in ("fonts", "icons", "hand"):
        assert f"resources/{kind}/LICENSE.md" in wheel.namelist()


def test_a_file_that_no_package_claims_would_be_missed(tree, wheel):
    """The comparison above can fail: what lies outside the packages is not in the wheel."""
    assert "constraints.txt" in tracked() and "constraints.txt" not in wheel.namelist()


def test_the_source_package_is_the_repository(tree, tmp_path):
    with tarfile.open(build(tree, "sdist", tmp_path)) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    assert set(tracked()) <= inside
    made = {name for name in inside if (tree / name).is_file()} - set(tracked())
    assert all("egg-info" in name or name in ("PKG-INFO", "setup.cfg") for name in made)


INSPECT = ["inspect", "demo", "SYN000/0000", "--json"]


@pytest.mark.slow  # installs 2.6 GB into an environment of its own: minutes
@pytest.mark.timeout(3600)
def test_it_runs_from_a_fresh_environment(tmp_path, home):
    tracked()
    subprocess.run([ROOT / "scripts/build_dist.sh", tmp_path / "dist"], check=True)
    (built,) = (tmp_path / "dist").glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=True)
    commands = tmp_path / "venv" / "bin"
    install = [commands / "python", "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt"]
    subprocess.run([*install, built], check=True)

    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": ""}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    def run(*command: object) -> str:
        done = subprocess.run(
            [str(commands / str(command[0])), *map(str, command[1:])],
            cwd=elsewhere,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = run("python", "-c", "import core, resources, utnet_viewer as u; print(u.__path__[0])")
    assert str(tmp_path / "venv") in where
    assert "utnet 0." in run("utnet", "--version")
    assert "mpjpe" in run("utnet", *INSPECT).lower()
    assert '"healthy": true' in run("utnet", "doctor", "--self", "--json")
    run("utnet-viewer", "demo", "--screenshot", "window.png", "--size", "1280x800")
    assert (elsewhere / "window.png").stat().st_size > 50_000
