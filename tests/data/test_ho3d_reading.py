"""Frames as they are read: camera axes, millimetres, and every fault named but not fatal."""

import pickle
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from ho3d_tree import (
    CAMERA,
    Tree,
    depth_code,
    encode,
    evaluation_label,
    hand_in_opengl,
    picture,
    training_label,
)
from python2_pickle import python2_pickle

from core.data.ho3d.index import open_index
from core.data.problems import UnreadableFrameError
from core.hand.mano_file import load_hand_model

TURN = np.array([1, -1, -1])


@pytest.fixture(scope="module")
def model():
    return load_hand_model()


@pytest.fixture(scope="module")
def hand(model):
    return hand_in_opengl(model, seed=3)


@pytest.fixture(params=["v2", "v3"])
def tree(request, tmp_path) -> Tree:
    return Tree(tmp_path / "HO3D", "train", request.param)


def read(tree: Tree, model, name: str = "MC1/0012"):
    index = open_index(
        tree.root, tree.split, hand_model=model, cache_dir=tree.root.parent / "cache"
    )
    return index.read(index.row_of(type(index.frame_id(0)).parse(name)))


def write_one(tree: Tree, label: object, **spoilt) -> None:
    label = {**label, **spoilt} if isinstance(label, dict) else label
    tree.add("MC1/0012", label)
    tree.list("MC1/0012")


def test_training_frame(tree, model, hand):
    image = picture(seed=5)
    tree.add("MC1/0012", training_label(hand), image=image)
    tree.list("MC1/0012")
    frame = read(tree, model)
    assert str(frame.frame_id) == "MC1/0012"
    assert frame.problems == ()
    tolerance = 0 if tree.version == "v2" else 12  # JPEG
    assert np.abs(frame.image.astype(int) - image).max() <= tolerance
    np.testing.assert_array_equal(frame.camera.intrinsics, CAMERA)
    np.testing.assert_allclose(frame.depth_mm, 4700 * 0.12498664727900177, rtol=1e-6)
    assert frame.depth_mm.dtype == np.float32
    np.testing.assert_allclose(frame.hand.joints_mm, hand.joints * TURN * 1000)
    assert frame.hand.has_all_joints and frame.hand.is_right
    assert frame.object.name == "010_potted_meat_can"
    corners = np.arange(24.0).reshape(8, 3) * 10 * TURN
    np.testing.assert_allclose(frame.object.corners_mm, corners)


def test_mano_reproduces_the_labelled_joints(tree, model, hand):
    write_one(tree, training_label(hand))
    frame = read(tree, model)
    mesh = model.pose(frame.hand.mano)
    np.testing.assert_allclose(mesh.joints_mm, frame.hand.joints_mm, atol=1e-6)
    np.testing.assert_allclose(mesh.vertices_mm, hand.vertices * TURN * 1000, atol=1e-6)


def test_joints_project_where_opencv_projects_them_unmirrored(tree, model, hand):
    """OpenCV is told of HO-3D's axes by the rotation between the two; no code is shared."""
    write_one(tree, training_label(hand))
    frame = read(tree, model)
    keypoints_px = frame.camera.project(frame.hand.joints_mm)
    half_turn_about_x, _ = cv2.Rodrigues(np.diag([1.0, -1.0, -1.0]))
    expected, _ = cv2.projectPoints(hand.joints, half_turn_about_x, np.zeros(3), CAMERA, None)
    np.testing.assert_allclose(keypoints_px, expected[:, 0], atol=1e-6)
    # HO-3D's y points up and x right: what is to the right in the label is right in the picture.
    rightmost, highest = hand.joints[:, 0].argmax(), hand.joints[:, 1].argmax()
    assert keypoints_px[rightmost, 0] > keypoints_px[:, 0].mean()
    assert keypoints_px[highest, 1] < keypoints_px[:, 1].mean()
    assert (frame.hand.joints_mm[:, 2] > 0).all()


def test_evaluation_frame_has_the_wrist_and_a_box(tmp_path, model, hand):
    tree = Tree(tmp_path / "HO3D", "evaluation")
    write_one(tree, evaluation_label(hand))
    frame = read(tree, model)
    assert frame.problems == ()
    np.testing.assert_allclose(frame.hand.joints_mm[0], hand.joints[0] * TURN * 1000)
    assert np.isnan(frame.hand.joints_mm[1:]).all()
    assert frame.hand.mano is None
    np.testing.assert_array_equal(frame.hand.box_px, [210, 150, 330, 290])
    np.testing.assert_array_equal(frame.hand_box_px(), [210, 150, 330, 290])


def test_python_2_labels(tree, model, hand):
    label = training_label(hand)
    del label["camIDList"], label["objLabel"]
    write_one(tree, label)
    tree.write("meta", "MC1/0012", python2_pickle(label))
    frame = read(tree, model)
    assert frame.problems == ()
    np.testing.assert_allclose(frame.hand.joints_mm, hand.joints * TURN * 1000)
    assert frame.object.name == "010_potted_meat_can"


def test_each_frame_has_its_own_camera(tree, model, hand):
    other = CAMERA * [[1.1], [1.1], [1]]
    tree.add("MC1/0001", training_label(hand))
    tree.add("MC1/0002", {**training_label(hand), "camMat": other})
    tree.list("MC1/0001", "MC1/0002")
    np.testing.assert_array_equal(read(tree, model, "MC1/0001").camera.intrinsics, CAMERA)
    np.testing.assert_array_equal(read(tree, model, "MC1/0002").camera.intrinsics, other)


@pytest.mark.parametrize("size", [(1, 1), (2160, 3840)])
def test_smallest_and_4k_pictures(size, tree, model, hand):
    tree.add("MC1/0012", training_label(hand), image=picture(size))
    tree.list("MC1/0012")
    frame = read(tree, model)
    assert frame.image.shape == (*size, 3)
    assert frame.depth_mm.shape == size
    assert frame.problems == ()


def test_a_picture_of_the_other_version_is_read(tree, model, hand):
    write_one(tree, training_label(hand))
    other = {"v2": ".jpg", "v3": ".png"}[tree.version]
    path = tree.path("rgb", "MC1/0013").with_suffix(other)
    tree.add("MC1/0013", training_label(hand))
    tree.path("rgb", "MC1/0013").unlink()
    path.write_bytes(encode(picture(), other))
    tree.add("MC1/0014", training_label(hand))
    tree.list("MC1/0012", "MC1/0013", "MC1/0014")
    assert read(tree, model, "MC1/0013").image.shape == (480, 640, 3)


# What is fatal: no picture.


@pytest.mark.parametrize(
    "data, reason",
    [
        (None, "missing"),
        (b"", "empty"),
        (b"garbage", "neither JPEG nor PNG"),
        ("cut", "cut off"),
    ],
)
def test_frame_without_a_picture_names_file_and_reason(data, reason, tree, model, hand):
    tree.add("MC1/0001", training_label(hand))
    tree.add("MC1/0012", training_label(hand))
    tree.list("MC1/0001", "MC1/0012")
    path = tree.path("rgb", "MC1/0012")
    if data is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-300] if data == "cut" else data)
    with pytest.raises(UnreadableFrameError, match=reason) as caught:
        read(tree, model)
    assert caught.value.path == path
    assert str(path) in str(caught.value)
    assert str(caught.value.frame_id) == "MC1/0012"


def test_picture_that_vanishes_after_opening(tree, model, hand):
    write_one(tree, training_label(hand))
    index = open_index(tree.root, "train", hand_model=model, cache_dir=tree.root / "cache")
    tree.path("rgb", "MC1/0012").unlink()
    with pytest.raises(UnreadableFrameError, match="missing"):
        index.read(0)


# What is not fatal: noted in the frame, with the file.


@pytest.mark.parametrize(
    "data, reason",
    [
        (None, "missing"),
        (b"", "empty"),
        ("cut", "cut off"),
        (encode(np.zeros((480, 640, 3), np.uint8), ".png")[:-200], "cut off"),
        (cv2.imencode(".png", np.zeros((480, 640), np.uint16))[1].tobytes(), "uint16"),
        (encode(depth_code(np.zeros((4, 5), int)), ".png"), r"depth is \(4, 5\)"),
    ],
)
def test_frame_without_depth(data, reason, tree, model, hand):
    write_one(tree, training_label(hand))
    path = tree.path("depth", "MC1/0012")
    if data is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-20] if data == "cut" else data)
    frame = read(tree, model)
    assert frame.depth_mm is None
    assert_single_problem(frame, path, reason)
    assert frame.hand.has_all_joints


def assert_single_problem(frame, path: Path, reason: str) -> None:
    assert len(frame.problems) == 1
    assert re.search(reason, frame.problems[0])
    assert frame.problems[0].startswith(f"{path}: ")


@pytest.mark.parametrize(
    "key, value, reason",
    [
        ("handJoints3D", None, "'handJoints3D' is None"),
        ("handJoints3D", "None", "'handJoints3D' is None"),
        ("handJoints3D", np.zeros((20, 3)), r"\(20, 3\), not \(21, 3\) or \(3,\)"),
        ("handJoints3D", np.full((21, 3), np.nan), "'handJoints3D' holds NaN"),
        ("handJoints3D", np.full((21, 3), -3e4), "'handJoints3D' holds 30000, larger than 10000 m"),
        ("handJoints3D", np.full((21, 3), -0.5), "'handJoints3D' are all the same point"),
        ("handTrans", [0.0, 1e9, 0.0], "'handTrans' holds 1e\\+09, larger than"),
        ("objCorners3D", np.full((8, 3), 1e20), "'objCorners3D' holds 1e\\+20"),
        ("handJoints3D", {"a": 1}, "'handJoints3D' is not numbers"),
        ("handPose", None, "'handPose' is None"),
        ("handPose", "None", "'handPose' is None"),
        ("handPose", np.zeros(45), r"'handPose' is \(45,\)"),
        ("handBeta", np.array([np.inf] * 10), "'handBeta' holds NaN or inf"),
        ("handTrans", [0.0, 1.0], r"'handTrans' is \(2,\)"),
        ("handTrans", "far away", "'handTrans' is not numbers"),
        ("handBoundingBox", [10, 10, 10, 40], "has no size"),
        ("handBoundingBox", [1, 2, 3], r"\(3,\), not \(4,\)"),
        ("objCorners3D", np.zeros((7, 3)), r"\(7, 3\), not \(8, 3\)"),
        ("objCorners3D", np.full((8, 3), np.nan), "'objCorners3D' holds NaN"),
    ],
)
def test_faulty_annotation_is_named_and_the_rest_is_read(key, value, reason, tree, model, hand):
    write_one(tree, training_label(hand), **{key: value})
    frame = read(tree, model)
    assert_single_problem(frame, tree.path("meta", "MC1/0012"), reason)
    assert frame.image.shape == (480, 640, 3)
    assert frame.hand.has_all_joints == (key != "handJoints3D")
    assert (frame.hand.mano is None) == key.startswith(("handPose", "handBeta", "handTrans"))
    assert (frame.object is None) == (key == "objCorners3D")
    assert frame.hand.box_px is None


def test_frame_whose_annotations_are_all_none(tree, model, hand):
    names = ("handPose", "handBeta", "handTrans", "handJoints3D", "objCorners3D", "objName")
    write_one(tree, training_label(hand), **dict.fromkeys(names))
    frame = read(tree, model)
    assert frame.hand is None and frame.object is None
    assert frame.crop() is None
    assert len(frame.problems) == 4


def test_objects_may_be_absent(tree, model, hand):
    write_one(tree, training_label(hand), objCorners3D=None, objName=None)
    frame = read(tree, model)
    assert frame.object is None and frame.problems == ()


@pytest.mark.parametrize(
    "camera, reason",
    [
        (None, "'camMat' is None"),
        (np.zeros((3, 3)), "'camMat' is not a camera's"),
        (np.eye(4), r"'camMat' is \(4, 4\)"),
        (CAMERA * np.nan, "'camMat' holds NaN"),
        (CAMERA.T, "its last row"),
        (CAMERA * [[-1], [1], [1]], "positive focal"),
    ],
)
def test_faulty_camera_is_replaced_by_the_usual_one_and_said(camera, reason, tree, model, hand):
    write_one(tree, training_label(hand), camMat=camera)
    frame = read(tree, model)
    np.testing.assert_allclose(frame.camera.intrinsics, CAMERA)
    text = "\n".join(frame.problems)
    assert len(frame.problems) == 2
    assert re.search(reason, text)
    assert "usual camera is assumed" in text


def test_missing_labels_leave_the_picture(tree, model, hand):
    write_one(tree, training_label(hand))
    tree.path("meta", "MC1/0012").unlink()
    frame = read(tree, model)
    assert frame.hand is None
    assert frame.depth_mm is not None
    assert any("0012.pkl: the label file is missing" in text for text in frame.problems)


@pytest.mark.parametrize("content", [b"", b"garbage", pickle.dumps(None), pickle.dumps([1])])
def test_damaged_labels_leave_the_picture(content, tree, model, hand):
    write_one(tree, training_label(hand))
    tree.write("meta", "MC1/0012", content)
    frame = read(tree, model)
    assert frame.hand is None and frame.image is not None
    assert all("0012.pkl" in text for text in frame.problems)


def test_hostile_labels_are_refused_and_not_run(tree, model, hand, tmp_path):
    planted = tmp_path / "planted"

    class Planted:
        def __reduce__(self):
            return exec, (f"open({str(planted)!r}, 'w')",)

    write_one(tree, {**training_label(hand), "handPose": Planted()})
    frame = read(tree, model)
    assert not planted.exists()
    assert frame.hand is None and frame.image is not None
    assert any("0012.pkl" in text and "exec" in text for text in frame.problems)
