"""One control a field: what is typed or chosen goes out as text, what is shown comes in as text."""

from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QWidget,
)

from core.files.embedded import DEMO
from core.training.config_fields import FieldInfo
from utnet_viewer.theme import CONTROL, Theme
from utnet_viewer.widgets.choice import Choice
from utnet_viewer.widgets.controls import IconButton
from utnet_viewer.widgets.tick_box import TickBox

_UNIT_MARGIN = 8


class FieldEditor(QWidget):
    """Base: `edited` tells the text after a person changed it, never after `show_text`."""

    edited = Signal(str)

    def __init__(self, control: QWidget, info: FieldInfo, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.control = control
        control.setAccessibleName(f"{info.title} {info.unit}".strip())
        control.setFixedHeight(CONTROL)
        self.setFocusProxy(control)
        self.layout_ = QHBoxLayout(self)
        self.layout_.setContentsMargins(0, 0, 0, 0)
        self.layout_.setSpacing(2)
        self.layout_.addWidget(control, 1)

    def show_text(self, text: str) -> None:
        """Show a value that came from elsewhere."""
        raise NotImplementedError

    def mark(self, *, is_invalid: bool) -> None:
        """Mark the value as one that cannot be used."""
        if bool(self.control.property("invalid")) != is_invalid:
            self.control.setProperty("invalid", is_invalid)
            self.control.style().unpolish(self.control)
            self.control.style().polish(self.control)


class LineEditor(FieldEditor):
    """A number or text; the unit stands in the field at its right end."""

    def __init__(self, info: FieldInfo, theme: Theme, parent: QWidget | None = None) -> None:
        self.line = QLineEdit()
        super().__init__(self.line, info, parent)
        self.line.setPlaceholderText(info.when_empty)
        self._unit = QLabel(info.unit, self.line)
        self._unit.setObjectName("unit")
        self._unit.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._unit.setVisible(bool(info.unit))
        if info.unit:
            self.line.setTextMargins(0, 0, self._unit.sizeHint().width() + 4, 0)
        self.line.installEventFilter(self)
        self.line.textEdited.connect(self.edited)

    def eventFilter(self, watched, event) -> bool:
        """Keep the unit at the right end."""
        if event.type() == QEvent.Type.Resize:
            size = self._unit.sizeHint()
            x = self.line.width() - size.width() - _UNIT_MARGIN
            self._unit.setGeometry(x, 0, size.width(), self.line.height())
        return False

    def show_text(self, text: str) -> None:
        """Leave the cursor where it is if nothing changes."""
        if self.line.text() != text:
            self.line.setText(text)


class ChoiceEditor(FieldEditor):
    """One of several words."""

    def __init__(self, info: FieldInfo, theme: Theme, parent: QWidget | None = None) -> None:
        self.box = Choice(theme)
        super().__init__(self.box, info, parent)
        if info.optional:
            self.box.addItem(info.when_empty or "—", "")
        for choice in info.choices:
            self.box.addItem(choice, choice)
        self.box.activated.connect(lambda place: self.edited.emit(self.box.itemData(place)))

    def show_text(self, text: str) -> None:
        """A word that is none of the choices is shown all the same, to be marked as wrong."""
        place = self.box.findData(text)
        if place < 0:
            self.box.addItem(text, text)
            place = self.box.count() - 1
        self.box.setCurrentIndex(place)


class SwitchEditor(FieldEditor):
    """Yes or no."""

    def __init__(self, info: FieldInfo, theme: Theme, parent: QWidget | None = None) -> None:
        self.switch = TickBox(theme)
        super().__init__(self.switch, info, parent)
        self.switch.clicked.connect(lambda is_on: self.edited.emit("yes" if is_on else "no"))

    def show_text(self, text: str) -> None:
        """ "yes" is on."""
        self.switch.setChecked(text == "yes")


class PlaceEditor(LineEditor):
    """The path of a file or folder, typed or chosen."""

    def __init__(self, info: FieldInfo, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(info, theme, parent)
        self._info = info
        self.choose_button = IconButton("folder-open", f"Choose {info.title.lower()}…", theme)
        self.choose_button.action.triggered.connect(self.choose)
        self.layout_.addWidget(self.choose_button)

    def choose(self) -> None:
        """Ask for a file or folder, starting at the one that stands there."""
        path = choose_place(self, self._info, self.line.text())
        if path:
            self.line.setText(path)
            self.edited.emit(path)


class DatasetEditor(FieldEditor):
    """The dataset to learn from: the demo, the open one, one used before, or another folder."""

    def __init__(self, info: FieldInfo, theme: Theme, parent: QWidget | None = None) -> None:
        self.box = Choice(theme)
        super().__init__(self.box, info, parent)
        self._info, self._folders = info, [DEMO]
        self._text = DEMO
        self.box.activated.connect(self._on_activated)
        self._fill()

    def offer(self, folders: list[str]) -> None:
        """Folders to choose from besides the demo, the open dataset first."""
        self._folders = [DEMO, *[folder for folder in folders if folder != DEMO]]
        self._fill()

    def _fill(self) -> None:
        self.box.clear()
        folders = list(self._folders)
        if self._text and self._text not in folders:
            folders.append(self._text)
        if self._info.when_empty:
            self.box.addItem(self._info.when_empty, "")
        for folder in folders:
            name = "embedded demo" if folder == DEMO else Path(folder).name or folder
            self.box.addItem(name, folder)
            self.box.setItemData(self.box.count() - 1, folder, Qt.ItemDataRole.ToolTipRole)
        self.box.addItem("Choose folder…", None)
        self.box.setCurrentIndex(max(0, self.box.findData(self._text)))

    def _on_activated(self, place: int) -> None:
        chosen = self.box.itemData(place)
        if chosen is None:
            chosen = choose_place(self, self._info, "" if self._text == DEMO else self._text)
        if chosen or chosen == self.box.itemData(place):
            self._text = chosen
            self._fill()
            self.edited.emit(chosen)
        else:
            self._fill()

    def show_text(self, text: str) -> None:
        """A folder that was not offered joins the list."""
        if text != self._text:
            self._text = text
            self._fill()


def choose_place(parent: QWidget, info: FieldInfo, start: str) -> str:
    """Ask for a file or folder; "" when the person thought better of it."""
    title = f"Choose {info.title.lower()}"
    if info.kind == "folder":
        return QFileDialog.getExistingDirectory(parent.window(), title, start)
    return QFileDialog.getOpenFileName(parent.window(), title, start)[0]


def make_editor(info: FieldInfo, theme: Theme) -> FieldEditor:
    """The control that fits a field."""
    if info.kind == "folder":
        return DatasetEditor(info, theme)
    kinds = {"choice": ChoiceEditor, "bool": SwitchEditor, "file": PlaceEditor}
    return kinds.get(info.kind, LineEditor)(info, theme)
