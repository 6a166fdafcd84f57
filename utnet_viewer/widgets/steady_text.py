"""Words that change with every frame, in labels and buttons that keep their size meanwhile.

Ordinarily a widget asks for its place anew with every change of its text, and the whole window is
laid out again for it. One of a fixed size is left alone.
"""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QAbstractButton, QLabel


def say(widget: QLabel | QAbstractButton, text: str) -> None:
    """Show other words; the widget grows where they need more room, and never shrinks."""
    if text != widget.text():
        widget.setText(text)
        keep_room(widget, widget.sizeHint())


def keep_room(widget: QLabel | QAbstractButton, needed: QSize) -> None:
    """Fix the widget's size, large enough for `needed` and for what it held before."""
    held = widget.minimumSize()
    is_fixed = held == widget.maximumSize()
    if not is_fixed or needed.width() > held.width() or needed.height() > held.height():
        widget.setFixedSize(needed.expandedTo(held))
