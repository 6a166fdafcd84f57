"""The queue: what to look at next, how far the review is, and the way from one to the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from utnet_viewer.annotate.queue_empty import EmptyQueue
from utnet_viewer.annotate.queue_list import QueueHeads, QueueList
from utnet_viewer.annotate.queue_model import QueueModel
from utnet_viewer.annotate.queue_strip import ReviewedStrip, SearchStrip
from utnet_viewer.annotate.suggesting import Suggesting
from utnet_viewer.document import Document
from utnet_viewer.samples.filter_field import FilterField
from utnet_viewer.samples.panel import SamplesPanel
from utnet_viewer.samples.row_marks import DONE
from utnet_viewer.theme import Theme
from utnet_viewer.widgets.controls import SegmentedControl
from utnet_viewer.widgets.panel import Panel

if TYPE_CHECKING:
    from utnet_viewer.annotate.annotations import Annotations

FILTER, SUGGESTIONS = "Filter", "Suggestions"


class QueuePanel(Panel):
    """Rows of the samples' filter, or the suggestions; a click selects the row in the document."""

    def __init__(
        self,
        document: Document,
        theme: Theme,
        annotations: Annotations,
        samples: SamplesPanel,
        parent: QWidget | None = None,
        *,
        options: Callable[[], list[str]] = list,
    ) -> None:
        """`samples` gives order and filter; `options` are those of ``utnet annotations suggest``
        that say how the split was opened."""
        super().__init__("Queue", theme, parent)
        self._document, self._annotations, self._samples = document, annotations, samples
        self._place = 0  # where the document's row stood when it was last in the queue
        self.suggesting = Suggesting(document, options, self)
        self.model = QueueModel(self)
        self.list = QueueList(self.model, theme)
        self.heads = QueueHeads(theme, self.list)
        self.filter_field = FilterField(theme)
        self.reviewed = ReviewedStrip(theme)
        self.search = SearchStrip(self.suggesting, theme)
        self.empty = EmptyQueue(document, samples, self.suggesting)
        self.source = SegmentedControl((FILTER, SUGGESTIONS), title="Queue")
        self.addActions(self.source.actions())
        self.set_body(self._make_body())
        self._connect()
        self.refresh()

    def _make_body(self) -> QWidget:
        head = QVBoxLayout()
        head.addWidget(self.source, 0, Qt.AlignmentFlag.AlignLeft)
        head.setContentsMargins(10, 0, 10, 4)
        head.setSpacing(6)
        for widget in (self.filter_field, self.search, self.reviewed):
            head.addWidget(widget)
        table = QWidget()
        inner = QVBoxLayout(table)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        inner.addWidget(self.heads)
        inner.addWidget(self.list, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(table)
        self._stack.addWidget(self.empty)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 2, 0, 6)
        layout.setSpacing(2)
        layout.addLayout(head)
        layout.addWidget(self._stack, 1)
        return body

    def _connect(self) -> None:
        self._filter_delay = QTimer(self, singleShot=True, interval=120)
        self._filter_delay.timeout.connect(self._apply_filter)
        self.filter_field.changed.connect(self._filter_delay.start)
        self.filter_field.entered.connect(self._leave_filter)
        self.source.changed.connect(lambda _source: self._on_source())
        self.list.chosen.connect(self._document.select)
        self._samples.filtered.connect(self._follow_filter)
        self._samples.model.modelReset.connect(self._on_samples)
        self._annotations.changed.connect(lambda _names: self._on_marks())
        self._document.row_changed.connect(lambda _row: self._mark())
        self._document.evaluation_changed.connect(lambda _evaluation: self.empty.refresh())
        self._samples.grown.connect(self.suggesting.look_again)
        self.suggesting.changed.connect(self._on_suggestions)

    # What is shown.

    @property
    def is_of_suggestions(self) -> bool:
        """Whether the queue is of suggestions, not of the samples' filter."""
        return self.source.value == SUGGESTIONS

    def _on_source(self) -> None:
        if self.is_of_suggestions:
            self.suggesting.want()
        self.refresh()

    def _on_samples(self) -> None:
        """The list was filtered or ordered anew."""
        self.refresh()

    def _on_suggestions(self) -> None:
        if self.is_of_suggestions:
            self.refresh()

    def _on_marks(self) -> None:
        self._count()
        self.list.viewport().update()

    def refresh(self) -> None:
        """Show the rows of the source that is chosen."""
        catalogue = self._samples.model.catalogue
        suggestions = {}
        rows = self._samples.model.rows
        if self.is_of_suggestions:
            kept = self.suggesting.kept
            suggestions = {} if kept is None else {one.row: one for one in kept.suggestions}
            rows = np.array(list(suggestions), np.int64)
        if catalogue is None:
            rows, suggestions = np.empty(0, np.int64), {}
        elif not np.array_equal(rows, self.model.rows) or catalogue is not self.model.catalogue:
            self.list.delegate.fit_frames(catalogue.frames.dtype.itemsize // 4)
        self.filter_field.table = catalogue
        self.filter_field.setVisible(not self.is_of_suggestions)
        is_told = self.suggesting.kept is not None or self.suggesting.phase == "running"
        self.search.setVisible(self.is_of_suggestions and is_told)
        self.list.tell_reasons(self.is_of_suggestions)
        self.model.show(catalogue, rows, suggestions)
        self.empty.show_for(is_of_suggestions=self.is_of_suggestions)
        self._stack.setCurrentIndex(0 if len(rows) else 1)
        self.reviewed.setVisible(len(rows) > 0)
        self.heads.update()
        self._count()
        self._mark()

    def _count(self) -> None:
        self.reviewed.show_counts(self.model.reviewed, len(self.model.rows))

    def _mark(self) -> None:
        row = self._document.row
        position = self.model.position_of(row)
        if position >= 0:
            self._place = position
        self.list.mark(row)

    # The filter, which is the samples' own.

    def _apply_filter(self) -> None:
        text = self.filter_field.text()
        if text != self._samples.filter_field.text():
            self._samples.use_filter(text)

    def _leave_filter(self) -> None:
        self._filter_delay.stop()
        self._apply_filter()
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _follow_filter(self) -> None:
        """The samples were filtered, here or there."""
        text = self._samples.filter_field.text()
        is_typed_here = self.filter_field.edit.hasFocus()
        if not is_typed_here and text != self.filter_field.text():
            self.filter_field.set_text(text)
            self.filter_field.edit.setCursorPosition(0)
            self._filter_delay.stop()
        self.filter_field.show_error(self._samples.filter_problem)

    # From one to the next.

    def step(self, by: int) -> None:
        """To the next (1) or the previous (-1) of the queue; at the ends one stays.

        A row that left the queue, such as one that was just reviewed, keeps its place: the next is
        the one that came after it.
        """
        place = self._after if by > 0 else self._place - 1
        if 0 <= place < len(self.model.rows):
            self._document.select(int(self.model.rows[place]))

    def step_to_open(self) -> bool:
        """To the next that is neither done nor rejected, from the end on to the beginning; False
        where there is none but, perhaps, the one on screen."""
        rows = np.roll(self.model.rows, -self._after)
        is_open = (self.model.reviews(rows) < DONE) & (rows != self._document.row)
        if not is_open.any():
            return False
        self._document.select(int(rows[is_open.argmax()]))
        return True

    @property
    def _after(self) -> int:
        """The place after the document's row, or where that stood."""
        return self._place + (self.model.position_of(self._document.row) >= 0)

    def shut_down(self) -> None:
        """End what runs: the window closes."""
        self._filter_delay.stop()
        self.suggesting.shut_down()
