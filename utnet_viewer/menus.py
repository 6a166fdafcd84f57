"""The window's own actions and where they stand: menus, timeline buttons, chips."""

from collections.abc import Callable
from functools import partial

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

from utnet_viewer.annotate.entry import AnnotateEntry
from utnet_viewer.commands import Commands
from utnet_viewer.compare.entry import CompareEntry
from utnet_viewer.docks import ANNOTATE, COMPARE, DOCTOR, INSPECT, TRAIN, WORKSPACES, Workspace
from utnet_viewer.doctor.entry import DoctorEntry
from utnet_viewer.evaluating.entry import EvaluateEntry
from utnet_viewer.session import Session
from utnet_viewer.stepping import LONG_STEP
from utnet_viewer.taking.desk import TakingDesk
from utnet_viewer.taking.film_desk import FilmDesk
from utnet_viewer.taking.report_desk import ReportDesk
from utnet_viewer.training.entry import TrainEntry

DEVICES = ("auto", "cpu", "cuda:0", "mps")


class Menus:
    """Builds everything once; the menus of panels are added as the panels come."""

    def __init__(self, session: Session, commands: Commands) -> None:
        self._session, self._window = session, session.window
        self._actions, self._commands = session.window.actions_, commands
        bar = self._window.top_bar.menus
        self._file, self._edit = bar.addMenu("File"), bar.addMenu("Edit")
        self._view, self._run = bar.addMenu("View"), bar.addMenu("Run")
        self._help = bar.addMenu("Help")
        self._recent, self._split = QMenu("Open recent", bar), QMenu("Split", bar)
        self._menus_of: dict[str, list[QMenu]] = {w.name: [] for w in WORKSPACES}
        self.train = TrainEntry(session, self._add_train_menu)
        self.doctor = DoctorEntry(session, self.train, self._add_doctor_menu)
        self.annotate = AnnotateEntry(session, self._add_annotate_menu)
        self.compare = CompareEntry(session, self._add_compare_menu)
        self.evaluate = EvaluateEntry(session)
        self.taking = TakingDesk(self._window, commands.sample_name)
        self.taking.failed.connect(lambda title, text: session.notice(title, text))
        self.film = FilmDesk(session)
        self.report = ReportDesk(session)
        self._file.aboutToShow.connect(self.taking.name_actions)
        self._add_menu_keys()
        self._add_file_actions()
        self._add_going_actions()
        self._add_other_actions()
        self._fill_file()
        self._fill_edit()
        self._fill_view()
        self._fill_run()
        self._fill_help()
        self._fill_chips()
        self._fill_timeline()
        session.splits_changed.connect(self._fill_split)
        self._window.workspace_changed.connect(self._on_workspace)
        self._actions.use_workspace(self._window.workspace.name)
        self._recent.aboutToShow.connect(self._fill_recent)
        self._fill_recent()
        self._fill_split()

    def add_panel(self, title: str, actions: list[QAction]) -> None:
        """A submenu of View with everything a panel can do."""
        if not actions:
            return
        self._add_view_menu(INSPECT, title, actions)

    def _add_train_menu(self, title: str, actions: list[QAction]) -> None:
        self._add_view_menu(TRAIN, title, actions)

    def _add_doctor_menu(self, title: str, actions: list[QAction]) -> None:
        self._add_view_menu(DOCTOR, title, actions)

    def _add_annotate_menu(self, title: str, actions: list[QAction]) -> None:
        self._add_view_menu(ANNOTATE, title, actions)

    def _add_compare_menu(self, title: str, actions: list[QAction]) -> None:
        self._add_view_menu(COMPARE, title, actions)

    @property
    def is_page_ready(self) -> bool:
        """Whether the workspace that is shown, one without docks, shows all that it has."""
        entries = (self.train, self.doctor, self.annotate, self.compare)
        pages = dict(zip(WORKSPACES[1:], entries, strict=True))
        return pages[self._window.workspace].is_ready

    def _add_view_menu(self, workspace: Workspace, title: str, actions: list[QAction]) -> None:
        menu = QMenu(title, self._view)
        menu.addActions(actions)
        self._view.insertMenu(self._panels_end, menu)
        self._belongs_to(workspace, menu)

    def _belongs_to(self, workspace: Workspace, menu: QMenu) -> None:
        """Take a menu away, and with it the keys of its actions, while others are shown."""
        self._menus_of[workspace.name].append(menu)
        menu.menuAction().setVisible(self._window.workspace == workspace)

    def _on_workspace(self, name: str) -> None:
        if name != INSPECT.name:
            self._session.stepper.stop()
        for workspace, menus in self._menus_of.items():
            for menu in menus:
                menu.menuAction().setVisible(workspace == name)

    # Actions.

    def _add_menu_keys(self) -> None:
        """Alt and the first letter open a menu; as actions, since Qt would underline the letters
        of the menus all the time."""
        bar = self._window.top_bar.menus
        for menu in (self._file, self._edit, self._view, self._run, self._help):
            title = menu.title()
            self._actions.add(
                f"menu_{title.lower()}",
                f"The {title} menu",
                lambda menu=menu: bar.setActiveAction(menu.menuAction()),
                group="Menus",
                shortcut=f"Alt+{title[0]}",
            )

    def _add_file_actions(self) -> None:
        add, session = self._actions.add, self._session
        add("open", "Open dataset…", self._commands.open, group="File", shortcut="Ctrl+O")
        add("open_picture", "Open picture…", self._commands.open_picture, group="File")
        add("demo", "Open the demo", self._commands.open_demo, group="File", shortcut="Ctrl+D")
        add("reload", "Reload dataset", session.reload_dataset, group="File", shortcut="F5")
        add(
            "checkpoint",
            "Open checkpoint…",
            self._commands.open_checkpoint,
            group="File",
            shortcut="Ctrl+Shift+O",
        )
        add(
            "demo_checkpoint",
            "Use the demo checkpoint",
            lambda: session.use_checkpoint(""),
            group="File",
        )
        add(
            "hand",
            "Open hand model (MANO file)…",
            self._commands.open_hand,
            group="File",
            shortcut="Ctrl+Shift+M",
        )
        add("stand_in", "Use the stand-in hand", lambda: session.use_hand_model(""), group="File")
        add(
            "picture",
            "Save picture of the window…",
            self._commands.save_picture,
            group="File",
            shortcut="Ctrl+Shift+S",
        )
        add("quit", "Quit", self._window.close, group="File", shortcut="Ctrl+Q")

    def _add_going_actions(self) -> None:
        stepper = self._session.stepper
        add = partial(self._actions.add, group="Go", workspace=INSPECT.name)
        add("first", "First sample", stepper.first, shortcut="Home")
        add("back", "Previous sample", lambda: stepper.step(-1), shortcut="Left")
        self.play = add("play", "Play the sequence", stepper.toggle_play, shortcut="Space")
        add("on", "Next sample", lambda: stepper.step(1), shortcut="Right")
        add("last", "Last sample", stepper.last, shortcut="End")
        add(
            "ten_back",
            "Ten samples back",
            lambda: stepper.step(-LONG_STEP),
            shortcut="Shift+Left",
        )
        add(
            "ten_on",
            "Ten samples on",
            lambda: stepper.step(LONG_STEP),
            shortcut="Shift+Right",
        )
        add(
            "list_on",
            "Next in the list as filtered",
            lambda: stepper.step_in_list(1),
            shortcut="N",
        )
        add(
            "list_back",
            "Previous in the list as filtered",
            lambda: stepper.step_in_list(-1),
            shortcut="B",
        )
        add("jump", "Go to a sample…", self._commands.jump, shortcut="Ctrl+G")
        stepper.playing_changed.connect(self._on_playing)

    def _add_other_actions(self) -> None:
        add, session, window = self._actions.add, self._session, self._window
        samples = session.samples
        edit = partial(add, group="Edit", workspace=INSPECT.name)
        edit(
            "copy_name", "Copy the sample's name", self._commands.copy_name, shortcut="Ctrl+Shift+N"
        )
        edit("filter", "Filter the samples", samples.focus_filter, shortcut="Ctrl+F")
        edit("clear_filter", "Clear the filter", samples.filter.clear, shortcut="Ctrl+Shift+F")
        edit("unsort", "Order of the dataset", samples.unsort)
        edit("unreadable", "List unreadable frames…", samples.show_unreadable, shortcut="Ctrl+U")
        add("reset_layout", "Reset the layout", window.reset_layout, group="View")
        add(
            "full_screen",
            "Full screen",
            self._commands.toggle_full_screen,
            group="View",
            shortcut="F11",
        )
        add(
            "restart_engine",
            "Restart the engine",
            session.restart_engine,
            group="Run",
            shortcut="Ctrl+R",
        )
        add(
            "shortcuts",
            "Keyboard shortcuts",
            self._commands.show_shortcuts,
            group="Help",
            shortcut="?",
        )
        add("log", "Open the log file", self._commands.open_log, group="Help")
        add("about", "About UTNet Viewer", self._commands.about, group="Help")

    # Menus.

    def _put(self, menu: QMenu, *names: str) -> None:
        """Actions by name; "" is a line between them."""
        for name in names:
            if name:
                menu.addAction(self._actions[name])
            else:
                menu.addSeparator()

    def _fill_file(self) -> None:
        self._put(self._file, "open", "open_picture")
        self._file.addMenu(self._recent)
        self._put(self._file, "demo")
        self._file.addMenu(self._split)
        self._put(
            self._file,
            "reload",
            "",
            "checkpoint",
            "demo_checkpoint",
            "",
            "hand",
            "stand_in",
            "",
        )
        self._file.addActions(self.doctor.file_actions)
        self._file.addSeparator()
        self._file.addActions(self.taking.actions)
        self._put(self._file, "take_film", "take_report", "picture", "", "quit")

    def _fill_edit(self) -> None:
        self._put(self._edit, "filter", "clear_filter", "unsort", "", "unreadable", "copy_name")
        annotate = self._edit.addMenu("Annotate")
        self.annotate.actions.fill(annotate)
        self._belongs_to(ANNOTATE, annotate)
        self._edit.addActions(self.train.form_actions)
        self._edit.addAction(self.doctor.copy_action)

    def _fill_view(self) -> None:
        self._put(self._view, *[f"workspace_{workspace.name.lower()}" for workspace in WORKSPACES])
        shown = self._view.addMenu("Panels")
        for dock in self._window.docks.values():
            shown.addAction(dock.toggleViewAction())
        self._belongs_to(INSPECT, shown)
        self._view.addActions(self.doctor.view_actions)
        self._view.addActions(self.compare.view_actions)
        self._view.addSeparator()
        self._panels_end = self._view.addSeparator()
        self._view.addMenu(self._theme_menu())
        self._put(self._view, "full_screen", "reset_layout")

    def _fill_run(self) -> None:
        self._run.addActions(self.train.run_actions)
        self._run.addActions(self.doctor.run_actions)
        self._run.addActions(self.evaluate.run_actions)
        self._run.addSeparator()
        self._put(
            self._run,
            "play",
            "",
            "on",
            "back",
            "ten_on",
            "ten_back",
            "first",
            "last",
            "",
            "list_on",
            "list_back",
            "jump",
            "",
            "restart_engine",
        )
        self._run.addMenu(self._device_menu())

    def _fill_help(self) -> None:
        self._put(self._help, "shortcuts", "log", "", "about")

    def _theme_menu(self) -> QMenu:
        choices = {"system": "As the system", "light": "Light", "dark": "Dark"}
        chosen = self._window.settings.text("theme", "system")
        return self._choice_menu("Theme", choices, chosen, self._commands.use_theme)

    def _device_menu(self) -> QMenu:
        choices = {name: "Choose by itself" if name == "auto" else name for name in DEVICES}
        self._devices = self._choice_menu(
            "Device", choices, self._session.device, self._session.use_device
        )
        return self._devices

    def _choice_menu(
        self, title: str, choices: dict[str, str], chosen: str, choose: Callable[[str], None]
    ) -> QMenu:
        menu = QMenu(title, self._window)
        group = QActionGroup(menu)
        for value, words in choices.items():
            action = menu.addAction(words)
            action.setCheckable(True)
            action.setChecked(value == chosen)
            action.triggered.connect(lambda _=False, value=value: choose(value))
            group.addAction(action)
        return menu

    def _fill_recent(self) -> None:
        self._recent.clear()
        for folder in self._window.settings.recent():
            action = self._recent.addAction(folder)
            action.triggered.connect(
                lambda _=False, folder=folder: self._commands.open_folder(folder)
            )
        self._recent.setEnabled(not self._recent.isEmpty())

    def _fill_split(self) -> None:
        self._split.clear()
        index = self._session.document.index
        for split in self._session.splits:
            action = self._split.addAction(split)
            action.setCheckable(True)
            action.setChecked(index is not None and index.split == split)
            action.triggered.connect(lambda _=False, split=split: self._session.open_split(split))
        self._split.setEnabled(bool(self._session.splits))

    def _fill_chips(self) -> None:
        bar, window = self._window.top_bar, self._window
        dataset, model, hand = QMenu(window), QMenu(window), QMenu(window)
        self._put(dataset, "open", "open_picture", "demo")
        dataset.addMenu(self._recent)
        dataset.addMenu(self._split)
        self._put(dataset, "reload")
        self._put(model, "checkpoint", "demo_checkpoint", "", "restart_engine")
        self._put(hand, "hand", "stand_in")
        menus = (dataset, model, hand, self._devices)
        chips = (bar.dataset, bar.model, bar.hand, bar.device)
        for chip, menu in zip(chips, menus, strict=True):
            chip.setMenu(menu)

    def _fill_timeline(self) -> None:
        timeline = self._window.timeline
        icons = {"first": "skip-back", "back": "caret-left", "play": "play"}
        icons |= {"on": "caret-right", "last": "skip-forward"}
        for name, icon_name in icons.items():
            timeline.add_button(self._actions[name], icon_name)
        timeline.set_jump(self._actions["jump"])
        self._window.status.shortcuts.clicked.connect(self._actions["shortcuts"].trigger)
        self._window.status.restart.clicked.connect(self._actions["restart_engine"].trigger)

    def _on_playing(self, is_playing: bool) -> None:
        self._window.timeline.set_icon(self.play, "pause" if is_playing else "play")
        self.play.setText("Stop playing" if is_playing else "Play the sequence")
