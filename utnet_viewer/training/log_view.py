"""The tail of a run's log: follows it, marks what went wrong, can be copied."""

import re
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QColor, QGuiApplication, QSyntaxHighlighter, QTextCharFormat
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from utnet_viewer.theme import Theme, mono_font
from utnet_viewer.widgets.controls import IconButton, IconToggle

#: How much of a log is kept on screen, and how much is read at a time.
MAX_LINES, MAX_BYTES = 2000, 256 * 1024

_INTERVAL_MS = 500
_FAULT = re.compile(r"\b(error|exception|traceback|fatal|killed|failed)\b|Error\b", re.IGNORECASE)
_WARNING = re.compile(r"\bwarn(ing)?\b", re.IGNORECASE)
#: A line that calls itself a warning is one, also where it speaks of an error in millimetres.
_OWN_WARNING = re.compile(r"^[\d\-]+ [\d:]+ warning: ")


class Colours(QSyntaxHighlighter):
    """Lines that speak of errors and warnings."""

    def __init__(self, document, theme: Theme) -> None:
        super().__init__(document)
        self._theme = theme
        theme.changed.connect(self.rehighlight)

    def highlightBlock(self, text: str) -> None:
        """Called by Qt for each line that is new."""
        kind = kind_of(text)
        if kind:
            colour = QTextCharFormat()
            colour.setForeground(QColor(getattr(self._theme.palette, kind)))
            self.setFormat(0, len(text), colour)


def kind_of(line: str) -> str:
    """ "fault", "warning" or ""."""
    if _FAULT.search(line) and not _OWN_WARNING.match(line):
        return "fault"
    return "warning" if _WARNING.search(line) else ""


class LogView(QWidget):
    """Reads only while it is seen; a flood is cut down to its end."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._path: Path | None = None
        self._read_bytes = 0
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setFont(mono_font())
        self.text.setObjectName("log")
        self.text.setMaximumBlockCount(MAX_LINES)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setAccessibleName("Log of the run")
        self._colours = Colours(self.text.document(), theme)
        self.empty = QLabel("The log of the chosen run will stand here.")
        self.empty.setObjectName("quiet")
        self.empty.setMargin(20)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.text)
        self.follow = IconToggle("arrow-line-down", "Follow the log", theme, checked=True)
        self.copy_button = IconButton("copy", "Copy the log", theme)
        self.follow.action.toggled.connect(self._on_follow)
        self.copy_button.action.triggered.connect(lambda: self.copy())
        self.addActions([self.follow.action, self.copy_button.action])
        tools = QVBoxLayout()
        tools.addWidget(self.follow)
        tools.addWidget(self.copy_button)
        tools.addStretch(1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 0, 6, 10)
        layout.setSpacing(4)
        layout.addWidget(self._stack, 1)
        layout.addLayout(tools)
        self._timer = QTimer(self, interval=_INTERVAL_MS)
        self._timer.timeout.connect(self.refresh)

    def _on_follow(self, follows: bool) -> None:
        if follows:
            self._to_end()

    def show_log(self, path: Path | None) -> None:
        """Show another log."""
        if path == self._path:
            return
        self._path, self._read_bytes = path, 0
        self.text.clear()
        self._stack.setCurrentWidget(self.empty)
        if self.isVisible():
            self.refresh()

    def copy(self) -> None:
        """Everything that stands here onto the clipboard."""
        QGuiApplication.clipboard().setText(self.text.toPlainText())

    def refresh(self) -> None:
        """Read what is new, at most the last `MAX_BYTES`."""
        if self._path is None:
            return
        try:
            with open(self._path, "rb") as file:
                size = file.seek(0, 2)
                if size < self._read_bytes:  # another file was put in its place
                    self.text.clear()
                    self._read_bytes = 0
                skipped = size - self._read_bytes > MAX_BYTES
                file.seek(max(self._read_bytes, size - MAX_BYTES))
                new = file.read(MAX_BYTES)
        except OSError:
            return  # not written yet; the header tells of runs that cannot be read
        if new:
            self._take(new, size, skipped=skipped)

    def _take(self, new: bytes, size: int, *, skipped: bool) -> None:
        end = new.rfind(b"\n") + 1  # half a line waits for its other half
        if not end:
            return
        self._read_bytes = size - (len(new) - end)
        lines = new[:end].decode(errors="replace").splitlines()
        if skipped:
            lines = ["…", *lines[1:]]
        self.text.appendPlainText("\n".join(lines[-MAX_LINES:]))
        self._stack.setCurrentWidget(self.text)
        if self.follow.isChecked():
            self._to_end()

    def _to_end(self) -> None:
        bar = self.text.verticalScrollBar()
        bar.setValue(bar.maximum())
        self.text.horizontalScrollBar().setValue(0)

    def showEvent(self, event) -> None:
        """Read now and from now on."""
        super().showEvent(event)
        self.refresh()
        self._timer.start()

    def hideEvent(self, event) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self._timer.stop()
