"""Changes of every kind, drawn at random, for tests and benchmarks of the annotation store."""

import numpy as np

from core.annotation.records import Change, Correction, ReviewState
from core.hand.hand_model import ManoParameters

SPLIT = "train"
NOTES = ("", "thumb bent wrongly", "über – 手", "x" * 3000, "y" * 9000)
FLAG_SETS = (frozenset(), frozenset(["bad"]), frozenset(["blur", "crop"]), frozenset(["my-own-1"]))


def a_correction(seed: int, *, is_2d: bool = False) -> Correction:
    """A correction with random numbers."""
    draw = np.random.default_rng(seed)
    mano = ManoParameters(
        draw.normal(size=3), draw.normal(size=45), draw.normal(size=10), draw.normal(size=3) * 100
    )
    return Correction(
        keypoints_px=draw.normal(size=(21, 2)) * 100,
        joints_mm=None if is_2d else draw.normal(size=(21, 3)) * 100,
        mano=None if is_2d else mano,
        is_right=bool(draw.integers(2)),
        start="prediction",
        locked=(3, 1),
        placed=(int(draw.integers(21)),),
        source="sequence",
    )


def a_change(seed: int, *, frames: int = 20, words: str = "") -> Change:
    """A change of a random field of one of some frames."""
    draw = np.random.default_rng(seed)
    frame = f"MC1/{draw.integers(frames):04d}"
    field = ("correction", "visibility", "flags", "note", "review")[draw.integers(5)]
    group = f"g{seed // 3}" if draw.random() < 0.2 else ""
    value = _value(field, seed, draw)
    return Change(frame, SPLIT, field, value, words or f"{field} {seed}", group)


def _value(field: str, seed: int, draw: np.random.Generator) -> object:
    if field == "correction":
        return None if draw.random() < 0.1 else a_correction(seed, is_2d=draw.random() < 0.3)
    if field == "visibility":
        return tuple(int(one) for one in draw.integers(3, size=21))
    if field == "flags":
        return FLAG_SETS[draw.integers(len(FLAG_SETS))]
    if field == "note":
        return NOTES[draw.integers(len(NOTES))]
    return list(ReviewState)[draw.integers(len(ReviewState))]
