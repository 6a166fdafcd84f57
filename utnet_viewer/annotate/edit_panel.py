"""The image panel of Annotate: the photo, the edited hand on it, and how it is edited."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from utnet_viewer.actions import Actions
from utnet_viewer.annotate.action_button import ActionButton
from utnet_viewer.annotate.edit_canvas import EditCanvas
from utnet_viewer.annotate.edited_hand import LABEL, MANO, MEAN, PREDICTION
from utnet_viewer.annotate.editing import FREE_2D, HAND, HandEditor
from utnet_viewer.document import Document
from utnet_viewer.image import layers
from utnet_viewer.image.canvas import ZOOM_STEP
from utnet_viewer.image.paint import dashed_pen
from utnet_viewer.image.view import Fit
from utnet_viewer.theme import PADDING, SIZE_LABEL, Theme, ui_font
from utnet_viewer.widgets.controls import IconButton, IconToggle, SegmentedControl, make_action
from utnet_viewer.widgets.elided_label import ElidedLabel
from utnet_viewer.widgets.panel import Panel

_LEGEND_HEIGHT = 26
MODE_WORDS = {HAND: "Keep hand possible", FREE_2D: "Free 2D"}
START_NAMES = {
    LABEL: "the label",
    MANO: "the label's MANO",
    PREDICTION: "the prediction",
    MEAN: "the mean hand",
}
#: The window's actions that the start button offers.
START_ACTIONS = (
    "annotate_label",
    "annotate_mano",
    "annotate_prediction",
    "annotate_mean",
    "annotate_reset",
)
#: Name, icon, text, on at first; the first two are the tool's, the others the canvas's layers.
ORIGINAL, NAMES = "original", "names"
TOGGLES = (
    (ORIGINAL, "clock-counter-clockwise", "Original label, dashed", True),
    (layers.PREDICTION, "layer-prediction", "Prediction", False),
    (NAMES, "tag", "Joint names", False),
    (layers.CROP_BOX, "crop", "Crop rectangle", False),
)


class EditLegend(QWidget):
    """What the marks mean; what is special about this frame; the zoom."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setFixedHeight(_LEGEND_HEIGHT)
        self.marks = EditMarks(theme)
        self.words = ElidedLabel()
        self.words.setObjectName("hint")
        self.words.setFont(ui_font(SIZE_LABEL))
        self.zoom = QLabel()
        self.zoom.setObjectName("hint")
        self.zoom.setFont(ui_font(SIZE_LABEL))
        self.zoom.setToolTip("Screen points per pixel of the picture")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(PADDING, 0, PADDING, 2)
        layout.setSpacing(12)
        layout.addWidget(self.marks)
        layout.addWidget(self.words, 1)
        layout.addWidget(self.zoom)


class EditMarks(QWidget):
    """Edited, original, occluded, outside: each with its mark."""

    _ENTRIES = ("edited", "original", "occluded", "outside")
    _MARK, _GAP = 22.0, 14.0

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setFixedSize(self._size())
        theme.changed.connect(self.update)

    def _size(self) -> QSize:
        advance = QFontMetricsF(ui_font(SIZE_LABEL)).horizontalAdvance
        width = sum(advance(word) + self._MARK + self._GAP for word in self._ENTRIES)
        return QSize(round(width), _LEGEND_HEIGHT - 2)

    def paintEvent(self, event) -> None:
        """Marks as they are drawn on the photo, in the theme's text colour."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(ui_font(SIZE_LABEL))
        colour, middle, x = QColor(self._theme.palette.t1), self.height() / 2, 0.0
        for word in self._ENTRIES:
            self._paint_mark(painter, word, QPointF(x + 8, middle), colour)
            painter.setPen(QColor(self._theme.palette.t2))
            width = QFontMetricsF(painter.font()).horizontalAdvance(word)
            place = QRectF(x + self._MARK, 0, width + 4, self.height())
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, word)
            x += self._MARK + width + self._GAP

    @staticmethod
    def _paint_mark(painter: QPainter, word: str, at: QPointF, colour: QColor) -> None:
        half = QPointF(8, 0)
        if word == "edited":
            painter.setPen(QPen(colour, 2))
            painter.drawLine(at - half, at + half)
            painter.setBrush(colour)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawEllipse(at, 4, 4)
        elif word == "original":
            painter.setPen(dashed_pen(colour, 1.4, (1.8, 1.4)))
            painter.drawLine(at - half, at + half)
        elif word == "occluded":
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour, 1.6))
            painter.drawEllipse(at, 4, 4)
        else:
            painter.setPen(QPen(colour, 1.8))
            painter.drawLine(at - QPointF(4, 4), at + QPointF(4, 4))
            painter.drawLine(at - QPointF(4, -4), at + QPointF(4, -4))


class EditPanel(Panel):
    """The photo with the hand that is edited."""

    def __init__(
        self,
        document: Document,
        theme: Theme,
        editor: HandEditor,
        actions: Actions,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Image", theme, parent)
        self._document, self._editor, self._actions = document, editor, actions
        self.canvas = EditCanvas(document, theme, editor)
        self.legend = EditLegend(theme)
        self.modes = SegmentedControl(list(MODE_WORDS.values()), title="Editing")
        self.add_tool(self.modes)
        self.start = self._start_button()
        self.toggles = {entry[0]: self._toggle(*entry) for entry in TOGGLES}
        for name, icon in (
            ("annotate_undo", "arrow-u-up-left"),
            ("annotate_redo", "arrow-u-up-right"),
        ):
            self.header.add_tool(ActionButton(actions[name], icon, theme))
        fit = IconButton("corners-out", "Fit the hand, or the whole photo", theme)
        fit.action.triggered.connect(lambda _=False: self.canvas.toggle_fit())
        self.add_tool(fit)
        self._add_actions()
        self.set_legend(self.legend)
        self.set_body(self.canvas)
        self._connect()
        self._show()
        self._on_view_changed()

    def _connect(self) -> None:
        self.modes.changed.connect(self._on_mode_chosen)
        self._editor.mode_changed.connect(lambda mode: self.modes.set_value(MODE_WORDS[mode]))
        self._editor.loaded.connect(self._show)
        self._editor.committed.connect(self._show)
        self.canvas.tool.undo_wanted.connect(self._actions["annotate_undo"].trigger)
        self.canvas.view_changed.connect(self._on_view_changed)

    def _start_button(self) -> QToolButton:
        """A menu: with which hand to begin again."""
        button = QToolButton()
        button.setText("start ▾")
        button.setToolTip("Begin again with the label, its MANO, the prediction or the mean hand")
        button.setObjectName("metricChoice")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        menu = QMenu(button)
        menu.addActions([self._actions[name] for name in START_ACTIONS])
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.header.add_tool(button)
        return button

    def _toggle(self, name: str, icon: str, text: str, is_on: bool) -> IconToggle:
        toggle = IconToggle(icon, text, self.theme, checked=is_on)
        toggle.action.toggled.connect(partial(self._set_layer, name))
        self.add_tool(toggle)
        return toggle

    def _set_layer(self, name: str, is_shown: bool) -> None:
        tool = self.canvas.tool
        if name == ORIGINAL:
            tool.shows_original = is_shown
        elif name == NAMES:
            tool.shows_names = is_shown
        else:
            self.canvas.set_layer(name, is_shown)
        self.canvas.update()

    def _add_actions(self) -> None:
        """What has a menu entry, but no button of its own."""
        shape = make_action(self, "Let the fit change the hand's shape", checkable=True)
        shape.toggled.connect(self._editor.set_refits_shape)
        entries = (
            ("Zoom in", lambda: self.canvas.zoom(ZOOM_STEP)),
            ("Zoom out", lambda: self.canvas.zoom(1 / ZOOM_STEP)),
        )
        for text, run in entries:
            make_action(self, text).triggered.connect(lambda _=False, run=run: run())

    # What is shown.

    def _on_mode_chosen(self, words: str) -> None:
        mode = next(mode for mode, shown in MODE_WORDS.items() if shown == words)
        self._editor.set_mode(mode)

    def _show(self) -> None:
        name = self._editor.frame_name.replace("/", " / ")
        self.set_subtitle(name)
        self.legend.words.setText(self._words())

    def _words(self) -> str:
        """What is special about this frame's hand, "" for nothing."""
        editor = self._editor
        if editor.hand is None:
            return ""
        if editor.joints_mm is None:
            return "free 2D: no hand is fitted"
        if editor.original is None and not editor.is_corrected:
            begun = START_NAMES[editor.start]
            return f"from {begun} · nothing kept yet"
        if editor.is_corrected and editor.start != LABEL:
            return f"from {START_NAMES[editor.start]}"
        return ""

    def _on_view_changed(self) -> None:
        view = self.canvas.view
        self.legend.zoom.setText(f"×{view.scale:.1f}" if view.fit is not Fit.WHOLE else "whole")
        self.legend.zoom.setVisible(self.canvas.picture is not None)
