"""How the parts of the mesh view are put together on screen, from the ground up to the card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QPainter

from utnet_viewer.mesh import furniture, overlay
from utnet_viewer.mesh.stage import Stage

if TYPE_CHECKING:
    from utnet_viewer.mesh.view import MeshView


def paint_view(
    painter: QPainter, view: MeshView, stage: Stage, *, with_pointer: bool = True
) -> None:
    """Ground, hands, furniture and what is measured; with cards and rings where asked for."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    overlay.paint_backdrop(painter, stage)
    scene = stage.scene
    if scene is None or scene.reference is None:
        furniture.paint_message(painter, stage, *view.message)
    else:
        _paint_hands(painter, view, stage)
        furniture.paint_scale_bar(painter, stage)
        furniture.paint_axes(painter, stage)
        if stage.shows_errors:
            furniture.paint_error_bar(painter, stage)
        overlay.paint_ruler(painter, stage, view.ruler_mm)
        if with_pointer:
            _paint_pointed_at(painter, view, stage)
    notices = (view.notice,) if view.notice else ()
    problems = scene.problems if scene is not None else ()
    furniture.paint_notes(painter, stage, (*problems, *notices))


def _paint_hands(painter: QPainter, view: MeshView, stage: Stage) -> None:
    overlay.paint_surfaces(painter, stage)
    if stage.layers.wire:
        for vertices_mm in view.subjects.wires(stage.layers):
            overlay.paint_wire(painter, stage, vertices_mm, view.subjects.edges)
    if stage.layers.object_box:
        overlay.paint_object_box(painter, stage)
    if stage.layers.skeleton:
        view.paint_skeletons(painter, stage)


def _paint_pointed_at(painter: QPainter, view: MeshView, stage: Stage) -> None:
    if view.pick is None or stage.layers.skeleton:
        overlay.paint_hovered_joint(painter, stage, view.hovered_joint)
    if view.pick is None:
        return
    at = stage.point(view.pick.point_mm)
    if at is None:
        return
    card = furniture.Card(
        title=f"vertex {view.pick.vertex}",
        rows=view.pick.rows,
        colour=overlay.finger_colour(view.pick.joint).name(),
        at_px=(at.x(), at.y()),
    )
    view.card_corner = furniture.card_corner(card, stage, view.card_corner)
    furniture.paint_card(painter, card, view.card_corner)
    overlay.paint_ring(painter, at)
