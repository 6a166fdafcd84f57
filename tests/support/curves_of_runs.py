"""Runs with made-up curves, for the charts' tests and benchmarks."""

import numpy as np

from core.training.steps import StepColumns, columns_of
from utnet_viewer.training.charts.run_data import AxisMark, Curve, RunCurves, find_breaks

TERMS = ("keypoints_2d", "joints_3d", "vertices_3d", "rotations", "betas")
PARTS = ("backbone", "tokens", "upsampler", "refinement", "decoders")
WEIGHTS = (5.0, 2.0, 2.0, 1.0, 0.02)


def step_columns(count: int, *, seed: int = 0, terms=TERMS, clip_norm: float = 1.0) -> StepColumns:
    """A table of `count` steps, from step 1 on."""
    rng = np.random.default_rng(seed)
    step = np.arange(1, count + 1, dtype=float)
    names = columns_of(terms)
    values = np.full((len(names), count), 1.0)
    table = dict(zip(names, values, strict=True))
    pace = max(count, 100) / 6
    fall = 0.12 + 0.88 * np.exp(-step / pace)
    table["step"][:] = step
    table["epoch"][:] = np.floor(step / max(count / 14, 1))
    total = np.zeros(count)
    for position, term in enumerate(terms):
        size = 1.6 / (1 + 0.9 * position)
        noise = np.exp(0.16 * rng.normal(size=count))
        raw = size * (fall + 0.04 * np.sin(step / pace + position)) * noise
        table[f"raw/{term}"][:] = raw
        table[f"weighted/{term}"][:] = WEIGHTS[position % len(WEIGHTS)] * raw
        total += table[f"weighted/{term}"]
    table["loss"][:] = total
    norm = (0.6 + 5 * np.exp(-step / (pace / 3))) * np.exp(0.25 * rng.normal(size=count))
    norm[rng.random(count) < 0.002] *= 6
    table["gradient_norm"][:] = norm
    table["clipped"][:] = norm > clip_norm
    warm = np.minimum(step / max(count * 0.04, 1), 1)
    table["learning_rate"][:] = 3e-4 * warm * (0.5 + 0.5 * np.cos(np.pi * step / (4 * count)))
    return StepColumns(names, values)


def make_run(
    name: str = "s2-balanced-2", count: int = 2000, *, seed: int = 0, validations: int = 14, **more
) -> RunCurves:
    """A whole run; `more` replaces fields of it."""
    steps = step_columns(count, seed=seed)
    rng = np.random.default_rng(seed + 99)
    some = np.unique(np.linspace(1, max(count, 1), min(count, max(2, count // 50))).round())
    parts = np.exp(0.08 * np.cumsum(rng.normal(size=(len(TERMS), len(some))), axis=1) * 0.5)
    parts = parts * np.array([5.0, 4.0, 3.0, 1.0, 0.6])[:, None]
    parts /= parts.sum(0)
    ratios = np.exp(0.05 * np.cumsum(rng.normal(size=(len(PARTS), len(some))), axis=1))
    ratios *= np.array([3e-4, 8e-4, 1.6e-3, 2.6e-3, 6e-5])[:, None]
    at = np.linspace(count / max(validations, 1), count, validations).round()
    fall = 12 + 30 * np.exp(-np.arange(validations) / 3) + rng.normal(0, 0.4, validations) + seed
    curve = lambda x, y: Curve(x.astype(float), y)
    total = 4 * count
    grid = np.linspace(0, total, 400)
    fields = {
        "key": f"/runs/{name}",
        "name": name,
        "steps": steps,
        "breaks": find_breaks(steps.column("step"), []),
        "shares": {t: curve(some, p) for t, p in zip(TERMS, parts, strict=True)},
        "updates": {p: curve(some, r) for p, r in zip(PARTS, ratios, strict=True)},
        "validation": {
            "mpjpe_mm": curve(at, fall),
            "pa_mpjpe_mm": curve(at, 0.2 * fall + 5),
            "keypoint_error_px": curve(at, 0.45 * fall),
        },
        "baselines": {"mean_pose_mpjpe_mm": 38.0, "mean_hand_pa_mpjpe_mm": 13.9},
        "marks": tuple(AxisMark(int(step), "checkpoint", "checkpoint last") for step in at[::2]),
        "clip_norm": 1.0,
        "configured": Curve(grid, 3e-4 * (0.5 + 0.5 * np.cos(np.pi * grid / total))),
        "total_steps": total,
    }
    return RunCurves(**(fields | more))
