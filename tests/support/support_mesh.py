"""What a person does with the mesh view, and what is on screen then."""

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtWidgets import QApplication


def colours_of(widget) -> np.ndarray:
    """(h, w, 3) of what is on screen."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGBA8888)
    flat = np.frombuffer(image.constBits(), np.uint8)
    rows = flat.reshape(image.height(), image.bytesPerLine())[:, : 4 * image.width()]
    return rows.reshape(image.height(), image.width(), 4)[..., :3].astype(int)


def surface_point(view, joint: int) -> QPoint:
    """A pixel of the drawn surface near a joint of the prediction."""
    x, y, _ = view.camera.project(
        view.scene.prediction.joints_mm[[joint]], view.width(), view.height()
    )[0]
    return QPoint(round(x), round(y))


def drag(qtbot, view, by: QPoint, button=Qt.MouseButton.LeftButton, keys=None):
    """From near the upper left corner."""
    keys = keys or Qt.KeyboardModifier.NoModifier
    start = QPoint(20, 20)
    qtbot.mousePress(view, button, keys, start)
    for step in (by / 2, by):
        event_at = start + step
        move(view, event_at, button, keys)
    qtbot.mouseRelease(view, button, keys, start + by)


def move(view, at: QPoint, button, keys) -> None:
    """Move with a button held down, which Qt's own test mouse lets go."""
    place = QPointF(at)
    event = QMouseEvent(QEvent.Type.MouseMove, place, view.mapToGlobal(place), button, button, keys)
    QApplication.sendEvent(view, event)
