"""Do the pixels arrive: normalised, in the right channel order, each sample its own?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from core.conventions import BONES, IMAGE_MEAN, IMAGE_STD
from core.doctor.check import Check, Named, Outcome, Reading, Tier, Verdict
from core.doctor.evidence import Bars, Evidence
from core.doctor.lab import Lab
from core.doctor.measures.labels import Labels, worst_first
from core.doctor.measures.mending import leaving_out, map_samples
from core.doctor.measures.pictures import overlay, rgb
from core.doctor.subject import Sample, Subject

#: Black after ImageNet's statistics.
_BLACK = -np.array(IMAGE_MEAN) / np.array(IMAGE_STD)
#: One of 256 levels after ImageNet's statistics, roughly.
_LEVEL = 1 / (255 * float(np.mean(IMAGE_STD)))
#: Pictures are compared at this size (width, height), where sensor noise has averaged out.
_THUMB = (24, 32)
_WORKERS = 3


def _run(lab: Lab) -> Outcome:
    samples = lab.subject.samples
    images = np.stack([sample.image for sample in samples]).astype(np.float32)
    finite = np.isfinite(images).all((1, 2, 3))
    images = np.nan_to_num(images, posinf=0.0, neginf=0.0)
    pixels = _Pixels.of(images)
    lab.tick(0.3)
    blank = pixels.blank | ~finite
    repeated = _repeated(images, blank)
    lab.tick(0.6)
    limit = lab.thresholds
    found: list[tuple[Reading, Named | None]] = [
        _black(samples, blank, limit["input.blank_share"]),
        _normalised(lab, pixels, blank),
        _repeats(samples, repeated, limit["input.repeated_share"]),
        *_channels(lab, pixels.is_normalised),
        *_workers(lab),
    ]
    # What is named goes first; its number decides.
    found.sort(key=lambda pair: pair[1] is None)
    means = images[~blank] if (~blank).any() else images
    evidence: list[Evidence] = [
        Bars(
            title="channel_means",
            labels=("R", "G", "B"),
            values=means.mean((0, 2, 3)),
            unit="σ",
            limits=(-limit["input.mean"], limit["input.mean"]),
        )
    ]
    named = tuple(cause for _, cause in found if cause is not None)
    shown = next((cause.where[0] for cause in named if cause.where), samples[0].name)
    sample = next(sample for sample in samples if sample.name == shown)
    evidence.append(overlay("crop_as_fed", sample, {}))
    return Outcome(
        readings=tuple(reading for reading, _ in found), named=named, evidence=tuple(evidence)
    )


@dataclass(frozen=True, eq=False)
class _Pixels:
    """Numbers of all pictures: which are blank, and how the others lie against ImageNet's."""

    blank: np.ndarray
    mean: float
    deviation: float
    low: float
    high: float

    @classmethod
    def of(cls, images: np.ndarray) -> "_Pixels":
        """Measure (N, 3, H, W)."""
        low, high = np.percentile(images[:, :, ::2, ::2], (2.5, 97.5), axis=(2, 3))
        spans = (high - low).max(1)
        nearly_flat = spans < 4 * _LEVEL
        is_black = nearly_flat & (np.abs(high - _BLACK).max(1) < 8 * _LEVEL)
        everything = float(images.max() - images.min())
        blank = is_black | (spans <= 0.02 * everything)
        kept = images[~blank] if (~blank).any() else images
        means = kept.mean((0, 2, 3))
        return cls(
            blank=blank,
            mean=float(means[np.abs(means).argmax()]),
            deviation=float(kept.std((0, 2, 3)).min()),
            low=float(kept.min()),
            high=float(kept.max()),
        )

    @property
    def is_normalised(self) -> bool:
        """Whether pixels can be turned back into colours by ImageNet's statistics."""
        return self.low < 0 and max(-self.low, self.high) < 3.5


def _black(samples: Sequence[Sample], blank: np.ndarray, limit: float):
    share = float(blank.mean())
    reading = Reading(quantity="blank_share", value=share, threshold="input.blank_share")
    if share <= limit:
        return reading, None
    where = worst_first([sample.name for sample in samples], blank.astype(float))
    numbers = {"share": share, "count": int(blank.sum())}
    # A crop about a hand behind the camera shows nothing: `targets` then names why.
    behind = [bool((s.joints_mm[s.joint_weights > 0, 2] < 0).any()) for s in samples]
    verdict = Verdict.WARNING if np.mean(np.array(behind)[blank]) > 0.5 else Verdict.FAULT
    return reading, Named(
        cause="black_images",
        numbers=numbers,
        where=where,
        verdict=verdict,
        mend=leaving_out(blank),
    )


def _normalised(lab: Lab, pixels: _Pixels, blank: np.ndarray):
    reading = Reading(
        quantity="largest_mean", value=abs(pixels.mean), unit="σ", threshold="input.mean"
    )
    if blank.all():
        return reading, None
    largest = max(abs(pixels.low), abs(pixels.high))
    reasons = (
        abs(pixels.mean) > lab.thresholds["input.mean"],
        largest > lab.thresholds["input.largest"],
        pixels.deviation < lab.thresholds["input.deviation"],
        pixels.low >= 0,
    )
    if not any(reasons):
        return reading, None
    readings = {
        "mean": pixels.mean,
        "deviation": pixels.deviation,
        "low": pixels.low,
        "high": pixels.high,
    }
    # Of the four limits the one that is broken is shown.
    if not reasons[0]:
        reading = Reading(
            quantity="smallest_deviation",
            value=pixels.deviation,
            unit="σ",
            threshold="input.deviation",
            is_high_bad=False,
        )
    if reasons[1] and not reasons[0]:
        reading = Reading(
            quantity="largest_value", value=largest, unit="σ", threshold="input.largest"
        )
    if reasons[3] and not any(reasons[:3]):
        reading = Reading(
            quantity="lowest_value", value=pixels.low, unit="σ", threshold="input.lowest"
        )
    mend = _renormalising(pixels)
    return reading, Named(cause="not_normalised", numbers=readings, mend=mend)


def _renormalising(pixels: _Pixels):
    """Bytes or [0, 1] to normalised pixels; None where what was done to them is not known."""
    if pixels.low < -0.01:
        return None
    factor = 1.0 if pixels.high <= 1.01 else 1 / 255
    if pixels.high * factor > 1.01:
        return None

    def normalised(sample: Sample) -> Sample:
        mean, std = np.float32(IMAGE_MEAN), np.float32(IMAGE_STD)
        image = (sample.image * np.float32(factor) - mean[:, None, None]) / std[:, None, None]
        return replace(sample, image=image.astype(np.float32))

    return lambda subject: map_samples(subject, normalised)


def _repeated(images: np.ndarray, blank: np.ndarray) -> np.ndarray:
    """Which pictures are the same as another one, but for rounding."""
    thumbs = np.stack(
        [
            cv2.resize(image.transpose(1, 2, 0), _THUMB, interpolation=cv2.INTER_AREA).ravel()
            for image in images
        ]
    )
    spread = float(thumbs[~blank].std()) if (~blank).any() else 0.0
    repeated = np.zeros(len(images), bool)
    for row in np.flatnonzero(~blank):
        apart = np.abs(thumbs - thumbs[row]).max(1)
        # A level of 256 is about 1 / 58 of a picture's spread; half of that is rounding.
        same = (apart <= spread / 116) & ~blank
        repeated[row] = same.sum() > 1
    return repeated


def _repeats(samples: Sequence[Sample], repeated: np.ndarray, limit: float):
    share = float(repeated.mean())
    reading = Reading(quantity="repeated_share", value=share, threshold="input.repeated_share")
    if share <= limit:
        return reading, None
    where = worst_first([sample.name for sample in samples], repeated.astype(float))
    numbers = {"share": share, "count": int(repeated.sum())}
    mend = leaving_out(repeated)
    return reading, Named(cause="repeated_images", numbers=numbers, where=where, mend=mend)


def _channels(lab: Lab, is_normalised: bool) -> list[tuple[Reading, Named | None]]:
    """Skin is redder than blue, whoever's it is; in swapped channels nearly every hand is blue."""
    if not is_normalised:
        return []
    samples = lab.subject.samples
    places = zip(samples, _hand_pixels(samples), strict=True)
    redness = np.array([_redness(sample, at) for sample, at in places])
    on_hand, beside = redness[:, 0], redness[:, 0] - redness[:, 1]
    blue = (on_hand < lab.thresholds["input.blueness"]) & (beside < 0)
    share = float(blue.mean())
    reading = Reading(quantity="blue_hand_share", value=share, threshold="input.blue_share")
    if share <= lab.thresholds["input.blue_share"]:
        return [(reading, None)]
    numbers = {"share": share, "blueness": -float(np.median(on_hand)) * 255}
    where = worst_first([sample.name for sample in samples], np.maximum(-on_hand, 0))
    swapped = Named(cause="bgr_channels", numbers=numbers, where=where, mend=_swap_channels)
    return [(reading, swapped)]


def _hand_pixels(samples: Sequence[Sample]) -> list[np.ndarray]:
    """(M, 2) x, y of pixels on each hand: joints and bones' middles, else the crop's middle."""
    labels = Labels.of(samples)
    found = []
    for sample, label_px, joints_px in zip(
        samples, labels.keypoints_px, labels.projected_px, strict=True
    ):
        height, width = sample.size_px
        grid = np.stack(np.meshgrid(np.linspace(0.35, 0.65, 5), np.linspace(0.35, 0.65, 5)), -1)
        choice = grid.reshape(-1, 2) * (width, height)
        for points in (joints_px, label_px):
            points = np.concatenate([points, points[list(BONES)].mean(1)])
            inside = (points >= 0).all(-1) & (points <= (width - 1, height - 1)).all(-1)
            if inside.mean() > 0.5:
                choice = points[inside]
        found.append(choice.round().astype(int))
    return found


def _redness(sample: Sample, at: np.ndarray) -> tuple[float, float]:
    """Red minus blue of RGB in [0, 1]: median on the hand, median of the whole crop."""
    colours = rgb(sample.image)
    difference = colours[..., 0] - colours[..., 2]
    on_hand = difference[at[:, 1], at[:, 0]]
    return float(np.median(on_hand)), float(np.median(difference[::4, ::4]))


def _swap_channels(subject: Subject) -> Subject:
    """Pixels of channels that were normalised in the wrong order, put right."""
    mean = np.float32(IMAGE_MEAN)[:, None, None]
    std = np.float32(IMAGE_STD)[:, None, None]

    def swapped(sample: Sample) -> Sample:
        return replace(sample, image=((sample.image * std + mean)[::-1] - mean) / std)

    return map_samples(subject, swapped)


def _workers(lab: Lab) -> list[tuple[Reading, Named | None]]:
    """Share of pictures that another worker made pixel for pixel alike."""
    if lab.subject.worker_views is None:
        return []
    views = [np.asarray(view) for view in lab.subject.worker_views(_WORKERS)]
    pairs = [(a, b) for n, a in enumerate(views) for b in views[n + 1 :]]
    if not pairs or not all(len(a) and a.shape == b.shape for a, b in pairs):
        return []
    alike = [np.isclose(a, b, atol=_LEVEL / 8).all((1, 2, 3)) for a, b in pairs]
    share = float(np.mean(alike))
    reading = Reading(quantity="alike_share", value=share, threshold="input.alike_share")
    if share <= lab.thresholds["input.alike_share"]:
        return [(reading, None)]
    numbers = {"share": share, "workers": len(views)}
    return [(reading, Named(cause="identical_workers", numbers=numbers, mend=_without_workers))]


def _without_workers(subject: Subject) -> Subject:
    return replace(subject, worker_views=None)


CHECK = Check(id="input", tier=Tier.SECONDS, run=_run)
