"""The corrected frames in HO-3D's layout: pictures copied, label files with the hand put right.

A label file keeps the members, types and axes (OpenGL, metres) of the very frame's original; only
what it says of the hand is changed. Version 3's relations of the hand's surface to the object
(``handVert…``) were computed from the wrong hand and cannot be computed from a label alone: they
become None, as HO-3D itself writes what it does not know.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson

from core.annotation.outgoing import (
    Exported,
    ExportError,
    Spoken,
    Tell,
    check_place,
    frames_words,
    in_turn,
    is_in_3d,
    is_of_model,
    some_of,
    with_rows,
)
from core.annotation.records import Correction
from core.conventions import WRIST
from core.data.frame import FrameId
from core.data.frame_index import FrameIndex
from core.data.ho3d import layout
from core.data.ho3d.index import Ho3dIndex
from core.data.ho3d.layout import mano_to_opengl, to_opengl_m
from core.data.ho3d.python2_pickle import python2_pickle
from core.files.durable import raising_disk_full
from core.hand.hand_model import HandModel
from core.pickles import PickleFileError, load_pickle


@dataclass(frozen=True)
class _Sorted:
    """Frames that can be written, and the names of those that cannot, by reason."""

    rows: list[tuple[int, Spoken]]
    notes: tuple[str, ...]


def write_ho3d(
    path: Path,
    index: FrameIndex,
    spoken: Sequence[Spoken],
    hand_model: HandModel,
    *,
    tell: Tell,
) -> Exported:
    """Make a folder with the frames whose hands were corrected in 3D; it is there whole or not.

    Frames of the evaluation split, whose label files have no room for a whole hand, also go into
    ``evaluation_xyz.json`` and ``evaluation_verts.json``, as HO-3D released them.

    Args:
        path: The new folder; an empty one may be there already.
        index: The split; HO-3D alone.
        spoken: What was said of its frames.
        hand_model: That the corrections were made with.
        tell: Called with (done, total) frames.

    Raises:
        ExportError: another dataset, nothing to write, or no place to write to.
        DiskFullError, OSError: it cannot be written.
    """
    if not isinstance(index, Ho3dIndex):
        raise ExportError(
            f"{index.name} is {index.kind}: HO-3D's layout can be written of HO-3D alone. COCO and "
            "CSV hold the annotations of any dataset"
        )
    check_place(path, index)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ExportError(f"{path}: it is there already; name a new folder")
    chosen = _sorted(index, spoken, hand_model)
    if not chosen.rows:
        raise _nothing(index, chosen.notes)
    with _whole_or_not(path) as folder:
        notes = [*chosen.notes]
        written = []
        for row, one in in_turn(chosen.rows, tell):
            try:
                _write_frame(folder, index, row, one.state.correction, hand_model)
            except _NoOriginalError as error:
                notes.append(f"left out {one.frame}: it has no label file to correct ({error})")
            else:
                written.append(one)
        if not written:
            raise _nothing(index, notes)
        names = "".join(f"{one.frame}\n" for one in written)
        layout.list_path(folder, index.split).write_text(names)
        if index.split == "evaluation":
            _write_released(folder, [one.state.correction for one in written], hand_model)
    return Exported(path, len(written), tuple(notes))


class _NoOriginalError(Exception):
    """A label file that is missing or cannot be read; the text says which and why."""


def _nothing(index: FrameIndex, notes: Sequence[str]) -> ExportError:
    why = " ".join(f"{note[:1].upper()}{note[1:]}." for note in notes)
    return ExportError(f"no frame of {index.name} has a hand corrected in 3D. {why}".strip())


def _sorted(index: Ho3dIndex, spoken: Sequence[Spoken], hand_model: HandModel) -> _Sorted:
    corrected = [one for one in spoken if one.state.correction is not None]
    rows, unknown = with_rows(index, corrected)
    reasons: dict[str, list[str]] = {}
    kept = []
    unreadable = set(index.unreadable_rows.tolist())
    for row, one in rows:
        reason = _reason(one.state.correction, hand_model)
        if row in unreadable:
            reason = "there is no picture"
        if reason:
            reasons.setdefault(reason, []).append(one.frame)
        else:
            kept.append((row, one))
    notes = [f"left out {some_of(names)}: {reason}" for reason, names in reasons.items()]
    if unknown:
        notes.append(f"left out {frames_words(unknown)}: not in this split's list")
    return _Sorted(kept, tuple(notes))


def _reason(correction: Correction, hand_model: HandModel) -> str:
    """Why a correction cannot be a label of HO-3D's; "" where it can."""
    if not is_in_3d(correction):
        return "corrected in free 2D, which says nothing of the hand in space"
    if not correction.is_right:
        return "corrected to a left hand, which HO-3D has no labels for"
    if not is_of_model(correction, hand_model):
        return f"corrected with another hand model than {hand_model.name}"
    return ""


@contextlib.contextmanager
def _whole_or_not(path: Path) -> Iterator[Path]:
    """A folder beside `path` that takes its place when the block ends; after an error it is gone.

    Raises DiskFullError.
    """
    with raising_disk_full(path):
        place = path.absolute()
        part = Path(tempfile.mkdtemp(prefix=f".{place.name}.", suffix=".part", dir=place.parent))
        try:
            yield part
            part.chmod(0o755)
            os.replace(part, place)  # takes an empty folder's place, and no other's
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise


def _write_frame(
    folder: Path, index: Ho3dIndex, row: int, correction: Correction, hand_model: HandModel
) -> None:
    frame_id = index.frame_id(row)
    source = layout.meta_path(index.root, index.split, frame_id)
    members = corrected_members(_members(source), correction, hand_model)
    target = folder / source.relative_to(index.root)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(python2_pickle(members))
    for picture in _pictures(index, row, frame_id):
        copy = folder / picture.relative_to(index.root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(picture, copy)


def _pictures(index: Ho3dIndex, row: int, frame_id: FrameId) -> Iterator[Path]:
    """The photo, and depth and segmentation where there are any."""
    yield index.picture_path(row)
    for place in (layout.depth_path, layout.segmentation_path):
        path = place(index.root, index.split, frame_id)
        if path.is_file():
            yield path


def _members(path: Path) -> dict[str, object]:
    try:
        members = load_pickle(path)
    except (PickleFileError, OSError) as error:  # both name the file
        raise _NoOriginalError(str(error)) from error
    if not isinstance(members, dict):
        raise _NoOriginalError(f"{path}: it holds a {type(members).__name__}, not labels")
    return members


def corrected_members(
    members: Mapping[str, object], correction: Correction, hand_model: HandModel
) -> dict[str, object]:
    """A label file's members with the hand of a 3D correction in them; nothing else changes.

    Args:
        members: The original's, as they were read: metres, OpenGL axes.
        correction: In 3D, of a right hand.
        hand_model: That its parameters are of.
    """
    hand = mano_to_opengl(correction.mano, hand_model.of_side(True))
    joints_m = to_opengl_m(correction.joints_mm)
    # Evaluation labels have the wrist alone.
    is_whole = "handPose" in members
    said: dict[str, object] = {
        "handJoints3D": joints_m if is_whole else joints_m[WRIST],
        "handPose": hand.pose,
        "handBeta": hand.betas,
        "handTrans": hand.translation_m,
        "handBoundingBox": _box_px(members.get("handBoundingBox"), correction.keypoints_px),
        **dict.fromkeys(layout.TRAIN_KEYS_V3),
    }
    return {key: _like(value, said[key]) if key in said else value
            for key, value in members.items()}  # fmt: skip


def _like(original: object, value: object) -> object:
    """The new value in the original's own type and shape, where it fits."""
    if not isinstance(value, np.ndarray) or not isinstance(original, np.ndarray):
        return value
    if original.dtype.kind != "f" or original.size != value.size:
        return value
    return value.astype(original.dtype).reshape(original.shape)


def _box_px(original: object, keypoints_px: np.ndarray) -> object:
    """The original box where it holds the joints (21, 2), else whole pixels round them."""
    low, high = keypoints_px.min(0), keypoints_px.max(0)
    with contextlib.suppress(TypeError, ValueError):
        x1, y1, x2, y2 = np.asarray(original, float).tolist()
        if x1 <= low[0] and y1 <= low[1] and high[0] <= x2 and high[1] <= y2:
            return original
    return [int(value) for value in (*np.floor(low), *np.ceil(high))]


def _write_released(folder: Path, corrections: Sequence[Correction], hand_model: HandModel) -> None:
    """Joints and vertices in list order, metres, OpenGL axes."""
    model = hand_model.of_side(True)
    joints_m = [to_opengl_m(one.joints_mm).tolist() for one in corrections]
    vertices_m = [to_opengl_m(model.pose(one.mano).vertices_mm).tolist() for one in corrections]
    layout.joints_path(folder, "evaluation").write_bytes(orjson.dumps(joints_m))
    layout.vertices_path(folder, "evaluation").write_bytes(orjson.dumps(vertices_m))
