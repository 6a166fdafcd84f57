"""The entry in the desktop's menu, the program's icon, and what --version says."""

import configparser
import shlex
import sys
from importlib import metadata
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtGui import QIcon

from core.cli import main as cli
from utnet_viewer import app, desktop_entry

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="menus of Linux desktops")


def read(path: Path) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None, delimiters="=")
    parser.optionxform = str
    parser.read_string(path.read_text(encoding="utf-8"))
    return parser["Desktop Entry"]


def test_the_entry_is_written_starts_this_environment_and_goes_away(home, capsys):
    assert app.main(["--install-desktop-entry"]) == 0
    entry = home / ".local/share/applications/utnet-viewer.desktop"
    icon = home / ".local/share/icons/hicolor/scalable/apps/utnet-viewer.svg"
    assert f"wrote {entry}\nwrote {icon}\n" == capsys.readouterr().out

    values = read(entry)
    assert (values["Type"], values["Name"], values["Icon"]) == (
        "Application",
        "UTNet Viewer",
        icon.stem,
    )
    assert shlex.split(values["Exec"]) == [sys.executable, "-P", "-m", "utnet_viewer.app"]
    assert ElementTree.parse(icon).getroot().tag.endswith("svg")

    assert app.main(["--remove-desktop-entry"]) == 0
    assert not entry.exists() and not icon.exists()
    assert app.main(["--remove-desktop-entry"]) == 0  # nothing there is nothing wrong


def test_a_strange_path_is_quoted_as_the_specification_says(home, monkeypatch):
    monkeypatch.setattr(sys, "executable", '/opt/50% off/"my" $env\\bin/python')
    values = read(desktop_entry.install_desktop_entry()[0])
    # As a desktop reads it: the value's escapes first, then quotes, then field codes.
    value = values["Exec"].replace("\\\\", "\\")
    assert shlex.split(value.replace("\\$", "$"))[0].replace("%%", "%") == sys.executable


def test_a_folder_that_cannot_be_written_is_a_reason_and_status_1(home, capsys):
    (home / ".local").mkdir()
    (home / ".local/share").write_text("a file in the way")
    assert app.main(["--install-desktop-entry"]) == 1
    assert ".local/share" in capsys.readouterr().err


def test_where_no_such_menu_is_it_says_so(monkeypatch, capsys):
    monkeypatch.setattr(desktop_entry.sys, "platform", "darwin")
    assert app.main(["--install-desktop-entry"]) == 1
    assert "Linux desktops" in capsys.readouterr().err


def test_qt_draws_the_icon(qapp):
    picture = QIcon(str(desktop_entry.icon_file())).pixmap(64, 64).toImage()
    colours = {picture.pixelColor(x, y).name() for x in range(64) for y in range(64)}
    assert {"#f75a3a", "#ffd23f", "#5cefcb", "#8fbbf8", "#be68dc"} <= colours


@pytest.mark.parametrize(("main", "name"), [(app.main, "utnet-viewer"), (cli.main, "utnet")])
def test_both_commands_know_their_version(main, name, capsys):
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    python = ".".join(map(str, sys.version_info[:3]))
    assert (
        capsys.readouterr().out == f"{name} {metadata.version('utnet-viewer')} (Python {python})\n"
    )
