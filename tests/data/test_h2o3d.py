"""H2O-3D: two hands a frame, in HO-3D's layout."""

import numpy as np
import pytest
from ho3d_tree import CAMERA, Tree, hand_in_opengl, training_label
from labelled_hands import project

from core.data.frame import FrameId
from core.data.opening import layout_of, open_dataset
from core.data.problems import UnreadableFrameError
from core.hand.mano_file import load_hand_model

TURN = np.array([1, -1, -1])


@pytest.fixture(scope="module")
def model():
    return load_hand_model()


@pytest.fixture(scope="module")
def hands(model):
    """Right and left, of one person: one shape."""
    right = hand_in_opengl(model, 1)
    left = hand_in_opengl(model.mirrored, 1)
    return {"right": right, "left": left}


def two_handed(hands, **changes) -> dict:
    """A training label."""
    absent = ("handJoints3D", "handPose", "handTrans")
    label = {k: v for k, v in training_label(hands["right"]).items() if k not in absent}
    for side, hand in hands.items():
        label |= {
            f"{side}HandJoints3D": hand.joints,
            f"{side}HandPose": hand.pose,
            f"{side}HandTrans": hand.translation,
            f"jointValid{side.capitalize()}": np.ones(21),
            f"poseValid{side.capitalize()}": np.ones(16),
        }
    return label | changes


@pytest.fixture
def tree(tmp_path, hands):
    tree = Tree(tmp_path / "H2O3D")
    tree.add("SB1/0001", two_handed(hands))
    tree.add("SB1/0002", two_handed(hands))
    tree.list("SB1/0002", "SB1/0001")
    return tree


@pytest.fixture
def opened(tree, model, tmp_path):
    return lambda: open_dataset(tree.root, hand_model=model, cache_dir=tmp_path / "cache")


def test_every_hand_is_a_row(tree, opened):
    assert layout_of(tree.root).kind == "H2O-3D"
    index = opened()
    names = [str(index.frame_id(row)) for row in range(len(index))]
    assert names == ["SB1/0002@right", "SB1/0002@left", "SB1/0001@right", "SB1/0001@left"]
    assert index.row_of(FrameId("SB1", "0001@left")) == 3 and index.problems == ()


@pytest.mark.parametrize("row, side", [(0, "right"), (1, "left"), (3, "left")])
def test_joints_pixels_and_mesh_agree(row, side, opened, hands, model):
    index, hand = opened(), hands[side]
    frame = index.read(row)
    assert frame.problems == () and frame.hand.is_right == (side == "right")
    assert str(frame.frame_id).endswith(side)
    np.testing.assert_allclose(frame.hand.joints_mm, hand.joints * TURN * 1000, atol=1e-6)
    seen = frame.camera.project(frame.hand.joints_mm)
    np.testing.assert_allclose(seen, project(CAMERA, hand.joints * TURN), atol=1e-6)
    posed = model.of_side(frame.hand.is_right).pose(frame.hand.mano)
    np.testing.assert_allclose(posed.vertices_mm, hand.vertices * TURN * 1000, atol=1e-6)
    labels = index.read_labels(row)
    assert labels.frame_id == frame.frame_id
    np.testing.assert_array_equal(labels.hand.joints_mm, frame.hand.joints_mm)
    crop = frame.crop()
    assert crop.is_mirrored == (side == "left")
    ((image, depth_mm),) = index.read_crops([row], [crop])
    np.testing.assert_array_equal(image, crop.image(frame.image))
    np.testing.assert_allclose(depth_mm, crop.depth(frame.depth_mm))


def test_what_the_labels_call_invalid_is_left_out(tree, opened, hands):
    valid = np.ones((21, 1))
    valid[5] = 0
    invalid = {"jointValidLeft": np.zeros(21), "jointValidRight": valid, "poseValidRight": [0, 1]}
    tree.add("SB1/0002", two_handed(hands, **invalid))
    index = opened()
    right, left = index.read(0).hand, index.read(1).hand
    assert left is None and right.mano is None
    assert np.isnan(right.joints_mm[5]).all() and np.isfinite(right.joints_mm[6]).all()


def test_evaluation_labels_have_the_wrists_alone(tree, model, hands, tmp_path):
    wrists = {f"{side}HandJoints3D": hand.joints[0] for side, hand in hands.items()}
    evaluation = Tree(tree.root, "evaluation")
    evaluation.add("EV1/0000", {"camMat": CAMERA, **wrists})
    evaluation.list("EV1/0000")
    index = open_dataset(tree.root, "evaluation", hand_model=model, cache_dir=tmp_path)
    for row, side in enumerate(("right", "left")):
        hand = index.read(row).hand
        wrist_mm = hands[side].joints[0] * TURN * 1000
        np.testing.assert_allclose(hand.joints_mm[0], wrist_mm, atol=1e-6)
        assert np.isnan(hand.joints_mm[1:]).all() and index.read(row).crop() is None


def test_faults_are_named_for_both_hands(tree, opened, hands):
    tree.add("SB1/0002", two_handed(hands, leftHandPose=np.zeros(3), rightHandTrans="None"))
    tree.path("rgb", "SB1/0001").unlink()
    index = opened()
    assert list(index.unreadable_rows) == [2, 3]
    right, left = index.read(0), index.read(1)
    assert any("'rightHandTrans' is None" in text for text in right.problems)
    assert any("'leftHandPose' is (3,)" in text for text in left.problems)
    assert right.hand.has_all_joints and left.hand.mano is None
    with pytest.raises(UnreadableFrameError, match="missing"):
        index.read(3)


def test_a_hostile_label_runs_nothing(tree, opened, capsys):
    tree.write("meta", "SB1/0002", b"cos\nsystem\n(S'echo hello'\ntR.")
    frame = opened().read(1)
    assert frame.hand is None and any("os.system" in text for text in frame.problems)
    assert "hello" not in capsys.readouterr().out
