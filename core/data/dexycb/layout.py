"""DexYCB's folders: sessions of ten people before eight cameras, and who is in which split.

Chao et al., "DexYCB: A Benchmark for Capturing Hand Grasping of Objects", 2021; the splits are
those of its toolkit (github.com/NVlabs/dex-ycb-toolkit, ``dex_ycb.py``). A person's sessions count
in the order of their names; the whole dataset has a hundred a person.
"""

import os
from dataclasses import dataclass
from pathlib import Path

SUBJECTS = (
    "20200709-weiy",
    "20200813-ceppner",
    "20200820-amousavian",
    "20200903-ynarang",
    "20200908-yux",
    "20200918-ftozetoramos",
    "20200928-ahanda",
    "20201002-dieterf",
    "20201015-ychao",
    "20201022-lmanuelli",
)
SERIALS = (
    "836212060125",
    "839512060362",
    "840412060917",
    "841412060263",
    "932122060857",
    "932122060861",
    "932122061900",
    "932122062010",
)
SESSIONS_OF_A_SUBJECT = 100
SIZE_PX = (640, 480)

_ALL_SUBJECTS, _ALL_SERIALS = tuple(range(10)), tuple(range(8))
_ALL_SESSIONS = tuple(range(SESSIONS_OF_A_SUBJECT))
_EVERY_FIFTH = tuple(number for number in _ALL_SESSIONS if number % 5 == 4)
_OTHERS = tuple(number for number in _ALL_SESSIONS if number % 5 != 4)


@dataclass(frozen=True)
class Part:
    """What a split takes: numbers of subjects, cameras, and sessions of each subject."""

    subjects: tuple[int, ...] = _ALL_SUBJECTS
    serials: tuple[int, ...] = _ALL_SERIALS
    sessions: tuple[int, ...] = _ALL_SESSIONS


def _of_objects(*grasped: int) -> tuple[int, ...]:
    """Five sessions in a row have the same object grasped."""
    return tuple(number for number in _ALL_SESSIONS if number // 5 in grasped)


_HELD_OBJECTS = (3, 7, 11, 15, 19)

#: s0 mixes sessions; s1, s2 and s3 test on unseen people, cameras and objects.
SPLITS = {
    "s0_train": Part(sessions=_OTHERS),
    "s0_val": Part(subjects=(0, 1), sessions=_EVERY_FIFTH),
    "s0_test": Part(subjects=(2, 3, 4, 5, 6, 7, 8, 9), sessions=_EVERY_FIFTH),
    "s1_train": Part(subjects=(0, 1, 2, 3, 4, 5, 9)),
    "s1_val": Part(subjects=(6,)),
    "s1_test": Part(subjects=(7, 8)),
    "s2_train": Part(serials=(0, 1, 2, 3, 4, 5)),
    "s2_val": Part(serials=(6,)),
    "s2_test": Part(serials=(7,)),
    "s3_train": Part(sessions=_of_objects(*(n for n in range(20) if n not in _HELD_OBJECTS))),
    "s3_val": Part(sessions=_of_objects(3, 19)),
    "s3_test": Part(sessions=_of_objects(7, 11, 15)),
}


def sessions_of(root: Path, subject: str) -> list[str]:
    """Names of a person's sessions, sorted; empty where the person is not there."""
    try:
        with os.scandir(root / subject) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir())
    except OSError:
        return []


def available_splits(root: Path) -> tuple[str, ...]:
    """Splits of which at least one session is there; none where this is not DexYCB."""
    if not (root / "calibration").is_dir():
        return ()
    counts = [len(sessions_of(root, subject)) for subject in SUBJECTS]
    return tuple(
        name
        for name, part in SPLITS.items()
        if any(number < counts[subject] for subject in part.subjects for number in part.sessions)
    )


def colour_name(number: int) -> str:
    """File name of a colour picture."""
    return f"color_{number:06d}.jpg"


def depth_name(number: int) -> str:
    """File name of a depth picture, aligned to the colour picture, in mm."""
    return f"aligned_depth_to_color_{number:06d}.png"


def label_name(number: int) -> str:
    """File name of a frame's labels."""
    return f"labels_{number:06d}.npz"
