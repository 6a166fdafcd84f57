"""From a finished evaluation to the prediction file that HO-3D's evaluation takes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.conventions import WRIST
from core.data.ho3d.prediction_file import write_prediction
from core.evaluation.store import Evaluation, FrameState
from core.hand.hand_model import HandModel, ManoParameters

_NAMED = 3


class SubmissionError(ValueError):
    """Predictions that cannot be submitted; the text names the frames and says what to do."""


@dataclass(frozen=True)
class Submission:
    """What was written.

    Attributes:
        path: The zip.
        count: Hands in it: every frame of the list.
        filled: How many of them are the resting hand, because there was no prediction.
    """

    path: Path
    count: int
    filled: int


def write_submission(
    evaluation: Evaluation,
    hand_model: HandModel,
    path: Path,
    *,
    fill_missing: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Submission:
    """Check an evaluation's hands and write them, in the order of its dataset's list.

    Nothing is written, and a file that was there before stays, unless every hand is right: finite
    and in front of the camera.

    Args:
        evaluation: A finished one.
        hand_model: That it was made with: it poses the vertices.
        path: The zip.
        fill_missing: Give frames without a prediction a resting hand in the middle of the others.
        progress: Called with the hands written and in all.

    Raises:
        SubmissionError: a frame has no prediction, or one that is not right.
        DiskFullError, OSError: the file cannot be written.
    """
    if not evaluation.is_complete:
        raise SubmissionError(
            f"{evaluation.folder}: {evaluation.done} of {len(evaluation)} frames are evaluated; "
            "finish the evaluation first"
        )
    missing = np.flatnonzero(np.asarray(evaluation.state) == FrameState.FAILED)
    if len(missing) and not fill_missing:
        raise SubmissionError(_tell_missing(evaluation, missing))
    joints_mm = np.array(evaluation.column("joints_mm"), float)
    resting = _resting_hand(hand_model, joints_mm, missing)
    if resting is not None:
        joints_mm[missing] = resting.joints_mm
    _check(evaluation, joints_mm, range(len(joints_mm)))
    fill = {} if resting is None else dict.fromkeys(missing.tolist(), resting.vertices_mm)
    total = len(joints_mm)
    write_prediction(
        path,
        joints_mm,
        _vertices_mm(evaluation, hand_model, fill),
        progress=lambda done: None if progress is None else progress(done, total),
    )
    return Submission(path, total, len(missing))


def _tell_missing(evaluation: Evaluation, rows: np.ndarray) -> str:
    reasons = evaluation.problems()
    told = "; ".join(
        f"{evaluation.frame_id(row)} ({reasons.get(row, 'no reason was kept')})"
        for row in rows[:_NAMED].tolist()
    )
    more = f"; and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
    return (
        f"{len(rows)} of {len(evaluation)} frames have no prediction: {told}{more}. Every frame of "
        "the list needs one; --fill-missing writes a resting hand there"
    )


def _resting_hand(hand_model: HandModel, joints_mm: np.ndarray, missing: np.ndarray):
    """A flat hand of mean shape, its wrist at the median of the predicted ones; None if not due."""
    if not len(missing):
        return None
    wrists_mm = np.delete(joints_mm[:, WRIST], missing, axis=0)
    if not len(wrists_mm):
        raise SubmissionError("no frame has a prediction, so there is no place for a resting hand")
    zeros = ManoParameters(np.zeros(3), np.zeros(45), np.zeros(10), np.median(wrists_mm, axis=0))
    return hand_model.pose(zeros)


def _vertices_mm(
    evaluation: Evaluation, hand_model: HandModel, fill: dict[int, np.ndarray]
) -> Iterator[np.ndarray]:
    """Each row's vertices (778, 3), checked."""
    for row in range(len(evaluation)):
        if row in fill:
            yield fill[row]
            continue
        prediction = evaluation.prediction(row, hand_model)
        _check(evaluation, prediction.vertices_mm[None], [row])
        yield prediction.vertices_mm


def _check(evaluation: Evaluation, points_mm: np.ndarray, rows) -> None:
    """Raise unless all points (N, K, 3) of these rows are finite and in front of the camera."""
    finite = np.isfinite(points_mm).all((1, 2))
    with np.errstate(invalid="ignore"):
        in_front = (points_mm[..., 2] > 0).all(1)
    for is_right, text in (
        (finite, "a prediction that is not finite numbers"),
        (in_front, "a predicted hand that is not all in front of the camera"),
    ):
        wrong = np.flatnonzero(~is_right)
        if len(wrong):
            names = [str(evaluation.frame_id(rows[number])) for number in wrong[:_NAMED].tolist()]
            more = f" and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
            raise SubmissionError(
                f"{', '.join(names)}{more} has {text}; nothing was written. Look at it in the "
                "window: the checkpoint or the frame is broken"
            )
