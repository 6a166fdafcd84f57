"""A dataset seen through its corrections: labels, boxes, rejected frames, and what is told."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from annotated_tree import NAMES, correction_of, free_2d, make_tree, open_tree

from core.annotation.corrected import with_corrections
from core.annotation.records import Change, FrameState, ReviewState
from core.annotation.store import dataset_identity, open_store
from core.data.frame import FrameId
from core.evaluation.identity import dataset_digest
from core.hand.mano_file import load_hand_model


@pytest.fixture(scope="module")
def model():
    return load_hand_model(None)


@pytest.fixture(scope="module")
def index(model, tmp_path_factory):
    place = tmp_path_factory.mktemp("corrected")
    tree = make_tree(place / "HO3D", model)
    tree.list(*NAMES, NAMES[0])  # a list may name a frame twice
    return open_tree(tree, model, place / "cache")


def corrected(index, folder, states: dict[str, FrameState]):
    with open_store(folder / "mine.sqlite", dataset=dataset_identity(index)) as store:
        store.write(
            Change(frame, index.split, name, getattr(state, name), "said")
            for frame, state in states.items()
            for name in ("correction", "review")
        )
        return with_corrections(index, store)


def test_a_corrected_frame_has_the_correction_and_every_other_its_own_label(index, model, tmp_path):
    correction = correction_of(model, 1)
    seen = corrected(index, tmp_path, {NAMES[0]: FrameState(correction)})
    for row in range(len(index)):
        for read in ("read", "read_labels"):
            frame, original = getattr(seen, read)(row), getattr(index, read)(row)
            assert np.array_equal(frame.image, original.image)
            wanted = correction.joints_mm if row in (0, 4) else original.hand.joints_mm
            assert np.array_equal(frame.hand.joints_mm, wanted)
    hand = seen.read(0).hand
    assert np.array_equal(hand.mano.hand_pose_rad, correction.mano.hand_pose_rad)
    assert seen.row_of(FrameId("MC1", "0002")) == 0 and len(seen) == 5


def test_it_says_how_many_labels_come_from_where(index, model, tmp_path):
    states = {
        NAMES[0]: FrameState(correction_of(model, 0)),
        NAMES[1]: FrameState(free_2d(model, 1)),
        NAMES[2]: FrameState(review=ReviewState.REJECTED),
        "MC1/9999": FrameState(correction_of(model, 2)),
    }
    seen = corrected(index, tmp_path, states)
    assert seen.rejected_rows.tolist() == [2]
    first, second = seen.notes
    store = tmp_path / "mine.sqlite"
    assert first == f"the label of 1 frame comes from corrections in {store} (HO3D / train, edit 8)"
    assert second.startswith("1 frame was corrected in free 2D")


def test_free_2d_is_no_3d_label(index, model, tmp_path):
    seen = corrected(index, tmp_path, {NAMES[1]: FrameState(free_2d(model, 1))})
    assert seen.free_2d == 1 and len(seen.corrections) == 0
    assert np.array_equal(seen.read_labels(1).hand.joints_mm, index.read_labels(1).hand.joints_mm)


def test_parameters_of_another_hand_model_are_not_taken(index, model, tmp_path):
    correction = correction_of(model, 1)
    other = replace(correction, joints_mm=correction.joints_mm + [0.0, 0.0, 8.0])
    seen = corrected(index, tmp_path, {NAMES[0]: FrameState(other)})
    hand = seen.read_labels(0).hand
    assert hand.mano is None and np.array_equal(hand.joints_mm, other.joints_mm)
    assert any("another hand model" in note for note in seen.notes)


def test_a_box_that_lost_its_hand_is_made_anew(model, tmp_path):
    tree = make_tree(tmp_path / "HO3D", model, split="evaluation")
    for name, box_px in ((NAMES[0], [210, 150, 330, 290]), (NAMES[1], [0, 0, 639, 479])):
        with tree.path("meta", name).open("rb") as file:
            label = pickle.load(file, encoding="latin1")
        tree.write("meta", name, pickle.dumps({**label, "handBoundingBox": box_px}, protocol=2))
    index = open_tree(tree, model, tmp_path / "cache")
    hands = {name: correction_of(model, 5) for name in NAMES[:2]}
    seen = corrected(index, tmp_path, {name: FrameState(hand) for name, hand in hands.items()})
    keypoints_px = hands[NAMES[0]].keypoints_px
    tight = [*keypoints_px.min(0), *keypoints_px.max(0)]
    assert seen.read_labels(0).hand_box_px() == pytest.approx(tight)
    assert seen.read_labels(1).hand_box_px().tolist() == [0, 0, 639, 479]


def test_it_travels_to_worker_processes_and_is_another_dataset_to_an_evaluation(
    index, model, tmp_path
):
    seen = corrected(index, tmp_path, {NAMES[0]: FrameState(correction_of(model, 0))})
    again = pickle.loads(pickle.dumps(seen))
    assert np.array_equal(again.read_labels(0).hand.joints_mm, seen.read_labels(0).hand.joints_mm)
    other = replace(seen, corrections={NAMES[0]: correction_of(model, 1)})
    digests = {dataset_digest(one) for one in (index, seen, other)}
    assert len(digests) == 3 and dataset_digest(again) == dataset_digest(seen)
