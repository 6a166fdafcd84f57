"""The Configuration panel: presets, files, the form, what is wrong with it, and Start."""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.files.durable import write_atomically
from core.training.config import ConfigError, TrainingConfig, load_config, to_yaml
from core.training.config_fields import Scalar
from core.training.legacy_config import import_config
from core.training.presets import preset, preset_description, preset_names
from utnet_viewer.theme import CONTROL, PADDING, Theme
from utnet_viewer.training.draft import NAME, Checked, Draft
from utnet_viewer.training.field_row import DOT_WIDTH, LABEL_WIDTH, FieldRow
from utnet_viewer.training.field_text import show_value
from utnet_viewer.training.form import OPEN_AT_FIRST, ConfigForm
from utnet_viewer.training.import_dialog import ImportDialog
from utnet_viewer.widgets.choice import Choice
from utnet_viewer.widgets.controls import IconButton
from utnet_viewer.widgets.panel import Panel

FILES = "Configurations (*.yaml *.yml);;All files (*)"


class ConfigurationPanel(Panel):
    """Edits a draft; `start_wanted` carries a configuration that is valid in every key."""

    start_wanted = Signal(object)  # TrainingConfig
    refused = Signal(str, str)  # title, text: a file that could not be read or written
    changed = Signal()  # the draft is another one: to be kept

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__("Configuration", theme, parent)
        first = preset_names()[0]
        self.draft = Draft(preset(first), first)
        self.checked = Checked()
        self._taken: Collection[str] = ()
        self._named_by_hand = False
        self._before_replacing = ""
        self._is_live = self._is_starting = False
        self._make_tools()
        self.presets = Choice(theme)
        self.name_row = FieldRow(self.draft.fields[NAME], theme)
        self.form = ConfigForm(self.draft, theme)
        self.form.set_open_sections(list(OPEN_AT_FIRST))
        self.set_body(self._make_body())
        self._connect()
        self._name_freely()
        self._refresh()

    def _make_tools(self) -> None:
        theme = self.theme
        self.open_button = IconButton("folder-open", "Open a configuration…", theme)
        self.save_button = IconButton("floppy-disk", "Save the configuration…", theme)
        self.import_button = IconButton(
            "download-simple", "Import an original UTNet config.yaml…", theme
        )
        self.reset_button = IconButton(
            "arrow-counter-clockwise", "Put all values back to the baseline", theme
        )
        tools = {
            self.open_button: self.ask_to_open,
            self.save_button: self.ask_to_save,
            self.import_button: self.ask_to_import,
            self.reset_button: self.reset,
        }
        for tool, run in tools.items():
            tool.action.triggered.connect(lambda _=False, run=run: run())
            self.add_tool(tool)

    def _make_body(self) -> QWidget:
        preset_label = QLabel("Preset")
        preset_label.setObjectName("quiet")
        preset_label.setFixedWidth(LABEL_WIDTH)
        preset_label.setBuddy(self.presets)
        self.presets.setFixedHeight(CONTROL)
        self.presets.setAccessibleName("Preset")
        head = QGridLayout()
        head.setContentsMargins(PADDING, 2, 18, 8)  # as wide as the form beside its scroll bar
        head.setHorizontalSpacing(6)
        head.setVerticalSpacing(5)
        head.addWidget(preset_label, 0, 0)
        head.addWidget(self.presets, 0, 1)
        head.setColumnStretch(1, 1)
        head.setColumnMinimumWidth(2, DOT_WIDTH)
        head.addWidget(self.name_row, 1, 0, 1, 3)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self.form, 1)
        layout.addWidget(self._make_foot())
        return body

    def _make_foot(self) -> QWidget:
        self.changes, self.wrong, self.undo = QLabel(), QPushButton(), QPushButton()
        self.changes.setObjectName("hint")
        self.changes.setWordWrap(True)
        self.wrong.setObjectName("faultLink")
        self.wrong.setToolTip("Go to the first of them")
        self.undo.setObjectName("link")
        self.undo.setText("Bring back what stood here")
        self.undo.hide()
        self.start = QPushButton("Start")
        self.start.setObjectName("primary")
        words = QVBoxLayout()
        words.setSpacing(0)
        for part in (self.changes, self.wrong, self.undo):
            words.addWidget(part, 0, Qt.AlignmentFlag.AlignLeft)
        foot = QWidget()
        foot.setObjectName("formFoot")
        row = QHBoxLayout(foot)
        row.setContentsMargins(PADDING, 8, PADDING, 10)
        row.addLayout(words, 1)
        row.addWidget(self.start, 0, Qt.AlignmentFlag.AlignVCenter)
        return foot

    def _connect(self) -> None:
        for source in (self.form, self.name_row):
            source.edited.connect(self._on_edited)
            source.reset_wanted.connect(self._on_reset_wanted)
        self.presets.activated.connect(self._on_preset)
        self.wrong.clicked.connect(self.go_to_first_problem)
        self.undo.clicked.connect(self.bring_back)
        self.start.clicked.connect(self.start_run)
        self.form.sections_changed.connect(self.changed)
        self._keep_soon = QTimer(self, singleShot=True, interval=300)
        self._keep_soon.timeout.connect(self.changed)

    # What the person does.

    def _on_edited(self, key: str, text: str) -> None:
        if key == NAME:
            self._named_by_hand = True
        self.undo.hide()
        self.draft.set_text(key, text)
        self._refresh()

    def _on_reset_wanted(self, key: str) -> None:
        self.draft.reset(key)
        self._refresh()

    def _on_preset(self, place: int) -> None:
        name = self.presets.itemData(place)
        if name in preset_names():
            self.replace_by(preset(name), name)

    def replace_by(self, config: TrainingConfig, name: str, *, baseline: bool = True) -> None:
        """Put other values in; they are the baseline too, unless that is to stay.

        What stood there can be brought back until the next edit.
        """
        self._before_replacing = self.draft.to_text()
        self.undo.setVisible(bool(self.checked.changed))
        if baseline:
            self.draft.take(config, name)
        else:
            self.draft.show(config)
        self._named_by_hand = False
        self._name_freely()
        self._refresh()

    def set_values(self, values: Mapping[str, Scalar]) -> None:
        """Put single values in, by key; what stood there can be brought back until the next
        edit."""
        self._before_replacing = self.draft.to_text()
        for key, value in values.items():
            self.draft.set_text(key, show_value(value))
        self.undo.show()
        self._refresh()

    def compare_with(self, config: TrainingConfig, name: str) -> None:
        """Take another baseline; the values stay."""
        self.draft.set_baseline(config, name)
        self._refresh()

    def bring_back(self) -> None:
        """Undo the last replacement of everything."""
        self.draft.restore(self._before_replacing)
        self.undo.hide()
        self._refresh()

    def reset(self) -> None:
        """All values as in the baseline."""
        self.replace_by(self.draft.baseline, self.draft.baseline_name)

    def go_to_first_problem(self) -> None:
        """Put the cursor where something is wrong."""
        key = next((key for key in self.draft.fields if key in self.checked.problems), "")
        if key == NAME:
            self.name_row.editor.control.setFocus(Qt.FocusReason.ShortcutFocusReason)
        elif key:
            self.form.go_to(key)

    def start_run(self) -> None:
        """Start what stands here, if nothing is wrong with it."""
        if self.checked.config is None:
            self.go_to_first_problem()
        else:
            self.start_wanted.emit(self.checked.config)

    # Files.

    def ask_to_open(self) -> None:
        """Choose a YAML file and take its values."""
        path, _ = QFileDialog.getOpenFileName(self.window(), "Open a configuration", "", FILES)
        if path:
            self.open_file(Path(path))

    def open_file(self, path: Path) -> None:
        """Take the values of a file, or say what is wrong with it."""
        try:
            self.replace_by(load_config(path), path.stem)
        except ConfigError as error:
            self.refused.emit("The configuration cannot be opened", str(error))

    def ask_to_save(self) -> None:
        """Choose a file and write the values to it."""
        if self.checked.config is None:
            self.refused.emit(
                "The configuration is not saved", "Correct the marked values first, then save."
            )
            return
        name = f"{self.checked.config.name}.yaml"
        path, _ = QFileDialog.getSaveFileName(self.window(), "Save the configuration", name, FILES)
        if path:
            self.save_file(Path(path))

    def save_file(self, path: Path) -> None:
        """Write the values; they are the baseline from now on."""
        config = self.checked.config
        try:
            write_atomically(path, to_yaml(config).encode())
        except OSError as error:
            reason = error.strerror or str(error)
            self.refused.emit("The configuration is not saved", f"{path}: {reason}")
            return
        self.compare_with(config, path.stem)

    def ask_to_import(self) -> None:
        """Choose an original UTNet config.yaml and show what becomes of it."""
        path, _ = QFileDialog.getOpenFileName(
            self.window(), "Import an original UTNet config.yaml", "", FILES
        )
        if path:
            self.import_file(Path(path))

    def import_file(self, path: Path) -> None:
        """Show what becomes of an original configuration; it is taken when the person says so."""
        try:
            config, report = import_config(path)
        except ConfigError as error:
            self.refused.emit("The configuration cannot be imported", str(error))
            return
        dialog = ImportDialog(path, config, report, self.window())
        dialog.taken.connect(lambda taken: self.replace_by(taken, path.stem))
        dialog.open()

    # What the window tells.

    def set_taken(self, names: Collection[str]) -> None:
        """Names of the runs that exist: another one needs another name."""
        if set(names) != set(self._taken):
            self._taken = set(names)
            if not self._named_by_hand:
                self._name_freely()
            self._refresh()

    def say_live(self, is_live: bool) -> None:
        """Whether a run goes on now: starting is starting another one then."""
        if is_live != self._is_live:
            self._is_live = is_live
            self.start.setObjectName("" if is_live else "primary")
            self.start.style().unpolish(self.start)
            self.start.style().polish(self.start)
            self._show_foot()

    def say_starting(self, is_starting: bool) -> None:
        """Whether a process was started that has said nothing yet."""
        self._is_starting = is_starting
        self._show_foot()

    def _name_freely(self) -> None:
        self.draft.set_text(NAME, free_name(self.draft.baseline.name, self._taken))

    # State.

    def keep(self) -> str:
        """Everything that stands here and which sections are open, to be kept."""
        return json.dumps(
            {
                "draft": self.draft.to_text(),
                "named_by_hand": self._named_by_hand,
                "sections": self.form.open_sections(),
            }
        )

    def restore(self, text: str) -> None:
        """Take back what `keep` gave; raises ValueError for anything else."""
        kept = json.loads(text)
        try:
            draft, sections = kept["draft"], [str(title) for title in kept["sections"]]
            self._named_by_hand = bool(kept["named_by_hand"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a kept configuration: {error!r}") from error
        self.draft.restore(draft)
        self.form.set_open_sections(sections)
        self._refresh()

    def _refresh(self) -> None:
        checked = self.draft.check()
        if self.draft.text(NAME).strip().casefold() in {name.casefold() for name in self._taken}:
            problems = {NAME: "there is a run of this name already", **checked.problems}
            checked = replace(checked, config=None, problems=problems)
        self.checked = checked
        self.form.show_draft(checked)
        self.name_row.editor.show_text(self.draft.text(NAME))
        self.name_row.show_problem(checked.problems.get(NAME, ""))
        self._show_presets()
        self._show_foot()
        self._keep_soon.start()

    def _show_presets(self) -> None:
        name = self.draft.baseline_name
        self.presets.clear()
        for known in preset_names():
            self.presets.addItem(known, known)
            place = self.presets.count() - 1
            hint = preset_description(known)
            self.presets.setItemData(place, hint, Qt.ItemDataRole.ToolTipRole)
            if known == name:
                self.presets.setToolTip(hint)
        if name not in preset_names():
            self.presets.addItem(name, name)
            self.presets.setToolTip(f"Values of {name}")
        self.presets.setCurrentIndex(self.presets.findData(name))

    def _show_foot(self) -> None:
        changed, wrong = len(self.checked.changed), len(self.checked.problems)
        self.changes.setText(
            f"{changed} {'change' if changed == 1 else 'changes'} against "
            f"{self.draft.baseline_name}"
        )
        self.wrong.setText(f"{wrong} {'value' if wrong == 1 else 'values'} to correct")
        self.wrong.setVisible(bool(wrong))
        self.start.setEnabled(not wrong and not self._is_starting)
        words = "Start next run" if self._is_live else "Start"
        self.start.setText("Starting…" if self._is_starting else words)
        reasons = [f"{key}: {text}" for key, text in self.checked.problems.items()]
        self.start.setToolTip(
            "Not yet:\n" + "\n".join(reasons) if wrong else "Start the run  (Ctrl+Return)"
        )


def free_name(wanted: str, taken: Collection[str]) -> str:
    """`wanted`, or with the first number from 2 on that no run has."""
    used = {name.casefold() for name in taken}
    name, number = wanted, 2
    while name.casefold() in used:
        name, number = f"{wanted}-{number}", number + 1
    return name
