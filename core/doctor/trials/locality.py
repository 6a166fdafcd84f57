"""Whether a feature map's cells lie where the pixels are that they speak of."""

from dataclasses import dataclass, replace

import numpy as np
import torch

from core.doctor.lab import Lab
from core.doctor.subject import Sample
from core.doctor.trials.shared_work import answer_of, network

#: Squares of this many pixels are disturbed one at a time.
_PATCH_PX = 16
_PROBES = 24
_BATCH = 8
#: A stem's receptive field reaches into the next cell, and no further matters.
_NEAR_CELLS = 1.6
#: A change below this share of the map's own size is rounding: the map knows nothing of the image.
_FELT = 1e-5


@dataclass(frozen=True, kw_only=True, eq=False)
class Locality:
    """Where a feature map answers when a patch of the picture is disturbed.

    Attributes:
        patch_px: (N, 2) x, y of the patches' centres.
        answer_px: (N, 2) x, y of the centres of the cells that changed most, if the map lies over
            the crop as its axes say.
        right_share: Share of answers within a cell of their patch.
        layouts: The same share under wrong layouts of the tokens, by their name.
    """

    patch_px: np.ndarray
    answer_px: np.ndarray
    right_share: float
    layouts: dict[str, float]

    @property
    def distance_px(self) -> float:
        """Median distance of answer and patch."""
        return float(np.median(np.linalg.norm(self.answer_px - self.patch_px, axis=1)))


def measure_locality(lab: Lab) -> Locality | None:
    """Probe the fresh network; None where it has no feature map, or nothing moves in it."""
    sample = lab.subject.samples[0]
    module = network(lab)
    plain = answer_of(lab, module, [sample]).feature_map
    if plain is None or plain.ndim != 4 or min(plain.shape[2:]) < 4:
        return None
    generator = np.random.default_rng(lab.seed)
    rows, columns = (size // _PATCH_PX for size in sample.size_px)
    cells = generator.choice(rows * columns, min(_PROBES, rows * columns), replace=False)
    disturbed = [_disturbed(sample, *divmod(int(cell), columns), generator) for cell in cells]
    changes = []
    for begin in range(0, len(disturbed), _BATCH):
        changed = answer_of(lab, module, disturbed[begin : begin + _BATCH]).feature_map
        changes.append((changed - plain).detach().cpu().double().norm(dim=1))
        lab.tick(min(1.0, (begin + _BATCH) / len(disturbed)))
    change = torch.cat(changes).numpy()
    felt = _FELT * float(plain.double().norm(dim=1).max())
    if not np.isfinite(change).all() or not (change.max((1, 2)) > felt).all():
        return None
    strongest = change.reshape(len(change), -1).argmax(1)
    return _judged(cells, (rows, columns), strongest, change.shape[1:])


def _disturbed(sample: Sample, row: int, column: int, generator: np.random.Generator) -> Sample:
    image = sample.image.copy()
    rows = slice(row * _PATCH_PX, (row + 1) * _PATCH_PX)
    columns = slice(column * _PATCH_PX, (column + 1) * _PATCH_PX)
    image[:, rows, columns] += generator.normal(0, 1, (3, _PATCH_PX, _PATCH_PX)).astype(np.float32)
    return replace(sample, image=image)


def _judged(
    cells: np.ndarray, grid: tuple[int, int], strongest: np.ndarray, map_size: tuple[int, int]
) -> Locality:
    rows, columns = grid
    size = np.array([columns, rows]) * _PATCH_PX
    patch = np.stack([cells % columns, cells // columns], axis=1)
    patch_px = (patch + 0.5) * _PATCH_PX
    places = _places(map_size)
    cell_px = size / np.array(map_size[::-1])
    answer_px = (places["right"][strongest] + 0.5) * cell_px
    shares = {}
    for name, place in places.items():
        moved_px = (place[strongest] + 0.5) * size / _shape_of(place)
        near_px = _NEAR_CELLS * size / _shape_of(place)
        shares[name] = float((np.abs(moved_px - patch_px) <= near_px).all(1).mean())
    right = shares.pop("right")
    return Locality(patch_px=patch_px, answer_px=answer_px, right_share=right, layouts=shares)


def _places(map_size: tuple[int, int]) -> dict[str, np.ndarray]:
    """Column and row (cells, 2) that each cell of a flattened map really stands for, by layout."""
    rows, columns = map_size
    cell = np.arange(rows * columns)
    upright = np.stack([cell % columns, cell // columns], axis=1)
    # Laid out on a grid of the other width, and then transposed into the right shape.
    token = upright[:, 0] * rows + upright[:, 1]
    return {
        "right": upright,
        "other_width": np.stack([cell % rows, cell // rows], axis=1),
        "other_width_transposed": np.stack([token % columns, token // columns], axis=1),
        "column_by_column": np.stack([cell // rows, cell % rows], axis=1),
        "transposed": upright[:, ::-1],
        "mirrored_x": np.stack([columns - 1 - upright[:, 0], upright[:, 1]], axis=1),
        "mirrored_y": np.stack([upright[:, 0], rows - 1 - upright[:, 1]], axis=1),
    }


def _shape_of(places: np.ndarray) -> np.ndarray:
    return places.max(0) + 1
