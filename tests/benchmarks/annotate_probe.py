"""Runs the real window with its real fitter process and drags joints; prints JSON.

Run by `bench_annotate` as ``python annotate_probe.py DATASET CHECKPOINT``. For every movement of
the mouse whose fit came back: the time from the movement until the refitted hand is painted. A
movement that a newer one overtook in the fitter has none; how many those are is told too.
"""

import argparse
import json
import sys
import time
from math import cos, pi, sin

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from window_probe import Gaps, Stopwatch, rest, spin_ms, wait_until

from utnet_viewer import app
from utnet_viewer.docks import ANNOTATE

#: Joints that are dragged, and on how large a circle, in canvas points.
JOINTS, RADIUS = (2, 17, 16, 0, 18), 40.0
MOVES, MOVE_S = 120, 1 / 60
LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


class Painted(QObject):
    """Times from a movement to the paint that shows its fit."""

    def __init__(self, fitter, canvas) -> None:
        super().__init__()
        self.times: list[dict[str, float]] = []
        self.fits_ms: list[float] = []
        self.asked = 0
        self.moved = Stopwatch()
        self._watches: dict[int, Stopwatch] = {}
        self._answered: list[Stopwatch] = []
        self._ask = fitter.request
        fitter.request = self._request
        fitter.fitted.connect(self._on_fitted)
        canvas.installEventFilter(self)

    def _request(self, key: int, *values) -> None:
        self.asked += 1
        self._watches[key] = self.moved
        self._ask(key, *values)

    def _on_fitted(self, key: int, fit) -> None:
        watch = self._watches.pop(key, None)
        if watch is not None:
            self._answered.append(watch)
            self.fits_ms.append(fit.milliseconds)

    def eventFilter(self, _widget: QObject, event: QEvent) -> bool:
        """A paint begins; it is over when control comes back from the event loop."""
        if event.type() == QEvent.Type.Paint and self._answered:
            watches, self._answered = self._answered, []
            QTimer.singleShot(0, lambda: self.times.extend(w.read() for w in watches))
        return False


class Probe:
    """Drives one run of the window."""

    def __init__(self, starter: app.Starter) -> None:
        self._starter = starter
        self.result: dict = {}
        QTimer.singleShot(0, self._run)

    def _run(self) -> None:
        try:
            self._open()
            self.result["spin"] = spin_ms()
            self._drag_joints()
        finally:
            self._starter.window.ask_nothing_more()
            self._starter.window.close()
            QApplication.exit(0)

    def _open(self) -> None:
        wait_until(lambda: self._starter.session is not None and self._starter._menus is not None)
        session = self._starter.session
        wait_until(lambda: session.is_settled)
        began_s = time.monotonic()
        self._starter.window.show_workspace(ANNOTATE)
        wait_until(lambda: self._starter._menus.annotate.is_ready)
        self.result["opened"] = [{"wall": (time.monotonic() - began_s) * 1000}]
        self.workspace = self._starter._menus.annotate.workspace
        rest(2.0)

    def _drag_joints(self) -> None:
        canvas, editor = self.workspace.image.canvas, self.workspace.editor
        self._drag(canvas, editor, JOINTS[0], moves=10)  # the fitter's process starts
        wait_until(lambda: not editor.is_refitting)
        rest(1.0)
        painted, gaps = Painted(self.workspace.fitter, canvas), Gaps()
        self.result["gaps"] = gaps.times
        gaps.begin("dragging")
        for joint in JOINTS:
            self._drag(canvas, editor, joint, moves=MOVES, painted=painted)
            wait_until(lambda: not editor.is_refitting)
        gaps.end()
        self.result["drag"] = painted.times
        self.result["fits"] = painted.fits_ms
        self.result["asked"] = painted.asked

    def _drag(self, canvas, editor, joint: int, *, moves: int, painted=None) -> None:
        """Round a circle that begins and ends at the joint's place."""
        x, y = canvas.view.to_canvas(editor.keypoints_px[joint])
        self._send(canvas, QEvent.Type.MouseButtonPress, QPointF(x, y), Qt.MouseButton.LeftButton)
        for number in range(1, moves + 1):
            angle = 2 * pi * number / moves
            at = QPointF(x + RADIUS * (cos(angle) - 1), y + RADIUS * sin(angle))
            if painted is not None:
                painted.moved = Stopwatch()
            self._send(canvas, QEvent.Type.MouseMove, at, LEFT)
            rest(MOVE_S)
        self._send(canvas, QEvent.Type.MouseButtonRelease, QPointF(x, y), LEFT)

    @staticmethod
    def _send(canvas, kind: QEvent.Type, at: QPointF, button) -> None:
        place = QPointF(canvas.mapToGlobal(QPoint(round(at.x()), round(at.y()))))
        QApplication.sendEvent(canvas, QMouseEvent(kind, at, place, button, button, NO_KEYS))


def main() -> None:
    """Run the window's own `main` with a probe in it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset")
    parser.add_argument("checkpoint")
    arguments = parser.parse_args()
    probes: list[Probe] = []
    start = app.Starter.start

    def start_watched(starter: app.Starter, **options) -> None:
        probes.append(Probe(starter))
        start(starter, **options)

    app.Starter.start = start_watched
    line = [arguments.dataset, "--split", "train", "--checkpoint", arguments.checkpoint]
    app.main([*line, "--size", "1600x1000", "--theme", "dark", "--device", "cpu"])
    print(json.dumps(probes[0].result))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
