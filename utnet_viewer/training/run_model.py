"""The runs as a table: tick, name, status, best error, difference against the baseline."""

import math
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from core.training.run_folder import RunSummary
from utnet_viewer.numbers import MISSING, fixed
from utnet_viewer.training.run_words import tell

TICK, NAME, STATUS, BEST, DIFFERENCE = range(5)

_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class RunRow:
    """One run in the table.

    Attributes:
        summary: How it is.
        difference: Its configuration against the baseline's, short; "" until it was read.
        difference_in_full: One line a key.
    """

    summary: RunSummary
    difference: str = ""
    difference_in_full: str = ""

    @property
    def best(self) -> float:
        """The best value of its metric (mm); NaN before the first validation."""
        status = self.summary.status
        return status.best.value if status is not None and status.best is not None else math.nan


class RunModel(QAbstractTableModel):
    """Newest run first; the order is the caller's."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[RunRow] = []
        self.ticked: set[Path] = set()
        self.baseline_name = ""

    def show(self, rows: list[RunRow]) -> None:
        """Show these runs; who holds the same places keeps selection and scrolling."""
        before = [row.summary.path for row in self.rows]
        if before == [row.summary.path for row in rows]:
            changed = [n for n, row in enumerate(rows) if row != self.rows[n]]
            self.rows = rows
            for number in changed:
                self.dataChanged.emit(self.index(number, 0), self.index(number, DIFFERENCE))
            if changed:  # the bars are as long as the largest value says
                self.dataChanged.emit(self.index(0, BEST), self.index(len(rows) - 1, BEST))
            return
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def set_difference(self, path: Path, short: str, full: str) -> None:
        """A difference became known."""
        rows = [
            replace(row, difference=short, difference_in_full=full)
            if row.summary.path == path
            else row
            for row in self.rows
        ]
        self.show(rows)

    def set_baseline_name(self, name: str) -> None:
        """What the head of the last column says."""
        self.baseline_name = name
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, DIFFERENCE, DIFFERENCE)

    def row_of(self, path: Path | None) -> int:
        """Its place, -1 where it is not in the table."""
        paths = [row.summary.path for row in self.rows]
        return paths.index(path) if path in paths else -1

    def share(self, row: int) -> float:
        """The best error as a share of the largest one in the table, for the bar; 0 for none."""
        values = [r.best for r in self.rows if math.isfinite(r.best)]
        best = self.rows[row].best
        return best / max(values) if values and math.isfinite(best) and max(values) > 0 else 0.0

    # Qt's questions.

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 (Qt's signature)
        """Runs."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        """Five."""
        return 0 if parent.isValid() else 5

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0):
        """Words over the columns."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            against = f"against {self.baseline_name}" if self.baseline_name else "difference"
            return ("", "run", "status", "best mm", against)[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section == BEST else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole):
        """Words; tool tips with everything; the tick."""
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._words(row, column)
        if role == Qt.ItemDataRole.CheckStateRole and column == TICK:
            is_ticked = row.summary.path in self.ticked
            return Qt.CheckState.Checked if is_ticked else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._hint(row, column)
        return None

    def _words(self, row: RunRow, column: int) -> str:
        if column == STATUS:
            return tell(row.summary).word
        if column == BEST:
            return fixed(row.best) if math.isfinite(row.best) else MISSING
        return {NAME: row.summary.name, DIFFERENCE: row.difference}.get(column, "")

    def _hint(self, row: RunRow, column: int) -> str:
        summary = row.summary
        if column == TICK:
            return "Draw this run in the charts too  (Space)"
        if column == STATUS:
            return summary.reason or tell(summary).word
        if column == BEST and summary.status is not None and summary.status.best is not None:
            best = summary.status.best
            return f"{best.metric}: {fixed(best.value, 2)} at step {best.step:,}"
        if column == DIFFERENCE:
            return row.difference_in_full
        return str(summary.path)

    def toggle(self, row: int) -> None:
        """Set a run's tick, or take it away."""
        self.ticked ^= {self.rows[row].summary.path}
        index = self.index(row, TICK)
        self.dataChanged.emit(index, index)
