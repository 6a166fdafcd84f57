"""The buttons in the head of the samples panel, and the actions that have none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from utnet_viewer.widgets.controls import IconButton, IconToggle, make_action

if TYPE_CHECKING:
    from utnet_viewer.samples.panel import SamplesPanel


def add_tools(panel: SamplesPanel) -> IconToggle:
    """Make them; returns the switch for pictures."""
    theme = panel.theme
    saved = IconButton("bookmark-simple", "Saved filters", theme, shortcut="Alt+S")
    saved.action.triggered.connect(lambda: panel.filter_menu.popup_at(saved))
    columns = IconButton("columns", "Choose the columns", theme, shortcut="Alt+C")
    columns.action.triggered.connect(panel.table.popup_columns)
    pictures = IconToggle("images", "Show pictures", theme, shortcut="Alt+P")
    pictures.toggled.connect(panel.show_pictures)
    summary = IconButton("chart-bar", "By sequence and by joint", theme, shortcut="Y")
    summary.action.triggered.connect(panel.show_summary)
    unsort = IconButton("arrow-counter-clockwise", "Order of the dataset", theme)
    unsort.action.triggered.connect(panel.unsort)
    for tool in (saved, columns, pictures, summary, unsort):
        panel.add_tool(tool)
    for text, key, run in (
        ("Next worst", "Shift+N", lambda: panel.worst.step(1)),
        ("Previous worst", "Shift+B", lambda: panel.worst.step(-1)),
        ("Clear the brush", "Alt+B", panel.clear_brush),
    ):
        make_action(panel, text, shortcut=key).triggered.connect(lambda _=False, run=run: run())
    return pictures
