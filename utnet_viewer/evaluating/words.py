"""What the window says of an evaluation."""

import math
from collections.abc import Sequence

from utnet_viewer.evaluating.evaluating import Evaluating, Run


def duration(seconds: float) -> str:
    """ "5 min 12 s", "1 h 40 min"; "" where it is unknown."""
    if not math.isfinite(seconds):
        return ""
    whole = max(1, round(seconds))
    hours, minutes = whole // 3600, whole % 3600 // 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"


def _short_duration(seconds: float) -> str:
    """Rounded to what a person can use while it counts down."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def progress(run: Run) -> str:
    """How far and how fast."""
    if run.is_ending:
        return f"Stopping. {run.done:,} of {run.total:,} are kept."
    if not run.total:
        return "Loading the checkpoint…"
    words = [f"{run.done:,} of {run.total:,}"]
    if run.rate > 0:
        words.append(f"{run.rate:.1f}/s" if run.rate < 100 else f"{run.rate:.0f}/s")
    if math.isfinite(run.eta_s):
        words.append(f"{_short_duration(run.eta_s)} to go")
    elif run.before:
        words.append(f"goes on after {run.before:,}")
    return " · ".join(words)


def state(evaluating: Evaluating, done: int, total: int) -> str:
    """Where nothing runs here: what there is."""
    phase = evaluating.phase
    if phase == "absent":
        return "Not evaluated yet"
    if phase == "partial":
        return f"{done:,} of {total:,} evaluated"
    if phase == "elsewhere":
        return f"Evaluated elsewhere: {done:,} of {total:,}"
    return "The evaluation cannot be read" if phase == "damaged" else ""


def finished(run: Run, seconds: float, means: Sequence[str]) -> str:
    """When all is done; `means` are over all frames with labels."""
    words = f"Evaluated {run.subject.name} in {duration(seconds)}"
    return f"{words}: mean {', '.join(means)}." if means else f"{words}."
