"""The torch layer against the numpy hand model."""

import numpy as np
import pytest
import torch

from core.geometry.rotation import matrix_from_axis_angle
from core.hand.hand_model import ManoParameters
from core.network.mano_layer import ManoLayer
from core.network.refinement import GraphConv, normalised_adjacency


def random_parameters(rng: np.random.Generator) -> ManoParameters:
    return ManoParameters(
        rng.normal(0, 1.5, 3), rng.normal(0, 0.5, 45), rng.normal(0, 1.5, 10), np.zeros(3)
    )


@pytest.mark.parametrize("seed", range(5))
def test_poses_as_the_numpy_hand_does(hand, seed):
    parameters = random_parameters(np.random.default_rng(seed))
    layer = ManoLayer(hand).double()
    orient = torch.tensor(matrix_from_axis_angle(parameters.global_orient_rad))[None]
    fingers = torch.tensor(matrix_from_axis_angle(parameters.hand_pose_rad.reshape(15, 3)))[None]
    vertices, joints = layer(orient, fingers, torch.tensor(parameters.betas)[None])
    mesh = hand.pose(parameters)
    wrist = joints[:, :1]
    np.testing.assert_allclose((vertices - wrist)[0] * 1000, mesh.vertices_mm, atol=1e-3)
    np.testing.assert_allclose((joints - wrist)[0] * 1000, mesh.joints_mm, atol=1e-3)


def test_the_hands_arrays_are_never_part_of_the_weights(hand):
    """A checkpoint must not carry a copy of a user's licensed MANO file."""
    assert not ManoLayer(hand).state_dict()


def test_adjacency_averages_over_the_mesh_edges(hand):
    dense = normalised_adjacency(hand.faces, 778).to_dense()
    torch.testing.assert_close(dense, dense.T)
    assert (dense.diagonal() > 0).all()
    edges = {
        frozenset(pair) for face in hand.faces for pair in zip(face, np.roll(face, 1), strict=True)
    }
    assert int((dense > 0).sum()) == 2 * len(edges) + 778
    first, second = next(iter(edges))
    assert dense[first, second] > 0
    # The symmetric normalisation keeps signals bounded through many layers.
    assert torch.linalg.eigvalsh(dense).abs().max() == pytest.approx(1.0, abs=1e-5)


def test_sparse_and_dense_adjacency_do_the_same(hand):
    """A CPU takes the sparse one, other devices the dense one."""
    adjacency = normalised_adjacency(hand.faces, 778)
    layer, vertices = GraphConv(8), torch.randn(3, 778, 8)
    torch.testing.assert_close(layer(vertices, adjacency), layer(vertices, adjacency.to_dense()))
