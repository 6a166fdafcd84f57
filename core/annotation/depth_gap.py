"""How far a label leaves the surface that the depth camera measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.data.frame import Frame
from core.data.frame_index import FrameIndex
from core.data.pictures import PictureError
from core.data.problems import UnreadableFrameError
from core.geometry.crop import CropTransform
from core.hand.hand_model import HandModel

#: The hand's box is cut out of the depth picture with this margin, at this size (height, width).
_MARGIN, _SIZE_PX = 1.1, (256, 192)
#: Of the vertices in a cell this large only those are seen that are nearly the nearest there.
_CELL_PX, _SKIN_MM = 8, 8.0
#: With fewer seen vertices that have depth nothing is said.
_LEAST_SEEN = 30
#: Outlines are ragged and labels some millimetres off, so that so much of the visible skin may
#: stand before nothing; and all but so much of it may be hidden, by the held object for one.
_RAGGED_SHARE, _LEAST_SHOWN_SHARE = 0.15, 0.1


@dataclass(frozen=True)
class DepthGap:
    """A label beside the measured surface; NaN where that cannot be said.

    Attributes:
        before_mm: So far at least 15 % of the skin that faces the camera float in front of anything
            that was measured.
        behind_mm: So far at least 90 % of it lie behind what was measured.
    """

    before_mm: float
    behind_mm: float


UNKNOWN = DepthGap(float("nan"), float("nan"))


def depth_gap(index: FrameIndex, row: int, frame: Frame, hand_model: HandModel) -> DepthGap:
    """Measure a row's label; `frame` holds its labels (`FrameIndex.read_labels`)."""
    surface_mm = _surface_mm(frame, hand_model)
    if surface_mm is None:
        return UNKNOWN
    points_px = frame.camera.project(surface_mm)
    low, high = points_px.min(0), points_px.max(0)
    if not np.isfinite(points_px).all() or (high - low).min() < 4:
        return UNKNOWN
    crop = CropTransform.around_box(np.append(low, high), margin=_MARGIN, size_px=_SIZE_PX)
    try:
        (_, depth_mm), *_ = index.read_crops([row], [crop])
    except (UnreadableFrameError, PictureError):
        return UNKNOWN  # the window says of such frames what is wrong with them
    if depth_mm is None:
        return UNKNOWN
    return gap_of(depth_mm, crop.keypoints(points_px), surface_mm[:, 2])


def residuals_mm(depth_mm: np.ndarray, points_px: np.ndarray, z_mm: np.ndarray) -> np.ndarray:
    """Measured minus labelled depth (M,) of the vertices that the camera sees and has depth of.

    Args:
        depth_mm: (H, W), 0 where unknown.
        points_px: (V, 2) vertices in its pixels.
        z_mm: (V,) their distances along the optical axis.
    """
    height, width = depth_mm.shape
    x, y = np.rint(points_px).astype(int).T
    is_inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    x, y, z_mm = x[is_inside], y[is_inside], z_mm[is_inside]
    cells = (y // _CELL_PX) * (width // _CELL_PX + 1) + x // _CELL_PX
    nearest_mm = np.full(cells.max(initial=0) + 1, np.inf)
    np.minimum.at(nearest_mm, cells, z_mm)
    measured_mm = depth_mm[y, x]
    is_seen = (z_mm <= nearest_mm[cells] + _SKIN_MM) & (measured_mm > 0)
    return measured_mm[is_seen] - z_mm[is_seen]


def gap_of(depth_mm: np.ndarray, points_px: np.ndarray, z_mm: np.ndarray) -> DepthGap:
    """The gap of vertices; see `residuals_mm`."""
    residuals = residuals_mm(depth_mm, points_px, z_mm)
    if len(residuals) < _LEAST_SEEN:
        return UNKNOWN
    before, behind = np.quantile(residuals, (1 - _RAGGED_SHARE, 1 - _LEAST_SHOWN_SHARE))
    return DepthGap(max(float(before), 0.0), max(-float(behind), 0.0))


def _surface_mm(frame: Frame, hand_model: HandModel) -> np.ndarray | None:
    hand = frame.hand
    if hand is None:
        return None
    if hand.vertices_mm is not None:
        return hand.vertices_mm
    if hand.mano is None:
        return None
    return hand_model.of_side(hand.is_right).pose(hand.mano).vertices_mm
