"""The card every panel is: a header with title and tools, perhaps a legend row, and a body."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QVBoxLayout, QWidget

from utnet_viewer.theme import PADDING, PANEL_HEADER, PANEL_RADIUS, Theme
from utnet_viewer.widgets.controls import IconButton
from utnet_viewer.widgets.steady_text import say

if TYPE_CHECKING:
    from utnet_viewer.taking.tables import Table
    from utnet_viewer.taking.views import View


class PanelHeader(QFrame):
    """38 px: title, subtitle, and tools at the right; tools without room go into a "…" menu."""

    def __init__(self, title: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(PANEL_HEADER)
        self.title, self.subtitle = QLabel(title), QLabel()
        self.title.setObjectName("panelTitle")
        self.subtitle.setObjectName("panelSubtitle")
        self._tools: list[QWidget] = []
        self._overflow = IconButton("dots-three", "More", theme)
        self._overflow.action.triggered.connect(self._show_overflow)
        self._overflow.hide()
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(PADDING, 0, 8, 0)
        self._layout.setSpacing(4)
        self._layout.addWidget(self.title)
        self._layout.addSpacing(4)
        self._layout.addWidget(self.subtitle)
        self._layout.addStretch(1)
        self._layout.addWidget(self._overflow)

    def show_subtitle(self, text: str) -> None:
        """Other words beside the title, as far as there is room for them."""
        if text != self.subtitle.text():
            self.subtitle.setText(text)
            self._fit()

    def add_tool(self, widget: QWidget) -> None:
        """Put a control at the right end."""
        self._tools.append(widget)
        self._layout.insertWidget(self._layout.count() - 1, widget)
        self._fit()

    def sizeHint(self) -> QSize:
        """A dock gives its title bar the height asked for here."""
        return QSize(super().sizeHint().width(), PANEL_HEADER)

    def minimumSizeHint(self) -> QSize:
        """Narrow enough for any dock; what does not fit is in the menu."""
        return QSize(120, PANEL_HEADER)

    def resizeEvent(self, event) -> None:
        """Decide again what fits."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Show the tools from the left as far as there is room, the title always."""
        gap = self._layout.spacing()
        room = self.width() - 2 * PADDING - self.title.sizeHint().width() - 4 * gap
        widths = [tool.sizeHint().width() + gap for tool in self._tools]
        if sum(widths) > room:
            room -= self._overflow.width() + gap
        for tool, width in zip(self._tools, widths, strict=True):
            room -= width
            tool.setVisible(room >= 0)
        self._overflow.setVisible(room < 0)
        self.subtitle.setVisible(room > self.subtitle.sizeHint().width())

    def _show_overflow(self) -> None:
        menu = QMenu(self)
        for tool in self._tools:
            if tool.isHidden():
                menu.addActions(tool.actions())
        menu.popup(self._overflow.mapToGlobal(self._overflow.rect().bottomLeft()))


class _Corner(QWidget):
    """Rounds one lower corner of a body that paints to its very edge."""

    def __init__(self, theme: Theme, *, left: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._left = theme, left
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.resize(PANEL_RADIUS, PANEL_RADIUS)
        theme.changed.connect(self.update)

    def paintEvent(self, event) -> None:
        """Fill what lies outside the rounding with the gutter's colour."""
        radius = PANEL_RADIUS
        outside, inside = QPainterPath(), QPainterPath()
        outside.addRect(QRectF(self.rect()))
        inside.addEllipse(QRectF(0 if self._left else -radius, -radius, 2 * radius, 2 * radius))
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillPath(outside - inside, self._theme.palette.colour("bg0"))


class Panel(QWidget):
    """A rounded card. Subclass it, call `add_tool`, `set_legend` and `set_body`.

    The window makes a dock of each panel and takes the header for the dock's title bar; everything
    that stands in `actions()` of the panel appears in the View menu.
    """

    def __init__(self, title: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.header = PanelHeader(title, theme)
        self._legend: QWidget | None = None
        self._body: QWidget | None = None
        self._frame = QFrame()
        self._frame.setObjectName("panelBody")
        self._inner = QVBoxLayout(self._frame)
        self._inner.setContentsMargins(0, 0, 0, 0)
        self._inner.setSpacing(0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(self._frame, 1)
        self._corners = [_Corner(theme, left=left, parent=self) for left in (True, False)]

    @property
    def title(self) -> str:
        """What the panel is called in its header and in the View menu."""
        return self.header.title.text()

    @property
    def subtitle(self) -> str:
        """The quiet words beside it."""
        return self.header.subtitle.text()

    # Taking it along: see `utnet_viewer.taking`.

    @property
    def frame(self) -> QFrame:
        """The card under the header, with the legend and the body in it."""
        return self._frame

    @property
    def parts(self) -> list[QWidget]:
        """Legend and body, as far as they are there and shown."""
        parts = (self._legend, self._body)
        return [part for part in parts if part is not None and not part.isHidden()]

    @property
    def ground(self) -> QColor:
        """What the card is filled with."""
        return self.theme.palette.colour("bg2")

    def taken_view(self) -> View | None:
        """How the panel is painted where it is taken along as a picture; None: as it stands."""
        return None

    def taken_table(self) -> Table | None:
        """The table behind the panel, for CSV; None: what a table in it shows, if there is one."""
        return None

    def set_subtitle(self, text: str) -> None:
        """Quiet words beside the title, such as the frame's name."""
        say(self.header.subtitle, text)

    def add_tool(self, widget: QWidget) -> None:
        """Put a control at the right end of the header; its actions become the panel's."""
        self.header.add_tool(widget)
        self.addActions(widget.actions())

    def set_legend(self, legend: QWidget) -> None:
        """A row under the header, above the body."""
        if self._legend is not None:
            self._legend.deleteLater()
        self._legend = legend
        self._inner.insertWidget(0, legend)

    def set_body(self, body: QWidget) -> None:
        """What the panel is about; it fills the rest."""
        if self._body is not None:
            self._body.deleteLater()
        self._body = body
        self._inner.addWidget(body, 1)
        for corner in self._corners:
            corner.raise_()

    def save_state(self) -> str:
        """What is switched on, as JSON, to be kept until the next start."""
        checkable = [action for action in self.actions() if action.isCheckable()]
        return json.dumps({action.text(): action.isChecked() for action in checkable})

    def restore_state(self, state: str) -> None:
        """Take back what `save_state` gave; raises ValueError for anything else.

        Switches that this version does not have are left out, new ones keep their default.
        """
        kept = json.loads(state)
        if not isinstance(kept, dict):
            raise ValueError(f"not a state of the {self.title} panel: {state!r}")
        for action in self.actions():
            wanted = bool(kept.get(action.text(), action.isChecked()))
            # An action of a group announces itself only when it is triggered.
            is_switch = action.isCheckable() and (wanted or action.actionGroup() is None)
            if is_switch and action.isChecked() != wanted:
                action.trigger()

    def take_header(self) -> PanelHeader:
        """Give the header away, to be a dock's title bar."""
        self.layout().removeWidget(self.header)
        return self.header

    def resizeEvent(self, event) -> None:
        """Keep the rounded corners in their corners."""
        super().resizeEvent(event)
        for corner, x in zip(self._corners, (0, self.width() - PANEL_RADIUS), strict=True):
            corner.move(x, self.height() - PANEL_RADIUS)
            corner.raise_()
