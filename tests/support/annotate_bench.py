"""The panels of Annotate round one document, without the window: real annotations, still fitter."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QWidget
from support_samples import stand_in_hand

from core.annotation.records import ReviewState
from core.data.ho3d.index import open_index
from utnet_viewer.actions import Actions
from utnet_viewer.annotate.acting import Acting, Tools
from utnet_viewer.annotate.actions import AnnotateActions
from utnet_viewer.annotate.annotations import Annotations
from utnet_viewer.annotate.editing import HandEditor
from utnet_viewer.annotate.history_panel import HistoryPanel
from utnet_viewer.annotate.joints_panel import JointsPanel
from utnet_viewer.annotate.marks_panel import MarksPanel
from utnet_viewer.annotate.review_strip import ReviewStrip
from utnet_viewer.document import Document, Sample
from utnet_viewer.settings import Settings
from utnet_viewer.theme import Theme


class StillFitter(QObject):
    """Remembers what was asked and answers nothing: tests edit in free 2D."""

    fitted = Signal(int, object)
    failed = Signal(int, str)
    said = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []

    def request(self, key: int, *_: object) -> None:
        self.asked.append(key)


class Queue:
    """Every frame of the split, in its order."""

    def __init__(self, document: Document, annotations: Annotations) -> None:
        self._document, self._annotations = document, annotations

    def step(self, by: int) -> None:
        self._document.select(self._document.row + by)

    def step_to_open(self) -> bool:
        index, row = self._document.index, self._document.row
        for other in (*range(row + 1, len(index)), *range(row)):
            review = self._annotations.state(index.frame_id(other)).review
            if review not in (ReviewState.DONE, ReviewState.REJECTED):
                self._document.select(other)
                return True
        return False


class Status:
    """What the status bar says."""

    def __init__(self) -> None:
        self.message, self.kind = "", ""

    def say(self, text: str, kind: str = "info") -> None:
        self.message, self.kind = text, kind


class Bench(QMainWindow):
    """A window with the panels beside each other and the actions' keys."""

    def __init__(
        self,
        dataset: Path,
        *,
        store: Path | None = None,
        split: str = "train",
        fitter: QObject | None = None,
    ) -> None:
        super().__init__()
        self.theme, self.settings, self.status = Theme(), Settings(self), Status()
        self.actions_ = Actions(self)
        keys = AnnotateActions(self)
        self.document = Document(stand_in_hand())
        self.document.row_changed.connect(self._bring)
        self.annotations = Annotations(self.document, self)
        self.fitter = fitter or StillFitter()
        self.document.set_index(open_index(dataset, split, hand_model=stand_in_hand()))
        self.annotations.use_dataset(self.document.index, path=store)
        self.editor = HandEditor(self.document, self.annotations, self.fitter, self)
        annotations, document, theme = self.annotations, self.document, self.theme
        self.joints = JointsPanel(document, theme, self.editor, self.actions_)
        self.marks = MarksPanel(document, theme, annotations, self.settings, self.actions_)
        self.review = ReviewStrip(document, theme, annotations, self.actions_)
        self.history = HistoryPanel(document, theme, annotations)
        self.exports: list[str] = []
        tools = Tools(
            document,
            annotations,
            self.editor,
            Queue(document, annotations),
            self.marks,
            export=lambda: self.exports.append("out"),
            take_in=lambda: self.exports.append("in"),
            fit_sequence=lambda: self.exports.append("sequence"),
        )
        self.acting = Acting(tools, self)
        keys.attach(self.acting)
        self.history.frame_wanted.connect(self.acting.go)
        self._arrange()

    def ask_before_closing(self, may_close: Callable[[], bool]) -> None:
        """Asked by `shut_down`."""
        self._may_close = may_close

    def _arrange(self) -> None:
        inside = QWidget()
        layout = QHBoxLayout(inside)
        for panel in (self.review, self.history, self.joints, self.marks):
            layout.addWidget(panel, 1)
        self.setCentralWidget(inside)
        self.resize(1280, 480)

    def _bring(self, row: int) -> None:
        """What the window's loader does, at once."""
        if row >= 0:
            frame = self.document.index.read_labels(row)
            model = self.document.hand_model.of_side(frame.hand.is_right)
            truth = model.pose(frame.hand.mano) if frame.hand.mano is not None else None
            self.document.set_sample(Sample(row, frame, truth, problem="no network here"))

    @property
    def frame(self) -> str:
        """Name of the frame on screen."""
        return self.annotations.current_frame

    @property
    def state(self):
        """What is said of the frame on screen."""
        return self.annotations.state(self.frame)

    def press(self, key: Qt.Key, *, ctrl=False, shift=False, alt=False) -> None:
        """Press a key wherever the focus is."""
        keys = Qt.KeyboardModifier.NoModifier
        for is_held, modifier in (
            (ctrl, Qt.KeyboardModifier.ControlModifier),
            (shift, Qt.KeyboardModifier.ShiftModifier),
            (alt, Qt.KeyboardModifier.AltModifier),
        ):
            keys |= modifier if is_held else Qt.KeyboardModifier.NoModifier
        QTest.qWait(0)  # what can be done is found out a turn after what was done
        QTest.keyClick(self.focusWidget() or self, key, keys)

    def shut_down(self) -> None:
        """As the window's end does."""
        assert self._may_close()
        self.annotations.close()
        self.editor.shut_down()
