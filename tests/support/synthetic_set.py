"""A small synthetic set and what is in it, for the tests of the generator."""

from dataclasses import dataclass
from pathlib import Path

from core.synthetic.dataset import SetSettings

SETTINGS = SetSettings("v3", train_frames=4, evaluation_frames=2, seed=7, sequence_frames=2)


@dataclass(frozen=True)
class MadeSet:
    """A set under `root`, and the (done, total) that were reported while it was made."""

    root: Path
    settings: SetSettings
    progress: tuple[tuple[int, int], ...]


def contents(root: Path) -> dict[str, bytes]:
    """Every file under a folder, by its path in it."""
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): path.read_bytes() for path in paths}
