"""The card at the top: which evaluations are compared by which figure, and how it came out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QPushButton, QVBoxLayout, QWidget

from utnet_viewer.compare.metrics import METRICS
from utnet_viewer.compare.side import Letter
from utnet_viewer.theme import CONTROL, SIZE_BODY, SIZE_LABEL, SIZE_TITLE, Theme, ui_font
from utnet_viewer.training.run_header_parts import ProgressLine
from utnet_viewer.widgets.choice import Choice
from utnet_viewer.widgets.controls import IconButton
from utnet_viewer.widgets.elided_label import ElidedLabel

_STEPS = 1000


@dataclass(frozen=True)
class HeadFigure:
    """A figure of A, an arrow, the figure of B, and under it what changed.

    Attributes:
        caption: ``PA-MPJPE mm``.
        first: A's, "" where the figure is of both together.
        second: B's.
        change: Under them.
        token: Colour of the change.
    """

    caption: str
    first: str
    second: str
    change: str
    token: str = "t2"


@dataclass(frozen=True)
class Option:
    """An evaluation that can be chosen.

    Attributes:
        key: Of its folder.
        title: The checkpoint's name, made unmistakable.
        hint: What else is known of it.
    """

    key: str
    title: str
    hint: str


class HeadCard(QFrame):
    """Choices at the left, the sentence under them, figures at the right."""

    first_chosen = Signal(str)  # key of an evaluation
    second_chosen = Signal(str)
    further_toggled = Signal(str)
    metric_chosen = Signal(str)  # column
    swap_wanted = Signal()
    cancel_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._theme = theme
        self.first, self.second = self._choice("Evaluation A"), self._choice("Evaluation B")
        self.first.setToolTip("A, the baseline that the others are compared with")
        self.second.setToolTip("B, compared with A")
        self.figure = self._choice("Figure that is compared")
        for metric in METRICS:
            self.figure.addItem(metric.words, metric.key)
            self.figure.setItemData(
                self.figure.count() - 1, metric.means, Qt.ItemDataRole.ToolTipRole
            )
        self.figure.setMinimumWidth(128)
        self.figure.setToolTip("The figure that is compared  (K: the next one)")
        self.swap = IconButton("arrows-left-right", "Swap A and B", theme)
        self.swap.action.setToolTip("Swap A and B  (S)")
        self.swap.action.triggered.connect(self.swap_wanted)
        self.further = QPushButton("Further…")
        self.further.setToolTip("Compare further evaluations with A")
        self.further_menu = QMenu(self.further)
        self.further.setMenu(self.further_menu)
        self.sentence, self.note = ElidedLabel(), ElidedLabel()
        self.sentence.setFont(ui_font(SIZE_TITLE, 600))
        self.note.setFont(ui_font(SIZE_LABEL))
        self.note.hide()
        self.busy = QLabel()
        self.busy.setObjectName("hint")
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Leave the comparison unfinished  (Esc)")
        self.cancel.clicked.connect(self.cancel_wanted)
        self.progress = ProgressLine(theme)
        self.progress.setAccessibleName("Progress of the comparison")
        # The card keeps its height: everything under it would be laid out and painted anew.
        kept = self.progress.sizePolicy()
        kept.setRetainSizeWhenHidden(True)
        self.progress.setSizePolicy(kept)
        self.sentence.setFixedHeight(CONTROL + 2)
        self._blocks = [_Block(theme) for _ in range(3)]
        self._arrange()
        self._connect()
        self.show_progress(None)

    def _choice(self, name: str) -> Choice:
        choice = Choice(self._theme)
        choice.setAccessibleName(name)
        choice.setMinimumWidth(110)
        return choice

    def _arrange(self) -> None:
        choices = QHBoxLayout()
        choices.setSpacing(8)
        choices.addWidget(Letter("A", self._theme, size_px=26))
        choices.addWidget(self.first, 3)
        choices.addWidget(self.swap)
        choices.addWidget(Letter("B", self._theme, size_px=26))
        choices.addWidget(self.second, 3)
        choices.addWidget(self.further)
        choices.addSpacing(8)
        choices.addWidget(self.figure, 2)
        left = QVBoxLayout()
        left.setSpacing(4)
        left.addLayout(choices)
        words = QHBoxLayout()
        words.setSpacing(8)
        words.addWidget(self.sentence, 1)
        words.addWidget(self.busy)
        words.addWidget(self.cancel)
        left.addLayout(words)
        left.addWidget(self.note)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addLayout(left, 1)
        for block in self._blocks:
            row.addWidget(block)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, 14, 4)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(self.progress)

    def _connect(self) -> None:
        for choice, signal in (
            (self.first, self.first_chosen),
            (self.second, self.second_chosen),
            (self.figure, self.metric_chosen),
        ):
            choice.activated.connect(
                lambda _n, choice=choice, signal=signal: signal.emit(choice.currentData())
            )
        self._theme.changed.connect(self._tint)

    # What is shown.

    def show_options(
        self, options: Sequence[Option], *, first: str, second: str, further: Sequence[str]
    ) -> None:
        """What can be chosen, and what is; keys of evaluations."""
        for choice, key in ((self.first, first), (self.second, second)):
            choice.clear()
            for option in options:
                choice.addItem(option.title, option.key)
                choice.setItemData(choice.count() - 1, option.hint, Qt.ItemDataRole.ToolTipRole)
            choice.setCurrentIndex(choice.findData(key))
            choice.setEnabled(len(options) > 1)
        self.further_menu.clear()
        others = [option for option in options if option.key not in (first, second)]
        for option in others:
            action = self.further_menu.addAction(option.title)
            action.setToolTip(option.hint)
            action.setCheckable(True)
            action.setChecked(option.key in further)
            action.triggered.connect(lambda _=False, key=option.key: self.further_toggled.emit(key))
        self.further.setVisible(bool(others))
        self.swap.action.setEnabled(bool(first and second))

    def show_metric(self, key: str) -> None:
        """Which figure is compared."""
        self.figure.setCurrentIndex(self.figure.findData(key))

    def say(self, sentence: str, figures: Sequence[HeadFigure] = (), *, note: str = "") -> None:
        """How it came out; `note` is what limits it."""
        self.sentence.setText(sentence)
        self.sentence.setAccessibleName(sentence)
        self.note.setText(note)
        self.note.setVisible(bool(note))
        for number, block in enumerate(self._blocks):
            block.show_figure(figures[number] if number < len(figures) else None)
        self._tint()

    def show_progress(self, share: float | None) -> None:
        """How far the comparison is; None while none takes long."""
        self.busy.setText(f"Comparing by {self.figure.currentText()}…")
        self.busy.setVisible(share is not None)
        self.progress.setVisible(share is not None)
        self.cancel.setVisible(share is not None)
        self.progress.show_progress(round((share or 0) * _STEPS), _STEPS)

    def _tint(self) -> None:
        self.note.setStyleSheet(f"color: {self._theme.palette.warning};")


class _Block(QWidget):
    """One figure."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme, self._figure = theme, None
        self.caption, self.value, self.change = QLabel(), QLabel(), QLabel()
        self.caption.setObjectName("figureCaption")
        self.value.setFont(ui_font(SIZE_TITLE, 600))
        self.value.setTextFormat(Qt.TextFormat.RichText)
        self.change.setFont(ui_font(SIZE_BODY - 1))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addStretch(1)
        for label in (self.caption, self.value, self.change):
            column.addWidget(label)
        column.addStretch(1)
        theme.changed.connect(self._tint)

    def show_figure(self, figure: HeadFigure | None) -> None:
        """Show a figure; None hides the block."""
        self._figure = figure
        self.setVisible(figure is not None)
        if figure is not None:
            self.caption.setText(figure.caption)
            self.change.setText(figure.change)
            self._tint()

    def _tint(self) -> None:
        if self._figure is None:
            return
        palette, figure = self._theme.palette, self._figure
        before = ""
        if figure.first:
            before = (
                f'<span style="color:{palette.t2}; font-weight:500">{figure.first}</span>'
                f'<span style="color:{palette.t3}">&nbsp;→&nbsp;</span>'
            )
        self.value.setText(f'{before}<span style="color:{palette.t1}">{figure.second}</span>')
        words = " to ".join(part for part in (figure.first, figure.second) if part)
        self.setAccessibleName(f"{figure.caption}: {words}, {figure.change}")
        self.change.setStyleSheet(f"color: {getattr(palette, figure.token)};")
