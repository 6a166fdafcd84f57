"""What an evaluation is of: checkpoint, dataset, hand model; and what its rows are called."""

import hashlib
import json
from dataclasses import dataclass

import numpy as np

#: Of the folder and of the definitions behind the columns: figures of another format are not mixed.
FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What was evaluated.

    Attributes:
        checkpoint_name: The checkpoint's file name without its suffix, for people.
        checkpoint_sha256: Of its file.
        dataset_root: Folder of the dataset, for people.
        dataset_name: "HO3D_v3".
        split: "evaluation".
        dataset_digest: Of the dataset's content (`core.evaluation.dataset_digest`).
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
