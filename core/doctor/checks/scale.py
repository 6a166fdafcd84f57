"""Are labels in the units that network and loss expect: millimetres, and crops that span one?

Decided by spreads and ranges alone, so that neither the joints' order nor the camera matters.
"""

from dataclasses import replace

import numpy as np

from core.conventions import CROP_SIZE_PX
from core.doctor.check import Check, Named, Outcome, Reading, Tier
from core.doctor.evidence import Scatter
from core.doctor.lab import Lab
from core.doctor.measures.labels import Labels, extents_mm, median, worst_first
from core.doctor.measures.mending import Change, map_samples
from core.doctor.measures.pictures import overlay
from core.doctor.measures.units import UNITS, unit_of
from core.doctor.subject import Sample

Found = tuple[Reading, Named | None]

_USUAL_EXTENT_MM = 150.0
_CAUSES = {
    "m": "joints_in_metres",
    "dm": "joints_in_decimetres",
    "cm": "joints_in_centimetres",
    "µm": "joints_in_micrometres",
}


def _run(lab: Lab) -> Outcome:
    labels = Labels.of(lab.subject.samples)
    found = [*_unit(lab, labels), *_plane(lab, labels)]
    if not found:
        return Outcome(reason="no_labels")
    found.sort(key=lambda pair: pair[1] is None)
    named = tuple(cause for _, cause in found if cause is not None)
    shown = next((cause.where[0] for cause in named if cause.where), labels.names[0])
    row = labels.names.index(shown)
    scatter = Scatter(
        title="extents",
        x=np.nanmean(np.where(np.isfinite(labels.joints_mm), labels.joints_mm, 0)[..., 2], 1),
        y=extents_mm(labels.joints_mm),
        x_label="distance_mm",
        y_label="extent_mm",
        names=labels.names,
    )
    picture = overlay("labels", lab.subject.samples[row], {"label": labels.keypoints_px[row]})
    return Outcome(
        readings=tuple(reading for reading, _ in found), named=named, evidence=(scatter, picture)
    )


def _unit(lab: Lab, labels: Labels) -> list[Found]:
    low, high = lab.thresholds["targets.extent_low"], lab.thresholds["targets.extent_high"]
    whole = np.isfinite(labels.joints_mm).all((1, 2))
    extent = np.where(whole, extents_mm(labels.joints_mm), np.nan)
    if not np.isfinite(extent).any():
        return []
    units = np.array([unit_of(value, low, high) for value in extent])
    other = np.isfinite(units) & (units != 1.0)
    share = float(other.sum() / np.isfinite(extent).sum())
    value = median(extent[other]) if share > lab.thresholds["scale.unit_share"] else median(extent)
    reading = Reading(
        quantity="extent_factor_dex",
        value=abs(float(np.log10(value / _USUAL_EXTENT_MM))),
        unit="dex",
        threshold="scale.extent_dex",
    )
    if share <= lab.thresholds["scale.unit_share"]:
        return [(reading, None)]
    factors, counts = np.unique(units[other], return_counts=True)
    factor = float(factors[counts.argmax()])
    unit = next(name for name, known in UNITS.items() if known == factor)
    named = Named(
        cause=_CAUSES[unit],
        numbers={"extent_mm": value, "share": share, "factor": 1 / factor},
        where=worst_first(labels.names, (units == factor).astype(float)),
        mend=lambda subject: map_samples(subject, _in_millimetres(factor, low, high)),
    )
    return [(reading, named)]


def _in_millimetres(factor: float, low_mm: float, high_mm: float) -> Change:
    """Hands of the one unit to millimetres; those of another unit stay."""

    def converted(sample: Sample) -> Sample:
        joints = Labels.of([sample]).joints_mm
        extent = float(extents_mm(joints)[0])
        if np.isfinite(extent) and unit_of(extent, low_mm, high_mm) != factor:
            return sample
        return replace(sample, joints_mm=np.asarray(sample.joints_mm, float) / factor)

    return converted


def _plane(lab: Lab, labels: Labels) -> list[Found]:
    norm = labels.keypoints_norm
    if not np.isfinite(norm).all(-1).any():
        return []
    with np.errstate(all="ignore"):
        centres = np.array([[median(axis) for axis in sample.T] for sample in norm])
        spread = np.nanmax(norm, 1) - np.nanmin(norm, 1)
        # A wrist alone spans nothing; how far it is from the crop's middle tells as well.
        spread = np.maximum(spread, np.nanmax(np.abs(norm), 1))
    centre = np.array([median(centres[:, 0]), median(centres[:, 1])])
    size = median(spread.max(1))
    reading = Reading(
        quantity="label_spread", value=size, unit="crops", threshold="scale.label_spread"
    )
    if size > lab.thresholds["scale.label_spread"]:
        middle = np.median(labels.sizes_px, 0) / 2
        about_centre = bool(np.linalg.norm(centre) < np.linalg.norm(centre - middle))
        numbers = {"spread": size}
        where = worst_first(labels.names, spread.max(1))
        named = Named(
            cause="keypoints_in_pixels",
            numbers=numbers,
            where=where,
            mend=lambda subject: map_samples(subject, _from_pixels(about_centre)),
        )
        return [(reading, named)]
    found: list[Found] = [(reading, None), _offset(lab, labels, centre)]
    if found[-1][1] is None:
        found += [*_doubled(lab, labels), *_aspect(lab, labels)]
    return found


def _from_pixels(about_centre: bool) -> Change:
    def normalised(sample: Sample) -> Sample:
        height, width = sample.size_px
        keypoints = np.asarray(sample.keypoints_norm, float) / (width, height)
        keypoints -= 0.0 if about_centre else 0.5
        return replace(sample, keypoints_norm=keypoints)

    return normalised


def _offset(lab: Lab, labels: Labels, centre: np.ndarray) -> Found:
    """Whether hands lie about (0.5, 0.5) where the crop's middle is (0, 0)."""
    value = float(np.abs(centre).max())
    reading = Reading(
        quantity="label_centre", value=value, unit="crops", threshold="scale.label_centre"
    )
    if not (np.abs(centre - 0.5) < lab.thresholds["scale.label_centre"]).all():
        return reading, None
    numbers = {"x": float(centre[0]), "y": float(centre[1])}

    def centred(sample: Sample) -> Sample:
        return replace(sample, keypoints_norm=np.asarray(sample.keypoints_norm, float) - 0.5)

    where = worst_first(labels.names, np.abs(np.nan_to_num(labels.keypoints_norm)).max((1, 2)))
    named = Named(
        cause="keypoints_offset",
        numbers=numbers,
        where=where,
        mend=lambda subject: map_samples(subject, centred),
    )
    return reading, named


def spread_ratio(labels_px: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(N, 2) per axis the spread of labels (N, J, 2) against points (N, J, 2), in any order."""
    known = np.isfinite(labels_px).all(-1) & np.isfinite(points).all(-1)
    ratio = np.full((len(known), 2), np.nan)
    for row in np.flatnonzero(known.sum(1) >= 6):
        spread = points[row, known[row]].std(0)
        if (spread > 1e-6).all():
            ratio[row] = labels_px[row, known[row]].std(0) / spread
    return ratio


def _aspect(lab: Lab, labels: Labels) -> list[Found]:
    """Whether x was divided by the crop's height: hands look too slim by 192 / 256.

    The 2D labels' aspect against that of the hands' x / z and y / z: no camera enters, but that
    its pixels are square.
    """
    if labels.is_wrist_relative:
        return []
    ratio = spread_ratio(labels.keypoints_px, labels.rays)
    aspect = median(ratio[:, 0] / ratio[:, 1])
    if not np.isfinite(aspect):
        return []
    reading = Reading(
        quantity="aspect_error", value=abs(np.log(aspect)), threshold="scale.aspect_error"
    )
    height, width = CROP_SIZE_PX
    expected = width / height
    if abs(np.log(aspect / expected)) > lab.thresholds["scale.aspect_error"]:
        return [(reading, None)]
    if _halves_disagree(ratio, expected, lab.thresholds["scale.aspect_error"]):
        return [(reading, None)]
    corner = _square_offset(labels, expected)
    named = Named(
        cause="keypoints_square_256",
        numbers={"aspect": float(aspect)},
        where=worst_first(labels.names, np.abs(np.log(ratio[:, 0] / ratio[:, 1]))),
        mend=lambda subject: map_samples(subject, _from_square(corner)),
    )
    return [(reading, named)]


def _halves_disagree(ratio: np.ndarray, expected: float, limit: float) -> bool:
    """Whether either half of the samples says otherwise: a median of few hands proves little."""
    aspects = ratio[:, 0] / ratio[:, 1]
    aspects = aspects[np.isfinite(aspects)]
    halves = (median(aspects[::2]), median(aspects[1::2]))
    return len(aspects) > 3 and any(abs(np.log(half / expected)) > limit for half in halves)


def _square_offset(labels: Labels, expected: float) -> float:
    """0.5 where x / 256 - 0.5 was taken from the crop's left edge, 0.5 * 192 / 256 from its middle.

    A hand in a crop about it lies in the middle, so its labels tell.
    """
    x = labels.keypoints_norm[..., 0]
    with np.errstate(all="ignore"):
        centre = median((np.nanmax(x, 1) + np.nanmin(x, 1)) / 2)
    return 0.5 if abs(centre + 0.5 * (1 - expected)) < abs(centre) else 0.5 * expected


def _from_square(offset: float) -> Change:
    def widened(sample: Sample) -> Sample:
        height, width = sample.size_px
        keypoints = np.array(sample.keypoints_norm, float)
        keypoints[:, 0] = (keypoints[:, 0] + offset) * height / width - 0.5
        return replace(sample, keypoints_norm=keypoints)

    return widened


def _doubled(lab: Lab, labels: Labels) -> list[Found]:
    """Whether labels span [-1, 1] over the crop: twice as far from its middle as they project."""
    if labels.is_wrist_relative:
        return []
    ratio = spread_ratio(labels.keypoints_px, labels.projected_px)
    if not np.isfinite(ratio).any():  # wrists alone: all of them together, for crops are alike
        together = (labels.keypoints_px, labels.projected_px)
        ratio = spread_ratio(*(points.reshape(1, -1, 2) for points in together))
    factor = np.array([median(ratio[:, 0]), median(ratio[:, 1])])
    if not np.isfinite(factor).all():
        return []
    off = float(np.abs(np.log(factor / 2)).max())
    reading = Reading(quantity="label_factor", value=float(factor.mean()))
    if off > lab.thresholds["scale.double_error"]:
        return [(reading, None)]

    def halved(sample: Sample) -> Sample:
        return replace(sample, keypoints_norm=np.asarray(sample.keypoints_norm, float) / 2)

    named = Named(
        cause="keypoints_minus_one_to_one",
        numbers={"factor": float(factor.mean())},
        where=worst_first(labels.names, np.abs(np.nan_to_num(labels.keypoints_norm)).max((1, 2))),
        mend=lambda subject: map_samples(subject, halved),
    )
    return [(reading, named)]


CHECK = Check(id="scale", tier=Tier.SECONDS, run=_run)
