"""Read another store, a colleague's or one of another computer, as what it says of our frames."""

import contextlib
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from core.annotation.merge import ImportRefusedError, Incoming, Offer, field_times, is_same
from core.annotation.outgoing import frames_words
from core.annotation.records import FIELDS, FrameState
from core.annotation.store import AnnotationStore, StoreError, dataset_identity, open_store
from core.data.frame_index import FrameIndex
from core.data.opening import open_dataset
from core.data.problems import DatasetError


def read_store(path: Path, index: FrameIndex) -> Offer:
    """What a store says of a dataset's frames, those of its other splits included.

    Raises:
        ImportRefusedError: it is no store, or of a newer format.
    """
    try:
        with _copy_of(path) as copy, open_store(copy, creates=False) as theirs:
            offered, unknown = _said(theirs, _frames(theirs, index))
            notes = [f"{path}: {theirs.damage}"] if theirs.damage else []
            if theirs.dataset and theirs.dataset != dataset_identity(index):
                notes.append(f"{path.name} was made for {theirs.dataset}")
    except StoreError as error:
        raise ImportRefusedError(f"{path}: {error.reason}") from error
    if unknown:
        notes.append(f"left out {frames_words(unknown)} of {path.name}: not in this dataset")
    return Offer(path.name, tuple(offered), tuple(notes))


@contextlib.contextmanager
def _copy_of(path: Path) -> Iterator[Path]:
    """A copy of a store with its log: opening one writes to it, and this one is not ours."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        for end in ("", "-wal"):
            source = path.with_name(path.name + end)
            if source.exists():
                shutil.copyfile(source, copy.with_name(copy.name + end))
        yield copy


def _frames(theirs: AnnotationStore, index: FrameIndex) -> dict[str, Collection[str]]:
    """Names of this dataset's frames, by the splits that they speak of."""
    frames: dict[str, Collection[str]] = {}
    for split in theirs.splits:
        of_split = index
        if split != index.split:
            try:
                of_split = open_dataset(index.root, split, hand_model=index.hand_model)
            except DatasetError:  # this dataset has no such split
                continue
        if of_split.split == split:
            frames[split] = _names(of_split)
    return frames


def _names(index: FrameIndex) -> frozenset[str]:
    names = index.sequence_names
    return frozenset(
        f"{names[code]}/{frame}"
        for code, frame in zip(index.sequence_codes.tolist(), index.frames.tolist(), strict=True)
    )


def _said(
    theirs: AnnotationStore, frames: Mapping[str, Collection[str]]
) -> tuple[list[Incoming], int]:
    """What they say of these frames, and of how many others they speak."""
    incoming: list[Incoming] = []
    unknown = 0
    blank = FrameState()
    for split in theirs.splits:
        for frame, state in theirs.states(split):
            said = [
                field
                for field in FIELDS
                if not is_same(field, getattr(state, field), getattr(blank, field))
            ]
            if frame not in frames.get(split, ()):
                unknown += bool(said)
                continue
            times = field_times(theirs, split, frame) if said else {}
            incoming += [
                Incoming(split, frame, field, getattr(state, field), times.get(field))
                for field in said
            ]
    return incoming, unknown
