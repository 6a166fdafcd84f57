"""Held-out figures in millimetres, beside the two constant predictors that must be beaten.

    python -m core.training.validation DATASET [--checkpoint C]

prints those of the evaluation split, the constants taken from the training split, as JSON.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from core.conventions import WRIST
from core.data.crops import CropInput, crop_input
from core.data.frame import Frame
from core.evaluation.alignment import procrustes_align
from core.files.embedded import default_checkpoint
from core.geometry.crop import denormalise_keypoints
from core.hand.mano_file import load_hand_model
from core.network.checkpoints import load_checkpoint
from core.network.inputs import collate
from core.network.utnet import UTNet
from core.training.frames import load_frames


def _wrist_mpjpe_mm(predicted_mm: np.ndarray, truth_mm: np.ndarray) -> float:
    difference = (predicted_mm - predicted_mm[WRIST]) - (truth_mm - truth_mm[WRIST])
    return float(np.linalg.norm(difference, axis=1).mean())


def _pa_mpjpe_mm(predicted_mm: np.ndarray, truth_mm: np.ndarray) -> float:
    aligned = procrustes_align(predicted_mm, truth_mm)
    return float(np.linalg.norm(aligned - truth_mm, axis=1).mean())


def baselines(training: list[Frame], held_out: list[Frame]) -> dict[str, float]:
    """What constants score: the mean pose (wrist-relative) and the mean hand (Procrustes).

    The mean hand is the training hands' mean after turning each onto the first (Procrustes).
    """
    joints = np.stack([frame.hand.joints_mm for frame in training])
    relative = joints - joints[:, :1]
    mean_pose = relative.mean(0)
    mean_hand = np.mean([procrustes_align(j, relative[0]) for j in relative], axis=0)
    truths = [frame.hand.joints_mm for frame in held_out]
    return {
        "mean_pose_mpjpe_mm": float(np.mean([_wrist_mpjpe_mm(mean_pose, t) for t in truths])),
        "mean_hand_pa_mpjpe_mm": float(np.mean([_pa_mpjpe_mm(mean_hand, t) for t in truths])),
    }


@torch.inference_mode()
def validate(
    network: UTNet, frames: list[Frame], *, use_depth: bool, batch_size: int = 32
) -> dict[str, float]:
    """Mean errors over frames with known joints, each in its own crop.

    Returns ``mpjpe_mm`` (wrist on wrist), ``pa_mpjpe_mm``, ``keypoint_error_crop_px`` in the
    256x192 crop, and ``wrist_error_mm`` in camera space.
    """
    network.eval()
    device = next(network.parameters()).device
    rows = []
    for start in range(0, len(frames), batch_size):
        batch = frames[start : start + batch_size]
        crops = [crop_input(frame, frame.crop()) for frame in batch]
        inputs = [crop if use_depth else replace(crop, depth_mm=None) for crop in crops]
        hand = network(collate(inputs).to(device)).final
        joints_mm = hand.joints_mm.double().cpu().numpy()
        keypoints_norm = hand.keypoints_norm.double().cpu().numpy()
        rows += [_errors(*row) for row in zip(batch, crops, joints_mm, keypoints_norm, strict=True)]
    return {name: round(float(np.mean([row[name] for row in rows])), 3) for name in rows[0]}


def _errors(
    frame: Frame, crop: CropInput, joints_mm: np.ndarray, keypoints_norm: np.ndarray
) -> dict[str, float]:
    truth_mm = crop.transform.points(frame.hand.joints_mm)
    truth_px = crop.transform.keypoints(frame.camera.project(frame.hand.joints_mm))
    errors_px = np.linalg.norm(denormalise_keypoints(keypoints_norm) - truth_px, axis=1)
    return {
        "mpjpe_mm": _wrist_mpjpe_mm(joints_mm, truth_mm),
        "pa_mpjpe_mm": _pa_mpjpe_mm(joints_mm, truth_mm),
        "keypoint_error_crop_px": float(errors_px.mean()),
        "wrist_error_mm": float(np.linalg.norm(joints_mm[WRIST] - truth_mm[WRIST])),
    }


def held_out_figures(network: UTNet, held_out: list[Frame]) -> dict[str, float]:
    """The figures of `validate` with depth (``rgbd_``) and without it (``rgb_``)."""
    figures = {}
    for name, use_depth in (("rgbd", True), ("rgb", False)):
        errors = validate(network, held_out, use_depth=use_depth)
        figures |= {f"{name}_{key}": value for key, value in errors.items()}
    return figures


def main(argv: list[str] | None = None) -> None:
    """Print a checkpoint's figures on a dataset, and what constants score there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--checkpoint", type=Path, default=default_checkpoint())
    arguments = parser.parse_args(argv)
    torch.set_num_threads(1)
    hand_model = load_hand_model()
    network, _ = load_checkpoint(arguments.checkpoint, hand_model=hand_model, device="cpu")
    training = load_frames(arguments.dataset, "train", hand_model, None)
    held_out = load_frames(arguments.dataset, "evaluation", hand_model, None)
    constants = baselines(training, held_out)
    figures = {"frames": len(held_out), **constants, **held_out_figures(network, held_out)}
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
