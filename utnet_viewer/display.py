"""Says in the bars what the document knows: chips, timeline, status."""

from dataclasses import replace

from PySide6.QtCore import QObject, QTimer

from utnet_viewer.document import EngineState, Sample
from utnet_viewer.session import Session

#: Words, colour of the chip's dot and kind of the status text, by the engine's phase.
PHASES = {
    "off": ("no model", "t3", "warning"),
    "starting": ("engine starting…", "warning", ""),
    "ready": ("engine ready", "success", ""),
    "busy": ("engine ready", "success", ""),
    "dead": ("engine died", "fault", "fault"),
}

STAND_IN = "Hand model: stand-in, not MANO – figures do not speak about HO-3D"


class Display(QObject):
    """One method for each thing that changes."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session, self._window = session, session.window
        self._document, self._latency_ms = session.document, float("nan")
        self._shown_engine: EngineState | None = None
        self._shown_mirrored = False
        document = session.document
        document.dataset_changed.connect(self._on_dataset_changed)
        document.row_changed.connect(self._on_row_changed)
        document.engine_changed.connect(self._on_engine_changed)
        document.hand_model_changed.connect(self._on_hand_model_changed)
        document.sample_changed.connect(self._on_sample_changed)
        session.loader.shown.connect(self._on_shown)
        session.stepper.playing_changed.connect(self._say_figures)
        self._window.timeline.scrubbed.connect(document.select)
        self._window.theme.changed.connect(self._on_row_changed)
        # The figures change with every frame; words that flicker cannot be read.
        self._figures_delay = QTimer(self, singleShot=True, interval=150)
        self._figures_delay.timeout.connect(self._say_figures)
        self._on_dataset_changed()
        self._on_engine_changed(document.engine)
        self._on_hand_model_changed()

    def _on_dataset_changed(self) -> None:
        index, chip = self._document.index, self._window.top_bar.dataset
        if index is None:
            chip.say("no dataset", hint="Open a dataset")
            self._window.setWindowTitle("UTNet Viewer")
            self._window.timeline.show_nothing()
        else:
            chip.say(index.name, hint=f"Dataset: {index.root}, {len(index):,} samples")
            self._window.setWindowTitle(f"{index.name} – UTNet Viewer")

    def _on_row_changed(self, _row: int = -1) -> None:
        index, row = self._document.index, self._document.row
        if index is not None and row >= 0:
            self._window.timeline.show_row(row, len(index), str(index.frame_id(row)))

    def _on_engine_changed(self, state: EngineState) -> None:
        # It turns busy and ready with every frame, which changes nothing here.
        shown = replace(state, phase="ready") if state.phase == "busy" else state
        if shown == self._shown_engine:
            return
        self._shown_engine = shown
        words, dot, kind = PHASES[state.phase]
        bar, status = self._window.top_bar, self._window.status
        is_silent = state.phase == "busy" and state.note.startswith("The engine has not answered")
        if is_silent:
            words, dot, kind = "engine silent", "warning", "warning"
        bar.model.say(state.model or "no model", hint=state.note or "Open a checkpoint")
        bar.device.say(state.device or self._session.device, hint=f"{words}. {state.note}", dot=dot)
        status.say_engine(words, kind=kind, hint=state.note)
        status.restart.setVisible(state.phase == "dead" or is_silent)

    def _on_hand_model_changed(self) -> None:
        """The model of the side on screen: the one that is open, or its mirror image."""
        model, sample = self._document.hand_model, self._document.sample
        is_left = sample is not None and sample.frame is not None and sample.frame.is_left
        is_mirrored = model.is_right == is_left
        words = STAND_IN if model.is_stand_in else f"Hand model: {model.name}"
        name = "stand-in hand" if model.is_stand_in else model.name
        if is_mirrored:
            side = "left" if is_left else "right"
            words = f"{words}; mirrored for this {side} hand"
            name = "stand-in, mirrored" if model.is_stand_in else f"{name}, mirrored"
        self._shown_mirrored = is_mirrored
        self._window.top_bar.hand.say(name, hint=words)
        self._window.status.say_hand(words)

    def _on_sample_changed(self, sample: Sample | None) -> None:
        is_left = sample is not None and sample.frame is not None and sample.frame.is_left
        if (self._document.hand_model.is_right == is_left) != self._shown_mirrored:
            self._on_hand_model_changed()

    def _on_shown(self, _row: int, latency_ms: float) -> None:
        self._latency_ms = latency_ms
        if not self._figures_delay.isActive():
            self._figures_delay.start()

    def _say_figures(self, _is_playing: bool = False) -> None:
        parts = []
        if self._session.stepper.is_playing:
            parts.append(f"{self._session.stepper.frames_per_second:.0f} fps")
        if self._latency_ms == self._latency_ms:
            parts.append(f"{self._latency_ms:.0f} ms")
        self._window.timeline.show_figures("   ".join(parts))
