"""``utnet submission``: evaluate what is missing, write, and read it back."""

import json

import numpy as np
import pytest
from ho3d_tree import Tree, evaluation_label, hand_in_opengl
from support_network import awake, stand_in, tiny_network

from core.cli.main import main
from core.data.ho3d.index import open_index
from core.evaluation import predictor
from core.evaluation.identity import RowNames, identify
from core.evaluation.store import EvaluationWriter
from core.files.checkpoint_card import CheckpointCard
from core.network.checkpoints import save_checkpoint

NAMES = ["B/0002", "A/0001", "B/0001"]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Tree:
    tree = Tree(tmp_path_factory.mktemp("data") / "HO3D", "evaluation")
    hands = [hand_in_opengl(stand_in(), seed) for seed in range(len(NAMES))]
    for name, hand in zip(NAMES, hands, strict=True):
        tree.add(name, evaluation_label(hand))
    tree.list(*NAMES)
    for kind, arrays in (
        ("xyz", [hand.joints for hand in hands]),
        ("verts", [hand.vertices for hand in hands]),
    ):
        content = json.dumps([np.asarray(array).tolist() for array in arrays])
        (tree.root / f"evaluation_{kind}.json").write_text(content)
    return tree


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("checkpoint") / "tiny.safetensors"
    save_checkpoint(path, awake(tiny_network()), card=CheckpointCard("tiny", trained_on="nothing"))
    return path


@pytest.fixture
def command(dataset, checkpoint, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def run(*options: str) -> int:
        arguments = ["submission", str(dataset.root), "--checkpoint", str(checkpoint)]
        arguments += ["--out", str(tmp_path / "pred.zip"), "--store", str(tmp_path / "store")]
        return main([*arguments, "--device", "cpu", "--workers", "0", *options])

    return run


def test_it_evaluates_writes_and_is_readable_by_score(
    command, dataset, tmp_path, capsys, monkeypatch
):
    assert command("--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["frames"], told["filled"]) == (3, 0)
    assert "stand-in" in told["notes"][0]

    # The evaluation has the same figures, from the same hands, in the list's order.
    out = str(tmp_path / "pred.zip")
    assert main(["score", str(dataset.root), out, "--jobs", "1", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    measured = np.load(f"{told['evaluation']}/wrist_error_mm.npy")
    assert figures["samples"] == 3 and np.isfinite(measured).all()
    assert figures["xyz_mean3d_cm"] < 10 * measured.max()  # mm to cm, and some
    pa_mm = np.load(f"{told['evaluation']}/pa_mpjpe_mm.npy")
    assert figures["xyz_procrustes_al_mean3d_cm"] * 10 == pytest.approx(pa_mm.mean(), rel=1e-4)

    # A second time nothing is predicted.
    def never(*_: object, **__: object):
        raise AssertionError("predicted again")

    monkeypatch.setattr(predictor, "Predictor", never)
    first = (tmp_path / "pred.zip").read_bytes()
    assert command() == 0
    assert (tmp_path / "pred.zip").read_bytes() == first
    assert "3 hands in" in capsys.readouterr().out


def test_a_frame_without_a_picture_is_named(command, dataset, tmp_path, capsys):
    picture = dataset.path("rgb", "A/0001")
    content = picture.read_bytes()
    picture.write_bytes(content[:100])
    try:
        assert command() == 2
        assert "A/0001" in capsys.readouterr().err
        assert not (tmp_path / "pred.zip").exists()
        assert command("--fill-missing", "--json") == 0
        assert json.loads(capsys.readouterr().out)["filled"] == 1
    finally:
        picture.write_bytes(content)


def test_the_datasets_own_folder_is_no_place_for_it(command, dataset, capsys):
    """A file there would change the fingerprint by which its evaluation is found."""
    assert command("--out", str(dataset.root / "pred.zip")) == 2
    assert "in the dataset's folder" in capsys.readouterr().err


def test_an_evaluation_that_another_process_makes_is_waited_for(
    command, dataset, checkpoint, tmp_path, capsys
):
    index = open_index(dataset.root, "evaluation", hand_model=stand_in())
    identity = identify(checkpoint, index, stand_in())
    with EvaluationWriter(tmp_path / "store", identity, RowNames.of_index(index)):
        assert command() == 2
    assert "when that is done" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--out", "pred.json"), "a submission is a zip"),
        (("--out", "no/such/folder/pred.zip"), "there is no such folder"),
        (("--batch-size", "0"), "--batch-size is at least 1"),
        (("--checkpoint", "none.safetensors"), "there is no checkpoint"),
    ],
)
def test_what_cannot_work_is_said_before_anything_is_predicted(command, options, word, capsys):
    assert command(*options) == 2
    assert word in capsys.readouterr().err
