"""UTNet: one transformer over image, depth and hand tokens, from a crop to a MANO hand."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from core.conventions import (
    BETA_COUNT,
    IMAGE_MEAN,
    IMAGE_STD,
    JOINT_COUNT,
    MANO_JOINT_COUNT,
    MIDDLE_KNUCKLE,
)
from core.hand.hand_model import HandModel
from core.network import camera as crop_camera
from core.network.feature_maps import Heatmaps, KeypointHeatmaps, Upsampler, sample_maps
from core.network.inputs import NetworkInput
from core.network.keypoint_lift import KeypointLift
from core.network.mano_layer import ManoLayer
from core.network.mean_parameters import MeanParameters
from core.network.output import HandOutput, UTNetOutput
from core.network.refinement import GraphRefinement
from core.network.residual_stem import ResidualTokens
from core.network.rotations import CODE_SIZE, code_from_matrix, matrix_from_code
from core.network.tokens import QUERY_TOKEN_COUNT, ImageTokens, QueryTokens
from core.network.vit import VisionTransformer
from core.network_config import NetworkConfig

_PLACE_SIZE = 5


@dataclass(frozen=True)
class _Codes:
    """A hand as the network writes it down: pose codes (B, 16, C), betas (B, 10), camera (B, 3)."""

    pose: Tensor
    betas: Tensor
    camera_sxy: Tensor

    def moved(self, pose: Tensor, betas: Tensor, camera: Tensor) -> "_Codes":
        # Full precision, whatever autocast made of the residuals.
        return _Codes(
            self.pose + pose.to(self.pose.dtype),
            self.betas + betas.to(self.betas.dtype),
            crop_camera.move_camera(self.camera_sxy, camera.to(self.camera_sxy.dtype)),
        )


class UTNet(nn.Module):
    """The network. `forward` takes a `NetworkInput` and returns coarse and final hands."""

    mean_pose_code: Tensor
    mean_betas: Tensor
    mean_camera_sxy: Tensor
    image_mean: Tensor
    image_std: Tensor

    def __init__(
        self,
        config: NetworkConfig,
        hand_model: HandModel,
        *,
        mean: MeanParameters | None = None,
    ) -> None:
        super().__init__()
        self.config = config
        self.hand_model_name = hand_model.name
        preset = config.preset
        code_size = CODE_SIZE[config.rotation]
        map_widths = preset.map_widths[: config.num_scales]

        self.image_tokens = _image_tokens(config)
        self.query_tokens = QueryTokens(
            width=preset.width, code_size=code_size, place_size=_PLACE_SIZE
        )
        self.vit = VisionTransformer(
            width=preset.width,
            depth=preset.depth,
            heads=preset.heads,
            drop_path=config.drop_path,
            gradient_checkpointing=config.gradient_checkpointing,
        )
        self.decode_orient = _decoder(preset.width, code_size)
        self.decode_finger = _decoder(preset.width, code_size)
        self.decode_shape = _decoder(preset.width, BETA_COUNT)
        self.decode_camera = _decoder(preset.width, 3)
        self.keypoint_heatmaps = KeypointHeatmaps(preset.width, JOINT_COUNT)
        self.keypoint_lift = (
            KeypointLift(JOINT_COUNT, QUERY_TOKEN_COUNT, preset.width) if config.lift else None
        )
        self.upsampler = Upsampler(preset.width, map_widths)
        self.refinement = GraphRefinement(
            hand_model,
            sample_width=sum(map_widths),
            token_width=preset.width,
            graph_width=preset.graph_width,
            layers=config.graph_layers,
            code_size=code_size,
        )
        self.mano = ManoLayer(hand_model)
        self._keep_mean(mean or MeanParameters.of_hand(hand_model))
        self.register_buffer("image_mean", _per_channel(IMAGE_MEAN), persistent=False)
        self.register_buffer("image_std", _per_channel(IMAGE_STD), persistent=False)

    def _keep_mean(self, mean: MeanParameters) -> None:
        """The mean is part of the weights: residuals mean nothing without it."""
        pose = torch.tensor(np.array(mean.pose), dtype=torch.float64)
        code = code_from_matrix(pose, self.config.rotation).float()
        self.register_buffer("mean_pose_code", code)
        self.register_buffer("mean_betas", torch.tensor(np.array(mean.betas)).float())
        self.register_buffer("mean_camera_sxy", torch.tensor(np.array(mean.camera_sxy)).float())

    @property
    def sees_keypoints_early(self) -> bool:
        """Whether the keypoint maps are read off the stem's tokens, not the transformer's.

        A residual stem sees the whole crop by itself and learns sooner without the transformer in
        between; a stem of single patches cannot tell a joint at all.
        """
        return self.config.stem == "residual"

    def locate(self, inputs: NetworkInput) -> Heatmaps:
        """The keypoint maps alone, without transformer and hand: a third of the work.

        Raises:
            ValueError: This network's maps come after its transformer.
        """
        if not self.sees_keypoints_early:
            raise ValueError(f"a {self.config.stem} stem has no keypoint maps of its own")
        return self.keypoint_heatmaps(self._see(inputs, self._use_depth(inputs.has_depth)))

    def freeze_hand(self) -> None:
        """Keep all weights but those that `locate` uses as they are."""
        for name, parameter in self.named_parameters():
            parameter.requires_grad_(name.startswith(("image_tokens.", "keypoint_heatmaps.")))

    def forward(self, inputs: NetworkInput) -> UTNetOutput:
        """Predict a hand per sample; in training mode depth is dropped at random."""
        use_depth = self._use_depth(inputs.has_depth)
        start = self._start(inputs, use_depth)
        seen = self._see(inputs, use_depth)
        tokens = self.vit(torch.cat([self._ask(inputs, start, use_depth), seen], dim=1))
        query, image = tokens[:, :QUERY_TOKEN_COUNT], tokens[:, QUERY_TOKEN_COUNT:]
        heatmaps = None
        if self.training or self.keypoint_lift is not None:
            heatmaps = self.keypoint_heatmaps(seen if self.sees_keypoints_early else image)
        if self.keypoint_lift is not None:
            query = query + self.keypoint_lift(heatmaps, inputs, use_depth, image)
        coarse_codes = start.moved(*self._decode(query))
        coarse = self._hand(coarse_codes, inputs.intrinsics)

        samples, centred_m, share = self._look_again(coarse, inputs.intrinsics, image)
        residuals = self.refinement(samples, centred_m, query)
        final_codes = coarse_codes.moved(residuals.pose_code, residuals.betas, residuals.camera)
        return UTNetOutput(
            coarse=coarse,
            final=self._hand(final_codes, inputs.intrinsics),
            auxiliary=heatmaps if self.training else None,
            used_depth=use_depth,
            sampled_share=share,
        )

    def _use_depth(self, has_depth: Bool[Tensor, " batch"]) -> Bool[Tensor, " batch"]:
        if not self.config.depth:
            return torch.zeros_like(has_depth)
        if not self.training:
            return has_depth
        kept = torch.rand(has_depth.shape, device=has_depth.device) >= self.config.drop_depth
        return has_depth & kept

    def _start(self, inputs: NetworkInput, use_depth: Bool[Tensor, " batch"]) -> _Codes:
        """Mean parameters for every sample, at the reference depth where depth is used."""
        batch = len(inputs)
        scale = crop_camera.first_scale(
            self.mean_camera_sxy[0], inputs.intrinsics, inputs.reference_depth_mm, use_depth
        )
        offset = self.mean_camera_sxy[1:].expand(batch, 2)
        return _Codes(
            self.mean_pose_code.expand(batch, -1, -1),
            self.mean_betas.expand(batch, -1),
            torch.cat([scale[:, None], offset], dim=1),
        )

    def _see(self, inputs: NetworkInput, use_depth: Tensor) -> Float[Tensor, "batch 192 width"]:
        """The stem's tokens of picture and depth."""
        pixels = inputs.image.to(self.image_mean.dtype) / 255
        pixels = (pixels - self.image_mean) / self.image_std
        return self.image_tokens(pixels, inputs.depth.to(pixels.dtype), use_depth)

    def _ask(self, inputs: NetworkInput, start: _Codes, use_depth: Tensor) -> Tensor:
        """The 18 tokens of the hand before the transformer."""
        place = crop_camera.crop_place(
            self._view_intrinsics(inputs.intrinsics), inputs.reference_depth_mm, use_depth
        )
        return self.query_tokens(start.pose, start.camera_sxy, place)

    def _view_intrinsics(self, intrinsics: Float[Tensor, "batch 3 3"]) -> Tensor:
        """The camera that keypoints are projected with, by configuration."""
        if self.config.camera == "virtual":
            return crop_camera.virtual_intrinsics(len(intrinsics), intrinsics)
        return intrinsics

    def _decode(self, query: Float[Tensor, "batch 18 width"]) -> tuple[Tensor, Tensor, Tensor]:
        """Raw residuals of pose codes, betas and camera from the 18 tokens."""
        orient = self.decode_orient(query[:, :1])
        fingers = self.decode_finger(query[:, 1:MANO_JOINT_COUNT])
        pose = torch.cat([orient, fingers], dim=1)
        return pose, self.decode_shape(query[:, -2]), self.decode_camera(query[:, -1])

    def _hand(self, codes: _Codes, intrinsics: Float[Tensor, "batch 3 3"]) -> HandOutput:
        """Decode MANO, centre it on the middle knuckle, place it, project it; full precision.

        Centred on the wrist instead, the translation would have to follow every change of the
        pose; measured, that alone keeps a network from learning the 2D position.
        """
        with torch.autocast(intrinsics.device.type, enabled=False):
            rotations = matrix_from_code(codes.pose, self.config.rotation)
            orient, fingers = rotations[:, 0], rotations[:, 1:]
            vertices, joints = self.mano(orient, fingers, codes.betas)
            centre = joints[:, MIDDLE_KNUCKLE, None]
            place = crop_camera.translation_m(codes.camera_sxy, intrinsics)[:, None]
            view = self._view_intrinsics(intrinsics)
            view_place = crop_camera.translation_m(codes.camera_sxy, view)[:, None]
            return HandOutput(
                joints_mm=(joints - centre + place) * 1000,
                vertices_mm=(vertices - centre + place) * 1000,
                keypoints_norm=crop_camera.project_norm(joints - centre + view_place, view),
                global_orient=orient,
                hand_pose=fingers,
                betas=codes.betas,
                camera_sxy=codes.camera_sxy,
            )

    def _look_again(
        self,
        coarse: HandOutput,
        intrinsics: Float[Tensor, "batch 3 3"],
        image_tokens: Float[Tensor, "batch 192 width"],
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Map samples at the coarse vertices, those vertices about their centre, share inside.

        The coarse vertices are taken as given (no gradient): where to look is the coarse hand's
        own task, and the slope of a feature map is a noisy teacher for it.
        """
        centre = coarse.joints_mm[:, MIDDLE_KNUCKLE, None].detach()
        centred_m = (coarse.vertices_mm.detach() - centre) / 1000
        view = self._view_intrinsics(intrinsics)
        place = crop_camera.translation_m(coarse.camera_sxy.detach(), view)[:, None]
        points_norm = crop_camera.project_norm(centred_m + place, view)
        inside = (points_norm.abs() <= 0.5).all(dim=-1)
        samples = sample_maps(self.upsampler(image_tokens), points_norm)
        return samples, centred_m, inside.to(points_norm.dtype).mean(dim=1)


def _image_tokens(config: NetworkConfig) -> ImageTokens | ResidualTokens:
    width = config.preset.width
    if config.stem == "residual":
        return ResidualTokens(width=width, depth=config.depth)
    return ImageTokens(stem=config.stem, width=width, depth=config.depth)


def _decoder(width: int, outputs: int) -> nn.Linear:
    decoder = nn.Linear(width, outputs)
    # Start near the mean: small, not zero, so that gradients reach the tokens at once.
    nn.init.xavier_uniform_(decoder.weight, gain=0.01)
    nn.init.zeros_(decoder.bias)
    return decoder


def _per_channel(values: tuple[float, ...]) -> Tensor:
    return torch.tensor(values)[:, None, None]
