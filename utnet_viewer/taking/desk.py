"""Taking along what a panel shows: to the clipboard, into a picture file, as CSV.

It speaks of the panel that has the focus, or had it last, or that was clicked with the right
button. Painting happens in the window's thread, in short turns where it takes long; packing and
writing in another one. A file appears whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, QThreadPool, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QDockWidget, QFileDialog, QMenu, QWidget
from shiboken6 import isValid

from core.files.durable import write_atomically
from core.files.names import safe_name
from utnet_viewer.crash_log import log
from utnet_viewer.main_window import MainWindow
from utnet_viewer.taking.files import SVG_PIXELS, painted, png, svg
from utnet_viewer.taking.tables import Table, csv_bytes, has_table, table_of
from utnet_viewer.taking.views import View, view_of
from utnet_viewer.widgets.panel import Panel

#: Pixels a point of a copied picture: enough for slides and print.
COPY_PIXELS = 2.0


@dataclass(frozen=True)
class Format:
    """A kind of picture file; `pixels` a point, None for shapes."""

    words: str
    suffix: str
    pixels: float | None

    @property
    def filter(self) -> str:
        """As a file dialog lists it."""
        return f"{self.words} (*{self.suffix})"


FORMATS = (
    Format("PNG, twice as fine as on screen", ".png", 2.0),
    Format("PNG, as on screen", ".png", 1.0),
    Format("PNG, four times as fine", ".png", 4.0),
    Format("SVG, lines and texts as shapes", ".svg", None),
)
CSV_FILTER = "CSV (*.csv)"


class TakingDesk(QObject):
    """Three actions and a context menu for every panel of the window."""

    saved = Signal(str)  # the file
    failed = Signal(str, str)  # title, sentence
    _was_written = Signal(str, str)  # file, problem

    def __init__(self, window: MainWindow, sample_name: Callable[[], str]) -> None:
        """`sample_name` names the sample on screen ("MC1_0012"), for files of Inspect; or ""."""
        super().__init__(window)
        self._window, self._sample_name = window, sample_name
        self._last: Panel | None = None
        self._steps: Iterator[None] | None = None
        self._then: Callable[[], None] = lambda: None
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._turn = QTimer(self, interval=0)
        self._turn.timeout.connect(self._step)
        add = window.actions_.add
        self.copy_action = add(
            "take_copy", "Copy picture", self.copy, group="File", shortcut="Ctrl+Alt+C"
        )
        self.save_action = add(
            "take_save", "Save picture…", self.ask_picture, group="File", shortcut="Ctrl+Alt+S"
        )
        self.table_action = add(
            "take_table", "Save table as CSV…", self.ask_table, group="File", shortcut="Ctrl+Alt+E"
        )
        self.saved.connect(lambda file: window.status.say(f"Saved {file}", "success"))
        self._was_written.connect(self._on_written)
        QApplication.instance().focusChanged.connect(self._on_focus)
        window.customContextMenuRequested.connect(self._show_menu)
        window.closing.connect(self.close)

    @property
    def actions(self) -> list:
        """For the File menu."""
        return [self.copy_action, self.save_action, self.table_action]

    @property
    def panel(self) -> Panel | None:
        """The panel that is spoken of."""
        if is_alive(self._last) and self._last.isVisible():
            return self._last
        visible = [panel for panel in self._window.findChildren(Panel) if panel.isVisible()]
        return visible[0] if visible else None

    def name_actions(self) -> None:
        """Say in the actions which panel they speak of."""
        panel = self.panel
        title = "" if panel is None else f": {panel.title}"
        self.copy_action.setText(f"Copy picture{title}")
        self.save_action.setText(f"Save picture{title}…")
        self.table_action.setText(f"Save table{title} as CSV…")
        self.table_action.setEnabled(panel is not None and has_table(panel))

    def close(self) -> None:
        """Wait for the file that is being written; what was not begun is dropped."""
        self._turn.stop()
        self._steps = None
        self._pool.clear()
        self._pool.waitForDone()

    # What the person asks for.

    def copy(self) -> None:
        """Put the panel's picture on the clipboard."""
        panel = self._asked()
        if panel is None:
            return
        view = view_of(panel)

        def put() -> None:
            QGuiApplication.clipboard().setImage(painted(view, pixels=COPY_PIXELS))
            self._window.status.say(f"Copied: {panel.title}", "success")

        self._prepare(view, COPY_PIXELS, put)

    def ask_picture(self) -> None:
        """Choose a file for the panel's picture."""
        panel = self._asked()
        if panel is None:
            return
        filters = [form.filter for form in FORMATS]
        dialog = self._dialog(f"Save picture: {panel.title}", panel.title, filters)

        def save(path: str) -> None:
            if not is_alive(panel):
                self.failed.emit("The picture was not taken", "The panel is gone meanwhile.")
                return
            form = FORMATS[filters.index(dialog.selectedNameFilter())]
            is_svg = Path(path).suffix.lower() == ".svg"
            self.save_picture(view_of(panel), Path(path), None if is_svg else form.pixels or 2.0)

        dialog.fileSelected.connect(save)
        dialog.open()

    def ask_table(self) -> None:
        """Choose a file for the panel's table."""
        panel = self._asked()
        table = None if panel is None else table_of(panel)
        if table is None:
            self._window.status.say("There is no table here to save.", "warning")
            return
        dialog = self._dialog(f"Save table: {table.name}", table.name, [CSV_FILTER])
        dialog.fileSelected.connect(lambda path: self.save_table(table, Path(path)))
        dialog.open()

    def save_picture(self, view: View, path: Path, pixels: float | None) -> None:
        """Write a view as PNG with so many pixels a point, or with None as SVG."""

        def write() -> None:
            if pixels is None:
                content = svg(view, title=path.stem)
                self._write(path, lambda: content)
            else:
                image: QImage = painted(view, pixels=pixels)
                self._write(path, lambda: png(image, title=path.stem))

        self._prepare(view, SVG_PIXELS if pixels is None else pixels, write)

    def save_table(self, table: Table, path: Path) -> None:
        """Write a table as CSV."""
        columns = table.columns()
        self._write(path, lambda: csv_bytes(table.heads, columns))

    # How it is done.

    def _asked(self) -> Panel | None:
        panel = self.panel
        if panel is None:
            self._window.status.say("There is no panel to take along here.", "warning")
        return panel

    def _dialog(self, title: str, name: str, filters: list[str]) -> QFileDialog:
        """A dialog that asks before it replaces a file, and adds the suffix that was chosen."""
        sample = self._sample_name() if self._window.workspace.docks else ""
        suffix = filters[0].rpartition("*")[2].rstrip(")")
        dialog = QFileDialog(self._window, title)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(filters)
        dialog.setDefaultSuffix(suffix)
        dialog.filterSelected.connect(
            lambda chosen: dialog.setDefaultSuffix(chosen.rpartition("*")[2].rstrip(")"))
        )
        dialog.selectFile(safe_name(f"{sample} {name}".strip(), otherwise="picture") + suffix)
        dialog.finished.connect(dialog.deleteLater)
        return dialog

    def _prepare(self, view: View, pixels: float, then: Callable[[], None]) -> None:
        """Let a view make what takes long, a step a turn; a newer request takes its place."""
        self._steps = iter(()) if view.prepare is None else view.prepare(pixels)
        self._then = then
        self._turn.start()

    def _step(self) -> None:
        try:
            if next(self._steps, self) is not self:
                return
            self._turn.stop()
            self._then()
        except (ValueError, MemoryError) as error:
            self._turn.stop()
            log.warning("no picture: %s", error)
            self.failed.emit("The picture was not taken", str(error))

    def _write(self, path: Path, content: Callable[[], bytes]) -> None:
        def work() -> None:
            problem = ""
            try:
                write_atomically(path, content())
            except OSError as error:
                problem = f"{path}: {error.strerror or error}. Choose another folder."
            except (ValueError, MemoryError) as error:
                problem = f"{path}: {error}"
            self._was_written.emit(str(path), problem)

        self._pool.start(work)

    def _on_written(self, path: str, problem: str) -> None:
        if problem:
            log.warning("not saved: %s", problem)
            self.failed.emit("The file was not saved", problem)
        else:
            self.saved.emit(path)

    # Which panel.

    def _on_focus(self, _old: QWidget | None, new: QWidget | None) -> None:
        panel = panel_around(new)
        is_ours = panel is not None and panel.window() is self._window
        if is_ours and panel is not self._last:
            self._last = panel
            self.name_actions()  # or the key of what the one before had not would be dead

    def _show_menu(self, place: QPoint) -> None:
        panel = panel_around(self._window.childAt(place))
        if panel is None:
            return
        self._last = panel
        self.name_actions()
        menu = QMenu(self._window)
        menu.addActions(self.actions if self.table_action.isEnabled() else self.actions[:2])
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._window.mapToGlobal(place))


def is_alive(panel: Panel | None) -> bool:
    """Whether a panel is there: cards of findings and samples come and go."""
    return panel is not None and isValid(panel)


def panel_around(widget: QWidget | None) -> Panel | None:
    """The panel that a widget belongs to; a dock's header belongs to the panel in the dock."""
    while widget is not None:
        if isinstance(widget, Panel):
            return widget
        if isinstance(widget, QDockWidget) and isinstance(widget.widget(), Panel):
            return widget.widget()
        widget = widget.parentWidget()
    return None
