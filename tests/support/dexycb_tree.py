"""Write tiny trees in DexYCB's layout."""

from pathlib import Path

import cv2
import numpy as np
import yaml
from ho3d_tree import encode, picture
from labelled_hands import THUMB_FIRST, PosedHand, posed_hand, project

from core.hand.hand_model import HandModel

SERIALS = ("836212060125", "839512060362", "840412060917", "841412060263",
           "932122060857", "932122060861", "932122061900", "932122062010")  # fmt: skip
CAMERA = np.array([[614.8, 0, 318.2], [0, 614.4, 241.9], [0, 0, 1]])
DEPTH_MM = 712


def write_calibration(root: Path, shape_name: str, betas: np.ndarray) -> None:
    """Cameras and one hand's shape."""
    colour = {"fx": 614.8, "fy": 614.4, "ppx": 318.2, "ppy": 241.9}
    for serial in SERIALS:
        write_yaml(root / "calibration" / "intrinsics" / f"{serial}_640x480.yml", {"color": colour})
    write_yaml(root / "calibration" / f"mano_{shape_name}" / "mano.yml", {"betas": betas.tolist()})


def write_yaml(path: Path, values: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(values))


def write_session(
    root: Path, name: str, model: HandModel, *, side: str, seed: int, frames: int = 2
) -> list[PosedHand]:
    """SUBJECT/SESSION with all cameras; returns the hand of every frame (all cameras see it alike).

    `model` is of the hand's side. The hand of the last frame is nowhere to be seen.
    """
    shape_name = f"{name.partition('/')[0]}_{side}"
    hands = [posed_hand(model, seed)] * frames
    write_calibration(root, shape_name, hands[0].parameters.betas)
    meta = {
        "serials": list(SERIALS),
        "num_frames": frames,
        "mano_sides": [side],
        "mano_calib": [shape_name],
        "ycb_ids": [2],
        "ycb_grasp_ind": 0,
    }
    write_yaml(root / name / "meta.yml", meta)
    colour = encode(picture((48, 64), seed=seed), ".jpg")
    depth = cv2.imencode(".png", np.full((48, 64), DEPTH_MM, np.uint16))[1].tobytes()
    for serial in SERIALS:
        folder = root / name / serial
        folder.mkdir(parents=True)
        for number in range(frames):
            (folder / f"color_{number:06d}.jpg").write_bytes(colour)
            (folder / f"aligned_depth_to_color_{number:06d}.png").write_bytes(depth)
            is_seen = number < frames - 1
            write_label(folder, number, hands[number] if is_seen else None, model)
    return hands


def write_label(folder: Path, number: int, hand: PosedHand | None, model: HandModel) -> None:
    """labels_NNNNNN.npz; without a hand joints are -1 and the pose is 0."""
    joints, pixels, pose = np.full((21, 3), -1.0), np.full((21, 2), -1.0), np.zeros(51)
    if hand is not None:
        parameters = hand.parameters
        joints = hand.mesh.joints_mm[THUMB_FIRST] / 1000
        pixels = project(CAMERA, joints)
        relative = parameters.hand_pose_rad - model.pose_mean_rad
        coefficients = np.linalg.solve(model.pose_components.T, relative)
        rest_wrist_m = (model.joint_regressor @ _shaped(model, parameters.betas))[0]
        translation_m = parameters.wrist_mm / 1000 - rest_wrist_m
        pose = np.concatenate([parameters.global_orient_rad, coefficients, translation_m])
    np.savez_compressed(
        folder / f"labels_{number:06d}.npz",
        seg=np.zeros((48, 64), np.uint8),
        pose_y=np.zeros((1, 3, 4), np.float32),
        pose_m=pose[None],
        joint_3d=joints[None],
        joint_2d=pixels[None],
    )


def _shaped(model: HandModel, betas: np.ndarray) -> np.ndarray:
    return model.template_m + np.einsum("vik,k->vi", model.shape_basis_m, betas)
