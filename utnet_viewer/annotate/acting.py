"""What the keys and menu entries of Annotate do: one method an action."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from core.annotation.records import ReviewState
from core.data.frame import FrameId
from utnet_viewer.annotate.begun import write
from utnet_viewer.annotate.editing import FREE_2D, HAND, HandEditor
from utnet_viewer.annotate.joints_model import ROWS
from utnet_viewer.annotate.taking_back import REDO, UNDO, Taken, TakingBack
from utnet_viewer.annotate.words import flag_words, frame_words
from utnet_viewer.document import Document

if TYPE_CHECKING:
    from utnet_viewer.annotate.annotations import Annotations
    from utnet_viewer.annotate.marks_panel import MarksPanel
    from utnet_viewer.annotate.queue_panel import QueuePanel

REVIEW_WORDS = {
    ReviewState.NEW: "back to new",
    ReviewState.IN_REVIEW: "in review",
    ReviewState.DONE: "marked done",
    ReviewState.REJECTED: "marked rejected",
}


@dataclass(frozen=True)
class Tools:
    """What actions act on.

    Attributes:
        document: The frame on screen.
        annotations: What is said of it.
        editor: Its hand.
        queue: The way to the next frame.
        marks: Flags and note.
        export: Asks how, and writes the annotations elsewhere.
        take_in: Asks what, and takes annotations in.
        fit_sequence: Shows the sequence on screen, to be fitted from its corrected frames.
    """

    document: Document
    annotations: Annotations
    editor: HandEditor
    queue: QueuePanel
    marks: MarksPanel
    export: Callable[[], None]
    take_in: Callable[[], None]
    fit_sequence: Callable[[], None]


class Acting(QObject):
    """The actions' methods, and which of them are possible."""

    said = Signal(str, str)  # a sentence for the status bar, its kind
    states_changed = Signal()  # something else is possible now

    def __init__(self, tools: Tools, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tools = tools
        self._document, self._annotations = tools.document, tools.annotations
        self._editor, self._marks = tools.editor, tools.marks
        self._taking = TakingBack(tools.annotations, self)
        self._taking.taken.connect(self._on_taken)
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self.states_changed)
        for signal in (
            tools.annotations.opened,
            tools.annotations.changed,
            tools.annotations.history_changed,
            tools.document.row_changed,
            tools.editor.loaded,
            tools.editor.committed,
            tools.editor.selected_changed,
            tools.editor.mode_changed,
            tools.marks.chips.own_changed,
        ):
            signal.connect(lambda *_: self._later.start())
        tools.annotations.refused.connect(lambda why: self.said.emit(why, "warning"))
        tools.annotations.failing.connect(self._on_failing)
        tools.marks.said.connect(self.said)

    def keep(self) -> bool:
        """Write down what is being typed and dragged; the window may close then."""
        self._marks.flush()
        self._editor.settle()
        return True

    # What is possible.

    def can(self, what: str) -> bool:
        """Whether there is anything to do it to."""
        annotations, editor = self._annotations, self._editor
        has_frame = bool(annotations.current_frame)
        writes = has_frame and not annotations.is_read_only
        edits = editor.can_edit
        return {
            "undo": not annotations.is_read_only and bool(self.undo_words),
            "redo": not annotations.is_read_only and bool(self.redo_words),
            "step": has_frame,
            "write": writes,
            "write_any": bool(annotations.split) and not annotations.is_read_only,
            "export": bool(annotations.split),
            "hand": edits,
            "mark_joint": writes and editor.frame is not None and editor.selected >= 0,
            "joint": edits and editor.selected >= 0,
            "reset_joint": edits and editor.selected >= 0 and self._is_moved(editor.selected),
            "reset": edits and editor.is_corrected,
            "label": edits and editor.can_start_from("label"),
            "mano": edits and editor.can_start_from("mano"),
            "prediction": edits and editor.can_start_from("prediction"),
            "mean": edits,
            **{f"own{n}": writes and n < len(self._marks.chips.own) for n in range(9)},
        }[what]

    def _is_moved(self, joint: int) -> bool:
        return self._editor.is_corrected and not np.isnan(self._editor.moved_px[joint])

    @property
    def undo_words(self) -> str:
        """What undo would take back, "" for nothing."""
        return self._annotations.undo_words

    @property
    def redo_words(self) -> str:
        """What redo would bring back, "" for nothing."""
        return self._annotations.redo_words

    def own_flag_words(self, number: int) -> str:
        """What the action of an own flag is called, "" where there is none."""
        own = self._marks.chips.own
        return f"Flag: {flag_words(own[number])}" if number < len(own) else ""

    def _on_failing(self, why: str) -> None:
        """Nothing can be written, or again."""
        if why:
            self.said.emit(f"Not saved, and tried again by itself: {why.rstrip('.')}.", "fault")
        else:
            self.said.emit("Everything is saved again.", "success")

    # Taking back, over everything.

    def undo(self) -> None:
        """Take back the newest change, wherever it was made, and show that frame."""
        self._take(UNDO)

    def redo(self) -> None:
        """Bring back what was undone last, and show that frame."""
        self._take(REDO)

    def _take(self, kind: str) -> None:
        self.keep()
        if self._taking.words(kind):
            self._taking.ask(kind)
        else:
            self.said.emit(f"There is nothing to {kind}.", "info")

    def _on_taken(self, taken: Taken) -> None:
        """Show where it was."""
        here = (self._annotations.split, self._annotations.current_frame)
        split, frame = here if here in taken.places else taken.places[0]
        count = len(taken.places)
        where = frame_words(frame) if count == 1 else f"{count:,} frames"
        if split != here[0]:
            where += f" of the split {split}"
        done = "Undone" if taken.kind == UNDO else "Done again"
        if split == here[0]:
            self._show(frame)
        self.said.emit(f"{done}: {taken.words} · {where}", "success")

    # Going from frame to frame.

    def go(self, split: str, frame: str) -> None:
        """Show a frame that the history names."""
        if split != self._annotations.split:
            self.said.emit(f"{frame_words(frame)} is of the split {split}: open that one.", "info")
        elif not self._show(frame):
            self.said.emit(f"{frame_words(frame)} is not in this split any more.", "warning")

    def _show(self, frame: str) -> bool:
        index = self._document.index
        try:
            row = index.row_of(FrameId.parse(frame))
        except (KeyError, ValueError):  # the dataset's list was changed since
            return False
        self._document.select(row)
        return True

    def step(self, by: int) -> None:
        """To the next or previous of the queue."""
        self._marks.flush()
        self._tools.queue.step(by)

    def done_next(self) -> None:
        """This frame is done; on to the next one that nobody has finished."""
        self.review("done")
        if not self._tools.queue.step_to_open():
            self.said.emit("Every frame of the queue is reviewed.", "success")

    # Judging.

    def review(self, state: str) -> None:
        """Say how far the review of the frame is."""
        self.keep()
        review = ReviewState(state)
        frame = self._annotations.current_frame
        write(self._annotations, "review", review, REVIEW_WORDS[review], frame=frame)

    def flag(self, flag: str) -> None:
        """Set a flag, or take it away."""
        self._marks.toggle_flag(flag)

    def own_flag(self, number: int) -> None:
        """The same for an own flag."""
        self._marks.toggle_own_flag(number)

    def new_flag(self) -> None:
        """Let a person name a flag."""
        self._marks.chips.ask()

    def write_note(self) -> None:
        """Let a person type the note."""
        self._marks.write_note()

    # Joints and the hand.

    def visibility(self) -> None:
        """Of the selected joint: labelled, occluded, outside, and round again."""
        self._editor.cycle_visibility(self._editor.selected)

    def lock(self) -> None:
        """The selected joint stays, or moves again."""
        self._editor.toggle_lock(self._editor.selected)

    def reset_joint(self) -> None:
        """The selected joint goes back to where the label has it."""
        self._editor.reset_joint(self._editor.selected)

    def select_next(self, by: int) -> None:
        """Select the next or previous joint, in the order of the table."""
        selected = self._editor.selected
        place = ROWS.index(selected) + by if selected in ROWS else (0 if by > 0 else -1)
        self._editor.select(ROWS[place % len(ROWS)])

    def switch_mode(self) -> None:
        """Between a hand that stays possible, and free points."""
        self._editor.set_mode(FREE_2D if self._editor.mode == HAND else HAND)

    def reset(self) -> None:
        """The whole hand as it was at the beginning."""
        self._editor.reset()

    def start(self, start: str) -> None:
        """Begin again with the label, its MANO, the prediction or the mean hand."""
        self._editor.start_from(start)

    # In and out.

    def export(self) -> None:
        """Write annotations elsewhere."""
        self.keep()
        self._tools.export()

    def take_in(self) -> None:
        """Take annotations in."""
        self._tools.take_in()

    def fit_sequence(self) -> None:
        """Fit the sequence on screen from its corrected frames."""
        self.keep()
        self._tools.fit_sequence()
