"""What is to be evaluated: the open split, by the checkpoint and with the hand model in use."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from core.data.frame_index import FrameIndex
from core.hand.hand_model import HandModel

if TYPE_CHECKING:
    from core.evaluation.store import Evaluation


@dataclass(frozen=True, kw_only=True, eq=False)
class Subject:
    """One split, one checkpoint, one hand.

    Attributes:
        index: The open split.
        checkpoint: Its file.
        hand_model: The hand that is in use.
        hand_model_path: Its file; "" for the stand-in.
        device: Where to predict, as ``--device`` takes it.
        without_list: Whether the split was opened without its list.
    """

    index: FrameIndex = field(repr=False)  # thousands of lines
    checkpoint: Path
    hand_model: HandModel = field(repr=False)
    hand_model_path: str = ""
    device: str = "auto"
    without_list: bool = False

    @property
    def name(self) -> str:
        """For people: "HO3D_v3 / evaluation by demo"."""
        return f"{self.index.name} by {self.checkpoint.stem}"

    @property
    def arguments(self) -> list[str]:
        """What follows ``utnet evaluate``."""
        arguments = [str(self.index.root), "--split", self.index.split]
        arguments += ["--checkpoint", str(self.checkpoint), "--device", self.device]
        if self.hand_model_path:
            arguments += ["--hand-model", self.hand_model_path]
        return [*arguments, "--without-list"] if self.without_list else arguments

    def find(self) -> Evaluation | None:
        """What was evaluated of it before, finished or not; for a thread: it reads files.

        Raises:
            OSError: A file of the dataset is gone.
            ValueError: The checkpoint, or the evaluation's folder, is damaged.
        """
        # Imported here: they take longer than the window has before its first picture.
        from core.evaluation.identity import identify
        from core.evaluation.store import evaluations_root, open_evaluation

        root = evaluations_root()
        if not root.is_dir():
            return None
        folder = root / identify(self.checkpoint, self.index, self.hand_model).key
        return open_evaluation(folder) if (folder / "evaluation.json").is_file() else None
