"""Whether the window can open and draw here, found out by a process of its own.

`core` knows no screen: it starts ``python -m utnet_viewer.facts`` and judges what that says.
"""

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.doctor.environment.examined import Examined, Health

#: Of a clean machine: Python and Qt from a cold disk, Open3D's 0.5 GB.
TIMEOUT_S = 90

#: System library: the Debian package that brings it. Qt and Open3D load them; scripts/setup.sh
#: installs the same ones.
LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libusb-1.0.so.0": "libusb-1.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libdbus-1.so.3": "libdbus-1-3",
}

#: What only an X11 window needs.
WINDOW_PACKAGES = "libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0"

_COMMAND = (sys.executable, "-P", "-m", "utnet_viewer.facts")


@dataclass(frozen=True)
class Facts:
    """What the process said; a fact that it could not find has an error instead of a value."""

    values: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    ending: str = ""  # how the process ended, where that was not as it should

    def why(self, fact: str) -> str:
        """Why there is no such value."""
        return self.errors.get(fact) or self.ending or "it did not say"


def examine_window() -> tuple[list[Examined], str]:
    """The window's checks, and the hand model that its settings name ("" for the stand-in)."""
    off_screen = gather_facts("offscreen")
    found = [examine_libraries(), *judge_drawing(off_screen)]
    if has_screen():
        found += judge_screen(gather_facts(os.environ.get("QT_QPA_PLATFORM", "")))
    else:
        advice = "for a window start it on a desktop; render, --screenshot and utnet work as it is"
        measured = "none (neither DISPLAY nor WAYLAND_DISPLAY is set)"
        found.append(Examined("screen", measured, Health.NOTE, advice))
    return found, str(off_screen.values.get("settings", {}).get("hand_model", ""))


def has_screen() -> bool:
    """Whether a window could be shown at all."""
    if sys.platform != "linux":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def examine_libraries(libraries: Mapping[str, str] = LIBRARIES) -> Examined:
    """The system libraries without which Qt and Open3D cannot be loaded (Linux)."""
    name = "system libraries"
    if sys.platform != "linux":
        return Examined(name, "come with the system", Health.OK)
    missing = [library for library in libraries if not _can_be_loaded(library)]
    measured = f"{len(libraries) - len(missing)} of {len(libraries)} there"
    if not missing:
        return Examined(name, measured, Health.OK)
    packages = " ".join(libraries[library] for library in missing)
    advice = f"Debian: sudo apt-get install {packages}"
    return Examined(name, f"{measured}, not {', '.join(missing)}", Health.WRONG, advice)


def gather_facts(platform: str, *, command: tuple[str, ...] = _COMMAND) -> Facts:
    """Run the process on a platform of Qt ("": the one Qt chooses)."""
    environment = {**os.environ, "QT_QPA_PLATFORM": platform}
    if not platform:
        del environment["QT_QPA_PLATFORM"]
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        return Facts(ending=f"no answer within {TIMEOUT_S} s")
    values, errors = _read(done.stdout)
    ending = ""
    if done.returncode != 0:
        last = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        status = done.returncode
        how = f"ended by signal {-status}" if status < 0 else f"ended with status {status}"
        ending = f"{how}: {last[-1]}" if last else how
    return Facts(values, errors, ending)


def judge_drawing(facts: Facts) -> list[Examined]:
    """The verdicts on what was found without a screen."""
    return [_platform(facts, "drawing without a screen", ""), *_writing(facts), _mesh_view(facts)]


def judge_screen(facts: Facts) -> list[Examined]:
    """The verdicts on what was found on the screen."""
    advice = f"Debian: sudo apt-get install {WINDOW_PACKAGES}"
    found = [_platform(facts, "screen", advice)]
    version = facts.values.get("opengl", "")
    if version:
        return [*found, Examined("OpenGL", version, Health.OK)]
    why = "none" if "opengl" in facts.values else facts.why("opengl")
    advice = "only 'Show in Open3D' needs it; install your GPU's driver, or Mesa"
    return [*found, Examined("OpenGL", why, Health.NOTE, advice)]


def _platform(facts: Facts, name: str, advice: str) -> Examined:
    again = "install the program again into an environment of its own"
    if "platform" not in facts.values:
        advice = advice or f"see the system libraries above; else {again}"
        return Examined(name, facts.why("platform"), Health.WRONG, advice)
    pixels = facts.values.get("painting", 0)
    measured = f"{facts.values['platform']}; a line of text covers {pixels} px"
    return Examined(name, measured, Health.OK if pixels else Health.WRONG, "" if pixels else again)


def _writing(facts: Facts) -> list[Examined]:
    found = []
    advice = "give yourself the right to write there, or name another place in $XDG_CONFIG_HOME"
    settings = facts.values.get("settings")
    if settings is None:
        found.append(Examined("settings", facts.why("settings"), Health.NOT_TESTED))
    elif settings["problem"]:
        found.append(Examined("settings", settings["problem"], Health.WRONG, advice))
    else:
        found.append(Examined("settings", f"{settings['path']}: can be written", Health.OK))
    problem = facts.values.get("log", facts.why("log"))
    if problem:
        health = Health.WRONG if "log" in facts.values else Health.NOT_TESTED
        advice = advice.replace("CONFIG", "CACHE") if "log" in facts.values else ""
        return [*found, Examined("log file", problem, health, advice)]
    return [*found, Examined("log file", "can be written", Health.OK)]


def _mesh_view(facts: Facts) -> Examined:
    distance_mm = facts.values.get("rays")
    if distance_mm is None:
        advice = "see the system libraries above; the window works without the mesh view"
        return Examined("mesh view", f"no Open3D: {facts.why('rays')}", Health.WRONG, advice)
    measured = f"a ray of 2.5 mm is measured as {distance_mm:.4f} mm"
    if abs(distance_mm - 2.5) < 1e-4:
        return Examined("mesh view", measured, Health.OK)
    return Examined("mesh view", measured, Health.WRONG, "install open3d-cpu (or open3d) again")


def _read(text: str) -> tuple[dict[str, Any], dict[str, str]]:
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for line in text.splitlines():
        try:
            said = json.loads(line)
            fact = str(said["fact"])
        except (ValueError, KeyError, TypeError):
            continue  # a library talks on stdout
        if "error" in said:
            errors[fact] = str(said["error"])
        else:
            values[fact] = said.get("value")
    return values, errors


def _can_be_loaded(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
