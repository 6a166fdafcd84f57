"""Fits a hand to points: Levenberg-Marquardt over pose, shape and place."""

import time

import numpy as np

from core.conventions import BONES
from core.hand.fitting.target import Fit, FitTarget
from core.hand.hand_model import HandModel, ManoParameters


class HandFitter:
    """Fits hands of one model, of either side."""

    def __init__(self, hand_model: HandModel) -> None:
        self._hand_model = hand_model

    def fit(self, target: FitTarget, start: ManoParameters | None, *, is_right: bool) -> Fit:
        """Fit a hand to `target`.

        Args:
            target: Where joints are wanted.
            start: The hand to begin with: in a drag the fit before, else the label or the
                prediction. None is the mean hand, from several sides.
            is_right: Side of the hand.
        """
        begin_s = time.perf_counter()
        start = self.mean_hand(target, is_right=is_right) if start is None else start
        return self._result(target, start, start, is_right, begin_s)

    def mean_hand(self, target: FitTarget, *, is_right: bool) -> ManoParameters:
        """The mean hand at the place in the photo where `target` has its points."""
        model = self._hand_model.of_side(is_right)
        return ManoParameters(
            np.zeros(3), model.pose_mean_rad, np.zeros(10), np.array([0.0, 0.0, 600.0])
        )

    def _result(
        self,
        target: FitTarget,
        start: ManoParameters,
        mano: ManoParameters,
        is_right: bool,
        begin_s: float,
    ) -> Fit:
        model = self._hand_model.of_side(is_right)
        mesh = model.pose(mano)
        keypoints_px = target.camera.project(mesh.joints_mm)
        residuals_px = np.linalg.norm(keypoints_px - target.keypoints_px, axis=1)
        residuals_mm = np.full(21, np.nan)
        if target.joints_mm is not None:
            residuals_mm = np.linalg.norm(mesh.joints_mm - target.joints_mm, axis=1)
            residuals_mm = np.where(target.weights_mm > 0, residuals_mm, np.nan)
        return Fit(
            mano,
            mesh,
            keypoints_px,
            np.where(target.weights_px > 0, residuals_px, np.nan),
            residuals_mm,
            bone_lengths_mm(mesh.joints_mm) / bone_lengths_mm(model.pose(start).joints_mm) - 1,
            0,
            (time.perf_counter() - begin_s) * 1000,
            True,
        )


def bone_lengths_mm(joints_mm: np.ndarray) -> np.ndarray:
    """Lengths (20,) of `core.conventions.BONES` of joints (21, 3)."""
    parents, children = np.array(BONES).T
    return np.linalg.norm(joints_mm[children] - joints_mm[parents], axis=1)
