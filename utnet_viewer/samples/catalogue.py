"""Everything the samples list knows about each row, as columns: names, status, figures."""

from dataclasses import dataclass, field

import numpy as np

from core.data.ho3d.index import Ho3dIndex


@dataclass
class Catalogue:
    """The rows of one open split.

    Attributes:
        sequences: (N,) names.
        frames: (N,) frame names.
        frame_numbers: (N,) the same as numbers, -1 where a name is none.
        pa_mm: (N,) PA-MPJPE in mm, NaN until known.
        error_px: (N,) mean 2D error in photo pixels, NaN until known.
        problems: Why a row cannot be read, for rows where that is known.
        notes: What else is wrong with the dataset, as lines for people.
    """

    sequences: np.ndarray
    frames: np.ndarray
    frame_numbers: np.ndarray
    pa_mm: np.ndarray
    error_px: np.ndarray
    problems: dict[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @classmethod
    def of_names(cls, sequences: np.ndarray, frames: np.ndarray) -> "Catalogue":
        """A list of which only the names (N,), (N,) are known."""
        numbers = [int(frame) if frame.isdecimal() else -1 for frame in frames.tolist()]
        return cls(
            sequences=sequences,
            frames=frames,
            frame_numbers=np.array(numbers, dtype=np.int64),
            pa_mm=np.full(len(frames), np.nan),
            error_px=np.full(len(frames), np.nan),
        )

    @classmethod
    def of_index(cls, index: Ho3dIndex) -> "Catalogue":
        """The list of a dataset that was just opened, with what is known to be unreadable."""
        names = np.array(index.sequence_names, dtype=np.str_)
        catalogue = cls.of_names(names[index.sequence_codes], index.frames)
        reasons = {p.frame_id: str(p) for p in index.problems if p.frame_id is not None}
        for row in index.unreadable_rows.tolist():
            frame_id = index.frame_id(row)
            catalogue.problems[row] = reasons.pop(frame_id, f"{frame_id}: the picture is missing")
        general = [str(p) for p in index.problems if p.frame_id is None]
        catalogue.notes = (*general, *reasons.values())
        return catalogue

    def __len__(self) -> int:
        return len(self.sequences)

    def name(self, row: int) -> str:
        """``SEQ/ID`` of a row."""
        return f"{self.sequences[row]}/{self.frames[row]}"

    def score(self, row: int, *, pa_mm: float, error_px: float) -> None:
        """Write down what a prediction was worth."""
        self.pa_mm[row], self.error_px[row] = pa_mm, error_px

    def forget_scores(self) -> None:
        """Another model, another hand: nothing is known again."""
        self.pa_mm[:] = np.nan
        self.error_px[:] = np.nan

    def profile_mm(self, bins: int) -> list[float]:
        """The worst known PA-MPJPE in each of up to `bins` equal parts, NaN where none is known."""
        if not len(self):
            return []
        known = np.where(np.isnan(self.pa_mm), -1.0, self.pa_mm)
        # No two are the same: there are no more bins than rows.
        starts = np.linspace(0, len(self), min(bins, len(self)) + 1).astype(int)[:-1]
        worst = np.maximum.reduceat(known, starts)
        return [float(value) if value >= 0 else float("nan") for value in worst]
