"""What a UTNet returns."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from core.network.feature_maps import Heatmaps
from core.network.rotations import axis_angle_from_matrix


@dataclass(frozen=True)
class HandOutput:
    """One hand per sample, in the crop's camera axes (turned with the crop).

    Attributes:
        joints_mm: (B, 21, 3) in HO-3D's order, in camera space: the translation is included.
        vertices_mm: (B, 778, 3) likewise.
        keypoints_norm: (B, 21, 2) the joints projected, [-0.5, 0.5] over the crop.
        global_orient: (B, 3, 3) rotation of the whole hand about its wrist joint.
        hand_pose: (B, 15, 3, 3) rotations of the finger joints; the flat hand is the identity.
        betas: (B, 10).
        camera_sxy: (B, 3): s, and tx, ty in metres; see `core.network.camera`.
    """

    joints_mm: Float[Tensor, "batch 21 3"]
    vertices_mm: Float[Tensor, "batch 778 3"]
    keypoints_norm: Float[Tensor, "batch 21 2"]
    global_orient: Float[Tensor, "batch 3 3"]
    hand_pose: Float[Tensor, "batch 15 3 3"]
    betas: Float[Tensor, "batch 10"]
    camera_sxy: Float[Tensor, "batch 3"]

    @property
    def global_orient_rad(self) -> Float[Tensor, "batch 3"]:
        """Axis-angle of the whole hand."""
        return axis_angle_from_matrix(self.global_orient)

    @property
    def hand_pose_rad(self) -> Float[Tensor, "batch 45"]:
        """Axis-angle of the fifteen finger joints, side by side as MANO has them."""
        return axis_angle_from_matrix(self.hand_pose).flatten(1)


@dataclass(frozen=True)
class UTNetOutput:
    """Both stages and what training and diagnosis want beside them.

    Attributes:
        coarse: The hand decoded from the 18 tokens.
        final: The hand after the graph refinement: the prediction.
        auxiliary: Keypoints as the auxiliary head sees them; None outside training.
        used_depth: (B,) whether depth was used, or its placeholder.
        sampled_share: (B,) share of the coarse vertices that lie inside the crop and so saw
            features; near zero means that the refinement is blind.
    """

    coarse: HandOutput
    final: HandOutput
    auxiliary: Heatmaps | None
    used_depth: Tensor
    sampled_share: Float[Tensor, " batch"]
