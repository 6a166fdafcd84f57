"""The ring around whatever has the keyboard."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from utnet_viewer.theme import DARK, Theme
from utnet_viewer.widgets.focus_ring import OUTSET, FocusRing


@pytest.fixture
def window(qtbot) -> QWidget:
    """Two buttons and a ring."""
    window = QWidget()
    layout = QVBoxLayout(window)
    for text in ("first", "second"):
        layout.addWidget(QPushButton(text))
    window.ring = FocusRing(Theme(DARK), window)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=20_000)
    return window


def buttons(window) -> list[QPushButton]:
    return window.findChildren(QPushButton)


def test_it_surrounds_the_focus_after_a_key_and_hides_at_a_click(window, qtbot):
    first, second = buttons(window)
    first.setFocus()
    assert window.ring.isHidden()
    window.ring.begin()
    second.setFocus()
    assert window.ring.isVisible()
    assert window.ring.geometry() == second.geometry().adjusted(-OUTSET, -OUTSET, OUTSET, OUTSET)
    qtbot.mouseClick(second, Qt.MouseButton.LeftButton)
    assert window.ring.isHidden()


def test_a_button_that_goes_away_when_pressed_takes_the_ring_along(window, qtbot):
    first, second = buttons(window)
    second.setFocus()
    window.ring.begin()
    first.clicked.connect(first.deleteLater)
    first.setFocus()
    assert window.ring.isVisible()
    qtbot.keyClick(first, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: len(buttons(window)) == 1, timeout=20_000)
    second.setFocus()
    expected = second.geometry().adjusted(-OUTSET, -OUTSET, OUTSET, OUTSET)
    assert window.ring.geometry() == expected
