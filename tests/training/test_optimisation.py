"""Schedule, groups, average, accumulation, clipping: each does what its setting says."""

import copy
import math
from itertools import pairwise

import pytest
import torch
from lightning_fabric import Fabric
from support_training import batch_of, labelled_frame, loss_of, small_network

from core.training.config import OptimisationConfig
from core.training.optimiser import WeightAverage, layer_of, make_optimiser, parameter_groups
from core.training.schedule import learning_rate
from core.training.step import Stepper


def optimisation(**values) -> OptimisationConfig:
    return OptimisationConfig(**{"batch_size": 4, "warmup_steps": 0} | values)


def stepper_of(network, **values) -> Stepper:
    fabric = Fabric(accelerator="cpu", devices=1)
    config = optimisation(**values)
    average = WeightAverage(network, copy.deepcopy(network), config.ema_decay)
    return Stepper(
        fabric, network, make_optimiser(network, config), average, loss_of(network), config
    )


def take_step(stepper: Stepper, batches, *, rate=1e-3):
    report = stepper.compute(iter(batches), learning_rate=rate, flags=[0.0] * 5)
    stepper.update(rate, measure=False)
    return report


def test_the_learning_rate_rises_evenly_then_follows_half_a_cosine():
    config = optimisation(
        learning_rate=2e-3, warmup_steps=10, final_learning_rate_share=0.1, schedule="cosine"
    )
    rates = [learning_rate(step, 110, config) for step in range(110)]
    assert rates[0] == pytest.approx(2e-4) and rates[9] == pytest.approx(2e-3)
    assert rates[4] == pytest.approx(1e-3)
    assert rates[59] == pytest.approx(2e-3 * (0.1 + 0.9 * 0.5))  # half of the way
    assert rates[109] == pytest.approx(2e-4)
    assert all(a > b for a, b in pairwise(rates[9:]))


def test_a_constant_learning_rate_stays_after_its_warm_up():
    config = optimisation(learning_rate=1e-3, warmup_steps=4, schedule="constant")
    rates = [learning_rate(step, 50, config) for step in range(50)]
    assert rates[:4] == pytest.approx([2.5e-4, 5e-4, 7.5e-4, 1e-3])
    assert set(rates[4:]) == {1e-3}


def test_biases_norms_and_embeddings_are_not_decayed():
    network = small_network()
    groups = parameter_groups(network, optimisation(weight_decay=0.3))
    decay = {id(p): group["weight_decay"] for group in groups for p in group["params"]}
    assert len(decay) == sum(1 for _ in network.parameters())
    for name, parameter in network.named_parameters():
        is_plain = parameter.ndim < 2 or name.endswith(
            ("pos_embed", "learned", "depth_placeholder")
        )
        assert decay[id(parameter)] == (0.0 if is_plain else 0.3), name


def test_lower_layers_learn_at_a_share_of_the_ones_above():
    network = small_network(blocks=3)
    groups = parameter_groups(network, optimisation(layer_decay=0.5))
    share = {id(p): group["lr_share"] for group in groups for p in group["params"]}
    of = lambda name: share[id(network.get_parameter(name))]
    assert of("refinement.embed.weight") == of("decode_shape.weight") == 1
    assert of("vit.last_norm.weight") == 1
    assert of("vit.blocks.2.mlp.fc1.weight") == 0.5
    assert of("vit.blocks.0.norm1.bias") == 0.125
    assert of("image_tokens.pos_embed") == of("query_tokens.pose.weight") == 0.0625
    assert layer_of("vit.blocks.11.attn.qkv.weight", 13) == 12


def test_the_logged_rate_is_the_one_that_moves_the_weights():
    """AdamW's first step is the rate itself in every entry, whatever the gradient's size."""
    network = small_network(blocks=2)
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    stepper = stepper_of(network, weight_decay=0.0, layer_decay=0.5, clip_norm=0.0)
    report = take_step(stepper, [batch_of([labelled_frame(0), labelled_frame(1)])], rate=3e-4)
    assert report.learning_rate == 3e-4
    moved = lambda name: (network.get_parameter(name) - before[name]).abs().max().item()
    assert moved("decode_orient.weight") == pytest.approx(3e-4, rel=1e-2)
    assert moved("vit.blocks.0.mlp.fc1.weight") == pytest.approx(3e-4 * 0.25, rel=1e-2)


def test_two_accumulated_batches_are_one_of_twice_the_size():
    """Also where the two halves are not labelled alike."""
    frames = [labelled_frame(seed) for seed in range(4)]
    halves = [batch_of(frames[:2]), batch_of(frames[2:])]
    whole = batch_of(frames)
    for batch, rows in ((halves[0], [0, 1]), (whole, [0, 1])):
        batch.targets.has_mano[rows[0]] = 0
        batch.targets.keypoint_weights[rows[1], 4:] = 0
    networks = [small_network(), small_network()]
    accumulated = stepper_of(networks[0], accumulate=2)
    at_once = stepper_of(networks[1])
    first, second = take_step(accumulated, halves), take_step(at_once, [whole])
    for name, value in first.raw.items():
        assert value == pytest.approx(second.raw[name], rel=1e-4, abs=1e-6), name
    assert first.gradient_norm == pytest.approx(second.gradient_norm, rel=1e-4)
    assert first.samples == second.samples == 4


def test_the_gradient_is_shortened_to_the_limit_and_its_norm_before_is_told():
    network = small_network()
    stepper = stepper_of(network, clip_norm=0.05)
    report = stepper.compute(iter([batch_of([labelled_frame()])]), learning_rate=1e-3, flags=[])
    norm = math.sqrt(sum(p.grad.square().sum().item() for p in network.parameters()))
    assert report.clipped and report.gradient_norm > 1
    assert norm == pytest.approx(0.05, rel=1e-3)
    free = stepper_of(small_network(), clip_norm=0.0)
    unclipped = free.compute(iter([batch_of([labelled_frame()])]), learning_rate=1e-3, flags=[])
    assert not unclipped.clipped
    assert unclipped.gradient_norm == pytest.approx(report.gradient_norm, rel=1e-4)


def test_the_average_forgets_its_random_start_and_then_has_its_own_memory():
    network = torch.nn.Linear(1, 1)
    average = WeightAverage(network, copy.deepcopy(network), decay=0.9)
    with torch.no_grad():
        network.weight.fill_(100.0)
    average.update()
    assert average.average.weight.item() == 100.0
    with torch.no_grad():
        network.weight.fill_(1.0)
    for _ in range(300):
        average.update()
    assert average.average.weight.item() == pytest.approx(1.0, abs=1e-4)
    with torch.no_grad():
        network.weight.fill_(2.0)
    average.update()
    assert average.average.weight.item() == pytest.approx(1.1, abs=1e-3)


def test_without_decay_the_average_is_the_weights():
    network = torch.nn.Linear(2, 2)
    average = WeightAverage(network, copy.deepcopy(network), decay=0.0)
    for value in (1.0, 2.0, 3.0):
        with torch.no_grad():
            network.weight.fill_(value)
        average.update()
        assert torch.equal(average.average.weight, network.weight)


def test_a_dozen_steps_lower_the_loss():
    stepper = stepper_of(small_network(), learning_rate=1e-3)
    batch = batch_of([labelled_frame(seed) for seed in range(4)])
    losses = [take_step(stepper, [batch]).loss for _ in range(12)]
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_every_parameter_gets_a_gradient_also_where_terms_weigh_nothing(precision):
    """Training on several devices waits for all of them."""
    network = small_network()
    fabric = Fabric(accelerator="cpu", devices=1, precision=precision)
    config = optimisation(precision=precision)
    zero = {"auxiliary": 0.0, "heatmaps": 0.0, "coarse": 0.0, "vertices_3d": 0.0}
    stepper = Stepper(
        fabric,
        network,
        make_optimiser(network, config),
        WeightAverage(network, copy.deepcopy(network), 0.9),
        loss_of(network, **zero),
        config,
    )
    stepper.compute(iter([batch_of([labelled_frame()])]), learning_rate=1e-3, flags=[])
    without = [name for name, p in network.named_parameters() if p.grad is None]
    assert without == []


#: No weight on any term of the hand.
MAPS_ALONE = dict.fromkeys(("keypoints_2d", "joints_3d", "wrist", "rotations", "betas"), 0.0)


def test_maps_alone_are_trained_without_the_hand():
    network = small_network(stem="residual", lift=True)
    config = optimisation(learning_rate=1e-3)
    loss = loss_of(network, **MAPS_ALONE)
    assert loss.of_maps_alone
    network.freeze_hand()
    stepper = Stepper(
        Fabric(accelerator="cpu", devices=1),
        network,
        make_optimiser(network, config),
        WeightAverage(network, copy.deepcopy(network), 0.9),
        loss,
        config,
    )
    network.vit.register_forward_hook(lambda *_: pytest.fail("the transformer was asked"))
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    batch = batch_of([labelled_frame(seed) for seed in range(4)])
    reports = [take_step(stepper, [batch]) for _ in range(12)]
    assert reports[-1].loss < 0.9 * reports[0].loss
    assert reports[0].raw["heatmaps"] > 0 == reports[0].raw["joints_3d"]
    moved = {
        name.partition(".")[0]
        for name, p in network.named_parameters()
        if not torch.equal(p, before[name])
    }
    assert moved == {"image_tokens", "keypoint_heatmaps"}


def test_maps_after_the_transformer_need_the_whole_network():
    assert not loss_of(small_network(stem="conv"), **MAPS_ALONE).of_maps_alone
    assert not loss_of(small_network(stem="residual")).of_maps_alone


def test_trading_time_for_memory_changes_no_gradient():
    """Also where layers are dropped at random, which the second pass has to repeat."""
    reports = []
    for checkpointing in (True, False):
        network = small_network(
            drop_path=0.5, blocks=2, drop_depth=0.5, gradient_checkpointing=checkpointing
        )
        torch.manual_seed(4)
        stepper = stepper_of(network)
        batch = batch_of([labelled_frame(0), labelled_frame(1)])
        reports.append(stepper.compute(iter([batch]), learning_rate=1e-3, flags=[]))
    assert reports[0].loss == pytest.approx(reports[1].loss, rel=1e-6)
    assert reports[0].gradient_norm == pytest.approx(reports[1].gradient_norm, rel=1e-5)


@pytest.mark.slow  # tracing takes its time
def test_a_compiled_network_computes_the_same(monkeypatch):
    """Traced whole, but run by torch itself: what a compiler makes of it is the compiler's."""
    compiled = torch.compile
    monkeypatch.setattr(torch, "compile", lambda module: compiled(module, backend="eager"))
    batch = batch_of([labelled_frame(0), labelled_frame(1)])
    reports = [
        stepper_of(small_network(), compile=is_compiled).compute(
            iter([batch]), learning_rate=1e-3, flags=[]
        )
        for is_compiled in (True, False)
    ]
    assert reports[0].loss == pytest.approx(reports[1].loss, rel=1e-5)
    assert reports[0].gradient_norm == pytest.approx(reports[1].gradient_norm, rel=1e-4)
