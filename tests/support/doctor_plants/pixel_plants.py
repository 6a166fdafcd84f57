"""Faults of the pixels."""

from dataclasses import replace

import numpy as np

from core.conventions import IMAGE_MEAN, IMAGE_STD
from core.doctor.measures.mending import map_rows
from core.doctor.subject import Sample, Subject
from doctor_plants.everywhere import Apply, everywhere, same_sample, some
from doctor_plants.plant import Plant

_MEAN = np.float32(IMAGE_MEAN)[:, None, None]
_STD = np.float32(IMAGE_STD)[:, None, None]


def _black(sample: Sample) -> Sample:
    return replace(sample, image=np.zeros_like(sample.image) + np.float32(-_MEAN / _STD))


def _repeated_images(share: float) -> Apply:
    """A reader that gives the same photo for several frames."""

    def apply(subject: Subject, seed: int) -> Subject:
        count = max(2, round(share * len(subject.samples)))
        rows = np.random.default_rng(seed).permutation(len(subject.samples))[:count]
        image = subject.samples[rows[0]].image
        stuck = lambda sample: replace(sample, image=image.copy())
        return map_rows(
            subject, [stuck if n in rows else same_sample for n in range(len(subject.samples))]
        )

    return apply


def _unit_range(sample: Sample) -> Sample:
    return replace(sample, image=sample.image * _STD + _MEAN)


def _bytes(sample: Sample) -> Sample:
    return replace(sample, image=np.round((sample.image * _STD + _MEAN) * 255))


def _bytes_with_statistics(sample: Sample) -> Sample:
    return replace(sample, image=((sample.image * _STD + _MEAN) * 255 - _MEAN) / _STD)


def _twice(sample: Sample) -> Sample:
    return replace(sample, image=(sample.image - _MEAN) / _STD)


def _bgr(sample: Sample) -> Sample:
    swapped = (sample.image * _STD + _MEAN)[::-1]
    return replace(sample, image=((swapped - _MEAN) / _STD).astype(np.float32))


def _alike_workers(subject: Subject, seed: int) -> Subject:
    """Every worker starts from the same random numbers."""
    images = np.stack([sample.image for sample in subject.samples[:4]])
    rng = np.random.default_rng(seed)
    images = np.roll(images, int(rng.integers(1, 9)), axis=3)
    return replace(subject, worker_views=lambda workers: [images.copy() for _ in range(workers)])


PIXEL_PLANTS: tuple[Plant, ...] = (
    Plant("black_all", "black_images", everywhere(_black)),
    Plant("black_some", "black_images", some(_black, 0.25)),
    Plant("same_photo", "repeated_images", _repeated_images(1.0)),
    Plant("photo_stuck", "repeated_images", _repeated_images(0.2)),
    Plant("pixels_in_unit_range", "not_normalised", everywhere(_unit_range)),
    Plant("pixels_in_bytes", "not_normalised", everywhere(_bytes)),
    Plant("pixels_not_over_255", "not_normalised", everywhere(_bytes_with_statistics)),
    Plant("pixels_normalised_twice", "not_normalised", everywhere(_twice)),
    Plant("bgr", "bgr_channels", everywhere(_bgr)),
    Plant("workers_alike", "identical_workers", _alike_workers),
)  # fmt: skip
