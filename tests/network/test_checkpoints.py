"""Checkpoints come back bit by bit, or say what is wrong with them."""

import os
import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from support_network import awake, batch_of_noise, stand_in, tiny_network

from core.files.checkpoint_card import (
    CheckpointCard,
    CheckpointError,
    metadata_of,
    read_card,
    read_header,
)
from core.network.checkpoints import (
    load_checkpoint,
    load_weights,
    read_tensors,
    save_checkpoint,
)
from core.network.mean_parameters import MeanParameters
from core.network.utnet import UTNet
from core.network_config import NetworkConfig

CARD = CheckpointCard(name="test", held_out={"mpjpe_mm": 20.0})


@pytest.fixture
def network() -> UTNet:
    return awake(tiny_network())


@pytest.fixture
def checkpoint(tmp_path, network):
    path = tmp_path / "runs" / "best.safetensors"
    save_checkpoint(path, network, card=CARD)
    return path


def rewrite(path, change) -> None:
    """Save the checkpoint again with its tensors changed by `change(tensors)`."""
    tensors = load_file(path)
    header = read_header(path)
    change(tensors)
    metadata = metadata_of(header.card, dict(header.config), header.hand_model)
    save_file(tensors, path, metadata=metadata)


def weights_of(network: UTNet) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def test_weights_come_back_bit_by_bit(checkpoint, network):
    loaded, report = load_checkpoint(checkpoint, hand_model=stand_in())
    assert report.complete
    assert report.matched_share == 1.0
    assert not report.hand_model_differs
    assert not loaded.training
    for name, tensor in network.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor), name
    inputs = batch_of_noise(True, False)
    with torch.inference_mode():
        assert torch.equal(loaded(inputs).final.vertices_mm, network(inputs).final.vertices_mm)
    assert read_card(checkpoint) == CARD


def test_configuration_and_mean_travel_with_the_weights(tmp_path):
    config = NetworkConfig(rotation="axis_angle", stem="linear", num_scales=2, depth=False)
    mean = MeanParameters.of_hand(stand_in())
    moved = MeanParameters(mean.pose[:, ::-1, ::-1].copy(), mean.betas + 1, mean.camera_sxy * 2)
    path = tmp_path / "other.safetensors"
    saved = UTNet(config, stand_in(), mean=moved).eval()
    save_checkpoint(path, saved, card=CARD)
    loaded, _ = load_checkpoint(path, hand_model=stand_in())
    assert loaded.config == config
    inputs = batch_of_noise(False)
    with torch.inference_mode():
        assert torch.equal(loaded(inputs).final.joints_mm, saved(inputs).final.joints_mm)


def test_saving_leaves_nothing_behind_and_replaces_whole(checkpoint, network):
    save_checkpoint(checkpoint, network, card=CheckpointCard(name="second"))
    assert read_card(checkpoint).name == "second"
    assert os.listdir(checkpoint.parent) == [checkpoint.name]


def test_a_failed_save_keeps_the_old_file(checkpoint, network, monkeypatch):
    before = checkpoint.read_bytes()

    def disk_full(tensors, path, metadata):
        with open(path, "wb") as file:
            file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("core.network.checkpoints.save_file", disk_full)
    with pytest.raises(CheckpointError, match="No space left"):
        save_checkpoint(checkpoint, network, card=CARD)
    assert checkpoint.read_bytes() == before
    assert os.listdir(checkpoint.parent) == [checkpoint.name]


def test_no_hand_model_is_saved(checkpoint):
    numbers_of_posedirs = 778 * 3 * 135
    tensors = load_file(checkpoint)
    assert not any(name.startswith("mano") for name in tensors)
    assert all(tensor.numel() != numbers_of_posedirs for tensor in tensors.values())


def test_another_hand_model_than_in_training_is_reported(checkpoint):
    other = replace(stand_in(), name="MANO (MANO_RIGHT.pkl)")
    _, report = load_checkpoint(checkpoint, hand_model=other)
    assert report.hand_model_differs
    assert report.hand_model_in_file == stand_in().name


def test_another_size_is_named(checkpoint):
    with torch.device("meta"):
        network = UTNet(NetworkConfig(size="small"), stand_in())
    with pytest.raises(CheckpointError, match='size "tiny", the network is "small"'):
        load_weights(network, checkpoint)


def drop_one(tensors):
    del tensors["vit.last_norm.weight"]


def rename_one(tensors):
    tensors["vit.final_norm.weight"] = tensors.pop("vit.last_norm.weight")


def reshape_one(tensors):
    tensors["decode_shape.weight"] = torch.zeros(11, 128)


def add_one(tensors):
    tensors["vit.blocks.6.norm1.weight"] = torch.zeros(128)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (drop_one, r"1 missing \(vit.last_norm.weight\)"),
        (rename_one, r"1 unexpected \(vit.final_norm.weight\)"),
        (reshape_one, r"decode_shape.weight is \(11, 128\) in the file, \(10, 128\)"),
        (add_one, r"1 unexpected \(vit.blocks.6"),
    ],
)
def test_what_fits_in_part_is_refused_and_loads_nothing(checkpoint, change, what):
    rewrite(checkpoint, change)
    with pytest.raises(CheckpointError, match=what):
        load_checkpoint(checkpoint, hand_model=stand_in())
    network = tiny_network(seed=5)
    before = weights_of(network)
    with pytest.raises(CheckpointError, match="nothing was loaded"):
        load_weights(network, checkpoint)
    assert all(torch.equal(before[n], t) for n, t in network.state_dict().items())


def test_a_partial_load_on_request_is_reported(checkpoint, network):
    rewrite(checkpoint, rename_one)
    loaded, report = load_checkpoint(checkpoint, hand_model=stand_in(), allow_partial=True)
    assert report.missing == ("vit.last_norm.weight",)
    assert report.unexpected == ("vit.final_norm.weight",)
    assert 0.99 < report.matched_share < 1
    assert torch.equal(loaded.decode_shape.weight, network.decode_shape.weight)


def test_nothing_fitting_is_refused_even_on_request(checkpoint):
    def rename_all(tensors):
        for name in list(tensors):
            tensors["module." + name] = tensors.pop(name)

    rewrite(checkpoint, rename_all)
    with pytest.raises(CheckpointError, match="nothing in it belongs to a UTNet"):
        load_checkpoint(checkpoint, hand_model=stand_in(), allow_partial=True)


def test_diverged_weights_are_refused(checkpoint):
    def diverge(tensors):
        tensors["decode_camera.bias"][1] = float("nan")

    rewrite(checkpoint, diverge)
    with pytest.raises(CheckpointError, match=r"NaN or infinity, first decode_camera\.bias"):
        load_checkpoint(checkpoint, hand_model=stand_in())


def test_a_foreign_configuration_is_refused(tmp_path):
    path = tmp_path / "x.safetensors"
    metadata = metadata_of(CARD, {"size": "tiny", "patch": 14}, "stand-in")
    save_file({"a": torch.zeros(1)}, path, metadata=metadata)
    with pytest.raises(CheckpointError, match="patch: Extra inputs"):
        load_checkpoint(path, hand_model=stand_in())


@pytest.mark.parametrize("name", ["garbage.safetensors", "garbage.pth"])
def test_garbage_is_refused(tmp_path, name):
    path = tmp_path / name
    for seed in range(200):
        path.write_bytes(np.random.default_rng(seed).bytes(1 + seed * 10))
        with pytest.raises(CheckpointError, match="garbage"):
            read_tensors(path)


def test_a_damaged_legacy_file_is_refused(tmp_path, network):
    path = tmp_path / "damaged.pth"
    torch.save({"weight": torch.zeros(300)}, path, _use_new_zipfile_serialization=False)
    whole = path.read_bytes()
    for cut in range(0, len(whole), 23):
        path.write_bytes(whole[:cut])
        with pytest.raises(CheckpointError, match="damaged"):
            read_tensors(path)


@pytest.mark.parametrize("kept", [0, 8, 500, 100_000])
def test_a_file_cut_short_is_refused(checkpoint, kept):
    checkpoint.write_bytes(checkpoint.read_bytes()[:kept])
    with pytest.raises(CheckpointError):
        load_checkpoint(checkpoint, hand_model=stand_in())


def test_legacy_state_dicts_load(tmp_path, network):
    path = tmp_path / "old.pth"
    torch.save({"state_dict": network.state_dict(), "epoch": 3}, path)
    other = tiny_network(seed=9)
    assert load_weights(other, path).complete
    assert torch.equal(other.decode_shape.weight, network.decode_shape.weight)


class _Hostile:
    def __init__(self, path) -> None:
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


@pytest.mark.parametrize("writer", ["torch", "pickle"])
def test_a_pickle_that_runs_code_runs_nothing(tmp_path, writer):
    path, mark = tmp_path / "hostile.pth", tmp_path / "ran"
    if writer == "torch":
        torch.save({"state_dict": _Hostile(mark)}, path)
    else:
        path.write_bytes(pickle.dumps(_Hostile(mark), protocol=2))  # torch's own protocol
    with pytest.raises(CheckpointError, match="nothing of it was run"):
        load_weights(tiny_network(), path)
    assert not mark.exists()
