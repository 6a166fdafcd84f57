"""The joints of the edited hand: how each is seen, locked, how far it was moved; fit residuals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from core.annotation.records import Visibility
from core.conventions import JOINT_COUNT, JOINT_NAMES
from core.hand.fitting.target import Fit
from utnet_viewer.actions import Actions
from utnet_viewer.annotate.action_button import ActionButton
from utnet_viewer.annotate.joints_delegate import JointsDelegate
from utnet_viewer.annotate.joints_model import (
    LOCK,
    MOVED,
    NAME,
    ROWS,
    SEEN,
    JointRow,
    JointsModel,
)
from utnet_viewer.document import Document
from utnet_viewer.numbers import fixed
from utnet_viewer.taking.tables import Table
from utnet_viewer.theme import PADDING, Theme
from utnet_viewer.widgets.elided_label import ElidedLabel
from utnet_viewer.widgets.panel import Panel

if TYPE_CHECKING:
    from utnet_viewer.annotate.editing import HandEditor

_ROW, _HEAD = 26, 26
#: In px; where the table is narrower than `_NARROW`, names need the room.
_WIDTHS, _WIDTHS_NARROW = {SEEN: 104, LOCK: 28, MOVED: 76}, {SEEN: 84, LOCK: 24, MOVED: 70}
_NARROW = 340

#: Buttons of the header: action of the window, icon.
TOOLS = (
    ("annotate_visibility", "eye"),
    ("annotate_reset_joint", "arrow-counter-clockwise"),
)

#: How often the figures follow while a joint is dragged.
DRAG_PAUSE_MS = 120


class JointsTable(QTableView):
    """Twenty-one rows; one is the joint that keys act on."""

    chosen = Signal(int)  # joint, -1 for none
    pointed_at = Signal(int)  # joint under the pointer, -1 for none
    visibility_wanted = Signal(int)
    lock_wanted = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.joints = JointsModel(self)
        self.painter = JointsDelegate(theme, self)
        self._is_following = False
        self.setModel(self.joints)
        self.setItemDelegate(self.painter)
        self.setAccessibleName("Joints of the hand")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setWordWrap(False)
        self.setMinimumHeight(_HEAD + 3 * _ROW)
        rows, heads = self.verticalHeader(), self.horizontalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(_ROW)
        heads.setFixedHeight(_HEAD)
        heads.setHighlightSections(False)
        heads.setMinimumSectionSize(0)
        heads.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        heads.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        theme.changed.connect(self.viewport().update)

    def select_joint(self, joint: int) -> None:
        """Follow what is selected elsewhere; nobody is told."""
        row = self.joints.row_of(joint) if self.joints.rows else -1
        self._is_following = True
        try:
            if row < 0:
                self.clearSelection()
                self.selectionModel().clearCurrentIndex()
            elif self.currentIndex().row() != row or not self.selectionModel().hasSelection():
                flags = QItemSelectionModel.SelectionFlag
                index = self.joints.index(row, NAME)
                self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
                self.scrollTo(index)
        finally:
            self._is_following = False

    def resizeEvent(self, event) -> None:
        """Share the room out again."""
        super().resizeEvent(event)
        widths = _WIDTHS if self.width() >= _NARROW else _WIDTHS_NARROW
        for column, width in widths.items():
            self.setColumnWidth(column, width)
        if self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())

    def mark_joint(self, joint: int) -> None:
        """Mark what the pointer is on, here or elsewhere."""
        self.painter.hovered_joint = joint
        self.viewport().update()

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        """A row was chosen by click or key."""
        super().currentChanged(current, previous)
        if not self._is_following and current.isValid():
            self.chosen.emit(self.joints.joint_at(current))

    def mouseMoveEvent(self, event) -> None:
        """Point at a joint, without choosing one on the way."""
        self.pointed_at.emit(self.joints.joint_at(self.indexAt(event.position().toPoint())))
        super().mouseMoveEvent(event)

    def leaveEvent(self, event) -> None:
        """The pointer is gone."""
        super().leaveEvent(event)
        self.pointed_at.emit(-1)

    def mousePressEvent(self, event) -> None:
        """A click on how a joint is seen, or on its lock, changes that."""
        super().mousePressEvent(event)
        index = self.indexAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and index.isValid():
            signals = {SEEN: self.visibility_wanted, LOCK: self.lock_wanted}
            if index.column() in signals:
                signals[index.column()].emit(self.joints.joint_at(index))


class JointsPanel(Panel):
    """The table under its counts, the residuals of the fit under it."""

    def __init__(
        self,
        document: Document,
        theme: Theme,
        editor: HandEditor,
        actions: Actions,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Joints", theme, parent)
        self._document, self._editor = document, editor
        self.table = JointsTable(theme)
        self.residual = ElidedLabel()
        self.residual.setObjectName("hint")
        self.residual.setFixedHeight(20)
        for name, icon_name in TOOLS:
            self.header.add_tool(ActionButton(actions[name], icon_name, theme))
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(4)
        foot = QHBoxLayout()
        foot.setContentsMargins(PADDING, 0, PADDING, 0)
        foot.addWidget(self.residual)
        layout.addWidget(self.table, 1)
        layout.addLayout(foot)
        self.set_body(body)
        table = self.table
        table.chosen.connect(editor.select)
        table.visibility_wanted.connect(editor.cycle_visibility)
        table.lock_wanted.connect(editor.toggle_lock)
        table.pointed_at.connect(document.hover)
        self._later = QTimer(self, singleShot=True, interval=DRAG_PAUSE_MS)
        self._later.timeout.connect(self.show_hand)
        editor.changed.connect(self._on_changed)
        editor.selected_changed.connect(table.select_joint)
        document.hovered_joint_changed.connect(table.mark_joint)
        self.show_hand()

    def _on_changed(self) -> None:
        """While a joint is dragged the figures follow a few times a second: nobody reads faster,
        and painting all of them takes longer than painting the hand."""
        if not self._editor.is_dragging:
            self._later.stop()
            self.show_hand()
        elif not self._later.isActive():
            self._later.start()

    def show_hand(self) -> None:
        """Show the joints as the editor has them."""
        editor = self._editor
        rows = [] if editor.keypoints_px is None else joint_rows(editor)
        self.table.joints.show(rows)
        self.table.select_joint(editor.selected)
        self.header.show_subtitle(self.table.joints.summary)
        self.residual.setText(residual_words(editor))

    def taken_table(self) -> Table | None:
        """Every joint with its pixels, for CSV."""
        rows = self.table.joints.rows
        if not rows:
            return None
        points_px = self._editor.keypoints_px
        heads = ("joint", "visibility", "locked", "moved_px", "x_px", "y_px")
        columns = [
            [JOINT_NAMES[row.joint] for row in rows],
            [row.visibility.name.lower() for row in rows],
            [int(row.is_locked) for row in rows],
            [row.moved_px for row in rows],
            *([float(points_px[row.joint, axis]) for row in rows] for axis in (0, 1)),
        ]
        return Table("joints", heads, lambda: columns)


def joint_rows(editor: HandEditor) -> list[JointRow]:
    """The editor's joints in the order of the table."""
    moved_px = editor.moved_px
    return [
        JointRow(
            joint,
            Visibility(editor.visibility[joint]),
            joint in editor.locked,
            float(moved_px[joint]),
        )
        for joint in ROWS
    ]


def residual_words(editor: HandEditor) -> str:
    """What the fitted hand leaves over at the joints that a person put somewhere."""
    if editor.keypoints_px is None:
        return ""
    if editor.joints_mm is None:
        return "free 2D: no hand is fitted"
    fit = editor.fit
    if fit is None:
        return "drag a joint: the hand is refitted" if editor.can_edit else ""
    return fit_words(fit, editor.asked)


def fit_words(fit: Fit, asked: Sequence[int]) -> str:
    """``fit residual 0.8 px, 1.2 mm · worst index tip 2.1 px``; mm where space was asked for.

    Mean and worst are of the joints `asked` for: where the others were is no aim.
    """
    residuals_px = np.full(JOINT_COUNT, np.nan)
    residuals_px[list(asked)] = fit.residuals_px[list(asked)]
    if not np.isfinite(residuals_px).any():
        return ""
    text = f"fit residual {fixed(float(np.nanmean(residuals_px)))} px"
    residuals_mm = np.asarray(fit.residuals_mm, float).reshape(-1)
    if len(residuals_mm) == JOINT_COUNT and np.isfinite(residuals_mm).any():
        text += f", {fixed(float(np.nanmean(residuals_mm)))} mm"
    worst = int(np.nanargmax(residuals_px))
    return f"{text} · worst {JOINT_NAMES[worst]} {fixed(float(residuals_px[worst]))} px"
