"""Own pictures: what is listed, the camera, depth beside them, and drawn boxes that are kept."""

import json

import cv2
import numpy as np
import pytest
from ho3d_tree import encode, picture

from core.data.opening import available_splits, layout_of, open_dataset
from core.data.own_pictures.boxes import HandBox, default_boxes_dir
from core.data.problems import UnreadableFrameError, WrongFolderError
from core.evaluation.identity import dataset_digest
from core.hand.mano_file import load_hand_model

BOX = HandBox((10.0, 20.0, 50.0, 70.0))


@pytest.fixture(scope="module")
def model():
    return load_hand_model()


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "Holiday"
    root.mkdir()
    for name in ("b.jpg", "a.JPG", "c.png"):
        suffix = "." + name[-3:].lower()
        (root / name).write_bytes(encode(picture((60, 80), seed=ord(name[0])), suffix))
    (root / "notes.txt").write_text("not a picture")
    (root / ".hidden.jpg").touch()
    return root


@pytest.fixture
def opened(model):
    return lambda root, **options: open_dataset(root, hand_model=model, **options)


def test_a_folder_of_pictures_opens_without_labels(root, opened):
    assert layout_of(root).kind == "your own pictures" and available_splits(root) == ("pictures",)
    index = opened(root)
    assert [str(index.frame_id(row)) for row in range(len(index))] == [
        "Holiday/a.JPG",
        "Holiday/b.jpg",
        "Holiday/c.png",
    ]
    assert index.name == "Holiday" and index.problems == () and index.takes_boxes
    frame = index.read(2)
    np.testing.assert_array_equal(frame.image, picture((60, 80), seed=ord("c")))
    assert frame.hand is None and frame.crop() is None and frame.problems == ()
    assert frame.camera_is_assumed and frame.camera.focal_px == (96.0, 96.0)
    assert frame.camera.principal_point_px == (39.5, 29.5)


def test_a_single_picture_opens_alone(root, opened):
    index = opened(root / "b.jpg")
    assert len(index) == 1 and str(index.frame_id(0)) == "Holiday/b.jpg"
    with pytest.raises(WrongFolderError, match="neither a folder nor a picture"):
        opened(root / "notes.txt")


def test_a_drawn_box_is_kept_elsewhere_and_gives_the_crop(root, opened):
    before = sorted(path.name for path in root.iterdir())
    index = opened(root)
    without = dataset_digest(index)
    index.keep_hand_box(1, BOX)
    assert dataset_digest(index) == dataset_digest(opened(root)) != without
    for again in (index, opened(root), opened(root / "b.jpg")):
        row = 1 if len(again) == 3 else 0
        frame = again.read(row)
        np.testing.assert_array_equal(frame.hand.box_px, BOX.box_px)
        assert frame.hand.is_right and not frame.hand.has_all_joints
        crop = frame.crop()
        assert crop.centre_px == (30.0, 45.0) and not crop.is_mirrored
        assert again.read_labels(row).hand.box_px is not None
    index.keep_hand_box(1, HandBox(BOX.box_px, is_right=False))
    assert opened(root).read(1).crop().is_mirrored
    assert opened(root).read(0).hand is None
    index.keep_hand_box(1, None)
    assert opened(root).read(1).hand is None
    assert sorted(path.name for path in root.iterdir()) == before
    assert list(default_boxes_dir().iterdir()) == [index.boxes.path]


@pytest.mark.parametrize("box", [(1, 2, 1.5, 9), (5, 5, 1, 9), (1, 2, np.nan, 9)])
def test_what_is_no_box_is_refused(box):
    with pytest.raises(ValueError, match="no box"):
        HandBox(box)


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"boxes": {"a": 1}}', '{"boxes": {"a": {"box_px": [1, 2, 1, 2]}}}']
)
def test_damaged_boxes_are_named_and_set_aside(content, root, opened):
    index = opened(root)
    index.keep_hand_box(0, BOX)
    index.boxes.path.write_text(content)
    again = opened(root)
    (problem,) = again.problems
    assert problem.path == again.boxes.path and "drawn hand boxes" in problem.text
    again.keep_hand_box(1, BOX)
    assert opened(root).problems == () and opened(root).read(1).hand is not None
    assert again.boxes.path.with_suffix(".damaged").read_text() == content


@pytest.mark.parametrize(
    "values",
    [
        {"fx": 100, "fy": 110, "cx": 39, "cy": 30},
        {"K": [[100, 0, 39], [0, 110, 30], [0, 0, 1]]},
        {"fx": 200, "fy": 220, "cx": 78.5, "cy": 60.5, "width": 160, "height": 120},
    ],
)
def test_intrinsics_beside_the_pictures_are_used(values, root, opened):
    (root / "intrinsics.json").write_text(json.dumps(values))
    frame = opened(root).read(0)
    assert not frame.camera_is_assumed
    expected = [[100, 0, 39], [0, 110, 30], [0, 0, 1]]
    np.testing.assert_allclose(frame.camera.intrinsics, expected)


@pytest.mark.parametrize("text", ["", "[]", '{"fx": 1}', '{"K": [1, 2]}', '{"K": "x"}'])
def test_damaged_intrinsics_are_named_and_a_camera_assumed(text, root, opened):
    (root / "intrinsics.json").write_text(text)
    index = opened(root)
    (problem,) = index.problems
    assert problem.path.name == "intrinsics.json" and "no camera" in problem.text
    assert index.read(0).camera_is_assumed


def test_depth_of_the_same_name_is_read_and_not_listed(root, opened):
    depth = np.arange(4800, dtype=np.uint16).reshape(60, 80)
    (root / "b.png").write_bytes(cv2.imencode(".png", depth)[1].tobytes())
    index = opened(root)
    assert len(index) == 3 and list(index.rows_without_depth) == [0, 2]
    np.testing.assert_array_equal(index.read(1).depth_mm, depth)
    (root / "b.png").write_bytes(encode(picture((60, 80)), ".png"))
    frame = index.read(1)
    assert frame.depth_mm is None and "not one channel of 16 bits" in frame.problems[0]


def test_a_damaged_picture_is_named(root, opened):
    (root / "a.JPG").write_bytes((root / "a.JPG").read_bytes()[:400])
    with pytest.raises(UnreadableFrameError, match=r"a\.JPG.*cut off"):
        opened(root).read(0)
