"""The plain trainer: labels that follow their crops, a loss that truth brings to zero, learning."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from support_samples import make_sample

from core.data.augment import Augmentation, random_transform
from core.data.crops import crop_input
from core.files.checkpoint_card import read_card
from core.geometry.camera import Camera
from core.geometry.crop import denormalise_keypoints
from core.geometry.rotation import axis_angle_from_matrix
from core.hand.hand_model import ManoParameters
from core.hand.mano_file import load_hand_model
from core.network.feature_maps import Heatmaps, cell_shares
from core.network.output import HandOutput, UTNetOutput
from core.network.utnet import UTNet
from core.network_config import NetworkConfig
from core.training import plain
from core.training.crop_dataset import CropDataset, stack_targets, training_sample
from core.training.frames import compact
from core.training.losses import LossWeights, auxiliary_terms, loss_terms
from core.training.validation import baselines, validate


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def hand_model():
    return load_hand_model()


@pytest.fixture(scope="module")
def frames():
    return [make_sample(seed=seed).frame for seed in range(4)]


def turned_sample(frame, seed=0):
    transform = random_transform(frame, Augmentation(), np.random.default_rng(seed))
    return training_sample(frame, crop_input(frame, replace(transform, rotation_rad=0.6)))


def test_all_labels_of_a_turned_crop_agree_with_each_other(frames, hand_model):
    """Joints posed from the turned parameters are the turned joints, and project onto the 2D."""
    sample = turned_sample(frames[0])
    pose = axis_angle_from_matrix(sample.rotations)
    mesh = hand_model.pose(
        ManoParameters(pose[0], pose[1:].ravel(), sample.betas, sample.joints_mm[0])
    )
    np.testing.assert_allclose(mesh.joints_mm, sample.joints_mm, atol=1e-6)
    keypoints_px = Camera(sample.crop.intrinsics).project(sample.joints_mm)
    np.testing.assert_allclose(
        keypoints_px, denormalise_keypoints(sample.keypoints_norm), atol=1e-6
    )


def test_a_compacted_frame_gives_the_same_labels_and_nearly_the_same_picture(frames):
    frame = frames[0]
    crop = frame.crop()
    whole = training_sample(frame, crop_input(frame, crop))
    small = compact(frame)
    part = training_sample(small, crop_input(small, small.crop()))
    np.testing.assert_allclose(part.keypoints_norm, whole.keypoints_norm, atol=1e-9)
    np.testing.assert_allclose(part.joints_mm, whole.joints_mm, atol=1e-9)
    difference = np.abs(part.crop.image.astype(int) - whole.crop.image.astype(int))
    assert difference.mean() < 6


def test_a_frame_without_full_labels_is_refused_by_name(frames):
    hand = replace(frames[0].hand, mano=None)
    frame = replace(frames[0], hand=hand)
    with pytest.raises(ValueError, match=str(frame.frame_id)):
        training_sample(frame, crop_input(frame, frame.crop()))


def truth_as_output(samples) -> UTNetOutput:
    targets = stack_targets(samples)
    hand = HandOutput(
        joints_mm=targets.joints_mm,
        vertices_mm=torch.zeros(len(samples), 778, 3),
        keypoints_norm=targets.keypoints_norm,
        global_orient=targets.rotations[:, 0],
        hand_pose=targets.rotations[:, 1:],
        betas=targets.betas,
        camera_sxy=torch.zeros(len(samples), 3),
    )
    count = torch.zeros(len(samples))
    return UTNetOutput(hand, hand, None, count.bool(), count)


def test_truth_has_no_loss_and_any_fault_has_some(frames):
    samples = [turned_sample(frame) for frame in frames]
    targets = stack_targets(samples)
    output = truth_as_output(samples)
    total, values = loss_terms(output, targets, LossWeights())
    assert float(total) == 0 and set(values.values()) == {0.0}
    for name in ("joints_mm", "keypoints_norm", "global_orient", "hand_pose", "betas"):
        moved = replace(output.final, **{name: getattr(output.final, name) + 0.1})
        faulty, _ = loss_terms(replace(output, final=moved), targets, LossWeights())
        assert float(faulty) > 0, name


def test_auxiliary_maps_are_judged_by_the_cells_of_the_true_keypoints(frames):
    targets = stack_targets([turned_sample(frame) for frame in frames])
    shares = cell_shares(targets.keypoints_norm)
    exact = auxiliary_terms(Heatmaps(shares.clamp(min=1e-9).log(), targets.keypoints_norm), targets)
    level = torch.full_like(shares, 1 / 192).log()
    blind = auxiliary_terms(Heatmaps(level, torch.zeros_like(targets.keypoints_norm)), targets)
    assert float(exact["auxiliary"]) == 0 < float(blind["auxiliary"])
    assert float(exact["heatmaps"]) < 1.4  # nats of four cells at most: ln 4
    assert float(blind["heatmaps"]) == pytest.approx(
        np.log(192) * float(shares.sum(1).mean()), 1e-3
    )


def test_the_loss_does_not_grow_with_the_batch(frames):
    one = [turned_sample(frames[0])]
    far = replace(truth_as_output(one).final, joints_mm=torch.ones(1, 21, 3) * 500)
    single, _ = loss_terms(
        replace(truth_as_output(one), final=far), stack_targets(one), LossWeights()
    )
    four = one * 4
    far = replace(truth_as_output(four).final, joints_mm=torch.ones(4, 21, 3) * 500)
    batch, _ = loss_terms(
        replace(truth_as_output(four), final=far), stack_targets(four), LossWeights()
    )
    assert float(batch) == pytest.approx(float(single))


def test_the_learning_rate_warms_up_and_falls():
    shares = [plain.learning_rate_share(s, decay=True) for s in np.linspace(0, 1, 101)]
    peak = int(np.argmax(shares))
    assert shares[0] < 0.01 and 2 <= peak <= 4 and shares[-1] == pytest.approx(0)
    assert np.all(np.diff(shares[peak:]) < 0)
    assert plain.learning_rate_share(0.9, decay=False) == 1


def test_the_running_average_forgets_where_it_started():
    average = torch.tensor(100.0)
    for update in range(1, 300):
        average = plain.running_average(average, torch.tensor(1.0), torch.tensor(update))
    assert float(average) == pytest.approx(1, abs=0.01)


def test_a_short_run_lowers_the_loss_and_writes_its_figures(frames, tmp_path):
    out = tmp_path / "short.safetensors"
    arguments = plain.parse_arguments(["unused", "--out", str(out), "--batch-size", "4"])
    torch.manual_seed(0)
    network = UTNet(NetworkConfig(size="tiny", drop_depth=0.0), load_hand_model())
    still = Augmentation(0, 0, 0, 0, 0, 0)
    trainer = plain.PlainTrainer(network, CropDataset(frames, still), arguments)
    losses = [trainer.advance(0.05)["loss"] for _ in range(12)]
    assert losses[-1] < 0.8 * losses[0]
    plain.report(trainer, frames, baselines(frames, frames), seconds=1.0)
    card = read_card(out)
    assert card.training["steps"] == 12
    errors = validate(trainer.ema.module, frames, use_depth=True)
    assert card.held_out["rgbd_mpjpe_mm"] == errors["mpjpe_mm"]
    assert card.held_out["mean_pose_mpjpe_mm"] > 0


def test_the_constant_baselines_are_zero_only_for_hands_that_are_all_alike(frames):
    alike = baselines(frames[:1], frames[:1])
    assert alike["mean_pose_mpjpe_mm"] == pytest.approx(0, abs=1e-9)
    assert alike["mean_hand_pa_mpjpe_mm"] == pytest.approx(0, abs=1e-6)
    varied = baselines(frames, frames)
    assert varied["mean_pose_mpjpe_mm"] > 1
