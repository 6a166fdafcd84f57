"""The thread that writes annotations: in order, behind the window's back, again until it works."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:  # imported on the thread
    from core.annotation.marks import Overview
    from core.annotation.records import Change, Edit
    from core.annotation.store import AnnotationStore

#: How often one looks whether another window has written.
LOOK_S = 0.5

#: Edits that the window has at hand.
NEWEST = 200

#: How long after a failure it is tried again; the last one holds from there on.
RETRIES_S = (1.0, 2.0, 5.0, 10.0)

#: How long the thread may take to end: it may be held up by a disk that does not answer.
END_S = 3.0

log = logging.getLogger("utnet_viewer")


@dataclass(frozen=True)
class Act:
    """One thing to write."""

    kind: Literal["changes", "undo", "redo"]
    changes: tuple[Change, ...] = ()

    @property
    def count(self) -> int:
        """How many edits people would call it."""
        return len(self.changes) or 1


@dataclass(frozen=True)
class Opened:
    """A store is there, or none was made yet (`reader` is None).

    `reader` is for the window's thread, which closes it.
    """

    reader: AnnotationStore | None
    split: str
    overview: Overview
    newest: Sequence[Edit] = ()  # NEWEST at most, the newest first
    undo_words: str = ""
    redo_words: str = ""
    is_read_only: bool = False
    damage: str = ""


@dataclass(frozen=True)
class News:
    """Edits that this window wrote by an act, the first that waited, or another window (None)."""

    edits: list[Edit]
    act: Act | None
    undo_words: str
    redo_words: str


class Writer(QObject):
    """Owns the store of one dataset; its signals come in the thread of whoever made it."""

    opened = Signal(object)  # Opened; again after the file had to be opened anew
    overview_read = Signal(str, object)  # split, Overview
    wrote = Signal(object)  # News
    failing = Signal(str)  # why it does not work now; "" when it works again

    def __init__(self, path: Path, dataset: str, split: str, parent: QObject | None = None) -> None:
        """Nothing is done before `start`."""
        super().__init__(parent)
        self.path = path
        self._dataset, self._split = dataset, split
        self._store: AnnotationStore | None = None
        self._has_told = False  # that it is opened, or that there is none
        self._acts: deque[Act] = deque()
        self._splits: deque[str] = deque()  # whose overview is wanted
        self._wakes = threading.Condition()
        self._is_ending = self._is_urgent = self._is_checked = False
        self._reported = ""  # damage that the window's thread came across
        self._last_id, self._version = 0, 0
        self._failures = 0
        self._nameless: list[Edit] = []  # of the first act, in a file that has no name any more
        self._is_settled = True
        self._thread = threading.Thread(target=self._run, name="annotations", daemon=True)

    # For the window's thread.

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def has_begun(self) -> bool:
        """Whether it was started."""
        return self._thread.ident is not None

    def put(self, act: Act) -> None:
        """Write this after everything else."""
        with self._wakes:
            self._acts.append(act)
            self._wakes.notify()

    def read_overview(self, split: str) -> None:
        """`overview_read` follows."""
        with self._wakes:
            self._split = split
            self._splits.append(split)
            self._wakes.notify()

    def open_again(self, split: str) -> None:
        """`opened` follows once more, as soon as that is possible."""
        with self._wakes:
            self._split = split
            self._has_told = False
            self._wakes.notify()

    def try_again(self) -> None:
        """Do not wait for the next try."""
        with self._wakes:
            self._is_urgent = True
            self._wakes.notify()

    def report_damage(self, why: str) -> None:
        """Something that was read is wrong: the store is opened anew with what can be saved."""
        with self._wakes:
            self._reported = why
            self._wakes.notify()

    @property
    def pending(self) -> int:
        """Edits that are not on the disk yet."""
        with self._wakes:
            return sum(act.count for act in self._acts)

    def wait_saved(self, timeout_s: float) -> bool:
        """Wait until all is on the disk; whether it is."""
        deadline = time.monotonic() + timeout_s
        while self.pending and time.monotonic() < deadline and self._thread.is_alive():
            time.sleep(0.005)
        return not self.pending

    def close(self) -> None:
        """Write what waits, unless that has just failed, and end."""
        with self._wakes:
            self._is_ending = True
            self._wakes.notify()
        if self.has_begun:
            self._thread.join(END_S)

    # On the thread.

    def _run(self) -> None:
        try:
            while not self._is_over():
                self._round()
        except RuntimeError:  # the window is gone meanwhile
            return
        finally:
            self._end()

    def _is_over(self) -> bool:
        return self._is_ending and (not self._acts or self._failures > 0)

    def _round(self) -> None:
        from core.annotation.store import StoreDamagedError, StoreGoneError

        try:
            self._work()
        except StoreGoneError as error:
            self._nameless += error.written
            self._guarded(self._rescue)
        except StoreDamagedError as error:
            why = error.problem
            self._guarded(lambda: self._open_damaged(why))
        except RuntimeError:
            raise
        except (ValueError, OSError) as error:
            self._fail(error)
        except Exception as error:  # what waits is kept, and told, whatever it was
            log.exception("annotations")
            self._fail(error)
        else:
            if self._failures:
                self._failures = 0
                self.failing.emit("")
            self._rest()

    def _guarded(self, mend: Callable[[], None]) -> None:
        try:
            mend()
        except (ValueError, OSError) as error:
            self._fail(error)

    def _work(self) -> None:
        """Everything that can be done now."""
        if self._reported:
            from core.annotation.store import StoreDamagedError

            why, self._reported = self._reported, ""
            raise StoreDamagedError(self.path, why)
        self._open_if_there()
        while self._splits:
            split = self._splits[0]
            overview = {} if self._store is None else self._store.overview(split)
            self.overview_read.emit(split, overview)
            self._splits.popleft()
        while self._acts and self._store is not None:  # an act may come while none was made yet
            self._write(self._acts[0])
        self._look()
        self._check()

    def _open_if_there(self) -> None:
        """Open the store once there is one; the first edit makes it."""
        from core.annotation.store import open_store

        if self._store is not None and self._store.is_read_only and self._is_urgent:
            self._forget_store()  # somebody may have put another file in its place
        self._is_urgent = False
        if self._store is not None:
            if not self._has_told:
                self._tell_opened()
            return
        creates = bool(self._acts)
        try:
            store = open_store(
                self.path,
                dataset=self._dataset,
                creates=creates,
                looks_at_all=False,  # not before anything is shown: `_check` does, later
            )
        except FileNotFoundError:
            if creates:
                raise
            if not self._has_told:
                self._has_told = True
                self.opened.emit(Opened(None, self._split, {}))
            return
        self._use(store)

    def _use(self, store: AnnotationStore) -> None:
        self._store, self._is_checked = store, bool(store.damage)
        self._version, self._last_id = store.data_version, store.last_id
        self._tell_opened()

    def _tell_opened(self) -> None:
        store, split, self._has_told = self._store, self._split, True
        opened = Opened(
            store.reader(),
            split,
            store.overview(split),
            store.history(limit=NEWEST),
            store.can_undo,
            store.can_redo,
            store.is_read_only,
            store.damage,
        )
        self.opened.emit(opened)

    def _write(self, act: Act) -> None:
        store = self._store
        if act.kind == "changes":
            edits = store.write(act.changes)
        else:
            edits = store.undo() if act.kind == "undo" else store.redo()
        self._done(edits)

    def _done(self, edits: list[Edit]) -> None:
        """The first act is on the disk, and perhaps what another window wrote before it."""
        with self._wakes:
            act = self._acts.popleft()
        self._is_settled = False
        last_id = self._last_id
        if edits:
            self._last_id = max(last_id, edits[-1].id)
        try:
            if edits and edits[0].id > last_id + 1:
                self._tell(self._store.since(last_id)[: edits[0].id - last_id - 1], None)
        finally:
            self._tell(edits, act)

    def _tell(self, edits: list[Edit], act: Act | None) -> None:
        words = ("", "")
        try:
            words = (self._store.can_undo, self._store.can_redo)
        finally:  # what was written is told in any case
            self.wrote.emit(News(edits, act, *words))

    def _look(self) -> None:
        """Whether another window has written."""
        store = self._store
        if store is None or store.is_read_only:
            return
        version = store.data_version
        if version != self._version:
            self._version = version
            edits = store.since(self._last_id)
            if edits:
                self._last_id = edits[-1].id
                self._tell(edits, None)

    def _check(self) -> None:
        """Look at every row once, when there is nothing else to do."""
        if self._store is not None and not self._is_checked:
            self._is_checked = self._store.check(self._is_idle)

    def _is_idle(self) -> bool:
        time.sleep(0.01)  # whoever else wants the processor comes first
        return not (self._acts or self._splits or self._is_ending or self._reported)

    def _rest(self) -> None:
        """Wait for work, or until it is time to look."""
        if not self._is_settled and not self._has_work():
            self._is_settled = True
            self._settle()
        with self._wakes:
            if not self._has_work():
                self._wakes.wait(LOOK_S)

    def _settle(self) -> None:
        """Leave as little as possible in the log; nothing is lost where that does not work."""
        try:
            if self._store is not None:
                self._store.settle()
        except ValueError as error:
            log.warning("annotations: %s", error)

    def _has_work(self) -> bool:
        return bool(
            self._acts or self._splits or self._is_ending or self._is_urgent or self._reported
        )

    # On the thread, when something goes wrong.

    def _fail(self, error: Exception) -> None:
        """Tell why, and wait before the next try."""
        log.warning("annotations: %s", error)
        delay_s = RETRIES_S[min(self._failures, len(RETRIES_S) - 1)]
        self._failures += 1
        self.failing.emit(_sentence(error))
        with self._wakes:
            self._wakes.wait_for(lambda: self._is_urgent or self._is_ending, delay_s)

    def _rescue(self) -> None:
        """The file is gone: write all that it held anew, and go on with that."""
        place = self._store.rescue()
        written, self._nameless = self._nameless, []
        log.warning("annotations: %s was gone, and its content is now in %s", self.path, place)
        is_back = place == self.path
        self._forget_store()
        self._open_if_there()
        if written and is_back:
            self._done(written)

    def _open_damaged(self, why: str) -> None:
        from core.annotation.store import open_damaged

        self._forget_store()
        self._use(open_damaged(self.path, why, dataset=self._dataset))

    def _forget_store(self) -> None:
        store, self._store = self._store, None
        if store is not None and not store.is_read_only:  # else the window still reads it
            store.close()

    def _end(self) -> None:
        self._settle()
        self._forget_store()


def _sentence(error: Exception) -> str:
    """What happened, as people are told."""
    if isinstance(error, OSError) and error.strerror:
        words = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        return words[:1].upper() + words[1:]
    return str(error)
