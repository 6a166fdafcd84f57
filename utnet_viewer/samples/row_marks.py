"""What people said of the rows, as columns: review, flags, notes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from core.evaluation.frame_filter_columns import ManyWords, OneWord, Words

if TYPE_CHECKING:  # the window starts without it
    from core.annotation.marks import Marks

#: As `core.annotation.records.ReviewState` has them; the first is that of all other rows.
REVIEWS = ("new", "in review", "done", "rejected")
NEW, IN_REVIEW, DONE, REJECTED = range(len(REVIEWS))
#: Columns by their names in filters.
FLAG, NOTE, REVIEW = "flag", "note", "review"


class RowMarks:
    """Marks of N rows; rows nobody spoke of are new and have none.

    Attributes:
        review: (N,) int8, which of `REVIEWS`.
        has_note: (N,) bool.
        has_correction: (N,) bool.
        flag_count: (N,) int8.
        flags: Flags by name, (N,) bool each.
    """

    def __init__(self, count: int, note_of: Callable[[int], str]) -> None:
        """`note_of` gives the text of a row's note, when a filter asks for it."""
        self._note_of = note_of
        self.review = np.zeros(count, np.int8)
        self.has_note = np.zeros(count, bool)
        self.has_correction = np.zeros(count, bool)
        self.flag_count = np.zeros(count, np.int8)
        self.flags: dict[str, np.ndarray] = {}
        self._texts: dict[int, str] = {}  # of notes that were read

    def put(self, marks: Mapping[int, Marks | None]) -> None:
        """Marks of some rows, None where there are none any more."""
        for row, mark in marks.items():
            self._texts.pop(row, None)
            flags = frozenset() if mark is None else mark.flags
            self.review[row] = NEW if mark is None else REVIEWS.index(mark.review)
            self.has_note[row] = mark is not None and mark.has_note
            self.has_correction[row] = mark is not None and mark.has_correction
            self.flag_count[row] = len(flags)
            for flag, has in self.flags.items():
                has[row] = flag in flags
            for flag in flags - self.flags.keys():
                self.flags[flag] = np.zeros(len(self.review), bool)
                self.flags[flag][row] = True

    def flags_of(self, row: int) -> list[str]:
        """Flags of a row, by the alphabet."""
        return sorted(flag for flag, has in self.flags.items() if has[row])

    def note(self, row: int) -> str:
        """The text of a row's note, "" where there is none."""
        if self.has_note[row] and row not in self._texts:
            self._texts[row] = self._note_of(row)
        return self._texts.get(row, "")

    def columns(self) -> dict[str, Words]:
        """What a filter may ask for; nothing of what nobody ever said."""
        found: dict[str, Words] = {}
        if self.review.any():
            found[REVIEW] = OneWord(REVIEWS, self.review)
        if self.flag_count.any():
            flags = tuple(sorted(flag for flag, has in self.flags.items() if has.any()))
            found[FLAG] = ManyWords(flags, np.array([self.flags[flag] for flag in flags]))
        if self.has_note.any():
            found[NOTE] = _Notes(self.has_note, self.note)
        return found


class _Notes:
    """The texts of notes as words of a filter, read when a filter asks for them."""

    def __init__(self, has_note: np.ndarray, note_of: Callable[[int], str]) -> None:
        self._has_note, self._note_of = has_note, note_of
        self._words: OneWord | None = None

    def _read(self) -> OneWord:
        if self._words is None:
            rows = np.flatnonzero(self._has_note)
            texts = [" ".join(self._note_of(row).split()) for row in rows.tolist()]  # one line each
            code_of = {text: code for code, text in enumerate(sorted(set(texts)))}
            codes = np.full(len(self._has_note), -1, np.int64)
            codes[rows] = [code_of[text] for text in texts]
            self._words = OneWord(tuple(code_of), codes)
        return self._words

    @property
    def names(self) -> tuple[str, ...]:
        """Every text once."""
        return self._read().names

    def rows_with(self, wanted: np.ndarray) -> np.ndarray:
        """See `core.evaluation.frame_filter_columns.Words`."""
        return self._read().rows_with(wanted)
