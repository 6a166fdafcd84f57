"""The panels' docks: their first arrangement, and giving each dock its panel."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from utnet_viewer.theme import Theme
from utnet_viewer.widgets.panel import Panel

#: The mock-up's sizes at 1600x1000; other windows keep the proportions.
SAMPLES_WIDTH, IMAGE_WIDTH, MESH_WIDTH, READOUTS_HEIGHT, VIEWS_HEIGHT = 346, 680, 556, 292, 570
SAMPLES_LEAST, READOUTS_LEAST = 284, 240


@dataclass(frozen=True)
class Workspace:
    """A tab of the window: an arrangement of docks, or without docks a page of its own."""

    name: str
    icon: str
    key: str
    docks: tuple[str, ...] = ()


INSPECT = Workspace("Inspect", "eye", "Ctrl+1", ("Samples", "Image", "Mesh", "Readouts"))
TRAIN = Workspace("Train", "chart-line", "Ctrl+2")
DOCTOR = Workspace("Doctor", "heartbeat", "Ctrl+3")
ANNOTATE = Workspace("Annotate", "pencil-simple", "Ctrl+4")
COMPARE = Workspace("Compare", "columns", "Ctrl+5")

#: Those that exist, in the order of their tabs.
WORKSPACES = (INSPECT, TRAIN, DOCTOR, ANNOTATE, COMPARE)


def workspace_named(name: str) -> Workspace:
    """The workspace of this name, however it is capitalised; Inspect if there is none."""
    return next((w for w in WORKSPACES if w.name.lower() == name.lower()), INSPECT)


class Docks:
    """The docks of a window by panel title."""

    def __init__(self, window: QMainWindow, theme: Theme, titles: Sequence[str]) -> None:
        self._window, self._theme = window, theme
        self._docks = {title: self._make(title) for title in titles}

    def _make(self, title: str) -> QDockWidget:
        dock = QDockWidget(title, self._window)
        dock.setObjectName(f"dock{title}")
        # Closable from the View menu only: the header has no room for a second row of buttons.
        dock.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetMovable
            | QDockWidget.DockWidgetFeature.DockWidgetClosable
        )
        self._window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
        empty = Panel(title, self._theme)
        empty.set_body(QWidget())
        self._fill(dock, empty)
        return dock

    def __getitem__(self, title: str) -> QDockWidget:
        return self._docks[title]

    def values(self) -> list[QDockWidget]:
        """All docks."""
        return list(self._docks.values())

    def fill(self, title: str, panel: Panel) -> None:
        """Put a panel where its empty card was."""
        self._fill(self._docks[title], panel)

    @staticmethod
    def _fill(dock: QDockWidget, panel: Panel) -> None:
        old_body, old_header = dock.widget(), dock.titleBarWidget()
        dock.setTitleBarWidget(panel.take_header())
        dock.setWidget(panel)
        panel.show()
        for widget in (old_body, old_header):
            if widget is not None:
                widget.deleteLater()

    def arrange(self) -> None:
        """The first arrangement: samples, then image and mesh side by side over the readouts."""
        window, docks = self._window, self._docks
        for dock in docks.values():
            window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
            dock.show()
        window.splitDockWidget(docks["Samples"], docks["Image"], Qt.Orientation.Horizontal)
        window.splitDockWidget(docks["Image"], docks["Readouts"], Qt.Orientation.Vertical)
        window.splitDockWidget(docks["Image"], docks["Mesh"], Qt.Orientation.Horizontal)
        self.proportion()

    def proportion(self) -> None:
        """Share the window's room between the docks as in the first arrangement."""
        docks, width, height = self._docks, self._window.width(), self._window.height()
        samples = max(SAMPLES_LEAST, min(SAMPLES_WIDTH, round(width * SAMPLES_WIDTH / 1600)))
        views = width - samples
        image = round(views * IMAGE_WIDTH / (IMAGE_WIDTH + MESH_WIDTH))
        readouts = max(READOUTS_LEAST, min(READOUTS_HEIGHT, round(height * 0.34)))
        self._window.resizeDocks(
            [docks["Samples"], docks["Image"], docks["Mesh"]],
            [samples, image, views - image],
            Qt.Orientation.Horizontal,
        )
        self._window.resizeDocks(
            [docks["Image"], docks["Readouts"]],
            [height - readouts, readouts],
            Qt.Orientation.Vertical,
        )
