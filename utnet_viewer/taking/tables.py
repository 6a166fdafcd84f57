"""Tables as CSV, with units in their heads: what is filtered and sorted on screen, as it is.

Separated by commas, decimal points, UTF-8, one head row, as pandas and every spreadsheet reads it.
What is unknown is empty.
"""

import csv
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtWidgets import QTableView

from utnet_viewer.widgets.panel import Panel

_PORTION = 500


@dataclass(frozen=True)
class Table:
    """Rows and columns behind a panel.

    Attributes:
        name: What it lists, part of the file's name.
        heads: Of each column, with its unit: ``pa_mpjpe_mm``.
        columns: Gives the columns (arrays or lists), all of one length, in the order on screen.
            Called in the window's thread; what it gives is turned into text in another one and
            must not change.
    """

    name: str
    heads: tuple[str, ...]
    columns: Callable[[], Sequence[Sequence[object]]]


def has_table(panel: Panel) -> bool:
    """Whether a panel is one with a table, be it empty; asked whenever a menu opens."""
    has_own = type(panel).taken_table is not Panel.taken_table
    return has_own or bool(_shown_tables(panel))


def table_of(panel: Panel) -> Table | None:
    """The table behind a panel, or None."""
    own = panel.taken_table()
    if own is not None:
        return own
    shown = _shown_tables(panel)
    return None if not shown else shown_table(panel.title, shown[0])


def _shown_tables(panel: Panel) -> list[QTableView]:
    return [view for view in panel.findChildren(QTableView) if view.isVisibleTo(panel)]


def shown_table(name: str, view: QTableView) -> Table:
    """What a table view shows: the words of its cells, without columns that are hidden or unnamed.

    A model that knows more digits than it shows gives them for `Qt.ItemDataRole.EditRole`.
    """
    model = view.model()
    heads = {column: _head(model, column) for column in range(model.columnCount())}
    kept = [column for column, head in heads.items() if head and not view.isColumnHidden(column)]

    def columns() -> list[list[object]]:
        return [[_cell(model, row, column) for row in range(model.rowCount())] for column in kept]

    return Table(name, tuple(heads[column] for column in kept), columns)


def csv_bytes(heads: Sequence[str], columns: Sequence[Sequence[object]]) -> bytes:
    """The file's content; in any thread.

    Raises ValueError where the columns differ in length.
    """
    lengths = {len(column) for column in columns}
    if len(lengths) > 1:
        raise ValueError(f"columns of {sorted(lengths)} rows are no table")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(heads)
    # In portions: meanwhile the window's thread has Python for itself every few milliseconds.
    for first in range(0, max(lengths, default=0), _PORTION):
        portion = [_texts(column[first : first + _PORTION]) for column in columns]
        writer.writerows(zip(*portion, strict=True))
    return text.getvalue().encode("utf-8")


def _texts(column: Sequence[object]) -> Sequence[object]:
    """A column's cells; figures of arrays with seven digits, all that float32 has."""
    if isinstance(column, np.ndarray) and column.dtype.kind == "f":
        together = "%.7g " * len(column) % tuple(column.tolist())
        return together.replace("nan", "").split(" ")[:-1]
    return [_written(value) for value in column]


def _written(value: object) -> object:
    """A cell: nothing for what is unknown, no formula for what begins like one."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    # A name from a data set that a spreadsheet would run as a formula stays text.
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") and not _is_number(value):
        return "'" + value
    return value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _head(model: QAbstractItemModel, column: int) -> str:
    return str(model.headerData(column, Qt.Orientation.Horizontal) or "")


def _cell(model: QAbstractItemModel, row: int, column: int) -> object:
    index = model.index(row, column)
    value = index.data(Qt.ItemDataRole.EditRole)
    return index.data() if value is None else value
