"""A mesh view taken along as a picture, under its legend."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtGui import QPainter

from utnet_viewer.mesh.legend import MeshLegend
from utnet_viewer.mesh.stage import Stage
from utnet_viewer.taking.views import View, legend_and_body
from utnet_viewer.widgets.panel import Panel

if TYPE_CHECKING:
    from utnet_viewer.mesh.view import MeshView


def taken_mesh(panel: Panel, legend: MeshLegend, view: MeshView) -> View:
    """The hands under what is drawn how; the surfaces are drawn band by band before that."""
    taken: list[Stage] = []

    def prepare(pixels: float) -> Iterator[None]:
        # Another sample may come meanwhile; the picture is of the one that was asked for.
        stage, drawing = view.begin_to_take(pixels)
        while drawing.step():
            yield
        taken[:] = [replace(stage, picture=drawing.finish())]

    def paint(painter: QPainter, _pixels: float) -> None:
        view.paint_taken(painter, taken[0])

    return legend_and_body(panel, legend, view, paint, prepare)
