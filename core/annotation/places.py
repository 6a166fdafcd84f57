"""Where the annotations of a dataset are kept, and which dataset a store is of."""

import hashlib
import os
from pathlib import Path

import platformdirs

from core.data.frame_index import FrameIndex
from core.files.names import safe_name


def annotations_root() -> Path:
    """Where stores lie where no place is named: $UTNET_ANNOTATIONS, or the user's data."""
    named = os.environ.get("UTNET_ANNOTATIONS")
    if named:
        return Path(named).expanduser()
    return Path(platformdirs.user_data_dir("utnet-viewer", appauthor=False)) / "annotations"


def default_store_path(dataset_root: Path) -> Path:
    """The store of a dataset's folder; two folders of one name have two."""
    root = dataset_root.resolve()
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:8]
    return annotations_root() / f"{safe_name(root.name, otherwise='dataset')}-{digest}.sqlite"


def dataset_identity(index: FrameIndex) -> str:
    """The dataset that a store is of, all its splits: its kind and its folder's name."""
    return f"{index.kind}: {index.root.resolve().name}"
