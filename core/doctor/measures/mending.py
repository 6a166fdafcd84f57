"""Undoing a cause in thought, so that what lies below it can still be seen."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from core.doctor.subject import Sample, Subject, View

#: Fewer samples than these are no data to go on with.
LEAST_LEFT = 4

Change = Callable[[Sample], Sample]


def map_samples(subject: Subject, change: Change) -> Subject:
    """The subject with every sample changed, forced views of it too."""
    return map_rows(subject, [change] * len(subject.samples))


def map_rows(subject: Subject, changes: Sequence[Change]) -> Subject:
    """The subject with the sample of each row, and every forced view of it, changed its own way."""
    forced = subject.forced

    def forced_and_changed(row: int, view: View) -> Sample | None:
        sample = forced(row, view)
        return None if sample is None else changes[row](sample)

    pairs = zip(changes, subject.samples, strict=True)
    return replace(
        subject,
        samples=tuple(change(sample) for change, sample in pairs),
        forced=None if forced is None else forced_and_changed,
    )


def without_rows(subject: Subject, bad: np.ndarray) -> Subject:
    """The subject without the samples of rows (N,) that are `bad`."""
    kept = np.flatnonzero(~bad)
    forced = subject.forced

    def forced_of_kept(row: int, view: View) -> Sample | None:
        return forced(int(kept[row]), view)

    return replace(
        subject,
        samples=tuple(subject.samples[row] for row in kept),
        forced=None if forced is None else forced_of_kept,
    )


def leaving_out(bad: np.ndarray) -> Callable[[Subject], Subject] | None:
    """The mend that leaves out samples; None where too few would be left to learn anything from."""
    if (~bad).sum() < LEAST_LEFT:
        return None
    return lambda subject: without_rows(subject, bad)
