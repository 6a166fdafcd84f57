"""What people said of frames, in the samples list: columns, filters, and kept up to date."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from utnet_viewer.samples.panel import SamplesPanel
from utnet_viewer.samples.row_marks import FLAG, NOTE, REVIEW, RowMarks

if TYPE_CHECKING:
    from utnet_viewer.annotate.annotations import Annotations

#: A filter that may depend on what people say.
_ASKS = re.compile(rf"\b({FLAG}|{NOTE}|{REVIEW})\b", re.IGNORECASE)


class MarkedList(QObject):
    """Puts the marks of the open split into the list whenever they change."""

    def __init__(
        self, annotations: Annotations, samples: SamplesPanel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._annotations, self._samples = annotations, samples
        annotations.changed.connect(self._on_changed)
        samples.listed.connect(self._take_all)
        self._take_all()

    def _take_all(self) -> None:
        """Another list is open: all its marks."""
        if self._samples.model.catalogue is not None:
            self._samples.model.catalogue.set_marks(self._made())
        self._show_columns()

    def _made(self) -> RowMarks | None:
        """Marks of all rows; None where nobody said anything."""
        catalogue, overview = self._samples.model.catalogue, self._annotations.overview
        if not overview:
            return None
        rows = catalogue.rows_by_name
        state = self._annotations.state
        marks = RowMarks(len(catalogue), lambda row: state(catalogue.name(row)).note)
        marks.put({rows[name]: mark for name, mark in overview.items() if name in rows})
        return marks

    def _on_changed(self, names: set[str]) -> None:
        catalogue = self._samples.model.catalogue
        if catalogue is None:
            return
        if not names or catalogue.marks is None:
            catalogue.set_marks(self._made())
        else:
            overview, rows = self._annotations.overview, catalogue.rows_by_name
            catalogue.marks.put({rows[n]: overview.get(n) for n in names if n in rows})
            catalogue.set_marks(catalogue.marks)
        self._show_columns()
        if self._is_asked_for:
            self._samples.refresh()
        else:
            self._samples.table.viewport().update()

    def _show_columns(self) -> None:
        catalogue = self._samples.model.catalogue
        self._samples.table.show_marks(() if catalogue is None else catalogue.more)

    @property
    def _is_asked_for(self) -> bool:
        """Whether filter or order depend on marks."""
        column = self._samples.model.sort_column
        is_sorted = column is not None and column.key in (FLAG, NOTE, REVIEW)
        return is_sorted or _ASKS.search(self._samples.filter_field.text()) is not None
