"""``utnet annotations``: what it prints and writes; and commands that read corrected labels."""

import csv
import json

import numpy as np
import pytest
from annotated_tree import NAMES, correction_of, free_2d, full_state, make_tree
from support_network import awake, tiny_network

from core.annotation.records import FIELDS, Change, FrameState, ReviewState
from core.annotation.store import default_store_path, open_store
from core.cli.main import main
from core.conventions import BONES
from core.files.checkpoint_card import CheckpointCard
from core.hand.mano_file import load_hand_model
from core.network.checkpoints import save_checkpoint

DATASET = "HO-3D: HO3D"


@pytest.fixture(scope="module")
def model():
    return load_hand_model(None)


@pytest.fixture(scope="module")
def root(model, tmp_path_factory):
    return make_tree(tmp_path_factory.mktemp("data") / "HO3D", model).root


@pytest.fixture
def utnet(root, tmp_path, monkeypatch, capsys):
    """Runs an action on the tree; (exit status, JSON or stderr)."""
    monkeypatch.setenv("UTNET_ANNOTATIONS", str(tmp_path / "annotations"))

    def run(action: str, *options: object):
        status = main(["annotations", action, str(root), *map(str, options), "--json"])
        said = capsys.readouterr()
        return status, json.loads(said.out) if status == 0 else said.err

    return run


def annotate(path, states: dict[str, FrameState]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open_store(path, dataset=DATASET) as store:
        store.write(
            Change(frame, "train", field, getattr(state, field), "said")
            for frame, state in states.items()
            for field in FIELDS
            if getattr(state, field) != getattr(FrameState(), field)
        )


@pytest.fixture
def states(model) -> dict[str, FrameState]:
    return {
        NAMES[0]: full_state(model, 0),
        NAMES[1]: FrameState(free_2d(model, 1), review=ReviewState.REJECTED),
        NAMES[2]: FrameState(flags=frozenset({"bad"})),
    }


def test_list_and_stats_tell_what_was_said_and_where_it_lies(utnet, root, states, tmp_path):
    status, told = utnet("stats")
    store = default_store_path(root)
    assert (status, told["store"], told["splits"]) == (0, str(store), {})
    assert not store.exists()  # looking makes nothing

    annotate(store, states)
    _, told = utnet("stats")
    assert told["edits"] == 8
    counts = told["splits"]["train"]
    assert counts["reviews"] == {"new": 1, "in review": 0, "done": 1, "rejected": 1}
    assert counts["flags"] == {"bad": 2, "my-own": 1}
    assert (counts["frames"], counts["corrected_3d"], counts["corrected_2d"]) == (3, 1, 1)

    _, told = utnet("list")
    assert {one["frame"]: one["corrected"] for one in told["frames"]} == {
        NAMES[0]: "3D",
        NAMES[1]: "2D",
        NAMES[2]: "",
    }
    _, told = utnet("list", "--review", "done", "--review", "new", "--flag", "bad")
    assert {one["frame"] for one in told["frames"]} == {NAMES[0], NAMES[2]}
    (full,) = [one for one in told["frames"] if one["frame"] == NAMES[0]]
    assert (full["occluded_joints"], full["joints_outside"]) == (2, 1)


def test_every_format_goes_out_and_coco_comes_back_in(utnet, states, tmp_path):
    store = tmp_path / "mine.sqlite"
    annotate(store, states)
    here = ("--store", store)
    status, told = utnet("export", *here, "--format", "coco", "--out", tmp_path / "a.json")
    assert (status, told["frames"], told["notes"]) == (0, 3, [])
    _, told = utnet("export", *here, "--format", "csv", "--out", tmp_path / "a.csv", "--review",
                    "rejected")  # fmt: skip
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        assert [row["frame"] for row in csv.DictReader(file)] == [NAMES[1]]
    _, told = utnet("export", *here, "--format", "ho3d", "--out", tmp_path / "ho3d")
    assert told["frames"] == 1 and "free 2D" in told["notes"][0]
    assert (tmp_path / "ho3d" / "train.txt").read_text() == f"{NAMES[0]}\n"

    # Into an empty store: first looked at, then taken over, then the same again is nothing new.
    other = ("--store", tmp_path / "other.sqlite", tmp_path / "a.json")
    _, told = utnet("import", *other, "--preview")
    assert (told["additions"], told["written"], told["conflicts"]) == (8, 0, [])
    assert not (tmp_path / "other.sqlite").exists()
    _, told = utnet("import", *other)
    assert (told["written"], told["is_preview"]) == (8, False)
    _, told = utnet("import", *other)
    assert (told["written"], told["same"]) == (0, 8)
    with open_store(tmp_path / "other.sqlite") as imported:
        assert imported.dataset == DATASET
        state = imported.state("train", NAMES[0])
        assert (state.note, state.flags) == (states[NAMES[0]].note, states[NAMES[0]].flags)
        assert state.correction.joints_mm is None  # COCO knows the photo alone


def test_conflicts_are_shown_and_decided_one_by_one(utnet, states, tmp_path):
    mine, theirs = tmp_path / "mine.sqlite", tmp_path / "theirs.sqlite"
    annotate(mine, {NAMES[2]: FrameState(note="mine", review=ReviewState.DONE)})
    annotate(theirs, {NAMES[2]: FrameState(note="theirs", review=ReviewState.REJECTED)})
    _, told = utnet("import", "--store", mine, theirs, "--preview")
    shown = [(one["field"], one["mine"], one["theirs"], one["newer"]) for one in told["conflicts"]]
    assert shown == [("note", "mine", "theirs", "theirs"), ("review", "done", "rejected", "theirs")]
    choices = tmp_path / "choices.json"
    choice = {**told["conflicts"][1], "keep": "theirs"}
    choices.write_text(json.dumps([choice]))
    _, told = utnet("import", "--store", mine, theirs, "--choices", choices)
    assert told["written"] == 1
    with open_store(mine) as store:
        state = store.state("train", NAMES[2])
        assert (state.note, state.review) == ("mine", ReviewState.REJECTED)

    choices.write_text('[{"keep": "both"}]')
    status, said = utnet("import", "--store", mine, theirs, "--choices", choices)
    assert status == 2 and "choices.json" in said


def test_what_cannot_be_done_is_status_2_and_a_sentence(utnet, states, root, tmp_path, capsys):
    status, said = utnet("export", "--format", "csv", "--out", tmp_path / "a.csv")
    assert status == 2 and "nothing was said of" in said and "--store" in said
    store = tmp_path / "mine.sqlite"
    annotate(store, states)
    status, said = utnet("export", "--store", store, "--format", "csv", "--out", root / "a.csv")
    assert status == 2 and "never written" in said
    status, said = utnet("import", "--store", store, store)
    assert status == 2 and "taken into" in said
    status, said = utnet("import", "--store", store, tmp_path / "no.json")
    assert status == 2 and "no.json: cannot be read" in said
    assert main(["annotations", "stats", "demo", "--store", str(store)]) == 2
    assert f"holds the annotations of {DATASET}" in capsys.readouterr().err


def test_inspect_measures_against_corrected_labels(root, model, states, tmp_path, capsys):
    checkpoint = tmp_path / "tiny.safetensors"
    save_checkpoint(checkpoint, awake(tiny_network()), card=CheckpointCard("tiny", "nothing"))
    store = tmp_path / "mine.sqlite"
    annotate(store, states)
    command = ["inspect", str(root), NAMES[0], "--checkpoint", str(checkpoint), "--device", "cpu"]
    bones = []
    for options in ([], ["--annotations", str(store)]):
        assert main([*command, *options, "--json"]) == 0
        said = capsys.readouterr()
        bones.append(list(json.loads(said.out)["bone_lengths_truth_mm"].values()))
    assert f"corrections in {store}" in said.err
    joints_mm = correction_of(model, 0).joints_mm
    wanted = [np.linalg.norm(joints_mm[a] - joints_mm[b]) for a, b in BONES]
    assert bones[1] == pytest.approx(wanted) and bones[0] != pytest.approx(wanted)
    assert main([*command, "--annotations", str(tmp_path / "missing.sqlite")]) == 2
    assert "missing.sqlite" in capsys.readouterr().err
