"""Annotations come in: what a file would change is looked at, conflict by conflict, before it does.

The comparing and the writing are another process's work; this window hears of the edits as of those
of another window, and Undo takes them back as one.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from utnet_viewer.annotate.job_bar import JobBar
from utnet_viewer.annotate.tick_table import Column, TickModel, TickTable
from utnet_viewer.annotate.wrapped_label import WrappedLabel

if TYPE_CHECKING:
    from utnet_viewer.processes.annotation_job import ConflictTold, Taken
    from utnet_viewer.session import Session

FILTER = "Annotations (*.json *.sqlite)"
NEWER_WORDS = {"mine": "mine", "theirs": "theirs", "": "unknown"}
_COLUMNS = (
    Column("frame", 110, lambda one: one.frame, lambda one: (one.split, one.frame)),
    Column(
        "what",
        230,
        lambda one: f"{one.what} ({one.difference})" if one.difference else one.what,
        lambda one: one.field,
        "For hands: how far apart the two are in the photo, where they are farthest apart",
    ),
    Column("mine", 0, lambda one: one.mine, lambda one: one.mine),
    Column("theirs", 0, lambda one: one.theirs, lambda one: one.theirs),
    Column(
        "newer",
        70,
        lambda one: NEWER_WORDS[one.newer],
        lambda one: one.newer,
        "Which of the two was said later",
    ),
)
#: (width, height) without and with conflicts.
SMALL, LARGE = (900, 270), (900, 560)
#: Before a file is chosen.
HINT = (
    "COCO keypoints of hands with 21 joints, or annotations that somebody else made of the same "
    "dataset. What both of you changed differently is shown as a conflict, and you decide."
)
#: Above the tick of every row.
TICK_WORDS = "A tick takes theirs, no tick keeps mine. Space ticks the chosen rows."
UNDO_WORDS = "Everything that is taken over is undone as one."


def open_import(session: Session, parent: QWidget | None = None) -> ImportDialog | None:
    """Show the dialog for the open split; None, and a word about it, where none is open."""
    if session.document.index is None:
        words = "Open a dataset first: annotations are of its frames."
        session.window.status.say(words, "warning")
        return None
    dialog = ImportDialog(session, parent or session.window)
    dialog.open()
    dialog.choose_button.setFocus()
    return dialog


class ImportDialog(QDialog):
    """First a file is chosen and compared, then it is taken over."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Import annotations")
        self.setMinimumSize(680, 220)
        self.resize(*SMALL)
        self._session, self._index = session, session.document.index
        self.preview: Taken | None = None
        self._then: Callable[[], None] | None = None  # waits until the last edits are saved
        self._choices: Path | None = None
        self.place = QLineEdit()
        self.place.setReadOnly(True)
        self.place.setPlaceholderText("COCO keypoints (.json) or another file of annotations")
        self.place.setAccessibleName("File")
        self.choose_button = QPushButton("Choose file…")
        self.summary = WrappedLabel(HINT)
        self.table = TickTable(
            session.window.theme, "Conflicts", TickModel(_COLUMNS, lambda one: one.number)
        )
        self.all_mine, self.all_theirs, self.all_newer = (
            QPushButton("Keep all mine"),
            QPushButton("Take all theirs"),
            QPushButton("Take the newer"),
        )
        self.bar = JobBar()
        self.import_button, self.close_button = QPushButton("Import"), QPushButton("Close")
        self.import_button.setObjectName("primary")
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)
        self._arrange()
        self._connect()
        self._follow()

    # Made of.

    def _arrange(self) -> None:
        head, words = QLabel("Import annotations"), QLabel()
        head.setObjectName("heading")
        words.setObjectName("quiet")
        words.setText(f"Into those of {self._index.name}. Nothing is written before you import.")
        file = QHBoxLayout()
        file.addWidget(self.place, 1)
        file.addWidget(self.choose_button)
        foot = QHBoxLayout()
        promise = QLabel(UNDO_WORDS)
        promise.setObjectName("hint")
        foot.addWidget(promise, 1)
        foot.addWidget(self.close_button)
        foot.addWidget(self.import_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(10)
        layout.addWidget(head)
        layout.addWidget(words)
        layout.addLayout(file)
        layout.addWidget(self.summary)
        self._conflicts = self._conflict_part()
        self._conflicts.hide()
        layout.addWidget(self._conflicts, 1)
        layout.addWidget(self.bar)
        layout.addStretch(0)
        layout.addLayout(foot)

    def _conflict_part(self) -> QWidget:
        part, card = QWidget(), QFrame()
        card.setObjectName("card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(4, 4, 4, 4)
        inside.addWidget(self.table)
        hint = QLabel(TICK_WORDS)
        hint.setObjectName("hint")
        buttons = QHBoxLayout()
        buttons.addWidget(hint, 1)
        for button in (self.all_mine, self.all_theirs, self.all_newer):
            buttons.addWidget(button)
        layout = QVBoxLayout(part)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(buttons)
        layout.addWidget(card, 1)
        return part

    def _connect(self) -> None:
        self.choose_button.clicked.connect(self._choose)
        self.import_button.clicked.connect(lambda: self._when_saved(self._import))
        self.close_button.clicked.connect(self.reject)
        self.all_mine.clicked.connect(lambda: self._tick_all(lambda one: False))
        self.all_theirs.clicked.connect(lambda: self._tick_all(lambda one: True))
        self.all_newer.clicked.connect(lambda: self._tick_all(lambda one: one.newer == "theirs"))
        self.table.ticks.ticked_changed.connect(self._follow)
        self.bar.finished.connect(self._on_finished)
        self.bar.ended.connect(self._on_ended)
        self._session.annotations.saved.connect(self._on_saved)
        self._session.annotations.failing.connect(self._on_failing)
        self._session.window.closing.connect(self.bar.end)
        self.finished.connect(self.deleteLater)

    # The file.

    def _choose(self) -> None:
        dialog = QFileDialog(self, "Import annotations")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(FILTER)
        dialog.fileSelected.connect(self.look_at)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def look_at(self, path: str) -> None:
        """Compare a file with what is here."""
        self.place.setText(path)
        self.preview = None
        self.summary.setText("")
        self.table.ticks.show([], set(), {})
        self._when_saved(
            lambda: self.bar.run(self.arguments("--preview"), "Comparing the annotations")
        )

    def arguments(self, *more: str) -> list[str]:
        """What ``utnet annotations`` is asked for."""
        session, index = self._session, self._index
        words = [f"--split={index.split}", f"--store={session.annotations.path}"]
        if session.order is not None and session.order.without_list:
            words.append("--without-list")
        return ["import", *words, *more, "--progress", "--", str(index.root), self.place.text()]

    def _when_saved(self, then: Callable[[], None]) -> None:
        """Do it once the last edits are on the disk, or a conflict with them could be missed."""
        if self._session.annotations.pending:
            self._then = then
            self.bar.say("Waiting until the last edits are saved…")
        else:
            self._then = None
            then()
        self._follow()

    def _on_saved(self) -> None:
        if self._then is not None and not self._session.annotations.pending:
            self._when_saved(self._then)

    def _on_failing(self, why: str) -> None:
        if self._then is not None and why:
            self._then = None
            self.bar.say(f"The last edits could not be saved: {why}")
            self._follow()

    # What it would change.

    def _tick_all(self, is_theirs: Callable[[ConflictTold], bool]) -> None:
        conflicts = self.preview.conflicts
        ticked = {one.number for one in conflicts if is_theirs(one)}
        self.table.ticks.tick({one.number for one in conflicts} - ticked, False)
        self.table.ticks.tick(ticked, True)

    def _follow(self) -> None:
        """Show what is known, and what can be done now."""
        preview = self.preview
        is_busy = self.bar.is_busy or self._then is not None
        count = 0 if preview is None else preview.additions + len(self.table.ticks.ticked)
        noun = "field" if count == 1 else "fields"
        self.import_button.setText(f"Import {count:,} {noun}" if preview is not None else "Import")
        self.import_button.setEnabled(not is_busy and count > 0)
        self.choose_button.setEnabled(not is_busy)
        self.table.setEnabled(not is_busy)
        has_conflicts = preview is not None and bool(preview.conflicts)
        if has_conflicts != self._conflicts.isVisibleTo(self):
            self._conflicts.setVisible(has_conflicts)
            self.resize(*(LARGE if has_conflicts else SMALL))

    def _on_finished(self, told: Taken) -> None:
        if self.preview is not None:
            self._on_taken(told)
            return
        self.preview = told
        self.summary.setText(_summary(told))
        self.table.ticks.show(told.conflicts, set(), {})
        if told.conflicts:
            self.table.choose(0)
            self.table.setFocus()
        else:
            self.import_button.setFocus()
        self._follow()

    # Taking it over.

    def _import(self) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
            self._choices = Path(file.name)
            json.dump([self._choice(one) for one in self.preview.conflicts], file)
        choices = f"--choices={self._choices}"
        self.bar.run(self.arguments("--keep=mine", choices), "Taking the annotations over")

    def _choice(self, one: ConflictTold) -> dict[str, str]:
        keep = "theirs" if one.number in self.table.ticks.ticked else "mine"
        return {"split": one.split, "frame": one.frame, "field": one.field, "keep": keep}

    def _on_taken(self, told: Taken) -> None:
        noun = "field" if told.written == 1 else "fields"
        words = f"Imported {told.written:,} {noun} from {Path(self.place.text()).name}"
        self._session.window.status.say(words, "success")
        self.accept()

    def _on_ended(self) -> None:
        if self._choices is not None:
            self._choices.unlink(missing_ok=True)
            self._choices = None
        self._follow()

    def reject(self) -> None:
        """Close; what runs is stopped first, and leaves nothing behind."""
        self._then = None
        if self.bar.is_busy:
            self.bar.ended.connect(self.reject, Qt.ConnectionType.SingleShotConnection)
            self.bar.cancel()
            return
        super().reject()


def _summary(told: Taken) -> str:
    """The comparison in words, with what cannot be used."""
    new = f"{told.additions:,} new {'field' if told.additions == 1 else 'fields'} of "
    new += f"{told.frames:,} {'frame' if told.frames == 1 else 'frames'}"
    count = len(told.conflicts)
    conflicts = (
        f"{count:,} {'conflict' if count == 1 else 'conflicts'}" if count else "no conflicts"
    )
    lines = [f"{new}, {conflicts}, {told.same:,} said alike by both."]
    if not told.additions and not count:
        lines[0] = f"Nothing new in it: {told.same:,} fields are said alike by both."
    lines += [f"{note[:1].upper()}{note[1:]}." for note in told.notes]
    return "\n".join(lines)
