"""A folder of one's own pictures, or a single one: no labels, but a hand box that a person draws.

Pictures are the ``.jpg``, ``.jpeg`` and ``.png`` files of the folder, sorted by name. A ``.png``
that has the name of a ``.jpg`` is its depth (16 bits a pixel, mm). The camera comes from
``intrinsics.json``, else its focal length is assumed. EXIF's orientation is applied.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np

from core.conventions import JOINT_COUNT
from core.data.assumed_camera import assumed_camera
from core.data.frame import Frame, HandLabel
from core.data.frame_list import FrameList
from core.data.own_pictures.boxes import HandBox, HandBoxes
from core.data.own_pictures.camera import FILE_NAME, GivenCamera, read_camera
from core.data.picture_files import read_depth, read_picture
from core.data.pictures import decode_upright
from core.data.problems import EmptySplitError, Problem
from core.hand.hand_model import HandModel

SPLIT = "pictures"
KIND = "own pictures"
_SUFFIXES = (".jpg", ".jpeg", ".png")
_DEPTH_SUFFIX = ".png"


@dataclass(frozen=True)
class OwnPicturesIndex(FrameList):
    """Pictures by name; their one sequence is the folder.

    Attributes:
        boxes: Where the hands are, as drawn.
        given_camera: From the file beside the pictures, or None.
        depth_names: (N,) file name of the depth, "" for none.
    """

    kind: ClassVar[str] = KIND
    takes_boxes: ClassVar[bool] = True

    boxes: HandBoxes
    given_camera: GivenCamera | None
    depth_names: np.ndarray

    @property
    def folder(self) -> Path:
        """Where the pictures lie."""
        return self.root if self.root.is_dir() else self.root.parent

    @property
    def name(self) -> str:
        """What people read: the folder's or picture's name."""
        return self.root.resolve().name

    @property
    def drawn_labels(self) -> str:
        """The boxes, as they are kept."""
        return self.boxes.text()

    @property
    def unreadable_rows(self) -> np.ndarray:
        """None: what was not there on opening is not listed."""
        return np.empty(0, int)

    @cached_property
    def rows_without_depth(self) -> np.ndarray:
        """Rows that had no depth picture when the folder was looked through."""
        return np.flatnonzero(self.depth_names == "")

    def hand_box(self, row: int) -> HandBox | None:
        """The box that was drawn, or None."""
        return self.boxes.get(self.frame_id(row).frame)

    def keep_hand_box(self, row: int, box: HandBox | None) -> None:
        """Keep a drawn box for good; None forgets it. Raises OSError."""
        self.boxes.keep(self.frame_id(row).frame, box)

    def picture_path(self, row: int) -> Path:
        """A row's picture."""
        return self.folder / self.frame_id(row).frame

    def read(self, row: int) -> Frame:
        """Read a picture; see `core.data.frame_index.FrameIndex.read`."""
        frame_id = self.frame_id(row)
        image = read_picture(self.picture_path(row), frame_id, decode_upright)
        depth_mm, problems = None, []
        if self.depth_names[row]:
            path = self.folder / str(self.depth_names[row])
            depth_mm, problems = read_depth(path, image.shape[:2])
        return self._frame(row, image, depth_mm, tuple(problems))

    def read_labels(self, row: int) -> Frame:
        """The box alone. The camera is of the picture's size, which is unpacked for that."""
        image = self.read(row).image
        frame = self._frame(row, image, None, ())
        return Frame(frame.frame_id, np.empty((0, 0, 3), np.uint8), frame.camera, hand=frame.hand)

    def _frame(
        self, row: int, image: np.ndarray, depth_mm: np.ndarray | None, problems: tuple[str, ...]
    ) -> Frame:
        size_px = (image.shape[1], image.shape[0])
        given = self.given_camera
        return Frame(
            frame_id=self.frame_id(row),
            image=image,
            camera=assumed_camera(size_px) if given is None else given.of(size_px),
            depth_mm=depth_mm,
            hand=_label(self.hand_box(row)),
            problems=problems,
            camera_is_assumed=given is None,
        )


def _label(box: HandBox | None) -> HandLabel | None:
    if box is None:
        return None
    joints_mm = np.full((JOINT_COUNT, 3), np.nan)
    return HandLabel(joints_mm=joints_mm, box_px=np.array(box.box_px), is_right=box.is_right)


def available_splits(root: Path) -> tuple[str, ...]:
    """The one split that a picture is, or a folder that has at least one."""
    if root.is_file():
        return (SPLIT,) if _is_picture(root.name) else ()
    return (SPLIT,) if next(_names(root), None) is not None else ()


def open_index(
    root: Path, *, hand_model: HandModel, boxes_dir: Path | None = None
) -> OwnPicturesIndex:
    """Open a folder of pictures, or a single one.

    Args:
        root: The folder or the picture.
        hand_model: In use; own pictures have nothing that needs it.
        boxes_dir: Where drawn boxes are kept; None is the platform's place for data.

    Raises:
        EmptySplitError: there is no picture.
    """
    folder = root if root.is_dir() else root.parent
    names, depth_names = _listed(folder)
    if root != folder:
        depth_names = [depth_names[names.index(root.name)]] if root.name in names else [""]
        names = [root.name]
    if not names:
        raise EmptySplitError(root, "there are no pictures (.jpg or .png)")
    boxes, problems = HandBoxes(folder, boxes_dir), []
    if boxes.problem:
        problems.append(Problem(None, boxes.path, boxes.problem))
    given_camera = _given_camera(folder, problems)
    return OwnPicturesIndex(
        root=root,
        split=SPLIT,
        hand_model=hand_model,
        sequence_names=(folder.resolve().name or KIND,),
        sequence_codes=np.zeros(len(names), np.int32),
        frames=np.array(names, np.str_),
        problems=tuple(problems),
        boxes=boxes,
        given_camera=given_camera,
        depth_names=np.array(depth_names, np.str_),
    )


def _listed(folder: Path) -> tuple[list[str], list[str]]:
    """Names of the pictures, sorted, and of the depth of each, "" for none."""
    present = sorted(_names(folder))
    photos = {Path(name).stem for name in present if not name.lower().endswith(_DEPTH_SUFFIX)}
    depths = {
        Path(name).stem: name
        for name in present
        if name.lower().endswith(_DEPTH_SUFFIX) and Path(name).stem in photos
    }
    names = [name for name in present if name not in depths.values()]
    return names, [depths.get(Path(name).stem, "") for name in names]


def _given_camera(folder: Path, problems: list[Problem]) -> GivenCamera | None:
    try:
        return read_camera(folder)
    except (OSError, ValueError) as error:
        text = f"{error}. A focal length is assumed"
        problems.append(Problem(None, folder / FILE_NAME, text))
        return None


def _is_picture(name: str) -> bool:
    return name.lower().endswith(_SUFFIXES) and not name.startswith(".")


def _names(folder: Path) -> Iterator[str]:
    """Names of the pictures in a folder; none where it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if _is_picture(entry.name) and entry.is_file():
                    yield entry.name
    except OSError:
        return
