"""DexYCB: people grasping objects before eight RGB-D cameras, one right or left hand a picture.

Layout: ``SUBJECT/SESSION/meta.yml``, ``SUBJECT/SESSION/SERIAL/`` with ``color_NNNNNN.jpg``,
``aligned_depth_to_color_NNNNNN.png`` (mm) and ``labels_NNNNNN.npz``, and ``calibration/``. Labels
are in metres and camera axes: ``joint_3d`` (1, 21, 3), thumb first, tips as manopth has them;
``pose_m`` (1, 51), global orientation, 45 coefficients of MANO's components relative to its mean
pose, and MANO's translation. Where no hand is seen the joints are -1 and the pose is 0. The poses
of objects (``pose_y``) and the segmentation are not read.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from core.conventions import JOINT_COUNT, OPENPOSE_TO_HO3D
from core.data.assumed_camera import assumed_camera
from core.data.dexycb import layout
from core.data.dexycb.calibration import (
    CalibrationError,
    Session,
    read_betas,
    read_camera,
    read_session,
)
from core.data.frame import Frame, HandLabel
from core.data.frame_list import FrameList
from core.data.mano_poses import absolute_pose_rad, with_pose_note
from core.data.npz_members import read_members
from core.data.picture_files import read_depth, read_picture
from core.data.problems import EmptySplitError, Problem, Progress, report
from core.geometry.camera import Camera
from core.hand.hand_model import HandModel, ManoParameters

#: Bits of a frame's `files`.
COLOUR, DEPTH, LABELS = 1, 2, 4

_LABEL_SHAPES = {"joint_3d": (1, JOINT_COUNT, 3), "pose_m": (1, 51)}
#: The cameras stand within 2 m; what lies farther is damage.
_FARTHEST_M = 100.0


@dataclass(frozen=True)
class DexYcbIndex(FrameList):
    """Frames session by session, camera by camera, in the toolkit's order.

    Attributes:
        sessions: Of every sequence (SUBJECT/SESSION/SERIAL).
        cameras: Of every serial number; None where the calibration is missing.
        betas: Shapes by the calibration's name, where they could be read.
        files: (N,) which files every row has.
    """

    kind: ClassVar[str] = "DexYCB"

    sessions: tuple[Session, ...]
    cameras: dict[str, Camera | None]
    betas: dict[str, np.ndarray | None]
    files: np.ndarray

    @cached_property
    def unreadable_rows(self) -> np.ndarray:
        """Rows whose picture was missing when the folder was looked through."""
        return np.flatnonzero((self.files & COLOUR) == 0)

    @cached_property
    def rows_without_depth(self) -> np.ndarray:
        """Rows that had no depth picture when the folder was looked through."""
        return np.flatnonzero((self.files & DEPTH) == 0)

    def recording_of(self, sequence: str) -> str:
        """The session, which all cameras see."""
        return sequence.rpartition("/")[0]

    def with_hand_model(self, hand_model: HandModel) -> Self:
        """The same frames, read with another hand model."""
        problems = with_pose_note(self.problems, self.root, hand_model)
        return replace(self, hand_model=hand_model, problems=problems)

    def picture_path(self, row: int) -> Path:
        """A row's picture."""
        frame_id = self.frame_id(row)
        return self.root / frame_id.sequence / layout.colour_name(int(frame_id.frame))

    def read(self, row: int) -> Frame:
        """Read a frame; see `core.data.frame_index.FrameIndex.read`."""
        frame_id = self.frame_id(row)
        folder, number = self.root / frame_id.sequence, int(frame_id.frame)
        image = read_picture(self.picture_path(row), frame_id)
        frame = self._labels(row, (image.shape[1], image.shape[0]))
        depth_mm, notes = read_depth(folder / layout.depth_name(number), image.shape[:2])
        problems = (*notes, *frame.problems)
        return replace(frame, image=image, depth_mm=depth_mm, problems=problems)

    def read_labels(self, row: int) -> Frame:
        """Read a frame's labels without its pictures."""
        return self._labels(row, layout.SIZE_PX)

    def _labels(self, row: int, size_px: tuple[int, int]) -> Frame:
        frame_id = self.frame_id(row)
        path = self.root / frame_id.sequence / layout.label_name(int(frame_id.frame))
        members, problems = read_members(path, _LABEL_SHAPES)
        session = self.sessions[self.sequence_codes[row]]
        camera = self.cameras[frame_id.sequence.rpartition("/")[2]]
        if camera is None:
            problems.append("a camera with an assumed focal length is used; projections are off")
        return Frame(
            frame_id=frame_id,
            image=np.empty((0, 0, 3), np.uint8),
            camera=camera or assumed_camera(size_px),
            hand=self._hand(members, session, path, problems),
            problems=tuple(problems),
            camera_is_assumed=camera is None,
        )

    def _hand(
        self, members: dict[str, np.ndarray], session: Session, path: Path, problems: list[str]
    ) -> HandLabel | None:
        joints_m, pose = members.get("joint_3d"), members.get("pose_m")
        if joints_m is None or (joints_m == -1).all():
            return None
        if np.abs(joints_m).max() > _FARTHEST_M:
            text = f"'joint_3d' holds {np.abs(joints_m).max():g}, larger than {_FARTHEST_M:g} m"
            problems.append(f"{path}: {text}")
            return None
        mano = None
        if pose is not None and pose.any():
            mano = self._mano(pose[0], session)
        return HandLabel(
            joints_mm=joints_m[0][list(OPENPOSE_TO_HO3D)] * 1000,
            mano=mano,
            is_right=session.is_right,
        )

    def _mano(self, pose: np.ndarray, session: Session) -> ManoParameters | None:
        model = self.hand_model.of_side(session.is_right)
        betas = self.betas[session.calibration]
        hand_pose_rad = absolute_pose_rad(pose[3:48], model, in_components=True)
        if betas is None or hand_pose_rad is None:
            return None
        wrist_mm = model.rest_wrist_mm(betas) + pose[48:] * 1000
        return ManoParameters(pose[:3], hand_pose_rad, betas, wrist_mm)


def open_index(
    root: Path, split: str, *, hand_model: HandModel, progress: Progress | None = None
) -> DexYcbIndex:
    """Open a split by the toolkit's name, such as "s0_train".

    Looks into every camera's folder of the split: some seconds for all 8,000 of them.

    Raises:
        EmptySplitError: no session of the split can be read.
        IndexingCancelledError: `progress` returned False.
    """
    problems: list[Problem] = []
    found = _look_through(root, layout.SPLITS[split], progress, problems)
    counts = [len(files) for _, _, files in found]
    if not sum(counts):
        raise EmptySplitError(root, f"no session of {split} can be read")
    names, sessions, files = zip(*found, strict=True)
    serials = sorted({name.rpartition("/")[2] for name in names})
    calibrations = sorted({session.calibration for session in sessions})
    cameras = {name: _or_none(read_camera, root, name, problems) for name in serials}
    betas = {name: _or_none(read_betas, root, name, problems) for name in calibrations}
    return DexYcbIndex(
        root=root,
        split=split,
        hand_model=hand_model,
        sequence_names=names,
        sequence_codes=np.repeat(np.arange(len(names), dtype=np.int32), counts),
        frames=np.char.mod("%06d", np.concatenate([np.arange(count) for count in counts])),
        problems=with_pose_note(tuple(problems), root, hand_model),
        sessions=sessions,
        cameras=cameras,
        betas=betas,
        files=np.concatenate(files),
    )


def _look_through(
    root: Path, part: layout.Part, progress: Progress | None, problems: list[Problem]
) -> list[tuple[str, Session, np.ndarray]]:
    """SUBJECT/SESSION/SERIAL of every camera's folder, its session, and its frames' files."""
    folders = list(_folders(root, part, problems))
    read = cache(lambda folder: _session(root / folder, problems))
    found = []
    for done, (session_name, serial) in enumerate(folders):
        report(progress, done, len(folders))
        session = read(session_name)
        if session is not None:
            name = f"{session_name}/{serial}"
            found.append((name, session, _files(root / name, session.frame_count, problems)))
    report(progress, len(folders), len(folders))
    return found


def _folders(root: Path, part: layout.Part, problems: list[Problem]) -> Iterator[tuple[str, str]]:
    """SUBJECT/SESSION and serial number of every camera's folder of a split, in order."""
    for subject in (layout.SUBJECTS[number] for number in part.subjects):
        sessions = layout.sessions_of(root, subject)
        if len(sessions) != layout.SESSIONS_OF_A_SUBJECT:
            text = (
                f"{len(sessions)} sessions are there, not {layout.SESSIONS_OF_A_SUBJECT}: splits "
                "count sessions by their order, so this one differs from the published one"
            )
            problems.append(Problem(None, root / subject, text))
        for number in part.sessions:
            if number < len(sessions):
                for serial in part.serials:
                    yield f"{subject}/{sessions[number]}", layout.SERIALS[serial]


def _session(folder: Path, problems: list[Problem]) -> Session | None:
    return _or_none(lambda _, name: read_session(folder / name), folder, "meta.yml", problems)


def _or_none(read, root: Path, name: str, problems: list[Problem]):
    """What a reader of calibrations gives, or None and a problem."""
    try:
        return read(root, name)
    except CalibrationError as error:
        problems.append(Problem(None, root, str(error).removeprefix(f"{root}: ")))
        return None


def _files(folder: Path, frame_count: int, problems: list[Problem]) -> np.ndarray:
    """Which files every frame of a camera has."""
    try:
        present = set(os.listdir(folder))
    except OSError as error:
        problems.append(Problem(None, folder, f"it cannot be read ({error.strerror or error})"))
        present = set()
    files = np.zeros(frame_count, np.uint8)
    kinds = {
        COLOUR: (layout.colour_name, "picture"),
        DEPTH: (layout.depth_name, "depth picture"),
        LABELS: (layout.label_name, "label file"),
    }
    for bit, (name_of, words) in kinds.items():
        is_there = np.array([name_of(number) in present for number in range(frame_count)], bool)
        files[is_there] |= bit
        if present and not is_there.all():
            missing = np.flatnonzero(~is_there)
            text = f"{len(missing)} frames are without a {words}, the first {missing[0]:06d}"
            problems.append(Problem(None, folder, text))
    return files
