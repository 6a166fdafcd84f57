"""Ground truth of the evaluation split, released as JSON in list order."""

import json
import re

import numpy as np
import pytest
from ho3d_tree import Tree, evaluation_label, hand_in_opengl

from core.data.ho3d.index import open_index
from core.data.json_rows import JsonRows, find_rows
from core.data.problems import IndexingCancelledError
from core.hand.mano_file import load_hand_model

TURN = np.array([1, -1, -1])
NAMES = ["B/0002", "A/0001", "B/0001"]


@pytest.fixture(scope="module")
def model():
    return load_hand_model()


@pytest.fixture(scope="module")
def hands(model):
    return [hand_in_opengl(model, seed) for seed in range(len(NAMES))]


@pytest.fixture
def tree(tmp_path, hands) -> Tree:
    tree = Tree(tmp_path / "HO3D", "evaluation")
    for name, hand in zip(NAMES, hands, strict=True):
        tree.add(name, evaluation_label(hand))
    tree.list(*NAMES)
    write_json(tree, "xyz", [hand.joints for hand in hands])
    write_json(tree, "verts", [hand.vertices for hand in hands])
    return tree


def write_json(tree: Tree, kind: str, arrays: list) -> None:
    path = tree.root / f"evaluation_{kind}.json"
    path.write_text(json.dumps([np.asarray(array).tolist() for array in arrays]))


@pytest.fixture
def opened(tree, model, tmp_path):
    def open_it(**options):
        options = {"cache_dir": tmp_path / "cache", **options}
        return open_index(tree.root, "evaluation", hand_model=model, **options)

    return open_it


def test_joints_and_vertices_belong_to_the_list_s_rows(opened, hands):
    for _ in range(2):  # the second time from the cache
        index = opened()
        assert index.problems == ()
        for row, hand in enumerate(hands):
            label = index.read(row).hand
            np.testing.assert_allclose(label.joints_mm, hand.joints * TURN * 1000, atol=1e-3)
            np.testing.assert_allclose(label.vertices_mm, hand.vertices * TURN * 1000, atol=1e-3)
            np.testing.assert_array_equal(label.box_px, [210, 150, 330, 290])
            assert label.has_all_joints


def test_joints_alone(tree, opened):
    (tree.root / "evaluation_verts.json").unlink()
    label = opened().read(0).hand
    assert label.has_all_joints and label.vertices_mm is None


def test_training_split_does_not_use_them(tree, model, hands, tmp_path):
    train = Tree(tree.root, "train")
    train.add("C/0001", evaluation_label(hands[0]))
    train.list("C/0001")
    index = open_index(tree.root, "train", hand_model=model, cache_dir=tmp_path / "cache")
    assert not index.read(0).hand.has_all_joints


@pytest.mark.parametrize(
    "spoil, reason",
    [
        (lambda text: text[: len(text) // 2], "cut off"),
        (lambda text: text[:-1], "cut off"),
        (lambda text: "[[[1, 2, 3]]]", "1 entries for 3 frames"),
        (lambda text: "", "0 entries"),
        (lambda text: "{}", "0 entries"),
        (lambda text: text + text, "6 entries"),
        (lambda text: text + "]", "cut off"),
    ],
)
def test_files_that_do_not_fit_are_named_and_not_used(spoil, reason, tree, opened):
    path = tree.root / "evaluation_xyz.json"
    path.write_text(spoil(path.read_text()))
    index = opened()
    (problem,) = index.problems
    assert problem.path == path
    assert re.search(f"not used: .*{reason}", problem.text)
    label = index.read(0).hand
    assert np.isnan(label.joints_mm[1:]).all()
    assert label.vertices_mm is not None


@pytest.mark.parametrize(
    "spoil, reason",
    [
        (lambda text: text.replace("[[[", "[[[null, ", 1), "entry 0"),
        (lambda text: text.replace("[[[", "[[[oops ", 1), "entry 0"),
        (lambda text: text.replace("], [", ", ", 1), "entry 0"),
        (lambda text: text.replace("[[[", "[[[NaN, 1, 1], [", 1), "entry 0 is"),
    ],
)
def test_faulty_entry_is_named_in_its_frame_and_others_are_read(spoil, reason, tree, opened):
    path = tree.root / "evaluation_xyz.json"
    path.write_text(spoil(path.read_text()))
    index = opened()
    assert index.problems == ()
    frame = index.read(0)
    (problem,) = frame.problems
    assert problem.startswith(f"{path}: ") and reason in problem
    assert np.isfinite(frame.hand.joints_mm[0]).all() and not frame.hand.has_all_joints
    assert index.read(1).hand.has_all_joints and index.read(1).problems == ()


def test_other_count_than_the_list_is_not_used(tree, opened):
    tree.list(*NAMES[:2])
    problems = opened().problems
    assert len(problems) == 2
    assert all("not used" in problem.text for problem in problems)


def test_without_a_list_the_order_is_unknown(tree, opened):
    (tree.root / "evaluation.txt").unlink()
    index = opened(allow_missing_list=True)
    assert ["order is unknown" in problem.text for problem in index.problems] == [True, True]
    assert not index.read(0).hand.has_all_joints


def test_changed_file_is_looked_through_again(tree, opened, hands, tmp_path):
    opened()
    write_json(tree, "xyz", [hand.joints + 1 for hand in hands])
    joints_mm = opened().read(0).hand.joints_mm
    np.testing.assert_allclose(joints_mm, (hands[0].joints + 1) * TURN * 1000, atol=1e-3)
    assert len(list(tmp_path.glob("cache/*xyz*"))) == 1  # the old one is gone


def test_unwritable_cache_is_said_and_not_fatal(opened, tmp_path):
    (tmp_path / "file").touch()
    index = opened(cache_dir=tmp_path / "file" / "cache")
    assert len(index.problems) == 3  # the index, the joints, the vertices
    assert all("cannot be kept" in problem.text for problem in index.problems)
    assert index.read(0).hand.has_all_joints


def test_second_opening_does_not_look_through_the_files(opened, monkeypatch):
    opened()
    monkeypatch.setattr("core.data.json_rows.find_rows", None)
    assert opened().read(2).hand.has_all_joints


@pytest.mark.parametrize("content", [b"", b"garbage", b"\x93NUMPY"])
def test_damaged_cache_is_made_anew(content, opened, tmp_path):
    opened()
    (cached,) = tmp_path.glob("cache/*xyz*")
    cached.write_bytes(content)
    assert opened().read(0).hand.has_all_joints


def test_looking_through_them_can_be_cancelled(tree, opened):
    size = (tree.root / "evaluation_verts.json").stat().st_size
    with pytest.raises(IndexingCancelledError):
        opened(progress=lambda done, total: total != size)
    assert opened().read(0).hand.vertices_mm is not None


@pytest.mark.parametrize("block", [1, 7, 64, 1000])
@pytest.mark.parametrize("indent", [None, 1])
def test_frames_are_found_across_block_ends(block, indent, tmp_path, monkeypatch):
    monkeypatch.setattr("core.data.json_rows._BLOCK", block)
    values = np.random.default_rng(0).normal(size=(4, 5, 3)) * 10.0 ** -np.arange(3)
    source = tmp_path / "a.json"
    source.write_text(json.dumps(values.tolist(), indent=indent))
    points = JsonRows(source, find_rows(source, 4, progress=None), (5, 3))
    for row in range(4):
        np.testing.assert_array_equal(points.read(row), values[row])


def test_missing_values_stay_missing(tree, opened, hands):
    joints = [hand.joints.copy() for hand in hands]
    joints[1][5] = np.nan
    write_json(tree, "xyz", joints)
    index = opened()
    assert index.read(0).hand.has_all_joints
    assert not index.read(1).hand.has_all_joints
    assert "holds NaN" in index.read(1).problems[0]
