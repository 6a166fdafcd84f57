"""How far the review of the frame is: four states, four number keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QGridLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from core.annotation.records import ReviewState
from utnet_viewer.actions import Actions
from utnet_viewer.annotate.actions import REVIEWS
from utnet_viewer.annotate.words import REVIEW
from utnet_viewer.document import Document
from utnet_viewer.theme import CONTROL_RADIUS, ICON, PADDING, SIZE_LABEL, Theme, ui_font
from utnet_viewer.training.run_words import TOKENS, Told
from utnet_viewer.widgets.icons import pixmap

if TYPE_CHECKING:
    from utnet_viewer.annotate.annotations import Annotations

_HEIGHT, _KEY_WIDTH, _KEY_HEIGHT = 26, 22, 18


class ReviewButton(QAbstractButton):
    """Key, icon and word of one state; the frame's own state lies on the accent's tint."""

    def __init__(self, told: Told, key: str, theme: Theme) -> None:
        super().__init__()
        self._told, self._key, self._theme = told, key, theme
        self.setText(told.word)
        self.setAccessibleName(f"Review: {told.word}")
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Key, icon, word."""
        words = self.fontMetrics().horizontalAdvance(self.text())
        return QSize(6 + _KEY_WIDTH + 8 + ICON + 6 + words + 6, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """Two fit into the narrowest column."""
        return QSize(96, _HEIGHT)

    def paintEvent(self, event) -> None:
        """From left to right."""
        painter, palette = QPainter(self), self._theme.palette
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_set, is_enabled = self.isChecked(), self.isEnabled()
        if is_set or (self.underMouse() and is_enabled):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.colour("accent_tint" if is_set else "bg3"))
            painter.drawRoundedRect(self.rect().toRectF(), CONTROL_RADIUS, CONTROL_RADIUS)
        top = (self.height() - _KEY_HEIGHT) / 2
        key = QRectF(6.5, top + 0.5, _KEY_WIDTH - 1, _KEY_HEIGHT - 1)
        painter.setPen(QPen(palette.colour("line2"), 1))
        painter.setBrush(palette.colour("bg2" if is_set else "bg3"))
        painter.drawRoundedRect(key, 4, 4)
        painter.setFont(ui_font(SIZE_LABEL, 500))
        painter.setPen(palette.colour("t2" if is_enabled else "t3"))
        painter.drawText(key, Qt.AlignmentFlag.AlignCenter, self._key)
        colour = getattr(palette, TOKENS[self._told.kind] if is_enabled else "t3")
        x = 6 + _KEY_WIDTH + 8
        picture = pixmap(self._told.icon, colour, scale=self.devicePixelRatioF())
        painter.drawPixmap(x, (self.height() - ICON) // 2, picture)
        x += ICON + 6
        font = ui_font(weight=600 if is_set else 400)
        painter.setFont(font)
        painter.setPen(palette.colour("t1" if is_enabled else "t3"))
        rect = self.rect().adjusted(x, 0, -2, 0)
        painter.drawText(
            rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.text()
        )


class ReviewStrip(QFrame):
    """A card with the four states of the frame on screen, two beside two."""

    def __init__(
        self,
        document: Document,
        theme: Theme,
        annotations: Annotations,
        actions: Actions,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._annotations, self._actions = annotations, actions
        self.setObjectName("card")
        self.setAccessibleName("Review of the frame")
        head = QLabel("Review")
        head.setObjectName("panelTitle")
        head.setContentsMargins(PADDING - 6, 0, 0, 0)
        grid = QGridLayout()
        grid.setSpacing(2)
        self.buttons: dict[ReviewState, ReviewButton] = {}
        for number, (review, told) in enumerate(REVIEW.items()):
            button = ReviewButton(told, str(number + 1), theme)
            self.buttons[review] = button
            grid.addWidget(button, number // 2, number % 2)
            self._tie(button, REVIEWS[review])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 10, 6, 8)
        layout.setSpacing(6)
        layout.addWidget(head)
        layout.addLayout(grid)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        annotations.changed.connect(lambda _frames: self.show_frame())
        annotations.opened.connect(self.show_frame)
        document.row_changed.connect(lambda _row: self.show_frame())
        self.show_frame()

    def _tie(self, button: ReviewButton, name: str) -> None:
        action = self._actions[name]

        def follow() -> None:
            button.setEnabled(action.isEnabled())
            button.setToolTip(action.toolTip())

        def on_clicked() -> None:
            self.show_frame()  # as the store has it, until that says otherwise
            action.trigger()

        button.clicked.connect(on_clicked)
        action.changed.connect(follow)
        follow()

    def show_frame(self) -> None:
        """Mark the state of the frame on screen."""
        frame = self._annotations.current_frame
        review = self._annotations.state(frame).review if frame else None
        for state, button in self.buttons.items():
            button.setChecked(state == review)
