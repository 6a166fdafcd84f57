"""Read COCO keypoints of hands, this program's own or anybody's, as what they say of our frames.

The file is somebody else's: nothing in it is believed before it is checked, and what cannot be used
is said with its number in the file.
"""

import datetime
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from core.annotation.coco import JOINT_OF_NAME, file_name
from core.annotation.merge import ImportRefusedError, Incoming, Offer
from core.annotation.outgoing import Tell, some_of
from core.annotation.records import Correction, ReviewState, Visibility, check_value
from core.conventions import JOINT_COUNT
from core.data.frame import FrameId
from core.data.frame_index import FrameIndex
from core.data.pictures import PictureError, picture_size
from core.data.problems import UnreadableFrameError

#: A hundred thousand hands with all their attributes.
MAX_BYTES = 512 * 2**20
#: A keypoint farther off than this is damage.
_FARTHEST_PX = 1e6
_OF_V = {2: Visibility.LABELLED, 1: Visibility.OCCLUDED, 0: Visibility.OUTSIDE}


class _UnusableError(Exception):
    """An annotation that cannot be used; the text says why."""


@dataclass(frozen=True)
class _Category:
    """Joint (in the project's order) of every keypoint of the file's category."""

    number: int
    joints: tuple[int, ...]


def read_coco(path: Path, index: FrameIndex, *, tell: Tell) -> Offer:
    """What a COCO file says of a split's frames.

    A frame is found by ``attributes.frame``, or by its picture's name from the dataset's folder on.
    Keypoints become corrections in free 2D; what v = 0 leaves without a place takes it from the
    frame's own label.

    Raises:
        ImportRefusedError: it cannot be read, is not COCO, or has no hand of 21 known keypoints.
    """
    document = _document(path)
    images = {image["id"]: image for image in _entries(path, document, "images")}
    categories = _categories(path, document)
    reader = _Reader(
        index, images, categories, _seconds(_dict(document.get("info")), "date_created")
    )
    annotations = _entries(path, document, "annotations")
    unusable: dict[str, list[str]] = {}
    found: dict[str, list[Incoming]] = {}
    tell(0, len(annotations))
    for done, annotation in enumerate(annotations, start=1):
        try:
            frame, incoming = reader.read(annotation)
            if frame in found:
                raise _UnusableError("are a second hand of their frame, which has room for one")
            found[frame] = incoming
        except _UnusableError as error:
            unusable.setdefault(str(error), []).append(f"#{annotation['id']}")
        tell(done, len(annotations))
    notes = [f"left out annotations {some_of(ids)}: they {why}" for why, ids in unusable.items()]
    incoming = tuple(one for fields in found.values() for one in fields)
    return Offer(path.name, incoming, tuple(notes))


def _document(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ImportRefusedError(f"{path}: cannot be read ({error.strerror or error})") from error
    if len(content) > MAX_BYTES:
        raise ImportRefusedError(f"{path}: it is larger than {MAX_BYTES >> 20} MiB")
    try:
        document = orjson.loads(content)
    except (orjson.JSONDecodeError, RecursionError) as error:
        raise ImportRefusedError(f"{path}: it is not JSON ({error})") from error
    if not isinstance(document, dict) or "annotations" not in document:
        raise ImportRefusedError(
            f'{path}: it is not COCO: there are no "images", "annotations" and "categories"'
        )
    return document


def _entries(path: Path, document: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The entries of a list, each an object with an id of its own."""
    entries = document.get(name)
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise ImportRefusedError(f'{path}: it is not COCO: "{name}" is not a list of objects')
    seen: set[int] = set()
    for number, one in enumerate(entries):
        if not isinstance(one.get("id"), int) or isinstance(one["id"], bool):
            raise ImportRefusedError(f'{path}: "{name}" entry {number} has no whole number as id')
        if one["id"] in seen:
            raise ImportRefusedError(f'{path}: "{name}" has the id {one["id"]} twice')
        seen.add(one["id"])
    return entries


def _categories(path: Path, document: Mapping[str, Any]) -> dict[int, _Category]:
    """Categories whose keypoints are a hand's 21 joints, by id."""
    found: dict[int, _Category] = {}
    named: list[str] = []
    for one in _entries(path, document, "categories"):
        names = one.get("keypoints")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            continue
        named += [name[:40] for name in names if name not in JOINT_OF_NAME]
        joints = tuple(JOINT_OF_NAME[name] for name in names if name in JOINT_OF_NAME)
        if len(names) == JOINT_COUNT and sorted(joints) == list(range(JOINT_COUNT)):
            found[one["id"]] = _Category(one["id"], joints)
    if not found:
        what = f" (it names {some_of(named)})" if named else ""
        raise ImportRefusedError(
            f"{path}: no category has the {JOINT_COUNT} keypoints of a hand by names that are "
            f'known, such as "wrist", "thumb1", "forefinger1" or "index PIP"{what}'
        )
    return found


class _Reader:
    """Reads annotations one by one."""

    def __init__(
        self,
        index: FrameIndex,
        images: Mapping[int, dict[str, Any]],
        categories: Mapping[int, _Category],
        at_s: float | None,
    ) -> None:
        self._index, self._images, self._categories, self._at_s = index, images, categories, at_s
        self._rows_of_file: dict[str, list[int]] | None = None

    def read(self, annotation: dict[str, Any]) -> tuple[str, list[Incoming]]:
        """The frame and what is said of it; raises _UnusableError."""
        category = self._categories.get(_id(annotation.get("category_id")))
        if category is None:
            raise _UnusableError("are of a category that is no hand of 21 keypoints")
        image = self._images.get(_id(annotation.get("image_id")))
        if image is None:
            raise _UnusableError("are of an image that the file does not list")
        attributes = _dict(annotation.get("attributes"))
        row = self._row(image, attributes)
        self._check_size(image, row)
        values = self._values(annotation, attributes, category, row)
        at_s = _seconds(attributes, "edited_at") or self._at_s
        frame = str(self._index.frame_id(row))
        return frame, [
            Incoming(self._index.split, frame, field, value, at_s)
            for field, value in values.items()
        ]

    def _row(self, image: dict[str, Any], attributes: dict[str, Any]) -> int:
        split, frame = attributes.get("split"), attributes.get("frame")
        if isinstance(split, str) and split != self._index.split:
            raise _UnusableError(f"are of another split than {self._index.split}")
        if isinstance(frame, str):
            try:
                return self._index.row_of(FrameId.parse(frame))
            except (KeyError, ValueError):
                raise _UnusableError("are of frames that this split does not list") from None
        return self._row_of_picture(image.get("file_name"), attributes.get("is_right"))

    def _row_of_picture(self, name: object, is_right: object) -> int:
        """The row of a picture; of one that shows two hands, the one that was meant."""
        if self._rows_of_file is None:
            self._rows_of_file = {}
            for row in range(len(self._index)):
                self._rows_of_file.setdefault(file_name(self._index, row), []).append(row)
        text = name.replace("\\", "/").removeprefix("./") if isinstance(name, str) else ""
        rows = self._rows_of_file.get(text)
        if rows is None:
            raise _UnusableError(
                "are of pictures that this split does not have (named from its folder on)"
            )
        frames = {str(self._index.frame_id(row)): row for row in reversed(rows)}
        if len(frames) == 1:
            return rows[0]
        ending = "@right" if is_right else "@left"  # as H2O-3D's rows are named
        meant = [row for frame, row in frames.items() if frame.endswith(ending)]
        if not isinstance(is_right, bool) or not meant:
            raise _UnusableError(
                "are of pictures with two hands and do not say which (attributes.is_right)"
            )
        return meant[0]

    def _check_size(self, image: dict[str, Any], row: int) -> None:
        said = (image.get("width"), image.get("height"))
        if self._stored_size(row) == said:
            return
        try:
            height, width = self._index.read(row).image.shape[:2]  # EXIF may have turned it
        except UnreadableFrameError:
            raise _UnusableError("are of pictures that cannot be read") from None
        if said != (width, height):
            raise _UnusableError(
                f"are of pictures of {_short(said[0])} × {_short(said[1])} px, here they have "
                f"{width} × {height} px"
            )

    def _stored_size(self, row: int) -> tuple[int, int] | None:
        try:
            return picture_size(self._index.picture_path(row).read_bytes())
        except (OSError, PictureError):
            return None

    def _values(
        self,
        annotation: dict[str, Any],
        attributes: dict[str, Any],
        category: _Category,
        row: int,
    ) -> dict[str, object]:
        keypoints_px, v = _keypoints(annotation.get("keypoints"), category)
        values: dict[str, object] = {}
        if attributes.get("corrected", "2D"):
            values["correction"] = self._correction(keypoints_px, v, attributes, row)
        visibility = tuple(int(_OF_V[one]) for one in v)
        if "visibility" in attributes:
            visibility = _in_our_order(attributes["visibility"], category)
        values["visibility"] = visibility
        for field, make in _MARKS.items():
            if field in attributes:
                values[field] = _made(make, attributes[field])
        for field, value in values.items():
            _made(lambda one, field=field: check_value(field, one), value)
        # What is as in a frame nobody spoke of says nothing.
        return {field: value for field, value in values.items() if value != _BLANK.get(field)}

    def _correction(
        self, keypoints_px: np.ndarray, v: np.ndarray, attributes: dict[str, Any], row: int
    ) -> Correction:
        hidden = _dict(attributes.get("hidden_px"))
        for name, place in hidden.items():
            joint = JOINT_OF_NAME.get(name)
            if joint is not None and v[joint] == 0:
                keypoints_px[joint] = _place(place)
        is_right = attributes.get("is_right")
        if np.isnan(keypoints_px).any() or not isinstance(is_right, bool):
            label = self._index.read_labels(row)
            if not isinstance(is_right, bool):
                is_right = label.hand is None or label.hand.is_right
            if label.hand is not None:
                labelled_px = label.camera.project(label.hand.joints_mm)
                keypoints_px = np.where(np.isnan(keypoints_px), labelled_px, keypoints_px)
        if np.isnan(keypoints_px).any():
            raise _UnusableError(
                "leave joints without a place (v = 0), and their frames have no label to take it "
                "from"
            )
        placed = tuple(int(joint) for joint in np.flatnonzero(v))
        return Correction(
            keypoints_px, None, None, is_right, start="label", placed=placed, source="import"
        )


def _keypoints(said: object, category: _Category) -> tuple[np.ndarray, np.ndarray]:
    """Places (21, 2) px, NaN for v = 0, and v (21,), both in the project's joint order."""
    if not isinstance(said, list) or len(said) != 3 * JOINT_COUNT:
        raise _UnusableError(f"have not {JOINT_COUNT} keypoints of three numbers")
    triples = np.array([_number(value) for value in said]).reshape(JOINT_COUNT, 3)
    if not np.isin(triples[:, 2], (0, 1, 2)).all():
        raise _UnusableError("have a visibility that is none of 0, 1 and 2")
    keypoints_px, v = np.full((JOINT_COUNT, 2), np.nan), np.zeros(JOINT_COUNT, int)
    keypoints_px[list(category.joints)] = triples[:, :2]
    v[list(category.joints)] = triples[:, 2]
    keypoints_px[v == 0] = np.nan
    return keypoints_px, v


def _in_our_order(said: object, category: _Category) -> tuple[int, ...]:
    if not isinstance(said, list) or len(said) != JOINT_COUNT:
        raise _UnusableError(f"have not {JOINT_COUNT} values of visibility")
    values = dict(zip(category.joints, said, strict=True))
    return tuple(values[joint] for joint in range(JOINT_COUNT))


def _place(said: object) -> tuple[float, float]:
    if not isinstance(said, list) or len(said) != 2:
        raise _UnusableError("have a hidden place that is not two numbers")
    return _number(said[0]), _number(said[1])


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _UnusableError("have a keypoint that is not a number")
    if not math.isfinite(value) or abs(value) > _FARTHEST_PX:
        raise _UnusableError(f"have a keypoint farther off than {_FARTHEST_PX:,.0f} px")
    return float(value)


def _made(make: Callable[[Any], Any], value: object) -> Any:
    try:
        return make(value)
    except (ValueError, TypeError) as error:
        raise _UnusableError(f"have an attribute that cannot be used ({error})") from None


def _flags(said: object) -> frozenset[str]:
    if not isinstance(said, list):
        raise ValueError("flags are a list of words")
    return frozenset(said)


#: What an attribute of a frame becomes.
_MARKS: dict[str, Callable[[Any], Any]] = {
    "flags": _flags,
    "note": lambda said: said,
    "review": ReviewState,
}
_BLANK: dict[str, object] = {
    "visibility": (0,) * JOINT_COUNT,
    "flags": frozenset(),
    "note": "",
    "review": ReviewState.NEW,
}


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _id(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _short(value: object) -> str:
    return str(value)[:12]


def _seconds(said: Mapping[str, Any], name: str) -> float | None:
    """A time as seconds since 1970, or None; without a zone it is UTC."""
    text = said.get(name)
    if not isinstance(text, str):
        return None
    try:
        time = datetime.datetime.fromisoformat(text)
        if time.tzinfo is None:
            time = time.replace(tzinfo=datetime.UTC)
        return time.timestamp()
    except (ValueError, OverflowError):
        return None
