"""The readouts as a table for spreadsheets: one number a line, with its unit."""

import csv
import io

import numpy as np

from core.conventions import BONES, JOINT_NAMES
from core.evaluation.hand_size import HandSize
from utnet_viewer.document import Sample
from utnet_viewer.readouts.figures import FIGURES


def readouts_csv(
    sample: Sample,
    bone_differences_mm: np.ndarray,
    sizes: tuple[HandSize | None, HandSize | None],
    *,
    hand_model: str,
    network: str,
) -> str:
    """Comma-separated lines ``frame, quantity, value, unit``; what is unknown is left empty.

    The hand model and the network stand first: without them the numbers mean nothing.
    """
    frame_id = "" if sample.frame is None else str(sample.frame.frame_id)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("frame", "quantity", "value", "unit"))
    writer.writerow((frame_id, "hand model", hand_model, ""))
    writer.writerow((frame_id, "network", network, ""))
    for quantity, value, unit in _numbers(sample, bone_differences_mm, sizes):
        is_known = value is not None and np.isfinite(value)
        writer.writerow((frame_id, quantity, f"{value:.6g}" if is_known else "", unit))
    return text.getvalue()


def _numbers(sample: Sample, bone_differences_mm: np.ndarray, sizes):
    metrics = sample.metrics
    for figure in FIGURES:
        value = None if metrics is None else getattr(metrics, figure.name)
        yield figure.title, value, figure.unit
    per_joint = (
        ("wrist-aligned error", "joint_errors_mm", "mm"),
        ("Procrustes-aligned error", "pa_joint_errors_mm", "mm"),
        ("2D error", "keypoint_errors_px", "px"),
    )
    for words, name, unit in per_joint:
        for joint, joint_name in enumerate(JOINT_NAMES):
            value = None if metrics is None else getattr(metrics, name)[joint]
            yield f"{joint_name}, {words}", value, unit
    for (parent, child), value in zip(BONES, bone_differences_mm, strict=True):
        yield f"bone {JOINT_NAMES[parent]} to {JOINT_NAMES[child]}, prediction - GT", value, "mm"
    for name in ("length", "width", "thickness"):
        for words, size in zip(("GT", "prediction"), sizes, strict=True):
            value = None if size is None else getattr(size, f"{name}_mm")
            yield f"hand {name}, {words}", value, "mm"
