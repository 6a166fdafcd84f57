"""Words that change with every frame leave the window's layout alone."""

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from utnet_viewer.widgets.steady_text import say


class Layouts(QObject):
    """Counts how often a widget is asked to lay out its children."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, _widget, event) -> bool:
        self.count += event.type() == QEvent.Type.LayoutRequest
        return False


@pytest.mark.parametrize("kind", [QLabel, QToolButton])
def test_only_words_that_need_more_room_lay_out_anew(qtbot, kind):
    window = QWidget()
    qtbot.addWidget(window)
    widget = kind()
    QHBoxLayout(window).addWidget(widget)
    say(widget, "frame 0100")
    with qtbot.waitExposed(window):
        window.show()
    qtbot.wait(20)
    layouts, width = Layouts(window), widget.width()
    for text in ("frame 0011", "frame 11", "frame 0100"):
        say(widget, text)
        qtbot.wait(10)
        assert widget.text() == text
    assert layouts.count == 0 and widget.width() == width
    say(widget, "a frame with a much longer name")
    qtbot.waitUntil(lambda: layouts.count > 0)
    qtbot.waitUntil(lambda: widget.width() >= widget.sizeHint().width() > width)
