"""One sample before and after a forced change: how its labels moved, how its pixels did."""

from dataclasses import dataclass, replace

import numpy as np

from core.conventions import WRIST
from core.doctor.measures.labels import Labels
from core.doctor.measures.pixel_motion import about_middle, affine_of_points, moved, pixel_motion
from core.doctor.measures.posed_labels import rotations_onto
from core.doctor.subject import Sample, Subject, View
from core.geometry.rotation import about_optical_axis, angle_between_rad, matrix_from_axis_angle

#: Changes nothing, but comes the same way as other views do.
NEUTRAL = View(kind="rotation", amount=0.0)
#: 2D labels that turned less than this did not turn.
_TURNED_RAD = np.radians(5.0)


@dataclass(frozen=True, eq=False)
class Moved:
    """A sample under one change.

    Attributes:
        view: The change.
        before, after: The sample without and with it.
        pixels: Affine (2, 3) by which the pixels moved; None where they do not tell.
    """

    view: View
    before: Sample
    after: Sample
    pixels: np.ndarray | None

    @property
    def expected(self) -> np.ndarray:
        """The affine that was asked for."""
        return expected_motion(self.view, self.before.size_px)

    @property
    def motion(self) -> np.ndarray:
        """What the pixels did, else what was asked for."""
        return self.expected if self.pixels is None else self.pixels

    @property
    def turn_rad(self) -> float:
        """By how much the picture was turned."""
        return turn_of(self.motion)

    def keypoint_error_px(self) -> float:
        """Mean distance between where labels and pixels carried the joints; NaN: no labels.

        The labels' motion is an affine through all joints, so noise of single ones averages out.
        """
        before, after = (Labels.of([s]).keypoints_px[0] for s in (self.before, self.after))
        by_labels = affine_of_points(before, after)
        if by_labels is None:  # a wrist alone must be where the pixels carried it
            return _mean(np.linalg.norm(moved(before, self.motion) - after, axis=-1))
        apart = moved(before, self.motion) - moved(before, by_labels)
        return _mean(np.linalg.norm(apart, axis=-1))

    def joint_error_deg(self) -> float:
        """Angle between the turn of the 3D joints about the wrist and that of the picture."""
        before, after = (Labels.of([s]).joints_mm[0] for s in (self.before, self.after))
        known = np.isfinite(before).all(-1) & np.isfinite(after).all(-1)
        if known.sum() < 4 or not known[WRIST]:
            return np.nan
        points = [side[known] - side[WRIST] for side in (before, after)]
        if not np.abs(points[0]).max() > 1e-6 * np.abs(before[WRIST]).max():
            return np.nan  # a hand that is one point turns with anything
        return self._turn_error_deg(rotations_onto(points[0][None], points[1][None])[0])

    def joint_error_mm(self) -> float:
        """Mean distance between the 3D joints about the wrist and the turned ones before."""
        before, after = (Labels.of([s]).joints_mm[0] for s in (self.before, self.after))
        turned = (before - before[WRIST]) @ about_optical_axis(self.turn_rad).T
        return _mean(np.linalg.norm(turned - (after - after[WRIST]), axis=-1))

    def pose_error_deg(self) -> float:
        """Angle between the turn of the hand's orientation and that of the picture."""
        if self.before.pose_rad is None or self.after.pose_rad is None:
            return np.nan
        before, after = (matrix_from_axis_angle(s.pose_rad[0]) for s in (self.before, self.after))
        return self._turn_error_deg(after @ before.T)

    def _turn_error_deg(self, turn: np.ndarray) -> float:
        """Angle between a turn and the picture's; or that of 2D labels that turned otherwise.

        3D that goes with 2D labels is not at fault where these do not go with the pixels.
        """
        errors = [_degrees(turn, about_optical_axis(self.turn_rad))]
        before, after = (Labels.of([s]).keypoints_px[0] for s in (self.before, self.after))
        labels = affine_of_points(before, after)
        if labels is not None and abs(turn_of(labels)) > _TURNED_RAD:
            errors.append(_degrees(turn, about_optical_axis(turn_of(labels))))
        return float(np.min(errors))

    def camera_error_px(self) -> float:
        """How much further apart 2D labels and projected 3D labels are than before."""
        errors = []
        for sample in (self.before, self.after):
            labels = Labels.of([sample])
            if labels.is_wrist_relative:
                return np.nan
            errors.append(_mean(np.linalg.norm(labels.projected_px - labels.keypoints_px, axis=-1)))
        return max(errors[1] - errors[0], 0.0)


def turn_of(affine: np.ndarray) -> float:
    """The rotation in an affine (2, 3), in radians; positive turns x towards y."""
    return float(np.arctan2(affine[1, 0] - affine[0, 1], affine[0, 0] + affine[1, 1]))


def _degrees(first: np.ndarray, second: np.ndarray) -> float:
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return np.nan
    return float(np.degrees(angle_between_rad(first, second)))


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else np.nan


def expected_motion(view: View, size_px: tuple[int, int]) -> np.ndarray:
    """The affine (2, 3) of the crop's pixels that a view asks for."""
    height, width = size_px
    if view.kind == "rotation":
        return about_middle(about_optical_axis(np.radians(view.amount))[:2, :2], size_px)
    if view.kind == "scale":
        return about_middle(np.eye(2) * view.amount, size_px)
    if view.kind == "flip":
        return about_middle(np.diag([-1.0, 1.0]), size_px)
    shift = {"shift_x": (view.amount * width, 0.0), "shift_y": (0.0, view.amount * height)}
    return about_middle(np.eye(2), size_px, shift.get(view.kind, (0.0, 0.0)))


def force(subject: Subject, row: int, view: View, *, with_pixels: bool = True) -> Moved | None:
    """A row under a change; None where the pipeline has no such change."""
    after = _forced(subject, row, view)
    if after is None:
        return None
    before = _forced(subject, row, NEUTRAL)
    before = subject.samples[row] if before is None else before
    pixels = None
    if with_pixels:
        guesses = [expected_motion(view, before.size_px), about_middle(np.eye(2), before.size_px)]
        opposite = {"scale": 1 / view.amount if view.amount else 1.0}.get(view.kind, -view.amount)
        guesses.append(expected_motion(replace(view, amount=opposite), before.size_px))
        labels = [Labels.of([sample]).keypoints_px[0] for sample in (before, after)]
        by_labels = affine_of_points(*labels)
        if by_labels is not None and np.linalg.cond(by_labels[:, :2]) < 20:
            guesses.append(by_labels)
        pixels = pixel_motion(before.image, after.image, guesses)
    return Moved(view, before, after, pixels)


def _forced(subject: Subject, row: int, view: View) -> Sample | None:
    try:
        return subject.forced(row, view)
    except NotImplementedError:  # how an adapter says that there is no such change
        return None
