"""Which folder an evaluation was found in last time, so that it is shown before all is compared.

To tell what an evaluation is of, checkpoint and dataset are read, which takes some tenths of a
second at 100,000 frames. What is remembered is shown at once, and taken away again where the
comparison, which follows always, comes to something else.
"""

from __future__ import annotations

import hashlib
import json
import logging
from typing import TYPE_CHECKING

from utnet_viewer.evaluating.subject import Subject
from utnet_viewer.settings import Settings

if TYPE_CHECKING:
    from core.evaluation.store import Evaluation

log = logging.getLogger("utnet_viewer")

KEY, MOST = "evaluations", 40


class Remembered:
    """Names of folders by what was open; the newest last."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._names: dict[str, str] = {}
        try:
            self._names = dict(json.loads(settings.text(KEY) or "{}"))
        except (ValueError, TypeError) as error:
            log.warning("where evaluations were found last time is forgotten: %s", error)

    def put(self, subject: Subject, name: str) -> None:
        """Remember the name of the folder."""
        mark = _mark(subject)
        if mark is None or self._names.get(mark) == name:
            return
        self._names.pop(mark, None)
        self._names[mark] = name
        self._names = dict(list(self._names.items())[-MOST:])
        self._settings.put(KEY, json.dumps(self._names))

    def get(self, subject: Subject) -> str:
        """The name of the folder; "" where none is remembered."""
        return self._names.get(_mark(subject) or "", "")


def open_remembered(subject: Subject, name: str) -> Evaluation | None:
    """What lies in a remembered folder, if it can be of this; for a thread: it reads files."""
    from core.evaluation.store import evaluations_root, open_evaluation

    try:
        evaluation = open_evaluation(evaluations_root() / name)
    except ValueError as error:  # gone or damaged: the comparison that follows says so
        log.info("not shown before it is compared: %s", error)
        return None
    return evaluation if len(evaluation) == len(subject.index) else None


def _mark(subject: Subject) -> str | None:
    """What tells subjects apart without reading them; None where the checkpoint is gone."""
    try:
        stat = subject.checkpoint.stat()
    except OSError:
        return None
    index = subject.index
    parts = [str(index.root), index.split, len(index), str(subject.checkpoint)]
    parts += [stat.st_size, stat.st_mtime_ns, subject.hand_model.name, subject.hand_model_path]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
