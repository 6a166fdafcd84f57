"""What people say of frames, without a disk: stands in for the window's annotations."""

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from core.annotation.marks import marks_of
from core.annotation.records import FrameState


class SpokenFrames(QObject):
    """States by the frame's name; `say` changes one and tells."""

    opened, saved, history_changed = Signal(), Signal(), Signal()
    changed = Signal(object)
    failing = Signal(str)

    def __init__(self, states: dict[str, FrameState] | None = None) -> None:
        super().__init__()
        self.states = dict(states or {})
        self.reads = 0

    @property
    def overview(self):
        return {name: marks_of(state, 1) for name, state in self.states.items()}

    def state(self, frame, split=None) -> FrameState:
        self.reads += 1
        return self.states.get(str(frame), FrameState())

    def say(self, frame: str, **fields) -> None:
        self.states[frame] = replace(self.states.get(frame, FrameState()), **fields)
        self.changed.emit({frame})

    def forget(self, frame: str) -> None:
        """As undo does: nothing was said of it."""
        del self.states[frame]
        self.changed.emit({frame})
