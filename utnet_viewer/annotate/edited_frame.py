"""The frame on screen as it is edited: its hand, the label it came from, what was said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.annotation.records import Correction, FrameState
from core.conventions import JOINT_COUNT
from core.data.frame import Frame
from core.hand.fitting.target import Fit
from core.hand.hand_model import HandMesh, ManoParameters
from utnet_viewer.annotate.drag import Drag
from utnet_viewer.annotate.edited_hand import (
    LABEL,
    MANO,
    MEAN,
    PREDICTION,
    EditedHand,
    of_correction,
    of_label,
    of_label_mano,
    of_mean,
    of_prediction,
)
from utnet_viewer.annotate.fit_request import Wish
from utnet_viewer.document import Document, Sample

if TYPE_CHECKING:
    from utnet_viewer.annotate.annotations import Annotations

HAND, FREE_2D = "hand", "free 2D"

#: A joint that moved less than this, in pixels, did not move.
LEAST_MOVE_PX = 0.05


class EditedFrame(QObject):
    """What there is to see of the frame on screen; `HandEditor` changes it.

    Attributes:
        selected: The joint that keys act on, -1 for none.
        mode: `HAND` (what is dragged stays a possible hand) or `FREE_2D`.
        fit: The fitter's last answer for this frame, None before one.
    """

    changed = Signal()  # the hand, or anything drawn with it: repaint
    loaded = Signal()  # another frame, or another hand of it than what was dragged
    selected_changed = Signal(int)
    mode_changed = Signal(str)
    committed = Signal()  # a change was handed to the annotations
    said = Signal(str, str)  # a sentence for the status bar, its kind

    def __init__(
        self, document: Document, annotations: Annotations, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._document, self._annotations = document, annotations
        self.selected, self.mode = -1, HAND
        self._preferred_mode = HAND
        self.fit: Fit | None = None
        self._sample: Sample | None = None
        self._state = FrameState()
        self._original: EditedHand | None = None
        self._hand: EditedHand | None = None
        self._locked: frozenset[int] = frozenset()
        self._drag: Drag | None = None

    # What is there.

    @property
    def hand(self) -> EditedHand | None:
        """The hand as it is drawn now, None while no frame is there."""
        return self._hand

    @property
    def keypoints_px(self) -> np.ndarray | None:
        """(21, 2) in the photo's pixels."""
        return None if self._hand is None else self._hand.keypoints_px

    @property
    def joints_mm(self) -> np.ndarray | None:
        """(21, 3) in camera axes; None in free 2D."""
        return None if self._hand is None else self._hand.joints_mm

    @property
    def mano(self) -> ManoParameters | None:
        """The hand's parameters, camera axes; None in free 2D."""
        return None if self._hand is None else self._hand.mano

    @property
    def mesh(self) -> HandMesh | None:
        """The hand's surface and joints; None in free 2D."""
        return None if self._hand is None else self._hand.mesh

    @property
    def original(self) -> EditedHand | None:
        """The label's hand, or None where the label does not give all joints."""
        return self._original

    @property
    def original_px(self) -> np.ndarray | None:
        """(21, 2) the label's keypoints, NaN where it has none; None without a label."""
        if self._original is not None:
            return self._original.keypoints_px
        frame = self.frame
        if frame is None or frame.hand is None:
            return None
        return frame.camera.project(frame.hand.joints_mm)

    @property
    def moved_px(self) -> np.ndarray:
        """(21,) how far each joint is from the label's; NaN where there is none."""
        if self._hand is None or self.original_px is None:
            return np.full(JOINT_COUNT, np.nan)
        moved_px = np.linalg.norm(self._hand.keypoints_px - self.original_px, axis=1)
        return np.where(moved_px < LEAST_MOVE_PX, 0.0, moved_px)

    @property
    def moved_mm(self) -> np.ndarray:
        """(21,) the same in space; NaN in free 2D and where there is no label."""
        if self.joints_mm is None or self._original is None:
            return np.full(JOINT_COUNT, np.nan)
        return np.linalg.norm(self.joints_mm - self._original.joints_mm, axis=1)

    @property
    def visibility(self) -> tuple[int, ...]:
        """21 values of `Visibility`."""
        return self._state.visibility

    @property
    def locked(self) -> frozenset[int]:
        """Joints that stay. Before the first change of a frame they are remembered here only."""
        return self._locked

    @property
    def placed(self) -> frozenset[int]:
        """Joints that a person put where they are."""
        return frozenset() if self._hand is None else self._hand.placed

    @property
    def start(self) -> str:
        """What the hand began with: "label", "mano", "prediction" or "mean"."""
        return LABEL if self._hand is None else self._hand.start

    @property
    def is_corrected(self) -> bool:
        """Whether the frame has a correction, saved or on its way."""
        return self._state.correction is not None

    @property
    def is_changed(self) -> bool:
        """Whether the hand on screen is another one than the label's."""
        return self._hand is not self._original

    @property
    def is_dragging(self) -> bool:
        """Whether a joint is held."""
        return self._drag is not None and not self._drag.is_released

    @property
    def is_refitting(self) -> bool:
        """Whether the hand shown will be replaced by the fitter's answer."""
        return self._drag is not None and self._drag.key > 0

    @property
    def milliseconds(self) -> float:
        """How long the last fit took."""
        return float("nan") if self.fit is None else self.fit.milliseconds

    @property
    def wish(self) -> Wish | None:
        """Where the dragged joint is wanted, None while none is dragged."""
        return None if self._drag is None else self._drag.wish

    @property
    def asked(self) -> tuple[int, ...]:
        """Joints that a person put somewhere: what a fit is to hit."""
        held = set() if self.wish is None else {self.wish.joint}
        return tuple(sorted(self.placed | held))

    @property
    def frame(self) -> Frame | None:
        """What is on screen."""
        return None if self._sample is None else self._sample.frame

    @property
    def frame_name(self) -> str:
        """``SEQ/ID`` of the frame on screen, "" for none."""
        return "" if self.frame is None else str(self.frame.frame_id)

    @property
    def row(self) -> int:
        """Row of the frame on screen, -1 for none."""
        return -1 if self._sample is None else self._sample.row

    @property
    def can_edit(self) -> bool:
        """Whether joints can be moved and changes be kept."""
        return self._hand is not None and not self._annotations.is_read_only

    def can_start_from(self, start: str) -> bool:
        """Whether there is such a hand for this frame."""
        if self.frame is None:
            return False
        return self._starting_hand(start) is not None

    # The annotations' word for it.

    @property
    def _split(self) -> str:
        index = self._document.index
        return "" if index is None else index.split

    def _load(self) -> None:
        """Show the frame as the annotations have it."""
        self.fit = None
        if self._sample is None:
            self._original = self._hand = None
            self._state = FrameState()
        else:
            self._state = self._annotations.state(self.frame_name, self._split)
            self._original = of_label(self.frame, self._sample.truth)
            self._hand = self._kept_hand(self._state.correction) or self._first_hand()
            if self._state.correction is not None:
                self._locked = self._hand.locked
        self._show_mode()
        self.changed.emit()
        self.loaded.emit()

    def _show_mode(self) -> None:
        """A hand that was edited in free 2D is shown as that; others as the person prefers."""
        is_free = self._hand is not None and self._hand.joints_mm is None
        mode = FREE_2D if is_free else self._preferred_mode
        if mode != self.mode:
            self.mode = mode
            self.mode_changed.emit(mode)

    def _kept_hand(self, correction: Correction | None) -> EditedHand | None:
        if correction is None:
            return None
        return of_correction(correction, self._document.hand_model)

    def _first_hand(self) -> EditedHand:
        """What an uncorrected frame shows: the label, else the prediction, else the mean hand."""
        hands = (self._starting_hand(start) for start in (LABEL, PREDICTION, MEAN))
        return next(hand for hand in hands if hand is not None)

    def _starting_hand(self, start: str) -> EditedHand | None:
        if start == LABEL:
            return self._original
        if start == MANO:
            return of_label_mano(self.frame, self._document.hand_model)
        if start == PREDICTION:
            return of_prediction(self._sample.prediction)
        return of_mean(self.frame, self._document.hand_model)
