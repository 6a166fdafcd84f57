"""The program's entry in the desktop's menu, for one user: put there, and taken away again.

A wheel cannot do that by itself: pip puts data files into the environment, where no desktop looks.
The format: https://specifications.freedesktop.org/desktop-entry-spec/latest/
"""

import os
import sys
from pathlib import Path

from core.files.embedded import resource

#: Also what windows call themselves, so that the desktop finds their icon.
DESKTOP_NAME = "utnet-viewer"

_ENTRY = """\
[Desktop Entry]
Type=Application
Name=UTNet Viewer
GenericName=Hand pose viewer
GenericName[zh_CN]=手部姿态查看器
Comment=See, check and train UTNet: 3D hands from single images
Comment[zh_CN]=查看、检查和训练 UTNet：单张图像的三维手部
Exec={command}
TryExec={python}
Icon={name}
Terminal=false
Categories=Science;Education;
Keywords=hand;pose;MANO;HO-3D;annotation;
StartupWMClass={name}
"""


def icon_file() -> Path:
    """The program's icon (SVG)."""
    return resource("desktop") / f"{DESKTOP_NAME}.svg"


def install_desktop_entry() -> list[Path]:
    """Write the entry and the icon for this user; the files, entry first.

    Raises OSError where they cannot be written or this system has no such menu.
    """
    entry, icon = _places()
    # Not resolved: the interpreter of an environment is a link, and has its libraries by that name.
    python = sys.executable
    command = f"{_quoted(python)} -P -m utnet_viewer.app"
    for path in (entry, icon):
        path.parent.mkdir(parents=True, exist_ok=True)
    icon.write_bytes(icon_file().read_bytes())
    text = _ENTRY.format(command=command, python=_escaped(python), name=DESKTOP_NAME)
    entry.write_text(text, encoding="utf-8")
    return [entry, icon]


def remove_desktop_entry() -> list[Path]:
    """Remove what `install_desktop_entry` wrote; the files that were there. Raises OSError."""
    removed = [path for path in _places() if path.exists()]
    for path in removed:
        path.unlink()
    return removed


def _places() -> tuple[Path, Path]:
    if sys.platform != "linux":
        raise OSError("desktop entries are for Linux desktops; start utnet-viewer by its name here")
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return (
        data / "applications" / f"{DESKTOP_NAME}.desktop",
        data / "icons" / "hicolor" / "scalable" / "apps" / f"{DESKTOP_NAME}.svg",
    )


def _escaped(text: str) -> str:
    """A string value of a desktop entry."""
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _quoted(argument: str) -> str:
    """An argument of Exec: quoted, then escaped as every string value; % begins a field code."""
    for character in '\\"`$':
        argument = argument.replace(character, f"\\{character}")
    return _escaped(f'"{argument}"').replace("%", "%%")
