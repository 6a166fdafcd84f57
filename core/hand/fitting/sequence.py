"""Corrects a whole sequence from a few corrected frames."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.geometry.camera import Camera
from core.hand.fitting.fitter import HandFitter
from core.hand.fitting.target import Fit
from core.hand.hand_model import ManoParameters

#: Called with (frames done, frames in all); raises to stop.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class SequenceFrame:
    """A frame of a sequence as its original label has it.

    Attributes:
        row: What the answer calls it, such as its row in the list.
        time: When it was taken, in frames: gaps in a list count.
        camera: The photo's.
        label: The label's hand, camera axes.
        corrected: The hand that a person put right: this is a key frame. None for the others.
    """

    row: int
    time: float
    camera: Camera
    label: ManoParameters
    corrected: ManoParameters | None = None


def fit_sequence(
    fitter: HandFitter,
    frames: Sequence[SequenceFrame],
    *,
    is_right: bool,
    smoothness: float = 1.0,
    progress: Progress = lambda done, total: None,
) -> dict[int, Fit]:
    """Fit all frames of one sequence (one hand, one shape); returns the fit of every row.

    Args:
        fitter: Of the hand model that the labels are of.
        frames: In any order, at least one of them corrected.
        is_right: Side of the hand.
        smoothness: How much the correction resists to change between frames; 1 is usual, 0 off.
        progress: Told now and then; what it raises ends the fit.
    """
    raise NotImplementedError
