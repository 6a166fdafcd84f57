"""What a label says against itself, its sequence and the depth picture; no checkpoint is needed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.annotation.label_table import LabelTable
from core.annotation.neighbours import breaks_mm
from core.annotation.reasons import Reason, worst_joint
from core.conventions import BONES

#: A depth camera at arm's length is right to some millimetres, and so is a good label: HO-3D's own
#: have 4 mm (Hampali et al., "HOnnotate", 2020, table 1) to 8 mm.
_LABEL_NOISE_MM = 4.0
#: Parameters and joints of one label are the same hand: they differ by the file's rounding, and
#: with another hand model by as much as `Reason.scores` finds usual.
_ROUNDING_MM = 1.0
#: A sequence shows one person's hand; so far bones of labels that were not fitted to one shape
#: differ from frame to frame.
_BONE_NOISE_MM = 2.0
#: The median bone of a sequence with fewer frames says little.
_LEAST_FRAMES = 3


def label_reasons(
    table: LabelTable, sequence_codes: np.ndarray, shots: Sequence[np.ndarray]
) -> list[Reason]:
    """Every reason that labels alone give; `shots` are rows of frames that follow each other."""
    return [
        _own_hand(table),
        _bones(table, sequence_codes),
        _motion(table, shots),
        _depth(table),
    ]


def _own_hand(table: LabelTable) -> Reason:
    """Joints against the label's own parameters, beyond what each joint usually has."""
    apart_mm = np.linalg.norm(table.joints_mm - table.own_mm, axis=-1)
    known = np.isfinite(apart_mm).all(1)
    usual_mm = np.median(apart_mm[known], axis=0) if known.any() else np.zeros(apart_mm.shape[1])
    badness, joints = worst_joint(apart_mm - usual_mm)
    values = apart_mm[np.arange(len(apart_mm)), joints]
    whose = "MANO" if table.has_mano.any() else "surface"
    words = f"{{joint}} {{value}} off its own {whose}"
    return Reason("own_hand", words, "mm", badness, values, joints, _ROUNDING_MM, "hand")


def _bones(table: LabelTable, sequence_codes: np.ndarray) -> Reason:
    """Lengths of bones against the median of the sequence."""
    parents, children = np.array(BONES).T
    joints_mm = table.joints_mm
    lengths_mm = np.linalg.norm(joints_mm[:, children] - joints_mm[:, parents], axis=-1)
    off_mm = np.full(lengths_mm.shape, np.nan)
    for code in np.unique(sequence_codes):
        rows = np.flatnonzero(sequence_codes == code)
        rows = rows[np.isfinite(lengths_mm[rows]).all(1)]
        if len(rows) >= _LEAST_FRAMES:
            off_mm[rows] = lengths_mm[rows] - np.median(lengths_mm[rows], axis=0)
    badness, bones = worst_joint(np.abs(off_mm))
    words = "bone to {joint} {value} off the usual"
    return Reason("bones", words, "mm", badness, badness, children[bones], _BONE_NOISE_MM, "bones")


def _motion(table: LabelTable, shots: Sequence[np.ndarray]) -> Reason:
    """Joints against where the frames before and after lead."""
    badness, joints = worst_joint(breaks_mm(table.joints_mm, shots))
    words = "{joint} {value} off its motion"
    return Reason("motion", words, "mm", badness, badness, joints, _LABEL_NOISE_MM, "motion")


def _depth(table: LabelTable) -> Reason:
    """The label's surface against the measured one."""
    badness, sides = worst_joint(table.depth_gap_mm)
    words = "{value} {side} the depth map"
    return Reason("depth", words, "mm", badness, badness, sides, _LABEL_NOISE_MM, "depth")
