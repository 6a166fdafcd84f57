"""Score a prediction file against HO-3D's released ground truth: the official figures, streamed.

The files of version 2 have 1.2 GB of text. This process cuts them into rows, others parse and
measure a few rows at a time, and only sums are kept.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.data.ho3d import layout
from core.data.ho3d.prediction_file import JOINTS_SHAPE, MESH_SHAPE, read_prediction, read_rows
from core.data.json_stream import Row, parse_numbers
from core.evaluation.ho3d_protocol import (
    OfficialScores,
    ProtocolSums,
    first_unusable,
    official_sums,
)
from core.evaluation.ho3d_suspicions import suspicions
from core.files.workers import map_in_order

#: Called with the hands done and in all.
Progress = Callable[[int, int], None]

_SPLIT = "evaluation"
#: Rows a process takes at a time: 3 MB of text.
_BATCH = 32


class ScoreError(ValueError):
    """Files that cannot be scored; the text names the file and the place in it."""


@dataclass(frozen=True)
class Score:
    """What is known of a prediction file.

    Attributes:
        scores: The official figures.
        samples: How many hands.
        suspicions: What looks wrong about the file, in sentences.
    """

    scores: OfficialScores
    samples: int
    suspicions: tuple[str, ...]


def score_file(
    truth_folder: Path, prediction: Path, *, jobs: int = 1, progress: Progress | None = None
) -> Score:
    """Score ``pred.json`` or a zip with it against a folder's ``evaluation_{xyz,verts}.json``.

    Args:
        truth_folder: The folder with the released ground truth: the dataset's own.
        prediction: The file.
        jobs: Processes that parse and measure.
        progress: Told now and then how far it is.

    Raises:
        ScoreError: counts differ, or a number is not finite.
        PredictionFileError, JsonStreamError: a file is cut off, damaged or something else.
        OSError: a file cannot be read.
    """
    truth_joints, truth_meshes = _truth_paths(truth_folder)
    _check_there(truth_joints, truth_meshes, prediction)
    rows = read_rows(truth_joints, level=2)
    truth_joints_m = _joints_m((row.text for row in rows), truth_joints)
    frames = len(truth_joints_m)
    if not frames:
        raise ScoreError(f"{truth_joints}: it has no frames")
    rows, truth_rows = read_prediction(prediction, frames), read_rows(truth_meshes, level=2)
    joints_m = _joints_m(_take(rows, 0, frames, prediction, "hands' joints"), prediction)
    batches = _batches(
        _Joints(truth_joints_m, joints_m, str(truth_meshes), str(prediction)),
        _take(truth_rows, 0, frames, truth_meshes, "meshes"),
        _take(rows, 1, frames, prediction, "meshes"),
    )
    tell = progress or (lambda done, total: None)
    sums, without_mesh = _add_up(batches, jobs, lambda done: tell(done, frames))
    _check_end(truth_rows, frames, truth_meshes)
    _check_end(rows, frames, prediction)
    found = suspicions(truth_joints_m, joints_m, without_mesh=without_mesh)
    return Score(sums.scores(), frames, found)


def _add_up(
    batches: "Iterator[_Batch]", jobs: int, tell: Callable[[int], None]
) -> tuple[ProtocolSums, int]:
    """The sums of all batches, and how many meshes are one point."""
    sums, without_mesh = ProtocolSums(), 0
    tell(0)
    for batch_sums, batch_without_mesh in map_in_order(_measure, batches, jobs=jobs):
        sums.add(batch_sums)
        without_mesh += batch_without_mesh
        tell(sums.samples)
    return sums, without_mesh


def _truth_paths(folder: Path) -> tuple[Path, Path]:
    return layout.joints_path(folder, _SPLIT), layout.vertices_path(folder, _SPLIT)


def _check_there(truth_joints: Path, truth_meshes: Path, prediction: Path) -> None:
    for path in (truth_joints, truth_meshes):
        if not path.is_file():
            raise ScoreError(
                f"{path}: there is no such file; the folder must hold {truth_joints.name} and "
                f"{truth_meshes.name}, which HO-3D releases for its evaluation split"
            )
    if not prediction.is_file():
        raise ScoreError(f"{prediction}: there is no such file; name a pred.json or a zip with it")


def _take(
    rows: Iterator[Row], list_number: int, count: int, source: Path, what: str
) -> Iterator[bytes]:
    """Exactly `count` rows of one list, from where the stream stands."""
    taken = 0
    for row in rows:
        if row.list_number < list_number:
            raise ScoreError(f"{source}: it has more than {count} hands' joints, one a frame")
        if row.list_number > list_number:
            break
        yield row.text
        taken += 1
        if taken == count:
            return
    raise ScoreError(
        f"{source}: it has {taken} {what} for {count} frames; a prediction is [joints, meshes], "
        "with an entry in both for every frame of the list (778 zeros where there is no mesh)"
    )


def _check_end(rows: Iterator[Row], frames: int, source: Path) -> None:
    """Read to the end, which tells whether the whole was JSON, and that nothing is left over."""
    for row in rows:
        what = "lists than joints and meshes" if row.list_number > 1 else "meshes than frames"
        raise ScoreError(f"{source}: it has more {what} ({frames} frames)")


def _joints_m(texts: Iterable[bytes], source: Path) -> np.ndarray:
    """Joints (N, 21, 3) of all rows."""
    joints_m = [
        parse_numbers(text, JOINTS_SHAPE, name=f"{source}: joints of entry {number}")
        for number, text in enumerate(texts)
    ]
    joints_m = np.array(joints_m).reshape(-1, *JOINTS_SHAPE)
    _check_usable(joints_m, 0, f"{source}: joints")
    return joints_m


def _check_usable(points_m: np.ndarray, first: int, name: str) -> None:
    row = first_unusable(points_m)
    if row is not None:
        raise ScoreError(
            f"{name} of entry {first + row} are not all finite numbers; the official evaluation "
            "stops at such a file. Write numbers there, zeros for a hand that was not found"
        )


class _Joints(NamedTuple):
    """What is known when the meshes begin: all joints (N, 21, 3) and the files' names."""

    truth_m: np.ndarray
    predicted_m: np.ndarray
    truth_source: str
    source: str


class _Batch(NamedTuple):
    """Hands that one process measures: their joints, and their meshes still as text."""

    first: int
    joints: _Joints
    truth_texts: list[bytes]
    texts: list[bytes]


def _batches(
    joints: _Joints, truth_texts: Iterator[bytes], texts: Iterator[bytes]
) -> Iterator[_Batch]:
    for first in range(0, len(joints.truth_m), _BATCH):
        part = slice(first, first + _BATCH)
        of_these = joints._replace(
            truth_m=joints.truth_m[part], predicted_m=joints.predicted_m[part]
        )
        count = len(of_these.truth_m)
        yield _Batch(first, of_these, list(islice(truth_texts, count)), list(islice(texts, count)))


def _measure(batch: _Batch) -> tuple[ProtocolSums, int]:
    """The sums of a batch, and how many of its meshes are one point."""
    joints, first = batch.joints, batch.first
    truth_vertices_m = _meshes_m(batch.truth_texts, first, joints.truth_source)
    vertices_m = _meshes_m(batch.texts, first, joints.source)
    sums = official_sums(joints.truth_m, truth_vertices_m, joints.predicted_m, vertices_m)
    return sums, int((np.ptp(vertices_m, axis=1) == 0).all(-1).sum())


def _meshes_m(texts: list[bytes], first: int, source: str) -> np.ndarray:
    name = f"{source}: the mesh's points"
    meshes_m = np.array(
        [
            parse_numbers(text, MESH_SHAPE, name=f"{source}: the mesh of entry {number}")
            for number, text in enumerate(texts, start=first)
        ]
    )
    _check_usable(meshes_m, first, name)
    return meshes_m
