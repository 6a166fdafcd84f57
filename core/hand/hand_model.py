"""A hand in MANO's format, posed with numpy: vertices and joints in millimetres.

The window, the readers and the synthetic data use this; the network uses the torch layer of smplx.
Both compute the same function (Romero, Tzionas, Black, "Embodied Hands", 2017, equations 2-4),
and a test holds them to each other.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from core.conventions import FINGERTIP_VERTICES, MANO_PARENTS
from core.geometry.rotation import MIRROR, matrix_from_axis_angle, mirrored_axis_angles


@dataclass(frozen=True)
class ManoParameters:
    """Pose, shape and place of a hand, in camera axes.

    Attributes:
        global_orient_rad: (3,) axis-angle of the whole hand, turning about the wrist joint.
        hand_pose_rad: (45,) axis-angle of the fifteen finger joints, absolute (flat hand = 0).
        betas: (10,) shape coefficients.
        wrist_mm: (3,) position of the posed wrist joint. MANO's own ``transl`` is not that: it is
            ``wrist - J0(betas)``; a place that does not depend on the shape is turned safely.
    """

    global_orient_rad: np.ndarray
    hand_pose_rad: np.ndarray
    betas: np.ndarray
    wrist_mm: np.ndarray

    def mirrored(self) -> "ManoParameters":
        """The other side's hand that this one sees in a mirror across the plane x = 0."""
        return ManoParameters(
            global_orient_rad=mirrored_axis_angles(self.global_orient_rad),
            hand_pose_rad=mirrored_axis_angles(self.hand_pose_rad),
            betas=self.betas,
            wrist_mm=self.wrist_mm * MIRROR,
        )


@dataclass(frozen=True)
class HandMesh:
    """A posed hand: ``vertices_mm`` (778, 3) and ``joints_mm`` (21, 3) in camera axes."""

    vertices_mm: np.ndarray
    joints_mm: np.ndarray


@dataclass(frozen=True)
class HandModel:
    """MANO's arrays (metres, as its files have them) and where they came from.

    Attributes:
        name: What people read, such as "stand-in" or "MANO (MANO_RIGHT.pkl)".
        is_stand_in: Whether this is the embedded open hand, whose figures say nothing of HO-3D.
        is_right: Side of the hand.
        template_m: (778, 3) rest vertices.
        faces: (1538, 3) vertex indices.
        shape_basis_m: (778, 3, 10).
        pose_basis_m: (778, 3, 135).
        joint_regressor: (16, 778).
        skinning_weights: (778, 16).
        pose_components: (45, 45) PCA basis of hand poses, one a row.
        pose_mean_rad: (45,) mean pose; added only where someone asks for a non-flat mean.
        fingertips: One of `core.conventions.FINGERTIP_VERTICES`.
        pose_coefficients: (n, 45) the poses that the components were made from, in them and less
            the mean; None where the file has none. They say how far hands bend.
    """

    name: str
    is_stand_in: bool
    is_right: bool
    template_m: np.ndarray
    faces: np.ndarray
    shape_basis_m: np.ndarray
    pose_basis_m: np.ndarray
    joint_regressor: np.ndarray
    skinning_weights: np.ndarray
    pose_components: np.ndarray
    pose_mean_rad: np.ndarray
    fingertips: str = "ho3d"
    pose_coefficients: np.ndarray | None = None

    @cached_property
    def fingertip_vertices(self) -> np.ndarray:
        """Vertex ids (5,) of the tips, thumb to pinky."""
        return np.array(FINGERTIP_VERTICES[self.fingertips])

    def of_side(self, is_right: bool) -> "HandModel":
        """This model where it is of that side, else its mirror image.

        MANO's two models are such mirror images of each other (Romero et al., section 4.1); a
        shape means the same on both sides, and so does a mirrored pose.
        """
        return self if self.is_right == is_right else self.mirrored

    @cached_property
    def mirrored(self) -> "HandModel":
        """The other side's hand: the mirror image of this one across the plane x = 0."""
        # Entry (i, j) of a joint's rotation changes sign where the mirror turns i or j, not both.
        entries = np.tile(np.outer(MIRROR, MIRROR).ravel(), 15)
        return replace(
            self,
            name=f"{self.name}, mirrored",
            is_right=not self.is_right,
            template_m=self.template_m * MIRROR,
            faces=self.faces[:, ::-1],
            shape_basis_m=self.shape_basis_m * MIRROR[:, None],
            pose_basis_m=self.pose_basis_m * MIRROR[:, None] * entries,
            pose_components=mirrored_axis_angles(self.pose_components),
            pose_mean_rad=mirrored_axis_angles(self.pose_mean_rad),
        )

    def shaped_m(self, betas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rest vertices (778, 3) and joints (16, 3) in metres for shape `betas` (10,)."""
        vertices = self.template_m + self.shape_basis_m @ np.asarray(betas, float)
        return vertices, self.joint_regressor @ vertices

    def rest_wrist_mm(self, betas: np.ndarray) -> np.ndarray:
        """Wrist joint (3,) of the unposed hand in mm: MANO's J0(betas)."""
        return self.shaped_m(betas)[1][0] * 1000

    def pose(self, parameters: ManoParameters) -> HandMesh:
        """Pose the hand by linear blend skinning; see `ManoParameters` for units and frames."""
        rest, joints = self.shaped_m(parameters.betas)
        pose = np.concatenate([parameters.global_orient_rad, parameters.hand_pose_rad])
        rotations = matrix_from_axis_angle(pose.reshape(16, 3))
        corrective = (rotations[1:] - np.eye(3)).ravel()
        rest = rest + self.pose_basis_m @ corrective

        world_rotations = np.empty((16, 3, 3))
        world_joints = np.empty((16, 3))
        world_rotations[0], world_joints[0] = rotations[0], 0.0
        for joint, parent in enumerate(MANO_PARENTS[1:], start=1):
            world_rotations[joint] = world_rotations[parent] @ rotations[joint]
            bone = world_rotations[parent] @ (joints[joint] - joints[parent])
            world_joints[joint] = world_joints[parent] + bone

        offsets = world_joints - np.einsum("jab,jb->ja", world_rotations, joints)
        blended = (self.skinning_weights @ world_rotations.reshape(16, 9)).reshape(-1, 3, 3)
        vertices = np.einsum("vab,vb->va", blended, rest) + self.skinning_weights @ offsets
        vertices_mm = vertices * 1000 + parameters.wrist_mm
        joints_mm = world_joints * 1000 + parameters.wrist_mm
        return HandMesh(
            vertices_mm, np.concatenate([joints_mm, vertices_mm[self.fingertip_vertices]])
        )
