"""The table of the samples list: which columns it shows, how wide they are, what stays in sight."""

from collections.abc import Container, Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from utnet_viewer.samples.columns import (
    FIRST_COLUMNS,
    MARK_COLUMNS,
    POSITIONS,
    TABLE_COLUMNS,
    column_named,
    joint_columns,
)
from utnet_viewer.samples.delegate import SamplesDelegate
from utnet_viewer.samples.heads import SortedHeads
from utnet_viewer.samples.table_model import SEQUENCE, STATUS, SamplesModel
from utnet_viewer.samples.thumbnails import PICTURE_HEIGHT, PICTURE_WIDTH
from utnet_viewer.theme import TABLE_ROW, Theme

_SEQUENCE_LEAST, _SEQUENCE_MOST, _FRAME_MOST = 70, 150, 130

#: What can be chosen, in the order of the menu.
_CHOICES = tuple(
    column.key
    for column in TABLE_COLUMNS
    if column.key not in ("seq", "status") and "." not in column.key
)
_JOINT_MENUS = (
    ("joint", "Joint errors, wrist on wrist"),
    ("pa_joint", "Joint errors, Procrustes-aligned"),
    ("px_joint", "2D joint errors"),
)


class _StayingMenu(QMenu):
    """A menu of ticks that stays open while one chooses several."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A tick changes and the menu stays; anything else as ever."""
        action = self.activeAction()
        if action is not None and action.isCheckable() and action.isEnabled():
            action.trigger()
        else:
            super().mouseReleaseEvent(event)


class SamplesTable(QTableView):
    """Keeps the current row in sight when the list gets shorter."""

    columns_changed = Signal()

    def __init__(self, model: SamplesModel, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setModel(model)
        self.setItemDelegate(SamplesDelegate(theme, self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setAutoScroll(False)  # what comes into sight, and when, is the panel's to say
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setAccessibleName("Samples")
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(TABLE_ROW)
        self._columns: tuple[str, ...] = ()
        self._shows_status = False
        self._unsaid = frozenset(column.key for column in MARK_COLUMNS)
        self._longest = _SEQUENCE_LEAST
        self._arrange_heads()
        self.set_columns(FIRST_COLUMNS)

    def _arrange_heads(self) -> None:
        heads = SortedHeads(self._theme)
        self.setHorizontalHeader(heads)
        heads.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        for position, column in enumerate(TABLE_COLUMNS):
            self.setColumnWidth(position, column.width)
        heads.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        heads.setSortIndicatorClearable(True)
        heads.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        heads.customContextMenuRequested.connect(
            lambda place: self.column_menu(self).popup(heads.mapToGlobal(place))
        )
        self.setSortingEnabled(True)

    # Columns.

    @property
    def columns(self) -> tuple[str, ...]:
        """Keys of what is shown, in the order of the list; the flag of bad rows is not counted."""
        return self._columns

    def set_columns(self, keys: Sequence[str]) -> None:
        """Show these; sequence always, and keys that are none are left out."""
        wanted = {"seq", *keys}
        self._columns = tuple(c.key for c in TABLE_COLUMNS if c.key in wanted - {"status"})
        self._hide_others()
        self._fit()
        self.columns_changed.emit()

    def _hide_others(self) -> None:
        for position, column in enumerate(TABLE_COLUMNS):
            if position != STATUS:
                is_shown = column.key in self._shown
                if self.isColumnHidden(position) == is_shown:
                    self.setColumnHidden(position, not is_shown)

    @property
    def _shown(self) -> list[str]:
        """Chosen columns that have something to show."""
        return [key for key in self._columns if key not in self._unsaid]

    def show_marks(self, said: Container[str]) -> None:
        """Of the columns of marks only those are shown whose key is in `said`: where nobody wrote a
        note there is no column for notes."""
        unsaid = frozenset(column.key for column in MARK_COLUMNS if column.key not in said)
        if unsaid != self._unsaid:
            self._unsaid = unsaid
            self._hide_others()
            self._fit()

    def show_column(self, key: str, is_shown: bool = True) -> None:
        """Show one column more, or one less."""
        keys = set(self._columns)
        self.set_columns(tuple(keys | {key} if is_shown else keys - {key}))

    def sort_by(self, key: str, order: Qt.SortOrder) -> None:
        """Show a column and order by it."""
        if key not in self._columns:
            self.show_column(key)
        self.sortByColumn(POSITIONS[key], order)

    def show_status(self, is_shown: bool) -> None:
        """Show the flags of bad rows, or no column for them where there are none."""
        self._shows_status = is_shown
        self.setColumnHidden(STATUS, not is_shown)
        self._fit()

    def fit_frames(self, longest: int) -> None:
        """Make room for frame names of so many characters: HO-3D's have four, files many."""
        room = self.fontMetrics().horizontalAdvance("0" * longest) + 12
        width = min(max(room, column_named("frame").width), _FRAME_MOST)
        self.setColumnWidth(POSITIONS["frame"], width)
        self._fit()

    def fit_sequences(self, names: Sequence[str]) -> None:
        """Make room for the longest name."""
        metrics = self.fontMetrics()
        widest = max((metrics.horizontalAdvance(name) for name in names), default=0) + 18
        self._longest = min(max(widest, _SEQUENCE_LEAST), _SEQUENCE_MOST)
        self._fit()

    def _fit(self) -> None:
        """The sequence takes what the others leave, and never less than it needs."""
        others = sum(self.columnWidth(POSITIONS[key]) for key in self._shown if key != "seq")
        others += column_named("status").width if self._shows_status else 0
        delegate = self.itemDelegate()
        least = self._longest + delegate.picture_width
        self.setColumnWidth(SEQUENCE, max(least, self.viewport().width() - others))

    def column_menu(self, parent: QWidget) -> QMenu:
        """A new menu of all columns, ticked where they are shown."""
        menu = _StayingMenu(parent)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        for key in _CHOICES:
            self._add_choice(menu, key)
        menu.addSeparator()
        for prefix, title in _JOINT_MENUS:
            inner = _StayingMenu(title, menu)
            for column in joint_columns(prefix):
                self._add_choice(inner, column.key)
            menu.addMenu(inner)
        menu.addSeparator()
        menu.addAction("As at first").triggered.connect(lambda: self.set_columns(FIRST_COLUMNS))
        return menu

    def _add_choice(self, menu: QMenu, key: str) -> None:
        column = column_named(key)
        action = menu.addAction(column.title)
        action.setCheckable(True)
        action.setChecked(key in self._columns)
        action.setToolTip(column.hint)
        action.toggled.connect(lambda is_shown: self.show_column(key, is_shown))

    # Rows.

    def show_pictures(self, is_shown: bool) -> None:
        """Make room for a picture in every row."""
        delegate = self.itemDelegate()
        delegate.picture_width = PICTURE_WIDTH if is_shown else 0
        height = PICTURE_HEIGHT + 4 if is_shown else TABLE_ROW
        self.verticalHeader().setDefaultSectionSize(height)
        self.updateGeometries()  # or one cannot scroll to the last rows
        self._fit()
        self.viewport().update()

    def rows_in_sight(self) -> range:
        """Positions of the rows that are on screen."""
        count = self.model().rowCount()
        first = self.rowAt(0)
        last = self.rowAt(self.viewport().height() - 1)
        return range(max(first, 0), (count if last < 0 else last + 1) if first >= 0 else 0)

    def bring_into_sight(self, position: int) -> None:
        """Scroll to a row where it is out of sight, without scrolling sideways; -1 is the top."""
        if position < 0:
            self.verticalScrollBar().setValue(0)
            return
        index = self.model().index(position, 0)
        place = self.visualRect(index)
        if place.top() < 0 or place.bottom() >= self.viewport().height():
            sideways = self.horizontalScrollBar().value()
            # To the middle: at the edge, every further step would scroll and repaint all rows.
            self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)
            self.horizontalScrollBar().setValue(sideways)

    def resizeEvent(self, event) -> None:
        """Scroll only where the row was in sight before: who scrolled away stays there."""
        super().resizeEvent(event)
        self._fit()
        current = self.currentIndex()
        place = self.visualRect(current)
        if current.isValid() and place.top() >= 0 and place.bottom() <= event.oldSize().height():
            sideways = self.horizontalScrollBar().value()
            self.scrollTo(current)
            self.horizontalScrollBar().setValue(sideways)

    def popup_columns(self) -> None:
        """The menu of columns under the heads, for keys and buttons."""
        heads = self.horizontalHeader()
        self.column_menu(self).popup(heads.mapToGlobal(QPoint(0, heads.height())))
