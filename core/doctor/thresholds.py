"""Where faults begin: every threshold in one table, its reason beside it, each to be overridden.

A threshold comes from what noise and tolerance do to the measured number, never from the faults
that are planted to test it; the reason says how.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache

from core.doctor.yaml_tables import read_table
from core.files.embedded import resource


@dataclass(frozen=True)
class Threshold:
    """A number, its unit, and why it lies there."""

    value: float
    unit: str
    reason: str


class UnknownThresholdError(ValueError):
    """A threshold was overridden that does not exist."""


@cache
def default_thresholds() -> dict[str, Threshold]:
    """The table of resources/doctor/thresholds/, by key such as "reprojection.offset_px"."""
    return {
        f"{check}.{name}": Threshold(float(row["value"]), row.get("unit", ""), row["reason"])
        for file in sorted(resource("doctor/thresholds").glob("*.yaml"))
        for check, rows in read_table(file).items()
        for name, row in rows.items()
    }


@dataclass(frozen=True)
class Thresholds:
    """The table with a person's overrides; `thresholds["scale.ratio"]` is the number."""

    overrides: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = sorted(set(self.overrides) - set(default_thresholds()))
        if unknown:
            close = get_close_matches(unknown[0], default_thresholds(), n=3, cutoff=0.5)
            guess = f"did you mean {' or '.join(close)}?" if close else "docs/doctor.md lists them"
            raise UnknownThresholdError(f"no threshold is called {unknown[0]!r}; {guess}")

    def __getitem__(self, key: str) -> float:
        return self.overrides.get(key, default_thresholds()[key].value)


def parse_thresholds(assignments: Sequence[str]) -> dict[str, float]:
    """``["reprojection.offset_px=4", …]`` as numbers by key; raises ValueError."""
    found: dict[str, float] = {}
    for assignment in assignments:
        key, equals, text = assignment.strip().partition("=")
        try:
            found[key.strip()] = float(text)
        except ValueError:
            equals = ""
        if not equals:
            raise ValueError(
                f"a threshold is changed as key=number, such as reprojection.offset_px=4, "
                f"not by {assignment!r}"
            )
    return found
