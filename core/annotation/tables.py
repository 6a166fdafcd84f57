"""Reading and adding rows of a store's tables; what a damaged row raises is ValueError."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from core.annotation.codec import EMPTY, Stored
from core.annotation.marks import Overview
from core.annotation.records import Edit, FrameState
from core.annotation.rows import (
    EDIT_COLUMNS,
    FRAME_COLUMNS,
    MARKS_COLUMNS,
    EditRow,
    FrameRow,
    MarksReader,
    checked_edit,
    checked_frame,
)
from core.annotation.undo_order import Step, StepState, begins_step

_EDITS = f"SELECT {EDIT_COLUMNS}, checksum, value FROM edits"
_FRAMES = f"SELECT {FRAME_COLUMNS}, checksum FROM frames"
_INSERT_EDIT = f"INSERT INTO edits VALUES ({', '.join('?' * 13)})"
_INSERT_FRAME = f"INSERT OR REPLACE INTO frames VALUES ({', '.join('?' * 12)})"


class Tables:
    """The tables behind a connection; whoever uses this begins and ends transactions."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def _one(self, sql: str, *values: object) -> tuple | None:
        return self._connection.execute(sql, values).fetchone()

    # Edits.

    def last_id(self) -> int:
        """Id of the newest edit, 0 where there is none."""
        # In one statement: another process may write between two.
        told, newest = self._one(
            "SELECT (SELECT last_edit FROM head), (SELECT coalesce(max(id), 0) FROM edits)"
        )
        if told != newest:
            raise ValueError("the newest edits are missing")
        return newest

    def edit(self, edit_id: int) -> EditRow:
        """One edit."""
        row = self._one(f"{_EDITS} WHERE id = ?", edit_id)
        if row is None:
            raise ValueError(f"edit {edit_id} is missing")
        return checked_edit(row)

    def edits(self, where: str = "", *values: object) -> Iterator[EditRow]:
        """Edits; `where` may end in an order and a limit."""
        return map(checked_edit, self.edit_rows(where, *values))

    def edit_rows(self, where: str = "", *values: object) -> Iterator[tuple]:
        """Rows of edits, for `checked_edit`."""
        return self._connection.execute(f"{_EDITS} {where}", values)

    def told(self, edits: Iterable[EditRow]) -> list[Edit]:
        """Edits as others know them, with what became of each."""
        return [edit.edit(is_undone=self._is_undone(edit)) for edit in edits]

    def _is_undone(self, edit: EditRow) -> bool:
        if edit.kind != "change":
            return False
        sql = "SELECT state FROM steps WHERE first <= ? ORDER BY first DESC LIMIT 1"
        row = self._one(sql, edit.id)
        return row is not None and row[0] != StepState.DONE

    def add_edits(self, edits: Sequence[EditRow]) -> None:
        """Add to the history."""
        rows = ((*edit[:-1], edit.checksum, edit.value) for edit in edits)
        self._connection.executemany(_INSERT_EDIT, rows)
        if edits:
            self._connection.execute("UPDATE head SET last_edit = ?", (edits[-1].id,))

    # Frames.

    def frame(self, split: str, frame: str) -> FrameRow | None:
        """What is in force of a frame; None where nothing was ever said of it."""
        row = self._one(f"{_FRAMES} WHERE split = ? AND frame = ?", split, frame)
        return None if row is None else checked_frame(row)

    def frame_rows(self, where: str = "", *values: object) -> Iterator[tuple]:
        """Rows of frames, for `checked_frame`."""
        return self._connection.execute(f"{_FRAMES} {where}", values)

    def overview(self, split: str) -> Overview:
        """The little that lists show of a split's frames."""
        sql = f"SELECT {MARKS_COLUMNS} FROM frames WHERE split = ?"
        return MarksReader().overview(self._connection.execute(sql, (split,)))

    def state(self, row: FrameRow) -> FrameState:
        """Everything that is in force of a frame."""
        values = {}
        for field, edit_id in row.edits.items():
            if edit_id:
                edit = self.edit(edit_id)
                if (edit.split, edit.frame, edit.field) != (row.split, row.frame, field):
                    raise ValueError(f"edit {edit_id} is not of {row.frame}")
                values[field] = edit.edit(is_undone=False).change.value
        return FrameState(**values)

    def put_frames(self, rows: Iterable[FrameRow]) -> None:
        """Keep what is in force now."""
        self._connection.executemany(_INSERT_FRAME, (row.columns for row in rows))

    # Steps.

    def steps(self) -> list[Step]:
        """All steps in their order."""
        rows = self._connection.execute("SELECT first, last, state FROM steps ORDER BY first")
        return [Step(first, last, StepState(state)) for first, last, state in rows]

    def step_to_undo(self) -> Step | None:
        """The newest one that is in force."""
        return self._step("WHERE state = 0 ORDER BY first DESC")

    def step_to_redo(self) -> Step | None:
        """The one that was undone last."""
        return self._step("WHERE state = 1 ORDER BY first")

    def _step(self, where: str) -> Step | None:
        row = self._one(f"SELECT first, last, state FROM steps {where} LIMIT 1")
        return None if row is None else Step(row[0], row[1], StepState(row[2]))

    def put_steps(self, steps: Iterable[Step]) -> None:
        """Keep steps, new ones and others."""
        rows = ((step.first, step.last, int(step.state)) for step in steps)
        self._connection.executemany("INSERT OR REPLACE INTO steps VALUES (?, ?, ?)", rows)

    def drop_undone(self) -> None:
        """What could be redone cannot be any more."""
        self._connection.execute("UPDATE steps SET state = 2 WHERE state = 1")


class Draft:
    """Edits that are added in one transaction, with all that follows from them."""

    def __init__(self, tables: Tables, *, author: str, at_s: float) -> None:
        """The transaction has begun."""
        self._tables, self._author, self._at_s = tables, author, at_s
        self._last_id = tables.last_id()
        self._frames: dict[tuple[str, str], FrameRow] = {}
        self.rows: list[EditRow] = []

    def _frame(self, split: str, frame: str) -> FrameRow:
        key = (split, frame)
        if key not in self._frames:
            self._frames[key] = self._tables.frame(*key) or FrameRow(*key)
        return self._frames[key]

    def change(
        self, split: str, frame: str, field: str, value: Stored, *, words: str, group: str
    ) -> None:
        """A change of a field."""
        self._add("change", 0, (split, frame, field, words, group), value)

    def take_back(self, edit: EditRow) -> None:
        """Undo one edit: the field is again what it was before."""
        value = self._tables.edit(edit.before).value if edit.before else EMPTY[edit.field]
        self._add("undo", edit.id, edit[4:9], value)

    def bring_back(self, edit: EditRow) -> None:
        """Redo one edit."""
        self._add("redo", edit.id, edit[4:9], edit.value)

    def _add(self, kind: str, of: int, place: tuple[str, ...], value: Stored) -> None:
        frame = self._frame(place[0], place[1])
        edit_id = self._last_id + 1 + len(self.rows)
        before = frame.edits[place[2]]
        row = EditRow(edit_id, self._at_s, self._author, kind, *place, of, before, value)
        frame.apply(row)
        self.rows.append(row)

    def finish(self) -> None:
        """Hand everything to the tables; the transaction can be committed then."""
        self._begin_steps()
        self._tables.add_edits(self.rows)
        self._tables.put_frames(self._frames.values())

    def _begin_steps(self) -> None:
        changes = [row for row in self.rows if row.kind == "change"]
        if not changes:
            return
        previous = self._tables.edit(self._last_id) if self._last_id else None
        step = self._tables.step_to_undo()
        steps: list[Step] = []
        for row in changes:
            if step is None or begins_step(row, previous):
                step = Step(row.id, row.id)
                self._tables.drop_undone()
            step.last = row.id
            if not steps or steps[-1] is not step:
                steps.append(step)
            previous = row
        self._tables.put_steps(steps)
