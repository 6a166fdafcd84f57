"""What an evaluation's report says, as numbers and pictures, without layout."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np

from core.data.frame_index import FrameIndex
from core.evaluation.columns import FrameState
from core.evaluation.report import words
from core.evaluation.store import Evaluation
from core.evaluation.summary import Summary, summarise

WORST_FRAMES = 10
#: Around both hands, as a share of their extent; and the least side of a picture in photo pixels.
_MARGIN, _LEAST_SIDE_PX = 0.25, 120
_JPEG_QUALITY = 88


@dataclass(frozen=True)
class WorstFrame:
    """One of the worst frames.

    Attributes:
        name: ``SEQ/ID``.
        pa_mpjpe_mm, mpjpe_mm, keypoint_error_px: Its errors.
        jpeg: The part of the photo around the hand; empty where there is none.
        size_px: (width, height) of that part.
        truth_px, prediction_px: (21, 2) keypoints in it.
        problem: Why there is no picture.
    """

    name: str
    pa_mpjpe_mm: float
    mpjpe_mm: float
    keypoint_error_px: float
    jpeg: bytes = b""
    size_px: tuple[int, int] = (0, 0)
    truth_px: np.ndarray | None = None
    prediction_px: np.ndarray | None = None
    problem: str = ""


@dataclass(frozen=True)
class Report:
    """Everything on the page.

    Attributes:
        summary: Means, medians, counts.
        errors_mm: Known errors of joints (M, 21) by the names of their columns, for PCK curves.
        frame_errors_mm: Known PA-MPJPE (K,) of the frames.
        worst: The worst frames, the worst first.
        failures: Frames that could not be predicted, and why; only the first ones.
        failure_count: How many there are.
        facts: What was evaluated, name and value.
    """

    evaluation: Evaluation
    summary: Summary
    errors_mm: dict[str, np.ndarray]
    frame_errors_mm: np.ndarray
    worst: tuple[WorstFrame, ...]
    failures: tuple[tuple[str, str], ...]
    failure_count: int
    facts: tuple[tuple[str, str], ...]


def report_of(
    evaluation: Evaluation, index: FrameIndex | None = None, *, command: str = "", shown: int = 20
) -> Report:
    """Gather what the page says of an evaluation, finished or not.

    `index` is the dataset it is of, for the pictures of the worst frames; `command` is how the
    figures are had again; `shown` failures are told with their reasons.
    """
    done = np.array(evaluation.state) != FrameState.PENDING
    frame_errors_mm = np.where(done, evaluation.column("pa_mpjpe_mm"), np.nan)
    problems = evaluation.problems()
    first = list(problems.items())[:shown]
    return Report(
        evaluation=evaluation,
        summary=summarise(evaluation),
        errors_mm={name: evaluation.column(name)[done] for name in words.PCK_NAMES},
        frame_errors_mm=frame_errors_mm[np.isfinite(frame_errors_mm)],
        worst=_worst(evaluation, index, frame_errors_mm),
        failures=tuple((str(evaluation.frame_id(row)), why) for row, why in first),
        failure_count=len(problems),
        facts=_facts(evaluation, command),
    )


def _worst(
    evaluation: Evaluation, index: FrameIndex | None, errors_mm: np.ndarray
) -> tuple[WorstFrame, ...]:
    order = np.argsort(-errors_mm, kind="stable")[:WORST_FRAMES]  # NaN comes last
    rows = [row for row in order.tolist() if np.isfinite(errors_mm[row])]
    return tuple(_worst_frame(evaluation, index, row) for row in rows)


def _worst_frame(evaluation: Evaluation, index: FrameIndex | None, row: int) -> WorstFrame:
    name = str(evaluation.frame_id(row))
    figures = [
        float(evaluation.column(column)[row])
        for column in ("pa_mpjpe_mm", "mpjpe_mm", "keypoint_error_px")
    ]
    if index is None:
        return WorstFrame(name, *figures, problem=words.NO_DATASET)
    try:
        frame = index.read(row)
    except (OSError, ValueError) as error:
        return WorstFrame(name, *figures, problem=str(error))
    prediction_px = np.array(evaluation.column("keypoints_px")[row], float)
    truth_px = np.full((21, 2), np.nan)
    if frame.hand is not None:
        truth_px = frame.camera.project(frame.hand.joints_mm)
    left, top, right, bottom = _part(frame.image, np.concatenate([truth_px, prediction_px]))
    rgb = frame.image[top:bottom, left:right]
    _, jpeg = cv2.imencode(".jpg", rgb[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY))
    corner = np.array([left, top])
    return WorstFrame(
        name,
        *figures,
        jpeg=jpeg.tobytes(),
        size_px=(right - left, bottom - top),
        truth_px=truth_px - corner,
        prediction_px=prediction_px - corner,
    )


def _part(image: np.ndarray, points_px: np.ndarray) -> tuple[int, int, int, int]:
    """The part of a photo (H, W, 3) around points (n, 2): left, top, right, bottom, as wide as 4:3
    where the photo reaches so far."""
    height, width = image.shape[:2]
    known = points_px[np.isfinite(points_px).all(1)]
    known = known[((known >= 0) & (known < (width, height))).all(1)]
    if not len(known):
        return 0, 0, width, height
    middle, extent = (known.min(0) + known.max(0)) / 2, np.ptp(known, axis=0)
    tall = max((1 + 2 * _MARGIN) * extent[1], (1 + 2 * _MARGIN) * extent[0] * 3 / 4, _LEAST_SIDE_PX)
    side = np.minimum([tall * 4 / 3, tall], (width, height))
    low = np.clip(middle - side / 2, 0, np.array([width, height]) - side).astype(int)
    right, bottom = np.minimum(low + side.astype(int), (width, height))
    return int(low[0]), int(low[1]), int(right), int(bottom)


def _facts(evaluation: Evaluation, command: str) -> tuple[tuple[str, str], ...]:
    identity = evaluation.identity
    written = datetime.fromtimestamp((evaluation.folder / "state.npy").stat().st_mtime, UTC)
    digest = identity.dataset_digest[:16]
    facts = [
        (
            words.CHECKPOINT,
            words.CHECKPOINT_VALUE.format(
                name=identity.checkpoint_name, sha256=identity.checkpoint_sha256
            ),
        ),
        (
            words.DATASET,
            words.DATASET_VALUE.format(
                name=identity.dataset_name, root=identity.dataset_root, digest=digest
            ),
        ),
        (words.SPLIT, f"{identity.split}, {identity.count:,} frames"),
        (words.HAND, identity.hand_model),
        (words.DEPTH, words.USES_DEPTH if identity.uses_depth else words.NO_DEPTH),
        (words.EVALUATED, _moment(written)),
        (words.MADE, _moment(datetime.now(UTC))),
        (words.FOLDER, str(Path(evaluation.folder))),
    ]
    return tuple(facts + ([(words.COMMAND, command)] if command else []))


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
