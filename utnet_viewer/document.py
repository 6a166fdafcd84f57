"""What is open and what is selected: the one model that every panel listens to.

The document holds no widgets. The window's loader and engine client write into it; panels read it
and connect to its signals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from core.data.frame import Frame
from core.evaluation.metrics import FrameMetrics
from core.evaluation.prediction import Prediction
from core.hand.hand_model import HandMesh, HandModel
from utnet_viewer.turns import Turns

if TYPE_CHECKING:  # it brings in what only a thread needs, later
    from core.evaluation.store import Evaluation


@dataclass(frozen=True)
class Sample:
    """Everything known about the frame on screen; parts are None until they arrive.

    Attributes:
        row: Row in the open dataset's list.
        frame: Picture, depth, camera and labels.
        truth: The ground-truth hand posed by the hand model in use, or None without labels.
        prediction: The network's answer, or None while it is awaited or impossible.
        metrics: Prediction against ground truth, or None where one of them is missing.
        problem: Why there is no prediction or no frame, as a sentence for people; "" when fine.
    """

    row: int
    frame: Frame | None = None
    truth: HandMesh | None = None
    prediction: Prediction | None = None
    metrics: FrameMetrics | None = None
    problem: str = ""


@dataclass(frozen=True)
class EngineState:
    """What the window says about the engine.

    ``phase`` is one of "off", "starting", "ready", "busy", "dead"; ``device`` such as "cpu";
    ``model`` the checkpoint's name; ``note`` a sentence (what it is, how good, why it died).
    """

    phase: str = "off"
    device: str = ""
    model: str = ""
    note: str = ""


class Document(QObject):
    """The open dataset, the current sample, the hand under the pointer and the engine's state."""

    dataset_changed = Signal()
    row_changed = Signal(int)
    sample_changed = Signal(object)  # Sample
    neighbour_ready = Signal(object)  # Sample that will likely be shown next, complete
    hovered_joint_changed = Signal(int)  # joint index, -1 for none
    engine_changed = Signal(object)  # EngineState
    hand_model_changed = Signal()
    labels_changed = Signal()  # of the open dataset, by hand: what was read of it is read again
    evaluation_changed = Signal(object)  # Evaluation | None: another one is shown

    def __init__(self, hand_model: HandModel) -> None:
        super().__init__()
        self.turns = Turns(self)  # for panels that can wait until the photo is painted
        self.hand_model = hand_model
        self.index = None  # core.data.ho3d index of the open split, or None
        self.engine = EngineState()
        #: Of the open split by the checkpoint and hand model in use, finished or growing.
        self.evaluation: Evaluation | None = None
        self.hovered_joint = -1
        self._row = -1
        self._sample: Sample | None = None

    @property
    def row(self) -> int:
        """Current row of the list, -1 when nothing is open."""
        return self._row

    @property
    def sample(self) -> Sample | None:
        """The current sample, or None when nothing is open."""
        return self._sample

    @property
    def awaits_prediction(self) -> bool:
        """Whether the current sample will soon be replaced by itself with its prediction."""
        sample = self._sample
        is_open = sample is not None and sample.prediction is None and not sample.problem
        return is_open and self.engine.phase in ("ready", "busy")

    def show_later(self, show: Callable[[], None]) -> None:
        """Show something of the sample when the photo is painted; where a prediction is awaited,
        together with it rather than twice."""
        self.turns.later(show, is_passing=self.awaits_prediction)

    def set_index(self, index) -> None:
        """Put another dataset on screen (or None); no row is selected after this."""
        self.index = index
        self._row, self._sample = -1, None
        self.dataset_changed.emit()
        self.row_changed.emit(-1)
        self.sample_changed.emit(None)

    def set_evaluation(self, evaluation: Evaluation | None) -> None:
        """Show the evaluation of what is open, or none."""
        if evaluation is not self.evaluation:
            self.evaluation = evaluation
            self.evaluation_changed.emit(evaluation)

    def select(self, row: int) -> None:
        """Go to a row, kept within the list; panels ask for it, the loader brings the sample."""
        if self.index is None or len(self.index) == 0:
            return
        row = min(max(row, 0), len(self.index) - 1)
        if row != self._row:
            self._row = row
            self.row_changed.emit(row)

    def set_sample(self, sample: Sample) -> None:
        """Show a sample; one that is no longer the selected row is dropped."""
        if sample.row == self._row:
            self._sample = sample
            self.sample_changed.emit(sample)

    def update_sample(self, row: int, **changes) -> None:
        """Change parts of the current sample, such as a prediction that arrived."""
        if self._sample is not None and self._sample.row == row == self._row:
            self.set_sample(replace(self._sample, **changes))

    def hover(self, joint: int) -> None:
        """Say which joint the pointer is on (-1 for none); all panels mark it."""
        if joint != self.hovered_joint:
            self.hovered_joint = joint
            self.hovered_joint_changed.emit(joint)

    def set_engine(self, state: EngineState) -> None:
        """Say how the engine is."""
        if state != self.engine:
            self.engine = state
            self.engine_changed.emit(state)
