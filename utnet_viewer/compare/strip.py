"""The biggest gains, or losses, as pairs of thumbnails that are stepped through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.conventions import CROP_SIZE_PX
from utnet_viewer.compare.pair_reader import PairReader
from utnet_viewer.compare.pairs import Thumbnail
from utnet_viewer.image.paint import paint_tag
from utnet_viewer.theme import OVER_IMAGERY, PADDING, SIZE_LABEL, Theme, ui_font
from utnet_viewer.training.sample_paint import paint_small_hands
from utnet_viewer.widgets.controls import IconButton
from utnet_viewer.widgets.focus_ring import RING_PROPERTY
from utnet_viewer.widgets.own_keys import OwnKeys
from utnet_viewer.widgets.panel import Panel

_HEAD, _BOTTOM, _GAP, _INNER = 20, 10, 14, 2
#: Where more pairs fit, the sides of the crops are cut down to this width over height.
_LEAST_ASPECT = 0.5
_WANTED_PAIRS = 3


@dataclass(frozen=True)
class StripItem:
    """One frame of the list.

    Attributes:
        row: Of the dataset.
        name: ``MC1/0012``.
        first: A's figure with its unit.
        second: B's.
        difference: B − A, signed.
    """

    row: int
    name: str
    first: str
    second: str
    difference: str


class PairStrip(OwnKeys, QWidget):
    """Paints as many pairs as fit. Left and Right step, Enter opens, a click does both."""

    current_changed = Signal(int)  # row of the dataset
    opened = Signal(int)

    SHEET_KEYS = (
        ("Another pair", "Left or Right"),
        ("The first or the last pair", "Home or End"),
        ("Side by side", "Return"),
    )

    def __init__(self, theme: Theme, reader: PairReader, *, name: str, token: str) -> None:
        """`name` tells the strip from another one; `token` colours the differences."""
        super().__init__()
        self._theme, self._reader, self._name, self._token = theme, reader, name, token
        self.items: tuple[StripItem, ...] = ()
        self.current = -1  # position in `items`
        self._shown_row = -1
        self.first = 0
        self.empty = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty(RING_PROPERTY, True)
        self.setMinimumSize(220, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(name)
        reader.thumbnail_ready.connect(lambda _thumbnail: self.update())
        theme.changed.connect(self.update)

    # What is shown.

    def show_items(self, items: Sequence[StripItem], *, empty: str = "") -> None:
        """Show another list from its start; `empty` stands there where it has nothing."""
        self.items, self.empty, self.first, self.current = tuple(items), empty, 0, -1
        self._fetch()
        self.update()

    def show_current(self, row: int) -> None:
        """Mark the frame that is looked at, and bring it into view where it is in the list."""
        self._shown_row = row
        position = next((n for n, item in enumerate(self.items) if item.row == row), -1)
        if position >= 0:
            self.current = position
            self._bring_into_view(position)
        self.update()

    def step(self, by: int) -> None:
        """Go on by so many pairs, and say where."""
        if not self.items:
            return
        position = 0 if self.current < 0 else self.current + by
        self._go(min(max(position, 0), len(self.items) - 1))

    def turn(self, by: int) -> None:
        """Show the pairs before or after those in view."""
        last = max(0, len(self.items) - self.count_in_view)
        self.first = min(max(self.first + by * self.count_in_view, 0), last)
        self._fetch()
        self.update()

    def _go(self, position: int) -> None:
        self.current = position
        self._bring_into_view(position)
        self._describe()
        self.update()
        self.current_changed.emit(self.items[position].row)

    def _bring_into_view(self, position: int) -> None:
        count = self.count_in_view
        first = min(max(self.first, position - count + 1), position)
        if first != self.first:
            self.first = first
            self._fetch()

    def _describe(self) -> None:
        item = self.items[self.current]
        words = f"{item.name}: A {item.first}, B {item.second}, {item.difference}"
        self.setAccessibleDescription(words)

    def _fetch(self) -> None:
        """What is in view, then the next page."""
        if self.isVisible():
            rows = [item.row for item in self.items[self.first :][: 2 * self.count_in_view]]
            self._reader.want_thumbnails(self._name, rows)

    # Geometry.

    def _picture_size(self) -> QSizeF:
        """Of one thumbnail: as high as there is room, narrower where more pairs then fit."""
        height = max(40.0, self.height() - _HEAD - _BOTTOM)
        whole = CROP_SIZE_PX[1] / CROP_SIZE_PX[0]
        room = self.width() - 2 * PADDING + _GAP
        for count in (_WANTED_PAIRS, 2):
            width = (room / count - _GAP - _INNER) / 2
            if _LEAST_ASPECT * height <= width <= whole * height:
                return QSizeF(width, height)
        if (room / _WANTED_PAIRS - _GAP - _INNER) / 2 > whole * height:
            return QSizeF(whole * height, height)
        width = min(whole * height, (room - _GAP - _INNER) / 2)
        return QSizeF(width, min(height, width / _LEAST_ASPECT))

    @property
    def count_in_view(self) -> int:
        """How many pairs fit."""
        pair = 2 * self._picture_size().width() + _INNER + _GAP
        return max(1, int((self.width() - 2 * PADDING + _GAP + 1) // pair))

    def place(self, position: int) -> QRectF:
        """Where a pair stands, its head included."""
        size = self._picture_size()
        width = 2 * size.width() + _INNER
        x = PADDING + (position - self.first) * (width + _GAP)
        return QRectF(x, 0, width, _HEAD + size.height())

    def resizeEvent(self, event) -> None:
        """More room is more pairs."""
        super().resizeEvent(event)
        self.first = min(self.first, max(0, len(self.items) - self.count_in_view))
        self._fetch()

    def showEvent(self, event) -> None:
        """Fetch what nobody has seen yet."""
        super().showEvent(event)
        self._fetch()

    # Painting.

    def paintEvent(self, event) -> None:
        """The pairs in view, or words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        palette = self._theme.palette
        painter.fillRect(self.rect(), palette.colour("bg2"))
        if not self.items:
            painter.setFont(ui_font(SIZE_LABEL))
            painter.setPen(palette.colour("t3"))
            flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
            painter.drawText(self.rect().adjusted(24, 0, -24, 0), flags, self.empty)
            return
        for position in range(self.first, min(self.first + self.count_in_view, len(self.items))):
            self._paint_pair(painter, position)

    def _paint_pair(self, painter: QPainter, position: int) -> None:
        palette, item, place = self._theme.palette, self.items[position], self.place(position)
        head = QRectF(place.x(), 0, place.width(), _HEAD - 3)
        painter.setFont(ui_font(SIZE_LABEL, 600))
        painter.setPen(palette.colour(self._token))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(head, right, item.difference)
        taken = painter.fontMetrics().horizontalAdvance(item.difference) + 8
        painter.setFont(ui_font(SIZE_LABEL))
        painter.setPen(palette.colour("t1"))
        middle = Qt.TextElideMode.ElideMiddle
        room = int(place.width()) - taken
        name = painter.fontMetrics().elidedText(item.name, middle, room)
        painter.drawText(head, Qt.AlignmentFlag.AlignVCenter, name)
        size, thumbnail = self._picture_size(), self._reader.thumbnail(item.row)
        for number, words in enumerate((f"A {item.first}", f"B {item.second}")):
            x = place.x() + number * (size.width() + _INNER)
            picture = QRectF(x, _HEAD, size.width(), size.height())
            self._paint_picture(painter, thumbnail, number, picture)
            paint_tag(painter, QPointF(x + 4, picture.bottom() - 24), words)
        if item.row == self._shown_row or (self.hasFocus() and position == self.current):
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(palette.colour("accent"), 2))
            painter.drawRect(place.adjusted(-1, _HEAD - 1, 1, 1))

    def _paint_picture(
        self, painter: QPainter, thumbnail: Thumbnail | None, number: int, place: QRectF
    ) -> None:
        painter.save()
        painter.setClipRect(place)
        painter.fillRect(place, OVER_IMAGERY.colour("bg1"))
        if thumbnail is None or thumbnail.image is None:
            painter.setFont(ui_font(SIZE_LABEL))
            painter.setPen(OVER_IMAGERY.colour("t3"))
            words = "reading…" if thumbnail is None else thumbnail.problem
            flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
            painter.drawText(place.adjusted(6, 6, -6, -26), flags, words)
        else:
            scale = place.height() / thumbnail.image.height()
            width = thumbnail.image.width() * scale
            corner = (place.center().x() - width / 2, place.y())
            painter.drawImage(QRectF(*corner, width, place.height()), thumbnail.image)
            hands = (thumbnail.truth_px, thumbnail.predictions_px[number])
            placed = [None if hand is None else (hand + 0.5) * scale + corner for hand in hands]
            paint_small_hands(painter, *placed)
        painter.restore()

    # Mouse and keys.

    def mousePressEvent(self, event) -> None:
        """Go to a pair and open it."""
        shown = range(self.first, min(self.first + self.count_in_view, len(self.items)))
        hit = next((n for n in shown if self.place(n).contains(event.position())), -1)
        if hit >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._go(hit)
            self.opened.emit(self.items[hit].row)

    def wheelEvent(self, event) -> None:
        """Turn the pages."""
        turns = event.angleDelta().y() or event.angleDelta().x()
        if turns:
            self.turn(-1 if turns > 0 else 1)
        event.accept()

    def _action(self, event) -> Callable[[], None] | None:
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier or not self.items:
            return None
        return {
            Qt.Key.Key_Left: lambda: self.step(-1),
            Qt.Key.Key_Right: lambda: self.step(1),
            Qt.Key.Key_Home: lambda: self._go(0),
            Qt.Key.Key_End: lambda: self._go(len(self.items) - 1),
            Qt.Key.Key_Return: self._open_current,
            Qt.Key.Key_Enter: self._open_current,
        }.get(event.key())

    def _open_current(self) -> None:
        self._go(max(self.current, 0))
        self.opened.emit(self.items[self.current].row)

    def focusInEvent(self, event) -> None:
        """The current pair is marked."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event) -> None:
        """No pair is marked by the keyboard any more."""
        super().focusOutEvent(event)
        self.update()


class StripPanel(Panel):
    """The strip under its title, with buttons that turn its pages."""

    def __init__(self, title: str, theme: Theme, reader: PairReader, *, token: str) -> None:
        super().__init__(title, theme)
        self.strip = PairStrip(theme, reader, name=title, token=token)
        for icon, words, by in (("caret-left", "Before", -1), ("caret-right", "Further", 1)):
            button = IconButton(icon, f"{words} in {title.lower()}", theme)
            button.action.triggered.connect(lambda _=False, by=by: self.strip.turn(by))
            self.add_tool(button)
        self.set_body(self.strip)
