"""The pointer in tests: its moves go to the window that is meant, wherever that is.

``QTest.mouseMove(widget)`` sets the screen's cursor and leaves it to the platform who is told:
without a screen that is the *oldest* window that lies there, so one that an earlier test left, or
that belongs to the same test, takes the move. A move to where the pointer is already is none.
"""

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWindow
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

LEFT = Qt.MouseButton.LeftButton
NO_KEYS = Qt.KeyboardModifier.NoModifier


def hover(widget: QWidget, place: QPoint | None = None) -> None:
    """Move the pointer to a place of a widget, its middle by default, wherever it was before.

    The widget is told itself: on its way through the platform a move drags "left the window" of
    other windows after it, which come when they like.
    """
    place = widget.rect().center() if place is None else place
    _in_window(widget, place)
    beside = QPoint(1 if place.x() == 0 else -1, 0)
    for there in (place + beside, place):
        move = QMouseEvent(
            QEvent.Type.MouseMove,
            QPointF(there),
            QPointF(widget.mapToGlobal(there)),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.NoButton,
            NO_KEYS,
        )
        QApplication.sendEvent(widget, move)


def drag(widget: QWidget, start: QPoint, *stops: QPoint, button: Qt.MouseButton = LEFT) -> None:
    """Press at `start`, move over `stops` in the widget's coordinates, release at the last one."""
    window, there = _in_window(widget, start)
    QTest.mousePress(window, button, NO_KEYS, there)
    for stop in stops:
        there = widget.mapTo(widget.window(), stop)
        QTest.mouseMove(window, there)
    QTest.mouseRelease(window, button, NO_KEYS, there)


def _in_window(widget: QWidget, place: QPoint) -> tuple[QWindow, QPoint]:
    """The window, and the place in it; fails where the widget is not what lies there."""
    top = widget.window()
    there = widget.mapTo(top, place)
    taker = top.childAt(there) or top
    assert widget.isVisible() and taker is widget, f"{taker} lies over {widget} at {place}"
    return top.windowHandle(), there
