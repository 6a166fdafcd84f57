"""Annotations as COCO keypoints: https://cocodataset.org/#format-data ("keypoint detection").

One category "hand" of 21 keypoints, named and ordered as COCO-WholeBody's right and left hands are
(wrist, then thumb to pinky, each from the knuckle to the tip), which MMPose reads as they are. The
visibility v is 2 where a joint is labelled, 1 where it is occluded, and 0 where it is outside of
the picture or unknown; COCO wants x = y = 0 then, so the place is in ``attributes.hidden_px``.
Pixels are the photo's own, with the centre of the first pixel at (0, 0).
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from core.annotation.outgoing import (
    Exported,
    Spoken,
    Tell,
    as_time,
    check_place,
    frames_words,
    in_turn,
    is_in_3d,
    some_of,
    with_rows,
)
from core.annotation.records import FrameState, Visibility
from core.conventions import (
    BONES,
    FINGERS,
    HO3D_TO_OPENPOSE,
    JOINT_COUNT,
    JOINT_NAMES,
    OPENPOSE_TO_HO3D,
)
from core.data.frame import Frame
from core.data.frame_index import FrameIndex
from core.data.problems import UnreadableFrameError
from core.files.durable import replaced_at_the_end

#: COCO-WholeBody's names of the fingers.
_FINGER_NAMES = {
    "thumb": "thumb",
    "index": "forefinger",
    "middle": "middle_finger",
    "ring": "ring_finger",
    "pinky": "pinky_finger",
}
#: In the file's order.
KEYPOINT_NAMES = (
    "wrist",
    *(f"{_FINGER_NAMES[finger]}{part}" for finger in FINGERS for part in range(1, 5)),
)
#: Joint of every name that a file may use: COCO-WholeBody's and this program's own.
JOINT_OF_NAME = {
    **dict(zip(KEYPOINT_NAMES, HO3D_TO_OPENPOSE, strict=True)),
    **{name: joint for joint, name in enumerate(JOINT_NAMES)},
}
CATEGORY = "hand"
#: COCO's v of a joint that has a place.
_V = {Visibility.LABELLED: 2, Visibility.OCCLUDED: 1, Visibility.OUTSIDE: 0}
_DECIMALS = 4


@dataclass(frozen=True)
class _Hand:
    """Places (21, 2) px, NaN where unknown, in the project's joint order, and whose they are."""

    keypoints_px: np.ndarray
    is_right: bool
    kind: str  # "3D", "2D", or "" where it is the dataset's own label


def write_coco(path: Path, index: FrameIndex, spoken: Sequence[Spoken], *, tell: Tell) -> Exported:
    """Write the frames that something was said of; the file is there whole or not at all.

    A frame whose hand was not corrected has the dataset's own label, so that its visibility, flags
    and note have something to stand at.

    Raises:
        ExportError: the place is not one to write to.
        DiskFullError, OSError: it cannot be written.
    """
    check_place(path, index)
    rows, unknown = with_rows(index, spoken)
    images: dict[str, dict[str, Any]] = {}
    annotations: list[dict[str, Any]] = []
    unreadable: list[str] = []
    for row, one in in_turn(rows, tell):
        try:
            frame = index.read(row)
        except UnreadableFrameError:
            unreadable.append(one.frame)
            continue
        size_px = (frame.image.shape[1], frame.image.shape[0])
        name = file_name(index, row)
        image = images.setdefault(name, _image(len(images) + 1, name, size_px))
        annotations.append(
            {
                "id": len(annotations) + 1,
                "image_id": image["id"],
                **_annotation(_hand(frame, one.state), one, size_px, index.split),
            }
        )
    document = {
        "info": _info(index),
        "licenses": [],
        "images": list(images.values()),
        "annotations": annotations,
        "categories": [_category()],
    }
    with replaced_at_the_end(path) as file:
        file.write(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    return Exported(path, len(annotations), _notes(unknown, unreadable))


def file_name(index: FrameIndex, row: int) -> str:
    """A row's picture as the file names it: from the dataset's folder on, with "/"."""
    folder = index.root if index.root.is_dir() else index.root.parent
    return index.picture_path(row).relative_to(folder).as_posix()


def _hand(frame: Frame, state: FrameState) -> _Hand:
    if state.correction is not None:
        kind = "3D" if is_in_3d(state.correction) else "2D"
        return _Hand(state.correction.keypoints_px, state.correction.is_right, kind)
    if frame.hand is None:
        return _Hand(np.full((JOINT_COUNT, 2), np.nan), True, "")
    return _Hand(frame.camera.project(frame.hand.joints_mm), frame.hand.is_right, "")


def _annotation(hand: _Hand, one: Spoken, size_px: tuple[int, int], split: str) -> dict[str, Any]:
    places = np.round(hand.keypoints_px, _DECIMALS)[list(HO3D_TO_OPENPOSE)]
    visibility = np.array(one.state.visibility)[list(HO3D_TO_OPENPOSE)]
    is_known = np.isfinite(places).all(1)
    # On the picture's pixels: the outer ones reach half a pixel beyond their centres.
    is_inside = is_known & ((places >= -0.5) & (places <= np.array(size_px) - 0.5)).all(1)
    v = np.where(is_inside, [_V[Visibility(seen)] for seen in visibility], 0)
    seen = places[v > 0]
    low, high = (seen.min(0), seen.max(0)) if len(seen) else (np.zeros(2), np.zeros(2))
    width, height = (high - low).tolist()
    hidden = [n for n in range(JOINT_COUNT) if v[n] == 0 and is_known[n]]
    keypoints = np.where((v > 0)[:, None], places, 0.0)
    return {
        "category_id": 1,
        "keypoints": np.column_stack([keypoints, v]).ravel().tolist(),
        "num_keypoints": int((v > 0).sum()),
        "bbox": [*low.tolist(), width, height],
        "area": width * height,
        "iscrowd": 0,
        "segmentation": [],
        "attributes": {
            "frame": one.frame,
            "split": split,
            "review": str(one.state.review),
            "flags": sorted(one.state.flags),
            "note": one.state.note,
            "corrected": hand.kind,
            "is_right": hand.is_right,
            "visibility": visibility.tolist(),
            "hidden_px": {KEYPOINT_NAMES[n]: places[n].tolist() for n in hidden},
            "edited_at": as_time(one.edited_at_s),
        },
    }


def _image(number: int, name: str, size_px: tuple[int, int]) -> dict[str, Any]:
    return {"id": number, "file_name": name, "width": size_px[0], "height": size_px[1]}


def _info(index: FrameIndex) -> dict[str, Any]:
    now = datetime.datetime.now(datetime.UTC)
    return {
        "description": f"{index.name} ({index.kind}), annotated in UTNet Viewer",
        "version": "1.0",
        "year": now.year,
        "date_created": now.isoformat(timespec="seconds"),
        "contributor": "",
        "url": "",
    }


def _category() -> dict[str, Any]:
    # COCO counts keypoints from 1.
    skeleton = [[OPENPOSE_TO_HO3D[a] + 1, OPENPOSE_TO_HO3D[b] + 1] for a, b in BONES]
    return {
        "id": 1,
        "name": CATEGORY,
        "supercategory": "person",
        "keypoints": list(KEYPOINT_NAMES),
        "skeleton": skeleton,
    }


def _notes(unknown: int, unreadable: list[str]) -> tuple[str, ...]:
    notes = []
    if unknown:
        notes.append(f"left out {frames_words(unknown)}: not in this split's list")
    if unreadable:
        notes.append(f"left out {some_of(unreadable)}: the picture cannot be read")
    return tuple(notes)
