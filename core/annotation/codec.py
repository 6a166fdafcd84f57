"""How a field's value lies in a store: exact, small, and checked when it is read again.

A correction is one blob: six bytes (format, bits, start, source, number of locked and of placed
joints), the joints' ids, a byte each, then its arrays as little-endian float64: keypoints_px (42),
joints_mm (63, if bit 0), and global_orient_rad, hand_pose_rad, betas, wrist_mm (61, if bit 1).
Bit 2 is a right hand. All other values are text.
"""

import struct

import numpy as np

from core.annotation.records import (
    LABELLED_EVERYWHERE,
    SOURCES,
    STARTS,
    Correction,
    ReviewState,
    check_value,
)
from core.conventions import JOINT_COUNT
from core.hand.hand_model import ManoParameters

#: What SQLite keeps of a value.
Stored = str | bytes | None

#: A frame of which nothing was said, by field.
EMPTY: dict[str, Stored] = {
    "correction": None,
    "visibility": "0" * JOINT_COUNT,
    "flags": "",
    "note": "",
    "review": ReviewState.NEW.value,
}

_FORMAT = 1
_HEAD = struct.Struct("<6B")
_HAS_JOINTS, _HAS_MANO, _IS_RIGHT = 1, 2, 4
_MANO_ENDS = (3, 48, 58, 61)


def encode(field: str, value: object) -> Stored:
    """A field's value as it is kept; raises ValueError for what cannot be one."""
    check_value(field, value)
    if field == "correction":
        return None if value is None else _correction_bytes(value)
    if field == "visibility":
        return "".join(str(int(one)) for one in value)
    if field == "flags":
        return " ".join(sorted(value))
    return str(value)


def decode(field: str, stored: Stored) -> object:
    """A field's value from what is kept; raises ValueError for anything that is not one.

    A file from elsewhere may hold what it likes: nothing of it is run, and nothing that is not a
    possible value comes through.
    """
    if stored is None or isinstance(stored, bytes):
        if field != "correction":
            raise ValueError(f"{field} is no text")
        value: object = None if stored is None else _correction(stored)
    elif not isinstance(stored, str):
        raise ValueError(f"{field} is a {type(stored).__name__}")
    else:
        value = _TEXTS[field](stored)
    check_value(field, value)
    return value


def _visibility(text: str) -> tuple[int, ...]:
    if text == EMPTY["visibility"]:
        return LABELLED_EVERYWHERE
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"visibility is {text[:40]!r}")
    return tuple(int(one) for one in text)


def _no_text(text: str) -> object:
    raise ValueError(f"a correction is no text such as {text[:40]!r}")


_TEXTS = {
    "correction": _no_text,
    "visibility": _visibility,
    "flags": lambda text: frozenset(text.split(" ")) if text else frozenset(),
    "note": lambda text: text,
    "review": ReviewState,
}


def _correction_bytes(correction: Correction) -> bytes:
    bits = _IS_RIGHT if correction.is_right else 0
    arrays = [correction.keypoints_px]
    if correction.joints_mm is not None:
        bits |= _HAS_JOINTS
        arrays.append(correction.joints_mm)
    mano = correction.mano
    if mano is not None:
        bits |= _HAS_MANO
        arrays += [mano.global_orient_rad, mano.hand_pose_rad, mano.betas, mano.wrist_mm]
    head = _HEAD.pack(
        _FORMAT,
        bits,
        STARTS.index(correction.start),
        SOURCES.index(correction.source),
        len(correction.locked),
        len(correction.placed),
    )
    numbers = np.concatenate([array.ravel() for array in arrays]).astype("<f8")
    return head + bytes(correction.locked) + bytes(correction.placed) + numbers.tobytes()


def _correction(stored: bytes) -> Correction:
    if len(stored) < _HEAD.size:
        raise ValueError("a correction is cut off")
    kind, bits, start, source, locked_count, placed_count = _HEAD.unpack_from(stored)
    has_joints, has_mano = bool(bits & _HAS_JOINTS), bool(bits & _HAS_MANO)
    locked_end = _HEAD.size + locked_count
    begin = locked_end + placed_count
    count = 42 + 63 * has_joints + 61 * has_mano
    if kind != _FORMAT or bits > 7 or start >= len(STARTS) or source >= len(SOURCES):
        raise ValueError("a correction is of no known format")
    if len(stored) != begin + 8 * count:
        raise ValueError(f"a correction has {len(stored)} bytes, not {begin + 8 * count}")
    numbers = np.frombuffer(stored, "<f8", count, begin).astype(float)  # a copy, in native order
    pose = np.split(numbers[-61:], _MANO_ENDS) if has_mano else None
    return Correction(
        keypoints_px=numbers[:42].reshape(JOINT_COUNT, 2),
        joints_mm=numbers[42:105].reshape(JOINT_COUNT, 3) if has_joints else None,
        mano=None if pose is None else ManoParameters(*pose[:4]),
        is_right=bool(bits & _IS_RIGHT),
        start=STARTS[start],
        locked=tuple(stored[_HEAD.size : locked_end]),
        placed=tuple(stored[locked_end:begin]),
        source=SOURCES[source],
    )
