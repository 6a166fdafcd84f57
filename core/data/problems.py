"""What can be wrong with a dataset's folder."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.data.frame import FrameId

#: Called with (done, total) of the step in progress; returns whether to go on.
Progress = Callable[[int, int], bool]


@dataclass(frozen=True)
class Problem:
    """Something that could not be read, though the rest could.

    Attributes:
        frame_id: The frame it concerns, or None where it concerns many.
        path: The file or folder.
        text: What is wrong with it, as a sentence without the path.
    """

    frame_id: FrameId | None
    path: Path
    text: str

    def __str__(self) -> str:
        return f"{self.path}: {self.text}"


class DatasetError(ValueError):
    """A folder that cannot be opened as a dataset; `path` is the file or folder at fault."""

    def __init__(self, path: Path, text: str) -> None:
        super().__init__(f"{path}: {text}")
        self.path = path


class WrongFolderError(DatasetError):
    """The folder is not in a layout that can be read, or has not this split."""


class MissingListError(DatasetError):
    """The split's pictures are there, but not the file that lists them."""


class EmptySplitError(DatasetError):
    """The split has no frames."""


class UnreadableFrameError(DatasetError):
    """A frame without a picture; everything less is in `Frame.problems`."""

    def __init__(self, frame_id: FrameId, path: Path, text: str) -> None:
        super().__init__(path, text)
        self.frame_id = frame_id


class IndexingCancelledError(Exception):
    """The caller's progress function asked to stop."""


def report(progress: Progress | None, done: int, total: int) -> None:
    """Tell the caller how far it is; raises `IndexingCancelledError` when it wants no more."""
    if progress is not None and not progress(done, total):
        raise IndexingCancelledError(f"stopped after {done} of {total}")
