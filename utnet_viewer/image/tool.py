"""What a tool on the canvas is: something that the mouse and some keys do besides looking."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QEvent, QPointF, SignalInstance
from PySide6.QtGui import QPainter


class Tool(Protocol):
    """The canvas asks it first; what it does not take, pans and zooms.

    Attributes:
        changed: To be painted again.
        is_active: Whether a double click is the tool's.
    """

    changed: SignalInstance
    is_active: bool

    def press(self, at: QPointF) -> bool:
        """The left button went down; whether that was for the tool."""

    def move(self, at: QPointF) -> bool:
        """The pointer moved, with or without a button; whether that was for the tool."""

    def release(self) -> bool:
        """A button went up; whether the tool was at work."""

    def wants(self, event: QEvent) -> bool:
        """Whether a key is the tool's, before the window's actions hear of it."""

    def key(self, event: QEvent) -> bool:
        """Do what a key says; False where it is not the tool's."""

    def paint(self, painter: QPainter) -> None:
        """Paint over picture and overlays, on the canvas."""
