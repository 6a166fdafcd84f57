"""``utnet-viewer``: the window first, then what fills it.

Nothing heavy is imported before the first paint: numpy, OpenCV and Open3D together take longer than
a person waits for a window.
"""

import gc
import importlib
import os
import signal
import sys
import threading
import traceback
from argparse import Namespace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication, QWidget

from utnet_viewer.arguments import build_parser
from utnet_viewer.crash_log import catch_uncaught, log, log_qt_messages, start_log
from utnet_viewer.desktop_entry import (
    DESKTOP_NAME,
    icon_file,
    install_desktop_entry,
    remove_desktop_entry,
)
from utnet_viewer.docks import workspace_named
from utnet_viewer.garbage import GarbageCollector
from utnet_viewer.main_window import MainWindow
from utnet_viewer.notices import Notice
from utnet_viewer.quick_imports import skip_feature_search
from utnet_viewer.settings import Settings
from utnet_viewer.style import apply_theme, load_fonts
from utnet_viewer.theme import Theme

#: Libraries that the session needs, and those of the charts, which take as long again: the photo
#: does not wait for them. The mesh view brings Open3D in by itself.
LIBRARIES, CHART_LIBRARIES = ("numpy", "cv2"), ("pyqtgraph",)

#: How long another thread may keep Python while the window's own waits for it.
SWITCH_INTERVAL_S = 0.0005

#: When the libraries are in and the first sample is on screen.
SETTLED_AFTER_MS = 8000

#: Module and class of each panel.
PANELS = {
    "Image": ("utnet_viewer.image.panel", "ImagePanel"),
    "Mesh": ("utnet_viewer.mesh.panel", "MeshPanel"),
    "Readouts": ("utnet_viewer.readouts.panel", "ReadoutsPanel"),
}

#: Those that can be made before the charts' libraries are in, in this order.
FIRST_PANELS = ("Image", "Mesh")


class Importer(QObject):
    """Imports libraries in a thread of its own and says when they are there."""

    ready = Signal()
    charts_ready = Signal()
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = threading.Thread(target=self._run, name="imports", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self) -> None:
        """Wait for the thread: an import cannot be stopped half-way."""
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        for names, there in ((LIBRARIES, self.ready), (CHART_LIBRARIES, self.charts_ready)):
            for name in names:
                try:
                    importlib.import_module(name)
                except ImportError as error:
                    why = f"{name} cannot be imported: {error}. Set up again by: make run"
                    self.failed.emit(why)
                    return
            there.emit()


class Starter(QObject):
    """Makes the window, and after its first paint everything else, step by step."""

    finished = Signal(int)  # exit status, when a screenshot was asked for

    def __init__(
        self, arguments: Namespace, *, engine_command: tuple[str, ...] | None = None
    ) -> None:
        """`engine_command` starts another engine than the real one (tests do)."""
        super().__init__()
        self._arguments, self._engine_command = arguments, engine_command
        self._log_problem = ""
        self.settings, self.theme = Settings(self), Theme()
        self.session = self._menus = self._screenshot = None
        self.panels_missing = set(PANELS)
        self._panels: dict[str, QWidget] = {}
        application = QApplication.instance()
        self.theme.changed.connect(lambda: apply_theme(application, self.theme))
        apply_theme(application, self.theme)
        is_picture = arguments.screenshot is not None
        self.window = MainWindow(self.theme, self.settings, remembers_layout=not is_picture)
        self._follow_theme()
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_theme)
        self.window.place(arguments.size)
        self.importer = Importer(self)
        self.importer.ready.connect(self._start_session)
        self.importer.charts_ready.connect(self._add_charts)
        self.importer.failed.connect(lambda why: self.show_error("A library is missing", why))
        self.window.painted.connect(self.importer.start)

    def _follow_theme(self) -> None:
        self.window.follow_theme(self._arguments.theme or self.settings.text("theme", "system"))

    def show_uncaught(self, text: str, details: str) -> None:
        """An exception nobody caught."""
        self.show_error("Something went wrong", text, details)

    def show_error(self, title: str, text: str, details: str = "") -> None:
        """A bar that can be copied; the window goes on."""
        self.window.add_notice(Notice(self.theme, title, text, details=details))

    def _start_session(self) -> None:
        from utnet_viewer.commands import Commands
        from utnet_viewer.display import Display
        from utnet_viewer.menus import Menus
        from utnet_viewer.processes.engine_client import EngineClient
        from utnet_viewer.session import Session

        arguments, settings = self._arguments, self.settings
        command = self._engine_command
        self.session = Session(
            self.window,
            EngineClient() if command is None else EngineClient(command=command),
            hand_model_path=arguments.hand_model or settings.text("hand_model"),
            checkpoint=arguments.checkpoint or settings.text("checkpoint"),
            device=arguments.device or settings.text("device", "auto"),
        )
        commands = Commands(self.session)
        self._menus = Menus(self.session, commands)
        Display(self.session)
        self.window.paths_dropped.connect(commands.open_dropped)
        self._fill("Samples", self.session.samples)
        self._open_first()
        for title in FIRST_PANELS:  # one at a time, so that the event loop runs in between
            QTimer.singleShot(0, self, lambda title=title: self._add_panel(title))
        if arguments.screenshot is not None:
            self._take_screenshot(Path(arguments.screenshot))
        self._say_what_cannot_be_written()

    def _take_screenshot(self, path: Path) -> None:
        from utnet_viewer.screenshot import Screenshot

        self._screenshot = Screenshot(self.session, path, panels_are_done=self.is_painted_finely)
        self._screenshot.finished.connect(self.finished)

    def has_all_panels(self) -> bool:
        """Whether what is seen can show what it has; the mesh view waits for Open3D."""
        from utnet_viewer.mesh.open3d_loading import is_loaded

        if not self.window.workspace.docks:
            return self._menus is not None and self._menus.is_page_ready
        return not self.panels_missing and is_loaded()

    def is_painted_finely(self) -> bool:
        """Whether every panel shows what it has as finely as it will."""
        return self.has_all_panels() and self._panels["Mesh"].is_settled

    def _open_first(self) -> None:
        """The dataset asked for, else last time's, else the demo."""
        from core.files.embedded import dataset_folder, demo_dataset
        from utnet_viewer.opening import Order

        arguments, settings, session = self._arguments, self.settings, self.session
        if arguments.dataset:
            root = dataset_folder(arguments.dataset)
            order = Order(root, arguments.split or "", arguments.frame or "")
        elif settings.text("dataset") and arguments.screenshot is None:
            frame = arguments.frame or settings.text("frame")
            split = arguments.split or settings.text("split")
            order = Order(dataset_folder(settings.text("dataset")), split, frame)
        else:
            order = Order(demo_dataset(), arguments.split or "", arguments.frame or "")
        if order.root.is_dir() or arguments.dataset or settings.text("dataset"):
            session.open_dataset(order)
        else:
            session.show_page_if_empty()

    def _fill(self, title: str, panel) -> None:
        self.window.add_panel(title, panel)
        self._menus.add_panel(title, panel.actions())

    def _add_charts(self) -> None:
        for title in PANELS.keys() - set(FIRST_PANELS):
            self._add_panel(title)

    def _add_panel(self, title: str) -> None:
        module, name = PANELS[title]
        try:
            make = getattr(importlib.import_module(module), name)
            panel = make(self.session.document, self.theme)
        except Exception as error:  # the window is worth having without one of its panels
            details = traceback.format_exc()
            log.error("%s", details)
            self.show_error(f"The panel {title} is missing", repr(error), details)
            return
        self._fill(title, panel)
        self._panels[title] = panel
        self.panels_missing.discard(title)
        if not self.panels_missing:
            for clash in self.window.actions_.clashes():
                log.warning("two actions share a key: %s", clash)

    def _say_what_cannot_be_written(self) -> None:
        problems = [self.settings.write_problem(), self._log_problem]
        text = " ".join(problem for problem in problems if problem)
        if text:
            title = "Nothing is remembered"
            self.window.add_notice(Notice(self.theme, title, text, kind="warning"))

    def start(self, *, log_problem: str = "") -> None:
        """Show the window; everything else follows its first paint."""
        self._log_problem = log_problem
        self.window.show()

    def end(self) -> None:
        """Wait for the threads that import; the window is closed by then."""
        self.importer.join()
        if "Mesh" in self._panels:
            self._panels["Mesh"].shut_down()


def main(argv: list[str] | None = None) -> int:
    """Run the window until it is closed; returns the exit status."""
    arguments = build_parser().parse_args(argv)
    if arguments.install_desktop_entry or arguments.remove_desktop_entry:
        return _change_desktop_entry(arguments)
    # Threads that read and measure hand Python back to the window's own sooner than after 5 ms.
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    skip_feature_search()
    if arguments.screenshot and not _has_screen():
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    gc.disable()  # libraries make objects by the hundred thousand, none of which is garbage
    log_problem = start_log()
    log_qt_messages()
    application = QApplication(sys.argv[:1])
    application.setApplicationName("utnet-viewer")
    application.setApplicationDisplayName("UTNet Viewer")
    application.setDesktopFileName(DESKTOP_NAME)
    application.setStyle("Fusion")
    load_fonts()
    starter = Starter(arguments)
    if arguments.workspace:
        starter.window.show_workspace(workspace_named(arguments.workspace))
    starter.finished.connect(application.exit)
    # Drawing it takes longer than a window with nothing in it: after that has been painted.
    starter.window.painted.connect(lambda: application.setWindowIcon(QIcon(str(icon_file()))))
    catch_uncaught(starter.show_uncaught)
    starter.start(log_problem=log_problem)
    # Ctrl+C in the terminal closes the window; Python hears it only while it runs something.
    signal.signal(signal.SIGINT, lambda *_: starter.window.close())
    heartbeat = QTimer(interval=500)
    heartbeat.timeout.connect(lambda: None)
    heartbeat.start()
    QTimer.singleShot(SETTLED_AFTER_MS, GarbageCollector(application).start)
    status = application.exec()
    starter.end()
    return status


def _change_desktop_entry(arguments: Namespace) -> int:
    """Put the entry into the desktop's menu or take it out; the exit status."""
    try:
        if arguments.install_desktop_entry:
            for path in install_desktop_entry():
                print(f"wrote {path}")
        else:
            for path in remove_desktop_entry():
                print(f"removed {path}")
    except OSError as error:
        print(f"utnet-viewer: {error}", file=sys.stderr)
        return 1
    return 0


def _has_screen() -> bool:
    """Whether a window could be shown at all."""
    if sys.platform != "linux" or "QT_QPA_PLATFORM" in os.environ:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


if __name__ == "__main__":
    raise SystemExit(main())
