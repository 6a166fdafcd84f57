"""How finely the surfaces are drawn, as a machine with its transitions written out.

Half resolution while something moves, full when it stands still, and after a moment of rest a
supersampled picture drawn in bands, so that no single step holds up the window.
"""

from dataclasses import dataclass
from enum import Enum


class Quality(Enum):
    """What is on screen."""

    MOVING = "half resolution"
    STILL = "full resolution"
    REFINING = "full resolution, the finer picture is being drawn"
    REFINED = "supersampled"


class Event(Enum):
    """What happens to the picture."""

    MOVE = "the camera moves, or another sample comes"
    CHANGE = "the same is to be drawn otherwise"
    SETTLE = "the movement ended"
    REST = "nothing happened for a moment"
    FINISH = "the last band is drawn"


TRANSITIONS = {
    (Quality.MOVING, Event.MOVE): Quality.MOVING,
    (Quality.MOVING, Event.CHANGE): Quality.MOVING,
    (Quality.MOVING, Event.SETTLE): Quality.STILL,
    (Quality.STILL, Event.MOVE): Quality.MOVING,
    (Quality.STILL, Event.CHANGE): Quality.STILL,
    (Quality.STILL, Event.SETTLE): Quality.STILL,
    (Quality.STILL, Event.REST): Quality.REFINING,
    (Quality.REFINING, Event.MOVE): Quality.MOVING,
    (Quality.REFINING, Event.CHANGE): Quality.STILL,
    (Quality.REFINING, Event.FINISH): Quality.REFINED,
    (Quality.REFINED, Event.MOVE): Quality.MOVING,
    (Quality.REFINED, Event.CHANGE): Quality.STILL,
}


def after(quality: Quality, event: Event) -> Quality:
    """The next quality. Raises ValueError for an event that cannot happen now."""
    try:
        return TRANSITIONS[quality, event]
    except KeyError:
        raise ValueError(f"{event.name} cannot happen while {quality.name}") from None


@dataclass(frozen=True)
class Resolution:
    """Rendered pixels per screen pixel: of the shaded surface, and of the ghost behind it.

    The ghost's edge lies under its outline, so that coarser pixels do not show.
    """

    front: float
    behind: float


RESOLUTION = {
    Quality.MOVING: Resolution(front=1 / 2, behind=1 / 3),
    Quality.STILL: Resolution(front=1, behind=1 / 2),
    Quality.REFINING: Resolution(front=1, behind=1 / 2),
    Quality.REFINED: Resolution(front=2, behind=1),
}

#: In motion a larger view than this (in pixels of the screen) is drawn with as many rays only.
LARGEST_MOVING_PX = 640 * 480


def resolution(quality: Quality, width_px: float, height_px: float) -> Resolution:
    """How finely to draw a view of this size."""
    chosen = RESOLUTION[quality]
    if quality is not Quality.MOVING:
        return chosen
    share = min(1.0, (LARGEST_MOVING_PX / (width_px * height_px)) ** 0.5)
    return Resolution(chosen.front * share, chosen.behind * share)
