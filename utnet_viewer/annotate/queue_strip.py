"""The lines over the queue: how much of it is reviewed, and how the suggestions came about."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from utnet_viewer.annotate.suggesting import Suggesting
from utnet_viewer.theme import Theme
from utnet_viewer.widgets.controls import IconButton
from utnet_viewer.widgets.elided_label import ElidedLabel


def _bar() -> QProgressBar:
    bar = QProgressBar()
    bar.setTextVisible(False)
    bar.setFixedHeight(4)
    return bar


class ReviewedStrip(QWidget):
    """ "38 of 236 reviewed", and a bar."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.label, self.bar = QLabel(), _bar()
        self.label.setObjectName("quiet")
        self.bar.setAccessibleName("Reviewed")
        self._counts = (0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 0, 2, 0)
        layout.setSpacing(4)
        layout.addWidget(self.label)
        layout.addWidget(self.bar)
        theme.changed.connect(lambda: self.show_counts(*self._counts))

    def show_counts(self, reviewed: int, total: int) -> None:
        """So many of so many are done or rejected."""
        self._counts = reviewed, total
        palette = self._theme.palette
        is_all = total > 0 and reviewed == total
        colour = palette.success if is_all else palette.t1
        strong = f'<span style="color:{colour}; font-weight:600">'
        words = f"{strong}{reviewed:,}</span> of {total:,} reviewed"
        self.label.setText(f"{strong}All {total:,} reviewed</span>" if is_all else words)
        self.bar.setRange(0, max(total, 1))
        self.bar.setValue(reviewed)


class SearchStrip(QWidget):
    """Where the suggestions are from, whether they are old, how far a search is."""

    def __init__(self, suggesting: Suggesting, theme: Theme) -> None:
        super().__init__()
        self._suggesting = suggesting
        self.label = ElidedLabel()
        self.label.setObjectName("quiet")
        self.start = QPushButton("Look again")
        self.start.setObjectName("smallButton")
        self.start.clicked.connect(suggesting.start)
        self.cancel = IconButton("x", "Stop looking", theme)
        self.cancel.action.triggered.connect(suggesting.cancel)
        self.bar = _bar()
        self.bar.setAccessibleName("Labels read")
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        line.addWidget(self.label, 1)
        line.addWidget(self.start)
        line.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 0, 2, 0)
        layout.setSpacing(2)
        layout.addLayout(line)
        layout.addWidget(self.bar)
        suggesting.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Say what there is now."""
        suggesting = self._suggesting
        is_running = suggesting.phase == "running"
        self.cancel.setVisible(is_running)
        self.bar.setVisible(is_running)
        self.bar.setRange(0, suggesting.total)
        self.bar.setValue(suggesting.done)
        self.start.setVisible(not is_running and suggesting.kept is not None)
        self.start.setEnabled(suggesting.can_start)
        self.start.setToolTip("Read every label again, and its depth, in the background")
        self.label.setText(search_words(suggesting))


def search_words(suggesting: Suggesting) -> str:
    """Where the suggestions are from: "by labels and demo", "old: the labels changed"."""
    if suggesting.phase == "running":
        return f"{suggesting.done:,} of {suggesting.total:,} labels read"
    if suggesting.problem:
        return suggesting.problem
    kept = suggesting.kept
    if kept is None:
        return ""
    if suggesting.old:
        return f"old: {suggesting.old}"
    return f"by labels and {kept.by}" if kept.by else "by labels alone"
