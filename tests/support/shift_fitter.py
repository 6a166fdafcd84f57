"""A fitter for tests: moves the whole hand so that the wished joint is where it is wanted.

That is a possible hand which meets one point exactly, found without the real fitter. It answers
when it is told to.
"""

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.hand.fitting.target import PLACED_WEIGHT, Fit, FitTarget
from core.hand.hand_model import HandModel, ManoParameters


class ShiftFitter(QObject):
    """Stands in for `FitClient`: `answer` gives the newest request its fit."""

    fitted = Signal(int, object)
    failed = Signal(int, str)
    said = Signal(str)

    def __init__(self, hand_model: HandModel) -> None:
        super().__init__()
        self._hand_model = hand_model
        self.asked: list[tuple[int, FitTarget, ManoParameters | None, bool]] = []

    @property
    def target(self) -> FitTarget:
        """Of the newest request."""
        return self.asked[-1][1]

    def request(
        self, key: int, target: FitTarget, start: ManoParameters | None, is_right: bool
    ) -> None:
        """Remembered until `answer`."""
        self.asked.append((key, target, start, is_right))

    def answer(self, number: int = -1, *, wrist_mm: np.ndarray | None = None) -> None:
        """Give a request its fit; `wrist_mm` puts the hand there instead."""
        key, target, start, is_right = self.asked[number]
        begin = target.anchor or start or _flat_hand()
        mano = self._shifted(target, begin, is_right) if wrist_mm is None else begin
        if wrist_mm is not None:
            mano = replace(begin, wrist_mm=np.asarray(wrist_mm, float))
        self.fitted.emit(key, self._fit(target, mano, is_right))

    def fail(self, why: str = "the fitter is gone") -> None:
        """The newest request cannot be answered."""
        self.failed.emit(self.asked[-1][0], why)

    def _shifted(self, target: FitTarget, begin: ManoParameters, is_right: bool) -> ManoParameters:
        joints_mm = self._hand_model.of_side(is_right).pose(begin).joints_mm
        now_px = target.camera.project(joints_mm)
        firm = np.flatnonzero(target.weights_px >= PLACED_WEIGHT)
        away = np.linalg.norm(now_px[firm] - target.keypoints_px[firm], axis=1)
        joint = int(firm[away.argmax()])
        wanted_mm = target.camera.unproject(target.keypoints_px[joint], joints_mm[joint, 2])
        return replace(begin, wrist_mm=begin.wrist_mm + wanted_mm - joints_mm[joint])

    def _fit(self, target: FitTarget, mano: ManoParameters, is_right: bool) -> Fit:
        mesh = self._hand_model.of_side(is_right).pose(mano)
        keypoints_px = target.camera.project(mesh.joints_mm)
        residuals_px = np.linalg.norm(keypoints_px - target.keypoints_px, axis=1)
        return Fit(
            mano,
            mesh,
            keypoints_px,
            residuals_px,
            np.full(21, np.nan),
            np.zeros(20),
            iterations=3,
            milliseconds=9.0,
            is_converged=True,
        )


def _flat_hand() -> ManoParameters:
    """For requests that begin with no hand."""
    return ManoParameters(np.zeros(3), np.zeros(45), np.zeros(10), np.array([0.0, 0.0, 600.0]))
