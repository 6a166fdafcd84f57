"""A small table of frames for tests of the filter: every column known row by row."""

from dataclasses import dataclass, field

import numpy as np

from core.evaluation.frame_filter_columns import ManyWords, MissingColumnError, OneWord


@dataclass
class SmallTable:
    """Implements `FrameTable` the slow way: from lists of one value a row, NaN for unknown."""

    sequences: list[str]
    frames: list[str]
    columns: dict[str, list[float]] = field(default_factory=dict)
    flags: list[set[str]] | None = None
    bad_rows: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return len(self.sequences)

    def figures(self, name: str) -> np.ndarray:
        """See `FrameTable`."""
        if name == "frame":
            return np.array([float(f) if f.isdecimal() else np.nan for f in self.frames])
        if name not in self.columns:
            raise MissingColumnError(f"there is no {name} here")
        return np.array(self.columns[name], np.float32)

    def words(self, name: str):
        """See `FrameTable`."""
        if name == "flag" and self.flags is not None:
            names = tuple(sorted(set().union(*self.flags)))
            has = np.array([[name in flags for flags in self.flags] for name in names], bool)
            return ManyWords(names, has.reshape(len(names), len(self)))
        values = {"seq": self.sequences, "frame": self.frames}.get(name)
        if values is None:
            raise MissingColumnError(f"no {name}s yet")
        names, codes = np.unique(values, return_inverse=True)
        return OneWord(tuple(names.tolist()), codes)

    def unreadable(self) -> np.ndarray:
        """See `FrameTable`."""
        return np.array([row in self.bad_rows for row in range(len(self))], bool)

    def containing(self, word: str, *, is_glob: bool) -> np.ndarray:
        """See `FrameTable`; globs know * and ? only, which is all that the tests use."""
        names = [f"{s}/{f}" for s, f in zip(self.sequences, self.frames, strict=True)]
        fits = (lambda name: glob_fits(word, name)) if is_glob else (lambda name: word in name)
        return np.array([fits(name) for name in names], bool)


def glob_fits(pattern: str, name: str) -> bool:
    """Whether a glob of letters, * and ? matches all of a name; by trying everything."""
    if not pattern:
        return not name
    if pattern[0] == "*":
        return any(glob_fits(pattern[1:], name[cut:]) for cut in range(len(name) + 1))
    return bool(name) and pattern[0] in ("?", name[0]) and glob_fits(pattern[1:], name[1:])
