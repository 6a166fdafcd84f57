"""Joints of many posed hands at once: what comparing labels with a hand model takes, no mesh.

The same function as `core.hand.hand_model.HandModel.pose` (Romero, Tzionas, Black, "Embodied
Hands", 2017, equations 2-4) for the sixteen joints and the five fingertip vertices alone.
"""

from dataclasses import dataclass, replace

import numpy as np

from core.conventions import MANO_PARENTS
from core.geometry.rotation import matrix_from_axis_angle
from core.hand.hand_model import HandModel

#: Mirroring left and right of an axis-angle vector, or of a pose: x stays, y and z turn over.
MIRROR_ROTATION = np.array([1.0, -1.0, -1.0])
_MIRROR_X = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True, eq=False)
class JointModel:
    """A hand model cut down to its joints; millimetres.

    Attributes:
        rest_mm: (21, 3) of the mean shape.
        shape_mm: (21, 3, 10).
        tip_pose_mm: (5, 3, 135) pose correctives of the tips.
        tip_weights: (5, 16) skinning weights of the tips.
        pose_mean_rad: (15, 3).
        pose_components: (45, 45).
    """

    rest_mm: np.ndarray
    shape_mm: np.ndarray
    tip_pose_mm: np.ndarray
    tip_weights: np.ndarray
    pose_mean_rad: np.ndarray
    pose_components: np.ndarray

    @classmethod
    def of(cls, model: HandModel) -> "JointModel":
        """Cut a hand model down."""
        tips = model.fingertip_vertices
        regressor = np.concatenate([model.joint_regressor, np.eye(778)[tips]])
        shape = np.tensordot(regressor, model.shape_basis_m, axes=1)
        return cls(
            rest_mm=regressor @ model.template_m * 1000,
            shape_mm=shape * 1000,
            tip_pose_mm=model.pose_basis_m[tips] * 1000,
            tip_weights=model.skinning_weights[tips],
            pose_mean_rad=model.pose_mean_rad.reshape(15, 3),
            pose_components=model.pose_components,
        )

    def mirrored(self) -> "JointModel":
        """The hand of the other side."""
        # A pose corrective's 135 numbers are elements of R - 1, whose signs mirror as x's do.
        signs = np.tile(np.outer(_MIRROR_X, _MIRROR_X).ravel(), 15)
        return replace(
            self,
            rest_mm=self.rest_mm * _MIRROR_X,
            shape_mm=self.shape_mm * _MIRROR_X[:, None],
            tip_pose_mm=self.tip_pose_mm * _MIRROR_X[:, None] * signs,
            pose_mean_rad=self.pose_mean_rad * MIRROR_ROTATION,
            pose_components=self.pose_components * np.tile(MIRROR_ROTATION, 15),
        )

    def joints_mm(self, pose_rad: np.ndarray, betas: np.ndarray) -> np.ndarray:
        """Joints (N, 21, 3) relative to the wrist of poses (N, 16, 3) and shapes (N, 10)."""
        rest = self.rest_mm + np.einsum("jab,nb->nja", self.shape_mm, betas)
        rotations = matrix_from_axis_angle(pose_rad)
        corrective = (rotations[:, 1:] - np.eye(3)).reshape(len(rotations), -1)
        rest[:, 16:] += np.einsum("tab,nb->nta", self.tip_pose_mm, corrective)
        return _skinned(rest, rotations, self.tip_weights)

    def shape_steps_mm(self, pose_rad: np.ndarray) -> np.ndarray:
        """(N, 21, 3, 10) how the joints of poses (N, 16, 3) move with each shape coefficient.

        Joints are linear in the shape: bones and rest tips are, and rotations do not depend on it.
        """
        rotations = matrix_from_axis_angle(pose_rad)
        steps = [
            _skinned(
                np.repeat(self.shape_mm[None, :, :, beta], len(rotations), 0),
                rotations,
                self.tip_weights,
            )
            for beta in range(self.shape_mm.shape[-1])
        ]
        return np.stack(steps, axis=-1)


def _skinned(rest: np.ndarray, rotations: np.ndarray, tip_weights: np.ndarray) -> np.ndarray:
    """Rest joints and tips (N, 21, 3) by local rotations (N, 16, 3, 3), relative to the wrist."""
    world = np.empty_like(rotations)
    joints = np.zeros((len(rest), 16, 3))
    world[:, 0] = rotations[:, 0]
    for joint, parent in enumerate(MANO_PARENTS[1:], start=1):
        world[:, joint] = world[:, parent] @ rotations[:, joint]
        bone = rest[:, joint] - rest[:, parent]
        joints[:, joint] = joints[:, parent] + np.einsum("nab,nb->na", world[:, parent], bone)
    offsets = joints - np.einsum("njab,njb->nja", world, rest[:, :16])
    blended = np.einsum("tj,njab->ntab", tip_weights, world)
    tips = np.einsum("ntab,ntb->nta", blended, rest[:, 16:]) + np.einsum(
        "tj,nja->nta", tip_weights, offsets
    )
    return np.concatenate([joints, tips], axis=1)
