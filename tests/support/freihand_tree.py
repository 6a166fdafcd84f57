"""Write tiny trees in FreiHAND's layout."""

import json
from pathlib import Path

import numpy as np
from ho3d_tree import encode, picture
from labelled_hands import THUMB_FIRST, PosedHand, posed_hand

from core.hand.hand_model import HandModel

CAMERA = np.array([[388.9, 0, 112.0], [0, 388.7, 111.5], [0, 0, 1]])


def write_freihand(
    root: Path, model: HandModel, *, hands: int = 3, backgrounds: int = 2, split: str = "training"
) -> list[PosedHand]:
    """Pictures and all label files; returns the hands."""
    posed = [posed_hand(model, seed) for seed in range(hands)]
    (root / split / "rgb").mkdir(parents=True)
    for number in range(hands * backgrounds):
        data = encode(picture((224, 224), seed=number), ".jpg")
        (root / split / "rgb" / f"{number:08d}.jpg").write_bytes(data)
    write_labels(root, split, "K", [CAMERA] * hands)
    joints = [hand.mesh.joints_mm[THUMB_FIRST] / 1000 for hand in posed]
    write_labels(root, split, "xyz", joints)
    write_labels(root, split, "verts", [hand.mesh.vertices_mm / 1000 for hand in posed])
    write_labels(root, split, "mano", [theta(hand, model) for hand in posed])
    (root / f"{split}_scale.json").write_text(json.dumps([0.03] * hands))
    return posed


def theta(hand: PosedHand, model: HandModel) -> np.ndarray:
    """(1, 61): pose less the mean, shape, and the weak camera of joint 9."""
    parameters = hand.parameters
    relative = parameters.hand_pose_rad - model.pose_mean_rad
    weak_camera = [112.0, 112.0, 600.0]
    values = [parameters.global_orient_rad, relative, parameters.betas, weak_camera]
    return np.concatenate(values)[None]


def write_labels(root: Path, split: str, name: str, rows: list) -> None:
    """One of the JSON files."""
    text = json.dumps([np.asarray(row).tolist() for row in rows])
    (root / f"{split}_{name}.json").write_text(text)
