"""The row above a plot: what each line is, and its value under the crosshair."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from utnet_viewer.theme import PADDING, SIZE_LABEL, Theme, ui_font
from utnet_viewer.training.charts.content import Ink
from utnet_viewer.training.charts.traces import paint_marker, pen_of

ROW = 20
_GAP, _INNER = 12.0, 5.0
_SQUARE, _LINE = 9.0, 16.0


@dataclass(frozen=True)
class LegendEntry:
    """One line of the chart.

    Attributes:
        key: Of the series; "" for what cannot be hidden.
        value: Under the crosshair, or the last; "" for none.
        ink: Levels and dashed lines are shown as they are drawn, others as a square.
        is_line: Shown as a stroke.
        is_warning: The value is one to worry about.
        is_hidden: The series is not drawn.
    """

    key: str
    title: str
    value: str
    ink: Ink
    is_line: bool = False
    is_warning: bool = False
    is_hidden: bool = False

    @property
    def words(self) -> str:
        """As read aloud or in a tool tip."""
        return f"{self.title} {self.value}".strip() + (" (hidden)" if self.is_hidden else "")


class Legend(QWidget):
    """Entries from the left; those without room are counted, and named by the tool tip."""

    toggled = Signal(str)  # key of the series

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.entries: tuple[LegendEntry, ...] = ()
        self._theme, self._rows, self._most_rows = theme, 1, 1
        self._widest: dict[str, float] = {}
        self.setFixedHeight(ROW)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(0)
        self.setMouseTracking(True)
        theme.changed.connect(self.update)

    def show_entries(self, entries: tuple[LegendEntry, ...]) -> None:
        """Show others; equal ones cost nothing."""
        if entries == self.entries:
            return
        if [entry.title for entry in entries] != [entry.title for entry in self.entries]:
            self._widest.clear()
        self.entries = entries
        self.setAccessibleDescription(", ".join(entry.words for entry in entries))
        self._settle()

    def set_most_rows(self, rows: int) -> None:
        """How many rows the legend may take."""
        self._most_rows = rows
        self._settle()

    @property
    def folded(self) -> tuple[LegendEntry, ...]:
        """The entries without room."""
        shown = len(self._places())
        return self.entries[shown:]

    def sizeHint(self) -> QSize:
        """Any width will do."""
        return QSize(120, ROW * self._rows)

    def resizeEvent(self, event) -> None:
        """Decide again what fits."""
        super().resizeEvent(event)
        self._settle()

    def _settle(self) -> None:
        places = self._places()
        rows = 1 + max((int(place.top() // ROW) for place in places), default=0)
        if rows != self._rows:
            self._rows = rows
            self.setFixedHeight(ROW * rows)
        self.update()

    def _width(self, entry: LegendEntry) -> float:
        """Room for an entry; it does not shrink while values change, so that nothing jumps."""
        plain = QFontMetricsF(ui_font(SIZE_LABEL)).horizontalAdvance(entry.title)
        bold = QFontMetricsF(ui_font(SIZE_LABEL, 600)).horizontalAdvance(entry.value)
        width = (_LINE if entry.is_line else _SQUARE) + _INNER + plain
        width += (_INNER + bold) if entry.value else 0
        width = max(width, self._widest.get(entry.title, 0.0))
        if not entry.is_warning:  # words, longer than any number
            self._widest[entry.title] = width
        return width

    def _places(self) -> list[QRectF]:
        """Where the entries stand, as many as have room."""
        room = self.width() - PADDING
        places: list[QRectF] = []
        x, row = float(PADDING), 0
        for position, entry in enumerate(self.entries):
            width = self._width(entry)
            is_last_row = row == self._most_rows - 1
            is_last = position == len(self.entries) - 1
            reserve = 0.0 if is_last or not is_last_row else _GAP + 22.0
            if x + width + reserve > room and x > PADDING:
                if is_last_row:
                    break
                row, x = row + 1, float(PADDING)
            places.append(QRectF(x, row * ROW, width, ROW))
            x += width + _GAP
        return places

    def paintEvent(self, event) -> None:
        """Swatch, title, value."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        places = self._places()
        for entry, place in zip(self.entries, places, strict=False):
            self._paint_entry(painter, entry, place)
        if len(places) < len(self.entries):
            painter.setFont(ui_font(SIZE_LABEL))
            painter.setPen(QColor(self._theme.palette.t3))
            left = places[-1].right() + _GAP if places else PADDING
            rest = QRectF(left, places[-1].top() if places else 0, 40, ROW)
            text = f"+{len(self.entries) - len(places)}"
            painter.drawText(rest, Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_entry(self, painter: QPainter, entry: LegendEntry, place: QRectF) -> None:
        palette = self._theme.palette
        painter.setOpacity(0.45 if entry.is_hidden else 1.0)
        self._paint_swatch(painter, entry, place)
        x = place.left() + (_LINE if entry.is_line else _SQUARE) + _INNER
        font = ui_font(SIZE_LABEL)
        font.setStrikeOut(entry.is_hidden)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(font)
        painter.setPen(QColor(palette.t2))
        width = QFontMetricsF(font).horizontalAdvance(entry.title)
        painter.drawText(QRectF(x, place.top(), width + 2, ROW), middle, entry.title)
        painter.setFont(ui_font(SIZE_LABEL, 600))
        painter.setPen(QColor(palette.fault if entry.is_warning else palette.t1))
        value = QRectF(x + width + _INNER, place.top(), place.width(), ROW)
        painter.drawText(value, middle, entry.value)
        painter.setOpacity(1.0)

    @staticmethod
    def _paint_swatch(painter: QPainter, entry: LegendEntry, place: QRectF) -> None:
        colour = QColor(entry.ink.colour)
        middle = QPointF(place.left() + _SQUARE / 2, place.center().y())
        if entry.is_line:
            pen = pen_of(entry.ink)
            pen.setWidthF(max(1.25, entry.ink.width))
            painter.setPen(pen)
            end = QPointF(place.left() + _LINE, middle.y())
            painter.drawLine(QPointF(place.left(), middle.y()), end)
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        if entry.ink.marker:
            paint_marker(painter, entry.ink.marker, middle, 4.0)
        elif entry.ink.dashes:  # a second series of this colour: a square with a hole
            painter.drawRoundedRect(QRectF(middle.x() - 4.5, middle.y() - 4.5, 9, 9), 2, 2)
            painter.setBrush(QColor(0, 0, 0, 130))
            painter.drawRoundedRect(QRectF(middle.x() - 2, middle.y() - 2, 4, 4), 1, 1)
        else:
            painter.drawRoundedRect(QRectF(middle.x() - 4.5, middle.y() - 4.5, 9, 9), 2, 2)

    def entry_at(self, place: QPointF) -> LegendEntry | None:
        """The entry under a point."""
        places = zip(self.entries, self._places(), strict=False)
        return next((entry for entry, box in places if box.contains(place)), None)

    def mousePressEvent(self, event) -> None:
        """Hide the series, or show it again."""
        entry = self.entry_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and entry is not None and entry.key:
            self.toggled.emit(entry.key)
        event.accept()

    def event(self, event: QEvent) -> bool:
        """The tool tip names what has no room."""
        if event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.tip_at(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def tip_at(self, place: QPointF) -> str:
        """Words for the pointer at a place."""
        entry = self.entry_at(place)
        if entry is None:
            return "\n".join(entry.words for entry in self.folded)
        return f"{entry.words}\nclick: hide or show" if entry.key else entry.words
