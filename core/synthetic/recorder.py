"""Turns a planned sequence into HO-3D's files, frame by frame."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from core.data.frame import FrameId
from core.data.ho3d.layout import (
    SPLITS,
    depth_path,
    encode_depth,
    image_path,
    meta_path,
    segmentation_path,
)
from core.data.ho3d.python2_pickle import python2_pickle
from core.hand.hand_model import HandModel
from core.hand.mano_file import load_hand_model
from core.synthetic.appearance import random_looks
from core.synthetic.kinematics import HandKinematics
from core.synthetic.labels import frame_labels
from core.synthetic.render import Rendering, SequenceRenderer
from core.synthetic.sensor import Sensor
from core.synthetic.sequence import SequencePlan, identities, plan_sequence, pose_frame
from core.synthetic.surface import HandSurface

_JPEG_QUALITY = 85
_PNG_LEVEL = 5
#: Ending of files that are being written; a killed run leaves some behind.
PARTIAL = ".part"
_LOOKS, _PLAN, _SENSOR, _FRAME, _PEOPLE = range(5)
#: RGB colours of the segmentation picture.
_HAND_COLOUR, _OBJECT_COLOUR = (0, 0, 255), (0, 255, 0)


@dataclass(frozen=True)
class SequenceTask:
    """One sequence of a set.

    Attributes:
        split: "train" or "evaluation".
        number: Its place in the split; with the seed it determines everything.
        name: Its folder.
        length: Number of frames.
    """

    split: str
    number: int
    name: str
    length: int

    def frame_ids(self) -> list[FrameId]:
        """Names of its frames in order."""
        return [FrameId(self.name, f"{frame:04d}") for frame in range(self.length)]


class Recorder:
    """Plans and records sequences of one seed and version under `root`."""

    def __init__(self, root: Path, *, version: str, seed: int) -> None:
        self._root, self._version, self._seed = root, version, seed
        self._model, self._kinematics, self._surface = _stand_in()

    @property
    def model(self) -> HandModel:
        """The hand that is recorded: always the open stand-in."""
        return self._model

    def plan(self, task: SequenceTask) -> SequencePlan:
        """The plan of a sequence; the same whenever it is asked for."""
        people = identities(self._seeds(task, _PEOPLE, whole_split=True))
        generator = self._generator(task, _PLAN)
        betas = people[generator.integers(len(people))]
        return plan_sequence(self._model, self._kinematics, betas, task.length, generator)

    def is_complete(self, task: SequenceTask, frame_id: FrameId) -> bool:
        """Whether every file of a frame is there; files appear whole or not at all."""
        return all(path.is_file() for path in self._paths(task, frame_id))

    def missing(self, task: SequenceTask) -> list[int]:
        """Frames of a sequence that are yet to be recorded."""
        ids = task.frame_ids()
        return [frame for frame, one in enumerate(ids) if not self.is_complete(task, one)]

    def record(self, task: SequenceTask, frames: list[int]) -> Iterator[int]:
        """Record frames of a sequence, yielding each when its files are written."""
        plan = self.plan(task)
        looks = random_looks(
            self._generator(task, _LOOKS),
            farthest_m=plan.farthest_m,
            clutter_count=len(plan.clutter),
        )
        renderer = SequenceRenderer(self._model, self._surface, plan, looks)
        sensor = Sensor(looks.camera, self._generator(task, _SENSOR))
        for path in self._paths(task, task.frame_ids()[0]):
            path.parent.mkdir(parents=True, exist_ok=True)
            for left_behind in path.parent.glob(f"*{PARTIAL}"):
                left_behind.unlink()
        for frame in frames:
            generator = self._generator(task, _FRAME, frame)
            rendering = renderer.render(frame)
            velocity = _velocity_px(self._model, plan, frame)
            photo = sensor.photo(rendering.image, velocity, generator)
            focal = plan.camera.focal_px[0]
            depth_mm = sensor.depth_m(rendering.depth_m, focal, generator) * 1000
            self._write(task, plan, frame, photo, depth_mm, rendering)
            yield frame

    def _write(
        self,
        task: SequenceTask,
        plan: SequencePlan,
        frame: int,
        photo: np.ndarray,
        depth_mm: np.ndarray,
        rendering: Rendering,
    ) -> None:
        image, depth, segmentation, meta = self._paths(task, task.frame_ids()[frame])
        mesh = pose_frame(self._model, plan, frame)
        members = frame_labels(
            self._model, plan, frame, mesh, split=task.split, version=self._version
        )
        write_whole(image, _encoded(photo, image.suffix))
        write_whole(depth, _encoded(encode_depth(depth_mm), ".png"))
        write_whole(segmentation, _encoded(_segmentation(rendering), ".png"))
        write_whole(meta, python2_pickle(members))

    def _paths(self, task: SequenceTask, frame_id: FrameId) -> tuple[Path, Path, Path, Path]:
        return (
            image_path(self._root, task.split, frame_id, version=self._version),
            depth_path(self._root, task.split, frame_id),
            segmentation_path(self._root, task.split, frame_id),
            meta_path(self._root, task.split, frame_id),
        )

    def _seeds(
        self, task: SequenceTask, purpose: int, frame: int = 0, *, whole_split: bool = False
    ) -> np.random.SeedSequence:
        number = 0 if whole_split else task.number
        key = (SPLITS.index(task.split), number, purpose, frame)
        return np.random.SeedSequence(self._seed, spawn_key=key)

    def _generator(self, task: SequenceTask, purpose: int, frame: int = 0) -> np.random.Generator:
        return np.random.default_rng(self._seeds(task, purpose, frame))


@cache
def _stand_in() -> tuple[HandModel, HandKinematics, HandSurface]:
    """The recorded hand; its skin takes a second to lay out, so once a process."""
    model, kinematics = load_hand_model(None), HandKinematics.load()
    return model, kinematics, HandSurface(model, kinematics)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all; OSError names the file."""
    partial = path.with_name(f"{path.name}.{os.getpid()}{PARTIAL}")
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OSError(error.errno, f"cannot write ({error.strerror})", str(path)) from error


def _encoded(picture: np.ndarray, suffix: str) -> bytes:
    """An RGB picture as the bytes of a JPEG or PNG."""
    options = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    if suffix == ".png":
        # Depth comes in steps, so equal bytes repeat: a filter would only hide that.
        options = [cv2.IMWRITE_PNG_COMPRESSION, _PNG_LEVEL, cv2.IMWRITE_PNG_FILTER,
                   cv2.IMWRITE_PNG_FILTER_NONE]  # fmt: skip
    done, buffer = cv2.imencode(suffix, np.ascontiguousarray(picture[..., ::-1]), options)
    if not done:
        raise ValueError(f"OpenCV could not encode a {picture.shape} picture as {suffix}")
    return buffer.tobytes()


def _segmentation(rendering: Rendering) -> np.ndarray:
    """Hand and object in HO-3D's colours, (H, W, 3) uint8 RGB."""
    picture = np.zeros((*rendering.hand.shape, 3), np.uint8)
    picture[rendering.hand] = _HAND_COLOUR
    picture[rendering.object] = _OBJECT_COLOUR
    return picture


def _velocity_px(model: HandModel, plan: SequencePlan, frame: int) -> np.ndarray:
    """How far the hand's middle moves in the picture about a frame, (2,) pixels a frame."""
    before, after = max(frame - 1, 0), min(frame + 1, len(plan.poses) - 1)
    places = [plan.camera.project(pose_frame(model, plan, f).joints_mm).mean(0)
              for f in (before, after)]  # fmt: skip
    return (places[1] - places[0]) / max(after - before, 1)
