"""Where what was found in a dataset is kept, so that it opens at once the second time."""

import hashlib
import os
from pathlib import Path

import platformdirs


def default_cache_dir() -> Path:
    """Where indices are kept unless the caller says otherwise."""
    return Path(platformdirs.user_cache_dir("utnet-viewer")) / "datasets"


def cache_file(cache_dir: Path, root: Path, part: str, suffix: str) -> Path:
    """The file that keeps a part ("train", "evaluation_xyz") of the dataset at `root`."""
    place = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:16]
    return cache_dir / f"{place}-{part}{suffix}"
