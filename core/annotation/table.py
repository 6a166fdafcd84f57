"""Everything that was said of frames as CSV: a frame a row, with units in the heads.

Separated by commas, decimal points, UTF-8, as pandas and every spreadsheet reads it. What is
unknown is empty. Pixels are the photo's, millimetres in camera axes, parameters MANO's in camera
axes with the wrist's place for a translation.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from core.annotation.outgoing import (
    Exported,
    Spoken,
    Tell,
    as_time,
    check_place,
    frames_words,
    in_turn,
    is_in_3d,
    with_rows,
)
from core.annotation.records import Correction, Visibility
from core.conventions import BETA_COUNT, JOINT_COUNT, JOINT_NAMES
from core.data.frame_index import FrameIndex
from core.files.durable import replaced_at_the_end

#: Of a joint's columns: ``index PIP x px``.
_PX, _MM = ("x px", "y px"), ("x mm", "y mm", "z mm")
_MANO = (
    *(f"global_orient_{axis} rad" for axis in "xyz"),
    *(f"hand_pose_{n} rad" for n in range(45)),
    *(f"beta_{n}" for n in range(BETA_COUNT)),
    *(f"wrist_{axis} mm" for axis in "xyz"),
)
HEADS = (
    "split",
    "frame",
    "review",
    "flags",
    "note",
    "corrected",
    "side",
    "started from",
    "source",
    "last edited (UTC)",
    *(f"{name} visibility" for name in JOINT_NAMES),
    *(f"{name} {axis}" for name in JOINT_NAMES for axis in _PX),
    *(f"{name} {axis}" for name in JOINT_NAMES for axis in _MM),
    *_MANO,
)


def write_table(path: Path, index: FrameIndex, spoken: Sequence[Spoken], *, tell: Tell) -> Exported:
    """Write the frames that something was said of; the file is there whole or not at all.

    Raises:
        ExportError: the place is not one to write to.
        DiskFullError, OSError: it cannot be written.
    """
    check_place(path, index)
    rows, unknown = with_rows(index, spoken)
    with replaced_at_the_end(path) as file:
        text = io.TextIOWrapper(file, "utf-8", newline="")
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(HEADS)
        writer.writerows(_cells(index.split, one) for _, one in in_turn(rows, tell))
        text.flush()
        text.detach()
    notes = (f"left out {frames_words(unknown)}: not in this split's list",)
    return Exported(path, len(rows), notes if unknown else ())


def _cells(split: str, one: Spoken) -> Iterator[object]:
    state, correction = one.state, one.state.correction
    yield from (_text(split), _text(one.frame), str(state.review))
    yield from (_text(" ".join(sorted(state.flags))), _text(state.note))
    if correction is None:
        yield from ("", "", "", "")
    else:
        yield "3D" if is_in_3d(correction) else "2D"
        yield "right" if correction.is_right else "left"
        yield from (correction.start, correction.source)
    yield as_time(one.edited_at_s) or ""
    yield from (Visibility(value).name.lower() for value in state.visibility)
    yield from _numbers(correction)


def _numbers(correction: Correction | None) -> Iterator[object]:
    """Pixels with four decimals, millimetres with four, parameters with all they have."""
    points_px = None if correction is None else correction.keypoints_px
    joints_mm = None if correction is None else correction.joints_mm
    mano = None if correction is None else correction.mano
    yield from _rounded(points_px, JOINT_COUNT * 2)
    yield from _rounded(joints_mm, JOINT_COUNT * 3)
    if mano is None:
        yield from [""] * len(_MANO)
        return
    for part in (mano.global_orient_rad, mano.hand_pose_rad, mano.betas, mano.wrist_mm):
        yield from part.tolist()


def _rounded(values: np.ndarray | None, count: int) -> list[object]:
    return [""] * count if values is None else np.round(values, 4).ravel().tolist()


def _text(value: str) -> str:
    """A person's words: what a spreadsheet would run as a formula stays text."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
