"""The form: every field of the configuration in sections that fold."""

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.training.config_fields import FieldInfo
from utnet_viewer.theme import ICON, PADDING, Theme
from utnet_viewer.training.draft import NAME, Checked, Draft
from utnet_viewer.training.field_editors import DatasetEditor
from utnet_viewer.training.field_row import FieldRow
from utnet_viewer.widgets.controls import Tag
from utnet_viewer.widgets.icons import icon

#: Sections that are open at the first start.
OPEN_AT_FIRST = ("Run", "Data", "Optimisation")

#: What a section's fields cannot say one by one.
NOTES = {
    "Loss weights": "Only their ratios matter under AdamW: scaling all of them by one factor "
    "changes nothing but when the gradient is clipped.",
}


class SectionHeader(QToolButton):
    """Folds and unfolds; says how much was changed and what is wrong while it is folded."""

    def __init__(self, title: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sectionHeader")
        self.setText(f" {title}")
        self.setCheckable(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(12, 12))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._theme = theme
        self.toggled.connect(self._tint)
        theme.changed.connect(self._tint)
        self._tint()

    def _tint(self) -> None:
        name = "caret-down" if self.isChecked() else "caret-right"
        self.setIcon(icon(name, self._theme.palette.t3, size_px=12))


class FormSection(QWidget):
    """One section; its rows are made when it is first unfolded."""

    edited = Signal(str, str)
    reset_wanted = Signal(str)
    unfolded = Signal()

    def __init__(self, title: str, infos: list[FieldInfo], theme: Theme) -> None:
        super().__init__()
        self.title, self.rows, self._infos, self._theme = title, {}, infos, theme
        self.header = SectionHeader(title, theme)
        self.header.setAccessibleName(f"Section {title}")
        self.tag = Tag()
        self.tag.hide()
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(self.header)
        head.addStretch(1)
        head.addWidget(self.tag)
        self._body = QWidget()
        self._body.hide()
        self._lines = QVBoxLayout(self._body)
        self._lines.setContentsMargins(0, 0, 0, 8)
        self._lines.setSpacing(5)
        line = QFrame()
        line.setObjectName("hairline")
        line.setFixedHeight(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(head)
        layout.addWidget(self._body)
        layout.addWidget(line)
        self.header.toggled.connect(self._on_toggled)

    @property
    def keys(self) -> list[str]:
        """Of its fields."""
        return [info.key for info in self._infos]

    @property
    def is_open(self) -> bool:
        """Whether it is unfolded."""
        return self.header.isChecked()

    def set_open(self, is_open: bool) -> None:
        """Fold or unfold."""
        self.header.setChecked(is_open)

    def _on_toggled(self, is_open: bool) -> None:
        if is_open and not self.rows:
            self._make_rows()
        self._body.setVisible(is_open)
        if is_open:
            self.unfolded.emit()

    def _make_rows(self) -> None:
        for info in self._infos:
            row = FieldRow(info, self._theme)
            row.edited.connect(self.edited)
            row.reset_wanted.connect(self.reset_wanted)
            self.rows[info.key] = row
            self._lines.addWidget(row)
        if self.title in NOTES:
            note = QLabel(NOTES[self.title])
            note.setObjectName("hint")
            note.setWordWrap(True)
            self._lines.addWidget(note)

    def offer(self, folders: list[str]) -> None:
        """Datasets to choose from, as far as there are rows yet."""
        for row in self.rows.values():
            if isinstance(row.editor, DatasetEditor):
                row.editor.offer(folders)

    def show_draft(self, draft: Draft, checked: Checked) -> None:
        """Bring the rows up to date, and the tag that speaks for them while they are folded."""
        for key, row in self.rows.items():
            row.editor.show_text(draft.text(key))
            row.show_problem(checked.problems.get(key, ""))
            row.show_change(key in checked.changed, draft.baseline_text(key))
        wrong = sum(key in checked.problems for key in self.keys)
        changed = sum(key in checked.changed for key in self.keys)
        words = f"{wrong} to correct" if wrong else f"{changed} changed"
        self.tag.setText(words)
        self.tag.set_kind("fault" if wrong else "plain")
        self.tag.setVisible(bool(wrong or changed) and (not self.is_open))


class ConfigForm(QScrollArea):
    """All sections; what a person changes goes out as key and text."""

    edited = Signal(str, str)  # key, text
    reset_wanted = Signal(str)  # key
    sections_changed = Signal()

    def __init__(self, draft: Draft, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft, self._checked = draft, draft.check()
        self._folders: list[str] = []
        self.setObjectName("form")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.sections = {
            title: FormSection(title, infos, theme) for title, infos in _by_section(draft).items()
        }
        inside = QWidget()
        inside.setObjectName("formInside")
        self._layout = QVBoxLayout(inside)
        self._layout.setContentsMargins(PADDING, 0, ICON // 2, PADDING)
        self._layout.setSpacing(6)
        for section in self.sections.values():
            self._layout.addWidget(section)
            section.edited.connect(self.edited)
            section.reset_wanted.connect(self.reset_wanted)
            section.unfolded.connect(lambda section=section: self._on_unfolded(section))
            section.header.toggled.connect(lambda: self.sections_changed.emit())
        self._layout.addStretch(1)
        self.setWidget(inside)
        self._to_open: list[str] = []
        self._open_soon = QTimer(self, singleShot=True, interval=0)
        self._open_soon.timeout.connect(self._open_next)

    def _on_unfolded(self, section: FormSection) -> None:
        section.offer(self._folders)
        section.show_draft(self._draft, self._checked)

    def offer_datasets(self, folders: list[str]) -> None:
        """Folders to choose from, the open dataset first."""
        self._folders = folders
        for section in self.sections.values():
            section.offer(folders)

    def row(self, key: str) -> FieldRow:
        """The row of a field, unfolding its section; KeyError for a key that does not exist."""
        section = next((s for s in self.sections.values() if key in s.keys), None)
        if section is None:
            raise KeyError(key)
        section.set_open(True)
        return section.rows[key]

    def show_draft(self, checked: Checked) -> None:
        """Show the draft as it is now."""
        self._checked = checked
        for section in self.sections.values():
            section.show_draft(self._draft, checked)

    def go_to(self, key: str) -> None:
        """Unfold, scroll and put the cursor there."""
        row = self.row(key)
        self.ensureWidgetVisible(row, 0, 40)
        row.editor.control.setFocus(Qt.FocusReason.ShortcutFocusReason)

    @property
    def is_unfolding(self) -> bool:
        """Whether sections are still to be unfolded."""
        return bool(self._to_open)

    def open_sections(self) -> list[str]:
        """Titles of those that are unfolded."""
        return [t for t, section in self.sections.items() if section.is_open or t in self._to_open]

    def set_open_sections(self, titles: list[str]) -> None:
        """Unfold these, fold the others; one after the other, since making rows takes a while."""
        self._to_open = [title for title in self.sections if title in titles]
        for title, section in self.sections.items():
            if title not in titles:
                section.set_open(False)
        self._open_soon.start()

    def _open_next(self) -> None:
        if self._to_open:
            self.sections[self._to_open.pop(0)].set_open(True)
            self._open_soon.start()


def _by_section(draft: Draft) -> dict[str, list[FieldInfo]]:
    """The fields of each section in order; the name stands above the form."""
    sections: dict[str, list[FieldInfo]] = {}
    for info in draft.fields.values():
        if info.key != NAME:
            sections.setdefault(info.section, []).append(info)
    return sections
