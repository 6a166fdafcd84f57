"""Drawing a hand's box on the canvas: drag, handles, keys. Knows no dataset."""

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QWidget

from utnet_viewer.image import paint
from utnet_viewer.image.view import View
from utnet_viewer.theme import OVER_IMAGERY, ui_font

#: How near a handle the pointer must be, in canvas points; and how large handles are painted.
REACH, HANDLE = 11.0, 9.0
#: A box smaller than this, in canvas points, was a click and no box.
LEAST = 6.0
_PILL_HEIGHT, _PILL_TOP = 30.0, 12.0
_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape, Qt.Key.Key_Delete)


class BoxTool(QObject):
    """A box in the picture's pixels while it is being drawn, and the words above it.

    Attributes:
        is_active: Whether the mouse draws.
        box_px: (4,) x1, y1, x2, y2, or None before the first drag.
        words: What is said at the top of the canvas, "" for nothing; a click on it asks to begin.
        is_fault: Whether the words tell of something that failed.
    """

    asked = Signal()  # the words were clicked while nothing is being drawn
    kept = Signal()  # Enter
    left = Signal()  # Esc
    forgotten = Signal()  # Delete
    changed = Signal()  # the box

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.is_active = False
        self.box_px: np.ndarray | None = None
        self.words, self.is_fault = "", False
        self._grip: tuple[int, int] | None = None  # which x and y move: 0, 2 / 1, 3 or -1
        self._moves_from: np.ndarray | None = None
        self._is_dragging = False

    def start(self, box_px: np.ndarray | None) -> None:
        """Let the mouse draw, beginning with a box that there is already."""
        self.is_active, self._is_dragging = True, False
        self.box_px = None if box_px is None else np.array(box_px, float)
        self._canvas.setFocus()
        self._canvas.setCursor(Qt.CursorShape.CrossCursor)
        self.changed.emit()

    def stop(self) -> None:
        """The mouse pans again; nothing is kept by this."""
        self.is_active, self._is_dragging, self.box_px = False, False, None
        self._canvas.unsetCursor()
        self.changed.emit()

    def say(self, words: str, *, is_fault: bool = False) -> None:
        """Show words at the top of the canvas."""
        self.words, self.is_fault = words, is_fault
        self._canvas.update()

    # What the canvas passes on; each tells whether that was for the tool.

    def press(self, at: QPointF) -> bool:
        """Take a handle, move the box, or begin another one."""
        if not self.is_active:
            is_asked = bool(self.words) and self._pill().contains(at)
            if is_asked:
                self.asked.emit()
            return is_asked
        point = self._to_picture(at)
        self._is_dragging, self._moves_from = True, None
        self._grip = self._grip_at(at)
        if self._grip is None and self.box_px is not None and self._corners().contains(at):
            self._moves_from = point
        elif self._grip is None:
            self.box_px, self._grip = np.concatenate([point, point]), (2, 3)
        self.changed.emit()
        return True

    def move(self, at: QPointF) -> bool:
        """Drag what was taken."""
        if not self.is_active:
            return False
        if not self._is_dragging:
            self._canvas.setCursor(self._cursor_at(at))
            return True
        point = self._to_picture(at)
        if self._moves_from is not None:
            low, high = self._limits()
            shift = point - self._moves_from
            shift = np.clip(shift, low - self.box_px[:2], high - self.box_px[2:])
            self.box_px = self.box_px + np.tile(shift, 2)
            self._moves_from = self._moves_from + shift
        else:
            for axis, place in enumerate(self._grip):
                if place >= 0:
                    self.box_px[place] = point[axis]
        self.changed.emit()
        return True

    def release(self) -> bool:
        """Put the corners in order; what is hardly larger than a point was a click."""
        if not self.is_active or not self._is_dragging:
            return False
        self._is_dragging = False
        x1, y1, x2, y2 = self.box_px
        self.box_px = np.array([min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)])
        place = self._corners()
        if min(place.width(), place.height()) < LEAST:
            self.box_px = None
        self.changed.emit()
        return True

    def wants(self, event: QEvent) -> bool:
        """Whether a key is the tool's, before the window's actions hear of it."""
        return self.is_active and event.key() in _KEYS

    def key(self, event: QEvent) -> bool:
        """Enter keeps, Esc leaves, Delete forgets."""
        if not self.wants(event):
            return False
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() == Qt.Key.Key_Delete:
            self.forgotten.emit()
        elif self.box_px is not None and not self._is_dragging:
            self.kept.emit()
        return True

    # Where things are.

    @property
    def _view(self) -> View:
        return self._canvas.view

    def _limits(self) -> tuple[np.ndarray, np.ndarray]:
        """Centres of the picture's first and last pixels."""
        return np.zeros(2), np.array(self._canvas.picture.size, float) - 1

    def _to_picture(self, at: QPointF) -> np.ndarray:
        return np.clip(self._view.to_picture((at.x(), at.y())), *self._limits())

    def _corners(self) -> QRectF:
        (x1, y1), (x2, y2) = self._view.to_canvas(self.box_px.reshape(2, 2))
        return QRectF(QPointF(x1, y1), QPointF(x2, y2)).normalized()

    def handles(self) -> list[tuple[QPointF, tuple[int, int]]]:
        """Eight places on the canvas, and which of x1, y1, x2, y2 move with each (-1: neither)."""
        place = self._corners()
        xs = ((place.left(), 0), (place.center().x(), -1), (place.right(), 2))
        ys = ((place.top(), 1), (place.center().y(), -1), (place.bottom(), 3))
        return [
            (QPointF(x, y), (x_of, y_of))
            for x, x_of in xs
            for y, y_of in ys
            if (x_of, y_of) != (-1, -1)
        ]

    def _grip_at(self, at: QPointF) -> tuple[int, int] | None:
        if self.box_px is None:
            return None
        away = {grip: (place - at).manhattanLength() for place, grip in self.handles()}
        nearest = min(away, key=away.get)
        return nearest if away[nearest] <= REACH else None

    def _cursor_at(self, at: QPointF) -> Qt.CursorShape:
        grip = self._grip_at(at)
        if grip is None:
            is_inside = self.box_px is not None and self._corners().contains(at)
            return Qt.CursorShape.SizeAllCursor if is_inside else Qt.CursorShape.CrossCursor
        if -1 in grip:
            return Qt.CursorShape.SizeVerCursor if grip[0] < 0 else Qt.CursorShape.SizeHorCursor
        is_falling = grip in ((0, 1), (2, 3))
        return Qt.CursorShape.SizeFDiagCursor if is_falling else Qt.CursorShape.SizeBDiagCursor

    # Painting.

    def paint(self, painter: QPainter) -> None:
        """The box with its handles, the rest dimmed, and the words."""
        if self.is_active and self.box_px is not None:
            self._paint_box(painter)
        if self.words:
            self._paint_words(painter)

    def _paint_box(self, painter: QPainter) -> None:
        place, whole = self._corners(), QRectF(self._canvas.rect())
        shade = OVER_IMAGERY.colour("bg0", 0.45)
        painter.fillRect(QRectF(whole.topLeft(), QPointF(whole.right(), place.top())), shade)
        painter.fillRect(QRectF(QPointF(0, place.bottom()), whole.bottomRight()), shade)
        painter.fillRect(QRectF(QPointF(0, place.top()), place.bottomLeft()), shade)
        beside = QRectF(place.topRight(), QPointF(whole.right(), place.bottom()))
        painter.fillRect(beside, shade)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(paint.CASING, 4), QPen(QColor(OVER_IMAGERY.accent), 2)):
            painter.setPen(pen)
            painter.drawRect(place)
        painter.setPen(QPen(QColor(OVER_IMAGERY.bg0), 1.2))
        painter.setBrush(paint.WHITE)
        for at, _ in self.handles():
            half = HANDLE / 2
            painter.drawRect(QRectF(at.x() - half, at.y() - half, HANDLE, HANDLE))

    def _pill(self) -> QRectF:
        width = QFontMetricsF(ui_font(13, 500)).horizontalAdvance(self.words) + 32
        width = min(width, self._canvas.width() - 2 * _PILL_TOP)
        x = (self._canvas.width() - width) / 2
        return QRectF(x, _PILL_TOP, width, _PILL_HEIGHT)

    def _paint_words(self, painter: QPainter) -> None:
        place = self._pill()
        painter.setFont(ui_font(13, 500))
        colour = OVER_IMAGERY.fault if self.is_fault else OVER_IMAGERY.accent
        painter.setPen(QPen(QColor(colour), 1))
        painter.setBrush(paint.CARD)
        painter.drawRoundedRect(place, _PILL_HEIGHT / 2, _PILL_HEIGHT / 2)
        painter.setPen(paint.WHITE)
        room = place.adjusted(12, 0, -12, 0)
        elide = Qt.TextElideMode.ElideRight
        words = painter.fontMetrics().elidedText(self.words, elide, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, words)
