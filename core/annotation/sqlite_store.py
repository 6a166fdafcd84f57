"""An open annotation store: one SQLite file with all that people said of a dataset's frames.

Every change is an edit, and so is every undo and redo: nothing is ever taken out. What is in force
is kept beside the history, and follows from it. A write returns when the disk has it
(``synchronous=FULL``); several processes may have one store open and see each other's edits. One
store belongs to one dataset folder, with all its splits; the dataset itself is never written.

How it lies on the disk: `core.annotation.schema`; in which order it is undone:
`core.annotation.undo_order`; how it is opened: `core.annotation.store`; what becomes of a damaged
one: `core.annotation.salvage`.
"""

import contextlib
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from core.annotation.checking import replayed, whole_problem
from core.annotation.codec import encode
from core.annotation.log_check import log_path
from core.annotation.marks import Overview
from core.annotation.records import Change, Edit, FrameState
from core.annotation.rows import checked_frame
from core.annotation.schema import connect, place_new_file
from core.annotation.store_errors import (
    StoreDamagedError,
    StoreError,
    StoreGoneError,
    StoreReadOnlyError,
    StoreWriteError,
    raising_store_errors,
)
from core.annotation.tables import Draft, Tables
from core.annotation.undo_order import Step, StepState
from core.files.durable import raising_disk_full

#: How long one waits for another process that writes.
BUSY_S = 2.0


class AnnotationStore:
    """An open store. One thread may use it at a time, whichever it is. `open_store` makes it.

    Methods raise `StoreError`; `StoreWriteError` is one after which trying again may work.

    Attributes:
        path: Its file.
        dataset: Of which dataset it is, as `dataset_identity` says it.
        author: Who writes.
        is_read_only: Whether nothing can be written.
        damage: What is wrong with a damaged one and what was lost, sentences; "" for a whole one.
    """

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        *,
        dataset: str,
        author: str,
        is_read_only: bool = False,
        damage: str = "",
        folder: tempfile.TemporaryDirectory | None = None,
    ) -> None:
        """Use a connection that was checked; `folder` goes when this is closed."""
        self.path, self.dataset, self.author = path, dataset, author
        self.is_read_only, self.damage = is_read_only, damage
        self._connection, self._folder = connection, folder
        self._tables = Tables(connection)
        self._place = None if is_read_only else _place_of(path)
        self._log_place: tuple[int, int] | None = None  # known once something was written

    def __enter__(self) -> "AnnotationStore":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close; closing again does nothing."""
        self._connection.close()
        if self._folder is not None:
            self._folder.cleanup()

    def reader(self) -> "AnnotationStore":
        """The same store for another thread, which may only read; closed on its own."""
        if self.is_read_only:  # a copy: SQLite itself lets threads read one connection
            return self
        with raising_store_errors(self.path):
            connection = connect(self.path, busy_s=BUSY_S)
        return AnnotationStore(self.path, connection, dataset=self.dataset, author=self.author)

    # Writing.

    def write(self, changes: Iterable[Change]) -> list[Edit]:
        """Add changes to the history, all of them or none; returns when the disk has them."""
        with self._transaction() as draft:
            for change in changes:
                draft.change(
                    change.split,
                    change.frame,
                    change.field,
                    encode(change.field, change.value),
                    words=change.words,
                    group=change.group,
                )
        return self._done(draft)

    def undo(self) -> list[Edit]:
        """Take back the newest step that is in force; the edits that do so, [] for nothing."""
        with self._transaction() as draft:
            step = self._tables.step_to_undo()
            if step is not None:
                for edit_id in range(step.last, step.first - 1, -1):
                    draft.take_back(self._tables.edit(edit_id))
                self._tables.put_steps([Step(step.first, step.last, StepState.UNDONE)])
        return self._done(draft)

    def redo(self) -> list[Edit]:
        """Bring back the step that was undone last; the edits that do so, [] for nothing."""
        with self._transaction() as draft:
            step = self._tables.step_to_redo()
            if step is not None:
                for edit_id in range(step.first, step.last + 1):
                    draft.bring_back(self._tables.edit(edit_id))
                self._tables.put_steps([Step(step.first, step.last, StepState.DONE)])
        return self._done(draft)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Draft]:
        if self.is_read_only:
            raise StoreReadOnlyError(self.path, self.damage or "cannot be written by you")
        if not self._is_in_place():
            raise StoreGoneError(self.path)
        with self._reading():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                draft = Draft(self._tables, author=self.author, at_s=time.time())
                yield draft
                draft.finish()
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def _done(self, draft: Draft) -> list[Edit]:
        """What was written; raises StoreGoneError where it went into a file that has no name."""
        edits = [row.edit(is_undone=False) for row in draft.rows]
        log = _place_of(log_path(self.path))
        if not self._is_in_place() or log is None or self._log_place not in (None, log):
            raise StoreGoneError(self.path, edits)
        self._log_place = log
        return edits

    def _is_in_place(self) -> bool:
        return _place_of(self.path) == self._place

    def settle(self) -> None:
        """Move what the log holds into the file, as far as nobody is in the way: a short log is
        less to lose. For idle moments."""
        if self.is_read_only or not self._is_in_place():
            return
        with raising_store_errors(self.path):
            self._connection.execute("PRAGMA busy_timeout = 50")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._connection.execute(f"PRAGMA busy_timeout = {round(BUSY_S * 1000)}")

    def rescue(self) -> Path:
        """After StoreGoneError: write everything anew; returns the file, which is to be opened.

        It takes its old name again, or where another file has that by now, one beside it. Raises
        StoreWriteError, OSError.
        """
        if self._is_in_place():  # only the log is gone
            with raising_store_errors(self.path):
                is_busy, *_ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if is_busy:
                raise StoreWriteError(self.path, "another program is reading it and does not end")
            return self.path
        path = self.path
        self._drop_stale_log()
        if path.exists():
            stamp = time.strftime("%Y-%m-%d-%H%M%S")
            path = path.with_name(f"{path.stem}-before-it-was-replaced-{stamp}{path.suffix}")
        with raising_disk_full(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(
                prefix=f".{path.name}.", suffix=".part", dir=path.parent
            )
            os.close(descriptor)
            made = Path(name)
            try:
                self._copy_to(made)
                place_new_file(made, path)
            finally:
                made.unlink(missing_ok=True)
        return path

    def _drop_stale_log(self) -> None:
        """Take away the log of the file that is gone: SQLite would put it into the one that has
        the name now."""
        log = log_path(self.path)
        if not self.path.exists() or _place_of(log) == self._log_place:
            for file in (log, log.with_name(f"{self.path.name}-shm")):
                with contextlib.suppress(FileNotFoundError):
                    file.unlink()

    def _copy_to(self, path: Path) -> None:
        with raising_store_errors(path), contextlib.closing(sqlite3.connect(path)) as copy:
            self._connection.backup(copy)
            copy.execute("PRAGMA journal_mode = WAL")

    # Reading.

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            with raising_store_errors(self.path):
                yield
        except StoreError:
            raise
        except ValueError as error:
            raise StoreDamagedError(self.path, str(error)) from error

    @property
    def can_undo(self) -> str:
        """Words of what `undo` would take back; "" for nothing."""
        with self._reading():
            return self._words(self._tables.step_to_undo())

    @property
    def can_redo(self) -> str:
        """Words of what `redo` would bring back; "" for nothing."""
        with self._reading():
            return self._words(self._tables.step_to_redo())

    def _words(self, step: Step | None) -> str:
        return "" if step is None else self._tables.edit(step.first).words or "a change"

    def state(self, split: str, frame: str) -> FrameState:
        """Everything that was said of a frame ("SEQ/ID")."""
        with self._reading():
            row = self._tables.frame(split, frame)
            return FrameState() if row is None else self._tables.state(row)

    def overview(self, split: str) -> Overview:
        """What lists show, of every frame of a split that anything was said of."""
        with self._reading():
            return self._tables.overview(split)

    def states(self, split: str) -> Iterator[tuple[str, FrameState]]:
        """Every frame of a split that anything was said of, and what is in force, by name."""
        with self._reading():
            rows = self._tables.frame_rows("WHERE split = ? ORDER BY frame", split).fetchall()
        for row in rows:
            with self._reading():
                state = self._tables.state(checked_frame(row))
            yield row[1], state

    def corrections(self, split: str) -> Iterator[tuple[str, FrameState]]:
        """Every frame of a split whose hand was corrected, by name."""
        return ((frame, state) for frame, state in self.states(split) if state.correction)

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that anything was said of."""
        with self._reading():
            rows = self._connection.execute("SELECT DISTINCT split FROM frames ORDER BY split")
            return tuple(row[0] for row in rows)

    @property
    def last_id(self) -> int:
        """Id of the newest edit; 0 where there is none."""
        with self._reading():
            return self._tables.last_id()

    def since(self, edit_id: int) -> list[Edit]:
        """Edits that are newer than one, oldest first: what another process wrote meanwhile."""
        with self._reading():
            return self._tables.told(self._tables.edits("WHERE id > ? ORDER BY id", edit_id))

    def history(
        self,
        *,
        limit: int = 200,
        split: str | None = None,
        frame: str | None = None,
        up_to: int | None = None,
    ) -> list[Edit]:
        """The newest edits, newest first: all, those of a split, or those of one frame of it.

        `up_to` is the newest edit that is wanted.
        """
        where = {"split =": split, "frame =": frame, "id <=": up_to}
        asked = {term: value for term, value in where.items() if value is not None}
        terms = " AND ".join(f"{term} ?" for term in asked)
        sql = f"{'WHERE ' if terms else ''}{terms} ORDER BY id DESC LIMIT ?"
        with self._reading():
            return self._tables.told(self._tables.edits(sql, *asked.values(), limit))

    @property
    def data_version(self) -> int:
        """A number that is another one after somebody else has written."""
        with self._reading():
            return self._connection.execute("PRAGMA data_version").fetchone()[0]

    # Checking.

    def replay(self) -> dict[tuple[str, str], FrameState]:
        """The states that the history alone comes to, by split and frame."""
        with self._reading():
            return replayed(self._tables.edits("ORDER BY id"))

    def check(self, goes_on: Callable[[], bool] = lambda: True) -> bool:
        """Look at every row; raises StoreDamagedError. False where `goes_on` broke it off."""
        with self._reading():
            self._connection.execute("BEGIN")
            try:
                problem = whole_problem(self._connection, goes_on)
            finally:
                self._connection.execute("ROLLBACK")
        if problem:
            raise StoreDamagedError(self.path, problem)
        return problem is not None


def _place_of(path: Path) -> tuple[int, int] | None:
    """Which file has a name now."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
