"""The pointer's moves in tests reach the window that is meant, whatever else lies there."""

from pathlib import Path

import pointer
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QWidget

PLACE = QPoint(30, 20)


class Listener(QWidget):
    """Keeps what the pointer does over it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.seen: list[tuple[str, QPoint, bool]] = []

    def _keep(self, what: str, event) -> None:
        is_down = bool(event.buttons() & Qt.MouseButton.LeftButton)
        self.seen.append((what, event.position().toPoint(), is_down))

    def mouseMoveEvent(self, event) -> None:
        self._keep("move", event)

    def mousePressEvent(self, event) -> None:
        self._keep("press", event)

    def mouseReleaseEvent(self, event) -> None:
        self._keep("release", event)


@pytest.fixture
def inner(qtbot) -> Listener:
    """A widget in a window that lies under an older one of the same size."""
    windows = [Listener(), QWidget()]
    for window in windows:
        qtbot.addWidget(window)
        window.resize(400, 300)
        window.show()
        qtbot.waitExposed(window)
    inner = Listener(windows[1])
    inner.setGeometry(50, 60, 200, 100)
    inner.show()
    inner.older, inner.around = windows
    return inner


def test_an_older_window_at_the_same_place_takes_nothing(inner):
    pointer.hover(inner, PLACE)
    assert inner.seen[-1] == ("move", PLACE, False) and inner.older.seen == []


def test_a_pointer_that_is_there_already_moves_too(inner):
    QCursor.setPos(inner.mapToGlobal(PLACE))
    for _ in range(3):
        inner.seen.clear()
        pointer.hover(inner, PLACE)
        assert inner.seen[-1] == ("move", PLACE, False)


def test_a_drag_holds_the_button_until_its_end(inner):
    pointer.drag(inner, PLACE, PLACE + QPoint(5, 0), PLACE + QPoint(300, 0))
    assert inner.seen[-4:] == [
        ("press", PLACE, True),
        ("move", PLACE + QPoint(5, 0), True),
        ("move", PLACE + QPoint(300, 0), True),  # beyond the widget, which keeps the pointer
        ("release", PLACE + QPoint(300, 0), False),
    ]


def test_what_lies_over_the_widget_is_named(inner, qtbot):
    cover = Listener(inner)
    cover.setObjectName("cover")
    cover.resize(inner.size())
    cover.show()
    with pytest.raises(AssertionError, match="cover"):
        pointer.hover(inner, PLACE)


def test_no_test_moves_the_screens_cursor_by_itself():
    tests = Path(__file__).parent
    here = {Path(__file__), Path(pointer.__file__)}
    files = [path for path in tests.rglob("*.py") if path not in here]
    assert [path.name for path in files if "mouseMove(" in path.read_text("utf-8")] == []
