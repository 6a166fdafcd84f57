"""What the tables of differences show: one row is A, B and B − A with its 95 % interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

from utnet_viewer.numbers import MISSING, fixed, signed

#: How a difference came out.
BETTER, WORSE, OPEN = "better", "worse", "not decided"


@dataclass(frozen=True)
class DifferenceRow:
    """One row of a table of differences.

    Attributes:
        key: What the row is about; tables announce it when it is chosen.
        name: As people read it.
        first: Mean of A, in `unit`; NaN where unknown.
        second: Mean of B.
        difference: Mean of B − A over the frames of both.
        low: Lower end of its 95 % interval; NaN where unknown.
        high: Upper end.
        count: Frames behind it.
        unit: "mm", "px" or "" for a score.
        higher_is_better: Whether a positive difference is a gain.
        token: A colour of the theme that goes with the name, such as a finger's; "" for none.
    """

    key: str
    name: str
    first: float
    second: float
    difference: float
    low: float = math.nan
    high: float = math.nan
    count: int = 0
    unit: str = "mm"
    higher_is_better: bool = False
    token: str = ""

    @property
    def gain(self) -> float:
        """How much better B is, whatever the direction of the figure."""
        return self.difference if self.higher_is_better else -self.difference

    @property
    def outcome(self) -> str:
        """Better or worse where the whole interval says so; else it is not decided."""
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            return OPEN
        if self.low > 0 or self.high < 0:
            return BETTER if self.gain > 0 else WORSE
        return OPEN

    @property
    def decimals(self) -> int:
        """Of A and B; a difference has one more where that says something."""
        return 1 if self.unit else 3

    @property
    def difference_decimals(self) -> int:
        """Of B − A and its interval."""
        return 2 if self.unit else 3

    @property
    def difference_words(self) -> str:
        """``−1.82``."""
        return signed(self.difference, self.difference_decimals)

    @property
    def interval_words(self) -> str:
        """``[−2.40, −1.20]``; a dash where there is none."""
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            return MISSING
        digits = self.difference_decimals
        return f"[{signed(self.low, digits)}, {signed(self.high, digits)}]"

    @property
    def hint(self) -> str:
        """Everything that is known, for a tool tip and for who cannot see the bar."""
        unit = f" {self.unit}" if self.unit else ""
        frames = f", {self.count:,} frames" if self.count else ""
        return (
            f"{self.name}: A {fixed(self.first, self.decimals)}{unit}, "
            f"B {fixed(self.second, self.decimals)}{unit}\n"
            f"B − A {self.difference_words}{unit}, 95 % interval {self.interval_words}{frames}\n"
            f"{OUTCOME_WORDS[self.outcome]}"
        )


OUTCOME_WORDS = {
    BETTER: "B is better.",
    WORSE: "B is worse.",
    OPEN: "The interval holds zero: no difference is shown.",
}
