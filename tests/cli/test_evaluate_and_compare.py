"""``utnet evaluate`` and ``utnet compare`` as a person or a script calls them."""

import json

import numpy as np
import pytest
from ho3d_tree import Tree, hand_in_opengl, training_label
from support_evaluation import identity, names, write_evaluation
from support_network import awake, tiny_network

from core.cli.main import main
from core.evaluation.store import EvaluationWriter, list_evaluations
from core.files.checkpoint_card import CheckpointCard
from core.hand.mano_file import load_hand_model
from core.network.checkpoints import save_checkpoint

NAMES = ("AA1/0000", "AA1/0001", "BB2/0000")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("checkpoint") / "awake.safetensors"
    save_checkpoint(path, awake(tiny_network()), card=CheckpointCard("awake"))
    return path


@pytest.fixture
def tree(tmp_path):
    tree = Tree(tmp_path / "data")
    for seed, name in enumerate(NAMES):
        tree.add(name, training_label(hand_in_opengl(load_hand_model(), seed)))
    tree.list(*NAMES)
    return tree


@pytest.fixture
def store(tmp_path):
    return tmp_path / "store"


@pytest.fixture
def evaluate(tree, checkpoint, store):
    """Runs ``utnet evaluate`` on the tree, all in this process."""

    def run(*options: str) -> int:
        where = ["--split", "train", "--checkpoint", str(checkpoint), "--store", str(store)]
        alone = ["--device", "cpu", "--workers", "0"]
        return main(["evaluate", str(tree.root), *where, *alone, *options])

    return run


def write(store, name: str, pa_mm: np.ndarray, **changes):
    changes = {"checkpoint_name": name, "checkpoint_sha256": name, **changes}
    return write_evaluation(
        store, sequences=4, changes=changes, pa_mpjpe_mm=pa_mm.astype(np.float32)
    )


def test_an_evaluation_is_told_as_json(evaluate, store, capsys):
    assert evaluate("--json") == 0
    told = json.loads(capsys.readouterr().out)
    (evaluation,) = list_evaluations(store)
    assert told["folder"] == str(evaluation.folder) and evaluation.is_complete
    assert told["identity"]["checkpoint_name"] == "awake"
    assert told["summary"]["counts"]["measured"] == 3
    mean = evaluation.column("pa_mpjpe_mm").mean()
    assert told["summary"]["figures"]["pa_mpjpe_mm"]["mean"] == pytest.approx(mean)
    assert [one["frames"] for one in told["summary"]["by_sequence"]] == [2, 1]


def test_an_evaluation_is_told_as_tables_with_what_failed(evaluate, tree, capsys):
    tree.path("rgb", NAMES[1]).unlink()
    assert evaluate() == 0
    told = capsys.readouterr().out
    assert "3 frames: 0 pending, 2 measured, 0 root only, 0 unlabelled, 1 failed" in told
    assert "1 frames could not be predicted" in told and "AA1/0001: " in told
    lines = {line.split("  ")[0]: line for line in told.splitlines()}
    assert lines["PA-MPJPE"].split()[-2:] == ["mm", "2"]
    assert lines["AA1"].split()[1:3] == ["2", "1"] and "pinky tip" in lines


def test_progress_is_one_object_a_line_and_a_finished_one_needs_no_network(
    evaluate, capsys, monkeypatch
):
    assert evaluate("--progress", "--batch-size", "2") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines] == ["started", *["progress"] * 3, "finished"]
    assert lines[0]["total"] == 3 and lines[0]["done"] == 0
    assert [line["done"] for line in lines[1:-1]] == [0, 2, 3]
    assert lines[1]["eta_s"] is None and lines[2]["rate"] > 0
    assert lines[-1]["folder"] == lines[0]["folder"] and "figures" in lines[-1]["summary"]
    monkeypatch.setattr("core.evaluation.predictor.Predictor.__init__", None)
    assert evaluate("--progress") == 0
    again = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in again] == ["started", "finished"]


def test_what_cannot_start_says_why(evaluate, store, tree, checkpoint, capsys):
    assert evaluate("--batch-size", "0") == 2
    assert "--batch-size is at least 1, not 0" in capsys.readouterr().err
    assert evaluate("--split", "test") == 2
    assert "it has no split 'test'" in capsys.readouterr().err
    assert evaluate() == 0
    (evaluation,) = list_evaluations(store)
    capsys.readouterr()
    with EvaluationWriter(store, evaluation.identity, evaluation.names):
        assert evaluate() == 2
    assert "writing this evaluation. Stop it first" in capsys.readouterr().err


def test_no_memory_ends_early_with_a_remedy(evaluate, capsys, monkeypatch):
    from core.evaluation.predictor import OutOfMemoryError, Predictor

    def full(*_: object) -> None:
        raise OutOfMemoryError("a batch of 8 needs more memory")

    monkeypatch.setattr(Predictor, "predict_batch", full)
    assert evaluate() == 1
    assert "--batch-size 4. The same command goes on" in capsys.readouterr().err


def test_two_evaluations_are_compared_by_the_names_of_their_checkpoints(store, capsys):
    rng = np.random.default_rng(0)
    first = rng.gamma(3, 4, 60)
    write(store, "old", first)
    write(store, "new", first - 2 + rng.normal(0, 0.2, 60))
    assert main(["compare", "old", "new", "--store", str(store)]) == 0
    told = capsys.readouterr().out
    assert "A  old\nB  new" in told and "60 frames of both" in told
    assert "B is better: B − A is -2.0" in told and "B gains most in" in told
    assert main(["compare", "new", "old", "--store", str(store), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["better"] == "first" and told["overall"]["difference"] == pytest.approx(2, abs=0.1)
    assert told["loss_frames"][0].startswith("SEQ") and len(told["by_sequence"]) == 4


def test_two_folders_are_compared_and_no_difference_is_called_none(store, capsys):
    pa_mm = np.random.default_rng(1).gamma(3, 4, 60)
    noise = np.random.default_rng(2).normal(0, 1, 60)
    one, other = write(store, "a", pa_mm), write(store, "b", pa_mm + noise - noise.mean())
    assert main(["compare", str(one), str(other)]) == 0
    assert "No difference is shown: B − A is" in capsys.readouterr().out


def test_a_checkpoint_is_found_by_its_file(evaluate, store, checkpoint, capsys):
    assert evaluate() == 0
    assert evaluate("--without-depth") == 0
    capsys.readouterr()
    assert main(["compare", str(checkpoint), str(checkpoint), "--store", str(store)]) == 2
    assert "can mean several evaluations" in capsys.readouterr().err


def test_what_cannot_be_compared_says_why(store, capsys):
    pa_mm = np.arange(1.0, 41.0)
    write(store, "a", pa_mm)
    write(store, "b", pa_mm, split="train")
    write(store, "b", pa_mm)
    write(store, "c", pa_mm, hand_model_digest="other")
    write(store, "c", pa_mm)
    options = ["--store", str(store)]
    for arguments, words in (
        (["a", "nobody"], "neither an evaluation's folder nor a checkpoint that was evaluated"),
        (["a", "c"], "can mean several evaluations; name folders"),
        (["a", "a"], "were not evaluated on the same frames"),
        (["a", "b", "--metric", "pa"], "'pa' compares no networks; choose one of mpjpe_mm"),
    ):
        assert main(["compare", *arguments, *options]) == 2
        assert words in capsys.readouterr().err


def test_an_unfinished_evaluation_is_compared_on_what_both_have(store, capsys):
    write(store, "a", np.arange(1.0, 7.0))
    with EvaluationWriter(store, identity(checkpoint_name="b", checkpoint_sha256="b"), names()):
        pass
    assert main(["compare", "a", "b", "--store", str(store)]) == 0
    assert "No frame has PA-MPJPE in both" in capsys.readouterr().out
