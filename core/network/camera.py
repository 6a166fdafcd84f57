"""The crop's camera (s, tx, ty): from what the network says to millimetres and pixels.

One formula serves both of UTNet's cameras. With the crop's intrinsics K', its height H = 256 px
and f' = K'[0, 0]::

    tz = 2 f' / (H s)            metres
    d  = K'^-1 [W/2, H/2, 1]     the ray through the crop's centre
    t  = tz d + (tx, ty, 0)      metres, where the middle knuckle is

For K' = [[5000, 0, 96], [0, 5000, 128], [0, 0, 1]] the ray is the optical axis, and t is UTNet's
published (tx, ty, 2 f / (H s)). For the intrinsics of a box of height b px at (bx, by) in the
photo, f' = fx H / b, so t is the published way back to the photo's camera: tz = 2 fx / (b s),
tx + (bx - cx) tz / fx, likewise y. See docs/adr/0003-camera.md.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from core.conventions import CROP_SIZE_PX, VIRTUAL_FOCAL_PX

_HEIGHT, _WIDTH = CROP_SIZE_PX

#: Scale of a typical crop: s = 2 f' / (H tz) is 2 / (the crop's height in metres at the hand), and
#: that is 1.3 times the joints' extent. Measured over 600 random hands: median 10.1.
TYPICAL_SCALE = 2 / (1.3 * 0.152)

#: Nearer than this is not projected further: 1 / z stays bounded for a hand behind the camera.
_NEAREST_M = 0.02

#: What one unit of the network's raw camera output means. Over the same hands log s spreads by 0.21
#: and tx, ty by 0.023 m, so a step of the optimiser is a sensible step in all three.
_LOG_SCALE_UNIT = 0.25
_OFFSET_UNIT_M = 0.05


def virtual_intrinsics(batch: int, like: Tensor) -> Float[Tensor, "batch 3 3"]:
    """UTNet's published crop camera: 5000 px, principal point (96, 128)."""
    matrix = torch.tensor(
        [
            [VIRTUAL_FOCAL_PX, 0.0, _WIDTH / 2],
            [0.0, VIRTUAL_FOCAL_PX, _HEIGHT / 2],
            [0.0, 0.0, 1.0],
        ],
        device=like.device,
        dtype=like.dtype,
    )
    return matrix.expand(batch, 3, 3)


def central_ray(intrinsics: Float[Tensor, "batch 3 3"]) -> Float[Tensor, "batch 3"]:
    """The direction (x / z, y / z, 1) seen at the crop's centre."""
    # The last row is (0, 0, 1), so a 2×2 system is left; a turned crop's is not triangular.
    (a, b), (c, d) = (row.unbind(-1) for row in intrinsics[:, :2, :2].unbind(1))
    x, y = _WIDTH / 2 - intrinsics[:, 0, 2], _HEIGHT / 2 - intrinsics[:, 1, 2]
    determinant = a * d - b * c
    ray = [(d * x - b * y) / determinant, (a * y - c * x) / determinant]
    return torch.stack([*ray, torch.ones_like(x)], dim=1)


def translation_m(
    camera_sxy: Float[Tensor, "batch 3"], intrinsics: Float[Tensor, "batch 3 3"]
) -> Float[Tensor, "batch 3"]:
    """Place of the hand's centre in camera axes, metres, from (s, tx, ty); see the module."""
    scale, offset_m = camera_sxy[:, 0], camera_sxy[:, 1:]
    distance_m = 2 * intrinsics[:, 0, 0] / (_HEIGHT * scale)
    place = distance_m[:, None] * central_ray(intrinsics)
    return torch.cat([place[:, :2] + offset_m, place[:, 2:]], dim=1)


def camera_from_translation(
    centre_m: Float[Tensor, "batch 3"], intrinsics: Float[Tensor, "batch 3 3"]
) -> Float[Tensor, "batch 3"]:
    """(s, tx, ty) that places the hand's centre at `centre_m`: the inverse of `translation_m`."""
    scale = 2 * intrinsics[:, 0, 0] / (_HEIGHT * centre_m[:, 2])
    offset_m = centre_m[:, :2] - centre_m[:, 2:] * central_ray(intrinsics)[:, :2]
    return torch.cat([scale[:, None], offset_m], dim=1)


def project_norm(
    points_m: Float[Tensor, "batch points 3"], intrinsics: Float[Tensor, "batch 3 3"]
) -> Float[Tensor, "batch points 2"]:
    """Project camera-axes points to the crop's normalised coordinates, [-0.5, 0.5] inside.

    Points nearer than 2 cm, or behind the camera, are projected as if at 2 cm: what a network
    says early in training stays finite and keeps a gradient sideways. Under autocast too this is
    computed in full precision: bfloat16 would round by several pixels.
    """
    with torch.autocast(points_m.device.type, enabled=False):
        homogeneous = points_m @ intrinsics.transpose(1, 2)
    pixels = homogeneous[..., :2] / homogeneous[..., 2:].clamp(min=_NEAREST_M)
    size = torch.tensor([_WIDTH, _HEIGHT], device=pixels.device, dtype=pixels.dtype)
    return pixels / size - 0.5


def first_scale(
    mean_scale: Float[Tensor, ""],
    intrinsics: Float[Tensor, "batch 3 3"],
    reference_depth_mm: Float[Tensor, " batch"],
    use_depth: Bool[Tensor, " batch"],
) -> Float[Tensor, " batch"]:
    """Scale before the network has said anything: at the reference depth, else the mean scale."""
    reference_m = reference_depth_mm.clamp(min=1.0) / 1000
    return torch.where(use_depth, 2 * intrinsics[:, 0, 0] / (_HEIGHT * reference_m), mean_scale)


def move_camera(
    camera_sxy: Float[Tensor, "batch 3"], residual: Float[Tensor, "batch 3"]
) -> Float[Tensor, "batch 3"]:
    """Apply a raw output: the scale by a positive factor, the offsets by adding."""
    scale = camera_sxy[:, :1] * torch.exp(_LOG_SCALE_UNIT * residual[:, :1].clamp(-12, 12))
    return torch.cat([scale, camera_sxy[:, 1:] + _OFFSET_UNIT_M * residual[:, 1:]], dim=1)


def crop_place(
    intrinsics: Float[Tensor, "batch 3 3"],
    reference_depth_mm: Float[Tensor, " batch"],
    use_depth: Bool[Tensor, " batch"],
) -> Float[Tensor, "batch 5"]:
    """What a crop alone does not show: where in the camera it was cut, and how far away.

    The same picture at the image's edge is a hand turned by the angle of the ray (CLIFF, Li et
    al. 2022). Ray, half the crop's angle of view and distance, each scaled to about one.
    """
    ray = central_ray(intrinsics)
    half_view = _HEIGHT / (2 * intrinsics[:, 0, 0])
    known = use_depth.to(intrinsics.dtype)
    distance_m = reference_depth_mm.to(intrinsics.dtype) / 1000 * known
    return torch.stack([4 * ray[:, 0], 4 * ray[:, 1], 8 * half_view, 2 * distance_m, known], dim=1)
