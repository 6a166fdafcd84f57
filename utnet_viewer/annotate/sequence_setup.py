"""The left side of the sequence dialog: key frames, range, smoothness, and the fit's progress."""

from __future__ import annotations

import math

from PySide6.QtCore import Signal
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from utnet_viewer.annotate.sequence_fitting import Phase, SequenceFitting
from utnet_viewer.annotate.sequence_plan import (
    JUMPS,
    MOST_DISAGREEMENT_MM,
    USUAL_JUMP,
    KeyFrame,
    disagreement_mm,
    smoothness_of,
)
from utnet_viewer.annotate.tick_table import Column, TickModel, TickTable
from utnet_viewer.numbers import fixed
from utnet_viewer.theme import Theme
from utnet_viewer.widgets.controls import IconButton, ThinSlider

NO_KEYS = (
    "No frame of this sequence is corrected yet.\n\n"
    "Correct two or three of its frames, such as those where the error begins and ends; the "
    "frames between them are fitted here. A frame whose label is right counts too: mark it as done."
)
_KEY_COLUMNS = (
    Column("frame", 0, lambda key: key.frame.name, lambda key: key.frame.row),
    Column("", 92, lambda key: key.note, lambda key: key.note),
    Column(
        "worst px",
        70,
        lambda key: fixed(key.most_moved_px),
        lambda key: key.most_moved_px,
        "How far the joint that was moved most is from the label, in the photo",
        is_number=True,
    ),
)


class FrameSpin(QSpinBox):
    """A position in the sequence, shown and typed as the frame's name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setKeyboardTracking(False)
        self.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self._names: list[str] = []

    def show_names(self, names: list[str]) -> None:
        """Of another sequence."""
        self._names = list(names)
        self.setRange(0, max(0, len(names) - 1))
        self.setEnabled(bool(names))

    def textFromValue(self, value: int) -> str:
        """The name at a position."""
        return self._names[value] if 0 <= value < len(self._names) else ""

    def valueFromText(self, text: str) -> int:
        """The position of a name; the one before for anything else."""
        text = text.strip()
        found = (n for n, name in enumerate(self._names) if text in (name, name.lstrip("0")))
        return next(found, self.value())

    def validate(self, text: str, position: int):
        """Anything may be typed; what is no name changes nothing."""
        return QValidator.State.Acceptable, text, position


class SequenceSetup(QWidget):
    """What is to be fitted, and a button that begins it."""

    key_chosen = Signal(int)  # row of the dataset
    key_opened = Signal(int)

    def __init__(self, fitting: SequenceFitting, theme: Theme) -> None:
        super().__init__()
        self._fitting = fitting
        self.keys = TickTable(theme, "Key frames", TickModel(_KEY_COLUMNS, _row_of))
        self.keys.chosen.connect(self.key_chosen)
        self.keys.opened.connect(self.key_opened)
        self.no_keys = QLabel(NO_KEYS)
        self.no_keys.setObjectName("quiet")
        self.no_keys.setWordWrap(True)
        self.no_keys.setMargin(12)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.keys)
        self.stack.addWidget(self.no_keys)
        self.first, self.last = FrameSpin("First frame to fit"), FrameSpin("Last frame to fit")
        for spin in (self.first, self.last):
            spin.valueChanged.connect(lambda _: self._on_range())
        self.smoothness = ThinSlider("Where the error may begin and end", theme, width=110)
        self.smoothness.setRange(0, len(JUMPS) - 1)
        self.smoothness.setPageStep(1)
        self.smoothness.setValue(JUMPS.index(USUAL_JUMP))
        self.smoothness.valueChanged.connect(lambda _: self._show_jump())
        self.jump_words = QLabel()
        self.jump_words.setObjectName("hint")
        self.jump_words.setWordWrap(True)
        self.start = QPushButton("Fit the sequence")
        self.start.setObjectName("primary")
        self.start.clicked.connect(self.begin)
        self.progress, self.state = QProgressBar(), QLabel()
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(4)
        self.state.setObjectName("hint")
        self.state.setWordWrap(True)
        self.cancel = IconButton("x", "Stop the fit", theme)
        self.cancel.action.triggered.connect(fitting.cancel)
        self._arrange()
        fitting.changed.connect(self.refresh)
        fitting.keys_changed.connect(self._show_keys)
        fitting.progressed.connect(self._on_progress)
        self._shown: object = None
        self._has_own_range = False
        self.keys.ticks.ticked_changed.connect(self._on_ticks)
        self._show_jump()
        self._show_keys()
        self.refresh()

    def _arrange(self) -> None:
        spins = QHBoxLayout()
        spins.setSpacing(6)
        spins.addWidget(self.first, 1)
        spins.addWidget(_quiet("to"))
        spins.addWidget(self.last, 1)
        smooth = QHBoxLayout()
        smooth.addWidget(_quiet("anywhere"))
        smooth.addWidget(self.smoothness, 1)
        smooth.addWidget(_quiet("key frames"))
        under = QHBoxLayout()
        under.addWidget(self.state, 1)
        under.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.stack, 1)
        layout.addWidget(_small_head("Frames to fit"))
        layout.addLayout(spins)
        layout.addWidget(_small_head("Where the label's error begins and ends"))
        layout.addLayout(smooth)
        layout.addWidget(self.jump_words)
        layout.addSpacing(6)
        layout.addWidget(self.start)
        layout.addWidget(self.progress)
        layout.addLayout(under)

    # What is chosen.

    @property
    def jump(self) -> float:
        """One of `JUMPS`."""
        return JUMPS[self.smoothness.value()]

    def begin(self) -> None:
        """Fit with what is chosen."""
        self._fitting.start(
            self.first.value(),
            self.last.value(),
            set(self.keys.ticks.ticked),
            smoothness=smoothness_of(self.jump),
        )

    # What is shown.

    def refresh(self) -> None:
        """Take over what the fitting says."""
        fitting = self._fitting
        if self._shown is not fitting.frames:
            self._shown = fitting.frames
            self._show_frames()
        is_busy = fitting.phase in (Phase.READING, Phase.FITTING, Phase.WRITING)
        self.progress.setVisible(is_busy)
        self.cancel.setVisible(fitting.phase is Phase.FITTING)
        can_start = fitting.phase in (Phase.READY, Phase.PROPOSED)
        self.start.setEnabled(can_start and len(self.keys.ticks.ticked) >= 2)
        words = "Fit again" if fitting.phase is Phase.PROPOSED else "Fit the sequence"
        self.start.setText(words)
        for widget in (self.first, self.last, self.smoothness, self.keys):
            widget.setEnabled(not is_busy and bool(fitting.frames))
        if not is_busy:
            self.state.setText(fitting.problem or self._warning() or self._left_out())

    def _warning(self) -> str:
        """What speaks against a fit."""
        away_mm = disagreement_mm(self._fitting.frames)
        if away_mm > MOST_DISAGREEMENT_MM:
            return (
                f"The labels' joints lie {away_mm:.1f} mm from their hands as this hand model "
                "poses them: fit with the model that the labels were made with."
            )
        if self._fitting.keys and len(self.keys.ticks.ticked) < 2:
            return "Two key frames are needed: the frames between them are fitted."
        return ""

    def _left_out(self) -> str:
        without = [frame for frame in self._fitting.frames if frame.problem]
        if not without:
            return ""
        noun = "frame takes" if len(without) == 1 else "frames take"
        return f"{len(without):,} {noun} no part. {without[0].name}: {without[0].problem}"

    def _show_frames(self) -> None:
        names = [frame.name for frame in self._fitting.frames]
        self._has_own_range = False
        for spin in (self.first, self.last):
            spin.setMinimum(0)
            spin.show_names(names)
        self._show_range()

    def _show_range(self) -> None:
        """From the first key frame to the last, until a person chooses otherwise."""
        if self._has_own_range or not self._fitting.frames:
            return
        rows = [frame.row for frame in self._fitting.frames]
        places = [n for n, row in enumerate(rows) if row in self.keys.ticks.ticked]
        first, last = (places[0], places[-1]) if len(places) > 1 else (0, len(rows) - 1)
        for spin in (self.first, self.last):
            spin.setRange(0, len(rows) - 1)
        self.first.setValue(first)
        self.last.setValue(last)
        self._has_own_range = False

    def _on_range(self) -> None:
        """The range does not turn round."""
        self._has_own_range = True
        self.last.setMinimum(self.first.value())
        self.first.setMaximum(self.last.value())

    def _show_keys(self) -> None:
        """Key frames that were there before keep their ticks; new ones are ticked."""
        keys, ticks = self._fitting.keys, self.keys.ticks
        before = {_row_of(key) for key in ticks.rows}
        ticked = {
            _row_of(key)
            for key in keys
            if not key.problem and (_row_of(key) not in before or _row_of(key) in ticks.ticked)
        }
        ticks.show(keys, ticked, {_row_of(key): key.problem for key in keys if key.problem})
        self.stack.setCurrentWidget(self.keys if keys else self.no_keys)

    def _on_ticks(self) -> None:
        self._show_range()
        self.refresh()

    def _show_jump(self) -> None:
        jump = self.jump
        words = f"Where the hand jumps about {jump:g} times harder than it usually does."
        if jump == 0:
            words = "Anywhere: every frame is judged by itself."
        elif math.isinf(jump):
            words = "At key frames alone: between them one error goes over into the next."
        self.jump_words.setText(words)

    def _on_progress(self, done: int, total: int, to_go_s: float) -> None:
        self.progress.setRange(0, total)
        self.progress.setValue(done)
        if self._fitting.phase is Phase.READING:
            self.state.setText(f"Reading labels: {done:,} of {total:,}")
            return
        if self._fitting.phase is Phase.WRITING:
            self.state.setText(f"Writing: {done:,} of {total:,} frames")
            return
        words = f"Fitting: {done:,} of {total:,} frames"
        if math.isfinite(to_go_s) and done < total:
            words += f", about {max(1, round(to_go_s))} s to go"
        self.state.setText(words)


def _row_of(key: KeyFrame) -> int:
    return key.frame.row


def _quiet(text: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName("hint")
    return label


def _small_head(text: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName("smallHead")
    return label
