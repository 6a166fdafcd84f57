"""Editing the hand of the frame on screen, and how a drag becomes a change.

What is kept lies in the annotations; here is the hand as it is drawn, from the first pixel of a
drag on. A drag ends in exactly one change with words. While it lasts, the fitter is asked for the
nearest possible hand with every movement, and shown is what it answers; nobody waits.

What becomes of a drag that cannot end as it should is said, never passed over:

* The frame is left before it was released: what was fitted last is kept, as if it was released.
* The frame's correction is changed elsewhere (undo, another window) meanwhile: the drag is left.
* The fitter cannot answer: the drag is kept as free 2D, and the next one is refitted when it can.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer

from core.annotation.records import Change, Visibility
from core.conventions import JOINT_COUNT, JOINT_NAMES, WRIST
from core.hand.fitting.target import Fit
from utnet_viewer.annotate.begun import begun
from utnet_viewer.annotate.drag import Drag
from utnet_viewer.annotate.edited_frame import FREE_2D, HAND, EditedFrame
from utnet_viewer.annotate.edited_hand import LABEL, MANO, MEAN, PREDICTION
from utnet_viewer.annotate.fit_request import Wish, fit_target
from utnet_viewer.annotate.words import VISIBILITY
from utnet_viewer.document import Document, Sample

if TYPE_CHECKING:
    from utnet_viewer.annotate.annotations import Annotations
    from utnet_viewer.processes.fit_client import FitClient

__all__ = ["FREE_2D", "HAND", "HandEditor"]

#: After this long without another arrow key, what was nudged is kept: one change, not ten.
NUDGE_PAUSE_MS = 500

#: A mean hand that is put together joint by joint is, from so many joints on, looked for afresh
#: when one is let go. Six of the demo's hands, eight joints placed: 8 to 19 mm off the truth, root
#: on root, without depth and with the mean shape; from the fit before alone, 17 to 127 mm.
FROM_SEVERAL_SIDES = 4

START_WORDS = {
    LABEL: "back to the label",
    MANO: "took the label's MANO hand",
    PREDICTION: "took the predicted hand",
    MEAN: "took the mean hand",
}


class HandEditor(EditedFrame):
    """Changes the hand of the frame on screen.

    Attributes:
        refits_shape: Whether the hand's shape may change too; else it stays the label's.
    """

    def __init__(
        self,
        document: Document,
        annotations: Annotations,
        fitter: FitClient,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(document, annotations, parent)
        self.refits_shape = False
        self._fitter = fitter
        self._keys = itertools.count(1)
        self._nudge = QTimer(self, singleShot=True, interval=NUDGE_PAUSE_MS)
        self._nudge.timeout.connect(self.release)
        document.sample_changed.connect(self._on_sample)
        document.row_changed.connect(self._on_row)
        document.hand_model_changed.connect(self._on_hand_model)
        annotations.changed.connect(self._on_annotations)
        annotations.opened.connect(lambda: self._on_annotations(set()))
        fitter.fitted.connect(self._on_fitted)
        fitter.failed.connect(self._on_failed)
        fitter.said.connect(self._on_fitter_said)
        self._on_sample(document.sample)

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
        self._preferred_mode = self.mode = mode
        self.mode_changed.emit(mode)
        if mode == HAND and self.can_edit and self._hand.joints_mm is None:
            self._begin(None, "made it a possible hand").is_released = True
            self._ask(self._drag)
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
        if self.frame is None or self.joints_mm is None or self.mode == FREE_2D:
            return
        point_mm = np.asarray(point_mm, float)
        point_px = self.frame.camera.project(point_mm)
        if np.isfinite(point_px).all():
            self._pull(Wish(joint, point_px, point_mm))

    def nudge(self, joint: int, by_px: tuple[float, float]) -> None:
        """Move a joint a little; what follows soon belongs to the same change."""
        if not self.can_edit or not 0 <= joint < JOINT_COUNT:
            return
        wish = self.wish if self.is_dragging else None
        is_on = wish is not None and wish.joint == joint
        at_px = wish.point_px if is_on else self._hand.keypoints_px[joint]
        self.drag_px(joint, at_px + np.asarray(by_px, float))
        self._nudge.start()

    def _pull(self, wish: Wish) -> None:
        if not self.can_edit:
            return
        drag = self._drag
        if drag is None or drag.is_released or drag.wish.joint != wish.joint:
            self.settle()
            self.select(wish.joint)
            drag = self._begin(wish, f"moved {JOINT_NAMES[wish.joint]}")
            drag.placed = drag.base.placed | {wish.joint}
        drag.wish = wish
        if self.mode == FREE_2D:
            self._hand = drag.free()
            self.changed.emit()
        else:  # the fitter's answer brings the hand after the pointer
            self._ask(drag)

    def _begin(self, wish: Wish | None, words: str) -> Drag:
        """What is dragged is not locked while it is."""
        moved = set() if wish is None else {wish.joint}
        base = replace(self._hand, locked=self._locked - moved)
        self._drag = Drag(wish, base, self._sample, self._split, words, base.placed)
        return self._drag

    def _ask(self, drag: Drag, *, afresh: bool = False) -> None:
        """Ask for the drag's hand; `afresh` looks for it from several sides, which takes longer."""
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
        begin = drag.base.mano if drag.fitted is None else drag.fitted.mano
        self._fitter.request(drag.key, target, None if afresh else begin, drag.base.is_right)

    def release(self) -> None:
        """The pointer lets go: one change, as soon as the newest fit is there."""
        self._nudge.stop()
        drag = self._drag
        if drag is None or drag.is_released:
            return
        drag.is_released = True
        if self.mode == FREE_2D or not drag.key:
            self._keep()
        elif drag.base.start == MEAN and len(drag.placed) >= FROM_SEVERAL_SIDES:
            self._ask(drag, afresh=True)
        else:
            self._end_if_answered()

    def _end_if_answered(self) -> None:
        drag = self._drag
        if drag.answered_key == drag.key:
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
        if drag.fitted is not None or not drag.key:
            self._hand = drag.fitted or self._hand
            self._keep()
            return
        self._drag = None
        self._load()
        name = drag.sample.frame.frame_id
        self.said.emit(f"{name}: “{drag.words}” was left before it was refitted.", "warning")

    def warm_up(self) -> None:
        """Have the fitter's process started before the first drag waits for it."""
        if self._drag is None and self.mano is not None:
            wish = Wish(WRIST, self._hand.keypoints_px[WRIST])
            target = fit_target(
                self._hand, self.frame, wish, visibility=self.visibility, keeps_shape=True
            )
            self._fitter.request(next(self._keys), target, self.mano, self._hand.is_right)

    # Answers of the fitter.

    def _on_fitted(self, key: int, fit: Fit) -> None:
        drag = self._drag
        if drag is None or not drag.first_key <= key <= drag.key:
            return
        if not np.isfinite(fit.keypoints_px).all():
            self._on_failed(key, "the hand would lie behind the camera")
            return
        self.fit, drag.answered_key = fit, key
        self._hand = drag.fitted = replace(drag.base.fitted(fit), placed=drag.placed)
        if drag.is_released:
            self._end_if_answered()
        else:
            self.changed.emit()

    def _on_failed(self, key: int, why: str) -> None:
        drag = self._drag
        if drag is None or key != drag.key:
            return
        why = why.rstrip(".")
        self.fit, drag.fitted, drag.key = None, None, 0
        if drag.wish is None:
            self._drag = None
            self._load()
            self.said.emit(f"It stays free 2D: {why}.", "fault")
            return
        self._hand = drag.free()
        self.said.emit(f"Moved in free 2D, not refitted: {why}.", "fault")
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
        self._hand = replace(self._hand, locked=drag.base.locked)
        self._locked = drag.base.locked
        self._write(drag.sample, drag.split, "correction", self._hand.correction(), drag.words)
        self.changed.emit()

    def _write(self, sample: Sample, split: str, name: str, value: object, words: str) -> None:
        """Hand a change over; where it is refused, the annotations say why."""
        frame = str(sample.frame.frame_id)
        changes = begun(self._state, Change(frame, split, name, value, words))
        self._state = self._state.with_value(name, value)
        if self._annotations.changes(changes):
            self.committed.emit()
        else:
            self._load()

    def _change(self, name: str, value: object, words: str) -> None:
        self._write(self._sample, self._split, name, value, words)

    def start_from(self, start: str) -> None:
        """Begin again with one of the hands that there are; a change like any other."""
        self.settle()
        hand = self._starting_hand(start) if self.can_edit else None
        if hand is None:
            return
        self._locked = frozenset()
        if start != LABEL:
            self._change("correction", hand.correction(), START_WORDS[start])
        elif self._state.correction is not None:
            self._change("correction", None, START_WORDS[LABEL])
        self._preferred_mode = HAND
        self._load()

    def reset(self) -> None:
        """Back to the label, or where there is none to what the frame began with."""
        self.settle()
        if not self.can_edit or self._state.correction is None:
            return
        words = START_WORDS[LABEL] if self._original is not None else "took the correction back"
        self._locked = frozenset()
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
        if self.mode == FREE_2D:
            self._hand = drag.free()
            self._keep()
        else:
            self._ask(drag)

    def cycle_visibility(self, joint: int) -> None:
        """Labelled, occluded, outside, and round again."""
        if 0 <= joint < JOINT_COUNT:
            following = (self.visibility[joint] + 1) % len(Visibility)
            self.set_visibility(joint, Visibility(following))

    def set_visibility(self, joint: int, visibility: Visibility) -> None:
        """Say how a joint is seen."""
        if self.frame is None or self._annotations.is_read_only:
            return
        values = list(self.visibility)
        values[joint] = int(visibility)
        words = f"{JOINT_NAMES[joint]} → {VISIBILITY[visibility].word}"
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

    def _on_row(self, row: int) -> None:
        """The frame is being left: what was dragged belongs to it."""
        if row != self.row:
            self.settle()

    def _on_sample(self, sample: Sample | None) -> None:
        old = self._sample
        if sample is not None and old is not None and sample.frame is old.frame:
            self._on_more(sample)
            return
        self.settle()
        self._sample = sample if sample is not None and sample.frame is not None else None
        self._locked = frozenset()
        self._load()

    def _on_more(self, sample: Sample) -> None:
        """More is known of the frame: one without a label may begin with its prediction."""
        self._sample = sample
        if self._drag is None and self._state.correction is None and self._original is None:
            self._load()
        else:
            self.changed.emit()

    def _on_hand_model(self) -> None:
        self.settle()
        self._load()

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
