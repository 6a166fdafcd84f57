"""What to look at next: the labels of a split that are most likely wrong, and why.

Every reason (`label_reasons`, `prediction_reasons`) gives each frame a score: how far its figure
lies beyond what is usual in this split. One rank is made of all of them. Nothing is trained and no
scale is set by hand but the size of a label's noise; `docs/annotate.md` has what it finds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.annotation.label_reasons import label_reasons
from core.annotation.label_table import LabelTable, Progress, read_labels
from core.annotation.neighbours import shots
from core.annotation.prediction_reasons import Predictions, prediction_reasons
from core.annotation.reasons import Reason
from core.conventions import JOINT_NAMES
from core.data.frame_index import FrameIndex
from core.hand.hand_model import HandModel

#: So many frames are suggested where nobody says how many: a share of the split, and no fewer than.
USUAL_SHARE, USUAL_LEAST = 0.04, 20
#: Further reasons are told where they alone would be unusual.
_MORE_SCORE, _MORE = 2.0, 2


@dataclass(frozen=True)
class Told:
    """A reason as people are told it: its key, a sentence, and its figure with unit."""

    reason: str
    words: str
    value: float
    unit: str


@dataclass(frozen=True)
class Suggestion:
    """A frame to look at.

    Attributes:
        row: Of the split.
        frame: "SEQ/ID".
        score: Large is suspicious; see `rank`.
        because: The strongest reason first.
    """

    row: int
    frame: str
    score: float
    because: tuple[Told, ...]

    @property
    def words(self) -> str:
        """Its strongest reason: "41 mm behind the depth map"."""
        return self.because[0].words


def suggest(
    index: FrameIndex,
    hand_model: HandModel,
    *,
    predictions: Predictions | None = None,
    limit: int | None = None,
    progress: Progress | None = None,
) -> list[Suggestion]:
    """Read all labels and their depth, and name the frames to look at, the most suspicious first.

    Args:
        index: A split.
        hand_model: The hand that the labels' parameters pose.
        predictions: What a checkpoint says of the same rows, if one was asked.
        limit: At most so many; by default 4 % of the rows.
        progress: Called with rows done and in all.

    Raises:
        StoppedError: `progress` gave False.
    """
    table = read_labels(index, hand_model, progress=progress)
    reasons = reasons_of(index, table, predictions)
    score = rank(reasons)
    if limit is None:
        limit = max(round(USUAL_SHARE * len(index)), USUAL_LEAST)
    rows = np.argsort(-score, kind="stable")[:limit]
    scores = np.array([reason.scores for reason in reasons])
    return [
        Suggestion(
            row=row,
            frame=str(index.frame_id(row)),
            score=round(float(score[row]), 3),
            because=_because(reasons, scores[:, row], row),
        )
        for row in rows[score[rows] > 0].tolist()
    ]


def reasons_of(
    index: FrameIndex, table: LabelTable, predictions: Predictions | None
) -> list[Reason]:
    """Every reason that there are figures for."""
    stretches = shots(index)
    reasons = label_reasons(table, index.sequence_codes, stretches)
    if predictions is not None:
        reasons += prediction_reasons(table, predictions, stretches)
    return [reason for reason in reasons if np.isfinite(reason.badness).any()]


def rank(reasons: Sequence[Reason]) -> np.ndarray:
    """(N,) one score of all reasons: the sum of the logarithms of what is beyond the usual.

    Errors of labels and networks have heavy tails: far out, a score s is passed with a probability
    that falls like a power of s, whose logarithm is what evidence adds up by (Fisher's method).
    Below 1, where nine tenths of the frames lie, a reason says nothing; of reasons from one source,
    which are no independent witnesses, the strongest counts.
    """
    strongest: dict[str, np.ndarray] = {}
    for reason in reasons:
        scores = np.maximum(reason.scores, 1.0)
        strongest[reason.source] = np.maximum(strongest.get(reason.source, scores), scores)
    return np.log(list(strongest.values())).sum(0) if strongest else np.empty(0)


def _because(reasons: Sequence[Reason], scores: np.ndarray, row: int) -> tuple[Told, ...]:
    order = np.argsort(-scores, kind="stable")
    chosen = [
        order[0],
        *(number for number in order[1 : 1 + _MORE] if scores[number] > _MORE_SCORE),
    ]
    return tuple(tell(reasons[number], row) for number in chosen)


def tell(reason: Reason, row: int) -> Told:
    """What a reason says of a row."""
    value = float(reason.values[row])
    joint = int(reason.joints[row])
    figure = f"{value:.0f} {reason.unit}" if abs(value) >= 10 else f"{value:.1f} {reason.unit}"
    words = reason.words.format(
        value=figure, joint=JOINT_NAMES[joint], side="behind" if joint else "in front of"
    )
    return Told(reason.key, words, round(value, 2), reason.unit)
