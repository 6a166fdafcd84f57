"""A box to choose a folder or a file from: those that are known, or another one."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from utnet_viewer.theme import CONTROL, Theme
from utnet_viewer.widgets.choice import Choice


@dataclass(frozen=True)
class Entry:
    """One that can be chosen: what it stands for, its words, and all of it for the tool tip."""

    value: str
    words: str
    tip: str = ""


class PlaceChoice(Choice):
    """`chosen` tells a value; the last entry asks for another one by `other_wanted`."""

    chosen = Signal(str)
    other_wanted = Signal()

    def __init__(
        self, name: str, theme: Theme, *, other: str = "", parent: QWidget | None = None
    ) -> None:
        """`other` are the words of the last entry; without them there is none."""
        super().__init__(theme, parent)
        self.setAccessibleName(name)
        self.setFixedHeight(CONTROL)
        self._other, self._value = other, ""
        self.activated.connect(self._on_activated)

    @property
    def value(self) -> str:
        """What is chosen."""
        return self._value

    def offer(self, entries: Sequence[Entry], value: str) -> None:
        """Show these, with `value` chosen; one that is missing is added by its own words."""
        if all(entry.value != value for entry in entries):
            entries = [*entries, Entry(value, value, value)]
        self._value = value
        self.clear()
        for entry in entries:
            self.addItem(entry.words, entry.value)
            tip = entry.tip or entry.words
            self.setItemData(self.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self._show_value()
        if self._other:
            self.insertSeparator(self.count())
            self.addItem(self._other, None)

    def _show_value(self) -> None:
        place = self.findData(self._value)
        self.setCurrentIndex(place)
        self.setToolTip(str(self.itemData(place, Qt.ItemDataRole.ToolTipRole) or ""))

    def _on_activated(self, place: int) -> None:
        value = self.itemData(place)
        if value is None:
            self._show_value()
            self.other_wanted.emit()
        elif value != self._value:
            self._value = value
            self._show_value()
            self.chosen.emit(value)
