"""The filter's field: completion while one types, and what is wrong under it, with its place."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QLabel, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from core.evaluation.frame_filter import FilterError
from core.evaluation.frame_filter_columns import FrameTable
from core.evaluation.frame_filter_completion import Completion, completions
from utnet_viewer.theme import Theme, mono_font
from utnet_viewer.widgets.icons import icon

PLACEHOLDER = 'pa_mpjpe > 10 and seq ~ "MC*"'
HINT = (
    "pa_mpjpe > 10   px < 5   frame > 100   seq ~ MC*   joint.thumb_tip > 20   state = failed\n"
    'flag = bad   review = done   note ~ "*thumb*"\n'
    "unreadable   any text, with * and ?   and   or   not   ( )\n"
    "Ctrl+Space offers what may come next"
)
_ROWS_SHOWN, _ROW, _MARK = 9, 24, 2


class _Edit(QLineEdit):
    """Underlines what is not understood, and gives the keys of the list of completions away."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.fault: tuple[int, int] | None = None
        self.on_key: Callable[[QKeyEvent], bool] = lambda _event: False
        self.on_leave: Callable[[], None] = lambda: None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The list of completions hears a key first."""
        if not self.on_key(event):
            super().keyPressEvent(event)

    def focusOutEvent(self, event) -> None:
        """The list goes with the cursor."""
        super().focusOutEvent(event)
        self.on_leave()

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab takes a completion where they are offered; elsewhere it goes on as ever."""
        tab = QKeyEvent(QKeyEvent.Type.KeyPress, Qt.Key.Key_Tab, Qt.KeyboardModifier.NoModifier)
        return (forward and self.on_key(tab)) or super().focusNextPrevChild(forward)

    def x_of(self, position: int) -> int:
        """Where a letter of the text begins; what has scrolled out of sight is at the edge."""
        here = self.cursorPosition()
        cursor = self.cursorRect().center().x()
        measure = self.fontMetrics().horizontalAdvance
        text = self.text()
        if position <= here:
            return max(4, cursor - measure(text[position:here]))
        return min(self.width() - 4, cursor + measure(text[here:position]))

    def paintEvent(self, event) -> None:
        """The field, and a line under the part that is at fault."""
        super().paintEvent(event)
        if self.fault is None:
            return
        start, end = self.fault
        left, right = self.x_of(start), self.x_of(max(end, start))
        painter = QPainter(self)
        painter.setPen(QPen(QColor(self._theme.palette.fault), _MARK))
        y = self.height() - 5
        painter.drawLine(QPoint(left, y), QPoint(max(right, left + 6), y))


class FilterField(QWidget):
    """`changed` tells that there is another text; whoever applies it tells `show_error`."""

    changed = Signal()
    entered = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.table: FrameTable | None = None  # whose words are offered
        self._offers: list[Completion] = []
        self.edit = _Edit(theme)
        self.edit.setPlaceholderText(PLACEHOLDER)
        self.edit.setFont(mono_font())
        self.edit.setClearButtonEnabled(True)
        self.edit.setToolTip(HINT)
        self.edit.setAccessibleName("Filter")
        self.edit.on_key, self.edit.on_leave = self._on_key, self._on_leave
        self._icon = self.edit.addAction(
            icon("funnel-simple", theme.palette.t3), QLineEdit.ActionPosition.LeadingPosition
        )
        self.error = QLabel()
        self.error.setObjectName("filterError")
        self.error.setWordWrap(True)
        self.error.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.edit)
        layout.addWidget(self.error)
        self.offers = self._make_list()
        self.edit.textEdited.connect(lambda _text: self._offer())
        self.edit.textChanged.connect(self._on_text)
        self.edit.returnPressed.connect(self.entered.emit)
        theme.changed.connect(self._tint)

    def _make_list(self) -> QListWidget:
        offers = QListWidget(self)
        offers.setObjectName("completions")
        offers.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the field keeps the keys
        offers.setFont(mono_font())
        offers.setUniformItemSizes(True)
        offers.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        offers.itemClicked.connect(lambda item: self._take(offers.row(item)))
        offers.hide()
        return offers

    def _tint(self) -> None:
        self._icon.setIcon(icon("funnel-simple", self._theme.palette.t3))

    # What it says.

    def text(self) -> str:
        """The filter."""
        return self.edit.text()

    def set_text(self, text: str) -> None:
        """Another filter, such as a saved one; it can be undone by Ctrl+Z."""
        self.edit.selectAll()
        self.edit.insert(text)

    def show_error(self, error: FilterError | None) -> None:
        """Say what is wrong, and where; None where nothing is.

        While completions are offered, what is typed is not finished: nothing is wrong yet.
        """
        if self.offers.isVisible():
            error = None
        text = self.edit.text()
        self.edit.fault = None if error is None else (error.start, error.end)
        words = "" if error is None else _sentence(error, text)
        self.error.setText(words)
        self.error.setVisible(bool(words))
        self.edit.setProperty("invalid", error is not None)
        self.edit.style().unpolish(self.edit)
        self.edit.style().polish(self.edit)
        self.edit.update()

    def _on_text(self, text: str) -> None:
        if not text or not self.edit.hasFocus():
            self._hide_offers()
        self.changed.emit()

    # Completion.

    def _offer(self) -> None:
        text, cursor = self.edit.text(), self.edit.cursorPosition()
        self._offers = completions(text, cursor, table=self.table) if text.strip() else []
        self._show_offers()

    def offer_all(self) -> None:
        """Offer what may come next, also where nothing was typed."""
        text, cursor = self.edit.text(), self.edit.cursorPosition()
        self._offers = completions(text, cursor, table=self.table)
        self._show_offers()

    def _show_offers(self) -> None:
        offers = self.offers
        offers.clear()
        if not self._offers or not self.edit.hasFocus():
            offers.hide()
            return
        widest = max(len(offer.text) for offer in self._offers)
        for offer in self._offers:
            item = QListWidgetItem(f"{offer.text.ljust(widest)}  {offer.hint}")
            offers.addItem(item)
        window = self.window()
        offers.setParent(window)  # over whatever stands beside the field
        place = self.edit.mapTo(window, QPoint(0, self.edit.height() + 2))
        rows = min(len(self._offers), _ROWS_SHOWN)
        width = max(self.edit.width(), min(offers.sizeHintForColumn(0) + 34, 520))
        height = rows * max(_ROW, offers.sizeHintForRow(0)) + 12
        offers.setFixedSize(width, min(height, window.height() - place.y()))
        offers.move(min(place.x(), max(0, window.width() - width)), place.y())
        offers.show()
        offers.raise_()

    def _hide_offers(self) -> None:
        self._offers = []
        self.offers.hide()

    def _on_leave(self) -> None:
        if self.offers.isVisible():
            self._hide_offers()
            self.changed.emit()

    def hideEvent(self, event) -> None:
        """The list goes with the field."""
        super().hideEvent(event)
        self._hide_offers()

    def _on_key(self, event: QKeyEvent) -> bool:
        """Keys of the list while it is open; whether it took this one."""
        key = event.key()
        if key == Qt.Key.Key_Space and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.offer_all()
            return True
        if not self.offers.isVisible():
            return False
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            by = 1 if key == Qt.Key.Key_Down else -1
            row = (self.offers.currentRow() + by) % self.offers.count()
            self.offers.setCurrentRow(row)
            return True
        if key == Qt.Key.Key_Escape:
            self._hide_offers()
            self.changed.emit()
            return True
        chosen = self.offers.currentRow()
        if key == Qt.Key.Key_Tab or (chosen >= 0 and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)):
            self._take(max(chosen, 0))
            return True
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._hide_offers()
        return False

    def _take(self, row: int) -> None:
        offer = self._offers[row]
        more = "" if offer.text.endswith(".") else " "
        if self.edit.text()[offer.end : offer.end + 1] == " ":
            more = ""
        self.edit.setSelection(offer.start, offer.end - offer.start)
        self.edit.insert(offer.text + more)
        self._offer()


def _sentence(error: FilterError, text: str) -> str:
    """What is wrong, and at which letter."""
    words = str(error)
    words = words[:1].upper() + words[1:]
    place = "at the end" if error.start >= len(text) else f"at letter {error.start + 1}"
    return f"{words} ({place})." if "at the end" not in words else f"{words}."
