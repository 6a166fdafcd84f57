"""What fills the window: document, engine, loader, panels, and how they hang together."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
from PySide6.QtCore import QObject, QTimer, Signal

from core.data.frame import FrameId
from core.evaluation.metrics import FrameMetrics
from core.files.embedded import DEMO, default_checkpoint, demo_dataset
from core.hand.hand_model import HandModel
from core.hand.mano_file import load_hand_model
from utnet_viewer.annotate.annotations import Annotations
from utnet_viewer.annotate.keeping import Keeping
from utnet_viewer.annotate.marked_list import MarkedList
from utnet_viewer.crash_log import log
from utnet_viewer.document import Document, EngineState, Sample
from utnet_viewer.loading import Loader
from utnet_viewer.main_window import MainWindow
from utnet_viewer.notices import Notice
from utnet_viewer.opening import Opened, Opener, Order, Refused
from utnet_viewer.processes.engine_client import EngineClient
from utnet_viewer.samples.catalogue import scalars_of
from utnet_viewer.samples.panel import SamplesPanel
from utnet_viewer.stepping import Stepper

#: The strip over the timeline is drawn from this many bins at most.
PROFILE_BINS = 600


#: Title of the notice that is taken away when the engine runs again.
ENGINE_DIED = "The engine is not running"


class Session(QObject):
    """Owns everything that is not a widget, and the samples panel, which orders the rows."""

    splits_changed = Signal()
    subject_changed = Signal()  # another dataset, checkpoint or hand model is in use

    def __init__(
        self,
        window: MainWindow,
        engine: EngineClient,
        *,
        hand_model_path: str,
        checkpoint: str,
        device: str,
    ) -> None:
        """Empty paths mean the embedded ones; nothing is opened yet, but the engine starts."""
        super().__init__(window)
        cv2.setNumThreads(1)  # one frame at a time is fast enough, and the engine needs the cores
        self.window = window
        self.hand_model_path, self.checkpoint, self.device = hand_model_path, checkpoint, device
        self.splits: tuple[str, ...] = ()
        self.order: Order | None = None
        self.refusal: Refused | None = None
        self._opened: Order | None = None  # how the dataset on screen was opened
        self.document = Document(self._first_hand())
        self.annotations = Annotations(self.document, self)
        Keeping(self.annotations, window, self.notice, self)
        self.engine = engine
        engine.setParent(self)
        self.samples = SamplesPanel(self.document, window.theme, settings=window.settings)
        self.marked = MarkedList(self.annotations, self.samples, self)
        window.page.returns_focus_to = self.samples.table
        self.stepper = Stepper(
            self.document,
            self.samples,
            is_at_hand=lambda row: self.loader.is_whole(row),
            parent=self,
        )
        self.loader = Loader(
            self.document, self.engine, neighbours=self.stepper.neighbours, parent=self
        )
        self.opener = Opener(self)
        self._connect()
        self.start_engine()

    def _connect(self) -> None:
        self.engine.state_changed.connect(self.document.set_engine)
        self.engine.state_changed.connect(self._on_engine_state)
        self.document.dataset_changed.connect(
            lambda: self.annotations.use_dataset(self.document.index)
        )
        self.loader.scored.connect(self._on_scored)
        self.samples.said.connect(self.window.status.say)
        self.samples.grown.connect(lambda: self._profile_soon())
        self.loader.shown.connect(lambda *_: self._profile_soon())
        self.loader.unreadable.connect(self._on_unreadable)
        self.opener.opened.connect(self._on_opened)
        self.opener.refused.connect(self._on_refused)
        self.opener.progressed.connect(self._on_progress)
        self.window.closing.connect(self.close)
        self._page_delay = QTimer(self, singleShot=True, interval=150)
        self._page_delay.timeout.connect(self._show_opening)
        self._profile_delay = QTimer(self, singleShot=True, interval=200)
        self._profile_delay.timeout.connect(self._show_profile)

    # The hand model.

    def _first_hand(self) -> HandModel:
        """The hand model asked for, or else the stand-in, said as loudly as the refusal."""
        model = self._load_hand(self.hand_model_path, otherwise="The stand-in is in use.")
        if model is None:
            self.hand_model_path = ""
            return load_hand_model()
        return model

    def _load_hand(self, path: str, *, otherwise: str) -> HandModel | None:
        """The hand model of a file ("" is the stand-in), or None and a notice if it is no good.

        `otherwise` is the sentence that says which hand is in use then.
        """
        try:
            return load_hand_model(Path(path) if path else None)
        except (OSError, ValueError) as error:
            self.notice("The hand model cannot be used", f"{error} {otherwise}")
            return None

    def use_hand_model(self, path: str) -> None:
        """Take another hand model ("" is the stand-in); everything is posed and measured anew.

        One that cannot be read changes nothing: the model in use stays.
        """
        name = self.document.hand_model.name
        model = self._load_hand(path, otherwise=f"In use as before: {name}.")
        if model is None:
            return
        self.hand_model_path = path
        self.window.settings.put("hand_model", path)
        document = self.document
        document.hand_model = model
        if document.index is not None:
            document.index = document.index.with_hand_model(document.hand_model)
        self._forget_scores()
        document.hand_model_changed.emit()
        self.start_engine()

    # The engine.

    def start_engine(self) -> None:
        """Load the checkpoint in the engine, with the hand model and device in use."""
        path = Path(self.checkpoint) if self.checkpoint else default_checkpoint()
        self._forget_scores()
        self.subject_changed.emit()
        if not self.checkpoint and not path.is_file():
            self.engine.stop()
            note = "No checkpoint is open. Open one by File ▸ Open checkpoint…"
            self.document.set_engine(EngineState("off", note=note))
            return
        self.engine.start(path, self.hand_model_path or None, self.device)
        self.loader.predict_again()

    def use_checkpoint(self, path: str) -> None:
        """Predict with another checkpoint ("" is the demo's)."""
        self.checkpoint = path
        self.window.settings.put("checkpoint", path)
        self.start_engine()

    def use_device(self, device: str) -> None:
        """Predict on another device."""
        self.device = device
        self.window.settings.put("device", device)
        self.start_engine()

    def restart_engine(self) -> None:
        """Start the engine again after it died or hung."""
        if self.engine.state.phase == "off":
            self.start_engine()
        else:
            self.engine.restart()
            self.loader.predict_again()

    def _on_engine_state(self, state: EngineState) -> None:
        if state.phase == "ready":
            self.window.drop_notices(ENGINE_DIED)
        if state.phase == "dead":
            details = f"{state.note}\n\n{self.engine.last_output}"
            log.error("engine: %s", details)
            self.notice(
                ENGINE_DIED,
                f"{state.note.rstrip('.')}. Everything else keeps working.",
                details=details,
                button="Restart",
                run=self.restart_engine,
            )

    # Opening datasets.

    @property
    def is_without_list(self) -> bool:
        """Whether what is on screen was opened without its split's list."""
        return self._opened is not None and self._opened.without_list

    def open_dataset(self, order: Order) -> None:
        """Open a folder; what is open stays until the new one is there."""
        self.order, self.refusal = order, None
        self.stepper.stop()
        self.opener.open(order, self.document.hand_model)
        self._page_delay.start()

    def open_split(self, split: str) -> None:
        """Another split of the same folder."""
        if self._opened is not None:
            self.open_dataset(replace(self._opened, split=split, frame=""))

    def reload_dataset(self) -> None:
        """Look at the folder again, and stay at the frame."""
        index = self.document.index
        if index is not None and self._opened is not None:
            frame = str(index.frame_id(self.document.row)) if self.document.row >= 0 else ""
            self.open_dataset(replace(self._opened, split=index.split, frame=frame))

    def _show_opening(self) -> None:
        order = self.order
        what = f"Opening {order.root.name}" + (f" / {order.split}" if order.split else "")
        self.window.page.show_loading(what, str(order.root), self.cancel_opening)

    def _on_progress(self, done: int, total: int, to_go_s: float) -> None:
        words = f"Looking through the folders: {done:,} of {total:,}"
        if to_go_s == to_go_s:
            words += f", about {max(1, round(to_go_s))} s to go"
        self.window.page.say_progress(done, total, words)

    def cancel_opening(self) -> None:
        """Stop opening; what was open before is still there."""
        self.opener.cancel()
        self._end_opening()
        self.show_page_if_empty()
        self.window.status.say("Opening was cancelled.")

    def _end_opening(self) -> None:
        self._page_delay.stop()
        self.window.page.leave()

    def _on_opened(self, opened: Opened) -> None:
        self._end_opening()
        order, index = opened.order, opened.index
        self.splits, self._opened = opened.splits, order
        self.document.set_index(index)
        self.samples.set_catalogue(opened.catalogue)
        self._select_first(order)
        settings = self.window.settings
        is_demo = order.root == demo_dataset()
        if not is_demo:
            settings.add_recent(str(order.root))
        # The demo by its name: where it lies changes with the installation.
        settings.put("dataset", DEMO if is_demo else str(order.root))
        settings.put("split", index.split)
        self.splits_changed.emit()
        self.subject_changed.emit()
        self._show_profile()
        bad = len(opened.catalogue.problems)
        unreadable = f", {bad:,} unreadable" if bad else ""
        self.window.status.say(
            f"{index.name}: {len(index):,} samples{unreadable}", "warning" if bad else "success"
        )
        self.samples.table.setFocus()

    def _select_first(self, order: Order) -> None:
        row = 0
        if order.frame:
            try:
                row = self.document.index.row_of(FrameId.parse(order.frame))
            except (KeyError, ValueError) as error:
                self.notice("There is no such frame", str(error.args[0]), kind="warning")
        self.document.select(row)

    def _on_refused(self, refused: Refused) -> None:
        self._end_opening()
        self.refusal = refused
        log.warning("not opened: %s", refused.text)
        window = self.window
        window.status.say(f"{refused.order.root.name} was not opened.", "fault")
        buttons = [("Choose another folder…", lambda: window.actions_["open"].trigger())]
        if refused.list_is_missing:
            without = replace(refused.order, without_list=True)
            buttons.insert(0, ("Open without list", lambda: self.open_dataset(without)))
        if self.document.index is not None:
            buttons.append(("Back", window.page.leave))
        elif refused.order.root != demo_dataset():
            buttons.append(("Open the demo", lambda: self.open_dataset(Order(demo_dataset()))))
        path, text = str(refused.order.root), refused.text
        words = text.removeprefix(f"{path}: ")
        words = words[:1].upper() + words[1:]
        window.page.show_failure("This cannot be opened", words, path, text, buttons)

    def show_page_if_empty(self) -> None:
        """Say what to do while nothing is open."""
        if self.document.index is not None or self.opener.is_busy:
            return
        window = self.window
        buttons = [("Open folder…", lambda: window.actions_["open"].trigger())]
        if demo_dataset().is_dir():
            buttons.append(("Open the demo", lambda: self.open_dataset(Order(demo_dataset()))))
        recent = [
            (folder, lambda folder=folder: self.open_dataset(Order(Path(folder))))
            for folder in window.settings.recent()
        ]
        window.page.show_empty(buttons, recent)

    # What becomes known.

    def _on_scored(self, row: int, metrics: FrameMetrics) -> None:
        catalogue = self.samples.model.catalogue
        if catalogue is not None and row < len(catalogue):
            catalogue.score(row, scalars_of(metrics))
            self.samples.row_known(row)
            self._profile_soon()

    def _on_unreadable(self, row: int, why: str) -> None:
        catalogue = self.samples.model.catalogue
        if catalogue is not None and row < len(catalogue):
            catalogue.problems.setdefault(row, why)
            self.samples.row_known(row)

    def _forget_scores(self) -> None:
        catalogue = self.samples.model.catalogue
        if catalogue is not None:
            self.samples.show_evaluation(None)
            self._show_profile()

    def _profile_soon(self) -> None:
        if not self._profile_delay.isActive():
            self._profile_delay.start()

    def _show_profile(self) -> None:
        catalogue = self.samples.model.catalogue
        profile = [] if catalogue is None else catalogue.profile_mm(PROFILE_BINS)
        self.window.timeline.scrubber.set_profile(profile)
        self.samples.show_spread()

    def notice(
        self,
        title: str,
        text: str,
        *,
        details: str = "",
        kind: str = "fault",
        button: str = "",
        run: Callable[[], None] | None = None,
    ) -> None:
        """Show a bar under the top bar; see `Notice`."""
        window = self.window
        window.add_notice(
            Notice(window.theme, title, text, details=details, kind=kind, button=button, run=run)
        )

    @property
    def is_settled(self) -> bool:
        """Whether the current sample is shown with all that will come without doing anything."""
        sample: Sample | None = self.document.sample
        if self.opener.is_busy or sample is None or sample.row != self.document.row:
            return False
        may_come = self.document.engine.phase in ("starting", "ready", "busy")
        return sample.prediction is not None or bool(sample.problem) or not may_come

    def close(self) -> None:
        """Remember where we are; end threads and the engine."""
        index, settings = self.document.index, self.window.settings
        if index is not None and self.document.row >= 0:
            settings.put("frame", str(index.frame_id(self.document.row)))
        self.stepper.stop()
        self.document.turns.forget()
        self._page_delay.stop()
        self._profile_delay.stop()
        self.opener.close()
        self.samples.close_threads()
        self.loader.close()
        self.annotations.close()
        self.engine.stop()
