"""Rows of a store's tables, with checksums: SQLite finds a broken tree, but no changed byte."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from core.annotation.codec import Stored, decode
from core.annotation.marks import Marks, Overview
from core.annotation.records import FIELDS, Change, Edit, ReviewState

KINDS = ("change", "undo", "redo")


class EditRow(NamedTuple):
    """One edit as it is kept.

    Attributes:
        id, at_s, author, kind, split, frame, field, words, group, of: See `Edit` and `Change`.
        before: The edit that set what the field was until then; 0 for the empty value.
        value: What the field became, by `core.annotation.codec`.
    """

    id: int
    at_s: float
    author: str
    kind: str
    split: str
    frame: str
    field: str
    words: str
    group: str
    of: int
    before: int
    value: Stored

    @property
    def checksum(self) -> int:
        """CRC-32 of everything in the row; raises ValueError for a value that cannot be one."""
        return edit_checksum(self[:-1], self.value)

    def edit(self, *, is_undone: bool) -> Edit:
        """The edit; raises ValueError for a row that cannot be one."""
        if self.kind not in KINDS:
            raise ValueError(f"edit {self.id} is a {self.kind!r}")
        try:
            value = decode(self.field, self.value) if self.field in FIELDS else None
            change = Change(self.frame, self.split, self.field, value, self.words, self.group)
        except ValueError as error:
            raise ValueError(f"edit {self.id}: {error}") from error
        return Edit(self.id, self.at_s, self.author, self.kind, change, self.of, is_undone)


#: Columns of the table `edits`; the checksum follows them, and the value comes last.
EDIT_COLUMNS = "id, at_s, author, kind, split, frame, field, words, grp, of, before"


_EDIT_TYPES = [int, float, *[str] * 7, int, int]


def edit_checksum(columns: Sequence[object], value: object) -> int:
    """CRC-32 of a row of `edits`: the columns before its checksum, and its value."""
    content = value.encode() if isinstance(value, str) else b"" if value is None else value
    if not isinstance(content, bytes):
        raise ValueError(f"edit {columns[0]} has a {type(value).__name__} for its value")
    texts = "\x1f".join(map(str, columns))
    return zlib.crc32(content, zlib.crc32(f"{texts}\x1f{type(value).__name__}".encode()))


def check_edit(row: tuple) -> None:
    """Raise ValueError where a byte was changed of an edit's row, read with `EDIT_COLUMNS`,
    checksum and value."""
    columns = row[:-2]
    # SQLite keeps any type in any column.
    if list(map(type, columns)) != _EDIT_TYPES or edit_checksum(columns, row[-1]) != row[-2]:
        raise ValueError(f"edit {row[0]} was changed on the disk")


def checked_edit(row: tuple) -> EditRow:
    """The edit of a row that `check_edit` takes."""
    check_edit(row)
    return EditRow(*row[:-2], row[-1])


@dataclass
class FrameRow:
    """What is in force of a frame: by which edits, and in short.

    Attributes:
        split, frame: Its name.
        edits: The edit that set each of `FIELDS`; 0 for one that nothing was said of.
        review, flags: As text, by the codec.
        has_note, has_correction: Whether there is one.
    """

    split: str
    frame: str
    edits: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FIELDS, 0))
    review: str = ReviewState.NEW.value
    flags: str = ""
    has_note: bool = False
    has_correction: bool = False

    def apply(self, edit: EditRow) -> None:
        """Take over what an edit says."""
        self.edits[edit.field] = edit.id
        if edit.field == "review":
            self.review = str(edit.value)
        elif edit.field == "flags":
            self.flags = str(edit.value)
        elif edit.field == "note":
            self.has_note = bool(edit.value)
        elif edit.field == "correction":
            self.has_correction = edit.value is not None

    @property
    def columns(self) -> tuple:
        """The row of the table `frames`, checksum included."""
        has_note, has_correction = int(self.has_note), int(self.has_correction)
        columns = (self.split, self.frame, self.review, self.flags, has_note, has_correction)
        columns += tuple(self.edits.values())
        return (*columns, frame_checksum(columns))


#: Columns of the table `frames`; the checksum follows them.
FRAME_COLUMNS = "split, frame, review, flags, has_note, has_correction, " + ", ".join(
    f"{field}_edit" for field in FIELDS
)


def frame_checksum(columns: tuple) -> int:
    """CRC-32 of a row of `frames`, without its checksum."""
    return zlib.crc32("\x1f".join(map(str, columns)).encode())


def _check_frame(row: tuple) -> None:
    if list(map(type, row)) != _FRAME_TYPES or frame_checksum(row[:-1]) != row[-1]:
        raise ValueError(f"what is kept of {row[1]!r} was changed on the disk")


_FRAME_TYPES = [*[str] * 4, *[int] * 8]


def checked_frame(row: tuple) -> FrameRow:
    """A row of `frames`, read with `FRAME_COLUMNS` and checksum; raises ValueError."""
    _check_frame(row)
    split, frame, review, flags, has_note, has_correction, *edits, _checksum = row
    by_field = dict(zip(FIELDS, edits, strict=True))
    return FrameRow(split, frame, by_field, review, flags, bool(has_note), bool(has_correction))


#: Columns of the table `frames` that `MarksReader` takes.
MARKS_COLUMNS = "frame, review, flags, has_note, has_correction, max({})".format(
    ", ".join(f"{field}_edit" for field in FIELDS)
)


class MarksReader:
    """Makes `Marks` of rows of `frames`, a hundred thousand of them at once: the few different
    texts are understood only once, and checksums are left to the whole check."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple] = {}

    def overview(self, rows: Iterable[tuple]) -> Overview:
        """Of rows with `MARKS_COLUMNS`; raises ValueError."""
        known = self._known
        overview: Overview = {}
        for frame, review, flags, has_note, has_correction, edit_id in rows:
            words = known.get((review, flags)) or self._understand(review, flags)
            overview[frame] = Marks(*words, bool(has_note), bool(has_correction), edit_id)
        return overview

    def _understand(self, review: str, flags: str) -> tuple:
        words = (decode("review", review), decode("flags", flags))
        self._known[review, flags] = words
        return words
