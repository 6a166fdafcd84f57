"""The configurations of runs, read one at a time between other things: the window never waits."""

import logging
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from core.training.config import ConfigError, TrainingConfig
from core.training.run_folder import RunFolder

log = logging.getLogger("utnet_viewer")


class RunConfigs(QObject):
    """Remembers what was read; a run keeps its configuration until it is resumed with another."""

    arrived = Signal(object)  # Path of the run

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._known: dict[Path, TrainingConfig | None] = {}
        self._wanted: list[Path] = []
        self._next = QTimer(self, singleShot=True, interval=0)
        self._next.timeout.connect(self._read_one)

    def want(self, paths: Iterable[Path]) -> None:
        """Read these soon, as far as they are not known; `arrived` follows for each."""
        known = self._known.keys() | set(self._wanted)
        self._wanted += [path for path in paths if path not in known]
        if self._wanted:
            self._next.start()

    def read_again(self, path: Path) -> None:
        """The run was started or resumed: it may have another configuration now."""
        self._known.pop(path, None)
        self.want([path])

    def get(self, path: Path) -> TrainingConfig | None:
        """What is known; None before it arrived, or where it cannot be read."""
        return self._known.get(path)

    def _read_one(self) -> None:
        path, config = self._wanted.pop(0), None
        try:
            config = RunFolder(path).config()
        except ConfigError as error:  # a run of a later version, say: the table leaves it empty
            log.warning("the configuration of a run is not shown: %s", error)
        self._known[path] = config
        self.arrived.emit(path)
        if self._wanted:
            self._next.start()
