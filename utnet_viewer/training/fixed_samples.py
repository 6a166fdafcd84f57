"""A few validation samples, redrawn at every validation: learning is seen."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from core.conventions import CROP_SIZE_PX
from core.events import SampleEvent
from core.training.run_history import RunView
from utnet_viewer.theme import PADDING, SIZE_AXIS, SIZE_LABEL, Theme, ui_font
from utnet_viewer.training.sample_history import Moment, SampleHistory, chosen_columns
from utnet_viewer.training.sample_paint import error_text, paint_thumbnail
from utnet_viewer.training.sample_pictures import SamplePictures
from utnet_viewer.training.sample_preview import SamplePreview
from utnet_viewer.widgets.focus_ring import RING_PROPERTY
from utnet_viewer.widgets.own_keys import OwnKeys
from utnet_viewer.widgets.panel import Panel

#: A thumbnail narrower than this is not readable; a larger one gains nothing here.
LEAST_WIDTH, MOST_WIDTH = 72, 150
_GAP, _HEAD, _BOTTOM = 6, 20, 10
_HOVER_MS = 350
_NONE = "No sample was drawn yet: the fixed samples are redrawn at every validation."
_NO_RUN = "What the network makes of a few fixed samples appears here, validation by validation."


class FixedSamplesPanel(Panel):
    """Rows are samples, columns are moments of the run; the last one is the newest."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__("Fixed validation samples", theme, parent)
        self.set_subtitle("redrawn at every validation")
        self.table = SampleTable(theme)
        self.set_body(self.table)

    def show_run(self, view: RunView | None) -> None:
        """Show a run's samples; None shows that there is no run."""
        if view is None:
            self.table.show_samples(None, ())
        else:
            self.table.show_samples(view.path, view.samples)


class SampleTable(OwnKeys, QAbstractScrollArea):
    """Paints thumbnails; hovering or Enter shows one large. Arrows move, Esc closes."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._folder: Path | None = None
        self._samples: tuple[SampleEvent, ...] = ()
        self.history = SampleHistory()
        self.pictures = SamplePictures(self)
        self.preview = SamplePreview(theme, self.pictures, self)
        self.columns: list[int] = []
        self._thumbnail = QSize(LEAST_WIDTH, 0)
        self.current = (0, 0)  # row of the history, position among `columns`
        self._hovered: tuple[int, int] | None = None
        self._hover = QTimer(self, singleShot=True, interval=_HOVER_MS)
        self._hover.timeout.connect(self._open_hovered)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty(RING_PROPERTY, True)
        self.setAccessibleName("Fixed validation samples")
        self.viewport().setMouseTracking(True)
        self.pictures.arrived.connect(self._repaint)
        theme.changed.connect(self._repaint)

    # What is shown.

    def show_samples(self, folder: Path | None, samples: tuple[SampleEvent, ...]) -> None:
        """Show a run's samples; equal ones cost nothing."""
        if folder == self._folder and samples is self._samples:
            return
        if folder != self._folder:
            self.current = (0, 0)
            self._close()
        was_last = self.current[1] >= len(self.columns) - 1
        self._folder, self._samples = folder, samples
        self.history = SampleHistory.of(samples)
        self.pictures.look_again()
        self._lay_out()
        row, column = self.current
        # Who looks at the newest goes on doing so.
        column = len(self.columns) - 1 if was_last else min(column, len(self.columns) - 1)
        self.current = (min(row, max(len(self.history.frame_ids) - 1, 0)), max(column, 0))
        self._describe()
        self._repaint()

    @property
    def shown_moments(self) -> list[Moment]:
        """The columns that have room."""
        return [self.history.moments[column] for column in self.columns]

    def titles(self) -> list[str]:
        """Of the shown columns."""
        titles = self.history.titles()
        return [titles[column] for column in self.columns]

    def event_at(self, cell: tuple[int, int]) -> SampleEvent | None:
        """What a cell shows."""
        row, column = cell
        if row >= len(self.history.frame_ids) or column >= len(self.columns):
            return None
        moment = self.history.moments[self.columns[column]]
        return self.history.event(self.history.frame_ids[row], moment)

    # Geometry.

    def resizeEvent(self, event) -> None:
        """Other sizes, other columns."""
        super().resizeEvent(event)
        self._close()
        self._lay_out()

    def _lay_out(self) -> None:
        """As large as two rows allow, as many columns as then fit."""
        width = self.viewport().width() - 2 * PADDING
        height = self.viewport().height() - _HEAD - _BOTTOM
        rows = max(len(self.history.frame_ids), 1)
        crop_height, crop_width = CROP_SIZE_PX
        least_height = LEAST_WIDTH * crop_height / crop_width
        visible = max(1, min(rows, int((height + _GAP) // (least_height + _GAP))))
        fitting = ((height + _GAP) / visible - _GAP) * crop_width / crop_height
        thumb_width = int(min(max(fitting, LEAST_WIDTH), MOST_WIDTH, max(width, LEAST_WIDTH)))
        self._thumbnail = QSize(thumb_width, round(thumb_width * crop_height / crop_width))
        room = max(1, (width + _GAP) // (thumb_width + _GAP))
        self.columns = chosen_columns(len(self.history.moments), room)
        pitch = self._thumbnail.height() + _GAP
        bar = self.verticalScrollBar()
        bar.setSingleStep(pitch)
        bar.setPageStep(max(int(height), 1))
        bar.setRange(0, max(0, rows * pitch - _GAP - int(height)))
        self.current = (self.current[0], min(self.current[1], max(len(self.columns) - 1, 0)))

    def place(self, cell: tuple[int, int]) -> QRect:
        """Where a cell is in the viewport."""
        row, column = cell
        x = PADDING + column * (self._thumbnail.width() + _GAP)
        y = _HEAD + row * (self._thumbnail.height() + _GAP) - self.verticalScrollBar().value()
        return QRect(QPoint(x, y), self._thumbnail)

    def cell_at(self, place: QPoint) -> tuple[int, int] | None:
        """The cell under a point of the viewport."""
        if place.y() < _HEAD:
            return None
        rows, columns = range(len(self.history.frame_ids)), range(len(self.columns))
        cells = ((row, column) for row in rows for column in columns)
        return next((cell for cell in cells if self.place(cell).contains(place)), None)

    # Painting.

    def _repaint(self) -> None:
        self.viewport().update()
        self.preview.update()

    def paintEvent(self, event) -> None:
        """Thumbnails, then the heads over what scrolled up."""
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette, area = self._theme.palette, self.viewport().rect()
        painter.fillRect(area, palette.colour("bg2"))
        if not self.columns:
            self._paint_words(painter, area)
            return
        rows, columns = len(self.history.frame_ids), len(self.columns)
        for cell in ((row, column) for row in range(rows) for column in range(columns)):
            if self.place(cell).intersects(area):
                self._paint_cell(painter, cell)
        painter.fillRect(0, 0, area.width(), _HEAD, palette.colour("bg2"))
        for column, title in enumerate(self.titles()):
            is_last = column == columns - 1
            painter.setFont(ui_font(SIZE_LABEL if is_last else SIZE_AXIS, 600 if is_last else 400))
            painter.setPen(QColor(palette.t1 if is_last else palette.t2))
            head = QRectF(self.place((0, column)))
            head = QRectF(head.x() - _GAP / 2, 0, head.width() + _GAP, _HEAD - 4)
            painter.drawText(head, Qt.AlignmentFlag.AlignCenter, title)

    def _paint_cell(self, painter: QPainter, cell: tuple[int, int]) -> None:
        palette, place, event = self._theme.palette, self.place(cell), self.event_at(cell)
        if event is None:
            painter.fillRect(place, palette.colour("bg1"))
            painter.setFont(ui_font(SIZE_AXIS))
            painter.setPen(QColor(palette.t3))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, "not drawn")
        else:
            picture = self.pictures.scaled(
                self._folder, event.file, place.size(), self.devicePixelRatioF()
            )
            paint_thumbnail(painter, event, picture, QRectF(place))
        if self.hasFocus() and cell == self.current:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(palette.colour("accent"), 2))
            painter.drawRect(QRectF(place).adjusted(-1, -1, 1, 1))

    def _paint_words(self, painter: QPainter, area: QRect) -> None:
        painter.setFont(ui_font(SIZE_LABEL))
        painter.setPen(QColor(self._theme.palette.t3))
        flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
        inner = area.adjusted(PADDING * 2, 0, -PADDING * 2, 0)
        painter.drawText(inner, flags, _NO_RUN if self._folder is None else _NONE)

    # The large picture.

    def open_preview(self, cell: tuple[int, int]) -> None:
        """Show a cell large."""
        event = self.event_at(cell)
        if event is None or self._folder is None:
            self._close()
            return
        place = self.place(cell)
        place.moveTopLeft(self.viewport().mapToGlobal(place.topLeft()))
        title = f"{self.titles()[cell[1]]} · step {event.step:,}"
        self.preview.open_beside(self._folder, event, title, place)

    def _open_hovered(self) -> None:
        if self._hovered is not None:
            self.open_preview(self._hovered)

    def _close(self) -> None:
        self._hover.stop()
        self._hovered = None
        self.preview.hide()

    # Mouse.

    def mouseMoveEvent(self, event) -> None:
        """What is hovered for a moment is shown large; then at once, while the pointer moves on."""
        cell = self.cell_at(event.position().toPoint())
        if cell == self._hovered:
            return
        self._hovered = cell
        if cell is None:
            self._close()
        elif self.preview.isVisible():
            self._open_hovered()
        else:
            self._hover.start()

    def mousePressEvent(self, event) -> None:
        """Choose a cell and show it at once."""
        cell = self.cell_at(event.position().toPoint())
        if cell is not None:
            self.current = cell
            self.open_preview(cell)
            self._repaint()

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is hovered any more."""
        super().leaveEvent(event)
        self._close()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """What is shown large is somewhere else now."""
        self._close()
        self.viewport().update()

    def viewportEvent(self, event: QEvent) -> bool:
        """Leaving the viewport is leaving."""
        if event.type() == QEvent.Type.Leave:
            self._close()
        return super().viewportEvent(event)

    def hideEvent(self, event) -> None:
        """The large picture goes with its table."""
        super().hideEvent(event)
        self._close()

    # Keys.

    #: What `_action` knows, for the shortcut sheet.
    SHEET_KEYS = (
        ("Another sample", "Up or Down"),
        ("Another moment", "Left or Right"),
        ("Large, and back", "Return or Esc"),
    )

    def _action(self, event) -> Callable[[], None] | None:
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return None
        key = event.key()
        moves = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        if key in moves:
            return lambda: self._move(*moves[key])
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return self._toggle_preview
        return self._close if key == Qt.Key.Key_Escape and self.preview.isVisible() else None

    def _toggle_preview(self) -> None:
        self._close() if self.preview.isVisible() else self.open_preview(self.current)

    def _move(self, rows: int, columns: int) -> None:
        row = min(max(self.current[0] + rows, 0), max(len(self.history.frame_ids) - 1, 0))
        column = min(max(self.current[1] + columns, 0), max(len(self.columns) - 1, 0))
        was_open = self.preview.isVisible()
        self.current = (row, column)
        place, bar = self.place(self.current), self.verticalScrollBar()
        if place.top() < _HEAD:
            bar.setValue(bar.value() + place.top() - _HEAD)
        elif place.bottom() > self.viewport().height():
            bar.setValue(bar.value() + place.bottom() - self.viewport().height() + _BOTTOM)
        self._describe()
        if was_open:
            self.open_preview(self.current)
        self._repaint()

    def _describe(self) -> None:
        """Words for who does not see the picture."""
        event = self.event_at(self.current)
        if event is None:
            self.setAccessibleDescription(_NONE)
            return
        when = self.titles()[self.current[1]]
        self.setAccessibleDescription(f"{event.frame_id}, {when}: {error_text(event)}")

    def focusInEvent(self, event) -> None:
        """The current cell is marked."""
        super().focusInEvent(event)
        self._repaint()

    def focusOutEvent(self, event) -> None:
        """No cell is marked any more."""
        super().focusOutEvent(event)
        self._close()
        self._repaint()
