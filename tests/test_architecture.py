"""The contracts between the layers hold what they promise.

`make lint` checks the real code. Here a violation is planted in a copy, and the contract must see
it; and the window's modules are imported in a fresh process that must stay free of torch, and
of scipy, whose import holds up the window.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

DOWNWARDS = "Inside core, imports run downwards"
NO_SCREEN = "core knows no screen"
NO_TORCH = "The window knows no torch"
OTHER_PROCESSES = "The window leaves network and engine to other processes"


@pytest.fixture
def copy(tmp_path) -> Path:
    """The source code and its contracts, to be damaged."""
    only_code = shutil.ignore_patterns("__pycache__", "*.json", "*.npz", "*.safetensors")
    for package in ("core", "utnet_viewer"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=only_code)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def plant(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not (path.parent / "__init__.py").exists():
            (path.parent / "__init__.py").touch()
        path.write_text(text)


def broken_contracts(root: Path) -> str:
    """What lint-imports says about planted modules; empty if they broke nothing."""
    lint_imports = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    lint = subprocess.run(
        [sys.executable, "-c", lint_imports, "--no-logo", "--no-cache"],
        cwd=root,
        env=os.environ | {"COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
    )
    said = lint.stdout + lint.stderr
    assert "Contracts:" in said, said
    # Code that others are working on may break a contract too; that is for `make lint` to say.
    return said if "planted" in said else ""


@pytest.mark.parametrize(
    ("contract", "files"),
    [
        (DOWNWARDS, {"core/geometry/planted.py": "import core.data.frame"}),
        (DOWNWARDS, {"core/planted/__init__.py": ""}),
        (NO_SCREEN, {"core/geometry/planted.py": "from PySide6.QtCore import QObject"}),
        (NO_SCREEN, {"core/cli/planted.py": "import utnet_viewer"}),
        (NO_TORCH, {"utnet_viewer/planted.py": "def later():\n    import torch"}),
        (
            NO_TORCH,
            {
                "utnet_viewer/planted.py": "from core.hand import planted",
                "core/hand/planted.py": "import smplx",
            },
        ),
        (OTHER_PROCESSES, {"utnet_viewer/planted.py": "import core.network"}),
        (
            OTHER_PROCESSES,
            {
                "utnet_viewer/planted.py": "import core.engine.planted_server",
                "core/engine/planted_server.py": "",
            },
        ),
    ],
)
def test_a_planted_violation_is_caught(copy, contract, files):
    plant(copy, files)
    assert f"{contract} BROKEN" in broken_contracts(copy)


@pytest.mark.parametrize(
    "files",
    [
        {"core/evaluation/planted.py": "import core.geometry\nimport torch"},
        {"utnet_viewer/planted.py": "import core.geometry\nimport pyqtgraph"},
        {
            "utnet_viewer/planted.py": "import core.engine.protocol",
            "core/engine/protocol.py": "",
        },
    ],
)
def test_an_honest_module_is_left_alone(copy, files):
    plant(copy, files)
    assert broken_contracts(copy) == ""


IMPORT_EVERY_MODULE = """
import importlib, pkgutil, sys, traceback

class Recorder:
    '''Remembers who asked for a forbidden module first.'''
    asked = {}
    def find_spec(self, name, path=None, target=None):
        if name in ("torch", "smplx", "scipy") and name not in self.asked:
            self.asked[name] = "".join(traceback.format_stack(limit=40))

sys.meta_path.insert(0, Recorder())
import utnet_viewer
for module in pkgutil.walk_packages(utnet_viewer.__path__, "utnet_viewer."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
for name in ("torch", "smplx", "scipy"):
    if name in sys.modules:
        sys.exit(f"{name} was imported:\\n{Recorder.asked[name]}")
"""


IMPORT_WHAT_COMES_FIRST = """
import sys
import utnet_viewer.app, utnet_viewer.commands, utnet_viewer.display, utnet_viewer.menus
import utnet_viewer.session, utnet_viewer.image.panel, utnet_viewer.mesh.panel
import utnet_viewer.readouts.panel
for name in ("pydantic", "yaml", "psutil", "core.training.config", "open3d"):
    if name in sys.modules:
        sys.exit(f"{name} was imported")
"""


def test_the_first_picture_waits_for_no_library_that_it_does_not_need():
    """Pydantic alone held up the window's start by 0.2 s."""
    command = [sys.executable, "-c", IMPORT_WHAT_COMES_FIRST]
    fresh = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert fresh.returncode == 0, fresh.stderr


def test_the_window_imports_neither_torch_nor_smplx_nor_scipy():
    fresh = subprocess.run(
        [sys.executable, "-c", IMPORT_EVERY_MODULE], cwd=ROOT, capture_output=True, text=True
    )
    assert fresh.returncode == 0, fresh.stderr
