"""A run as the doctor reads it: curves of its steps, its validations, what it was told to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, kw_only=True, eq=False)
class RunRecord:
    """What a finished, stopped or running run wrote down.

    Attributes:
        name: Of the run.
        step: (N,) optimiser steps, increasing.
        loss: (N,).
        gradient_norm: (N,) before clipping.
        clipped: (N,) 0 or 1.
        learning_rate: (N,) applied.
        weighted: (N,) by term.
        validation_step: (M,).
        metrics: (M,) by name: "mpjpe_mm", "pa_mpjpe_mm", ….
        baselines: What constants score: "mean_pose_mpjpe_mm", "mean_hand_pa_mpjpe_mm".
        validated_frames: (M,) how many frames each validation measured.
        shares: Each term's share of the gradient, by term, last measured.
        update_ratios: By part, (step, ratio) pairs.
        configured_rate: (N,) what the configuration says the learning rate was; None unknown.
        clip_norm: The configured limit of the gradient's norm; 0 never clips, NaN unknown.
        weights: Configured weights of the loss terms; empty where unknown.
        error: Code of the error that ended it, or "".
    """

    name: str
    step: np.ndarray
    loss: np.ndarray
    gradient_norm: np.ndarray
    clipped: np.ndarray
    learning_rate: np.ndarray
    weighted: Mapping[str, np.ndarray] = field(default_factory=dict)
    validation_step: np.ndarray = field(default_factory=lambda: np.empty(0))
    metrics: Mapping[str, np.ndarray] = field(default_factory=dict)
    baselines: Mapping[str, float] = field(default_factory=dict)
    validated_frames: np.ndarray = field(default_factory=lambda: np.empty(0))
    shares: Mapping[str, float] = field(default_factory=dict)
    update_ratios: Mapping[str, np.ndarray] = field(default_factory=dict)
    configured_rate: np.ndarray | None = None
    clip_norm: float = float("nan")
    weights: Mapping[str, float] = field(default_factory=dict)
    error: str = ""
