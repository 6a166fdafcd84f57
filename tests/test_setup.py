"""scripts/setup.sh as a black box, on a pretended machine: nothing is installed here."""

import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="pretends to be a Debian machine")

TOOLS = ["bash", "cat", "cp", "dirname", "flock", "mkdir", "rm", "sha256sum", "uname"]

PYTHON = """#!/bin/bash
echo "python $*" >> "$LOG"
case "$*" in
    *version_info*) echo "$FAKE_VERSION" ;;
    *ensurepip*) [[ -e $HAS_ENSUREPIP ]] ;;
    *sys.prefix*) cd "$(dirname "$0")/.." && pwd -P ;;
    "-m venv"*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
    "-m pip install"*) [[ -z $PIP_FAILS ]] ;;
esac
"""
APT_GET = """#!/bin/bash
echo "apt-get $*" >> "$LOG"
[[ $1 == update ]] && : > "$LOG.lists"
[[ -e $LOG.lists ]]
"""
ID = '#!/bin/bash\necho "$FAKE_UID"\n'
LDCONFIG = '#!/bin/bash\ncat "$LIBRARIES"\n'

BASE = ["libEGL.so.1", "libGL.so.1", "libusb-1.0.so.0", "libxkbcommon.so.0"]
BASE += ["libfontconfig.so.1", "libglib-2.0.so.0", "libdbus-1.so.3"]
XCB = ["libxcb-cursor.so.0", "libxkbcommon-x11.so.0", "libxcb-icccm.so.4"]
XCB += ["libxcb-keysyms.so.1", "libxcb-shape.so.0"]


@dataclass
class Machine:
    """A checkout and a PATH on which every program that matters is a stand-in."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self):
        (self.folder / "bin").mkdir()
        (self.folder / "checkout/scripts").mkdir(parents=True)
        for tool in TOOLS:
            (self.folder / "bin" / tool).symlink_to(shutil.which(tool))
        shutil.copy(ROOT / "scripts/setup.sh", self.checkout / "scripts")
        (self.checkout / "pyproject.toml").write_text("version 1")
        (self.checkout / "constraints.txt").write_text("torch==1")
        self.log.touch()
        self.offer(python3=PYTHON, id=ID, ldconfig=LDCONFIG)
        self.offer(**{"apt-get": APT_GET})
        self.has_libraries(BASE)
        self.has_ensurepip.touch()
        self.settings |= {"FAKE_UID": "1000", "FAKE_VERSION": "3.11", "PIP_FAILS": ""}

    @property
    def checkout(self) -> Path:
        return self.folder / "checkout"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def has_ensurepip(self) -> Path:
        return self.folder / "ensurepip"

    def offer(self, **programs: str) -> None:
        for name, text in programs.items():
            (self.folder / "bin" / name).write_text(text)
            (self.folder / "bin" / name).chmod(0o755)

    def has_libraries(self, names: list[str]) -> None:
        lines = [f"\t{name} (libc6,x86-64) => /lib/{name}\n" for name in names]
        (self.folder / "libraries").write_text("".join(lines))

    def set_up(self, *arguments: str) -> subprocess.CompletedProcess:
        paths = {
            "PATH": str(self.folder / "bin"),
            "LOG": str(self.log),
            "LIBRARIES": str(self.folder / "libraries"),
            "HAS_ENSUREPIP": str(self.has_ensurepip),
        }
        script = self.checkout / "scripts/setup.sh"
        command = [shutil.which("bash"), str(script), *arguments]
        return subprocess.run(command, env=paths | self.settings, capture_output=True, text=True)

    def calls(self, start: str) -> list[str]:
        return [line for line in self.log.read_text().splitlines() if line.startswith(start)]

    def installations(self) -> int:
        return len(self.calls("python -m pip install"))


@pytest.fixture
def machine(tmp_path) -> Machine:
    return Machine(tmp_path)


def test_sets_up_from_bare(machine):
    run = machine.set_up()
    assert run.returncode == 0, run.stderr
    assert machine.calls("python -m venv")
    assert machine.calls("python -m pip install -q -c constraints.txt -e .[dev]")


def test_second_call_only_compares_a_hash(machine):
    machine.set_up()
    start = time.perf_counter()
    assert machine.set_up().returncode == 0
    assert time.perf_counter() - start < 1
    assert machine.installations() == 1


@pytest.mark.parametrize("changed", ["pyproject.toml", "constraints.txt"])
def test_changed_requirements_are_installed(machine, changed):
    machine.set_up()
    (machine.checkout / changed).write_text("version 2")
    machine.set_up()
    assert machine.installations() == 2
    assert len(machine.calls("python -m venv")) == 1


def test_a_failed_installation_is_tried_again(machine):
    machine.settings["PIP_FAILS"] = "yes"
    run = machine.set_up()
    assert run.returncode != 0
    assert "pip did not succeed" in run.stderr
    machine.settings["PIP_FAILS"] = ""
    assert machine.set_up().returncode == 0
    assert machine.installations() == 2


def test_a_moved_checkout_gets_a_new_environment(machine):
    machine.set_up()
    stamp = machine.checkout / ".venv/.setup-stamp"
    stamp.write_text("the stamp of another place")
    shutil.rmtree(machine.checkout / ".venv/bin")
    machine.set_up()
    assert len(machine.calls("python -m venv")) == 2


@pytest.mark.parametrize("version", ["3.9", "3.13"])
def test_names_an_unsupported_python(machine, version):
    machine.settings["FAKE_VERSION"] = version
    run = machine.set_up()
    assert run.returncode != 0
    assert "UnsupportedPython: Python 3.11 or 3.12 is needed" in run.stderr
    assert f"python3={version}" in run.stderr
    assert machine.installations() == 0


def test_prefers_a_supported_python_by_its_name(machine):
    machine.settings["FAKE_VERSION"] = "3.13"
    machine.offer(**{"python3.12": PYTHON.replace('"$FAKE_VERSION"', "3.12")})
    run = machine.set_up()
    assert run.returncode == 0, run.stderr
    assert "creating .venv with python3.12" in run.stderr


def test_without_root_prints_the_command_for_a_missing_library(machine):
    machine.has_libraries([name for name in BASE if "usb" not in name])
    run = machine.set_up()
    assert run.returncode != 0
    assert "sudo apt-get install -y --no-install-recommends libusb-1.0-0\n" in run.stderr
    assert machine.calls("apt-get") == []
    assert machine.installations() == 0


def test_root_installs_missing_libraries(machine):
    machine.settings["FAKE_UID"] = "0"
    machine.has_libraries([name for name in BASE if name not in ("libGL.so.1", "libEGL.so.1")])
    run = machine.set_up()
    assert run.returncode == 0, run.stderr
    install = "apt-get install -y --no-install-recommends libegl1 libgl1"
    # A bare container has no package lists: the first try fails, as here.
    assert machine.calls("apt-get") == [install, "apt-get update -q", install]


def test_other_systems_are_told_what_is_missing(machine):
    machine.has_libraries([])
    (machine.folder / "bin/apt-get").unlink()
    run = machine.set_up()
    assert run.returncode != 0
    assert "missing system packages" in run.stderr
    assert "libegl1" in run.stderr


def test_only_a_window_needs_the_x11_libraries(machine):
    assert machine.set_up().returncode == 0
    run = machine.set_up("--window")
    assert run.returncode != 0
    assert "libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4" in run.stderr
    machine.has_libraries(BASE + XCB)
    assert machine.set_up("--window").returncode == 0


def test_a_python_without_venv_names_its_package(machine):
    machine.has_ensurepip.unlink()
    run = machine.set_up()
    assert run.returncode != 0
    assert "python3.11-venv" in run.stderr
