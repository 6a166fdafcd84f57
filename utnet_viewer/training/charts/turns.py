"""Charts take turns: one a pass of the event loop, so that keys and clicks come in between."""

from PySide6.QtCore import QObject, QTimer

from utnet_viewer.training.charts.chart import Chart


class Turns(QObject):
    """A queue of charts that have something to do; each stands in it once."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._queue: list[Chart] = []
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self._next)

    @property
    def is_settled(self) -> bool:
        """Whether nobody waits."""
        return not self._queue

    def ask(self, chart: Chart) -> None:
        """Put a chart into the queue; one that nobody sees waits until it is shown."""
        if chart not in self._queue and chart.isVisible():
            self._queue.append(chart)
            self._timer.start()

    def _next(self) -> None:
        # Of a chart that was hidden meanwhile nothing is to be seen; being shown it asks again.
        chart = self._queue.pop(0)
        if chart.isVisible():
            chart.take_turn()
        if self._queue:
            self._timer.start()
