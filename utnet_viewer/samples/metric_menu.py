"""The menu of what the histogram spreads out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu

from utnet_viewer.samples.columns import TABLE_COLUMNS, TableColumn, joint_columns

if TYPE_CHECKING:
    from utnet_viewer.samples.panel import SamplesPanel

_FIGURES = [column for column in TABLE_COLUMNS if column.is_figure and "." not in column.key]


def fill_metric_menu(menu: QMenu, panel: SamplesPanel) -> None:
    """All figures, and those of single joints where an evaluation knows them."""
    menu.clear()
    for inner in menu.findChildren(QMenu):  # cleared, they would be kept
        inner.deleteLater()
    for column in _FIGURES:
        _add(menu, column, panel)
    menu.addSeparator()
    for prefix, title in (
        ("joint", "One joint, wrist on wrist"),
        ("pa_joint", "One joint, Procrustes-aligned"),
        ("px_joint", "One joint, 2D"),
    ):
        inner = menu.addMenu(title)
        columns = joint_columns(prefix)
        for column in columns:
            _add(inner, column, panel)
        catalogue = panel.model.catalogue
        inner.setEnabled(catalogue is not None and catalogue.has_figures(columns[0].key))


def _add(menu: QMenu, column: TableColumn, panel: SamplesPanel) -> None:
    action = menu.addAction(column.title)
    action.setCheckable(True)
    action.setChecked(column == panel.spread_of)
    action.triggered.connect(lambda: panel.use_metric(column.key))
