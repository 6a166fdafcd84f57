"""What the mesh view shows of a sample: both hands in one alignment, errors, points. No Qt."""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from core.conventions import WRIST
from core.data.frame import Frame
from core.evaluation.alignment import procrustes_align, wrist_align
from core.hand.hand_model import HandMesh
from utnet_viewer.document import Sample
from utnet_viewer.mesh.renderer import PointCloud

#: Side of the ground's squares.
GROUND_STEP_MM = 20.0
#: Depth farther than this from the hand's box is left out, and so many points are kept.
NEIGHBOURHOOD_MM, MOST_POINTS = 60.0, 12_000


class Alignment(Enum):
    """How the prediction is moved before it is compared; the truth never moves."""

    CAMERA = "Camera"
    ROOT = "Root"
    PROCRUSTES = "Procrustes"


@dataclass(frozen=True)
class MeshScene:
    """Everything in millimetres, camera axes, relative to `anchor_mm`.

    Attributes:
        anchor_mm: (3,) the true hand's middle (the predicted one's without truth).
        truth, prediction: Hands, or None; the prediction is aligned.
        vertex_errors_mm: (V,) in this alignment, or None without both surfaces.
        is_right: Side of the hand.
        camera_frame: The frame, for depth and object; None without one.
        problems: What is not drawn and why, one sentence each.
    """

    anchor_mm: np.ndarray
    truth: HandMesh | None = None
    prediction: HandMesh | None = None
    vertex_errors_mm: np.ndarray | None = None
    is_right: bool = True
    frame: Frame | None = None
    problems: tuple[str, ...] = ()

    @property
    def reference(self) -> HandMesh | None:
        """The hand that presets and the ground go by."""
        return self.truth if self.truth is not None else self.prediction

    @property
    def points_mm(self) -> np.ndarray:
        """All vertices (n, 3) on screen; empty without a hand."""
        hands = [hand.vertices_mm for hand in (self.truth, self.prediction) if hand is not None]
        return np.concatenate(hands) if hands else np.empty((0, 3))

    def object_corners_mm(self) -> np.ndarray | None:
        """(8, 3) relative to the anchor, or None."""
        if self.frame is None or self.frame.object is None:
            return None
        corners_mm = np.asarray(self.frame.object.corners_mm, float) - self.anchor_mm
        return corners_mm if np.isfinite(corners_mm).all() else None


def ground_under(
    scene: MeshScene, previous_mm: tuple[float, float, float] | None
) -> tuple[float, float, float]:
    """Where the grid lies under the hands: its middle, relative to the anchor.

    `previous_mm` is kept while it still suits, so that the ground stands still when stepping.
    """
    low, high = scene.points_mm.min(0), scene.points_mm.max(0)
    x, _, z = np.round((low + high) / 2 / GROUND_STEP_MM) * GROUND_STEP_MM
    if previous_mm is not None and 10 < previous_mm[1] - high[1] < 60:
        return previous_mm
    return float(x), float(high[1] + 25), float(z)


def build_scene(sample: Sample, alignment: Alignment, *, is_right: bool = True) -> MeshScene | None:
    """Arrange a sample's hands, or None where there is neither."""
    problems: list[str] = []
    truth = usable_hand(sample.truth, "ground truth", problems)
    prediction = None
    if sample.prediction is not None:
        predicted = HandMesh(sample.prediction.vertices_mm, sample.prediction.joints_mm)
        prediction = usable_hand(predicted, "prediction", problems)
    reference = truth if truth is not None else prediction
    if reference is None:
        return MeshScene(np.zeros(3), problems=tuple(problems)) if problems else None
    if truth is not None and prediction is not None:
        prediction = usable_hand(
            align(prediction, truth, alignment), "aligned prediction", problems
        )
    anchor_mm = reference.joints_mm.mean(0)
    truth, prediction = _moved(truth, -anchor_mm), _moved(prediction, -anchor_mm)
    errors_mm = None
    if truth is not None and prediction is not None:
        errors_mm = np.linalg.norm(prediction.vertices_mm - truth.vertices_mm, axis=1)
    label = sample.frame.hand if sample.frame is not None else None
    return MeshScene(
        anchor_mm=anchor_mm,
        truth=truth,
        prediction=prediction,
        vertex_errors_mm=errors_mm,
        is_right=label.is_right if label is not None else is_right,
        frame=sample.frame,
        problems=tuple(problems),
    )


def align(prediction: HandMesh, truth: HandMesh, alignment: Alignment) -> HandMesh:
    """Move a prediction (both in camera axes, mm) for comparison with the truth.

    Procrustes moves vertices and joints together by the similarity that suits the vertices best,
    as PA-MPVPE does; PA-MPJPE, which suits the joints best, can differ a little.
    """
    if alignment is Alignment.CAMERA:
        return prediction
    if alignment is Alignment.ROOT:
        wrists = {"wrist_mm": prediction.joints_mm[WRIST], "onto_mm": truth.joints_mm[WRIST]}
        vertices_mm = wrist_align(prediction.vertices_mm, **wrists)
        return HandMesh(vertices_mm, wrist_align(prediction.joints_mm, **wrists))
    vertices_mm = procrustes_align(prediction.vertices_mm, truth.vertices_mm)
    if not np.isfinite(vertices_mm).all():
        return HandMesh(vertices_mm, vertices_mm[: len(prediction.joints_mm)])
    # The same similarity for the joints, read off the vertices it moved.
    before = prediction.vertices_mm - prediction.vertices_mm.mean(0)
    after = vertices_mm - vertices_mm.mean(0)
    similarity, *_ = np.linalg.lstsq(before, after, rcond=None)
    joints_mm = (prediction.joints_mm - prediction.vertices_mm.mean(0)) @ similarity
    return HandMesh(vertices_mm, joints_mm + vertices_mm.mean(0))


def depth_cloud(scene: MeshScene) -> PointCloud | None:
    """Measured depth around the hand, coloured by the photo; None where the frame has none."""
    frame, points_mm = scene.frame, scene.points_mm
    if frame is None or frame.depth_mm is None or len(points_mm) == 0:
        return None
    low = points_mm.min(0) - NEIGHBOURHOOD_MM + scene.anchor_mm
    high = points_mm.max(0) + NEIGHBOURHOOD_MM + scene.anchor_mm
    near_mm = max(low[2], 1.0)
    box = np.array([[x, y, near_mm] for x in (low[0], high[0]) for y in (low[1], high[1])])
    box_px = frame.camera.project(box)
    height, width = frame.depth_mm.shape
    x1, y1 = np.clip(box_px.min(0).astype(int), 0, [width, height])
    x2, y2 = np.clip(box_px.max(0).astype(int) + 1, 0, [width, height])
    step = max(1, int(np.ceil(np.sqrt((x2 - x1) * (y2 - y1) / MOST_POINTS))))
    y, x = np.mgrid[y1:y2:step, x1:x2:step].reshape(2, -1)
    depth_mm = frame.depth_mm[y, x]
    kept = (depth_mm > low[2]) & (depth_mm < high[2]) & (depth_mm > 0)
    pixels_px = np.stack([x[kept], y[kept]], axis=1)
    cloud_mm = frame.camera.unproject(pixels_px, depth_mm[kept]) - scene.anchor_mm
    return PointCloud(cloud_mm, np.ascontiguousarray(frame.image[y[kept], x[kept]]))


def usable_hand(hand: HandMesh | None, name: str, problems: list[str]) -> HandMesh | None:
    """The hand, or None with a sentence in `problems` where it cannot be drawn."""
    if hand is None:
        return None
    bad = int((~np.isfinite(hand.vertices_mm).all(1)).sum())
    if bad or not np.isfinite(hand.joints_mm).all():
        count = len(hand.vertices_mm)
        problems.append(f"The {name} is not drawn: {bad} of {count} vertices are not numbers.")
        return None
    if np.ptp(hand.vertices_mm, axis=0).max() < 1e-3:
        problems.append(f"The {name} is not drawn: all its vertices lie in one point.")
        return None
    return hand


def _moved(hand: HandMesh | None, shift_mm: np.ndarray) -> HandMesh | None:
    if hand is None:
        return None
    return HandMesh(hand.vertices_mm + shift_mm, hand.joints_mm + shift_mm)
