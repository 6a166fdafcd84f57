"""Loss terms: zero at the truth, blind to batch size and order, deaf to what is not labelled."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from support_network import stand_in
from support_training import batch_of, labelled_frame, loss_of, small_network

from core.network.feature_maps import Heatmaps, cell_shares
from core.network.output import HandOutput, UTNetOutput
from core.training.config import LossConfig
from core.training.crop_dataset import Batch
from core.training.losses import HAND_TERMS, TERMS, LabelCounts, auxiliary_terms, weigh


@pytest.fixture(scope="module")
def network():
    return small_network()


@pytest.fixture(scope="module")
def batch():
    return batch_of([labelled_frame(seed) for seed in range(4)])


def truth_as_output(network, batch: Batch) -> UTNetOutput:
    """What a perfect network would say."""
    targets = batch.targets
    vertices, joints = network.mano(
        targets.rotations[:, 0], targets.rotations[:, 1:], targets.betas
    )
    vertices_mm = (vertices - joints[:, :1]) * 1000 + targets.joints_mm[:, :1]
    hand = HandOutput(
        joints_mm=targets.joints_mm,
        vertices_mm=vertices_mm,
        keypoints_norm=targets.keypoints_norm,
        global_orient=targets.rotations[:, 0],
        hand_pose=targets.rotations[:, 1:],
        betas=targets.betas,
        camera_sxy=torch.zeros(len(batch), 3),
    )
    shares = cell_shares(targets.keypoints_norm)
    heatmaps = Heatmaps(shares.clamp(min=1e-9).log(), targets.keypoints_norm)
    count = torch.zeros(len(batch))
    return UTNetOutput(hand, hand, heatmaps, count.bool(), count)


def terms_of(network, output, targets):
    raw = loss_of(network).raw_terms(output, targets, LabelCounts.of(targets))
    return {name: value.detach() for name, value in raw.items()}


def predicted(network, batch):
    torch.manual_seed(0)
    return network(batch.inputs)


def rows_of(batch: Batch, rows: list[int]) -> Batch:
    pick = lambda part: type(part)(**{name: value[rows] for name, value in vars(part).items()})
    names = tuple(batch.frame_ids[row] for row in rows)
    return Batch(pick(batch.inputs), pick(batch.targets), names)


def test_truth_has_no_loss_and_each_fault_shows_in_its_own_terms(network, batch):
    output = truth_as_output(network, batch)
    raw = terms_of(network, output, batch.targets)
    assert set(raw) == set(TERMS)
    labelled = [name for name in TERMS if not name.startswith("prior") and name != "heatmaps"]
    for name in labelled:
        assert float(raw[name]) == pytest.approx(0, abs=1e-5), name
    faults = {
        "joints_mm": {"joints_3d", "wrist", "vertices_3d"},
        "vertices_mm": {"vertices_3d"},
        "keypoints_norm": {"keypoints_2d"},
        "global_orient": {"rotations"},
        "hand_pose": {"rotations", "prior_pose"},
        "betas": {"betas", "prior_shape"},
    }
    ramp = torch.linspace(1, 2, 21)[:, None]
    for field, expected in faults.items():
        value = getattr(output.final, field)
        wrong = value * 1.1 + (ramp if field == "joints_mm" else 0.2)
        moved = terms_of(
            network, replace(output, final=replace(output.final, **{field: wrong})), batch.targets
        )
        changed = {name for name in TERMS if abs(float(moved[name] - raw[name])) > 1e-4}
        assert changed == expected, field


def test_terms_have_the_stated_units(network, batch):
    """100 mm are one decimetre, half the crop's width is 0.5, whatever the batch."""
    output = truth_as_output(network, batch)
    shifted = replace(
        output.final,
        joints_mm=output.final.joints_mm + torch.tensor([100.0, 0, 0]),
        keypoints_norm=output.final.keypoints_norm + torch.tensor([0.5, 0.0]),
        betas=output.final.betas + 2,
    )
    raw = terms_of(network, replace(output, final=shifted), batch.targets)
    assert float(raw["wrist"]) == pytest.approx(1 / 3, rel=1e-4)
    assert float(raw["joints_3d"]) == pytest.approx(0, abs=1e-5)
    assert float(raw["keypoints_2d"]) == pytest.approx(0.25, rel=1e-4)
    assert float(raw["betas"]) == pytest.approx(4, rel=1e-4)


def test_vertices_are_those_of_the_labelled_hand(network):
    """Against the hand posed with numpy from the labels, about the wrist."""
    batch = batch_of([labelled_frame()])
    output = truth_as_output(network, batch)
    label = labelled_frame().hand
    mesh = stand_in().pose(label.mano)
    numpy_mm = torch.tensor(mesh.vertices_mm[None], dtype=torch.float32)
    posed = replace(output.final, vertices_mm=numpy_mm)
    raw = terms_of(network, replace(output, final=posed), batch.targets)
    assert float(raw["vertices_3d"]) == pytest.approx(0, abs=1e-4)


def test_the_loss_depends_neither_on_batch_size_nor_on_order_nor_on_duplicates(network, batch):
    raw = terms_of(network, predicted(network, batch), batch.targets)
    for rows in ([3, 1, 0, 2], [0, 1, 2, 3, 0, 1, 2, 3], [2, 2, 2, 0, 0, 0, 1, 1, 1, 3, 3, 3]):
        other = rows_of(batch, rows)
        terms = terms_of(network, predicted(network, other), other.targets)
        for name in TERMS:
            assert float(terms[name]) == pytest.approx(float(raw[name]), rel=1e-4), name


def test_what_is_not_labelled_changes_no_term(network, batch):
    """Stand-in labels of unlabelled joints may be anything: their confidence is zero."""
    targets = replace(
        batch.targets,
        keypoint_weights=batch.targets.keypoint_weights.clone(),
        joint_weights=batch.targets.joint_weights.clone(),
        has_mano=batch.targets.has_mano.clone(),
    )
    targets.keypoint_weights[0, 5] = targets.joint_weights[0, 5] = targets.has_mano[1] = 0
    nonsense = replace(
        targets,
        keypoints_norm=targets.keypoints_norm.clone(),
        joints_mm=targets.joints_mm.clone(),
        rotations=targets.rotations.clone(),
        betas=targets.betas.clone(),
    )
    nonsense.keypoints_norm[0, 5] = 0.4
    nonsense.joints_mm[0, 5] = 7000
    nonsense.rotations[1] = 3
    nonsense.betas[1] = 50
    output = predicted(network, batch)
    first = terms_of(network, output, targets)
    second = terms_of(network, output, nonsense)
    for name in TERMS:
        assert float(second[name]) == pytest.approx(float(first[name]), rel=1e-5), name


def test_a_partly_labelled_batch_is_the_mean_over_its_labels(network, batch):
    output = predicted(network, batch)
    targets = replace(
        batch.targets,
        keypoint_weights=batch.targets.keypoint_weights.clone(),
        has_mano=torch.tensor([1.0, 0, 0, 1]),
    )
    targets.keypoint_weights[2:] = 0
    raw = terms_of(network, output, targets)
    first_two = rows_of(batch, [0, 1])
    error = (output.final.keypoints_norm[:2] - first_two.targets.keypoints_norm).abs().mean()
    assert float(raw["keypoints_2d"]) == pytest.approx(error.item(), rel=1e-5)
    betas = (output.final.betas - batch.targets.betas)[[0, 3]].square().mean()
    assert float(raw["betas"]) == pytest.approx(betas.item(), rel=1e-5)


def test_a_batch_without_hand_parameters_has_finite_terms_and_gradients(network, batch):
    targets = replace(batch.targets, has_mano=torch.zeros(4))
    loss = loss_of(network)
    raw = loss.raw_terms(predicted(network, batch), targets, LabelCounts.of(targets))
    assert all(raw[name].item() == 0 for name in ("rotations", "betas", "vertices_3d"))
    total, _ = weigh(raw, loss.weights)
    gradients = torch.autograd.grad(total, list(network.parameters()), allow_unused=True)
    assert all(g is not None and torch.isfinite(g).all() for g in gradients)


def test_weights_scale_their_terms_and_nothing_else(network, batch):
    raw = terms_of(network, predicted(network, batch), batch.targets)
    weights = LossConfig(**{name: number + 1.0 for number, name in enumerate(TERMS)})
    total, weighted = weigh(raw, weights)
    for number, name in enumerate(TERMS):
        assert float(weighted[name]) == pytest.approx((number + 1) * float(raw[name]))
    assert float(total) == pytest.approx(sum(float(value) for value in weighted.values()))


def test_the_coarse_term_is_the_weighted_sum_of_the_coarse_hands_terms(network, batch):
    output = predicted(network, batch)
    swapped = replace(output, final=output.coarse)
    raw = terms_of(network, output, batch.targets)
    of_coarse = terms_of(network, swapped, batch.targets)
    weights = LossConfig()
    expected = sum(getattr(weights, name) * float(of_coarse[name]) for name in HAND_TERMS)
    assert float(raw["coarse"]) == pytest.approx(expected, rel=1e-5)


def test_auxiliary_maps_are_judged_by_the_cells_of_the_true_keypoints(batch):
    targets = batch.targets
    counts = LabelCounts.of(targets)
    shares = cell_shares(targets.keypoints_norm)
    exact = Heatmaps(shares.clamp(min=1e-9).log(), targets.keypoints_norm)
    level = Heatmaps(torch.full_like(shares, 1 / 192).log(), torch.zeros(4, 21, 2))
    exact, blind = (auxiliary_terms(maps, targets, counts) for maps in (exact, level))
    assert float(exact["auxiliary"]) == 0 < float(blind["auxiliary"])
    assert float(exact["heatmaps"]) == pytest.approx(0, abs=1e-5)
    entropy = torch.special.entr(shares).sum(1)
    expected = float((np.log(192) * shares.sum(1) - entropy).mean())
    assert float(blind["heatmaps"]) == pytest.approx(expected, 1e-3)
