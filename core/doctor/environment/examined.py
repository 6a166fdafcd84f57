"""What one look at the installation found."""

from dataclasses import asdict, dataclass
from enum import StrEnum


class Health(StrEnum):
    """`NOTE` is worth knowing and no fault; only `WRONG` makes the whole unhealthy."""

    OK = "ok"
    NOTE = "note"
    WRONG = "wrong"
    NOT_TESTED = "not tested"


@dataclass(frozen=True)
class Examined:
    """One check: what was measured, what that means, and what to do about it.

    Attributes:
        name: A few words for people, such as ``place for runs``.
        measured: The value, with its unit.
        health: The verdict.
        advice: What to do; "" where nothing is to be done.
    """

    name: str
    measured: str
    health: Health
    advice: str = ""

    def to_json(self) -> dict[str, str]:
        """Its attributes, in order."""
        return {**asdict(self), "health": self.health.value}
