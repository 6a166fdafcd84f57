"""The 21 joints of the edited hand as rows: how each is seen, locked, and how far it was moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt

from core.annotation.records import Visibility
from core.conventions import HO3D_TO_OPENPOSE, JOINT_NAMES
from utnet_viewer.annotate.words import VISIBILITY
from utnet_viewer.numbers import MISSING, fixed

NAME, SEEN, LOCK, MOVED = range(4)
HEADS = ("joint", "visibility", "lock", "moved px")

#: Joints of the rows: the wrist, then finger by finger from the knuckle to the tip, thumb first.
ROWS = HO3D_TO_OPENPOSE

#: A joint that moved less, in px, stayed where it was: a refitted hand gives way a little
#: everywhere, and labels are not better than this.
MOVED_LEAST_PX = 0.5


@dataclass(frozen=True)
class JointRow:
    """One joint of the edited hand.

    Attributes:
        joint: Its number, in HO-3D's order.
        visibility: How it is seen.
        is_locked: Whether it stays where it is.
        moved_px: From where it was originally; NaN where there is no original.
    """

    joint: int
    visibility: Visibility = Visibility.LABELLED
    is_locked: bool = False
    moved_px: float = 0.0

    @property
    def is_moved(self) -> bool:
        """Whether it is somewhere else than at the beginning."""
        return self.moved_px >= MOVED_LEAST_PX

    @property
    def moved_text(self) -> str:
        """``22.2``, a dash for a joint that stayed."""
        return fixed(self.moved_px) if self.is_moved else MISSING

    @property
    def words(self) -> str:
        """All of it, for a screen reader."""
        parts = [JOINT_NAMES[self.joint], VISIBILITY[self.visibility].word]
        parts += ["locked"] if self.is_locked else []
        parts.append(f"moved {self.moved_text} px" if self.is_moved else "not moved")
        return ", ".join(parts)


class JointsModel(QAbstractTableModel):
    """Always 21 rows, in the order of `ROWS`; empty while there is no hand to edit."""

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self.rows: list[JointRow] = []

    def show(self, rows: Sequence[JointRow]) -> None:
        """Other rows; what is selected stays while there are any."""
        rows = list(rows)
        if len(rows) != len(self.rows):
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()
            return
        changed = [n for n, row in enumerate(rows) if row != self.rows[n]]
        self.rows = rows
        if changed:
            self.dataChanged.emit(self.index(changed[0], 0), self.index(changed[-1], MOVED))

    @staticmethod
    def row_of(joint: int) -> int:
        """Where a joint stands, -1 for none."""
        return ROWS.index(joint) if joint in ROWS else -1

    def joint_at(self, index: QModelIndex) -> int:
        """The joint of a cell, -1 beside them all."""
        return self.rows[index.row()].joint if index.isValid() else -1

    @property
    def summary(self) -> str:
        """``21 · 6 occluded · 4 moved``; what is not there is not said."""
        if not self.rows:
            return ""
        seen = [row.visibility for row in self.rows]
        counts = [
            (seen.count(Visibility.OCCLUDED), "occluded"),
            (seen.count(Visibility.OUTSIDE), "outside"),
            (sum(row.is_moved for row in self.rows), "moved"),
        ]
        parts = [f"{count} {word}" for count, word in counts if count]
        return " · ".join([str(len(self.rows)), *parts])

    # Qt's questions.

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """21, or none."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Four."""
        return 0 if parent is not None and parent.isValid() else len(HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0):
        """Words over the columns."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return "" if section == LOCK else HEADS[section]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return HEADS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section == MOVED else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole):
        """Words; the delegate paints from `rows`."""
        if not index.isValid():
            return None
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._words(row, column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return row.words if column == NAME else self._words(row, column) or "not locked"
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._hint(row, column)
        return None

    @staticmethod
    def _words(row: JointRow, column: int) -> str:
        if column == LOCK:
            return "locked" if row.is_locked else ""
        told = VISIBILITY[row.visibility].word
        return {NAME: JOINT_NAMES[row.joint], SEEN: told, MOVED: row.moved_text}[column]

    @staticmethod
    def _hint(row: JointRow, column: int) -> str:
        if column == SEEN:
            return f"{VISIBILITY[row.visibility].word}: a click or V changes it"
        if column == LOCK:
            state = "stays where it is" if row.is_locked else "moves with the hand"
            return f"{JOINT_NAMES[row.joint]} {state}: a click or L changes it"
        if column == MOVED and row.is_moved:
            return f"{row.moved_text} px from where it was originally; R puts it back"
        return row.words
