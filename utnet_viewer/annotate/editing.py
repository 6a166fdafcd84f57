"""The hand that is being edited of the frame on screen, and how a drag becomes a change.

The state that is kept lies in the annotations; this is the hand as it is drawn, from the first
pixel of a drag on. A drag ends in exactly one change with words. While it lasts, the fitter is
asked for the nearest possible hand with every movement, and shown is what it answers; nobody waits.

What becomes of a drag that cannot end as it should is said, never passed over:

* The frame is left before it was released: what was fitted last is kept, as if it was released.
* The frame's correction is changed elsewhere (undo, another window) meanwhile: the drag is left.
* The fitter cannot answer: the drag is kept as free 2D, and the next one is refitted when it can.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from core.annotation.records import Change, Correction, FrameState, Visibility
from core.conventions import JOINT_COUNT, JOINT_NAMES
from core.hand.fitting.target import Fit
from core.hand.hand_model import HandMesh, ManoParameters
from utnet_viewer.annotate.edited_hand import (
    LABEL,
    MEAN,
    PREDICTION,
    EditedHand,
    of_correction,
    of_label,
    of_mean,
    of_prediction,
)
from utnet_viewer.annotate.fit_request import Wish, fit_target
from utnet_viewer.document import Document, Sample

if TYPE_CHECKING:
    from utnet_viewer.annotate.annotations import Annotations
    from utnet_viewer.processes.fit_client import FitClient

HAND, FREE_2D = "hand", "free 2D"

#: After this long without another arrow key, what was nudged is kept: one change, not ten.
NUDGE_PAUSE_MS = 500
#: A joint that moved less than this, in pixels, did not move.
LEAST_MOVE_PX = 0.05

START_WORDS = {
    LABEL: "back to the label",
    PREDICTION: "took the predicted hand",
    MEAN: "took the mean hand",
}
VISIBILITY_WORDS = {
    Visibility.LABELLED: "labelled",
    Visibility.OCCLUDED: "occluded",
    Visibility.OUTSIDE: "outside",
}


@dataclass
class Drag:
    """One drag, from the first movement until it is a change.

    Attributes:
        wish: Where the joint is wanted now.
        base: The hand when the drag began.
        sample: The frame it belongs to, and its split.
        key: Of the newest request to the fitter.
        first_key: Of the first: older answers belong to something else.
        is_fitted: Whether an answer has come.
        is_released: Whether it only waits for the newest answer.
        words: What the history will say.
    """

    wish: Wish | None
    base: EditedHand
    sample: Sample
    split: str
    words: str
    key: int = 0
    first_key: int = 0
    is_fitted: bool = False
    is_released: bool = False
    placed: frozenset[int] = field(default_factory=frozenset)


class HandEditor(QObject):
    """The hand being edited of the frame on screen.

    Attributes:
        selected: The joint that keys act on, -1 for none.
        mode: `HAND` (what is dragged stays a possible hand) or `FREE_2D`.
        fit: The fitter's last answer for this frame, None before one.
        milliseconds: How long that took in the fitter, NaN before one.
        visibility: 21 values of `core.annotation.records.Visibility`.
        refits_shape: Whether the hand's shape may change too; else it stays the label's.
    """

    changed = Signal()  # the hand, or anything drawn with it: repaint
    loaded = Signal()  # another frame, or another hand of it than what was dragged
    selected_changed = Signal(int)
    mode_changed = Signal(str)
    committed = Signal()  # a change was handed to the annotations
    said = Signal(str, str)  # a sentence for the status bar, its kind

    def __init__(
        self,
        document: Document,
        annotations: Annotations,
        fitter: FitClient,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._annotations, self._fitter = document, annotations, fitter
        self.selected, self.mode = -1, HAND
        self.refits_shape = False
        self.fit: Fit | None = None
        self._sample: Sample | None = None
        self._state = FrameState()
        self._original: EditedHand | None = None
        self._hand: EditedHand | None = None
        self._locked: frozenset[int] = frozenset()
        self._drag: Drag | None = None
        self._keys = itertools.count(1)
        self._nudge = QTimer(self, singleShot=True, interval=NUDGE_PAUSE_MS)
        self._nudge.timeout.connect(self.release)
        document.sample_changed.connect(self._on_sample)
        document.dataset_changed.connect(self._leave_frame)
        document.hand_model_changed.connect(self._load)
        annotations.changed.connect(self._on_annotations)
        fitter.fitted.connect(self._on_fitted)
        fitter.failed.connect(self._on_failed)
        fitter.said.connect(self._on_fitter_said)
        self._on_sample(document.sample)

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
        """What the hand began with: "label", "prediction" or "mean"."""
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
    def frame(self):
        """The `Frame` on screen, or None."""
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

    # Choosing.

    def select(self, joint: int) -> None:
        """Choose the joint that keys act on; -1 for none."""
        joint = joint if -1 <= joint < JOINT_COUNT else -1
        if joint != self.selected:
            self.settle()
            self.selected = joint
            self.selected_changed.emit(joint)
            self.changed.emit()

    def set_mode(self, mode: str) -> None:
        """`HAND` or `FREE_2D`; free points become the nearest possible hand at once."""
        if mode not in (HAND, FREE_2D):
            raise ValueError(f"no such way of editing: {mode!r}")
        if mode == self.mode:
            return
        self.settle()
        self.mode = mode
        self.mode_changed.emit(mode)
        if mode == HAND and self.can_edit and self._hand.joints_mm is None:
            self._fit_all("made it a possible hand")
        self.changed.emit()

    def set_refits_shape(self, refits: bool) -> None:
        """Whether fits may change the hand's shape from now on."""
        self.settle()
        self.refits_shape = refits

    # Moving.

    def drag_px(self, joint: int, point_px: np.ndarray) -> None:
        """The pointer holds a joint here, in the photo's pixels."""
        self._pull(Wish(joint, np.asarray(point_px, float)))

    def drag_mm(self, joint: int, point_mm: np.ndarray) -> None:
        """The pointer holds a joint here, in camera axes; nothing happens in free 2D."""
        if self.frame is None or self._hand is None or self._hand.joints_mm is None:
            return
        point_mm = np.asarray(point_mm, float)
        point_px = self.frame.camera.project(point_mm)
        if np.isfinite(point_px).all() and self.mode == HAND:
            self._pull(Wish(joint, point_px, point_mm))

    def nudge(self, joint: int, by_px: tuple[float, float]) -> None:
        """Move a joint a little; what follows soon belongs to the same change."""
        if not self.can_edit or not 0 <= joint < JOINT_COUNT:
            return
        drag = self._drag
        is_on = drag is not None and drag.wish is not None and drag.wish.joint == joint
        is_on = is_on and not drag.is_released
        at_px = drag.wish.point_px if is_on else self._hand.keypoints_px[joint]
        self.drag_px(joint, at_px + np.asarray(by_px, float))
        self._nudge.start()

    def _pull(self, wish: Wish) -> None:
        if not self.can_edit:
            return
        drag = self._drag
        if drag is None or drag.is_released or drag.wish is None or drag.wish.joint != wish.joint:
            self.settle()
            self.select(wish.joint)
            drag = self._begin(wish, f"moved {JOINT_NAMES[wish.joint]}")
        drag.wish = wish
        drag.placed = drag.base.placed | {wish.joint}
        if self.mode == FREE_2D:
            moved = drag.base.in_free_2d().with_point(wish.joint, wish.point_px)
            self._hand = replace(moved, placed=drag.placed)
        else:
            self._hand = self._hand.with_point(wish.joint, wish.point_px)
            self._ask(drag)
        self.changed.emit()

    def _begin(self, wish: Wish | None, words: str) -> Drag:
        base = replace(self._hand, locked=self._locked - ({wish.joint} if wish else set()))
        self._drag = Drag(wish, base, self._sample, self._split, words, placed=base.placed)
        return self._drag

    def _ask(self, drag: Drag) -> None:
        target = fit_target(
            drag.base,
            drag.sample.frame,
            drag.wish,
            visibility=self.visibility,
            keeps_shape=not self.refits_shape,
        )
        drag.key = next(self._keys)
        drag.first_key = drag.first_key or drag.key
        # Begun where the last answer is: the next one is near it. What the hand is drawn towards
        # is the drag's base, so the way of the pointer leaves no trace.
        begin = self.fit.mano if drag.is_fitted else drag.base.mano
        self._fitter.request(drag.key, target, begin, drag.base.is_right)

    def _fit_all(self, words: str) -> None:
        """Make free points a possible hand."""
        drag = self._begin(None, words)
        drag.is_released = True
        self._ask(drag)

    def release(self) -> None:
        """The pointer lets go: one change, as soon as the newest fit is there."""
        self._nudge.stop()
        drag = self._drag
        if drag is None or drag.is_released:
            return
        drag.is_released = True
        if self.mode == FREE_2D:
            self._keep()
        else:
            self.changed.emit()

    def cancel(self) -> None:
        """Let go without a change: the hand is as before the drag."""
        self._nudge.stop()
        if self._drag is not None:
            self._drag = None
            self._load()

    def settle(self) -> None:
        """Keep what is being dragged as far as it has been fitted; nothing waits after this."""
        self._nudge.stop()
        drag = self._drag
        if drag is None:
            return
        if self.mode == FREE_2D or drag.is_fitted:
            self._keep()
            return
        self._drag = None
        self._load()
        name = drag.sample.frame.frame_id
        self.said.emit(f"{name}: “{drag.words}” was left before it was refitted.", "warning")

    # Answers of the fitter.

    def _on_fitted(self, key: int, fit: Fit) -> None:
        drag = self._drag
        if drag is None or not drag.first_key <= key <= drag.key:
            return
        if not np.isfinite(fit.keypoints_px).all():
            self._on_failed(key, "the hand would lie behind the camera")
            return
        self.fit, drag.is_fitted = fit, True
        self._hand = replace(drag.base.fitted(fit), placed=drag.placed)
        if drag.is_released and key == drag.key:
            self._keep()
        else:
            self.changed.emit()

    def _on_failed(self, key: int, why: str) -> None:
        drag = self._drag
        if drag is None or key != drag.key:
            return
        why = why.rstrip(".")
        if drag.wish is None:
            self._drag = None
            self._load()
            self.said.emit(f"It stays free 2D: {why}.", "fault")
            return
        moved = drag.base.in_free_2d().with_point(drag.wish.joint, drag.wish.point_px)
        self._hand = replace(moved, placed=drag.placed)
        self.fit, drag.key = None, 0
        self.said.emit(f"Not refitted, moved in free 2D: {why}.", "fault")
        if drag.is_released:
            self._keep()
        else:
            self.changed.emit()

    def _on_fitter_said(self, words: str) -> None:
        if words:
            self.said.emit(words, "warning")

    # Changes.

    def _keep(self) -> None:
        """The hand as it is shown becomes the frame's correction."""
        drag, self._drag = self._drag, None
        hand = replace(self._hand, locked=drag.base.locked)
        self._hand, self._locked = hand, hand.locked
        self._write(drag.sample, drag.split, "correction", hand.correction(), drag.words)
        self.changed.emit()

    def _write(self, sample: Sample, split: str, name: str, value: object, words: str) -> None:
        frame = str(sample.frame.frame_id)
        if sample is self._sample:
            self._state = self._state.with_value(name, value)
        self._annotations.changes([Change(frame, split, name, value, words)])
        self.committed.emit()

    def _change(self, name: str, value: object, words: str) -> None:
        self._write(self._sample, self._split, name, value, words)

    def start_from(self, start: str) -> None:
        """Begin again with the label's, the predicted or the mean hand; a change like any other."""
        self.settle()
        hand = self._starting_hand(start) if self.can_edit else None
        if hand is None:
            return
        self.fit, self._locked = None, frozenset()
        correction = None if start == LABEL else hand.correction()
        if start == LABEL and self._state.correction is None:
            self._load()
            return
        self._hand = hand
        self._change("correction", correction, START_WORDS[start])
        if self.mode == FREE_2D:
            self.set_mode(HAND)
        self.changed.emit()
        self.loaded.emit()

    def reset(self) -> None:
        """Back to the label, or where there is none to what the frame began with."""
        self.settle()
        if not self.can_edit or self._state.correction is None:
            return
        words = START_WORDS[LABEL] if self._original is not None else "took the correction back"
        self._change("correction", None, words)
        self._load()

    def reset_joint(self, joint: int) -> None:
        """Put one joint back where the label has it; the others stay where they may."""
        self.settle()
        original_px = self.original_px
        is_there = original_px is not None and np.isfinite(original_px[joint]).all()
        if not self.can_edit or self._state.correction is None or not is_there:
            return
        words = f"reset {JOINT_NAMES[joint]}"
        remaining = self.placed - {joint}
        if not remaining and self.start == LABEL:
            self._change("correction", None, words)
            self._load()
            return
        drag = self._begin(Wish(joint, original_px[joint]), words)
        drag.placed = remaining
        drag.is_released = True
        self._hand = self._hand.with_point(joint, original_px[joint])
        if self.mode == FREE_2D:
            self._hand = replace(self._hand.in_free_2d(), placed=remaining)
            self._keep()
        else:
            self._ask(drag)

    def cycle_visibility(self, joint: int) -> None:
        """Labelled, occluded, outside, and round again."""
        if self.frame is None or self._annotations.is_read_only or not 0 <= joint < JOINT_COUNT:
            return
        values = list(self.visibility)
        values[joint] = (values[joint] + 1) % len(Visibility)
        self.set_visibility(joint, Visibility(values[joint]))

    def set_visibility(self, joint: int, visibility: Visibility) -> None:
        """Say how a joint is seen."""
        values = list(self.visibility)
        values[joint] = int(visibility)
        words = f"{JOINT_NAMES[joint]} → {VISIBILITY_WORDS[visibility]}"
        self._change("visibility", tuple(values), words)
        self.changed.emit()

    def toggle_lock(self, joint: int) -> None:
        """Let a joint stay while others are dragged, or let it go again.

        A frame without a correction gets none by this: the lock is kept with its first change.
        """
        self.settle()
        if not self.can_edit or not 0 <= joint < JOINT_COUNT:
            return
        is_locked = joint in self._locked
        self._locked = self._locked - {joint} if is_locked else self._locked | {joint}
        correction = self._state.correction
        if correction is not None:
            words = f"{'unlocked' if is_locked else 'locked'} {JOINT_NAMES[joint]}"
            locked = tuple(sorted(self._locked))
            self._hand = replace(self._hand, locked=self._locked)
            self._change("correction", replace(correction, locked=locked), words)
        self.changed.emit()

    # Frames come and go.

    @property
    def _split(self) -> str:
        index = self._document.index
        return "" if index is None else index.split

    def _on_sample(self, sample: Sample | None) -> None:
        old = self._sample
        is_same = (
            old is not None
            and sample is not None
            and sample.row == old.row
            and sample.frame is old.frame
        )
        if is_same:  # such as a prediction that came
            self._sample = sample
            if self._drag is not None:
                self._drag.sample = sample
            elif self._state.correction is None and self._original is None:
                self._load()
            self.changed.emit()
            return
        self._leave_frame()
        self._sample = sample if sample is not None and sample.frame is not None else None
        self._locked = frozenset()
        self._load()

    def _leave_frame(self) -> None:
        self.settle()
        self._sample = None

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
        """A hand that was edited in free 2D is shown as that."""
        if self._hand is not None and self._hand.joints_mm is None and self.mode == HAND:
            self.mode = FREE_2D
            self.mode_changed.emit(FREE_2D)

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
        if start == PREDICTION:
            return of_prediction(self._sample.prediction)
        return of_mean(self.frame, self._document.hand_model)

    def _on_annotations(self, frames: set[str]) -> None:
        """Somebody changed something: an undo, another window, or this editor itself."""
        if self._sample is None or (frames and self.frame_name not in frames):
            return
        state = self._annotations.state(self.frame_name, self._split)
        if state.correction == self._state.correction:
            self._state = state
            self.changed.emit()
            return
        if self._drag is not None:
            self._drag = None
            self._nudge.stop()
            self.said.emit("The hand was changed elsewhere: the drag was left.", "warning")
        self._load()

    def shut_down(self) -> None:
        """Keep what is being dragged."""
        self.settle()
