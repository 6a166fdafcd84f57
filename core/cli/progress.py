"""Progress for people, on stderr."""

import sys
import time


class ProgressLine:
    """One line: how many are done, rate, time left; rewritten in a terminal, rare in a log."""

    def __init__(self, what: str) -> None:
        """`what` is counted, in the plural: "frames"."""
        self._what = what
        self._start = time.monotonic()
        self._first: int | None = None
        self._shown = -float("inf")
        self._is_terminal = sys.stderr.isatty()
        self._interval_s = 0.5 if self._is_terminal else 15.0

    def __call__(self, done: int, total: int) -> None:
        """Show it, if the last time was long enough ago or all is done."""
        now = time.monotonic()
        if self._first is None:
            self._first = done
        if now - self._shown < self._interval_s and done < total:
            return
        self._shown = now
        rate = (done - self._first) / max(now - self._start, 1e-9)
        left = f"{(total - done) / rate:.0f} s left" if rate > 0 else "starting"
        text = f"{done:,}/{total:,} {self._what}, {rate:.1f} a second, {left}"
        if self._is_terminal:
            print(f"\r{text:<60}", end="", file=sys.stderr, flush=True)
        else:
            print(text, file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line."""
        if self._is_terminal:
            print(file=sys.stderr)
