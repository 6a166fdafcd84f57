"""The step axis and the crosshair that all charts of a run share."""

from PySide6.QtCore import QObject, Signal

#: No fewer steps than this are ever spread over a chart.
LEAST_SPAN = 4.0


class SharedAxis(QObject):
    """Which steps are in view, whether they follow the run, and where the crosshair stands.

    Attributes:
        span: First and last step in view, or None while everything is shown.
        cursor: Step under the crosshair, None for none.
        is_following: Whether the view moves on with the newest step.
    """

    range_changed = Signal()
    cursor_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.span: tuple[float, float] | None = None
        self.cursor: float | None = None
        self.is_following = True
        self._last, self._end = 0.0, 0.0

    @property
    def last_step(self) -> float:
        """The newest step of the run."""
        return self._last

    def set_extent(self, last: float, end: float) -> None:
        """The newest step, and the end of the run (0 where that is not known)."""
        grown = last - self._last
        self._last, self._end = last, max(end, last)
        if self.span is not None and self.is_following and grown > 0:
            self.span = (self.span[0] + grown, self.span[1] + grown)
            self.range_changed.emit()

    def set_span(self, left: float, right: float) -> None:
        """Show these steps; it follows from now on if the newest one is among them."""
        width = max(right - left, LEAST_SPAN)
        width = min(width, max(self._end, LEAST_SPAN) * 1.02)
        left = min(max(left, 0.0), max(self._end * 1.02 - width, 0.0))
        span = (left, left + width)
        if span != self.span:
            self.span = span
            self.is_following = self.span[1] >= self._last
            self.range_changed.emit()

    def zoom(self, factor: float, about: float, shown: tuple[float, float]) -> None:
        """Make `shown` (first, last step) wider by `factor`, with the step `about` staying."""
        left, right = shown
        self.set_span(about - (about - left) * factor, about + (right - about) * factor)

    def pan(self, steps: float, shown: tuple[float, float]) -> None:
        """Move to later steps, or earlier ones."""
        left, right = shown
        self.set_span(left + steps, right + steps)

    def fit(self) -> None:
        """Show everything, and follow."""
        changed = self.span is not None or not self.is_following
        self.span, self.is_following = None, True
        if changed:
            self.range_changed.emit()

    def follow(self, is_following: bool, shown: tuple[float, float]) -> None:
        """Go to the newest step and stay with it, or hold the view where it is."""
        if is_following == self.is_following:
            return
        if self.span is None:
            self.span = shown
        self.is_following = is_following
        if is_following:
            left, right = self.span
            width = right - left
            right = self._last + 0.04 * width
            self.span = (max(0.0, right - width), max(right, width))
        self.range_changed.emit()

    def set_cursor(self, step: float | None) -> None:
        """Move the crosshair; between the first step and the end of the run."""
        if step is not None:
            step = min(max(float(round(step)), 0.0), max(self._end, self._last))
        if step != self.cursor:
            self.cursor = step
            self.cursor_changed.emit()
