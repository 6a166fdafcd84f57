"""Write tiny trees in HO-3D's layout, independently of the code under test.

Labels are made in HO-3D's own axes (OpenGL) and metres by posing the stand-in there, so that a
reader which converts wrongly disagrees with them.
"""

import os
import pickle
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from core.hand.hand_model import HandModel, ManoParameters

SUFFIX = {"v2": ".png", "v3": ".jpg"}
CAMERA = np.array([[614.6, 0.0, 320.3], [0.0, 614.1, 238.5], [0.0, 0.0, 1.0]])


@dataclass(frozen=True)
class HandInOpenGL:
    """What the labels say: metres, OpenGL axes."""

    pose: np.ndarray
    betas: np.ndarray
    translation: np.ndarray
    joints: np.ndarray
    vertices: np.ndarray


def hand_in_opengl(model: HandModel, seed: int) -> HandInOpenGL:
    """A random hand some 60 cm before the viewer: z is negative."""
    rng = np.random.default_rng(seed)
    pose, betas = rng.normal(size=48) * 0.4, rng.normal(size=10)
    translation = np.array([-0.05, 0.04, -0.6]) + rng.normal(size=3) * 0.02
    wrist_mm = model.rest_wrist_mm(betas) + translation * 1000
    mesh = model.pose(ManoParameters(pose[:3], pose[3:], betas, wrist_mm))
    return HandInOpenGL(pose, betas, translation, mesh.joints_mm / 1000, mesh.vertices_mm / 1000)


def training_label(hand: HandInOpenGL) -> dict:
    return {
        "camIDList": ["0", "1"],
        "camMat": CAMERA.copy(),
        "handBeta": hand.betas,
        "handJoints3D": hand.joints,
        "handPose": hand.pose,
        "handTrans": hand.translation,
        "objCorners3D": np.arange(24.0).reshape(8, 3) / 100,
        "objCorners3DRest": np.zeros((8, 3)),
        "objLabel": 9,
        "objName": "010_potted_meat_can",
        "objRot": np.zeros((3, 1)),
        "objTrans": np.zeros(3),
    }


def evaluation_label(hand: HandInOpenGL) -> dict:
    absent = ("handBeta", "handPose", "handTrans")
    label = {key: v for key, v in training_label(hand).items() if key not in absent}
    label["handJoints3D"] = hand.joints[0]
    label["handBoundingBox"] = [210, 150, 330, 290]
    return label


def picture(size: tuple[int, int] = (480, 640), seed: int = 0) -> np.ndarray:
    """A smooth coloured RGB picture of (height, width) that survives JPEG."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (4, 5, 3)).astype(np.uint8)
    return cv2.resize(small, size[::-1], interpolation=cv2.INTER_LINEAR)


def encode(image: np.ndarray, suffix: str) -> bytes:
    return cv2.imencode(suffix, image[..., ::-1])[1].tobytes()


def depth_code(steps: np.ndarray) -> np.ndarray:
    """RGB depth picture of integer depth steps."""
    return np.stack([steps % 256, steps // 256, np.zeros_like(steps)], -1).astype(np.uint8)


@dataclass(frozen=True)
class Tree:
    """A folder in HO-3D's layout."""

    root: Path
    split: str = "train"
    version: str = "v3"

    def path(self, kind: str, name: str) -> Path:
        """The file of frame "SEQ/NNNN" in "rgb", "depth" or "meta"."""
        sequence, frame = name.split("/")
        suffix = {"rgb": SUFFIX[self.version], "depth": ".png", "meta": ".pkl"}[kind]
        return self.root / self.split / sequence / kind / f"{frame}{suffix}"

    def write(self, kind: str, name: str, data: bytes) -> None:
        path = self.path(kind, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def add(self, name: str, label: object, *, image: np.ndarray | None = None) -> None:
        image = picture() if image is None else image
        self.write("rgb", name, encode(image, SUFFIX[self.version]))
        steps = np.full(image.shape[:2], 4700)
        self.write("depth", name, encode(depth_code(steps), ".png"))
        self.write("meta", name, pickle.dumps(label, protocol=2))

    def list(self, *names: str) -> None:
        (self.root / f"{self.split}.txt").write_text("\n".join(names) + "\n")

    def settle(self) -> None:
        """Date all folders an hour back, as those of a dataset that nobody is writing."""
        for folder, _, _ in os.walk(self.root):
            seconds = os.stat(folder).st_mtime - 3600
            os.utime(folder, (seconds, seconds))
