"""Annotations go out: which format, which frames, where to; the rest is another process's work."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.files.names import safe_name
from utnet_viewer.annotate.job_bar import JobBar
from utnet_viewer.annotate.option_row import OptionRow
from utnet_viewer.annotate.wrapped_label import WrappedLabel
from utnet_viewer.widgets.choice import Choice

if TYPE_CHECKING:
    from utnet_viewer.processes.annotation_job import Exported
    from utnet_viewer.session import Session

#: Where the last export went, among the window's settings.
FOLDER_SETTING = "annotations_folder"


@dataclass(frozen=True)
class Format:
    """One way out.

    Attributes:
        name: As ``--format`` has it.
        title: For people.
        words: What is in it.
        suffix: Of its file; "" is a folder.
        filter: As a file dialog lists it.
    """

    name: str
    title: str
    words: str
    suffix: str
    filter: str = ""


FORMATS = (
    Format(
        "coco",
        "COCO keypoints",
        "One JSON file: 21 named keypoints in px with their visibility, boxes, review, flags and "
        "notes. MMPose and labelling tools read it.",
        ".json",
        "COCO keypoints (*.json)",
    ),
    Format(
        "ho3d",
        "HO-3D layout",
        "A new folder with the frames corrected in 3D: picture, depth, and the label file with the "
        "hand put right.",
        "",
    ),
    Format(
        "csv",
        "CSV table",
        "A frame a row with everything: words, visibility, px, mm and hand parameters.",
        ".csv",
        "CSV (*.csv)",
    ),
)
#: Words of the choice of frames, and the review states that they stand for.
FRAMES = (
    ("All annotated frames", ()),
    ("Reviewed frames only (done)", ("done",)),
    ("All but the rejected ones", ("new", "in review", "done")),
)


def open_export(session: Session, parent: QWidget | None = None) -> ExportDialog | None:
    """Show the dialog for the open split; None, and a word about it, where none is open."""
    if session.document.index is None:
        session.window.status.say("Open a dataset first: there is nothing to export.", "warning")
        return None
    dialog = ExportDialog(session, parent or session.window)
    dialog.open()
    return dialog


class ExportDialog(QDialog):
    """Stays until it is closed, so that what was left out can be read."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export annotations")
        self.resize(680, 10)
        self._session, self._theme = session, session.window.theme
        self._index = session.document.index
        self._is_waiting = self._is_replacing = self._is_done = False
        self.options = {form.name: OptionRow(form.title, form.words) for form in FORMATS}
        self.frames = Choice(self._theme)
        self.frames.addItems([words for words, _ in FRAMES])
        self.frames.setAccessibleName("Frames")
        self.place = QLineEdit()
        self.place.setAccessibleName("Where to")
        self.choose_button = QPushButton("Choose…")
        self.bar = JobBar()
        self.export_button, self.close_button = QPushButton("Export"), QPushButton("Close")
        self.export_button.setObjectName("primary")
        self.export_button.setDefault(True)
        self.copy_button = QPushButton("Copy its path")
        for button in (self.choose_button, self.copy_button, self.close_button):
            button.setAutoDefault(False)
        self._arrange()
        self._connect()
        self._offer()

    # Made of.

    def _arrange(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(10)
        head, self.summary = QLabel("Export annotations"), WrappedLabel()
        head.setObjectName("heading")
        self.summary.setObjectName("quiet")
        layout.addWidget(head)
        layout.addWidget(self.summary)
        layout.addWidget(self._format_card())
        layout.addLayout(self._fields())
        layout.addWidget(self.bar)
        layout.addLayout(self._training_line())
        foot = QHBoxLayout()
        promise = QLabel("The dataset's own files are never changed.")
        promise.setObjectName("hint")
        foot.addWidget(promise, 1)
        foot.addWidget(self.close_button)
        foot.addWidget(self.export_button)
        layout.addLayout(foot)
        layout.addStretch(1)

    def _format_card(self) -> QFrame:
        card = QFrame()
        card.setObjectName("card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(12, 10, 12, 10)
        inside.setSpacing(8)
        self._group = QButtonGroup(self)
        for option in self.options.values():
            self._group.addButton(option.button)
            inside.addWidget(option)
        return card

    def _fields(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(8)
        grid.addWidget(QLabel("Frames"), 0, 0)
        grid.addWidget(self.frames, 0, 1, 1, 2)
        grid.addWidget(QLabel("Where to"), 1, 0)
        grid.addWidget(self.place, 1, 1)
        grid.addWidget(self.choose_button, 1, 2)
        grid.setColumnStretch(1, 1)
        return grid

    def _training_line(self) -> QHBoxLayout:
        """Training needs no export: it reads the annotations themselves."""
        hint = QLabel("Training needs no export: Train ▸ Data ▸ Annotations takes the file itself.")
        hint.setObjectName("hint")
        line = QHBoxLayout()
        line.addWidget(hint, 1)
        line.addWidget(self.copy_button)
        return line

    def _copy_path(self) -> None:
        QGuiApplication.clipboard().setText(str(self._session.annotations.path))
        self._session.window.status.say("Copied the path of the annotations.", "success")

    def _connect(self) -> None:
        self._group.buttonToggled.connect(lambda _button, is_on: is_on and self._on_format())
        self.place.textChanged.connect(lambda _: self._follow())
        self.frames.currentIndexChanged.connect(lambda _: self._on_change())
        self.choose_button.clicked.connect(self._choose)
        self.copy_button.clicked.connect(self._copy_path)
        self.export_button.clicked.connect(self._export)
        self.close_button.clicked.connect(self.reject)
        self.bar.finished.connect(self._on_finished)
        self.bar.ended.connect(self._follow)
        self._session.annotations.saved.connect(self._on_saved)
        self._session.annotations.failing.connect(self._on_failing)
        self._session.window.closing.connect(self.bar.end)
        self.finished.connect(self.deleteLater)

    def _offer(self) -> None:
        """What there is to export, and what cannot be chosen for this dataset."""
        overview = self._session.annotations.overview
        corrected = sum(marks.has_correction for marks in overview.values())
        count = len(overview)
        self.summary.setText(
            f"{self._index.name}: {count:,} annotated {'frame' if count == 1 else 'frames'}, "
            f"{corrected:,} with a corrected hand."
            if count
            else f"{self._index.name}: no frame of this split is annotated yet."
        )
        if self._index.kind != "HO-3D":
            self.options["ho3d"].refuse(
                f"Only for HO-3D. This is {self._index.kind}: its annotations go out as COCO or "
                "CSV."
            )
        elif not corrected:
            self.options["ho3d"].refuse("No hand of this split is corrected yet.")
        self.options["coco"].button.setChecked(True)
        self._on_format()

    # What is chosen.

    @property
    def format(self) -> Format:
        """The format that is chosen."""
        return next(form for form in FORMATS if self.options[form.name].button.isChecked())

    def _on_format(self) -> None:
        folder = self._session.window.settings.text(FOLDER_SETTING) or str(Path.home())
        root = self._index.root.resolve()
        name = safe_name(f"{root.stem if root.is_file() else root.name} {self._index.split}")
        ending = f" annotations{self.format.suffix}" if self.format.suffix else " corrected"
        self.place.setText(str(Path(folder) / f"{name}{ending}"))
        self._on_change()

    def _on_change(self) -> None:
        if self._is_done:
            self.bar.say("")
        self._is_done = False
        self._follow()

    def _follow(self) -> None:
        """What can be done now."""
        is_busy = self.bar.is_busy or self._is_waiting
        path = Path(self.place.text()) if self.place.text().strip() else None
        self._is_replacing = bool(self.format.suffix) and path is not None and path.is_file()
        is_known = bool(self._session.annotations.overview)
        self.export_button.setEnabled(not is_busy and path is not None and is_known)
        self.export_button.setText("Replace the file" if self._is_replacing else "Export")
        for widget in (self.frames, self.place, self.choose_button, *self.options.values()):
            widget.setEnabled(not is_busy)

    def _choose(self) -> None:
        form = self.format
        dialog = QFileDialog(self, f"Export as {form.title}")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        # The button says it where a file would be replaced.
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
        if form.suffix:
            dialog.setNameFilter(form.filter)
            dialog.setDefaultSuffix(form.suffix)
        dialog.setDirectory(str(Path(self.place.text()).parent))
        dialog.selectFile(Path(self.place.text()).name)
        dialog.fileSelected.connect(self.place.setText)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    # The work.

    def _export(self) -> None:
        """Write, once the last edits are on the disk."""
        self._is_done = False
        if self._session.annotations.pending:
            self._is_waiting = True
            self.bar.say("Waiting until the last edits are saved…")
            self._follow()
            return
        self._is_waiting = False
        self.bar.run(self.arguments(), f"Writing {self.format.title}")
        self._follow()

    def _on_saved(self) -> None:
        if self._is_waiting and not self._session.annotations.pending:
            self._export()

    def _on_failing(self, why: str) -> None:
        if self._is_waiting and why:
            self._is_waiting = False
            self.bar.say(f"The last edits could not be saved: {why}")
            self._follow()

    def arguments(self) -> list[str]:
        """What ``utnet annotations`` is asked for."""
        session, index = self._session, self._index
        options = {
            "--split": index.split,
            "--store": str(session.annotations.path),
            "--format": self.format.name,
            "--out": self.place.text().strip(),
            "--hand-model": session.hand_model_path,
        }
        reviews = FRAMES[self.frames.currentIndex()][1]
        # With an equals sign: no name is taken for an option.
        words = [f"{option}={value}" for option, value in options.items() if value]
        words += [f"--review={review}" for review in reviews]
        if session.order is not None and session.order.without_list:
            words.append("--without-list")
        return ["export", *words, "--progress", "--", str(index.root)]

    def _on_finished(self, told: Exported) -> None:
        self._is_done = True
        self._session.window.settings.put(FOLDER_SETTING, str(told.out.parent))
        noun = "frame" if told.frames == 1 else "frames"
        notes = [f"{note[:1].upper()}{note[1:]}." for note in told.notes]
        self.bar.say("\n".join([f"{told.frames:,} {noun} written to {told.out}", *notes]))
        self._session.window.status.say(f"Exported {told.out}", "success")
        self._follow()

    def reject(self) -> None:
        """Close; what runs is stopped first, and leaves nothing behind."""
        if self.bar.is_busy:
            self.bar.ended.connect(self.reject, Qt.ConnectionType.SingleShotConnection)
            self.bar.cancel()
            return
        super().reject()
