"""How a run's state is told: icon, word and colour together; times and amounts in words."""

import math
import time
from dataclasses import dataclass

from core.training.run_folder import RunState, RunSummary
from utnet_viewer.numbers import MISSING


@dataclass(frozen=True)
class Told:
    """A state as people see it.

    Attributes:
        icon: Name of the glyph.
        word: One or two words.
        kind: Of the tag: plain, accent, success, warning or fault.
    """

    icon: str
    word: str
    kind: str


_TOLD = {
    RunState.STARTING: Told("circle-notch", "Starting", "accent"),
    RunState.RUNNING: Told("circle-half", "Training", "accent"),
    RunState.PAUSED: Told("pause-circle", "Paused", "plain"),
    RunState.STALLED: Told("warning", "Not responding", "warning"),
    RunState.FINISHED: Told("check-circle", "Finished", "success"),
    RunState.STOPPED: Told("stop-circle", "Stopped", "plain"),
    RunState.FAILED: Told("x-circle", "Failed", "fault"),
    RunState.DIED: Told("x-circle", "Died", "fault"),
}

#: Palette token of each kind.
TOKENS = {
    "plain": "t2",
    "accent": "accent_text",
    "success": "success",
    "warning": "warning",
    "fault": "fault",
}


def tell(summary: RunSummary) -> Told:
    """How a run is: its phase while it is at work, its error's name where it failed."""
    told, status = _TOLD[summary.state], summary.status
    if status is None:
        return told
    if summary.state in (RunState.STARTING, RunState.RUNNING):
        return Told(told.icon, status.phase.capitalize(), told.kind)
    if summary.state == RunState.FAILED and status.error is not None:
        return Told(told.icon, status.error.code.replace("_", " ").capitalize(), told.kind)
    return told


def duration(seconds: float | None) -> str:
    """``42 s``, ``3 min 05 s``, ``1 h 42 min``, ``2 d 3 h``; a dash where nobody knows."""
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return MISSING
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(seconds / 60)
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes // 1440} d {minutes % 1440 // 60} h"


def memory(megabytes: float) -> str:
    """``640 MB``, ``11.2 GB``; a dash for none."""
    if megabytes <= 0:
        return MISSING
    return f"{megabytes:.0f} MB" if megabytes < 1000 else f"{megabytes / 1024:.1f} GB"


def rate(steps_per_s: float) -> str:
    """``7.9 steps/s``, or below one a second ``4.2 s/step``; a dash for none."""
    if not math.isfinite(steps_per_s) or steps_per_s <= 0:
        return MISSING
    return f"{steps_per_s:.1f} steps/s" if steps_per_s >= 1 else f"{1 / steps_per_s:.1f} s/step"


def clock(unix_s: float, *, now_s: float | None = None) -> str:
    """``08:02``, with the day where it was not today, in local time."""
    then, now = time.localtime(unix_s), time.localtime(now_s)
    same_day = then[:3] == now[:3]
    return time.strftime("%H:%M" if same_day else "%d %b %H:%M", then)
