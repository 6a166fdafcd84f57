"""What the data's plants share: a change to every sample and view, or to some."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from core.doctor.measures.mending import Change, map_rows, map_samples
from core.doctor.subject import Sample, Subject

Apply = Callable[[Subject, int], Subject]


def everywhere(change: Change) -> Apply:
    """The same change to every sample and view."""
    return lambda subject, seed: map_samples(subject, change)


def some(change: Change, share: float) -> Apply:
    """The change to a random share of the samples, at least one."""

    def apply(subject: Subject, seed: int) -> Subject:
        count = max(1, round(share * len(subject.samples)))
        rows = np.random.default_rng(seed).permutation(len(subject.samples))[:count]
        return map_rows(
            subject,
            [change if n in rows else same_sample for n in range(len(subject.samples))],
        )

    return apply


def same_sample(sample: Sample) -> Sample:
    """No change."""
    return sample


def labels_px(convert: Callable[[np.ndarray, int, int], np.ndarray]) -> Change:
    """A function of the labels in px and the crop's width and height."""

    def change(sample: Sample) -> Sample:
        height, width = sample.size_px
        pixels = (np.asarray(sample.keypoints_norm) + 0.5) * (width, height)
        return replace(sample, keypoints_norm=convert(pixels, width, height))

    return change
