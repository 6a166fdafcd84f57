"""``utnet inspect`` and ``utnet audit`` as a person or a script calls them."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from ho3d_tree import Tree, evaluation_label, hand_in_opengl, training_label

from core.cli.main import main
from core.files.checkpoint_card import CheckpointCard
from core.hand.mano_file import load_hand_model
from core.network.checkpoints import save_checkpoint
from core.network.utnet import UTNet
from core.network_config import NetworkConfig

HEADLINES = (
    "mpjpe_mm",
    "pa_mpjpe_mm",
    "mpvpe_mm",
    "f5",
    "f15",
    "keypoint_error_px",
    "wrist_error_mm",
    "scale_ratio",
)


@pytest.fixture(scope="module")
def hand_model():
    return load_hand_model()


@pytest.fixture(scope="module")
def checkpoint(hand_model, tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("checkpoint") / "random.safetensors"
    network = UTNet(NetworkConfig(size="tiny"), hand_model)
    save_checkpoint(path, network, card=CheckpointCard("random"))
    return path


@pytest.fixture(scope="module")
def dataset(hand_model, tmp_path_factory):
    root = tmp_path_factory.mktemp("HO3D")
    names = [f"MC1/{number:04d}" for number in range(6)]
    train, evaluation = Tree(root), Tree(root, "evaluation")
    for seed, name in enumerate(names):
        train.add(name, training_label(hand_in_opengl(hand_model, seed)))
        evaluation.add(name, evaluation_label(hand_in_opengl(hand_model, seed)))
    train.add("MC1/0100", None)
    train.list(*names, "MC1/0100")
    evaluation.list(*names)
    return root


def run(capsys, *arguments: object) -> tuple[int, str, str]:
    status = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def standard_json(text: str) -> dict:
    def refuse(name: str):
        raise ValueError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


def test_inspect_prints_what_the_readouts_show(capsys, dataset, checkpoint):
    status, out, _ = run(
        capsys, "inspect", dataset, "MC1/0003", "--checkpoint", checkpoint, "--json"
    )
    result = standard_json(out)
    assert status == 0
    assert all(result[name] > 0 for name in HEADLINES if name not in ("f5", "f15"))
    assert 0 <= result["f5"] <= result["f15"] <= 1
    assert len(result["joint_errors_mm"]) == 21
    assert np.mean(list(result["joint_errors_mm"].values())) == pytest.approx(result["mpjpe_mm"])
    assert len(result["bone_lengths_mm"]) == len(result["bone_lengths_truth_mm"]) == 20
    assert result["hand_size_truth"]["length_mm"] > 120
    assert (result["frame"], result["hand_model"]) == ("MC1/0003", load_hand_model().name)
    assert result["used_depth"] is True


def test_inspect_in_words_has_the_same_numbers(capsys, dataset, checkpoint):
    arguments = ("inspect", dataset, "MC1/0003", "--checkpoint", checkpoint)
    result = standard_json(run(capsys, *arguments, "--json")[1])
    _, out, _ = run(capsys, *arguments)
    assert f"{result['pa_mpjpe_mm']:10.3f} mm" in out
    assert "index tip" in out


def test_inspect_of_a_frame_with_the_wrist_alone_says_null_and_no_number(
    capsys, dataset, checkpoint
):
    _, out, _ = run(
        capsys,
        *("inspect", dataset, "MC1/0003", "--split", "evaluation"),
        *("--checkpoint", checkpoint, "--json"),
    )
    result = standard_json(out)
    assert result["mpjpe_mm"] is None
    assert result["f5"] is None
    assert result["wrist_error_mm"] > 0


@pytest.mark.parametrize(
    ("frame", "word"),
    [("MC1/9999", "no frame MC1/9999"), ("MC1", "SEQUENCE/FRAME"), ("MC1/0100", "no crop")],
)
def test_inspect_says_in_a_line_what_is_wrong_with_the_frame(
    capsys, dataset, checkpoint, frame, word
):
    status, out, error = run(capsys, "inspect", dataset, frame, "--checkpoint", checkpoint)
    assert (status, out) == (2, "")
    assert word in error
    assert error.count("\n") == 1


def test_inspect_says_in_a_line_what_is_wrong_with_the_checkpoint(capsys, dataset, tmp_path):
    garbage = tmp_path / "garbage.safetensors"
    garbage.write_bytes(b"garbage" * 99)
    for path in (garbage, tmp_path / "absent.safetensors"):
        status, _, error = run(capsys, "inspect", dataset, "MC1/0003", "--checkpoint", path)
        assert status == 2
        assert str(path) in error


def test_audit_of_healthy_labels_exits_with_0_and_numbers(capsys, dataset):
    status, out, _ = run(capsys, "audit", dataset, "--json")
    result = standard_json(out)
    assert status == 0
    assert (result["frames"], len(result["left_out"])) == (6, 1)
    assert result["counts"] == {"pass": 5, "warning": 0, "fault": 0, "not_tested": 5}
    for finding in result["findings"]:
        assert bool(finding["measured"]) == (finding["verdict"] != "not_tested")
        assert finding["threshold"]
        assert finding["reason"]


def test_audit_with_a_network_tests_it_too(capsys, dataset, checkpoint):
    _, out, _ = run(capsys, "audit", dataset, "--checkpoint", checkpoint, "--frames", 3, "--json")
    result = standard_json(out)
    assert result["frames"] == 3 - len(result["left_out"])
    assert result["counts"]["not_tested"] == 0
    found = {finding["id"]: finding for finding in result["findings"]}
    assert found["reprojection"]["verdict"] == "pass"
    assert found["prediction_normalisation"]["measured"]["x_divisor_px"] == pytest.approx(192)


def test_audit_finds_labels_in_millimetres_where_the_layout_has_metres(
    capsys, hand_model, tmp_path
):
    tree = Tree(tmp_path)
    hand = hand_in_opengl(hand_model, 1)
    tree.add("A/0000", training_label(replace(hand, joints=hand.joints * 1000)))
    tree.list("A/0000")
    status, out, _ = run(capsys, "audit", tmp_path)
    assert status == 1
    assert "FAULT" in out
    assert "multiplied by 1000 once too often" in " ".join(out.split())


def test_a_folder_without_a_list_is_opened_by_request(capsys, hand_model, tmp_path):
    Tree(tmp_path).add("A/0000", training_label(hand_in_opengl(hand_model, 1)))
    assert run(capsys, "audit", tmp_path)[0] == 2
    assert run(capsys, "audit", tmp_path, "--without-list")[0] == 0


def test_audit_that_could_not_run_exits_with_2(capsys, dataset, tmp_path):
    assert run(capsys, "audit", tmp_path / "nothing")[0] == 2
    status, out, error = run(capsys, "audit", dataset, "--split", "evaluation")
    assert (status, out) == (2, "")
    assert "no labels of all joints" in error
    assert run(capsys, "audit", dataset, "--frames", 0)[0] == 2


def test_nothing_the_commands_import_prints_to_stdout(capsys, dataset, checkpoint):
    """smplx prints at construction; a script that reads --json must not see it."""
    _, out, _ = run(capsys, "audit", dataset, "--checkpoint", checkpoint, "--json")
    assert out.startswith("{")
