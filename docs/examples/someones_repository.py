"""A stand-in for somebody else's repository: its own sample format, network and training step.

Nothing of it knows this project. Hands are drawn as coloured discs and bones; the network is a
small convolutional one; labels are centimetres, as that repository likes them.
"""

import cv2
import numpy as np
import torch
from torch import nn

SIZE = 128  # square crops
FOCAL = 300.0
#: A flat right hand in centimetres: wrist, then index, middle, pinky, ring, thumb, then the tips.
REST_CM = np.array(
    [[0, 0, 0]]
    + [[x, -y, 0] for x, top in ((-2.4, 9.0), (-0.2, 9.4), (3.9, 7.8), (1.9, 8.9))
       for y in (top, top + 3.0, top + 5.2)]
    + [[-2.8, -2.6, 0], [-4.8, -5.0, 0], [-6.2, -7.0, 0]]
    + [[-7.2, -8.8, 0], [-2.4, -16.0, 0], [-0.2, -16.8, 0], [1.9, -16.0, 0], [3.9, -14.2, 0]]
)  # fmt: skip
INTRINSICS = np.array([[FOCAL, 0, SIZE / 2], [0, FOCAL, SIZE / 2], [0, 0, 1.0]])


class HandDataset(torch.utils.data.Dataset):
    """Each sample is a dict: img (3, S, S) in [-1, 1], xyz_cm (21, 3), uv (21, 2) in pixels."""

    def __init__(self, count: int = 40) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, number: int) -> dict:
        generator = np.random.default_rng(number)
        turn, _ = cv2.Rodrigues(generator.normal(0, 0.5, 3))
        centre = np.array([*generator.uniform(-2, 2, 2), generator.uniform(48, 60)])
        xyz_cm = (REST_CM - REST_CM.mean(0)) @ turn.T * generator.uniform(0.9, 1.1) + centre
        uv, _ = cv2.projectPoints(xyz_cm, np.zeros(3), np.zeros(3), INTRINSICS, None)
        return {"id": f"drawn/{number:03d}", "img": self.draw(uv[:, 0], generator),
                "xyz_cm": xyz_cm, "uv": uv[:, 0], "K": INTRINSICS}  # fmt: skip

    @staticmethod
    def draw(uv: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Discs in skin colours on a noisy ground."""
        image = generator.integers(40, 110, (SIZE, SIZE, 3)).astype(np.uint8)
        for number, (u, v) in enumerate(uv):
            colour = (230, 160 - 2 * number, 90 + 5 * number)
            cv2.circle(image, (round(float(u)), round(float(v))), 5, colour, -1, cv2.LINE_AA)
        return image.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1


class HandNet(nn.Module):
    """21 joints in centimetres, placed by a predicted distance, and their pixels."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in ((3, 16), (16, 32), (32, 64), (64, 64)):
            layers += [nn.Conv2d(before, after, 3, 2, 1), nn.GroupNorm(8, after), nn.ReLU()]
        self.features = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Linear(64 * 8 * 8, 256), nn.ReLU(), nn.Linear(256, 63 + 3))
        nn.init.normal_(self.head[-1].weight, std=0.01)
        nn.init.zeros_(self.head[-1].bias)
        rest = torch.tensor(REST_CM - REST_CM.mean(0), dtype=torch.float32)
        self.register_buffer("rest_cm", rest)

    def forward(self, img: torch.Tensor) -> dict:
        features = self.features(img)
        out = self.head(features.flatten(1))
        shape_cm = self.rest_cm + 10 * out[:, :63].unflatten(1, (21, 3))
        place_cm = torch.stack([10 * out[:, 63], 10 * out[:, 64], 54 + 20 * out[:, 65]], dim=1)
        xyz_cm = shape_cm + place_cm[:, None]
        uv = FOCAL * xyz_cm[..., :2] / xyz_cm[..., 2:].clamp(min=5) + SIZE / 2
        return {"xyz_cm": xyz_cm, "uv": uv, "features": features}


def losses(out: dict, xyz_cm: torch.Tensor, uv: torch.Tensor) -> dict:
    """Two L1 terms, each a mean; weights chosen so that both count."""
    relative = (out["xyz_cm"] - out["xyz_cm"][:, :1]) - (xyz_cm - xyz_cm[:, :1])
    return {"xyz": relative.abs().mean(), "uv": 0.1 * (out["uv"] - uv).abs().mean()}
