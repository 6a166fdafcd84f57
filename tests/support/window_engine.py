"""An engine for tests of the whole window: no torch, and the same half-open hand for every crop.

Run as ``python -P tests/support/window_engine.py``.
"""

import sys
from pathlib import Path

import numpy as np

from core.data.crops import CropInput
from core.engine.__main__ import serve
from core.engine.requests import LoadRequest
from core.evaluation.prediction import Prediction
from core.geometry.camera import Camera
from core.geometry.crop import normalise_keypoints
from core.hand.hand_model import ManoParameters
from core.hand.mano_file import load_hand_model

COMMAND = (sys.executable, "-P", str(Path(__file__)))

CAMERA = Camera(np.array([[614.6, 0.0, 320.3], [0.0, 614.1, 238.5], [0.0, 0.0, 1.0]]))


class SameHand:
    """Predicts one hand, whatever it is shown."""

    device_name = "cpu"
    model_name = "same hand"
    note = "Always the same hand."

    def __init__(self) -> None:
        pose = np.zeros((15, 3))
        pose[:, 2] = 0.4
        wrist_mm = np.array([0.0, 60.0, 620.0])
        self._mano = ManoParameters(np.zeros(3), pose.ravel(), np.zeros(10), wrist_mm)
        self._mesh = load_hand_model().pose(self._mano)

    def predict(self, crops: list[CropInput]) -> list[Prediction]:
        return [self._predict(crop) for crop in crops]

    def _predict(self, crop: CropInput) -> Prediction:
        keypoints_px = CAMERA.project(self._mesh.joints_mm)
        return Prediction(
            keypoints_norm=normalise_keypoints(crop.transform.keypoints(keypoints_px)),
            keypoints_px=keypoints_px,
            joints_mm=self._mesh.joints_mm,
            vertices_mm=self._mesh.vertices_mm,
            mano=self._mano,
            camera_sxy=np.array([7.0, 0.0, 0.0]),
            crop=crop.transform,
            used_depth=crop.depth_mm is not None,
            duration_ms=1.0,
        )


def load(request: LoadRequest, say) -> SameHand:
    """Refuses a checkpoint named "garbage"."""
    if Path(request.checkpoint).name == "garbage":
        raise ValueError(f"{request.checkpoint} is no checkpoint")
    say("Loading.")
    return SameHand()


if __name__ == "__main__":
    serve(load)
