"""The rows that pass, summed up by sequence and by joint, in a window beside the list."""

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from utnet_viewer.samples.catalogue import Catalogue
from utnet_viewer.samples.grouping import (
    JOINT_HEADS,
    SEQUENCE_HEADS,
    Group,
    by_joint,
    by_sequence,
)
from utnet_viewer.samples.heads import SortedHeads
from utnet_viewer.theme import TABLE_ROW, Theme

_NAME_WIDTH, _COUNT_WIDTH = 110, 62
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class _Cell(QTableWidgetItem):
    """A figure that is ordered by its value; the unknown are the least."""

    def __init__(self, text: str, value: float) -> None:
        super().__init__(text)
        self._value = float("-inf") if np.isnan(value) else value
        self.setTextAlignment(_RIGHT)

    def __lt__(self, other: QTableWidgetItem) -> bool:
        return self._value < other._value  # only cells stand in these columns


class GroupTable(QTableWidget):
    """Groups with a name, how many frames, and figures; a click or Enter chooses one."""

    chosen = Signal(str)  # the group's key

    def __init__(self, what: str, heads: tuple[str, ...], theme: Theme) -> None:
        super().__init__(0, 2 + len(heads))
        self.setHorizontalHeader(SortedHeads(theme))
        self.setAccessibleName(f"By {what}")
        self.setHorizontalHeaderLabels([what, "frames", *heads])
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        rows.hide()
        rows.setDefaultSectionSize(TABLE_ROW - 2)
        columns.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        for column, width in ((0, _NAME_WIDTH), (1, _COUNT_WIDTH)):
            columns.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            self.setColumnWidth(column, width)
        for column in range(self.columnCount()):
            self.horizontalHeaderItem(column).setTextAlignment(_RIGHT if column else _LEFT)
        self.sortByColumn(2, Qt.SortOrder.DescendingOrder)
        self.setSortingEnabled(True)
        self.itemClicked.connect(self._choose)
        self.itemActivated.connect(self._choose)

    def show_groups(self, groups: list[Group]) -> None:
        """Show these, in the order that was chosen."""
        self.setSortingEnabled(False)
        self.setRowCount(len(groups))
        for row, group in enumerate(groups):
            name = QTableWidgetItem(group.name)
            name.setData(Qt.ItemDataRole.UserRole, group.key)
            self.setItem(row, 0, name)
            self.setItem(row, 1, _Cell(f"{group.frames:,}", group.frames))
            for column, value in enumerate(group.figures, start=2):
                text = "–" if np.isnan(value) else f"{value:.1f}"
                self.setItem(row, column, _Cell(text, value))
        self.setSortingEnabled(True)

    def _choose(self, item: QTableWidgetItem) -> None:
        self.chosen.emit(self.item(item.row(), 0).data(Qt.ItemDataRole.UserRole))


class SummaryDialog(QDialog):
    """Sequences above, joints below; what is chosen changes the list beside it."""

    sequence_chosen = Signal(str)  # a filter for it
    joint_chosen = Signal(str)  # the column of its error

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("By sequence and by joint")
        self.resize(720, 680)
        self._rows: tuple[Catalogue | None, np.ndarray] = (None, np.empty(0, np.int64))
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._show_joints)
        self.head, self.hint = QLabel(), QLabel()
        self.head.setObjectName("heading")
        self.hint.setObjectName("quiet")
        self.hint.setText("Means over the frames that pass the filter; a click on a head sorts")
        self.sequences = GroupTable("sequence", SEQUENCE_HEADS, theme)
        self.joints = GroupTable("joint", JOINT_HEADS, theme)
        self.sequences.setToolTip("A click shows the frames of the sequence only")
        self.joints.setToolTip("A click orders the list by the error of the joint")
        self.no_joints = QLabel("Errors of single joints are known once the split is evaluated.")
        self.no_joints.setObjectName("hint")
        self.sequences.chosen.connect(lambda name: self.sequence_chosen.emit(sequence_filter(name)))
        self.joints.chosen.connect(self.joint_chosen)
        everything, close = QPushButton("All sequences"), QPushButton("Close")
        everything.setToolTip("Take the filter away")
        everything.clicked.connect(lambda: self.sequence_chosen.emit(""))
        close.clicked.connect(self.close)
        buttons = QHBoxLayout()
        buttons.addWidget(everything)
        buttons.addStretch(1)
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 12)
        layout.setSpacing(8)
        for part, stretch in (
            (self.head, 0),
            (self.hint, 0),
            (self.sequences, 2),
            (self.no_joints, 0),
            (self.joints, 3),
        ):
            layout.addWidget(part, stretch)
        layout.addLayout(buttons)

    def show_rows(self, catalogue: Catalogue | None, rows: np.ndarray) -> None:
        """Sum up these rows (M,) of the list; joints in a turn of their own."""
        groups = [] if catalogue is None else by_sequence(catalogue, rows)
        self.sequences.show_groups(groups)
        known = sum(group.frames for group in groups)
        self.head.setText(f"{known:,} measured frames of {len(groups):,} sequences")
        self._rows = catalogue, rows
        self._later.start()

    def _show_joints(self) -> None:
        catalogue, rows = self._rows
        joints = [] if catalogue is None else by_joint(catalogue, rows)
        self.joints.show_groups(joints)
        self.joints.setVisible(bool(joints))
        self.no_joints.setVisible(not joints)


def sequence_filter(name: str) -> str:
    """A filter that the frames of one sequence pass."""
    plain = name.replace("_", "").replace("-", "").replace(".", "").replace("/", "").isalnum()
    return f"seq = {name}" if plain else f'seq = "{name}"'
