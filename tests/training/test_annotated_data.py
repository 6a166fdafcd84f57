"""Training and the doctor on corrected labels: which are used, which frames are left out."""

import json
import pickle
import shutil

import numpy as np
import pytest
from annotated_tree import NAMES, correction_of, free_2d, make_tree, open_tree

from core.annotation.records import Change, Correction, FrameState, ReviewState
from core.annotation.store import dataset_identity, open_store
from core.cli.main import main
from core.conventions import HO3D_TO_OPENPOSE
from core.data.ho3d.index import open_index
from core.files.embedded import demo_dataset
from core.hand.mano_file import load_hand_model
from core.training.config import DataConfig, with_overrides
from core.training.data import open_data
from core.training.presets import preset
from core.training.process import describe_inputs


@pytest.fixture(scope="module")
def model():
    return load_hand_model(None)


@pytest.fixture(scope="module")
def tree(model, tmp_path_factory):
    return make_tree(tmp_path_factory.mktemp("annotated") / "HO3D", model)


def annotate(path, index, states: dict[str, FrameState]):
    with open_store(path, dataset=dataset_identity(index)) as store:
        store.write(
            Change(frame, index.split, name, getattr(state, name), "said")
            for frame, state in states.items()
            for name in ("correction", "review")
            if getattr(state, name) != getattr(FrameState(), name)
        )
        return store.last_id


@pytest.fixture
def store(tree, model, tmp_path):
    index = open_tree(tree, model, tmp_path / "cache")
    states = {
        NAMES[0]: FrameState(correction_of(model, 0)),
        NAMES[1]: FrameState(free_2d(model, 1)),
        NAMES[3]: FrameState(correction_of(model, 3), review=ReviewState.REJECTED),
        NAMES[2]: FrameState(review=ReviewState.DONE),  # held out
    }
    path = tmp_path / "mine.sqlite"
    annotate(path, index, states)
    return path


def config(tree, store, **changed) -> DataConfig:
    # Three frames of MC1 are learned from, the one of SB3 is measured on, or the other way round.
    return DataConfig(
        dataset=str(tree.root), hold_out_sequences=1, annotations=str(store), workers=0, **changed
    )


def labels_by_name(data) -> dict[str, np.ndarray]:
    return {
        str(frame.frame_id): frame.hand.joints_mm
        for source in (data.training, data.validation.frames)
        for frame in map(source.labels, range(len(source)))
    }


@pytest.mark.parametrize("in_memory", [False, True])
def test_corrections_are_learned_from_and_rejected_frames_are_not(tree, store, model, in_memory):
    plain = labels_by_name(open_data(config(tree, ""), model, seed=0))
    data = open_data(config(tree, store, in_memory=in_memory), model, seed=0)
    labels = labels_by_name(data)
    assert set(plain) == set(NAMES) and set(labels) == set(NAMES) - {NAMES[3]}
    corrected = {NAMES[0]: correction_of(model, 0).joints_mm}
    for name, joints_mm in labels.items():
        wanted = corrected.get(name, plain[name])
        if in_memory:  # compacted frames have their own cameras, and the same hands
            assert joints_mm == pytest.approx(wanted, abs=1e-6)
        else:
            assert np.array_equal(joints_mm, wanted)
    notes = " ".join(data.notes)
    assert f"labels of 2 frames come from corrections in {store}" in notes
    assert "1 frame was corrected in free 2D" in notes
    assert "left out as rejected in review: 1 of 4 frames of HO3D / train" in notes
    assert "2 labels of the split corrected" in data.description


def test_rejected_frames_stay_where_that_is_asked_for(tree, store, model):
    data = open_data(config(tree, store, leave_out_rejected=False), model, seed=0)
    labels = labels_by_name(data)
    assert set(labels) == set(NAMES)
    assert np.array_equal(labels[NAMES[3]], correction_of(model, 3).joints_mm)
    assert "as rejected" not in " ".join(data.notes)


def test_the_run_folder_says_which_annotations_and_up_to_which_edit(tree, store):
    overrides = [f"data.dataset={tree.root}", f"data.annotations={store}"]
    inputs = describe_inputs(with_overrides(preset("demo"), overrides))
    assert inputs["annotations"] == {
        "store": str(store),
        "dataset": "HO-3D: HO3D",
        "last_edit": 5,
    }
    assert describe_inputs(preset("demo"))["annotations"] is None


def test_no_file_and_another_datasets_annotations_are_refused_by_name(
    tree, store, model, tmp_path, capsys
):
    missing = tmp_path / "missing.sqlite"
    assert main(["train", "demo", "--set", f"data.annotations={missing}"]) == 2
    said = capsys.readouterr().err
    assert "data.annotations" in said and str(missing) in said
    assert not missing.exists()
    demo = DataConfig(annotations=str(store), workers=0)
    with pytest.raises(ValueError, match="holds the annotations of HO-3D: HO3D, not those of"):
        open_data(demo, model, seed=0)


def test_frames_of_another_dataset_are_measured_on_as_they_are(tree, store, model):
    other = DataConfig(
        dataset=str(tree.root),
        validation_dataset="demo",
        validation_frames=2,
        annotations=str(store),
        workers=0,
    )
    data = open_data(other, model, seed=0)
    assert len(data.validation) == 2
    assert "is measured on with its own labels" in " ".join(data.notes)


def test_the_doctor_finds_a_planted_fault_healthy_once_it_is_corrected(model, tmp_path, capsys):
    """All labels thumb-first, as a converter that read another convention would leave them."""
    root = shutil.copytree(demo_dataset(), tmp_path / "spoilt")
    for split, frames in (("train", 16), ("evaluation", 4)):  # few, so that it is fast
        names = (root / f"{split}.txt").read_text().splitlines()
        (root / f"{split}.txt").write_text("\n".join(names[:: len(names) // frames]) + "\n")
    index = open_index(root, "train", hand_model=model, cache_dir=tmp_path / "cache")
    states = {}
    for row in range(len(index)):
        frame = index.read_labels(row)
        hand, name = frame.hand, str(frame.frame_id)
        keypoints_px = frame.camera.project(hand.joints_mm)
        states[name] = FrameState(
            Correction(keypoints_px, hand.joints_mm, hand.mano, True, "label")
        )
        meta = root / "train" / frame.frame_id.sequence / "meta" / f"{frame.frame_id.frame}.pkl"
        label = pickle.loads(meta.read_bytes(), encoding="latin1")
        label["handJoints3D"] = label["handJoints3D"][list(HO3D_TO_OPENPOSE)]
        meta.write_bytes(pickle.dumps(label, protocol=2))
    store = tmp_path / "spoilt.sqlite"
    last_edit = annotate(store, index, states)

    checks = "targets,reprojection,joint_order"
    command = ["doctor", str(root), "--tier", "seconds", "--checks", checks, "--json"]
    command += ["--set", "run.threads=1"]
    assert main(command) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["diagnosis"][0]["check"] == "joint_order"
    assert "corrections" not in told["subject"]

    assert main([*command, f"data.annotations={store}"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "healthy"
    source = f"{store} (spoilt / train, edit {last_edit})"
    assert f"labels of {len(index)} frames come from corrections in {source}" in told["subject"]
