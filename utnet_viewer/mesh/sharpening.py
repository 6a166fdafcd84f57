"""Keeps the picture of the surfaces: coarse at once, then finer bit by bit while nothing moves."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from utnet_viewer.mesh.picture import Drawing, Picture
from utnet_viewer.mesh.render_state import Event, Quality, after

SETTLE_MS, REST_MS = 90, 220

#: A picture that another one is about to replace becomes no finer before this.
PATIENCE_MS = 500


class Sharpening(QObject):
    """The picture on screen, and the finer one that is drawn meanwhile, a band at a time.

    It rests until `resume`, and again after `pause`: what nobody sees becomes no finer.
    """

    changed = Signal()  # there is another picture to paint

    def __init__(
        self, begin: Callable[[Quality], Drawing | None], parent: QObject | None = None
    ) -> None:
        """`begin` starts the drawing of a quality, or returns None while nothing can be drawn."""
        super().__init__(parent)
        self._begin = begin
        self.quality = Quality.STILL
        self.picture: Picture | None = None
        self._drawing: Drawing | None = None
        self._is_paused = True
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self.settle)
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._refine)
        self._band = QTimer(self, interval=0)
        self._band.timeout.connect(self._draw_band)

    @property
    def is_active(self) -> bool:
        """Whether a finer picture will come by itself."""
        return any(timer.isActive() for timer in (self._settle, self._rest, self._band))

    def current(self) -> Picture | None:
        """The picture to paint now; where there is none, it is drawn at once."""
        if self.picture is None:
            drawing = self._begin(self.quality)
            self.picture = None if drawing is None else drawing.finish()
        return self.picture

    def move(self, *, is_passing: bool = False, picture: Picture | None = None) -> None:
        """The camera moves, or another sample comes: coarse until that ends.

        `is_passing` says that another picture will soon take the place of this one; `picture` is
        the coarse one where it was drawn ahead.
        """
        self._settle.setInterval(PATIENCE_MS if is_passing else SETTLE_MS)
        self._outdate(Event.MOVE, picture)

    def hold(self) -> None:
        """Leave the picture as it is: another one is on its way."""
        self._stop()

    def change(self) -> None:
        """The same is to be drawn otherwise."""
        self._outdate(Event.CHANGE)

    def settle(self) -> None:
        """The movement ended; the coarse picture stays until the full one is drawn."""
        if self.quality is Quality.MOVING and not self._is_paused:
            self._settle.stop()
            self.quality = after(self.quality, Event.SETTLE)
            self._draw(self.quality)

    def finish(self) -> None:
        """Draw at once what is being drawn band by band."""
        while self._band.isActive():
            self._draw_band()

    def pause(self) -> None:
        """Nobody looks."""
        self._stop()
        self._is_paused = True

    def resume(self) -> None:
        """Somebody looks again."""
        self._is_paused = False
        self.quality = Quality.STILL
        self.change()

    def _outdate(self, event: Event, picture: Picture | None = None) -> None:
        self._stop()
        self.picture = picture
        self.quality = after(self.quality, event)
        if not self._is_paused:
            (self._settle if self.quality is Quality.MOVING else self._rest).start()
        self.changed.emit()

    def _stop(self) -> None:
        for timer in (self._settle, self._rest, self._band):
            timer.stop()
        self._drawing = None

    def _refine(self) -> None:
        self.quality = after(self.quality, Event.REST)
        self._draw(Quality.REFINED)

    def _draw(self, quality: Quality) -> None:
        self._drawing = self._begin(quality)
        if self._drawing is None:
            self._on_drawn()
        else:
            self._band.start()

    def _draw_band(self) -> None:
        """One band at a time: the event loop has its turn in between."""
        if self._drawing.step():
            return
        self._band.stop()
        self.picture, self._drawing = self._drawing.finish(), None
        self._on_drawn()

    def _on_drawn(self) -> None:
        if self.quality is Quality.REFINING:
            self.quality = after(self.quality, Event.FINISH)
        else:
            self._rest.start()
        self.changed.emit()
