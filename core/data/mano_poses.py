"""Hand poses that are written relative to MANO's mean pose, or in its principal components.

HO-3D's and this project's poses are absolute (flat hand = 0). FreiHAND's and DexYCB's are not:
they mean something only with the mean and components that come in MANO's own file.
"""

from pathlib import Path

import numpy as np

from core.data.problems import Problem
from core.hand.hand_model import HandModel

_NEEDS_MANO = (
    "its poses are written relative to MANO's mean pose, which the stand-in hand has not: joints "
    "are read, parameters are not. Open your MANO_RIGHT.pkl to have them"
)


def absolute_pose_rad(
    relative: np.ndarray, hand_model: HandModel, *, in_components: bool
) -> np.ndarray | None:
    """Axis-angles (45,) with flat hand = 0, or None where the hand model is the stand-in.

    Args:
        relative: (45,) axis-angles less the mean pose, or coefficients of the 45 components.
        hand_model: Of the hand's side.
        in_components: Whether they are coefficients.
    """
    if hand_model.is_stand_in:
        return None
    if in_components:
        relative = relative @ hand_model.pose_components
    return hand_model.pose_mean_rad + relative


def with_pose_note(
    problems: tuple[Problem, ...], root: Path, hand_model: HandModel
) -> tuple[Problem, ...]:
    """A dataset's problems with the note that its poses are not read, or without it."""
    others = tuple(problem for problem in problems if problem.text != _NEEDS_MANO)
    return (*others, Problem(None, root, _NEEDS_MANO)) if hand_model.is_stand_in else others
