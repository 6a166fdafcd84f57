"""How long an examination will still take, from what its checks took before."""

import json
import time
from collections.abc import Iterable, Mapping

from core.doctor.check import Finding


class Pace:
    """Seconds by check, learnt from every examination on this machine."""

    def __init__(self, seconds: Mapping[str, float] | None = None) -> None:
        self._seconds = dict(seconds or {})
        self.begin()

    def begin(self) -> None:
        """An examination starts now."""
        self._began_s = time.monotonic()
        self.number = self.count = 0
        self.share = 0.0
        self.check = ""

    def start_check(self, check: str, number: int, count: int) -> None:
        """Another check began; the first one is number 1."""
        self.check, self.number, self.count, self.share = check, number, count, 0.0

    def learn(self, findings: Iterable[Finding]) -> None:
        """What checks really took; those that measured nothing tell nothing."""
        for finding in findings:
            if finding.outcome.readings and finding.seconds > 0:
                self._seconds[finding.check] = finding.seconds

    @property
    def elapsed_s(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began_s

    @property
    def done(self) -> float:
        """Share of the checks, 0 to 1."""
        return min((self.number - 1 + self.share) / self.count, 1.0) if self.count else 0.0

    @property
    def remaining_s(self) -> float | None:
        """Until the end, or None while nobody can know.

        A check counts what it took last time; one that was never seen as much as the middle one.
        """
        if not self.count or self.elapsed_s < 2:
            return None
        known = sorted(self._seconds.values())
        if not known:
            return self.elapsed_s * (1 - self.done) / self.done if self.done > 0.15 else None
        middle = known[len(known) // 2]
        current = self._seconds.get(self.check, middle) * (1 - self.share)
        names, left = list(self._seconds), self.count - self.number
        later = names[names.index(self.check) + 1 :][:left] if self.check in names else []
        unseen = left - len(later)
        return current + sum(self._seconds[check] for check in later) + middle * unseen

    def to_text(self) -> str:
        """To be kept until the next start."""
        return json.dumps({check: round(s, 3) for check, s in self._seconds.items()})

    @classmethod
    def from_text(cls, text: str) -> "Pace":
        """Take back what `to_text` gave; a damaged text teaches nothing and costs only a guess."""
        try:
            return cls({str(k): float(v) for k, v in json.loads(text or "{}").items()})
        except (ValueError, AttributeError, TypeError):
            return cls()
