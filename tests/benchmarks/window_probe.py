"""Runs the real window with its real engine and measures it from inside; prints JSON.

Run by `bench_window` as ``python window_probe.py SCENARIO BEGAN_S DATASET CHECKPOINT``. BEGAN_S is
the parent's ``time.monotonic()`` just before it started this process, so the interpreter's own
start counts as well. Times are in milliseconds; "cpu" is what the window's main thread (at the
start: its whole process) computed meanwhile, and "queue" how long it was ready to compute while
others had the cores (Linux says it): on a machine that others use, wall time says little without
it. The rest of "wall" was waiting for the engine, for other threads, and for timers.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from utnet_viewer import app

STEPS, JUMPS, PLAY_S = 60, 24, 5
PAUSE_S, REST_S, KEY_REPEAT_S = 0.15, 0.4, 1 / 30
PROBE_MS = 2


class Paints(QObject):
    """Which sample each watched widget painted last."""

    def __init__(self, document) -> None:
        super().__init__()
        self._document = document
        self._names: dict[QObject, str] = {}
        self.shown: dict[str, object] = {}

    def watch(self, **widgets) -> None:
        """Watch these too; they are painted once more for it."""
        for name, widget in widgets.items():
            self._names[widget] = name
            self.shown[name] = None
            widget.installEventFilter(self)
            widget.update()

    def eventFilter(self, widget: QObject, event: QEvent) -> bool:
        """A paint begins; it is over when control comes back from the event loop."""
        if event.type() == QEvent.Type.Paint:
            self.shown[self._names[widget]] = self._document.sample
        return False

    def all_show(self, row: int, *, predicted: bool) -> bool:
        """Whether every watched widget has painted this row."""
        return all(_is_of(sample, row, predicted=predicted) for sample in self.shown.values())

    def photo_shows(self, row: int) -> bool:
        """Whether the image panel has painted this row's photo."""
        return _is_of(self.shown["photo"], row, predicted=False)


def _is_of(sample, row: int, *, predicted: bool) -> bool:
    has_photo = sample is not None and sample.row == row and sample.frame is not None
    return has_photo and (not predicted or sample.metrics is not None)


def queue_ms() -> float:
    """How long this thread has been ready to run without a core, NaN where nobody tells."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_bytes().split()[1]) / 1e6
    except OSError:
        return float("nan")


class Gaps:
    """How long the event loop left a fast timer waiting, in each phase."""

    def __init__(self) -> None:
        self.times: dict[str, list[dict[str, float]]] = {}
        self._phase, self._last_s, self._last_queue_ms = "", 0.0, 0.0
        self._timer = QTimer(interval=PROBE_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    def begin(self, phase: str) -> None:
        """Measure from here on, as this phase."""
        self._phase, self._last_s, self._last_queue_ms = phase, time.monotonic(), queue_ms()
        self._timer.start()

    def end(self) -> None:
        """Measure no more."""
        self._tick()
        self._timer.stop()

    def _tick(self) -> None:
        now_s, now_queue_ms = time.monotonic(), queue_ms()
        gap = {"wall": (now_s - self._last_s) * 1000, "queue": now_queue_ms - self._last_queue_ms}
        self.times.setdefault(self._phase, []).append(gap)
        self._last_s, self._last_queue_ms = now_s, now_queue_ms


class Stopwatch:
    """Wall time, what this thread computed, and how long it waited for a core."""

    def __init__(self) -> None:
        self._wall_s, self._cpu_s = time.monotonic(), time.thread_time()
        self._queue_ms = queue_ms()

    def read(self) -> dict[str, float]:
        """Milliseconds since it was made."""
        wall_s, cpu_s = time.monotonic() - self._wall_s, time.thread_time() - self._cpu_s
        queued_ms = queue_ms() - self._queue_ms
        return {"wall": wall_s * 1000, "cpu": cpu_s * 1000, "queue": queued_ms}


def wait_until(condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
    """Run the event loop, asleep between events, until a condition holds."""
    deadline_s = time.monotonic() + timeout_s
    alarm = QTimer(interval=20)  # a condition may become true without an event
    alarm.start()
    while not condition():
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"waited {timeout_s} s in vain")
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


def rest(seconds: float) -> None:
    """Run the event loop for a while."""
    end_s = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() >= end_s)


def spin_ms() -> float:
    """CPU time of a fixed piece of Python: tells fast machines and moments from slow ones."""
    began_s, total = time.thread_time(), 0
    for number in range(2_000_000):
        total += number * number
    return (time.thread_time() - began_s) * 1000


class Probe:
    """Drives one run of the window and keeps what it measures in `result`."""

    def __init__(self, starter: app.Starter, *, began_s: float, works: bool) -> None:
        self._starter, self._began_s, self._works = starter, began_s, works
        self.result: dict = {"start": {}, "work": {}}
        self._panels: dict = {}
        self._add_panel = starter.window.add_panel
        starter.window.add_panel = self._on_panel
        starter.window.painted.connect(lambda: self._mark("first paint"))
        QTimer.singleShot(0, self._run)

    def _on_panel(self, title: str, panel) -> None:
        self._panels[title] = panel
        self._add_panel(title, panel)

    def _mark(self, name: str) -> None:
        wall_s = time.monotonic() - self._began_s
        self.result["start"][name] = {"wall": wall_s * 1000, "cpu": time.process_time() * 1000}

    def _keep(self, name: str, times: dict[str, float]) -> None:
        self.result["work"].setdefault(name, []).append(times)

    def _run(self) -> None:
        try:
            self._start_up()
            self.result["spin"] = spin_ms()
            if self._works:
                self._work()
        finally:
            self._starter.window.close()
            QApplication.exit(0)

    def _start_up(self) -> None:
        wait_until(lambda: {"Image", "Mesh", "Readouts"} <= self._panels.keys())
        image, mesh, readouts = (self._panels[title] for title in ("Image", "Mesh", "Readouts"))
        self.session = self._starter.session
        self.paints = Paints(self.session.document)
        self.paints.watch(
            photo=image.canvas,
            meshes=mesh.view,
            joints=readouts.joints.plot.viewport(),
            bones=readouts.bones.plot.viewport(),
        )
        wait_until(lambda: mesh.view.is_ready and self.paints.all_show(0, predicted=False))
        self._mark("usable with pictures")
        for cell in readouts.strip.cells.values():  # a number that stays is not painted again
            self.paints.watch(numbers=cell)
        wait_until(lambda: self.paints.all_show(0, predicted=True))
        self._mark("first prediction")
        rest(1.0)

    def _work(self) -> None:
        # The probe's own library: imported at the first key, it was the longest gap of stepping.
        from PySide6.QtTest import QTest

        self._click = QTest.keyClick
        gaps = Gaps()
        self.result["gaps"] = gaps.times
        for phase, work in (
            ("stepping", self._step),
            ("a key is held", self._hold_key),
            ("predicting", self._jump),
            ("playing", self._play),
        ):
            gaps.begin(phase)
            work()
            gaps.end()
            rest(1.0)

    def _press(self, key: Qt.Key) -> None:
        self._click(self._starter.window, key)

    def _step(self) -> None:
        """Press the key when the next frame has been predicted."""
        for _ in range(STEPS):
            row = self._row_before_a_step() + 1
            known_mm = self.session.samples.model.catalogue.pa_mm
            wait_until(lambda row=row, known_mm=known_mm: known_mm[row] >= 0)
            rest(PAUSE_S)
            stopwatch = Stopwatch()
            self._press(Qt.Key.Key_Right)
            wait_until(lambda row=row: self.paints.all_show(row, predicted=True))
            self._keep("step to a prefetched frame", stopwatch.read())

    def _row_before_a_step(self) -> int:
        """Where we are; a short dataset begins again."""
        document = self.session.document
        if document.row == len(document.index) - 1:
            document.select(0)
            wait_until(lambda: self.paints.all_show(0, predicted=True))
        return document.row

    def _hold_key(self) -> None:
        for _ in range(STEPS):
            self._row_before_a_step()
            self._press(Qt.Key.Key_Right)
            rest(KEY_REPEAT_S)

    def _jump(self) -> None:
        """Go elsewhere, with nothing read or predicted before."""
        document = self.session.document
        for _ in range(JUMPS):
            rest(REST_S)
            self.session.loader.forget()
            count = len(document.index)
            row = (document.row + count // 3 + 1) % count
            stopwatch = Stopwatch()
            self.session.stepper.jump(str(row + 1))
            wait_until(lambda row=row: self.paints.photo_shows(row))
            self._keep("cold jump: photo", stopwatch.read())
            wait_until(lambda row=row: self.paints.all_show(row, predicted=True))
            self._keep("cold jump: prediction", stopwatch.read())
            self._keep("of it the network", {"wall": document.sample.prediction.duration_ms})

    def _play(self) -> None:
        """Sequence after sequence, from the first, with nothing read or predicted before."""
        session, document = self.session, self.session.document
        session.loader.forget()
        document.select(0)
        shown: set[int] = set()
        document.sample_changed.connect(
            lambda sample: shown.add(sample.row) if sample.prediction is not None else None
        )
        end_s = time.monotonic() + PLAY_S
        while time.monotonic() < end_s:
            self._press(Qt.Key.Key_Space)
            wait_until(lambda: not session.stepper.is_playing or time.monotonic() > end_s)
            document.select(document.row + 1)
        self.result["frames per second"] = len(shown) / PLAY_S
        session.stepper.stop()


def main() -> None:
    """Run the window's own `main` with a probe in it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", choices=("start", "work"))
    parser.add_argument("began_s", type=float)
    parser.add_argument("dataset")
    parser.add_argument("checkpoint")
    arguments = parser.parse_args()
    probes: list[Probe] = []
    start = app.Starter.start

    def start_watched(starter: app.Starter, **options) -> None:
        is_work = arguments.scenario == "work"
        probes.append(Probe(starter, began_s=arguments.began_s, works=is_work))
        start(starter, **options)

    app.Starter.start = start_watched
    line = [arguments.dataset, "--split", "train", "--checkpoint", arguments.checkpoint]
    app.main([*line, "--size", "1600x1000", "--theme", "dark", "--device", "cpu"])
    print(json.dumps(probes[0].result))


if __name__ == "__main__":
    main()
