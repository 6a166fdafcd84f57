"""Skeletons of hands over photographs: labels solid, what is compared with them dashed."""

from collections.abc import Iterator

import numpy as np

from core.conventions import BONES, FINGER_OF_JOINT, JOINT_COUNT
from core.pages.palette import FINGERS_OVER_IMAGERY
from core.pages.plots import DASHES
from core.pages.svg import Drawing

CASING = "#0E1013"


def paint_links(picture: Drawing, first: np.ndarray, second: np.ndarray) -> None:
    """White lines from joint to joint: how far label and the other part."""
    for (x1, y1), (x2, y2) in zip(first.tolist(), second.tolist(), strict=False):
        if np.isfinite([x1, y1, x2, y2]).all():
            picture.line(x1, y1, x2, y2, "", style="stroke:#fff;stroke-width:1.1;opacity:.8")


def paint_skeletons(picture: Drawing, skeletons: list[np.ndarray]) -> None:
    """All of them. Dark casings lie under every line, so that one skeleton never hides another."""
    for index, points in enumerate(skeletons):
        for _, ends in _bones(points):
            width = 5.0 if index == 0 else 4.0
            opacity = 0.9 if index == 0 else 0.6
            look = f"stroke:{CASING};stroke-width:{width};stroke-linecap:round;opacity:{opacity}"
            picture.line(*ends, "", style=look)
    for index, points in enumerate(skeletons):
        for joint, ends in _bones(points):
            width, dash = (2.6 if index == 0 else 2.0), DASHES[index % len(DASHES)]
            colour = _finger_colour(joint)
            look = f"stroke:{colour};stroke-width:{width};stroke-linecap:butt"
            picture.line(*ends, "", style=f"{look};stroke-dasharray:{dash}")
    for index, points in enumerate(skeletons):
        for joint, (x, y) in enumerate(points.tolist()):
            if np.isfinite([x, y]).all():
                _marker(picture, x, y, index, _finger_colour(joint))


def _bones(points: np.ndarray) -> Iterator[tuple[int, tuple[float, float, float, float]]]:
    """(child joint, both ends) of every bone whose ends are known."""
    for parent, child in BONES if len(points) == JOINT_COUNT else ():
        ends = (*points[parent].tolist(), *points[child].tolist())
        if np.isfinite(ends).all():
            yield child, ends


def _finger_colour(joint: int) -> str:
    finger = FINGER_OF_JOINT.get(joint)
    return FINGERS_OVER_IMAGERY[finger] if finger else "#FFFFFF"


def _marker(drawing: Drawing, x: float, y: float, index: int, colour: str) -> None:
    """A filled circle for labels, a hollow diamond or square for what they are compared with."""
    if index == 0:
        look = f"fill:{colour};stroke:{CASING};stroke-width:1.2"
        drawing.circle(x, y, 4, "", style=look)
        return
    look = f"fill:{CASING};fill-opacity:.45;stroke:{colour};stroke-width:1.6"
    drawing.polygon(hollow_corners(x, y, index), "", style=look)


def hollow_corners(x: float, y: float, index: int) -> list[tuple[float, float]]:
    """A diamond, or a square from the third skeleton on."""
    if index == 1:
        return [(x, y - 4.6), (x + 4.6, y), (x, y + 4.6), (x - 4.6, y)]
    return [(x + a * 3.6, y + b * 3.6) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
