"""``?``: every action and its keys by group, and the keys that single widgets hear."""

from itertools import groupby

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from utnet_viewer.actions import Entry, FocusKey
from utnet_viewer.widgets.controls import Tag

COLUMNS = 3

_ARROWS = ("Left", "Right", "Up", "Down")


class ShortcutSheet(QDialog):
    """Groups in columns; only what has a key."""

    def __init__(self, entries: list[Entry | FocusKey], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(1120, 640)
        with_keys = sorted((e for e in entries if e.keys), key=lambda e: _order(e.group))
        groups = [(name, list(members)) for name, members in groupby(with_keys, lambda e: e.group)]
        columns = [QVBoxLayout() for _ in range(COLUMNS)]
        heights = [0] * COLUMNS
        for name, members in groups:
            shortest = heights.index(min(heights))
            heights[shortest] += len(members) + 2
            columns[shortest].addWidget(_group(name, members))
        inside = QWidget()
        row = QHBoxLayout(inside)
        row.setContentsMargins(20, 16, 20, 16)
        row.setSpacing(36)
        for column in columns:
            column.setSpacing(18)
            column.addStretch(1)
            row.addLayout(column, 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inside)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)


def _order(group: str) -> tuple[int, str]:
    known = ("Go", "File", "Edit", "View", "Run", "Help")
    return (known.index(group), group) if group in known else (len(known), group)


def _group(name: str, entries: list[Entry | FocusKey]) -> QWidget:
    box = QWidget()
    grid = QGridLayout(box)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setVerticalSpacing(5)
    head = QLabel(name)
    head.setObjectName("heading")
    grid.addWidget(head, 0, 0, 1, 2)
    for line, entry in enumerate(entries, start=1):
        words = QLabel(entry.words)
        words.setObjectName("quiet")
        words.setWordWrap(True)  # three columns stand side by side whatever is in them
        grid.addWidget(words, line, 0)
        side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        grid.addWidget(Tag(_told(entry.keys)), line, 1, side)
    grid.setColumnStretch(0, 1)
    return box


def _told(keys: list[str]) -> str:
    """``Ctrl+Z``, ``N or Ctrl+Down``, and ``Shift+arrows`` for all four of them."""
    before = keys[0].removesuffix(_ARROWS[0])
    is_all = keys == [before + arrow for arrow in _ARROWS]
    return f"{before}arrows" if is_all else " or ".join(keys)
