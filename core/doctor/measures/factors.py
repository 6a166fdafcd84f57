"""Naming a wrong factor: which slip makes a quantity this much too large or too small."""

import math

from core.conventions import CROP_SIZE_PX

#: A measured factor is named where it lies within 10 to the power of this of a known one.
NAMING_TOLERANCE_DEX = 0.15

_HEIGHT, _WIDTH = CROP_SIZE_PX

#: Factors by which 3D goes wrong, against millimetres.
LENGTH_FACTORS = {
    0.001: "metres, where millimetres are expected",
    0.01: "decimetres, where millimetres are expected",
    0.1: "centimetres, where millimetres are expected",
    1000.0: "micrometres, where millimetres are expected: multiplied by 1000 once too often",
}

#: Factors by which 2D goes wrong, against coordinates that span 1 over the crop.
PLANE_FACTORS = {
    1 / _WIDTH: f"too small by the crop's width ({_WIDTH}): a focal length or a pixel was "
    "divided by the image size once too often",
    1 / _HEIGHT: f"too small by the crop's height ({_HEIGHT}): a focal length or a pixel was "
    "divided by the image size once too often",
    float(_WIDTH): f"too large by the crop's width ({_WIDTH}): pixels that were never normalised",
    float(_HEIGHT): f"too large by the crop's height ({_HEIGHT}): pixels that were never "
    "normalised",
    0.001: "too small by 1000: metres projected as millimetres, or the reverse",
    1000.0: "too large by 1000: metres projected as millimetres, or the reverse",
}


def name_factor(factor: float, names: dict[float, str]) -> str | None:
    """Return the nearest of `names` within the tolerance of `factor`, else None."""
    if not (math.isfinite(factor) and factor > 0):
        return None
    distance = {known: abs(math.log10(factor / known)) for known in names}
    nearest = min(distance, key=distance.__getitem__)
    return names[nearest] if distance[nearest] <= NAMING_TOLERANCE_DEX else None
