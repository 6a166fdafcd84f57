"""How joints and bones of the edited hand are painted on the mesh, and where one is wanted."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from utnet_viewer.image.paint import CASING, JOINT_COLOURS, WHITE, paint_truth_bones
from utnet_viewer.mesh.stage import Stage
from utnet_viewer.theme import OVER_IMAGERY

_RADIUS, _POINTED_RADIUS, _RING_RADIUS = 3.6, 6.5, 9.0
#: A wish nearer to its joint than this is not marked: the hand went there.
_LEAST_WISH_PX = 3.0


def paint_edited_skeleton(painter: QPainter, stage: Stage, joints_mm: np.ndarray) -> None:
    """Solid bones and filled joints in the fingers' colours; `joints_mm` (21, 3) in the scene."""
    screen = stage.project(joints_mm)
    paint_truth_bones(painter, screen[:, :2])
    painter.setPen(QPen(QColor(OVER_IMAGERY.bg0), 1.2))
    for joint in np.argsort(-screen[:, 2]):  # far ones first
        x, y, _ = screen[joint].tolist()
        if np.isfinite(x):
            painter.setBrush(JOINT_COLOURS[joint])
            painter.drawEllipse(QPointF(x, y), _RADIUS, _RADIUS)


def paint_joint_ring(painter: QPainter, centre: QPointF, *, is_selected: bool) -> None:
    """The accent's ring of what is selected, as the photo has it; else the pointer's, white."""
    colour = QColor(OVER_IMAGERY.accent) if is_selected else WHITE
    radius = _RING_RADIUS if is_selected else _POINTED_RADIUS
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for stroke, width in ((CASING, 3.6), (colour, 1.8)):
        painter.setPen(QPen(stroke, width))
        painter.drawEllipse(centre, radius, radius)


def paint_wish(painter: QPainter, stage: Stage, joint_mm: np.ndarray, wish_mm: np.ndarray) -> None:
    """A cross where the pointer wants a joint, tied to where the hand can have it."""
    joint, wish = stage.point(joint_mm), stage.point(wish_mm)
    if joint is None or wish is None:
        return
    line = QLineF(joint, wish)
    if line.length() < _LEAST_WISH_PX:
        return
    arm = 5.0
    strokes = [
        line,
        QLineF(wish - QPointF(arm, 0), wish + QPointF(arm, 0)),
        QLineF(wish - QPointF(0, arm), wish + QPointF(0, arm)),
    ]
    for colour, width in ((CASING, 3.2), (WHITE, 1.3)):
        painter.setPen(QPen(colour, width))
        painter.drawLines(strokes)
