"""What holds for every test: no screen, no real home directory, nothing left running."""

import itertools
import os
import sys
from pathlib import Path

# Before anything imports Qt.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest

pytest_plugins = ["leak_guard"]  # tests/support/leak_guard.py

HOME_VARIABLES = {
    "HOME": "",
    "USERPROFILE": "",
    "APPDATA": "AppData/Roaming",
    "LOCALAPPDATA": "AppData/Local",
    "XDG_CONFIG_HOME": ".config",
    "XDG_CACHE_HOME": ".cache",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
    "XDG_RUNTIME_DIR": ".run",
}


@pytest.fixture(scope="session")
def homes(tmp_path_factory):
    """A new empty directory at every ``next``."""
    base = tmp_path_factory.mktemp("homes")
    return (base / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def home(homes, monkeypatch) -> Path:
    """A home directory of its own for every test: the settings of the user stay untouched."""
    home = next(homes)
    for variable, place in HOME_VARIABLES.items():
        monkeypatch.setenv(variable, str(home / place))
    (home / HOME_VARIABLES["XDG_RUNTIME_DIR"]).mkdir(parents=True, mode=0o700)
    _move_qt_settings(home)
    return home


def _move_qt_settings(home: Path) -> None:
    """QSettings asks for the home directory once per process; it has to be told of a new one."""
    if "PySide6.QtCore" not in sys.modules:
        return
    from PySide6.QtCore import QSettings

    user = QSettings.Scope.UserScope
    for file_format in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
        QSettings.setPath(file_format, user, str(home / HOME_VARIABLES["XDG_CONFIG_HOME"]))


#: Folders whose files take longest: first, so that no process has one of them left at the end.
_LONGEST = ("synthetic", "training", "training_window", "window", "processes", "compare")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    tests = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(tests).parts[0]
        return _LONGEST.index(folder) if folder in _LONGEST else len(_LONGEST)

    items.sort(key=place)
