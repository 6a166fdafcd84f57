"""The labels of a split as arrays, and what each frame's depth picture says of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.annotation.depth_gap import depth_gap
from core.conventions import JOINT_COUNT
from core.data.frame import Frame, HandLabel
from core.data.frame_index import FrameIndex
from core.hand.hand_model import HandModel
from core.hand.posed_joints import JointModel

#: Called with (done, total); False stops the work.
Progress = Callable[[int, int], bool]
#: So many frames are posed at once, and between two calls of `Progress`.
_BATCH = 64


class StoppedError(Exception):
    """Whoever watches the progress wants no more."""


@dataclass(frozen=True, eq=False)
class LabelTable:
    """Labels of N rows in camera axes; NaN where nothing is known.

    Attributes:
        joints_mm: (N, 21, 3) as labelled.
        own_mm: (N, 21, 3) the same joints as the label's own MANO parameters pose them, or, where
            there are none, as the label's surface has them.
        has_mano: (N,) whether `own_mm` comes from parameters.
        keypoints_px: (N, 21, 2) the labels in the photo.
        depth_gap_mm: (N, 2) how far the label floats before the measured surface, and how far it
            lies behind it: see `core.annotation.depth_gap.DepthGap`.
        is_right: (N,).
    """

    joints_mm: np.ndarray
    own_mm: np.ndarray
    has_mano: np.ndarray
    keypoints_px: np.ndarray
    depth_gap_mm: np.ndarray
    is_right: np.ndarray

    @classmethod
    def empty(cls, count: int) -> LabelTable:
        """Of `count` rows of which nothing is known."""
        unknown = lambda *shape: np.full((count, *shape), np.nan)
        return cls(
            joints_mm=unknown(JOINT_COUNT, 3),
            own_mm=unknown(JOINT_COUNT, 3),
            has_mano=np.zeros(count, bool),
            keypoints_px=unknown(JOINT_COUNT, 2),
            depth_gap_mm=unknown(2),
            is_right=np.ones(count, bool),
        )

    def __len__(self) -> int:
        return len(self.joints_mm)


def read_labels(
    index: FrameIndex,
    hand_model: HandModel,
    *,
    with_depth: bool = True,
    progress: Progress | None = None,
) -> LabelTable:
    """Read every row's labels, and its depth where it has some.

    Raises:
        StoppedError: `progress` said so.
    """
    table = LabelTable.empty(len(index))
    joint_models = {side: JointModel.of(hand_model.of_side(side)) for side in (True, False)}
    no_depth = set(index.rows_without_depth.tolist()) | set(index.unreadable_rows.tolist())
    for start in range(0, len(index), _BATCH):
        rows = range(start, min(start + _BATCH, len(index)))
        frames = {row: index.read_labels(row) for row in rows}
        for row, frame in frames.items():
            _take_joints(table, row, frame)
            if with_depth and row not in no_depth:
                gap = depth_gap(index, row, frame, hand_model)
                table.depth_gap_mm[row] = (gap.before_mm, gap.behind_mm)
        _take_own(table, frames, hand_model, joint_models)
        if progress is not None and not progress(rows.stop, len(index)):
            raise StoppedError
    return table


def _take_joints(table: LabelTable, row: int, frame: Frame) -> None:
    if frame.hand is None:
        return
    table.joints_mm[row] = frame.hand.joints_mm
    table.keypoints_px[row] = frame.camera.project(frame.hand.joints_mm)
    table.is_right[row] = frame.hand.is_right


def _take_own(
    table: LabelTable,
    frames: dict[int, Frame],
    hand_model: HandModel,
    joint_models: dict[bool, JointModel],
) -> None:
    """Joints by the parameters of all frames of a batch at once, else by the surface."""
    hands = {row: frame.hand for row, frame in frames.items() if frame.hand is not None}
    for side, joint_model in joint_models.items():
        posed = {r: h.mano for r, h in hands.items() if h.mano is not None and h.is_right == side}
        if posed:
            pose_rad = np.array(
                [np.append(m.global_orient_rad, m.hand_pose_rad) for m in posed.values()]
            ).reshape(-1, 16, 3)
            betas = np.array([mano.betas for mano in posed.values()])
            wrists_mm = np.array([mano.wrist_mm for mano in posed.values()])
            rows = list(posed)
            table.own_mm[rows] = joint_model.joints_mm(pose_rad, betas) + wrists_mm[:, None]
            table.has_mano[rows] = True
    for row, hand in hands.items():
        if hand.mano is None and hand.vertices_mm is not None:
            table.own_mm[row] = surface_joints_mm(hand, hand_model)


def surface_joints_mm(hand: HandLabel, hand_model: HandModel) -> np.ndarray:
    """Joints (21, 3) of a label's surface: MANO's regressor, and the tips' vertices.

    The regressor is made for the unposed hand; posed, its joints are some millimetres off, which a
    comparison must allow for.
    """
    model = hand_model.of_side(hand.is_right)
    surface_mm = hand.vertices_mm
    return np.concatenate(
        [model.joint_regressor @ surface_mm, surface_mm[model.fingertip_vertices]]
    )
