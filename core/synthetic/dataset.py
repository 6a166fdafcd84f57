"""A whole synthetic set in HO-3D's layout: any number of frames from a seed, resumable.

Every frame's random numbers follow from (seed, split, sequence, frame) alone, so the same settings
give the same bytes however many processes share the work and however often it was interrupted.
"""

import json
import multiprocessing
import queue
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from multiprocessing.synchronize import Event
from pathlib import Path

import cv2
import numpy as np

from core.data.ho3d.layout import (
    IMAGE_SUFFIX,
    SPLITS,
    joints_path,
    list_path,
    to_opengl_m,
    vertices_path,
)
from core.files.parent_process import end_with_the_parent
from core.files.workers import single_threaded_children
from core.synthetic.recorder import Recorder, SequenceTask, write_whole
from core.synthetic.sequence import pose_frame

#: Goes up with every change that changes pictures or labels: one set is made by one version.
GENERATOR = 1
SETTINGS_NAME = "synthesis.json"

#: Called with (frames done, frames in all).
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class SetSettings:
    """What determines a set.

    Attributes:
        version: "v2" (PNG photos) or "v3" (JPEG photos, contact labels).
        train_frames: Frames of the train split.
        evaluation_frames: Frames of the evaluation split.
        seed: Any integer from 0.
        sequence_frames: Mean length of a sequence; lengths vary by a third.
    """

    version: str
    train_frames: int
    evaluation_frames: int
    seed: int
    sequence_frames: int = 90

    def __post_init__(self) -> None:
        if self.version not in IMAGE_SUFFIX:
            raise ValueError(f"version must be {' or '.join(IMAGE_SUFFIX)}, not {self.version!r}")
        if self.train_frames < 0 or self.evaluation_frames < 0 or self.seed < 0:
            raise ValueError("numbers of frames and the seed must not be negative")
        if self.train_frames + self.evaluation_frames == 0:
            raise ValueError("a set needs at least one frame")
        if self.sequence_frames < 1:
            raise ValueError("a sequence needs at least one frame")

    def tasks(self) -> list[SequenceTask]:
        """The sequences of both splits, train first; names do not repeat."""
        tasks: list[SequenceTask] = []
        for split, frames in zip(SPLITS, (self.train_frames, self.evaluation_frames), strict=True):
            for number, length in enumerate(self._lengths(split, frames)):
                tasks.append(SequenceTask(split, number, f"SYN{len(tasks):03d}", length))
        return tasks

    def _lengths(self, split: str, frames: int) -> list[int]:
        key = (SPLITS.index(split),)
        generator = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=key))
        count = max(1, round(frames / self.sequence_frames)) if frames else 0
        shares = np.cumsum(generator.uniform(2 / 3, 4 / 3, count))
        ends = np.rint(shares / shares[-1:] * frames).astype(int)
        return [int(length) for length in np.diff(ends, prepend=0) if length]


def generate(
    root: Path, settings: SetSettings, *, jobs: int = 1, progress: Progress | None = None
) -> int:
    """Make the set under `root`, or what is missing of it; returns the frames newly recorded.

    Raises:
        FileExistsError: `root` holds something else, or a set of other settings.
        OSError: a file cannot be written, or a process died.
    """
    _claim(root, settings)
    recorder = Recorder(root, version=settings.version, seed=settings.seed)
    tasks = settings.tasks()
    work = [(task, frames) for task in tasks if (frames := recorder.missing(task))]
    total = settings.train_frames + settings.evaluation_frames
    left = sum(len(frames) for _, frames in work)
    report = progress or (lambda done, total: None)
    report(total - left, total)
    frames_done = (
        _record_here(recorder, work) if jobs <= 1 else _record_apart(root, settings, work, jobs)
    )
    for done, _ in enumerate(frames_done, start=total - left + 1):
        report(done, total)
    _write_lists(root, recorder, tasks)
    return left


def _claim(root: Path, settings: SetSettings) -> None:
    """Mark the folder as this set's, or refuse it."""
    wanted = {"generator": GENERATOR, **asdict(settings)}
    mark = root / SETTINGS_NAME
    if mark.is_file():
        try:
            found = json.loads(mark.read_text())
        except ValueError as error:
            raise FileExistsError(f"{mark} is damaged ({error}); choose another folder") from None
        if found != wanted:
            raise FileExistsError(
                f"{root} holds a synthetic set of other settings ({json.dumps(found)}); "
                f"choose another folder, or the same settings to go on with it"
            )
        return
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise FileExistsError(f"{root} is not an empty folder; choose another one")
    root.mkdir(parents=True, exist_ok=True)
    write_whole(mark, (json.dumps(wanted, indent=1) + "\n").encode())


def _write_lists(root: Path, recorder: Recorder, tasks: list[SequenceTask]) -> None:
    """Write the list files and the released ground truth, last of all."""
    for split in SPLITS:
        chosen = [task for task in tasks if task.split == split]
        names = [str(frame_id) for task in chosen for frame_id in task.frame_ids()]
        joints_m, vertices_m = [], []
        for task in chosen if split == "evaluation" else ():
            plan = recorder.plan(task)
            for frame in range(task.length):
                mesh = pose_frame(recorder.model, plan, frame)
                joints_m.append(_rounded(mesh.joints_mm))
                vertices_m.append(_rounded(mesh.vertices_mm))
        if split == "evaluation":
            write_whole(joints_path(root, split), _json(joints_m))
            write_whole(vertices_path(root, split), _json(vertices_m))
        write_whole(list_path(root, split), "".join(f"{name}\n" for name in names).encode())


def _rounded(points_mm: np.ndarray) -> list:
    """OpenGL metres to 1e-8: a hundred-thousandth of a millimetre."""
    return np.round(to_opengl_m(points_mm), 8).tolist()


def _json(values: list) -> bytes:
    return json.dumps(values, separators=(",", ":")).encode()


def _record_here(recorder: Recorder, work: list[tuple[SequenceTask, list[int]]]) -> Iterator[None]:
    """Record in this process."""
    for task, frames in work:
        for _ in recorder.record(task, frames):
            yield


def _record_apart(
    root: Path,
    settings: SetSettings,
    work: list[tuple[SequenceTask, list[int]]],
    jobs: int,
) -> Iterator[None]:
    """Record in `jobs` processes, a sequence at a time, yielding once for every frame."""
    context = multiprocessing.get_context("spawn")
    finished, stop = context.Queue(), context.Event()
    with single_threaded_children():
        pool = ProcessPoolExecutor(
            jobs,
            mp_context=context,
            initializer=_start_worker,
            initargs=(root, settings.version, settings.seed, finished, stop),
        )
        futures = [pool.submit(_record_sequence, task, frames) for task, frames in work]
        try:
            yield from _watch(futures, finished, sum(len(frames) for _, frames in work))
        except BrokenProcessPool as error:
            raise ChildProcessError(
                "a process of the pool died (out of memory?); the same command goes on from here"
            ) from error
        finally:
            stop.set()  # a frame in progress is finished, the rest left for another time
            pool.shutdown(wait=True, cancel_futures=True)
            finished.close()


def _watch(futures: list[Future], finished: multiprocessing.Queue, expected: int) -> Iterator[None]:
    """Yield for every frame reported; raise what a worker raised."""
    seen = 0
    while seen < expected:
        try:
            finished.get(timeout=0.2)
        except queue.Empty:
            for future in wait(futures, timeout=0, return_when=FIRST_EXCEPTION).done:
                future.result()
        else:
            seen += 1
            yield


@dataclass(frozen=True)
class _Worker:
    """What a process of the pool keeps between sequences."""

    recorder: Recorder
    finished: multiprocessing.Queue
    stop: Event


_worker: _Worker | None = None


def _start_worker(
    root: Path, version: str, seed: int, finished: multiprocessing.Queue, stop: Event
) -> None:
    """Prepare a process: one thread, and Ctrl+C is the parent's business."""
    global _worker
    end_with_the_parent()
    cv2.setNumThreads(1)
    _worker = _Worker(Recorder(root, version=version, seed=seed), finished, stop)


def _record_sequence(task: SequenceTask, frames: list[int]) -> None:
    for frame in _worker.recorder.record(task, frames):
        _worker.finished.put(frame)
        if _worker.stop.is_set():
            return
