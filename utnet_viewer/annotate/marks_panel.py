"""What is said of a frame beside its hand: flags and the note; and how safe all of it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from utnet_viewer.actions import Actions
from utnet_viewer.annotate.begun import write
from utnet_viewer.annotate.flag_chips import FlagChips
from utnet_viewer.annotate.note_field import NoteField
from utnet_viewer.annotate.words import ago, flag_words
from utnet_viewer.document import Document
from utnet_viewer.settings import Settings
from utnet_viewer.theme import ICON, PADDING, PANEL_HEADER, Theme
from utnet_viewer.training.run_words import TOKENS
from utnet_viewer.widgets.icons import icon, pixmap
from utnet_viewer.widgets.panel import Panel

if TYPE_CHECKING:
    from utnet_viewer.annotate.annotations import Annotations

UNTOUCHED = "original files untouched"

#: "2 s ago" is told anew this often while it is seen.
TICK_MS = 1000

_NARROW, _LEAST, _NOTE_LEAST, _GAP = 380, 284, 52, 10


@dataclass(frozen=True)
class Safety:
    """How safe what was said is.

    Attributes:
        icon: Name of the glyph.
        words: A sentence or two.
        kind: plain, warning or fault.
        can_try: Whether trying again may help.
        tip: All that is known; "" where the words say it.
    """

    icon: str
    words: str
    kind: str = "plain"
    can_try: bool = False
    tip: str = ""


def safety_of(annotations: Annotations, now_s: float | None = None) -> Safety:
    """What is to be said of saving now."""
    if annotations.is_read_only:
        why = "the annotations are damaged" if annotations.damage else "the file is read-only"
        words = f"Nothing can be changed: {why}."
        return Safety("lock-simple", words, "warning", tip=annotations.damage)
    count, failure = annotations.pending, annotations.failure
    if failure:
        what = f"{count} edit waits" if count == 1 else f"{count} edits wait"
        what = what if count else "Nothing can be saved"
        return Safety("warning", f"{what}: {_short(failure)}.", "fault", True, failure)
    if count:
        return Safety("floppy-disk", f"saving… · {UNTOUCHED}")
    if annotations.saved_at_s != annotations.saved_at_s:
        return Safety("floppy-disk", f"saved as it happens · {UNTOUCHED}")
    when = ago(annotations.saved_at_s, now_s)
    words = "saved now" if when == "now" else f"saved {when} ago"
    if "-" in when:  # longer ago than a week: a day
        words = f"saved on {when}"
    return Safety("floppy-disk", f"{words} · {UNTOUCHED}")


def _short(failure: str) -> str:
    """Without the file's path, which the narrow column has no room for."""
    place, _, why = failure.rstrip(".").partition(": ")
    return why if why and Path(place).is_absolute() else failure.rstrip(".")


class SafetyLine(QWidget):
    """Icon and words of `Safety`, and "Try again" where that may help."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._safety = theme, Safety("floppy-disk", "")
        self._icon, self.words = QLabel(), QLabel()
        self._icon.setFixedSize(ICON, ICON)
        self.words.setObjectName("hint")
        self.words.setWordWrap(True)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.words.setMinimumWidth(60)
        self.again = QPushButton("Try again")
        self.again.setObjectName("smallButton")
        self.again.hide()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self._icon)
        layout.addWidget(self.words, 1)
        layout.addWidget(self.again)
        theme.changed.connect(self._tint)
        self._tint()

    def show_safety(self, safety: Safety) -> None:
        """Say it."""
        if safety == self._safety:
            return
        self._safety = safety
        self.words.setText(safety.words)
        self.words.setToolTip(safety.tip or safety.words)
        self.again.setVisible(safety.can_try)
        self._tint()

    def _tint(self) -> None:
        palette, safety = self._theme.palette, self._safety
        colour = palette.t3 if safety.kind == "plain" else getattr(palette, TOKENS[safety.kind])
        self._icon.setPixmap(pixmap(safety.icon, colour, scale=self.devicePixelRatioF()))
        self.words.setStyleSheet(f"color: {colour};")


class MarksPanel(Panel):
    """Flags, note, "Done, next", and the line that says what is saved."""

    said = Signal(str, str)  # a sentence for the status bar, its kind
    note_left = Signal()  # by Esc: the photo may have the keys again

    def __init__(
        self,
        document: Document,
        theme: Theme,
        annotations: Annotations,
        settings: Settings,
        actions: Actions,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Flags and note", theme, parent)
        self._document, self._annotations = document, annotations
        self._shown_frame = ""
        self.chips = FlagChips(theme, settings)
        self.note = NoteField()
        self.safety = SafetyLine(theme)
        self.done = QPushButton("Done, next")
        self._done_action = actions["annotate_done_next"]
        self._tick = QTimer(self, interval=TICK_MS)
        self._tick.timeout.connect(self._show_safety)
        self._arrange()
        self._connect()
        self._tint()
        self.show_frame()

    def _arrange(self) -> None:
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(PADDING, 2, PADDING, PADDING)
        layout.setSpacing(_GAP)
        foot = self._foot = QHBoxLayout()
        foot.setSpacing(10)
        foot.addWidget(self.safety, 1)
        foot.addWidget(self.done)
        layout.addWidget(self.chips)
        layout.addWidget(self.note, 1)
        layout.addLayout(foot)
        self.done.setObjectName("primary")
        self.set_body(body)

    def _connect(self) -> None:
        annotations, document = self._annotations, self._document
        annotations.changed.connect(self._on_changed)
        annotations.opened.connect(self.show_frame)
        annotations.saved.connect(self._show_safety)
        annotations.failing.connect(lambda _why: self._show_safety())
        document.row_changed.connect(lambda _row: self.show_frame())
        self.chips.toggled.connect(self.toggle_flag)
        self.note.written.connect(self._on_note)
        self.note.refused.connect(lambda why: self.said.emit(why, "warning"))
        self.note.left.connect(self.note_left)
        self.safety.again.clicked.connect(lambda: annotations.try_again())
        self.done.clicked.connect(lambda: self._done_action.trigger())
        self._done_action.changed.connect(self._follow_action)
        self.theme.changed.connect(self._tint)
        self._follow_action()

    # What is shown.

    def show_frame(self) -> None:
        """Flags and note of the frame on screen; a note that is being typed is kept first."""
        annotations = self._annotations
        self._shown_frame = annotations.current_frame
        can_change = bool(self._shown_frame) and not annotations.is_read_only
        if self._shown_frame:
            state = annotations.state(self._shown_frame)
            self.chips.show_flags(state.flags)
            self.note.show_note(self._shown_frame, state.note)
        else:
            self.chips.show_flags(frozenset())
            self.note.show_note("", "")
        self.chips.setEnabled(can_change)
        self.note.setReadOnly(not can_change)
        self._show_safety()

    def _on_changed(self, frames: set[str]) -> None:
        if not frames or self._shown_frame in frames:
            self.show_frame()

    def _show_safety(self) -> None:
        self.safety.show_safety(safety_of(self._annotations))

    def _follow_action(self) -> None:
        action: QAction = self._done_action
        self.done.setEnabled(action.isEnabled())
        self.done.setToolTip(action.toolTip())

    def _tint(self) -> None:
        palette = self.theme.palette
        self.done.setIcon(icon("check", palette.on_accent, disabled=palette.t3))

    def minimumSizeHint(self) -> QSize:
        """Two lines of a note; what layouts ask for by themselves is as if all was at its
        narrowest."""
        inside = max(self.width(), _LEAST) - 2 * PADDING
        foot = self.done.sizeHint().height()
        if self.width() < _NARROW:
            foot += self._foot.spacing() + self.safety.heightForWidth(inside)
        chips = self.chips.heightForWidth(inside)
        edges = PANEL_HEADER + 2 + PADDING + 2 * _GAP
        return QSize(_LEAST, edges + chips + _NOTE_LEAST + foot)

    def resizeEvent(self, event) -> None:
        """In a narrow column the button lies under the words."""
        super().resizeEvent(event)
        directions = QBoxLayout.Direction
        is_narrow = self.width() < _NARROW
        self._foot.setDirection(directions.TopToBottom if is_narrow else directions.LeftToRight)

    def showEvent(self, event) -> None:
        """What is seen tells the time."""
        super().showEvent(event)
        self._show_safety()
        self._tick.start()

    def hideEvent(self, event) -> None:
        """What is not seen needs no clock; what is typed is not left lying about."""
        super().hideEvent(event)
        self._tick.stop()
        self.note.flush()

    # What a person says.

    def toggle_flag(self, flag: str) -> None:
        """Set a flag of the frame on screen, or take it away."""
        if not self._shown_frame or self._annotations.is_read_only:
            return
        flags = self._annotations.state(self._shown_frame).flags
        words = f"flag: {flag_words(flag)}"
        words = f"took away {words}" if flag in flags else words
        write(self._annotations, "flags", flags ^ {flag}, words, frame=self._shown_frame)

    def toggle_own_flag(self, number: int) -> None:
        """The same for the own flag of a number, from 0; nothing where there are fewer."""
        if number < len(self.chips.own):
            self.toggle_flag(self.chips.own[number])

    def write_note(self) -> None:
        """Let a person type the note."""
        self.note.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _on_note(self, frame: str, note: str, group: str) -> None:
        words = "wrote a note" if note else "took the note away"
        write(self._annotations, "note", note, words, frame=frame, group=group)

    def flush(self) -> None:
        """Write down what is typed now: the window closes, or steps on."""
        self.note.flush()
