"""What is drawn over the picture, as numbers: all in pixels of the picture that is shown."""

from dataclasses import dataclass

import cv2
import numpy as np

from core.geometry.crop import CropTransform
from core.hand.hand_model import HandModel
from utnet_viewer.document import Sample

#: A joint this far behind the measured surface counts as hidden: a joint inside a finger lies
#: about 10 mm under its own skin, inside the wrist about 20 mm.
HIDDEN_BEHIND_MM = 35.0

#: Edges between HO-3D's eight box corners (x slowest, z fastest).
CUBOID_EDGES = (
    (0, 1), (1, 3), (3, 2), (2, 0), (4, 5), (5, 7), (7, 6), (6, 4), (0, 4), (1, 5), (2, 6), (3, 7),
)  # fmt: skip

#: Masks for outlines are drawn about this large, whatever the hand's size in the photo.
_MASK_SIDE_PX = 320
#: How far the simplified outline may be off, in pixels of the mask.
_OUTLINE_TOLERANCE = 0.9


@dataclass(frozen=True)
class Overlay:
    """Geometry over the picture; parts are None where the sample does not know them.

    Attributes:
        truth_px: (21, 2) labelled keypoints, NaN where there is none.
        prediction_px: (21, 2) predicted keypoints.
        hidden: (21,) labelled joints that lie behind the measured surface.
        hand_box_px: (4, 2) corners of the hand's box.
        crop_px: (4, 2) corners of the network's crop.
        object_px: (8, 2) corners of the object's box.
        object_back: The object corner farthest from the camera, whose edges are hidden.
        object_name: Its name, or "".
        hand_points_px: (n, 2) points of both hands that cards must not cover.
    """

    truth_px: np.ndarray | None
    prediction_px: np.ndarray | None
    hidden: np.ndarray
    hand_box_px: np.ndarray | None
    crop_px: np.ndarray | None
    object_px: np.ndarray | None
    object_back: int
    object_name: str
    hand_points_px: np.ndarray


def shown_crop(sample: Sample) -> CropTransform | None:
    """The crop of the sample: the one the network saw, else the one it would see."""
    if sample.prediction is not None:
        return sample.prediction.crop
    return None if sample.frame is None else sample.frame.crop()


def build_overlay(sample: Sample, *, in_crop: bool) -> Overlay:
    """Geometry over the photo (or over the crop) of a sample that has a frame."""
    frame, prediction, crop = sample.frame, sample.prediction, shown_crop(sample)
    place = crop.keypoints if in_crop and crop is not None else np.asarray
    joints_mm = None if frame.hand is None else frame.hand.joints_mm
    truth_px = None if joints_mm is None else frame.camera.project(joints_mm)
    box = frame.hand_box_px()
    object_mm = None if frame.object is None else frame.object.corners_mm
    points = [np.empty((0, 2))]
    if truth_px is not None:
        points.append(truth_px)
    if prediction is not None:
        points.append(prediction.keypoints_px)
    for vertices_mm in hand_surfaces_mm(sample):
        points.append(frame.camera.project(vertices_mm[::12]))
    hand_points = np.concatenate(points)
    return Overlay(
        truth_px=None if truth_px is None else place(truth_px),
        prediction_px=None if prediction is None else place(prediction.keypoints_px),
        hidden=_hidden(sample, truth_px),
        hand_box_px=None if box is None else place(_corners(box)),
        crop_px=None if crop is None else place(crop_corners_px(crop)),
        object_px=None if object_mm is None else place(frame.camera.project(object_mm)),
        object_back=0 if object_mm is None else int(np.nanargmax(object_mm[:, 2])),
        object_name="" if frame.object is None else frame.object.name,
        hand_points_px=place(hand_points[np.isfinite(hand_points).all(1)]),
    )


def hand_surfaces_mm(sample: Sample) -> list[np.ndarray]:
    """Vertices (778, 3) of the hands that are known: truth first, then prediction."""
    surfaces = [] if sample.truth is None else [sample.truth.vertices_mm]
    return surfaces + ([] if sample.prediction is None else [sample.prediction.vertices_mm])


def crop_corners_px(crop: CropTransform) -> np.ndarray:
    """The crop's outer pixel edges (4, 2) in the photo, clockwise from its top left."""
    height, width = crop.size_px
    x1, y1, x2, y2 = -0.5, -0.5, width - 0.5, height - 0.5
    return crop.keypoints_to_photo(np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]]))


def faces_by_part(hand_model: HandModel) -> list[np.ndarray]:
    """The model's faces [(n, 3)], link by link, as the skin follows its sixteen joints."""
    part = hand_model.skinning_weights.argmax(1)[hand_model.faces[:, 0]]
    return [hand_model.faces[part == joint] for joint in sorted(set(part.tolist()))]


def surface_outline_px(points_px: np.ndarray, parts: list[np.ndarray]) -> list[np.ndarray]:
    """Outlines [(n, 2)] of a projected surface, in the pixels of `points_px` (778, 2).

    `parts` are from `faces_by_part`. Empty where a vertex is not in front of the camera.
    """
    if not np.isfinite(points_px).all():
        return []
    low, high = points_px.min(0), points_px.max(0)
    side = float((high - low).max())
    if not 0 < side < 1e5:
        return []
    scale = _MASK_SIDE_PX / side
    mask = np.zeros((_MASK_SIDE_PX + 8, _MASK_SIDE_PX + 8), np.uint8)
    # Four fractional bits: triangles keep their sub-pixel place.
    corners = np.round(((points_px - low) * scale + 4) * 16).astype(np.int32)
    for faces in parts:
        triangles = corners[faces]
        first, second = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
        is_front = first[:, 0] * second[:, 1] < first[:, 1] * second[:, 0]
        # One call fills by the even-odd rule: what may overlap needs calls of its own. The same
        # side of one link hardly ever does.
        for side_faces in (triangles[is_front], triangles[~is_front]):
            cv2.fillPoly(mask, side_faces, 255, cv2.LINE_8, 4)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    contours = [cv2.approxPolyDP(c, _OUTLINE_TOLERANCE, closed=True) for c in contours]
    return [(c[:, 0].astype(float) - 4) / scale + low for c in contours if len(c) > 8]


def _corners(box_px: np.ndarray) -> np.ndarray:
    x1, y1, x2, y2 = (float(v) for v in box_px)
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])


def _hidden(sample: Sample, truth_px: np.ndarray | None) -> np.ndarray:
    """Which labelled joints lie clearly behind what the depth camera saw at their pixel."""
    hidden = np.zeros(21, bool)
    depth_mm = sample.frame.depth_mm
    if truth_px is None or depth_mm is None:
        return hidden
    height, width = depth_mm.shape
    column, row = np.nan_to_num(truth_px, nan=-1).round().clip(-1, 1e6).astype(int).T
    inside = (column >= 1) & (column < width - 1) & (row >= 1) & (row < height - 1)
    around = np.array([-1, 0, 1])
    rows = row[inside, None, None] + around[:, None]
    columns = column[inside, None, None] + around
    # The farthest of nine: beside an edge, only one that is hidden for certain counts.
    seen_mm = depth_mm[rows, columns].max((1, 2))
    behind_mm = sample.frame.hand.joints_mm[inside, 2] - seen_mm
    hidden[inside] = (seen_mm > 0) & (behind_mm > HIDDEN_BEHIND_MM)
    return hidden
