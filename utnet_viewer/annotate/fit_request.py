"""What the fitter is asked for while a joint is dragged. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.annotation.records import Visibility
from core.conventions import FINGER_JOINTS, FINGER_OF_JOINT, JOINT_COUNT, WRIST
from core.data.frame import Frame
from core.hand.fitting.target import PLACED_WEIGHT, FitTarget
from utnet_viewer.annotate.edited_hand import MEAN, EditedHand

#: Weights (1/px) of joints that nobody touched while another one is dragged, against
#: `PLACED_WEIGHT`: the palm hardly gives way when a finger is bent, the other fingers little, and
#: the rest of that finger follows. Measured on the demo's hands: a fingertip dragged by 24 px moves
#: the wrist by 0.8 px (3.8 px where all weigh 0.2) and misses the pointer by 0.03 px.
PALM_WEIGHT, FINGER_WEIGHT, SAME_FINGER_WEIGHT = 1.0, 0.5, 0.1
#: The same in a mean hand that is being put together joint by joint.
MEAN_WEIGHT = 0.02
PALM = (WRIST, *(joints[0] for joints in FINGER_JOINTS.values()))

#: Weight (1/mm) of a joint that stays or is dragged in 3D: a pixel is about 1 mm of a hand.
PLACED_WEIGHT_MM = 10.0
#: The same for joints of a label that gives no parameters: its hand is another one than the model.
LABEL_WEIGHT_MM = 1.0


@dataclass(frozen=True)
class Wish:
    """One joint's wanted place: in the photo, or in space.

    Attributes:
        joint: Which.
        point_px: (2,) in the photo's pixels.
        point_mm: (3,) in camera axes where it was dragged in space, else None.
    """

    joint: int
    point_px: np.ndarray
    point_mm: np.ndarray | None = None


def fit_target(
    base: EditedHand,
    frame: Frame,
    wish: Wish | None,
    *,
    visibility: Sequence[int],
    keeps_shape: bool,
) -> FitTarget:
    """Ask for a hand near `base` with the wished joint where the person wants it.

    Joints that were placed or locked hold as firmly as the wished one; the others stay where
    nothing speaks against it. Without a wish the hand is fitted to all of its points.
    """
    firm = sorted(base.placed | base.locked)
    keypoints_px, weights_px = _kept_points(base, wish)
    keypoints_px[firm], weights_px[firm] = base.keypoints_px[firm], PLACED_WEIGHT
    joints_mm = np.zeros((JOINT_COUNT, 3)) if base.joints_mm is None else base.joints_mm.copy()
    weights_mm = np.zeros(JOINT_COUNT)
    if base.joints_mm is not None:
        if base.mano is None:  # a label of joints alone: what it says in depth counts too
            weights_mm[:] = LABEL_WEIGHT_MM
        weights_mm[sorted(base.locked)] = PLACED_WEIGHT_MM
    if wish is not None:
        keypoints_px[wish.joint], weights_px[wish.joint] = wish.point_px, PLACED_WEIGHT
        weights_mm[wish.joint] = 0.0
        if wish.point_mm is not None:
            joints_mm[wish.joint], weights_mm[wish.joint] = wish.point_mm, PLACED_WEIGHT_MM
    betas = base.mano.betas if keeps_shape and base.mano is not None else None
    return FitTarget(
        camera=frame.camera,
        keypoints_px=keypoints_px,
        weights_px=weights_px,
        joints_mm=joints_mm if weights_mm.any() else None,
        weights_mm=weights_mm if weights_mm.any() else None,
        depth_mm=depth_samples_mm(frame, keypoints_px, visibility),
        betas=betas,
        anchor=None if base.start == MEAN else base.mano,
    )


def _kept_points(base: EditedHand, wish: Wish | None) -> tuple[np.ndarray, np.ndarray]:
    """Where joints that nobody touched are wanted (21, 2) in px, and how much (21,) in 1/px.

    A hand that is not one yet (free points, a label of joints alone) is fitted to all of them. The
    wrist takes the whole hand along, and so does the first joint of a mean hand; any other joint
    leaves the others where they are, unless they are a mean hand's, which mean nothing there.
    """
    keypoints_px = base.keypoints_px.copy()
    if base.mano is None or wish is None:
        return keypoints_px, np.full(JOINT_COUNT, PLACED_WEIGHT)
    weights_px = np.full(JOINT_COUNT, FINGER_WEIGHT)
    weights_px[list(PALM)] = PALM_WEIGHT
    is_unplaced = base.start == MEAN and not base.placed
    if wish.joint == WRIST or is_unplaced:
        keypoints_px += wish.point_px - keypoints_px[wish.joint]
    elif base.start == MEAN:
        weights_px[:] = MEAN_WEIGHT
    else:
        weights_px[list(FINGER_JOINTS[FINGER_OF_JOINT[wish.joint]][1:])] = SAME_FINGER_WEIGHT
    return keypoints_px, weights_px


def depth_samples_mm(
    frame: Frame, keypoints_px: np.ndarray, visibility: Sequence[int]
) -> np.ndarray | None:
    """Measured depth (21,) at the joints that are said to be seen, NaN elsewhere; None: no depth.

    The median of 3 x 3 pixels, without those that were not measured.
    """
    if frame.depth_mm is None:
        return None
    height, width = frame.depth_mm.shape
    column, row = np.nan_to_num(keypoints_px, nan=-1).round().clip(-1, 1e6).astype(int).T
    seen = (column >= 1) & (column < width - 1) & (row >= 1) & (row < height - 1)
    seen &= np.asarray(visibility) == Visibility.LABELLED
    around = np.array([-1, 0, 1])
    rows, columns = row[seen, None, None] + around[:, None], column[seen, None, None] + around
    near_mm = frame.depth_mm[rows, columns].reshape(-1, 9).astype(float)
    near_mm[near_mm <= 0] = np.nan
    near_mm.sort(axis=1)  # what was not measured comes last
    count = np.isfinite(near_mm).sum(1)
    each = np.arange(len(near_mm))
    middle_mm = (near_mm[each, (count - 1).clip(0) // 2] + near_mm[each, count // 2 % 9]) / 2
    depth_mm = np.full(JOINT_COUNT, np.nan)
    depth_mm[seen] = np.where(count > 0, middle_mm, np.nan)
    return depth_mm if np.isfinite(depth_mm).any() else None
