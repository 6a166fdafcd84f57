"""MANO as a differentiable layer: rotations and shape to vertices and joints."""

import numpy as np
import torch
from jaxtyping import Float
from smplx.lbs import lbs
from torch import Tensor, nn

from core.conventions import MANO_PARENTS
from core.hand.hand_model import HandModel


class ManoLayer(nn.Module):
    """smplx's linear blend skinning over our hand model's arrays.

    smplx's own MANO class would keep the arrays in its state; a checkpoint would then hold a copy
    of a user's licensed MANO file. Here they are buffers that are never saved, and the hand model
    comes with the program, not with the weights.
    """

    template_m: Tensor
    shape_basis_m: Tensor
    pose_basis_m: Tensor
    joint_regressor: Tensor
    skinning_weights: Tensor
    parents: Tensor
    fingertips: Tensor

    def __init__(self, hand_model: HandModel) -> None:
        super().__init__()
        pose_basis = hand_model.pose_basis_m.reshape(-1, hand_model.pose_basis_m.shape[-1]).T
        self._keep("template_m", hand_model.template_m)
        self._keep("shape_basis_m", hand_model.shape_basis_m)
        self._keep("pose_basis_m", pose_basis)
        self._keep("joint_regressor", hand_model.joint_regressor)
        self._keep("skinning_weights", hand_model.skinning_weights)
        self._keep("parents", np.array(MANO_PARENTS), dtype=torch.long)
        self._keep("fingertips", hand_model.fingertip_vertices, dtype=torch.long)

    def _keep(self, name: str, array: np.ndarray, *, dtype: torch.dtype = torch.float32) -> None:
        self.register_buffer(name, torch.tensor(np.array(array), dtype=dtype), persistent=False)

    def forward(
        self,
        global_orient: Float[Tensor, "batch 3 3"],
        hand_pose: Float[Tensor, "batch 15 3 3"],
        betas: Float[Tensor, "batch 10"],
    ) -> tuple[Float[Tensor, "batch 778 3"], Float[Tensor, "batch 21 3"]]:
        """Vertices and joints in metres, MANO's origin (the hand turns about its wrist joint).

        Joints are in HO-3D's order: MANO's sixteen, then the fingertip vertices, thumb first.
        """
        rotations = torch.cat([global_orient[:, None], hand_pose], dim=1)
        vertices, joints = lbs(
            betas,
            rotations,
            self.template_m,
            self.shape_basis_m,
            self.pose_basis_m,
            self.joint_regressor,
            self.parents,
            self.skinning_weights,
            pose2rot=False,
        )
        return vertices, torch.cat([joints, vertices[:, self.fingertips]], dim=1)
