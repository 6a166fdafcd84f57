"""Which joint is which, and along which axes: labels against hands posed by a model."""

from dataclasses import dataclass
from itertools import permutations, product

import numpy as np
from scipy.optimize import linear_sum_assignment

from core.conventions import BONES, HO3D_TO_OPENPOSE, MANO_JOINT_COUNT

_AXIS_NAMES = "xyz"


def signed_axes() -> list[np.ndarray]:
    """The 48 matrices that swap and turn over axes; the identity first."""
    return [
        np.diag(signs) @ np.eye(3)[list(order)]
        for order in permutations(range(3))
        for signs in product((1.0, -1.0), repeat=3)
    ]


def name_axes(axes: np.ndarray) -> str:
    """What the labels' x, y and z are in the pose's axes: "x, -y, -z"."""
    names = []
    for row in axes:
        column = int(np.abs(row).argmax())
        names.append(("-" if row[column] < 0 else "") + _AXIS_NAMES[column])
    return ", ".join(names)


@dataclass(frozen=True, eq=False)
class Match:
    """Labels as an order and axes of posed joints: ``labels[k] = axes @ posed[order[k]]``.

    Attributes:
        axes: (3, 3).
        order: (J,).
        distances_mm: (J,) of each label, mean over hands.
    """

    axes: np.ndarray
    order: np.ndarray
    distances_mm: np.ndarray

    @property
    def cost_mm(self) -> float:
        """Mean over the joints."""
        return float(self.distances_mm.mean())

    @property
    def keeps_axes(self) -> bool:
        """Whether the axes are the same."""
        return bool(np.array_equal(self.axes, np.eye(3)))

    @property
    def moved(self) -> np.ndarray:
        """(J,) which labels are other joints' labels."""
        return self.order != np.arange(len(self.order))


def _distances(posed: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(J, J) mean distance over hands of posed joint (row) and label (column)."""
    return np.linalg.norm(posed[:, :, None] - labels[:, None], axis=-1).mean(0)


def as_labelled(posed: np.ndarray, labels: np.ndarray) -> Match:
    """The match that is claimed: same axes, same order."""
    order = np.arange(posed.shape[1])
    return Match(np.eye(3), order, _distances(posed, labels).diagonal())


def best_match(posed: np.ndarray, labels: np.ndarray) -> Match:
    """The best of 48 axes, each with the best assignment of joints (the Hungarian method).

    Arrays are (N, J, 3), centred.
    """
    matches = []
    for axes in signed_axes():
        distances = _distances(posed @ axes.T, labels)
        rows, columns = linear_sum_assignment(distances)
        order = np.empty_like(rows)
        order[columns] = rows
        matches.append(Match(axes, order, distances[order, np.arange(len(order))]))
    return min(matches, key=lambda match: match.cost_mm)


def name_order(order: np.ndarray) -> str:
    """ "" for the same order, else the cause that has this one. `order` is of all 21 joints."""
    if np.array_equal(order, np.arange(len(order))):
        return ""
    if np.array_equal(order, HO3D_TO_OPENPOSE):
        return "thumb_first"
    if np.array_equal(order[:MANO_JOINT_COUNT], np.arange(MANO_JOINT_COUNT)):
        return "tips_reordered"
    return "joints_permuted"


def bone_errors(labels_mm: np.ndarray, rest_mm: np.ndarray, order: np.ndarray) -> np.ndarray:
    """(20,) how far each bone is from a bone, if ``labels[k]`` is joint ``order[k]``.

    |median of log length over the rest hand's| plus its deviation over hands: bones do not grow
    with the pose. `labels_mm` is (N, 21, 3), `rest_mm` (21, 3).
    """
    parents, children = np.array(BONES).T
    true = np.empty_like(labels_mm)
    true[:, order] = labels_mm
    lengths = np.linalg.norm(true[:, children] - true[:, parents], axis=-1)
    rest = np.linalg.norm(rest_mm[children] - rest_mm[parents], axis=-1)
    ratio = np.log(np.maximum(lengths, 1e-3) / rest)
    ratio -= np.median(ratio)
    middle = np.median(ratio, axis=0)
    return np.abs(middle) + np.median(np.abs(ratio - middle), axis=0)


def best_order_of_bones(labels_mm: np.ndarray, rest_mm: np.ndarray) -> np.ndarray:
    """Of the same order, thumb-first, and every order of the tips: the one that makes bones."""
    same = np.arange(21)
    orders = [same, np.array(HO3D_TO_OPENPOSE)]
    tips = same[MANO_JOINT_COUNT:]
    orders += [np.concatenate([same[:MANO_JOINT_COUNT], order]) for order in permutations(tips)]
    return min(orders, key=lambda order: float(bone_errors(labels_mm, rest_mm, order).mean()))
