"""What of a comparison is looked at: all frames or a sequence's, the figure or one joint's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.conventions import JOINT_NAMES
from core.evaluation.store import Evaluation
from utnet_viewer.compare.metrics import Metric
from utnet_viewer.compare.result import Result
from utnet_viewer.compare.scatter import NOTHING, Cloud
from utnet_viewer.compare.strip import StripItem
from utnet_viewer.mesh.scene import Alignment
from utnet_viewer.numbers import fixed, signed

#: Length of the lists of gains and losses.
MOST_ITEMS = 60


def joint_column(metric: Metric) -> str:
    """The errors by joint that `core.evaluation.comparison` tells with a figure."""
    if metric.key.startswith("pa_"):
        return "pa_joint_errors_mm"
    return "keypoint_errors_px" if metric.key.startswith("keypoint") else "joint_errors_mm"


def alignment_of(metric: Metric) -> Alignment:
    """How the figure moves the prediction before it measures."""
    if metric.key.startswith(("pa_", "f")):
        return Alignment.PROCRUSTES
    return Alignment.ROOT if metric.key in ("mpjpe_mm", "mpvpe_mm") else Alignment.CAMERA


@dataclass(frozen=True, eq=False)
class Look:
    """A result, and what of it is looked at.

    Attributes:
        result: The comparison.
        evaluations: A and B.
        sequence: Only frames of this one; "" for all.
        joint: Errors of this joint instead of the figure; -1 for the figure.
    """

    result: Result
    evaluations: tuple[Evaluation, ...]
    sequence: str = ""
    joint: int = -1

    def changed(self, *, sequence: str | None = None, joint: int | None = None) -> Look:
        """The same result, looked at otherwise."""
        look = self if sequence is None else replace(self, sequence=sequence)
        return look if joint is None else replace(look, joint=joint)

    def cloud(self) -> Cloud:
        """The points of the scatter."""
        result = self.result
        if not len(result.rows):
            return NOTHING
        metric, first, second = result.metric, result.first, result.second
        name, unit, is_score = metric.name, metric.unit, metric.higher_is_better
        if self.joint >= 0:
            column = joint_column(metric)
            first, second = (e.column(column)[result.rows, self.joint] for e in self.evaluations)
            name, is_score = JOINT_NAMES[self.joint], False
            unit = "px" if column.endswith("_px") else "mm"
        return Cloud(
            result.rows, first, second, name, unit, is_score, self._is_shown(), self.sequence
        )

    def _is_shown(self) -> np.ndarray | None:
        names = self.evaluations[0].names
        if not self.sequence or self.sequence not in names.sequence_names:
            return None
        code = names.sequence_names.index(self.sequence)
        return np.asarray(names.sequence_codes[self.result.rows]) == code


def figure_words(value: float, unit: str) -> str:
    """``13.2 mm``, ``0.574``."""
    return f"{fixed(value, 1)} {unit}" if unit else fixed(value, 3)


def difference_words(value: float, unit: str) -> str:
    """``−2.3 mm``, ``+0.031``."""
    return f"{signed(value, 1)} {unit}" if unit else signed(value, 3)


def item_of(look: Look, cloud: Cloud, position: int) -> StripItem:
    """A frame of the cloud in words."""
    row = int(cloud.rows[position])
    first, second = float(cloud.first[position]), float(cloud.second[position])
    return StripItem(
        row,
        str(look.evaluations[0].frame_id(row)),
        figure_words(first, cloud.unit),
        figure_words(second, cloud.unit),
        difference_words(second - first, cloud.unit),
    )


def extremes(look: Look, cloud: Cloud) -> tuple[Sequence[StripItem], Sequence[StripItem]]:
    """The frames where B gains most, and where it loses most, among those that are shown."""
    gain = np.asarray(cloud.first, float) - cloud.second
    gain = -gain if cloud.higher_is_better else gain
    gain = np.where(np.isfinite(gain), gain, 0.0)
    if cloud.is_shown is not None:
        gain = np.where(cloud.is_shown, gain, 0.0)
    best, worst = _largest(gain), _largest(-gain)
    return [item_of(look, cloud, n) for n in best], [item_of(look, cloud, n) for n in worst]


def _largest(values: np.ndarray) -> list[int]:
    """Positions of the largest positive values, the largest first."""
    positions = np.arange(len(values))
    if len(values) > MOST_ITEMS:  # sorting 100,000 to see 60 of them would take ten times as long
        positions = np.sort(np.argpartition(-values, MOST_ITEMS)[:MOST_ITEMS])
    order = positions[np.argsort(-values[positions], kind="stable")]
    return [n for n in order.tolist() if values[n] > 0]
