"""The menu of saved filters: use one, keep the one in force under a name, delete one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from utnet_viewer.theme import CONTROL

if TYPE_CHECKING:
    from utnet_viewer.samples.panel import SamplesPanel

_SHOWN_LETTERS = 48


class FilterMenu:
    """Made anew each time, of what is saved then."""

    def __init__(self, panel: SamplesPanel) -> None:
        self._panel = panel

    def menu(self, parent: QWidget) -> QMenu:
        """A new menu."""
        panel, menu = self._panel, QMenu(parent)
        menu.setToolTipsVisible(True)
        texts = panel.saved.texts
        for name, text in texts.items():
            action = menu.addAction(f"{name}    {_short(text)}")
            action.setToolTip(text)
            action.triggered.connect(lambda _=False, text=text: panel.use_filter(text))
        if texts:
            menu.addSeparator()
        keep = menu.addAction("Save this filter…")
        keep.setEnabled(bool(panel.choice.text))
        keep.setToolTip(panel.choice.text or "There is no filter now")
        keep.triggered.connect(lambda: self.ask_name(parent.window()))
        delete = menu.addMenu("Delete a saved filter")
        delete.setEnabled(bool(texts))
        for name in texts:
            action = delete.addAction(name)
            action.triggered.connect(lambda _=False, name=name: panel.saved.delete(name))
        return menu

    def popup_at(self, button: QWidget) -> None:
        """Open it under its button, or where the button would be."""
        menu = self.menu(self._panel)
        menu.aboutToHide.connect(menu.deleteLater)
        place = button if button.isVisible() else self._panel
        menu.popup(place.mapToGlobal(QPoint(0, CONTROL if button.isVisible() else 0)))

    def ask_name(self, parent: QWidget) -> QInputDialog:
        """Ask under which name the filter in force is to be kept."""
        text = self._panel.choice.text
        dialog = QInputDialog(parent)
        dialog.setWindowTitle("Save the filter")
        dialog.setLabelText(f"A name for {_short(text)}")
        dialog.setTextValue(text[:_SHOWN_LETTERS])
        dialog.setOkButtonText("Save")
        dialog.textValueSelected.connect(lambda name: self._save(name.strip(), text))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog

    def _save(self, name: str, text: str) -> None:
        if name:
            self._panel.saved.save(name, text)
            self._panel.said.emit(f"The filter was saved as {name}.")


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_LETTERS else f"{text[:_SHOWN_LETTERS]}…"
