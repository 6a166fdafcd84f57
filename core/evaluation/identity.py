"""What an evaluation is of: checkpoint, dataset, hand model; and what its rows are called."""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.data.frame_index import FrameIndex
from core.files.checkpoint_card import CheckpointError, read_header
from core.hand.hand_model import HandModel

#: Files that are pictures; what else a dataset holds is labels or lists.
_PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")

#: Of the folder and of the definitions behind the columns: figures of another format are not mixed.
FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What was evaluated.

    Attributes:
        checkpoint_name: For people: see `checkpoint_name`.
        checkpoint_sha256: Of its file.
        dataset_root: Folder of the dataset, for people.
        dataset_name: "HO3D_v3".
        split: "evaluation".
        dataset_digest: Of the dataset's content (`dataset_digest`).
        hand_model: Name of the hand model.
        hand_model_digest: Of its arrays.
        uses_depth: Whether the network looks at depth where a frame has it.
        count: Rows, N.
    """

    checkpoint_name: str
    checkpoint_sha256: str
    dataset_root: str
    dataset_name: str
    split: str
    dataset_digest: str
    hand_model: str
    hand_model_digest: str
    uses_depth: bool
    count: int

    @property
    def key(self) -> str:
        """Name of the evaluation's folder: what the figures depend on, and nothing else."""
        parts = (
            FORMAT,
            self.checkpoint_sha256,
            self.dataset_digest,
            self.split,
            self.hand_model_digest,
            self.uses_depth,
            self.count,
        )
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class RowNames:
    """Names of a dataset's rows, by columns.

    Attributes:
        sequence_names: Sequences, in the order in which they first occur.
        sequence_codes: (N,) index into `sequence_names`.
        frame_names: (N,) numpy string array.
    """

    sequence_names: tuple[str, ...]
    sequence_codes: np.ndarray
    frame_names: np.ndarray

    @classmethod
    def of_index(cls, index: FrameIndex) -> "RowNames":
        """The names of a dataset's rows."""
        return cls(tuple(index.sequence_names), index.sequence_codes, index.frames)


def identify(
    checkpoint: Path, index: FrameIndex, hand_model: HandModel, *, with_depth: bool = True
) -> Identity:
    """What evaluating `checkpoint` on `index` is; reads the checkpoint's file, but no tensors.

    Raises:
        CheckpointError: The file is missing, damaged, or not a UTNet's.
    """
    # Only here: pydantic takes longer to import than all of the window that reads evaluations.
    from core.network_config import NetworkConfig

    config = NetworkConfig.model_validate(read_header(checkpoint).config)
    root = index.root.resolve()
    return Identity(
        checkpoint_name=checkpoint_name(checkpoint),
        checkpoint_sha256=checkpoint_digest(checkpoint),
        dataset_root=str(root),
        dataset_name=root.name,
        split=index.split,
        dataset_digest=dataset_digest(index),
        hand_model=hand_model.name,
        hand_model_digest=hand_model_digest(hand_model),
        uses_depth=config.depth and with_depth,
        count=len(index),
    )


def checkpoint_name(checkpoint: Path) -> str:
    """What people call a checkpoint: its file's name, after its run's where it is one of a run."""
    run = checkpoint.absolute().parents[1]
    is_of_run = checkpoint.absolute().parent.name == "checkpoints" and (run / "steps.json").exists()
    return f"{run.name}/{checkpoint.stem}" if is_of_run else checkpoint.stem


def checkpoint_digest(checkpoint: Path) -> str:
    """SHA-256 of a file; raises CheckpointError where it cannot be read."""
    try:
        with checkpoint.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CheckpointError(checkpoint, f"cannot be read: {error.strerror or error}") from error


def dataset_digest(index: FrameIndex) -> str:
    """A fingerprint of a split: its frames in order, which of them have pictures and depth, and
    name, size and time of every file that is no picture, which are lists and labels.

    Pictures themselves are not looked at: a dataset whose pictures are exchanged one for one under
    the same names is taken for the same. 100,000 frames take some tenths of a second.
    """
    digest = hashlib.sha256()
    digest.update(json.dumps([index.kind, index.split, *index.sequence_names]).encode())
    for column in (index.sequence_codes, index.unreadable_rows, index.rows_without_depth):
        digest.update(np.ascontiguousarray(column, np.int64))
    # As bytes of text: the array's own would depend on the longest name's length.
    digest.update("\n".join(index.frames.tolist()).encode())
    digest.update(index.drawn_labels.encode())  # predictions follow the boxes
    for line in sorted(_label_files(index)):
        digest.update(line.encode(errors="surrogateescape"))
    return digest.hexdigest()


def _label_files(index: FrameIndex) -> Iterator[str]:
    """Place, size and time of modification of lists and labels."""
    root = index.root
    if not root.is_dir():
        stat = root.stat()
        yield f"{stat.st_size} {stat.st_mtime_ns}\n"
        return
    # What lies beside the split's folder concerns it too (lists, released labels), but not what
    # lies in another split's.
    split = root / index.split
    folders = [root] if split.is_dir() else []
    folders += (Path(folder) for folder, _, _ in os.walk(split if split.is_dir() else root))
    for folder in folders:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.lower().endswith(_PICTURES) or not entry.is_file():
                    continue
                stat, place = entry.stat(), os.path.relpath(entry.path, root)
                yield f"{place} {stat.st_size} {stat.st_mtime_ns}\n"


def hand_model_digest(hand_model: HandModel) -> str:
    """A fingerprint of a hand model's arrays, whatever its file is called."""
    digest = hashlib.sha256(f"{hand_model.is_right} {hand_model.fingertips}".encode())
    for array in (
        hand_model.template_m,
        hand_model.shape_basis_m,
        hand_model.pose_basis_m,
        hand_model.joint_regressor,
        hand_model.skinning_weights,
    ):
        digest.update(np.ascontiguousarray(array, np.float64))
    return digest.hexdigest()
