"""FreiHAND: conversions against an independent projection, and faults that are named."""

import numpy as np
import pytest
from freihand_tree import CAMERA, write_freihand, write_labels
from labelled_hands import THUMB_FIRST, like_mano, project

from core.data.frame import FrameId
from core.data.opening import available_splits, layout_of, open_dataset
from core.data.problems import EmptySplitError, IndexingCancelledError, UnreadableFrameError
from core.hand.mano_file import load_hand_model


@pytest.fixture(scope="module")
def model():
    return like_mano(fingertips="freihand")


@pytest.fixture
def root(tmp_path):
    return tmp_path / "FreiHAND"


@pytest.fixture
def hands(root, model):
    return write_freihand(root, model)


@pytest.fixture
def opened(root, hands, model, tmp_path):
    def open_it(split="training", **options):
        options = {"hand_model": model, "cache_dir": tmp_path / "cache", **options}
        return open_dataset(root, split, **options)

    return open_it


def test_rows_are_pictures_and_sequences_backgrounds(opened, root):
    assert layout_of(root).kind == "FreiHAND" and available_splits(root) == ("training",)
    index = opened("train")  # what configurations call it
    assert index.split == "training" and index.problems == ()
    assert [str(index.frame_id(row)) for row in (0, 2, 3, 5)] == [
        "gs/00000000",
        "gs/00000002",
        "hom/00000000",
        "hom/00000002",
    ]
    assert index.row_of(FrameId("hom", "00000001")) == 4
    assert index.recording_of("gs") == index.recording_of("hom")
    assert list(index.rows_without_depth) == list(range(6))


def test_labels_are_ours_and_mesh_joints_and_pixels_agree(opened, hands, model):
    index = opened()
    for row in range(6):
        frame, hand = index.read(row), hands[row % 3]
        assert frame.image.shape == (224, 224, 3) and frame.depth_mm is None
        assert frame.problems == () and frame.hand.is_right
        np.testing.assert_allclose(frame.hand.joints_mm, hand.mesh.joints_mm, atol=1e-6)
        np.testing.assert_allclose(frame.hand.vertices_mm, hand.mesh.vertices_mm, atol=1e-6)
        mesh = model.pose(frame.hand.mano)
        np.testing.assert_allclose(mesh.vertices_mm, frame.hand.vertices_mm, atol=1e-6)
        np.testing.assert_allclose(mesh.joints_mm, frame.hand.joints_mm, atol=1e-6)
        seen = frame.camera.project(frame.hand.joints_mm)[THUMB_FIRST]
        joints_m = hand.mesh.joints_mm[THUMB_FIRST] / 1000
        np.testing.assert_allclose(seen, project(CAMERA, joints_m), atol=1e-6)
        labels = index.read_labels(row)
        np.testing.assert_array_equal(labels.hand.joints_mm, frame.hand.joints_mm)
    crop = index.read(4).crop()
    ((image, depth_mm),) = index.read_crops([4], [crop])
    np.testing.assert_array_equal(image, crop.image(index.read(4).image))
    assert depth_mm is None


def test_the_stand_in_reads_joints_but_no_poses_that_need_mano(opened, hands, model):
    index = opened(hand_model=load_hand_model())
    assert "MANO's mean pose" in index.problems[0].text
    hand = index.read(0).hand
    assert hand.mano is None and hand.has_all_joints
    other = index.with_hand_model(model)
    assert other.problems == () and other.read(0).hand.mano is not None


def test_unreleased_evaluation_labels_leave_pictures_and_cameras(root, model, hands, tmp_path):
    write_freihand(root, model, hands=2, backgrounds=1, split="evaluation")
    for name in ("xyz", "mano", "verts"):
        (root / f"evaluation_{name}.json").unlink()
    index = open_dataset(root, "evaluation", hand_model=model, cache_dir=tmp_path)
    assert [problem.text for problem in index.problems] == ["the label file is missing"] * 3
    frame = index.read(1)
    assert frame.hand is None and frame.crop() is None
    np.testing.assert_allclose(frame.camera.intrinsics, CAMERA)


@pytest.mark.parametrize(
    "name, spoil, words",
    [
        ("xyz", lambda text: text[: len(text) // 2], "cut off"),
        ("verts", lambda text: "[[[1, 2, 3]]]", "1 entries for 3"),
        ("mano", lambda text: "garbage", "0 entries"),
    ],
)
def test_damaged_label_files_are_named_and_the_rest_is_read(name, spoil, words, root, opened):
    path = root / f"training_{name}.json"
    path.write_text(spoil(path.read_text()))
    index = opened()
    (problem,) = index.problems
    assert problem.path == path and words in problem.text
    hand = index.read(0).hand
    assert (hand is None) == (name == "xyz")


def test_damaged_entries_are_named_in_their_frame(root, hands, opened):
    joints = [hand.mesh.joints_mm / 1000 for hand in hands]
    joints[0] = joints[0][:20]
    joints[1] = joints[1] * 1e6
    write_labels(root, "training", "xyz", joints)
    write_labels(root, "training", "K", [np.zeros((3, 3)), CAMERA, CAMERA])
    index = opened()
    assert index.problems == ()
    first = index.read(0)
    assert first.hand is None and len(first.problems) == 3
    assert any("(20, 3)" in text for text in first.problems)
    assert first.camera.focal_px == (1.2 * 224, 1.2 * 224)
    assert "larger than 100 m" in index.read(1).problems[0]
    assert index.read(2).problems == ()


def test_missing_and_damaged_pictures(root, opened):
    (root / "training" / "rgb" / "00000001.jpg").unlink()
    path = root / "training" / "rgb" / "00000002.jpg"
    path.write_bytes(path.read_bytes()[:500])
    index = opened()
    assert list(index.unreadable_rows) == [1]
    assert "00000001.jpg" in str(index.problems[0])
    for row, words in ((1, "missing"), (2, "cut off")):
        with pytest.raises(UnreadableFrameError, match=words):
            index.read(row)
    assert index.read(3).hand.has_all_joints


def test_no_cameras_no_frames(root, opened):
    (root / "training_K.json").write_text("[]")
    with pytest.raises(EmptySplitError, match="training_K"):
        opened()


def test_opening_can_be_cancelled(opened):
    with pytest.raises(IndexingCancelledError):
        opened(progress=lambda done, total: False)
