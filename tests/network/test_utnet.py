"""The whole network: what it returns, what it depends on, what learns."""

import itertools
from dataclasses import fields, replace

import numpy as np
import pydantic
import pytest
import torch
from support_network import (
    PHOTO_CAMERA,
    awake,
    batch_of_noise,
    in_double,
    stand_in,
    tiny_network,
    without_depth,
)

from core.conventions import MIDDLE_KNUCKLE
from core.data.crops import CropInput
from core.data.frame import CROP_MARGIN
from core.geometry.camera import Camera
from core.geometry.crop import CropTransform, denormalise_keypoints
from core.hand.hand_model import ManoParameters
from core.network.inputs import collate
from core.network.output import HandOutput
from core.network.utnet import UTNet
from core.network_config import SIZES, NetworkConfig

STEMS = ["conv", "linear", "residual"]


def differ(first: HandOutput, second: HandOutput) -> bool:
    return not torch.allclose(first.joints_mm, second.joints_mm, atol=1e-3)


def assert_same(first: HandOutput, second: HandOutput, *, tolerance: float = 1e-5) -> None:
    for field in fields(HandOutput):
        one, other = getattr(first, field.name), getattr(second, field.name)
        # Millimetres in camera space are of the order of 1000, everything else of 1.
        unit = 1000 if field.name.endswith("_mm") else 1
        torch.testing.assert_close(one / unit, other / unit, atol=tolerance, rtol=0)


@pytest.mark.parametrize(
    ("stem", "rotation", "camera"),
    list(itertools.product(STEMS, ["6d", "axis_angle"], ["intrinsics", "virtual"])),
)
def test_every_configuration_predicts_finite_hands_of_the_right_shape(stem, rotation, camera):
    network = awake(tiny_network(stem=stem, rotation=rotation, camera=camera))
    with torch.inference_mode():
        output = network(batch_of_noise(True, False))
    for hand in (output.coarse, output.final):
        assert hand.joints_mm.shape == (2, 21, 3)
        assert hand.vertices_mm.shape == (2, 778, 3)
        assert hand.keypoints_norm.shape == (2, 21, 2)
        assert hand.global_orient.shape == (2, 3, 3)
        assert hand.hand_pose.shape == (2, 15, 3, 3)
        assert hand.betas.shape == (2, 10)
        assert all(torch.isfinite(getattr(hand, field.name)).all() for field in fields(hand))
    assert output.auxiliary is None
    assert differ(output.coarse, output.final)


@pytest.mark.parametrize("rotation", ["6d", "axis_angle"])
def test_the_hand_is_what_its_parameters_say(hand, rotation):
    """Another implementation, given the predicted parameters, gives the predicted mesh."""
    network = awake(tiny_network(rotation=rotation)).double()
    with torch.inference_mode():
        output = network(in_double(batch_of_noise(True, False, True))).final
    for index in range(3):
        parameters = ManoParameters(
            output.global_orient_rad[index].numpy(),
            output.hand_pose_rad[index].numpy(),
            output.betas[index].numpy(),
            output.joints_mm[index, 0].numpy(),
        )
        mesh = hand.pose(parameters)
        np.testing.assert_allclose(output.vertices_mm[index], mesh.vertices_mm, atol=1e-3)
        np.testing.assert_allclose(output.joints_mm[index], mesh.joints_mm, atol=1e-3)


def test_keypoints_are_the_joints_seen_through_the_crops_camera():
    network = awake(tiny_network()).double()
    inputs = in_double(batch_of_noise(True, False, False))
    with torch.inference_mode():
        output = network(inputs).final
    for index in range(3):
        camera = Camera(inputs.intrinsics[index].double().numpy())
        expected_px = camera.project(output.joints_mm[index].numpy())
        predicted_px = denormalise_keypoints(output.keypoints_norm[index].numpy())
        np.testing.assert_allclose(predicted_px, expected_px, atol=1e-3)


def test_virtual_camera_projects_with_5000_px_and_reports_the_real_camera_space():
    network = awake(tiny_network(camera="virtual")).double()
    inputs = in_double(batch_of_noise(False))
    with torch.inference_mode():
        output = network(inputs).final
    s, tx, ty = output.camera_sxy[0].tolist()
    joints_m = (output.joints_mm[0] - output.joints_mm[0, MIDDLE_KNUCKLE]).numpy() / 1000
    published = Camera(np.array([[5000.0, 0, 96], [0, 5000.0, 128], [0, 0, 1]]))
    expected_px = published.project(joints_m + np.array([tx, ty, 2 * 5000 / (256 * s)]))
    predicted_px = denormalise_keypoints(output.keypoints_norm[0].numpy())
    np.testing.assert_allclose(predicted_px, expected_px, atol=1e-3)
    focal = inputs.intrinsics[0, 0, 0].item()
    knuckle_mm = output.joints_mm[0, MIDDLE_KNUCKLE]
    assert knuckle_mm[2].item() == pytest.approx(1000 * 2 * focal / (256 * s))


def test_the_hand_is_placed_by_its_middle_knuckle():
    """With the wrist as origin the camera would have to follow every change of the pose."""
    network = tiny_network().double()
    inputs = in_double(batch_of_noise(False))
    with torch.inference_mode():
        before = network(inputs).coarse.joints_mm
        torch.nn.init.normal_(network.decode_orient.bias, std=1.0)
        after = network(inputs).coarse.joints_mm
    assert not torch.allclose(before[:, 0], after[:, 0], atol=5)
    torch.testing.assert_close(before[:, MIDDLE_KNUCKLE], after[:, MIDDLE_KNUCKLE])


def centred_crop(*, turn_rad: float = 0.0) -> CropInput:
    """The tight crop of a mean hand at 60 cm, as a dataset frame would have it."""
    network = tiny_network()
    with torch.inference_mode():
        start = network(batch_of_noise(False)).coarse
    joints_mm = (start.joints_mm - start.joints_mm[:, MIDDLE_KNUCKLE, None])[0].numpy()
    keypoints_px = PHOTO_CAMERA.project(joints_mm + np.array([30, -20, 600]))
    box = np.concatenate([keypoints_px.min(0), keypoints_px.max(0)])
    transform = CropTransform.around_box(box, margin=CROP_MARGIN, rotation_rad=turn_rad)
    return CropInput(
        image=np.zeros((256, 192, 3), np.uint8),
        depth_mm=np.full((256, 192), 600, np.float32),
        intrinsics=transform.camera(PHOTO_CAMERA).intrinsics,
        transform=transform,
    )


@pytest.mark.parametrize("has_depth", [True, False])
def test_a_fresh_networks_hand_lies_inside_the_maps_it_samples(has_depth):
    """Vertices in millimetres on feature grids were inside in 0.1 % of the cases."""
    crop = centred_crop()
    inputs = collate([crop if has_depth else replace(crop, depth_mm=None)])
    with torch.inference_mode():
        output = tiny_network()(inputs)
    assert output.sampled_share.item() > 0.9


def test_a_vertex_samples_the_features_of_its_own_place():
    """Turning everything off but one feature cell: only vertices near that cell see it."""
    network = tiny_network().double()
    inputs = in_double(collate([centred_crop()]))
    tokens = torch.zeros(1, 192, 128, dtype=torch.float64)
    row, column = 8, 6
    tokens[0, row * 12 + column] = 1.0
    torch.nn.init.ones_(network.upsampler.grid[0].weight)
    torch.nn.init.zeros_(network.upsampler.grid[0].bias)
    with torch.inference_mode():
        coarse = network(inputs).coarse
        samples, _, _ = network._look_again(coarse, inputs.intrinsics, tokens)
    seen = samples[0, :, :128].sum(dim=1).numpy() > 0
    camera = Camera(inputs.intrinsics[0].double().numpy())
    pixels = camera.project(coarse.vertices_mm[0].numpy())
    distance = np.abs(pixels - (16 * column + 7.5, 16 * row + 7.5)).max(axis=1)
    np.testing.assert_array_equal(seen, distance < 16)
    assert seen.any()


def test_depth_values_do_not_matter_where_depth_is_absent():
    network = awake(tiny_network())
    inputs = without_depth(batch_of_noise(True, True))
    other = replace(
        inputs,
        depth=torch.randn_like(inputs.depth),
        reference_depth_mm=torch.tensor([400.0, 900.0]),
    )
    with torch.inference_mode():
        assert_same(network(inputs).final, network(other).final)


def test_depth_matters_where_it_is_present():
    network = awake(tiny_network())
    inputs = batch_of_noise(True)
    with torch.inference_mode():
        with_depth = network(inputs)
        without = network(without_depth(inputs))
        shifted = network(replace(inputs, depth=inputs.depth.flip(2)))
    assert with_depth.used_depth.tolist() == [True]
    assert without.used_depth.tolist() == [False]
    assert differ(with_depth.final, without.final)
    assert differ(with_depth.final, shifted.final)


def test_a_fresh_network_puts_the_hand_at_the_reference_depth():
    inputs = batch_of_noise(True)
    with torch.inference_mode():
        knuckle_mm = tiny_network()(inputs).final.joints_mm[0, MIDDLE_KNUCKLE]
    assert knuckle_mm[2].item() == pytest.approx(inputs.reference_depth_mm.item(), rel=0.02)


def test_a_network_without_depth_ignores_it():
    network = awake(tiny_network(depth=False))
    assert not any("depth" in name for name in network.state_dict())
    inputs = batch_of_noise(True)
    with torch.inference_mode():
        output = network(inputs)
        assert_same(output.final, network(without_depth(inputs)).final)
    assert output.used_depth.tolist() == [False]


def test_depth_is_dropped_in_training_only():
    inputs = batch_of_noise(*[True] * 4)
    network = tiny_network(drop_depth=1.0)
    with torch.no_grad():
        assert network(inputs).used_depth.all()
        assert not network.train()(inputs).used_depth.any()
    kept = [
        tiny_network(drop_depth=0.4, seed=seed).train()._use_depth(torch.ones(500) > 0)
        for seed in range(4)
    ]
    assert torch.stack(kept).float().mean().item() == pytest.approx(0.6, abs=0.05)


@pytest.mark.parametrize("camera", ["intrinsics", "virtual"])
def test_a_samples_result_does_not_depend_on_its_batch(camera):
    network = awake(tiny_network(camera=camera))
    inputs = batch_of_noise(True, False, True, False)
    with torch.inference_mode():
        together = network(inputs)
        for index in range(4):
            alone = network(
                type(inputs)(
                    **{
                        field.name: getattr(inputs, field.name)[index : index + 1]
                        for field in fields(inputs)
                    }
                )
            )
            for stage in ("coarse", "final"):
                in_batch = getattr(together, stage)
                one = HandOutput(
                    **{
                        field.name: getattr(in_batch, field.name)[index : index + 1]
                        for field in fields(HandOutput)
                    }
                )
                assert_same(getattr(alone, stage), one)


@pytest.mark.parametrize(
    "settings",
    [
        {"stem": "conv"},
        {"stem": "residual", "lift": True},
        {"stem": "residual", "lift": True, "depth": False},
        {"stem": "linear", "rotation": "axis_angle"},
        {"camera": "virtual", "num_scales": 1},
        {"depth": False, "gradient_checkpointing": True},
    ],
    ids=str,
)
def test_every_parameter_receives_a_gradient(settings):
    network = tiny_network(**{"drop_depth": 0.0, **settings}).train()
    output = network(batch_of_noise(True, False))
    loss = output.auxiliary.keypoints_norm.square().sum()
    for hand in (output.coarse, output.final):
        loss = loss + hand.keypoints_norm.square().sum() + (hand.vertices_mm / 1000).square().sum()
    loss.backward()
    silent = [
        name
        for name, parameter in network.named_parameters()
        if parameter.grad is None
        or not torch.isfinite(parameter.grad).all()
        or not parameter.grad.any()
    ]
    assert silent == []


def test_final_hand_alone_reaches_all_but_the_auxiliary_head():
    network = tiny_network(drop_depth=0.0).train()
    network(batch_of_noise(True, False)).final.keypoints_norm.square().sum().backward()
    silent = {n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()}
    assert silent == {"keypoint_heatmaps.score.weight"}


def test_lifted_keypoints_let_the_final_hand_teach_the_maps_too():
    network = tiny_network(drop_depth=0.0, lift=True).train()
    network(batch_of_noise(True, False)).final.keypoints_norm.square().sum().backward()
    assert network.keypoint_heatmaps.score.weight.grad.any()


def test_a_residual_stem_sees_the_keypoints_by_itself():
    network = tiny_network(stem="residual", drop_depth=0.0).train()
    inputs = batch_of_noise(True, False)
    alone, within = network.locate(inputs), network(inputs).auxiliary
    torch.testing.assert_close(alone.log_share, within.log_share)
    alone.keypoints_norm.square().sum().backward()
    touched = {
        name.partition(".")[0] for name, p in network.named_parameters() if p.grad is not None
    }
    assert touched == {"image_tokens", "keypoint_heatmaps"}
    network.freeze_hand()
    learning = {name.partition(".")[0] for name, p in network.named_parameters() if p.requires_grad}
    assert learning == touched


def test_patches_alone_cannot_tell_a_keypoint():
    with pytest.raises(ValueError, match="conv stem has no keypoint maps of its own"):
        tiny_network(stem="conv").locate(batch_of_noise(True))


def test_lifted_depth_matters_only_where_depth_is_used():
    network = awake(tiny_network(stem="residual", lift=True))
    inputs = batch_of_noise(True, False)
    other = replace(inputs, depth=inputs.depth.flip(2))
    with torch.inference_mode():
        before, after = network(inputs).final, network(other).final
    assert not torch.allclose(before.hand_pose[0], after.hand_pose[0])
    torch.testing.assert_close(before.hand_pose[1], after.hand_pose[1])


def test_gradient_checkpointing_changes_nothing_but_memory():
    inputs = batch_of_noise(False)
    gradients = []
    for checkpointing in (False, True):
        network = tiny_network(gradient_checkpointing=checkpointing).train()
        network(inputs).final.joints_mm.sum().backward()
        gradients.append(network.vit.blocks[0].attn.qkv.weight.grad)
    torch.testing.assert_close(*gradients)


def test_drop_path_skips_branches_in_training_only():
    network = tiny_network(drop_path=0.9)
    inputs = batch_of_noise(False)
    with torch.no_grad():
        assert_same(network(inputs).final, network(inputs).final)
        network = awake(network).train()
        assert differ(network(inputs).coarse, network(inputs).coarse)


def test_bfloat16_autocast_stays_close_and_decodes_in_full_precision():
    network = awake(tiny_network())
    inputs = batch_of_noise(True, False)
    with torch.inference_mode():
        exact = network(inputs).final
        with torch.autocast("cpu", dtype=torch.bfloat16):
            rough = network(inputs).final
    assert rough.joints_mm.dtype == torch.float32
    assert (rough.joints_mm - exact.joints_mm).norm(dim=-1).mean() < 10


# Blocks of width w have 12 w² + 13 w numbers; totals pin the rest.
@pytest.mark.parametrize(
    ("size", "millions"),
    [("tiny", 1.61), ("small", 22.97), ("base", 87.58), ("large", 308.54), ("huge", 636.64)],
)
def test_all_sizes_have_the_parameters_they_should(size, millions):
    with torch.device("meta"):
        network = UTNet(NetworkConfig(size=size, stem="linear"), stand_in())
    preset = SIZES[size]
    width = preset.width
    blocks = sum(parameter.numel() for parameter in network.vit.parameters())
    assert blocks == preset.depth * (12 * width**2 + 13 * width) + 2 * width
    total = sum(parameter.numel() for parameter in network.parameters()) / 1e6
    assert total == pytest.approx(millions, abs=0.05)


@pytest.mark.parametrize(
    "wrong",
    [{"sise": "tiny"}, {"size": "giant"}, {"drop_depth": 1.5}, {"num_scales": 4}, {"stem": "mlp"}],
    ids=str,
)
def test_a_misspelt_or_impossible_configuration_is_refused(wrong):
    with pytest.raises(pydantic.ValidationError):
        NetworkConfig(**wrong)


@pytest.mark.cuda
def test_cpu_and_cuda_agree():
    network = awake(tiny_network())
    inputs = batch_of_noise(True, False, True)
    with torch.inference_mode():
        on_cpu = network(inputs).final
        on_gpu = network.cuda()(inputs.to("cuda")).final
    back = HandOutput(**{f.name: getattr(on_gpu, f.name).cpu() for f in fields(HandOutput)})
    assert_same(on_cpu, back, tolerance=1e-3)
