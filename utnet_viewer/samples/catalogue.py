"""Everything the samples list knows about each row, as columns: names, status, figures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import translate
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from core.data.frame_index import FrameIndex
from core.evaluation.columns import SCALARS, FrameState
from core.evaluation.frame_filter_columns import MissingColumnError, OneWord, Words
from core.evaluation.metrics import FrameMetrics
from utnet_viewer.samples.columns import stored_name
from utnet_viewer.samples.row_marks import FLAG, NOTE, REVIEW, RowMarks

if TYPE_CHECKING:  # it brings in what only a thread needs, later
    from core.evaluation.store import Evaluation

#: Why there is no such column yet.
_NOT_YET = {
    "flag": "there are no flags yet: nothing was flagged here",
    "note": "there are no notes yet: nothing was noted here",
    "review": "there are no reviews yet: nothing was reviewed here",
    "state": "there is no state yet: evaluate this split first",
}
_JOINTS_NOT_YET = "single joints are known once this split is evaluated"

_PA = "pa_mpjpe_mm"

_OF_METRICS = tuple(name for name in SCALARS if name in FrameMetrics.__dataclass_fields__)


def scalars_of(metrics: FrameMetrics) -> dict[str, float]:
    """What a single prediction was worth, by the names of the store's scalars."""
    return {name: getattr(metrics, name) for name in _OF_METRICS}


class Catalogue:
    """The rows of one open split; a `core.evaluation.frame_filter_columns.FrameTable`.

    Figures come from the evaluation that is shown, and for rows that it has not reached from the
    predictions of this session.

    Attributes:
        sequence_names: The sequences' names.
        sequence_codes: (N,) index into them.
        frames: (N,) frame names.
        frame_numbers: (N,) the same as numbers, -1 where a name is none.
        problems: Why a row cannot be read, for rows where that is known.
        notes: What else is wrong with the dataset, as lines for people.
        evaluation: What is shown of a whole split; None where there is none.
        state: (N,) uint8 `FrameState` of the rows as it was last looked at.
        more: Further columns by their names in filters: `Words`, or figures (N,) with NaN.
        marks: What people said of the rows; None where nobody did.
    """

    def __init__(
        self, sequence_names: tuple[str, ...], sequence_codes: np.ndarray, frames: np.ndarray
    ) -> None:
        self.sequence_names, self.sequence_codes = sequence_names, sequence_codes
        self.frames = frames
        numbers = [int(name) if name.isdecimal() else -1 for name in frames.tolist()]
        self.frame_numbers = np.array(numbers, dtype=np.int64)
        self.problems: dict[int, str] = {}
        self.notes: tuple[str, ...] = ()
        self.evaluation: Evaluation | None = None
        self.more: dict[str, Words | np.ndarray] = {}
        self.marks: RowMarks | None = None
        self._clear()

    @classmethod
    def of_names(cls, sequences: np.ndarray, frames: np.ndarray) -> Catalogue:
        """A list of which only the names (N,), (N,) are known."""
        names, codes = np.unique(sequences, return_inverse=True)
        return cls(tuple(names.tolist()), codes, frames)

    @classmethod
    def of_index(cls, index: FrameIndex) -> Catalogue:
        """The list of a dataset that was just opened, with what is known to be unreadable."""
        catalogue = cls(tuple(index.sequence_names), index.sequence_codes, index.frames)
        reasons = {p.frame_id: str(p) for p in index.problems if p.frame_id is not None}
        for row in index.unreadable_rows.tolist():
            frame_id = index.frame_id(row)
            catalogue.problems[row] = reasons.pop(frame_id, f"{frame_id}: the picture is missing")
        general = [str(p) for p in index.problems if p.frame_id is None]
        catalogue.notes = (*general, *reasons.values())
        return catalogue

    def __len__(self) -> int:
        return len(self.frames)

    def name(self, row: int) -> str:
        """``SEQ/ID`` of a row."""
        return f"{self.sequence(row)}/{self.frames[row]}"

    def sequence(self, row: int) -> str:
        """The sequence of a row."""
        return self.sequence_names[self.sequence_codes[row]]

    @cached_property
    def rows_by_name(self) -> dict[str, int]:
        """The (first) row of every frame by its name, ``SEQ/ID``."""
        return dict(zip(reversed(self._names), range(len(self) - 1, -1, -1), strict=True))

    def set_marks(self, marks: RowMarks | None) -> None:
        """What people said of the rows is another; None where nobody said anything."""
        self.marks = marks
        for name in (FLAG, NOTE, REVIEW):
            self.more.pop(name, None)
        if marks is not None:
            self.more.update(marks.columns())

    def is_bad(self, row: int) -> bool:
        """Whether a row cannot be read or could not be evaluated."""
        return row in self.problems or self.state[row] == FrameState.FAILED

    @property
    def bad_rows(self) -> np.ndarray:
        """The mask (N,) of such rows."""
        return self.unreadable() | (self.state == FrameState.FAILED)

    def problem(self, row: int) -> str:
        """Why a row cannot be read or could not be evaluated; "" where all is well.

        The reasons of an evaluation are read when the first one is asked for.
        """
        if row in self.problems or not self.is_bad(row):
            return self.problems.get(row, "")
        if row not in self._failures:
            try:
                self._failures = dict(self.evaluation.problems())
            except ValueError as error:
                return str(error)
        return self._failures.get(row, "could not be evaluated")

    # Figures.

    def _clear(self) -> None:
        self._scalars = {name: np.full(len(self), np.nan, np.float32) for name in SCALARS}
        self._joints: dict[str, np.ndarray] = {}
        self.state = np.zeros(len(self), np.uint8)
        self._failures: dict[int, str] = {}

    def score(self, row: int, figures: Mapping[str, float]) -> None:
        """Write down what a prediction was worth, where no evaluation says it.

        `figures` has names of the store's scalars; those that are left out stay unknown.
        """
        if self.state[row] == FrameState.PENDING:
            for name, value in figures.items():
                self._scalars[name][row] = value

    def forget_scores(self) -> None:
        """Another model, another hand: nothing is known again."""
        self.evaluation = None
        self._clear()

    def set_evaluation(self, evaluation: Evaluation | None) -> None:
        """Show another evaluation's figures, as far as it is; raises ValueError for a stranger's.

        What this session predicted stays where the evaluation is not yet.
        """
        if evaluation is not None and len(evaluation) != len(self):
            raise ValueError(f"an evaluation of {len(evaluation)} rows for a list of {len(self)}")
        if self.evaluation is not None:
            self._clear()
        self.evaluation = evaluation
        self.look_again()

    def look_again(self) -> np.ndarray:
        """Take over the rows (M,) that the evaluation has reached since the last look."""
        if self.evaluation is None:
            return np.empty(0, np.int64)
        state = np.array(self.evaluation.state)
        rows = np.flatnonzero((state != FrameState.PENDING) & (self.state == FrameState.PENDING))
        if len(rows):
            for name, values in self._scalars.items():
                values[rows] = self.evaluation.column(name)[rows]
            self.state[rows] = state[rows]
            self._joints.clear()
        return rows

    @property
    def done(self) -> int:
        """Rows that the evaluation has reached."""
        return int(np.count_nonzero(self.state))

    @property
    def pa_mm(self) -> np.ndarray:
        """(N,) PA-MPJPE in mm, NaN until known."""
        return self._scalars[_PA]

    def figures(self, name: str) -> np.ndarray:
        """See `FrameTable`."""
        if name == "frame":
            return np.where(self.frame_numbers < 0, np.nan, self.frame_numbers)
        if name in self.more:
            return self.more[name]
        stored, joint = stored_name(name)
        if joint < 0:
            return self._scalars[stored]
        if self.evaluation is None:
            raise MissingColumnError(_JOINTS_NOT_YET)
        if name not in self._joints:
            values = np.array(self.evaluation.column(stored)[:, joint])
            values[self.state == FrameState.PENDING] = np.nan
            self._joints[name] = values
        return self._joints[name]

    def has_figures(self, name: str) -> bool:
        """Whether `figures` gives this column, be it all unknown."""
        return self.evaluation is not None or stored_name(name)[1] < 0

    # Words.

    def words(self, name: str) -> Words:
        """See `FrameTable`."""
        if name == "seq":
            return OneWord(self.sequence_names, self.sequence_codes)
        if name == "frame":
            return self.frame_words
        if name in self.more:
            return self.more[name]
        if name == "state" and self.evaluation is not None:
            return OneWord(tuple(state.name.lower() for state in FrameState), self.state)
        raise MissingColumnError(_NOT_YET[name])

    @cached_property
    def frame_words(self) -> OneWord:
        """The frames' names, each once and sorted, and which of them each row has."""
        names, codes = np.unique(self.frames, return_inverse=True)
        return OneWord(tuple(names.tolist()), codes)

    @cached_property
    def sequence_ranks(self) -> np.ndarray:
        """(N,) place of each row's sequence in the order of their names."""
        order = np.argsort(np.array(self.sequence_names, np.str_), kind="stable")
        ranks = np.empty(len(order), np.int64)
        ranks[order] = np.arange(len(order))
        return ranks[self.sequence_codes]

    @cached_property
    def _names(self) -> list[str]:
        names = [self.sequence_names[code] for code in self.sequence_codes.tolist()]
        return [f"{seq}/{frame}" for seq, frame in zip(names, self.frames.tolist(), strict=True)]

    def unreadable(self) -> np.ndarray:
        """See `FrameTable`."""
        mask = np.zeros(len(self), bool)
        mask[list(self.problems)] = True
        return mask

    def containing(self, word: str, *, is_glob: bool) -> np.ndarray:
        """See `FrameTable`."""
        if is_glob:
            fits = re.compile(translate(word)).match
            return np.array([fits(name) is not None for name in self._names], bool)
        return np.array([word in name for name in self._names], bool)

    def profile_mm(self, bins: int) -> list[float]:
        """The worst known PA-MPJPE in each of up to `bins` equal parts, NaN where none is known."""
        if not len(self):
            return []
        known = np.where(np.isnan(self.pa_mm), -1.0, self.pa_mm)
        # No two are the same: there are no more bins than rows.
        starts = np.linspace(0, len(self), min(bins, len(self)) + 1).astype(int)[:-1]
        worst = np.maximum.reduceat(known, starts)
        return [float(value) if value >= 0 else float("nan") for value in worst]
