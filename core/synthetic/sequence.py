"""The plan of one sequence: who, what, where, and every frame's pose. No pixels here."""

from dataclasses import dataclass

import numpy as np

from core.geometry.camera import Camera
from core.geometry.rotation import axis_angle_from_matrix, matrix_from_axis_angle
from core.hand.hand_model import HandMesh, HandModel, ManoParameters
from core.synthetic.grasps import GraspingHand, random_grasp
from core.synthetic.kinematics import HandKinematics, clip_posture
from core.synthetic.motion import (
    HandPath,
    empty_hand,
    holding_hand,
    reaching_hand,
    wander,
)
from core.synthetic.solids import Solid
from core.synthetic.staging import (
    Placed,
    Table,
    lay_table,
    place_clutter,
    place_object,
    swept_points,
)

_IDENTITIES = 10
_KINDS = ("hold", "reach", "empty")
_KIND_SHARES = (0.27, 0.33, 0.40)
#: Grasps that are tried before a reach is given up: not every one can be made from above a table.
_REACHES = 4


@dataclass(frozen=True)
class FramePose:
    """One frame: the hand's parameters and the object's place, camera axes.

    Attributes:
        hand: The hand.
        object_rotation: (3, 3), object axes to camera axes.
        object_mm: (3,) origin of the object.
    """

    hand: ManoParameters
    object_rotation: np.ndarray
    object_mm: np.ndarray


@dataclass(frozen=True)
class SequencePlan:
    """Everything about a sequence but its looks.

    Attributes:
        camera: The camera, at rest.
        solid: The object that the labels speak of.
        poses: A pose a frame.
        arm_bend: (3, 3) turn of the forearm against the hand, in rest-hand axes.
        table: The table's plane.
        clutter: Things that stand about, in camera axes.
        farthest_m: How far from the camera any of it reaches: the wall stands behind.
    """

    camera: Camera
    solid: Solid
    poses: tuple[FramePose, ...]
    arm_bend: np.ndarray
    table: Table
    clutter: tuple[Placed, ...]
    farthest_m: float


def random_camera(generator: np.random.Generator) -> Camera:
    """HO-3D's usual intrinsics, a little different for every camera."""
    fx, fy = np.array([614.627, 614.101]) * generator.normal(1, 0.004) * [1, 1]
    cx, cy = np.array([320.262, 238.469]) + generator.normal(0, 2.5, 2)
    return Camera(np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]]))


def identities(seed: np.random.SeedSequence) -> np.ndarray:
    """Shape coefficients (10, 10) of the people of one split."""
    return np.clip(np.random.default_rng(seed).normal(0, 0.9, (_IDENTITIES, 10)), -2, 2)


def plan_sequence(
    model: HandModel,
    kinematics: HandKinematics,
    betas: np.ndarray,
    length: int,
    generator: np.random.Generator,
) -> SequencePlan:
    """Draw a sequence of `length` frames for a hand of shape `betas` (10,)."""
    hand = GraspingHand(model, kinematics, betas)
    camera = random_camera(generator)
    pitch, roll = generator.uniform(np.radians(15), np.radians(55)), generator.normal(0, 0.05)
    up = np.array([np.sin(roll), -np.cos(pitch), -np.sin(pitch)])
    up /= np.linalg.norm(up)
    path = _random_path(hand, camera, up, length, generator)
    path = _unrest(path, generator)
    wrist_bend_rad = np.clip(generator.normal(0, [0.12, 0.2]), -0.4, 0.4)
    bend = matrix_from_axis_angle(np.array([0, *wrist_bend_rad]))
    table, path = lay_table(hand, path, up, bend, generator)
    if path.grasp is None:
        placed = place_object(hand, path, table, bend, generator)
        solid = placed.solid
        objects_at = [(placed.rotation, placed.translation_m)] * length
    else:
        solid = path.grasp.solid
        objects_at = _object_places(hand, path)
    clutter = place_clutter(hand, path, objects_at, solid, table, bend, generator)
    poses = tuple(
        FramePose(_parameters(kinematics, betas, path, frame), turn, place * 1000)
        for frame, (turn, place) in enumerate(objects_at)
    )
    swept = swept_points(hand, path, bend)
    farthest = max([swept[..., 2].max()] + [thing.translation_m[2] + 0.1 for thing in clutter])
    return SequencePlan(camera, solid, poses, bend, table, tuple(clutter), float(farthest))


def pose_frame(model: HandModel, plan: SequencePlan, frame: int) -> HandMesh:
    """The hand's vertices and joints of one frame in mm, camera axes."""
    return model.pose(plan.poses[frame].hand)


def _random_path(
    hand: GraspingHand,
    camera: Camera,
    up: np.ndarray,
    length: int,
    generator: np.random.Generator,
) -> HandPath:
    kind = _KINDS[generator.choice(3, p=_KIND_SHARES)]
    if kind == "empty":
        return empty_hand(hand, camera, length, generator)
    for _ in range(_REACHES if kind == "reach" else 0):
        grasp = random_grasp(hand, generator)
        path = reaching_hand(hand, grasp, camera, up, length, generator)
        if path is not None:
            return path
    return holding_hand(hand, random_grasp(hand, generator), camera, length, generator)


def _unrest(path: HandPath, generator: np.random.Generator) -> HandPath:
    """Add a slow tremor of about a degree and a millimetre; the held object goes along."""
    frames = np.arange(len(path.wrists_m), dtype=float)
    start = path.held_from if path.grasp is not None else 0
    grow = np.clip((frames - start) / 15, 0, 1)[:, None]  # a standing object must not tremble
    turn = matrix_from_axis_angle(wander(generator, frames, (3,), 0.02) * grow)
    shift = wander(generator, frames, (3,), 0.0015) * grow
    angles = path.angles_deg
    if path.grasp is None:
        angles = angles + wander(generator, frames, (5, 5), 1.2)
    return HandPath(
        clip_posture(angles),
        turn @ path.rotations,
        path.wrists_m + shift,
        path.grasp,
        path.held_from,
    )


def _object_places(hand: GraspingHand, path: HandPath) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rotation and place (m) of the grasped object: standing until it is held, then carried."""
    grasp, places = path.grasp, []
    for frame in range(len(path.wrists_m)):
        carrier = max(frame, min(path.held_from, len(path.wrists_m) - 1))
        turn = path.rotations[carrier]
        offset = turn @ (grasp.translation_m - hand.joints[0])
        places.append((turn @ grasp.rotation, path.wrists_m[carrier] + offset))
    return places


def _parameters(
    kinematics: HandKinematics, betas: np.ndarray, path: HandPath, frame: int
) -> ManoParameters:
    return ManoParameters(
        global_orient_rad=axis_angle_from_matrix(path.rotations[frame]),
        hand_pose_rad=kinematics.hand_pose_rad(path.angles_deg[frame]),
        betas=betas,
        wrist_mm=path.wrists_m[frame] * 1000,
    )
