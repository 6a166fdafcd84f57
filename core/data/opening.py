"""The one door to data: which kind of dataset a folder is, and opening it.

A kind is known by its files. A new one is a reader in a package of its own and a line in `LAYOUTS`.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.data.dexycb import index as dexycb
from core.data.dexycb import layout as dexycb_layout
from core.data.frame_index import FrameIndex
from core.data.freihand import index as freihand
from core.data.h2o3d import index as h2o3d
from core.data.ho3d.index import open_index as open_ho3d
from core.data.ho3d.listing import available_splits as ho3d_splits
from core.data.own_pictures import index as own_pictures
from core.data.problems import Progress, WrongFolderError
from core.hand.hand_model import HandModel

#: Names of a folder's content that an error shows.
_SHOWN = 8


@dataclass(frozen=True)
class OpeningOptions:
    """How a split is to be opened.

    Attributes:
        hand_model: With which labels are read where a dataset gives parameters only.
        allow_missing_list: In HO-3D's layout, take all pictures where the list is missing.
        progress: Called with (done, total) of the step in progress; False stops it.
        cache_dir: Where indices are kept; None is the platform's place for that.
    """

    hand_model: HandModel
    allow_missing_list: bool = False
    progress: Progress | None = None
    cache_dir: Path | None = None


@dataclass(frozen=True)
class Layout:
    """A kind of folder.

    Attributes:
        kind: What people call it.
        files: What it is known by, in words.
        splits: The splits that a folder has; none where it is of another kind.
        open: Opens one of them.
        roles: The dataset's own name of the split that configurations call "train" or
            "evaluation", where it is another one.
        has_folders: Whether folders in it belong to it.
    """

    kind: str
    files: str
    splits: Callable[[Path], tuple[str, ...]]
    open: Callable[[Path, str, OpeningOptions], FrameIndex]
    roles: Mapping[str, str] = field(default_factory=dict)
    has_folders: bool = True


def _open_ho3d(root: Path, split: str, options: OpeningOptions) -> FrameIndex:
    return open_ho3d(
        root,
        split,
        hand_model=options.hand_model,
        allow_missing_list=options.allow_missing_list,
        progress=options.progress,
        cache_dir=options.cache_dir,
    )


def _open_h2o3d(root: Path, split: str, options: OpeningOptions) -> FrameIndex:
    return h2o3d.open_index(
        root,
        split,
        hand_model=options.hand_model,
        allow_missing_list=options.allow_missing_list,
        progress=options.progress,
        cache_dir=options.cache_dir,
    )


def _open_freihand(root: Path, split: str, options: OpeningOptions) -> FrameIndex:
    return freihand.open_index(
        root,
        split,
        hand_model=options.hand_model,
        progress=options.progress,
        cache_dir=options.cache_dir,
    )


def _open_dexycb(root: Path, split: str, options: OpeningOptions) -> FrameIndex:
    return dexycb.open_index(root, split, hand_model=options.hand_model, progress=options.progress)


def _open_own_pictures(root: Path, split: str, options: OpeningOptions) -> FrameIndex:
    return own_pictures.open_index(root, hand_model=options.hand_model)


#: The first that has a split in a folder reads it.
LAYOUTS = (
    Layout(
        "H2O-3D",
        "HO-3D's files with two hands in each label",
        h2o3d.available_splits,
        _open_h2o3d,
    ),
    Layout(
        "HO-3D",
        "train.txt and train/SEQUENCE/rgb, or the same of evaluation",
        ho3d_splits,
        _open_ho3d,
    ),
    Layout(
        "FreiHAND",
        "training_K.json and training/rgb, or the same of evaluation",
        freihand.available_splits,
        _open_freihand,
        {"train": "training"},
    ),
    Layout(
        "DexYCB",
        f"calibration and folders such as {dexycb_layout.SUBJECTS[0]}",
        dexycb_layout.available_splits,
        _open_dexycb,
        {"train": "s0_train", "evaluation": "s0_test"},
    ),
    Layout(
        "your own pictures",
        ".jpg or .png files",
        own_pictures.available_splits,
        _open_own_pictures,
        has_folders=False,
    ),
)


def layout_of(root: Path) -> Layout | None:
    """The kind of a folder, or None where it is none that is known."""
    return next((layout for layout in LAYOUTS if layout.splits(root)), None)


def available_splits(root: Path) -> tuple[str, ...]:
    """The splits that a folder offers, the first one first; none where it is no dataset."""
    layout = layout_of(root)
    return () if layout is None else layout.splits(root)


def open_dataset(
    root: Path,
    split: str | None = None,
    *,
    hand_model: HandModel,
    allow_missing_list: bool = False,
    progress: Progress | None = None,
    cache_dir: Path | None = None,
) -> FrameIndex:
    """Open a split of a dataset of any kind that is known.

    Args:
        root: Its folder, or a single picture.
        split: By the dataset's own name; "train" and "evaluation" are understood of every kind
            that has such parts; None is the first there is.
        hand_model: See `OpeningOptions`, as for what follows.
        allow_missing_list: See there.
        progress: See there.
        cache_dir: See there.

    Raises:
        WrongFolderError, MissingListError, EmptySplitError: see there; they say what to do.
        IndexingCancelledError: `progress` returned False.
    """
    root = Path(root)
    if not root.exists():
        raise WrongFolderError(root, "there is no such folder")
    layout = layout_of(root)
    if layout is None:
        raise WrongFolderError(root, _unknown(root))
    splits = layout.splits(root)
    chosen = splits[0] if split is None else layout.roles.get(split, split)
    if chosen not in splits:
        raise WrongFolderError(root, f"it has no split {split!r}, only {', '.join(splits)}")
    options = OpeningOptions(hand_model, allow_missing_list, progress, cache_dir)
    return layout.open(root, chosen, options)


def _unknown(root: Path) -> str:
    """What was looked for in a folder, and what is there instead."""
    if not root.is_dir():
        return "this is neither a folder nor a picture that can be read"
    above = layout_of(root.parent)
    if above is not None and above.has_folders:
        return f"this is a part of a dataset; choose the folder above, {root.parent}"
    looked_for = "; ".join(f"{layout.files} ({layout.kind})" for layout in LAYOUTS)
    return f"this is no dataset that can be read. Looked for: {looked_for}. {_found(root)}"


def _found(root: Path) -> str:
    try:
        names = sorted(os.listdir(root))
    except OSError as error:
        return f"The folder cannot be read ({error.strerror or error})."
    if not names:
        return "The folder is empty."
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return f"Found: {', '.join(names[:_SHOWN])}{more}."
