"""A photo with the hand that is proposed for it, and the labelled one behind."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from core.annotation.records import LABELLED_EVERYWHERE
from core.data.frame import Frame
from utnet_viewer.annotate.edit_paint import paint_edited, paint_original
from utnet_viewer.annotate.sequence_plan import Proposal
from utnet_viewer.image.picture import FRAME, Picture
from utnet_viewer.image.view import View
from utnet_viewer.theme import SIZE_BODY, Theme, ui_font

#: Room around both hands, as a share of their size.
_MARGIN = 0.12
ZOOM_STEP = 1.25


class ProposalView(QWidget):
    """Fits both hands; the wheel zooms, a drag moves, a double click fits again."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName("Photo with the proposed hand")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(200, 160)
        self.words = ""
        self.proposal: Proposal | None = None
        self.row = -1
        self._picture: Picture | None = None
        self._view = View()
        self._drag_from: QPointF | None = None
        theme.changed.connect(self.update)

    def say(self, words: str) -> None:
        """Words instead of a photo."""
        self.words, self.proposal, self._picture, self.row = words, None, None, -1
        self.update()

    def show_photo(self, proposal: Proposal, frame: Frame) -> None:
        """A frame's photo, and the hand proposed for it."""
        self.words, self.proposal, self.row = "", proposal, proposal.frame.row
        self._picture = Picture(frame, FRAME, None)
        self._view.set_picture(*self._picture.size)
        self._view.set_canvas(self.width(), self.height())
        points_px = np.concatenate([proposal.frame.keypoints_px, proposal.fit.keypoints_px])
        low, high = points_px.min(0), points_px.max(0)
        room = _MARGIN * (high - low).max()
        self._view.set_hand(np.array([low - room, high + room]))
        self.update()

    def paintEvent(self, event) -> None:
        """The photo, the label dashed, the proposal solid; or words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self._theme.palette
        painter.fillRect(self.rect(), palette.colour("bg1"))
        if self._picture is None:
            painter.setFont(ui_font(SIZE_BODY))
            painter.setPen(palette.colour("t2"))
            flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
            painter.drawText(self.rect().adjusted(20, 0, -20, 0), flags, self.words)
            return
        self._picture.paint(painter, self._view, self.devicePixelRatioF())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_original(painter, self._view.to_canvas(self.proposal.frame.keypoints_px))
        points = self._view.to_canvas(self.proposal.fit.keypoints_px)
        paint_edited(painter, points, LABELLED_EVERYWHERE, frozenset())

    def resizeEvent(self, event) -> None:
        """Fit again, or keep the middle in the middle."""
        super().resizeEvent(event)
        self._view.set_canvas(self.width(), self.height())

    def wheelEvent(self, event) -> None:
        """Zoom about the pointer."""
        if self._picture is not None and event.angleDelta().y():
            at = event.position()
            self._view.zoom(ZOOM_STEP ** (event.angleDelta().y() / 120), (at.x(), at.y()))
            self.update()
        event.accept()

    def mousePressEvent(self, event) -> None:
        """Begin to move the photo."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag_from = event.position()

    def mouseMoveEvent(self, event) -> None:
        """Move the photo."""
        if self._drag_from is not None and self._picture is not None:
            step, self._drag_from = event.position() - self._drag_from, event.position()
            self._view.pan(step.x(), step.y())
            self.update()

    def mouseReleaseEvent(self, event) -> None:
        """The photo stays where it is."""
        self._drag_from = None

    def mouseDoubleClickEvent(self, event) -> None:
        """Fit both hands, or the whole photo."""
        self._view.toggle_fit()
        self.update()
