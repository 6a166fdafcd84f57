"""Finds the evaluations of the open split beside the event loop."""

from __future__ import annotations

from PySide6.QtCore import QObject, QThreadPool, Signal

from core.evaluation.identity import dataset_digest
from core.evaluation.store import Evaluation, EvaluationError, evaluations_root, list_evaluations
from utnet_viewer.crash_log import log
from utnet_viewer.reading import Index


class Listing(QObject):
    """`listed` brings the evaluations of an index that have a row, the newest first, and what is
    damaged."""

    listed = Signal(list, list)  # list[Evaluation], list[str]

    _found = Signal(int, list, list)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._serial = 0
        self.is_busy = False
        self._found.connect(self._on_found)

    def list(self, index: Index) -> None:
        """Look; an earlier question is no more answered."""
        self._serial += 1
        self.is_busy = True
        serial = self._serial

        def work() -> None:
            evaluations, problems = _list(index)
            self._found.emit(serial, evaluations, problems)

        self._pool.clear()
        self._pool.start(work)

    def close(self) -> None:
        """Answer nothing more; waits for the thread."""
        self._serial += 1
        self._pool.clear()
        self._pool.waitForDone()

    def _on_found(self, serial: int, evaluations: list, problems: list) -> None:
        if serial == self._serial:
            self.is_busy = False
            self.listed.emit(evaluations, problems)


def _list(index: Index) -> tuple[list[Evaluation], list[str]]:
    damaged: list[EvaluationError] = []
    try:
        found = list_evaluations(
            evaluations_root(), dataset_digest(index), index.split, on_damaged=damaged.append
        )
    except (OSError, ValueError) as error:
        return [], [str(error)]
    except Exception as error:  # in a thread: told, or nobody would hear of it
        log.exception("listing evaluations")
        return [], [f"Evaluations cannot be listed: {error!r}"]
    # Of a checkpoint that could not be loaded, say, there is nothing to compare.
    found = [one for one in found if len(one) == len(index) and one.done]
    return found, [str(error) for error in damaged]
