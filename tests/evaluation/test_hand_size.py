"""Hand size: a flat hand's measures, from its shape alone."""

from dataclasses import replace

import numpy as np
import pytest

from core.evaluation.hand_size import hand_size
from core.hand.hand_model import ManoParameters
from core.hand.mano_file import load_hand_model


@pytest.fixture(scope="module")
def hand_model():
    return load_hand_model(None)


def test_the_mean_hand_is_a_hand(hand_model):
    """Adult means by Garrett, "The adult human hand", 1971: length 172-197, breadth 77-90 mm."""
    size = hand_size(hand_model, np.zeros(10))
    assert 165 < size.length_mm < 200
    assert 75 < size.width_mm < 92
    assert 25 < size.thickness_mm < 38


def test_it_grows_with_the_hand(hand_model):
    larger = replace(hand_model, template_m=hand_model.template_m * 1.1)
    size, larger_size = hand_size(hand_model, np.zeros(10)), hand_size(larger, np.zeros(10))
    for name, value in vars(size).items():
        assert getattr(larger_size, name) == pytest.approx(1.1 * value)


def test_length_agrees_with_the_flat_hand_posed_and_turned(hand_model):
    """The farthest vertex along the hand, measured on a mesh that stands anywhere."""
    betas = np.array([1.5, -1.0, 0.5, 0, 0, 1, 0, 0, 0, 0])
    mesh = hand_model.pose(
        ManoParameters(np.array([0.4, -1.0, 2.0]), np.zeros(45), betas, np.array([9.0, 9, 500]))
    )
    along = mesh.joints_mm[4] - mesh.joints_mm[0]
    along /= np.linalg.norm(along)
    length = ((mesh.vertices_mm - mesh.joints_mm[0]) @ along).max()
    assert hand_size(hand_model, betas).length_mm == pytest.approx(length)


def test_the_thumb_is_not_part_of_the_width(hand_model):
    """Moving the thumb's skin far away changes nothing."""
    is_thumb = np.isin(hand_model.skinning_weights.argmax(1), (13, 14, 15))
    template = hand_model.template_m + np.where(is_thumb[:, None], (0, 0, 0.5), 0)
    # The regressor would move the joints along; they are not what this is about.
    moved = replace(
        hand_model,
        template_m=template,
        joint_regressor=hand_model.joint_regressor
        * ~is_thumb
        / (hand_model.joint_regressor * ~is_thumb).sum(1, keepdims=True).clip(1e-9),
    )
    still = replace(moved, template_m=hand_model.template_m)
    assert hand_size(moved, np.zeros(10)).width_mm == pytest.approx(
        hand_size(still, np.zeros(10)).width_mm
    )


def test_it_changes_smoothly_with_the_shape(hand_model):
    steps = [hand_size(hand_model, np.r_[b, np.zeros(9)]).width_mm for b in np.linspace(-2, 2, 81)]
    assert np.abs(np.diff(steps)).max() < 0.5


def test_a_shape_that_is_not_a_number_has_no_size(hand_model):
    assert np.isnan(hand_size(hand_model, np.full(10, np.nan)).length_mm)
