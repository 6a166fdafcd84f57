"""What makes one run's configuration another than a second one's, short enough for a table."""

from collections.abc import Sequence

from core.training.config import Difference, TrainingConfig, differences
from core.training.config_fields import Scalar
from utnet_viewer.numbers import MISSING
from utnet_viewer.training.draft import NAME
from utnet_viewer.training.field_text import show_value

#: Short names where a key's last part would be long or would not be understood alone.
_SHORT = {
    "loss.keypoints_2d": "kp 2D",
    "loss.joints_3d": "joints 3D",
    "loss.vertices_3d": "vertices",
    "loss.coarse": "coarse loss",
    "optimisation.learning_rate": "lr",
    "optimisation.final_learning_rate_share": "final lr",
    "optimisation.batch_size": "batch",
    "optimisation.warmup_steps": "warm-up",
    "optimisation.ema_decay": "EMA",
    "augmentation.enabled": "augmentation",
    "augmentation.rotation_degrees": "rotation",
    "augmentation.depth_noise_mm": "depth noise",
    "run.start_from": "starts from",
    "data.hand_model": "hand",
}

#: What changes how long or where a run goes on, not what it learns, comes last.
_LAST = ("run.", "data.workers", "data.in_memory", "optimisation.compile")


def difference_text(config: TrainingConfig, baseline: TrainingConfig) -> str:
    """``kp 3D ×5 · clip norm off``; a dash where nothing differs but the name."""
    found = [d for d in differences(config, baseline) if d.key != NAME]
    found.sort(key=lambda d: d.key.startswith(_LAST))
    return " · ".join(short_difference(d) for d in found) or MISSING


def difference_lines(found: Sequence[Difference]) -> str:
    """One line a key, in full, for a tool tip."""
    lines = [
        f"{d.key}: {show_value(d.baseline) or 'empty'} → {show_value(d.value) or 'empty'}"
        for d in found
        if d.key != NAME
    ]
    return "\n".join(lines) or "The same configuration"


def short_difference(difference: Difference) -> str:
    """``lr 3e-4 → 1e-3``, ``vertices ×4``, ``clip norm off``, ``compile on``."""
    key, value, before = difference.key, difference.value, difference.baseline
    name = _SHORT.get(key, key.rpartition(".")[2].replace("_", " "))
    if isinstance(value, bool):
        return f"{name} {'on' if value else 'off'}"
    if value in (0, "", None) and before not in (0, "", None):
        return f"{name} off" if value == 0 else f"{name} none"
    if key.startswith("loss.") and (factor := _factor(value, before)):
        return f"{name} {factor}"
    if before in ("", None):
        return f"{name} {_tail(value)}"
    return f"{name} {_tail(before)} → {_tail(value)}"


def _factor(value: Scalar, before: Scalar) -> str:
    """``×4`` or ``÷4`` where it is a whole factor, else ""."""
    if not isinstance(value, float) or not isinstance(before, float) or not value or not before:
        return ""
    for sign, ratio in (("×", value / before), ("÷", before / value)):
        if ratio > 1.5 and abs(ratio - round(ratio)) < 1e-6:
            return f"{sign}{round(ratio)}"
    return ""


def _tail(value: Scalar) -> str:
    """A path by its last part."""
    text = show_value(value)
    return text.replace("\\", "/").rstrip("/").rpartition("/")[2] if "/" in text else text
