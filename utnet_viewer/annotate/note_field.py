"""The note of a frame: written down when typing pauses, the focus leaves, or one steps on."""

from __future__ import annotations

import uuid

from PySide6.QtCore import QEvent, QMimeData, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QInputMethodEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from core.annotation.records import LONGEST_NOTE
from utnet_viewer.widgets.focus_ring import RING_PROPERTY

#: Typing that stops this long is a pause.
PAUSE_MS = 700


class NoteField(QPlainTextEdit):
    """Plain text. Tab goes on to the next control; Esc leaves it for the photo."""

    written = Signal(str, str, str)  # frame, its note, group: what is typed in one go
    refused = Signal(str)  # why something typed was taken back, as a sentence
    left = Signal()  # by Esc

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame, self._stored, self._group = "", "", ""
        self.setAccessibleName("Note of the frame")
        self.setPlaceholderText("What is wrong, what was done, how it was checked")
        self.setTabChangesFocus(True)
        self.setProperty(RING_PROPERTY, True)
        self.setMinimumHeight(48)
        self.setStyleSheet("NoteField { padding: 5px 8px; }")
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self.flush)
        self.textChanged.connect(self._on_text_changed)

    def sizeHint(self) -> QSize:
        """Three lines."""
        return QSize(200, 68)

    @property
    def is_dirty(self) -> bool:
        """Whether something is typed that is not written down yet."""
        return bool(self._frame) and self.toPlainText() != self._stored

    def show_note(self, frame: str, note: str) -> None:
        """The note of a frame ("" for no frame); what is being typed is written down or stays."""
        if frame != self._frame:
            self.flush()
        elif self.is_dirty:
            self._stored = note  # another window's; what is typed here comes after it
            return
        is_same = frame == self._frame
        self._frame, self._stored = frame, note
        if not is_same or self.toPlainText() != note:
            self._group = ""
            self.setPlainText(note)
        self._pause.stop()

    def flush(self) -> None:
        """Write down what is typed."""
        self._pause.stop()
        if self.is_dirty:
            self._stored = self.toPlainText()
            self._group = self._group or uuid.uuid4().hex
            self.written.emit(self._frame, self._stored, self._group)

    def _on_text_changed(self) -> None:
        if self.is_dirty:
            self._pause.start()

    def _has_room(self, text: str) -> bool:
        """Whether a text fits in place of what is selected; says so where it does not."""
        selected = len(self.textCursor().selectedText())
        fits = len(self.toPlainText()) - selected + len(text) <= LONGEST_NOTE
        if not fits:
            self.refused.emit(f"A note has at most {LONGEST_NOTE:,} characters.")
        return fits

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Paste, as plain text, what a note has room for."""
        if self._has_room(source.text()):
            super().insertFromMimeData(source)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Type by way of an input method."""
        if not event.commitString() or self._has_room(event.commitString()):
            super().inputMethodEvent(event)

    def event(self, event: QEvent) -> bool:
        """Ctrl+Z is the text's while there is typing to take back, then everything's."""
        if event.type() == QEvent.Type.ShortcutOverride:
            document = self.document()
            for key, is_possible in (
                (QKeySequence.StandardKey.Undo, document.isUndoAvailable()),
                (QKeySequence.StandardKey.Redo, document.isRedoAvailable()),
            ):
                if event.matches(key) and not is_possible:
                    event.ignore()
                    return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc goes back to the photo."""
        if event.key() == Qt.Key.Key_Escape:
            self.flush()
            self.left.emit()
        elif not event.text() or not event.text().isprintable() or self._has_room(event.text()):
            super().keyPressEvent(event)

    def focusOutEvent(self, event) -> None:
        """Whoever goes away is done with it."""
        super().focusOutEvent(event)
        self.flush()
        self._group = ""
