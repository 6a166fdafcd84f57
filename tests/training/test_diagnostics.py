"""Gradient shares and update ratios, against what they are defined to be."""

import copy

import pytest
import torch
from support_training import batch_of, labelled_frame, loss_of, small_network

from core.network.utnet import UTNet
from core.training.diagnostics import PARTS, UpdateRatios, gradient_norms, parts_of, shares
from core.training.losses import LabelCounts


@pytest.fixture(scope="module")
def batch():
    return batch_of([labelled_frame(0), labelled_frame(1)])


class Replaced(torch.nn.Module):
    """Stands in for the transformer and gives tokens that are a parameter of their own."""

    def __init__(self, tokens):
        super().__init__()
        self.tokens = torch.nn.Parameter(tokens)

    def forward(self, _):
        return self.tokens


def brute_force(network: UTNet, batch, name: str) -> float:
    """The term's gradient on the tokens, with the tokens as leaves and one backward pass."""
    captured = []
    hook = network.vit.register_forward_hook(lambda _, __, tokens: captured.append(tokens))
    network(batch.inputs)
    hook.remove()
    twin = copy.deepcopy(network)
    twin.vit = Replaced(captured[0].detach())
    loss = loss_of(twin)
    raw = loss.raw_terms(twin(batch.inputs), batch.targets, LabelCounts.of(batch.targets))
    (getattr(loss.weights, name) * raw[name]).backward()
    return float(twin.vit.tokens.grad.norm())


def test_norms_are_those_of_one_backward_pass_per_term(batch):
    network = small_network()
    norms = gradient_norms(network, loss_of(network), batch)
    for name in ("keypoints_2d", "joints_3d", "rotations", "coarse", "heatmaps"):
        assert norms[name] == pytest.approx(brute_force(network, batch, name), rel=1e-4), name


def test_keypoint_maps_before_the_transformer_are_measured_too(batch):
    network = small_network(stem="residual", lift=True)
    norms = gradient_norms(network, loss_of(network), batch)
    assert norms["auxiliary"] > 0 and norms["heatmaps"] > 0 and norms["joints_3d"] > 0
    captured = []
    hook = network.image_tokens.register_forward_hook(lambda _, __, t: captured.append(t))
    output = network(batch.inputs)
    hook.remove()
    captured[0].retain_grad()
    loss = loss_of(network)
    raw = loss.raw_terms(output, batch.targets, LabelCounts.of(batch.targets))
    (loss.weights.heatmaps * raw["heatmaps"]).backward()
    assert norms["heatmaps"] == pytest.approx(float(captured[0].grad.norm()), rel=1e-4)


def test_terms_without_weight_have_no_share(batch):
    network = small_network()
    loss = loss_of(network, prior_pose=0.0, vertices_3d=0.0, heatmaps=0.0)
    assert (
        not {"prior_pose", "vertices_3d", "heatmaps"} & gradient_norms(network, loss, batch).keys()
    )


def test_measuring_changes_neither_gradients_nor_random_numbers(batch):
    network = small_network(drop_depth=0.5)
    before = torch.get_rng_state()
    gradient_norms(network, loss_of(network), batch)
    assert torch.equal(before, torch.get_rng_state())
    assert all(p.grad is None for p in network.parameters())


def test_shares_add_up_to_one_and_survive_nothing():
    assert shares({"a": 3.0, "b": 1.0}) == {"a": 0.75, "b": 0.25}
    assert shares({"a": 0.0}) == {"a": 0.0}


def test_update_ratios_tell_how_far_each_part_moved():
    network = small_network()
    updates = UpdateRatios(parts_of(network))
    with updates.measuring(), torch.no_grad():
        for parameter in network.vit.parameters():
            parameter.mul_(1.01)
        network.decode_shape.weight.add_(0.5)
    assert updates.ratios["backbone"] == pytest.approx(0.01, rel=1e-3)
    assert updates.ratios["decoders"] > 0.01
    for part in ("tokens", "upsampler", "refinement"):
        assert updates.ratios[part] == 0


def test_every_parameter_belongs_to_exactly_one_part():
    network = small_network(lift=True)
    modules = [module for names in PARTS.values() for module in names]
    assert sorted(modules) == sorted({name.split(".")[0] for name, _ in network.named_parameters()})
