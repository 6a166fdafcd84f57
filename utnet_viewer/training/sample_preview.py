"""One fixed sample, large, beside the table that it came from."""

from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from core.conventions import CROP_SIZE_PX
from core.events import SampleEvent
from utnet_viewer.theme import PADDING, PANEL_RADIUS, SIZE_BODY, SIZE_LABEL, Theme, ui_font
from utnet_viewer.training.sample_paint import error_text, paint_large
from utnet_viewer.training.sample_pictures import SamplePictures

_HEAD, _EDGE, _GAP = 48, 8, 8
_LARGEST_SCALE, _SMALLEST_SCALE = 2.0, 0.75


class SamplePreview(QWidget):
    """Over the window, never over the thumbnail that it shows; it takes no clicks."""

    def __init__(self, theme: Theme, pictures: SamplePictures, owner: QWidget) -> None:
        super().__init__(owner)
        self._theme, self._pictures = theme, pictures
        self._folder, self._event, self._title = Path(), None, ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    @property
    def event_shown(self) -> SampleEvent | None:
        """The event that is shown; None while hidden."""
        return None if self.isHidden() else self._event

    def open_beside(self, folder: Path, event: SampleEvent, title: str, thumbnail: QRect) -> None:
        """Show an event; `thumbnail` is in global coordinates."""
        self._folder, self._event, self._title = folder, event, title
        window = self.parentWidget().window()
        self.setParent(window)
        room = window.rect().adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)
        near = QRect(window.mapFromGlobal(thumbnail.topLeft()), thumbnail.size())
        self.setGeometry(place_beside(near, room))
        self.show()
        self.raise_()
        self.update()

    def paintEvent(self, event) -> None:
        """A card: title and error, then the picture."""
        if self._event is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self._theme.palette
        painter.setPen(QPen(palette.colour("line2"), 1))
        painter.setBrush(palette.colour("bg2"))
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(frame, PANEL_RADIUS, PANEL_RADIUS)
        left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        line = QRectF(PADDING, 5, self.width() - 2 * PADDING, 22)
        painter.setFont(ui_font(SIZE_BODY, 600))
        painter.setPen(QColor(palette.t1))
        painter.drawText(line, left, self._event.frame_id)
        painter.drawText(line, right, error_text(self._event))
        painter.setFont(ui_font(SIZE_LABEL))
        painter.setPen(QColor(palette.t3))
        line.translate(0, 19)
        painter.drawText(line, left, self._title)
        painter.drawText(line, right, "solid: ground truth, dashed: prediction")
        place = QRectF(self.rect()).adjusted(_EDGE, _HEAD, -_EDGE, -_EDGE)
        picture = self._pictures.scaled(
            self._folder, self._event.file, place.size().toSize(), self.devicePixelRatioF()
        )
        paint_large(painter, self._event, picture, place)


def place_beside(thumbnail: QRect, room: QRect) -> QRect:
    """Where the card stands: right of the thumbnail, else left, else above or below, as large as
    there is room."""
    best = QRect()
    for side in ("right", "left", "above", "below"):
        if side in ("right", "left"):
            width = (
                room.right() - thumbnail.right()
                if side == "right"
                else thumbnail.left() - room.left()
            ) - _GAP
            size = _size(width, room.height())
            x = thumbnail.right() + _GAP if side == "right" else thumbnail.left() - _GAP
            x -= 0 if side == "right" else size.width()
            y = min(thumbnail.top(), room.bottom() - size.height())
        else:
            height = (
                thumbnail.top() - room.top()
                if side == "above"
                else room.bottom() - thumbnail.bottom()
            ) - _GAP
            size = _size(room.width(), height)
            x = min(thumbnail.left(), room.right() - size.width())
            y = (
                thumbnail.top() - _GAP - size.height()
                if side == "above"
                else (thumbnail.bottom() + _GAP)
            )
        place = QRect(QPoint(x, max(y, room.top())), size)
        if size.width() > best.width() + 1:
            best = place
    return best


def _size(width: int, height: int) -> QSize:
    """Of the whole card: the largest that fits, the crop's shape kept."""
    crop_height, crop_width = CROP_SIZE_PX
    scale = min((width - 2 * _EDGE) / crop_width, (height - _HEAD - _EDGE) / crop_height)
    scale = max(min(scale, _LARGEST_SCALE), _SMALLEST_SCALE)
    return QSize(round(crop_width * scale) + 2 * _EDGE, round(crop_height * scale) + _HEAD + _EDGE)
