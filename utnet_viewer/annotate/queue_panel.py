"""The queue: what to look at next, how far the review is, and the way from one to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from utnet_viewer.document import Document
from utnet_viewer.samples.panel import SamplesPanel
from utnet_viewer.theme import Theme
from utnet_viewer.widgets.panel import Panel

if TYPE_CHECKING:
    from utnet_viewer.annotate.annotations import Annotations


class QueuePanel(Panel):
    """Rows of the samples' filter, or the suggestions; a click selects the row in the document."""

    def __init__(
        self,
        document: Document,
        theme: Theme,
        annotations: Annotations,
        samples: SamplesPanel,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Queue", theme, parent)
        self._document, self._annotations, self._samples = document, annotations, samples
        self.set_body(QWidget())

    def step(self, by: int) -> None:
        """To the next (1) or the previous (-1) of the queue."""

    def shut_down(self) -> None:
        """End what runs: the window closes."""
