"""Orientations put into the joints' frame, view by view as the pipeline turned them."""

from dataclasses import replace

import numpy as np

from core.doctor.measures.posed_labels import PosedLabels, rotations_onto
from core.doctor.subject import Sample, Subject, View
from core.geometry.rotation import axis_angle_from_matrix, matrix_from_axis_angle


def reoriented(subject: Subject, posed: PosedLabels, hands_mm: np.ndarray) -> Subject:
    """Each sample's orientation turned onto its joints.

    `hands_mm` (N, 21, 3) are the hands as posed now. A forced view keeps the turn that the
    pipeline gave it against its sample, right or wrong: that is for `augmentation` to judge.
    """
    turns = rotations_onto(posed.chosen(hands_mm), posed.targets_mm)
    turn_of_row = {int(row): turn for row, turn in zip(posed.rows, turns, strict=True)}
    old = subject.samples
    new = tuple(
        _turned(sample, turn_of_row[row]) if row in turn_of_row else sample
        for row, sample in enumerate(old)
    )
    forced = subject.forced

    def forced_and_turned(row: int, view: View) -> Sample | None:
        sample = forced(row, view)
        if sample is None or sample.pose_rad is None or row not in turn_of_row:
            return sample
        by_view = _orientation(sample) @ _orientation(old[row]).T
        return _with_orientation(sample, by_view @ _orientation(new[row]))

    return replace(subject, samples=new, forced=None if forced is None else forced_and_turned)


def _orientation(sample: Sample) -> np.ndarray:
    return matrix_from_axis_angle(sample.pose_rad[0])


def _turned(sample: Sample, turn: np.ndarray) -> Sample:
    return _with_orientation(sample, turn @ _orientation(sample))


def _with_orientation(sample: Sample, orientation: np.ndarray) -> Sample:
    first = axis_angle_from_matrix(orientation)[None]
    return replace(sample, pose_rad=np.concatenate([first, sample.pose_rad[1:]]))
