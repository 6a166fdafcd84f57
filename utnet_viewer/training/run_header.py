"""The strip at the top: how the current run is, how far, how fast, and what can be done to it."""

from dataclasses import dataclass, replace

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.events import ConfigValue
from core.training.run_folder import RunState, RunStatus, RunSummary
from utnet_viewer.theme import ICON, SIZE_TITLE, Theme, ui_font
from utnet_viewer.training.run_header_parts import Figure, MessageStrip, ProgressLine, StateTag
from utnet_viewer.training.run_words import clock, duration, memory, rate, tell
from utnet_viewer.widgets.controls import IconButton
from utnet_viewer.widgets.elided_label import ElidedLabel
from utnet_viewer.widgets.icons import icon


@dataclass(frozen=True)
class Shown:
    """What the header tells of.

    Attributes:
        summary: The run.
        epochs: Of the whole run; None where its length is given in steps.
        asked: "pause", "resume", "stop" or "continue" where the run was asked for that and has
            not obeyed yet.
        asked_s: Seconds since then.
        warning: The newest warning of the run that still matters, or "".
    """

    summary: RunSummary
    epochs: int | None = None
    asked: str = ""
    asked_s: float = 0.0
    warning: str = ""


#: A run that has not obeyed for so long is told of: it looks four times a second, but finishes
#: the step or validation it is at.
PATIENCE_S = 20.0

#: What the menu at the end offers.
MORE = (
    ("checkpoint", "Save a checkpoint now"),
    ("validate", "Validate now"),
    ("terminate", "Terminate…"),
    ("folder", "Show the run's folder"),
    ("details", "Copy details"),
)
NEEDS_PROCESS = ("checkpoint", "validate", "terminate")

_ASKED = {
    "stop": "Stopping…",
    "pause": "Pausing…",
    "resume": "Going on…",
    "continue": "Resuming…",
}


class RunHeader(QFrame):
    """Follows one run; the buttons say what they want, they do nothing themselves."""

    #: "pause", "resume", "stop", "continue", "ask", "apply", or one of `MORE`.
    wanted = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._theme, self._shown, self._details = theme, None, ""
        self.tag = StateTag(theme)
        self.name, self.about = ElidedLabel(), ElidedLabel()
        self.name.setFont(ui_font(SIZE_TITLE, 600))
        self.about.setObjectName("hint")
        captions = ("epoch", "step", "rate", "remaining", "memory")
        self.figures = {caption: Figure(caption) for caption in captions}
        self.pause, self.stop = QPushButton(), QPushButton("Stop…")
        self.ask = IconButton("heartbeat", "Ask the doctor about this run", theme)
        self.more = IconButton("dots-three", "More about this run", theme)
        self.progress = ProgressLine(theme)
        self.strip = MessageStrip(theme)
        self._pause_means, self._act_means, self._pause_glyph = "", "", "pause"
        self._arrange()
        self.strip.act_wanted.connect(lambda: self.wanted.emit(self._act_means))
        self.strip.copy_wanted.connect(self.copy_details)
        self.more.action.triggered.connect(self._show_menu)
        self.pause.clicked.connect(lambda: self.wanted.emit(self._pause_means))
        self.stop.clicked.connect(lambda: self.wanted.emit("stop"))
        self.ask.action.triggered.connect(lambda: self.wanted.emit("ask"))
        theme.changed.connect(self._tint)
        self._tint()
        self.show_nothing("")

    def _arrange(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.tag)
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addWidget(self.name)
        names.addWidget(self.about)
        row.addLayout(names, 1)
        for figure in self.figures.values():
            row.addWidget(figure)
        for button in (self.pause, self.stop):
            button.setIconSize(QSize(ICON, ICON))
            row.addWidget(button)
        row.addWidget(self.ask)
        row.addWidget(self.more)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 8, 8)
        layout.setSpacing(8)
        layout.addLayout(row)
        layout.addWidget(self.progress)
        layout.addWidget(self.strip)

    # What is shown.

    def show_nothing(self, hint: str) -> None:
        """No run is chosen; `hint` says what to do next."""
        self._shown = None
        self.tag.hide()
        self.name.setText("No run yet")
        self.about.setText(hint)
        buttons = (self.pause, self.stop, self.ask, self.more)
        for part in (*self.figures.values(), *buttons, self.progress):
            part.hide()
        self.strip.hide()

    def show_run(self, shown: Shown) -> None:
        """Bring everything up to date."""
        self._shown = shown
        summary, status = shown.summary, shown.summary.status
        self.tag.show()
        self.name.setText(summary.name)
        self.about.setText(_about(summary))
        self.ask.show()
        self.more.show()
        if status is not None:
            self._show_figures(status, shown)
        self._show_buttons(shown)
        self._show_message(shown)
        told = tell(summary)
        self.tag.show_state(replace(told, word=_ASKED.get(shown.asked, told.word)))

    def _show_figures(self, status: RunStatus, shown: Shown) -> None:
        say = {caption: figure.say for caption, figure in self.figures.items()}
        is_alive = shown.summary.state.is_alive
        epochs = f" / {shown.epochs}" if shown.epochs else ""
        say["epoch"](f"{status.epoch}{epochs}")
        total = f" / {status.total_steps:,}" if status.total_steps else ""
        say["step"](f"{status.step:,}{total}")
        say["rate"](rate(status.rate_steps_per_s))
        say["remaining"](duration(status.eta_s if is_alive else None))
        is_gpu = status.device.startswith("cuda")
        say["memory"](memory(status.memory_mb), caption="GPU memory" if is_gpu else "memory")
        for caption, figure in self.figures.items():
            figure.setVisible(is_alive or caption in ("epoch", "step"))
        self.progress.show_progress(status.step, status.total_steps or 0)
        self.progress.setVisible(bool(status.total_steps))

    def _show_buttons(self, shown: Shown) -> None:
        state = shown.summary.state
        can_go_on = state in (RunState.STOPPED, RunState.FAILED, RunState.DIED)
        self._pause_means = "continue" if can_go_on else "pause"
        words, glyph = ("Resume", "play") if can_go_on else ("Pause", "pause")
        if state == RunState.PAUSED:
            self._pause_means, words, glyph = "resume", "Resume", "play"
        self.pause.setText(f" {words}")
        if glyph != self._pause_glyph:
            self._pause_glyph = glyph
            self._tint()
        self.pause.setVisible(state != RunState.FINISHED)
        self.pause.setEnabled(shown.asked not in ("stop", "continue"))
        self.pause.setToolTip(
            "Go on from the last checkpoint" if can_go_on else f"{words} the run  (Ctrl+P)"
        )
        self.stop.setVisible(state.is_alive)
        self.stop.setToolTip("Save a checkpoint and stop; the run can be resumed  (Ctrl+.)")

    def _show_message(self, shown: Shown) -> None:
        summary = shown.summary
        text, kind, self._act_means, act = summary.reason, "warning", "", ""
        if summary.state in (RunState.FAILED, RunState.DIED):
            kind = "fault"
        elif shown.asked and summary.state.is_alive and shown.asked_s > PATIENCE_S:
            what = {"stop": "stop", "pause": "pause"}.get(shown.asked, "go on")
            text = (
                f"The run was asked to {what} {duration(shown.asked_s)} ago and has not done it "
                "yet; it finishes the step or validation it is at first."
            )
        elif not text and summary.state.is_alive:
            text = shown.warning
        has_hung = summary.state == RunState.STALLED or shown.asked_s > PATIENCE_S
        if summary.state.is_alive and has_hung:
            self._act_means, act = "terminate", "Terminate…"
        elif summary.state == RunState.FAILED and remedy_of(summary):
            self._act_means, act = "apply", "Apply to the configuration"
        self._details = _details(shown)
        self.strip.say(text, kind=kind, act=act)

    def _show_menu(self) -> None:
        """What is wanted more rarely."""
        is_alive = self._shown is not None and self._shown.summary.state.is_alive
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for what, words in MORE:
            action = menu.addAction(words)
            action.setEnabled(is_alive or what not in NEEDS_PROCESS)
            action.triggered.connect(lambda _=False, what=what: self.wanted.emit(what))
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def copy_details(self) -> None:
        """Everything that is known about the run's end onto the clipboard."""
        QGuiApplication.clipboard().setText(self._details)

    def _tint(self) -> None:
        palette = self._theme.palette
        self.pause.setIcon(icon(self._pause_glyph, palette.t1, disabled=palette.t3))
        self.stop.setIcon(icon("stop", palette.t1, disabled=palette.t3))


def remedy_of(summary: RunSummary) -> dict[str, ConfigValue]:
    """What of the configuration would have to be changed, by key, before the run is tried again."""
    status = summary.status
    return {} if status is None or status.error is None else status.error.changes


def _about(summary: RunSummary) -> str:
    status = summary.status
    if status is None:
        return str(summary.path)
    started = f"started {clock(status.process_started)}"
    if summary.state.is_alive:
        return f"pid {status.pid} · {started} · survives closing the window"
    return f"{started} · last sign of life {clock(status.heartbeat)}"


def _details(shown: Shown) -> str:
    """What a person would send to somebody who is to help."""
    summary, status = shown.summary, shown.summary.status
    lines = [f"run {summary.path}", f"state {summary.state.value}", summary.reason]
    if status is not None:
        lines.append(f"pid {status.pid}, device {status.device}, step {status.step}")
        if status.error is not None:
            lines += [f"error {status.error.code}: {status.error.message}", status.error.remedy]
    return "\n".join(line for line in lines if line)
