"""Two evaluations of one split, frame by frame: who is better, by how much, how sure that is.

Frames of one sequence are nearly the same picture, so 2,000 of them are far less than 2,000
observations; an interval that took them for independent would be several times too narrow. So
sequences are drawn with replacement, and in each of them its frames (a two-stage bootstrap: Davison
and Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8). The mean of the n frames
that are drawn from a sequence is normal for the n that sequences have, with the mean and 1/n of the
variance of its frames: drawing it at once instead of n frames makes 100,000 frames a matter of
milliseconds. An interval within one sequence draws frames alone; it says how sure the difference is
on that sequence, not on others like it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.conventions import JOINT_NAMES
from core.evaluation.columns import SCALARS
from core.evaluation.pck import THRESHOLDS_MM, areas_under_pck, pck
from core.evaluation.store import Evaluation, Identity

#: Of these more is better.
HIGHER_IS_BETTER = ("f5", "f15")
#: Figures that compare two networks; distance and occlusion are the frame's own, and a scale ratio
#: is neither better nor worse for being larger.
COMPARABLE = tuple(
    name for name in SCALARS if name not in ("distance_mm", "occlusion", "scale_ratio")
)
_LEVEL = 0.95
_MOST_ROWS = 50


@dataclass(frozen=True)
class Difference:
    """One figure of both, over the frames that both have it in.

    Attributes:
        name: Of the figure, joint or sequence.
        frames: How many frames.
        first, second: Means; NaN without frames.
        difference: Mean of second − first.
        low, high: Ends of its 95 % interval; NaN where nothing can be said, as with one frame.
    """

    name: str
    frames: int
    first: float
    second: float
    difference: float
    low: float
    high: float

    @property
    def is_decided(self) -> bool:
        """Whether the interval is on one side of zero."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class PckCurve:
    """Share of joints (100,) up to each of `thresholds_mm`, and the area under it."""

    thresholds_mm: np.ndarray
    share: np.ndarray
    auc: float


@dataclass(frozen=True, eq=False)
class Comparison:
    """The second evaluation against the first.

    Attributes:
        first, second: What was evaluated.
        metric: The figure that was compared, one of `COMPARABLE`.
        rows: (M,) rows of the dataset in which both know it.
        first_values, second_values: (M,) there.
        overall: Over all of them.
        figures: Every one of `COMPARABLE`.
        by_joint: By joint, in HO-3D's order: of the aligned errors for a ``pa_`` metric, of
            keypoints in px for one in px, else wrist-aligned.
        by_sequence: In the dataset's order, those that have such frames.
        first_curve, second_curve: PCK of the joints in mm, aligned for a ``pa_`` metric.
        auc: The areas' difference.
        share_better: Share of the frames in which the second is strictly better.
        gains, losses: Rows in which the second is better or worse by most, the most first.
    """

    first: Identity
    second: Identity
    metric: str
    rows: np.ndarray
    first_values: np.ndarray
    second_values: np.ndarray
    overall: Difference
    figures: tuple[Difference, ...]
    by_joint: tuple[Difference, ...]
    by_sequence: tuple[Difference, ...]
    first_curve: PckCurve
    second_curve: PckCurve
    auc: Difference
    share_better: float
    gains: np.ndarray
    losses: np.ndarray

    @property
    def differences(self) -> np.ndarray:
        """(M,) second − first."""
        return self.second_values - self.first_values

    @property
    def better(self) -> str | None:
        """ "first" or "second" where the interval says so, else None."""
        if not self.overall.is_decided:
            return None
        is_larger = self.overall.difference > 0
        return "second" if is_larger == (self.metric in HIGHER_IS_BETTER) else "first"

    def to_json(self) -> dict[str, Any]:
        """As plain values, without the frames' own."""
        plain = lambda differences: [vars(one) for one in differences]
        return {
            "first": vars(self.first),
            "second": vars(self.second),
            "metric": self.metric,
            "better": self.better,
            "share_better": self.share_better,
            "overall": vars(self.overall),
            "figures": plain(self.figures),
            "by_joint": plain(self.by_joint),
            "by_sequence": plain(self.by_sequence),
            "auc": vars(self.auc),
            "pck": {
                "thresholds_mm": self.first_curve.thresholds_mm.tolist(),
                "first": self.first_curve.share.tolist(),
                "second": self.second_curve.share.tolist(),
            },
            "gains": self.gains.tolist(),
            "losses": self.losses.tolist(),
        }


def compare(
    first: Evaluation,
    second: Evaluation,
    *,
    metric: str = "pa_mpjpe_mm",
    resamples: int = 2000,
    seed: int = 0,
) -> Comparison:
    """Compare `second` with `first` on the rows that both have measured so far.

    The same seed gives the same intervals. More than two are compared each with a baseline.

    Raises:
        ValueError: They are not of the same rows, or the metric is none that compares networks.
    """
    _check(first, second, metric)
    bootstrap = Bootstrap(first.names.sequence_codes, resamples=resamples, seed=seed)
    of = lambda name: (_known(first, name), _known(second, name))
    values = of(metric)
    rows = np.flatnonzero(_shared(*values))
    gain = values[0][rows] - values[1][rows]
    if metric in HIGHER_IS_BETTER:
        gain = -gain
    order = np.argsort(-gain, kind="stable")
    joints_mm = of("pa_joint_errors_mm" if metric.startswith("pa_") else "joint_errors_mm")
    joints = of("keypoint_errors_px") if metric.startswith("keypoint") else joints_mm
    by_joint = (
        bootstrap.difference(name, joints[0][:, joint], joints[1][:, joint])
        for joint, name in enumerate(JOINT_NAMES)
    )
    areas = [areas_under_pck(errors).mean(1) for errors in joints_mm]
    return Comparison(
        first=first.identity,
        second=second.identity,
        metric=metric,
        rows=rows,
        first_values=values[0][rows],
        second_values=values[1][rows],
        overall=bootstrap.difference(metric, *values),
        figures=tuple(bootstrap.difference(name, *of(name)) for name in COMPARABLE),
        by_joint=tuple(by_joint),
        by_sequence=_by_sequence(first.names.sequence_names, bootstrap, values),
        first_curve=_curve(joints_mm[0][rows], areas[0][rows]),
        second_curve=_curve(joints_mm[1][rows], areas[1][rows]),
        auc=bootstrap.difference("auc", *areas),
        share_better=float((gain > 0).mean()) if len(rows) else float("nan"),
        gains=rows[order[:_MOST_ROWS]][gain[order[:_MOST_ROWS]] > 0],
        losses=rows[order[::-1][:_MOST_ROWS]][gain[order[::-1][:_MOST_ROWS]] < 0],
    )


def _check(first: Evaluation, second: Evaluation, metric: str) -> None:
    if metric not in COMPARABLE:
        raise ValueError(f"{metric!r} compares no networks; choose one of {', '.join(COMPARABLE)}")
    mine, other = first.identity, second.identity
    if (mine.dataset_digest, mine.split) != (other.dataset_digest, other.split):
        raise ValueError(
            f"{first.folder} is of {mine.dataset_name} / {mine.split}, {second.folder} of "
            f"{other.dataset_name} / {other.split}, or of that dataset before it was changed; "
            "evaluate both on the same frames"
        )


def _known(evaluation: Evaluation, name: str) -> np.ndarray:
    return np.array(evaluation.column(name), float)


def _shared(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.isfinite(first) & np.isfinite(second)


def _curve(errors_mm: np.ndarray, areas: np.ndarray) -> PckCurve:
    known = areas[np.isfinite(areas)]
    auc = float(known.mean()) if len(known) else float("nan")
    return PckCurve(THRESHOLDS_MM, pck(errors_mm), auc)


def _by_sequence(
    names: Sequence[str], bootstrap: "Bootstrap", values: tuple[np.ndarray, np.ndarray]
) -> tuple[Difference, ...]:
    found = []
    for code, name in enumerate(names):
        rows = np.flatnonzero(bootstrap.codes == code)
        first, second = values[0][rows], values[1][rows]
        if _shared(first, second).any():
            found.append(bootstrap.difference(name, first, second, rows=rows))
    return tuple(found)


class Bootstrap:
    """Draws sequences, and frames in them, with replacement; see the module.

    Attributes:
        codes: (N,) number of every row's sequence.
    """

    def __init__(self, codes: np.ndarray, *, resamples: int = 2000, seed: int = 0) -> None:
        if resamples < 2:
            raise ValueError(f"resamples must be at least 2, not {resamples}")
        self.codes = np.asarray(codes)
        self._resamples, self._seed = resamples, seed

    def difference(
        self, name: str, first: np.ndarray, second: np.ndarray, *, rows: np.ndarray | None = None
    ) -> Difference:
        """Of one value a frame, (N,), of all rows or of these."""
        known = np.flatnonzero(_shared(first, second))
        codes = (self.codes if rows is None else self.codes[rows])[known]
        first, second = first[known], second[known]
        if not len(known):
            nothing = [float("nan")] * 5
            return Difference(name, 0, *nothing)
        low, high = self._interval(second - first, codes)
        means = (float(first.mean()), float(second.mean()), float((second - first).mean()))
        return Difference(name, len(known), *means, low, high)

    def _interval(self, differences: np.ndarray, codes: np.ndarray) -> tuple[float, float]:
        if len(differences) < 2:
            return float("nan"), float("nan")
        # Numbers without gaps: a sequence in which nothing is known is none that can be drawn.
        is_there = np.bincount(codes) > 0
        place = (np.cumsum(is_there) - 1)[codes]
        counts = np.bincount(place).astype(float)
        means = np.bincount(place, weights=differences) / counts
        variances = np.bincount(place, weights=(differences - means[place]) ** 2) / counts
        rng = np.random.default_rng(self._seed)
        drawn = rng.integers(0, len(counts), (self._resamples, len(counts)))
        noise = rng.standard_normal(drawn.shape) * np.sqrt(variances / counts)[drawn]
        weights = counts[drawn]
        resampled = ((means[drawn] + noise) * weights).sum(1) / weights.sum(1)
        low, high = np.percentile(resampled, (50 * (1 - _LEVEL), 50 * (1 + _LEVEL)))
        return float(low), float(high)
