"""The configurations of runs, read one at a time between other things: the window never waits."""

import logging
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from core.training.config import ConfigError, TrainingConfig
from core.training.run_folder import RunFolder

log = logging.getLogger("utnet_viewer")


class RunConfigs(QObject):
    """Remembers what was read until the file is another one."""

    arrived = Signal(object)  # Path of the run

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._known: dict[Path, tuple[float, TrainingConfig | None]] = {}
        self._wanted: list[Path] = []
        self._next = QTimer(self, singleShot=True, interval=0)
        self._next.timeout.connect(self._read_one)

    def want(self, paths: Iterable[Path]) -> None:
        """Read these soon, as far as they are not known or changed; `arrived` follows."""
        waiting = set(self._wanted)
        self._wanted += [path for path in paths if path not in waiting and self._is_new(path)]
        if self._wanted:
            self._next.start()

    def get(self, path: Path) -> TrainingConfig | None:
        """What is known; None before it arrived, or where it cannot be read."""
        return self._known.get(path, (0.0, None))[1]

    def _is_new(self, path: Path) -> bool:
        return _modified(path) != self._known.get(path, (-1.0, None))[0]

    def _read_one(self) -> None:
        path = self._wanted.pop(0)
        modified, config = _modified(path), None
        try:
            config = RunFolder(path).config()
        except ConfigError as error:  # a run of a later version, say: the table leaves it empty
            log.warning("the configuration of a run is not shown: %s", error)
        self._known[path] = (modified, config)
        self.arrived.emit(path)
        if self._wanted:
            self._next.start()


def _modified(path: Path) -> float:
    try:
        return RunFolder(path).config_file.stat().st_mtime
    except OSError:
        return -1.0
