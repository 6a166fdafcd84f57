"""How a run's configuration is told apart from another's."""

import pytest

from core.training.config import with_values
from core.training.presets import preset
from utnet_viewer.numbers import MISSING
from utnet_viewer.training.difference_text import difference_text

DEMO = preset("demo")


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({}, MISSING),
        ({"name": "other"}, MISSING),
        ({"loss.joints_3d": DEMO.loss.joints_3d * 5}, "joints 3D ×5"),
        ({"loss.joints_3d": DEMO.loss.joints_3d / 4}, "joints 3D ÷4"),
        ({"loss.joints_3d": 0.0}, "joints 3D off"),
        ({"optimisation.learning_rate": 1e-3}, "lr 6e-4 → 1e-3"),
        ({"optimisation.clip_norm": 0.0}, "clip norm off"),
        ({"augmentation.enabled": False}, "augmentation off"),
        ({"optimisation.compile": True}, "compile on"),
        ({"data.dataset": "/data/HO3D_v3"}, "dataset demo → HO3D_v3"),
        ({"network.size": "small"}, "size tiny → small"),
    ],
)
def test_one_difference_is_short(values, text):
    base = with_values(DEMO, {"optimisation.learning_rate": 6e-4}, source="test")
    assert difference_text(with_values(base, values, source="test"), base) == text


def test_what_is_learned_comes_before_how_long():
    other = with_values(DEMO, {"run.steps": 900, "loss.wrist": 0.0}, source="test")
    assert difference_text(other, DEMO) == f"wrist off · steps {DEMO.run.steps} → 900"
