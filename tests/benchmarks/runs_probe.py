"""Follows the runs of a folder beside an event loop and measures its gaps; prints JSON.

Run by `bench_runs` as ``python runs_probe.py RUNS``. Times are in milliseconds: how long a timer of
2 ms was left waiting; "cpu" is what this thread computed in that time, so the rest of a gap is
waiting: for the interpreter that the monitor's thread holds, or for a busy machine.
"""

import gc
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QCoreApplication, QEventLoop, Qt, QTimer

from utnet_viewer.training.monitor import RunMonitor

PROBE_MS = 2
WATCH_S = 6.0


class Gaps:
    """How long the event loop left a fast timer waiting."""

    def __init__(self) -> None:
        self._wall_ms: list[float] = []
        self._cpu_ms: list[float] = []
        self._last = time.perf_counter(), time.thread_time()
        self._timer = QTimer(interval=PROBE_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now = time.perf_counter(), time.thread_time()
        self._wall_ms.append((now[0] - self._last[0]) * 1000)
        self._cpu_ms.append((now[1] - self._last[1]) * 1000)
        self._last = now

    def end(self) -> dict[str, float]:
        """Of all gaps so far: the 99th percentile, the longest, how many were over 50 ms."""
        self._timer.stop()
        return {
            "p99": round(float(np.percentile(self._wall_ms, 99)), 1),
            "longest": round(max(self._wall_ms), 1),
            "longest cpu": round(max(self._cpu_ms), 1),
            "over 50 ms": sum(gap_ms > 50 for gap_ms in self._wall_ms),
            "of": len(self._wall_ms),
        }


def turn(seconds: float, *, until: Callable[[], bool] = lambda: False) -> None:
    """Run the event loop."""
    end_s = time.monotonic() + seconds
    loop, look = QEventLoop(), QTimer(interval=20)
    look.timeout.connect(lambda: loop.quit() if until() or time.monotonic() > end_s else None)
    look.start()
    loop.exec()


def main() -> None:
    """Measure with nothing to do, while everything is opened, and while it is followed."""
    application = QCoreApplication([])
    turn(0.5)
    gc.freeze()  # as the window does once it stands
    found: dict[str, dict[str, float]] = {}
    gaps = Gaps()
    turn(WATCH_S)
    found["idle"] = gaps.end()

    runs_root = Path(sys.argv[1])
    paths = [path for path in runs_root.iterdir() if path.is_dir()]
    monitor = RunMonitor(runs_root)
    updates: list[str] = []
    monitor.run_updated.connect(lambda view: updates.append(view.name))
    gaps, began_s, cpu_s = Gaps(), time.monotonic(), time.process_time()
    monitor.follow(paths)
    turn(120, until=lambda: len(monitor.views) == len(paths))
    found["opening"] = gaps.end() | {
        "runs": len(monitor.views),
        "seconds": round(time.monotonic() - began_s, 2),
        "cpu seconds": round(time.process_time() - cpu_s, 2),
    }
    updates.clear()
    gaps, cpu_s = Gaps(), time.process_time()
    turn(WATCH_S)
    found["following"] = gaps.end() | {
        "updates a second": round(len(updates) / WATCH_S, 1),
        "cpu share": round((time.process_time() - cpu_s) / WATCH_S, 3),
    }
    monitor.close()
    print(json.dumps(found))
    application.processEvents()


if __name__ == "__main__":
    main()
