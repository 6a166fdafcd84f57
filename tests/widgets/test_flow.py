"""Widgets in lines: what does not fit goes to the next."""

from PySide6.QtWidgets import QLabel, QWidget

from utnet_viewer.widgets.flow import FlowLayout


def test_narrow_means_more_lines(qtbot):
    inside = QWidget()
    qtbot.addWidget(inside)
    layout = FlowLayout(inside, gap=6)
    labels = [QLabel(str(n)) for n in range(4)]
    for label in labels:
        label.setFixedSize(50, 20)
        layout.addWidget(label)
    assert layout.heightForWidth(4 * 50 + 3 * 6) == 20
    assert layout.heightForWidth(4 * 50 + 3 * 6 - 1) == 46
    assert layout.heightForWidth(55) == 4 * 20 + 3 * 6
    labels[3].hide()
    assert layout.heightForWidth(55) == 3 * 20 + 2 * 6
    first = QLabel("first")
    layout.insert(0, first)
    assert layout.itemAt(0).widget() is first and layout.count() == 5
