"""The window's end of the fitter: asks another process for fits and never waits for it."""

import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from core.hand.fitting.fitter import HandFitter
from core.hand.fitting.sequence import SequenceFrame
from core.hand.fitting.target import FitTarget
from core.hand.hand_model import ManoParameters
from core.hand.mano_file import load_hand_model


class FitClient(QObject):
    """Keeps one fitter process; it is started at the first request.

    Nothing here blocks. Where the process dies it is started again, `said` tells so, and what was
    not answered yet is asked again.
    """

    fitted = Signal(int, object)  # key, Fit
    failed = Signal(int, str)  # key, why, as a sentence
    sequence_progress = Signal(int, int)  # frames done, frames in all
    sequence_done = Signal(object)  # dict: row -> Fit
    sequence_failed = Signal(str)  # why, as a sentence
    said = Signal(str)  # what became of the process, as a sentence; "" when all is well again

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        command: tuple[str, ...] = (sys.executable, "-P", "-m", "core.fitter"),
    ) -> None:
        """`command` starts the fitter."""
        super().__init__(parent)
        self._command = command
        self._hand_model_path: Path | None = None

    @property
    def process_id(self) -> int | None:
        """The fitter's process id, or None while none runs."""
        return None

    @property
    def is_fitting(self) -> bool:
        """Whether a request is not answered yet."""
        return False

    @property
    def is_fitting_sequence(self) -> bool:
        """Whether a sequence is being fitted."""
        return False

    def use_hand_model(self, path: Path | None) -> None:
        """Fit this hand model from now on; None is the embedded stand-in."""
        self._hand_model_path = path

    def request(
        self, key: int, target: FitTarget, start: ManoParameters | None, is_right: bool
    ) -> None:
        """Ask for a fit; the newest request wins.

        Answered by `fitted` or `failed` with the same `key`, or not at all where a newer request
        came before it was begun. `start` None is the mean hand, placed by the target's points.
        """

        def answer() -> None:  # until the process is there: the start itself
            fitter = HandFitter(load_hand_model(self._hand_model_path))
            self.fitted.emit(key, fitter.fit(target, start, is_right=is_right))

        QTimer.singleShot(0, self, answer)

    def request_sequence(
        self, frames: Sequence[SequenceFrame], *, is_right: bool, smoothness: float = 1.0
    ) -> None:
        """Fit a sequence (`core.hand.fitting.sequence.fit_sequence`); replaces one under way.

        Answered by `sequence_progress` and then `sequence_done` or `sequence_failed`. Single fits
        go first meanwhile.
        """
        QTimer.singleShot(0, self, lambda: self.sequence_failed.emit("Not built yet."))

    def cancel_sequence(self) -> None:
        """Give the sequence up: nothing is emitted for it any more."""

    def shut_down(self) -> None:
        """End the process; what was asked for is forgotten. Does not wait."""
