"""The row above the mesh view: what is drawn how, and the hand model at the right."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from utnet_viewer.theme import ICON, PADDING, SIZE_LABEL, Theme, ui_font
from utnet_viewer.widgets.icons import pixmap

_HEIGHT = 26


class _Entries(QWidget):
    """Icon and words of every surface; entries without room are left out."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._entries: tuple[tuple[str, str], ...] = ()
        theme.changed.connect(self.update)

    def set_entries(self, entries: tuple[tuple[str, str], ...]) -> None:
        if entries != self._entries:
            self._entries = entries
            self.setAccessibleName("; ".join(words for _, words in entries))
            self.update()

    def paintEvent(self, event) -> None:
        """From the left, as long as there is room."""
        painter = QPainter(self)
        painter.setFont(ui_font(SIZE_LABEL))
        painter.setPen(self._theme.palette.colour("t2"))
        metrics, x = QFontMetricsF(painter.font()), 0.0
        for icon_name, words in self._entries:
            width = metrics.horizontalAdvance(words)
            if x + ICON + 6 + width > self.width():
                break
            colour, scale = self._theme.palette.t2, self.devicePixelRatioF()
            top = (self.height() - ICON) / 2
            painter.drawPixmap(QPointF(x, top), pixmap(icon_name, colour, scale=scale))
            area = QRectF(x + ICON + 6, 0, width + 4, self.height())
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, words)
            x += ICON + 6 + width + 16


class MeshLegend(QWidget):
    """``prediction   ground truth, outline            stand-in hand``."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(_HEIGHT)
        self._entries = _Entries(theme)
        self.hand_model = QLabel()
        self.hand_model.setObjectName("hint")
        self.hand_model.setFont(ui_font(SIZE_LABEL))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(PADDING, 0, PADDING, 2)
        layout.addWidget(self._entries, 1)
        layout.addWidget(self.hand_model)

    @property
    def words(self) -> str:
        """The entries as one text."""
        return self._entries.accessibleName()

    def show_hands(self, *, has_prediction: bool, has_truth: bool, ghost_only: bool) -> None:
        """Say what stands for what."""
        entries = []
        if has_prediction and not ghost_only:
            entries.append(("cube", "prediction"))
        if has_truth:
            as_ghost = has_prediction or ghost_only
            words = "ground truth, outline" if as_ghost else "ground truth"
            entries.append(("ghost" if as_ghost else "cube", words))
        self.show_entries(tuple(entries))

    def show_entries(self, entries: tuple[tuple[str, str], ...]) -> None:
        """Icon and words of what is drawn."""
        self._entries.set_entries(entries)

    def show_hand_model(self, name: str) -> None:
        """Name of the hand model in use."""
        self.hand_model.setText(name if name.endswith("hand") else f"{name} hand")
