"""``utnet inspect``: one frame, predicted and measured; what the window's readouts show."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli.options import (
    add_annotations,
    add_dataset,
    add_json,
    add_network,
    checkpoint_of,
    open_corrected_dataset,
    print_json,
)

if TYPE_CHECKING:
    from core.data.frame import Frame
    from core.evaluation.prediction import Prediction
    from core.hand.hand_model import HandModel

NAME = "inspect"
HELP = "predict one frame and print its errors against the ground truth"

#: What is printed first: key, unit.
_HEADLINES = (
    ("mpjpe_mm", "mm"),
    ("pa_mpjpe_mm", "mm"),
    ("mpvpe_mm", "mm"),
    ("pa_mpvpe_mm", "mm"),
    ("f5", ""),
    ("f15", ""),
    ("keypoint_error_px", "px"),
    ("keypoint_error_crop_px", "px"),
    ("wrist_error_mm", "mm"),
    ("scale_ratio", ""),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_dataset(parser)
    parser.add_argument("frame", metavar="SEQ/ID", help="a frame, such as MC1/0012")
    add_annotations(parser)
    add_network(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Predict, measure, print; ValueError says what is missing."""
    from core.evaluation.predictor import Predictor
    from core.hand.mano_file import load_hand_model

    checkpoint = checkpoint_of(arguments)
    hand_model = load_hand_model(arguments.hand_model)
    frame = _read_frame(arguments, hand_model)
    predictor = Predictor(checkpoint, hand_model, arguments.device)
    prediction = _predict(predictor, frame)
    result = {
        "frame": str(frame.frame_id),
        "dataset": arguments.dataset,
        "split": arguments.split,
        "checkpoint": str(checkpoint),
        "checkpoint_note": predictor.note,
        "hand_model": hand_model.name,
        "device": predictor.device_name,
        "used_depth": prediction.used_depth,
        "duration_ms": prediction.duration_ms,
        "problems": list(frame.problems),
        **_measure(frame, hand_model, prediction),
    }
    print_json(result) if arguments.json else _print_text(result)
    return 0


def _read_frame(arguments: argparse.Namespace, hand_model: "HandModel") -> "Frame":
    from core.data.frame import FrameId

    frame_id = FrameId.parse(arguments.frame)
    index = open_corrected_dataset(arguments, hand_model)
    try:
        row = index.row_of(frame_id)
    except KeyError as error:
        raise ValueError(error.args[0]) from error
    return index.read(row)


def _predict(predictor: Any, frame: "Frame") -> "Prediction":
    from core.data.crops import crop_input

    crop = frame.crop()
    if crop is None:
        raise ValueError(
            f"{frame.frame_id}: nothing says where the hand is (neither joints nor a box), "
            f"so there is no crop to predict. {' '.join(frame.problems)}"
        )
    (prediction,) = predictor.predict([crop_input(frame, crop)])
    return prediction


def _measure(frame: "Frame", hand_model: "HandModel", prediction: "Prediction") -> dict[str, Any]:
    """Every number the window shows, under the same names."""
    import numpy as np

    from core.conventions import BONES, JOINT_NAMES
    from core.evaluation.hand_size import hand_size
    from core.evaluation.metrics import bone_lengths_mm, measure
    from core.evaluation.truth import true_hand

    truth_joints_mm = np.full((21, 3), np.nan) if frame.hand is None else frame.hand.joints_mm
    truth = true_hand(frame, hand_model)
    metrics = measure(
        frame.camera, truth_joints_mm, None if truth is None else truth.vertices_mm, prediction
    )
    bones = [f"{JOINT_NAMES[parent]} – {JOINT_NAMES[child]}" for parent, child in BONES]
    by_joint = lambda errors: dict(zip(JOINT_NAMES, errors.tolist(), strict=True))
    by_bone = lambda joints: dict(zip(bones, bone_lengths_mm(joints).tolist(), strict=True))
    mano = None if frame.hand is None else frame.hand.mano
    return {
        **{name: getattr(metrics, name) for name, _ in _HEADLINES},
        "joint_errors_mm": by_joint(metrics.joint_errors_mm),
        "pa_joint_errors_mm": by_joint(metrics.pa_joint_errors_mm),
        "keypoint_errors_px": by_joint(metrics.keypoint_errors_px),
        "bone_lengths_truth_mm": by_bone(truth_joints_mm),
        "bone_lengths_mm": by_bone(prediction.joints_mm),
        "hand_size_truth": None if mano is None else asdict(hand_size(hand_model, mano.betas)),
        "hand_size": asdict(hand_size(hand_model, prediction.mano.betas)),
    }


def _print_text(result: dict[str, Any]) -> None:
    print(f"{result['frame']} of {result['dataset']} / {result['split']}")
    print(f"checkpoint  {Path(result['checkpoint']).name}: {result['checkpoint_note']}")
    print(f"hand model  {result['hand_model']}")
    depth = "with depth" if result["used_depth"] else "from RGB alone"
    print(f"device      {result['device']}, {result['duration_ms']:.0f} ms, {depth}\n")
    for problem in result["problems"]:
        print(f"problem: {problem}")
    for name, unit in _HEADLINES:
        print(f"{name:<24}{result[name]:10.3f} {unit}")
    print(f"\n{'joint':<24}{'mm':>8}{'PA mm':>8}{'px':>8}")
    for joint, error_mm in result["joint_errors_mm"].items():
        pa_mm, px = result["pa_joint_errors_mm"][joint], result["keypoint_errors_px"][joint]
        print(f"{joint:<24}{error_mm:8.1f}{pa_mm:8.1f}{px:8.1f}")
    print(f"\n{'bone':<24}{'GT mm':>8}{'pred mm':>8}{'Δ':>8}")
    for bone, truth_mm in result["bone_lengths_truth_mm"].items():
        predicted_mm = result["bone_lengths_mm"][bone]
        print(f"{bone:<24}{truth_mm:8.1f}{predicted_mm:8.1f}{predicted_mm - truth_mm:+8.1f}")
    print(f"\n{'flat hand':<24}{'GT mm':>8}{'pred mm':>8}{'Δ':>8}")
    sizes_truth = result["hand_size_truth"] or dict.fromkeys(result["hand_size"], float("nan"))
    for measure_name, predicted_mm in result["hand_size"].items():
        truth_mm = sizes_truth[measure_name]
        print(
            f"{measure_name:<24}{truth_mm:8.1f}{predicted_mm:8.1f}{predicted_mm - truth_mm:+8.1f}"
        )
