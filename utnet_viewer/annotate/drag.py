"""One drag of a joint, from its first movement until it is a change."""

from __future__ import annotations

from dataclasses import dataclass, replace

from utnet_viewer.annotate.edited_hand import EditedHand
from utnet_viewer.annotate.fit_request import Wish
from utnet_viewer.document import Sample


@dataclass
class Drag:
    """What is being done to the hand, while it is done.

    Attributes:
        wish: Where the joint is wanted now; None where the whole hand is fitted.
        base: The hand when it began.
        sample: The frame it belongs to.
        split: That frame's split.
        words: What the history will say.
        placed: The joints that a person has placed when it is over.
        key: Of the newest request to the fitter, 0 before one.
        first_key: Of the first: older answers belong to something else.
        fitted: The hand as it was fitted last, None before an answer.
        is_released: Whether it only waits for the newest answer.
        answered_key: Of the newest answer.
    """

    wish: Wish | None
    base: EditedHand
    sample: Sample
    split: str
    words: str
    placed: frozenset[int]
    key: int = 0
    first_key: int = 0
    fitted: EditedHand | None = None
    is_released: bool = False
    answered_key: int = 0

    def free(self) -> EditedHand:
        """The hand's points with the wished one moved, and nothing in 3D."""
        moved = self.base.in_free_2d().with_point(self.wish.joint, self.wish.point_px)
        return replace(moved, placed=self.placed)
