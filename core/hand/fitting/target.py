"""What a hand is fitted to, and what came of it."""

from dataclasses import dataclass

import numpy as np

from core.conventions import JOINT_COUNT
from core.geometry.camera import Camera
from core.hand.hand_model import HandMesh, ManoParameters

#: Weight (1/px) of a joint that a person placed or locked: the hand goes there if it can.
PLACED_WEIGHT = 10.0
#: Weight (1/px) of a joint that nobody touched: it stays where nothing speaks against it.
KEPT_WEIGHT = 0.2


@dataclass(frozen=True)
class FitTarget:
    """Where the joints of a hand are wanted.

    Attributes:
        camera: The photo's.
        keypoints_px: (21, 2) in the photo's pixels; not looked at where the weight is 0.
        weights_px: (21,) in 1/px: a residual of r px costs (weight * r)². 0 is "not asked"; see
            `PLACED_WEIGHT` and `KEPT_WEIGHT`.
        joints_mm: (21, 3) in camera axes, for joints dragged or locked in 3D; or None.
        weights_mm: (21,) in 1/mm, as `weights_px`; needed with `joints_mm`.
        depth_mm: (21,) depth z of the *skin* that a depth camera measured at each joint, NaN where
            unknown; or None. The joint lies a little behind it, and things in front are outvoted.
        betas: (10,) shape that is known and stays, or None where the shape is fitted too.
        anchor: The hand from which as little as possible is changed (a label, a prediction): what
            the points do not say is taken from it. None takes it from the prior of all hands.
    """

    camera: Camera
    keypoints_px: np.ndarray
    weights_px: np.ndarray
    joints_mm: np.ndarray | None = None
    weights_mm: np.ndarray | None = None
    depth_mm: np.ndarray | None = None
    betas: np.ndarray | None = None
    anchor: ManoParameters | None = None

    def __post_init__(self) -> None:
        shapes = {
            "keypoints_px": (JOINT_COUNT, 2),
            "weights_px": (JOINT_COUNT,),
            "joints_mm": (JOINT_COUNT, 3),
            "weights_mm": (JOINT_COUNT,),
            "depth_mm": (JOINT_COUNT,),
            "betas": (10,),
        }
        for name, shape in shapes.items():
            value = getattr(self, name)
            if value is None:
                continue
            value = np.asarray(value, float)
            if value.shape != shape:
                raise ValueError(f"{name} of a fit's target is {value.shape}, not {shape}")
            object.__setattr__(self, name, value)
        if (self.joints_mm is None) != (self.weights_mm is None):
            raise ValueError("joints_mm and weights_mm of a fit's target go together")
        self._check_numbers()

    def _check_numbers(self) -> None:
        """Raise ValueError where what is asked for is not finite."""
        asked = [self.weights_px, self.keypoints_px[self.weights_px > 0]]
        if self.joints_mm is not None:
            asked += [self.weights_mm, self.joints_mm[self.weights_mm > 0]]
        if self.betas is not None:
            asked.append(self.betas)
        if not all(np.isfinite(values).all() for values in asked):
            raise ValueError("a fit's target asks for a point that is not a number")


@dataclass(frozen=True)
class Fit:
    """A hand that was fitted.

    Attributes:
        mano: Its parameters, camera axes.
        mesh: Its vertices (778, 3) and joints (21, 3) in mm, camera axes.
        keypoints_px: (21, 2) its joints in the photo.
        residuals_px: (21,) distance to the target's keypoints; NaN where none was asked for.
        residuals_mm: (21,) distance to the target's 3D joints; NaN where none was asked for.
        bone_change: (20,) relative change of `core.conventions.BONES`' lengths against the start:
            0.02 is 2 % longer.
        iterations: Steps tried, over all starts.
        milliseconds: Time of the fit in its process.
        is_converged: Whether it stopped because nothing got better any more.
    """

    mano: ManoParameters
    mesh: HandMesh
    keypoints_px: np.ndarray
    residuals_px: np.ndarray
    residuals_mm: np.ndarray
    bone_change: np.ndarray
    iterations: int
    milliseconds: float
    is_converged: bool
