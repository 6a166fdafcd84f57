"""Opening a dataset: order, versions, wrong folders, missing files, and the cache."""

import os
from pathlib import Path

import numpy as np
import pytest
from ho3d_tree import Tree, hand_in_opengl, training_label

from core.data.frame import FrameId
from core.data.ho3d import folders
from core.data.ho3d.index import Ho3dIndex, open_index
from core.data.ho3d.listing import available_splits
from core.data.problems import (
    EmptySplitError,
    IndexingCancelledError,
    MissingListError,
    WrongFolderError,
)
from core.hand.mano_file import load_hand_model


@pytest.fixture(scope="module")
def model():
    return load_hand_model()


@pytest.fixture
def tree(tmp_path) -> Tree:
    """Empty files: an index never opens them."""
    tree = Tree(tmp_path / "HO3D_v3")
    for name in ("SB2/0000", "SB2/0001", "ABF1/0000", "ABF1/0001", "ABF1/0002"):
        touch(tree, name)
    tree.list("SB2/0001", "ABF1/0002", "SB2/0000", "ABF1/0000")
    tree.settle()
    return tree


def touch(tree: Tree, name: str) -> None:
    for kind in ("rgb", "depth", "meta"):
        tree.write(kind, name, b"")


@pytest.fixture
def opened(tree, model, tmp_path):
    def open_it(**options) -> Ho3dIndex:
        options = {"cache_dir": tmp_path / "cache", **options}
        return open_index(tree.root, tree.split, hand_model=model, **options)

    return open_it


def names(index: Ho3dIndex) -> list[str]:
    return [str(index.frame_id(row)) for row in range(len(index))]


@pytest.fixture
def looks(monkeypatch) -> list[Path]:
    """Folders that were looked through: none, where the cache was believed."""
    seen = []
    scan = folders.scan_files
    monkeypatch.setattr(
        folders, "scan_files", lambda folder, *rest: seen.append(folder) or scan(folder, *rest)
    )
    return seen


def test_rows_follow_the_list_and_not_the_folder(opened):
    index = opened()
    assert names(index) == ["SB2/0001", "ABF1/0002", "SB2/0000", "ABF1/0000"]
    assert len(index) == 4  # ABF1/0001 lies in the folder and is not listed
    assert index.name == "HO3D_v3 / train"
    assert index.problems == ()
    assert names(opened()) == names(index)  # from the cache


def test_frames_are_found_by_name(opened):
    index = opened()
    for row in range(len(index)):
        assert index.row_of(index.frame_id(row)) == row
    with pytest.raises(KeyError, match="ABF1/0001"):
        index.row_of(FrameId("ABF1", "0001"))
    with pytest.raises(KeyError, match="XYZ/0001"):
        index.row_of(FrameId("XYZ", "0001"))


def test_sequences_can_be_played(opened):
    sequences = opened().sequences
    assert list(sequences) == ["SB2", "ABF1"]
    np.testing.assert_array_equal(sequences["SB2"], [2, 0])
    np.testing.assert_array_equal(sequences["ABF1"], [3, 1])


@pytest.mark.parametrize("row", [-1, 4])
def test_rows_outside_are_refused(row, opened):
    with pytest.raises(IndexError, match="rows 0 to 3"):
        opened().frame_id(row)
    with pytest.raises(IndexError):
        opened().read(row)


@pytest.mark.parametrize("version", ["v2", "v3"])
def test_version_is_found_out(version, tmp_path, model):
    tree = Tree(tmp_path / "HO3D", "train", version)
    touch(tree, "MC1/0001")
    tree.list("MC1/0001")
    assert open_index(tree.root, "train", hand_model=model).version == version


def test_unknown_version_is_refused(opened):
    with pytest.raises(ValueError, match="'v4'"):
        opened(version="v4")


# Wrong folders


def test_no_such_folder(tmp_path, model):
    with pytest.raises(WrongFolderError, match="no such folder"):
        open_index(tmp_path / "nowhere", "train", hand_model=model)


def test_folder_that_is_no_dataset(tmp_path, model):
    (tmp_path / "other" / "photos").mkdir(parents=True)
    with pytest.raises(WrongFolderError, match=r"not a dataset in HO-3D's layout.*train/SEQUENCE"):
        open_index(tmp_path / "other", "train", hand_model=model)


def test_folder_inside_a_dataset_points_above(tree, model):
    with pytest.raises(WrongFolderError, match=f"choose the folder above, {tree.root}"):
        open_index(tree.root / "train", "train", hand_model=model)


def test_absent_split_names_those_there_are(tree, model):
    with pytest.raises(WrongFolderError, match="no split 'evaluation', only train"):
        open_index(tree.root, "evaluation", hand_model=model)
    assert available_splits(tree.root) == ("train",)


def test_list_without_its_folder(tree, model):
    (tree.root / "evaluation.txt").write_text("AP10/0001\n")
    with pytest.raises(WrongFolderError, match=r"evaluation\.txt is there, but the folder"):
        open_index(tree.root, "evaluation", hand_model=model)


def test_missing_list_offers_the_folder_and_opens_it_on_request(tree, opened):
    (tree.root / "train.txt").unlink()
    with pytest.raises(MissingListError, match=r"train\.txt: .*sorted by name, if you ask"):
        opened()
    expected = ["ABF1/0000", "ABF1/0001", "ABF1/0002", "SB2/0000", "SB2/0001"]
    assert names(opened(allow_missing_list=True)) == expected


def test_a_list_that_is_there_is_followed_even_so(opened):
    assert names(opened(allow_missing_list=True))[0] == "SB2/0001"


@pytest.mark.parametrize("text", ["", "\n\n  \n", "not a frame\n", "\x00\xff" * 50])
def test_empty_split(text, tree, opened):
    (tree.root / "train.txt").write_text(text, encoding="latin1")
    with pytest.raises(EmptySplitError, match=r"train\.txt: it lists no frames"):
        opened()


def test_empty_folder_without_a_list(tmp_path, model):
    (tmp_path / "HO3D" / "train" / "SB2" / "rgb").mkdir(parents=True)
    with pytest.raises(EmptySplitError, match="no pictures"):
        open_index(tmp_path / "HO3D", "train", hand_model=model, allow_missing_list=True)


# Faulty lists


def test_windows_line_ends_blanks_and_a_byte_order_mark(tree, opened):
    text = "\ufeffSB2/0001\r\n\r\n  ABF1/0000  \r\n"
    (tree.root / "train.txt").write_bytes(text.encode())
    index = opened()
    assert names(index) == ["SB2/0001", "ABF1/0000"]
    assert index.problems == ()


@pytest.mark.parametrize(
    "line",
    ["SB2", "SB2/", "/0001", "../../etc/passwd", "../secret", "SB2/..", "a/b/c", "x" * 9000 + "/1"],
)
def test_malformed_lines_are_counted_and_named(line, tree, opened):
    tree.list("SB2/0001", line, "SB2/0000")
    index = opened()
    assert names(index) == ["SB2/0001", "SB2/0000"]
    (problem,) = index.problems
    assert problem.path == tree.root / "train.txt"
    assert "line 2 is not SEQUENCE/FRAME" in problem.text
    assert len(str(problem)) < 400
    assert opened().problems == index.problems  # from the cache


def test_many_malformed_lines_are_summed_up(tree, opened):
    tree.list("SB2/0001", *["?"] * 1000)
    problems = opened().problems
    assert len(problems) == 21
    assert problems[-1].text.startswith("980 more lines")


def test_frames_listed_twice_are_kept_and_said(tree, opened):
    tree.list("SB2/0001", "SB2/0000", "SB2/0001")
    index = opened()
    assert len(index) == 3
    assert index.row_of(FrameId("SB2", "0001")) == 0
    assert [p.text for p in index.problems] == ["1 frames are listed more than once"]


# Missing files


@pytest.mark.parametrize(
    "kind, what", [("rgb", "picture"), ("depth", "depth picture"), ("meta", "label file")]
)
def test_missing_files_are_listed_with_their_path(kind, what, tree, opened):
    tree.path(kind, "ABF1/0002").unlink()
    index = opened()
    (problem,) = index.problems
    assert problem.frame_id == FrameId("ABF1", "0002")
    assert problem.path == tree.path(kind, "ABF1/0002")
    assert problem.text == f"the {what} is missing"
    unreadable = [1] if kind == "rgb" else []
    np.testing.assert_array_equal(index.unreadable_rows, unreadable)


def test_missing_sequence_is_one_problem_and_its_rows_unreadable(tree, opened):
    tree.list("SB2/0000", "GONE/0000", "GONE/0001")
    index = opened()
    assert [p.path.relative_to(tree.root / "train").as_posix() for p in index.problems] == [
        "GONE/rgb",
        "GONE/depth",
        "GONE/meta",
    ]
    assert "all 2 frames" in index.problems[0].text
    np.testing.assert_array_equal(index.unreadable_rows, [1, 2])


def test_dataset_without_any_depth_is_one_problem(tree, opened):
    for name in names(opened()):
        tree.path("depth", name).unlink()
    assert [p.text for p in opened().problems] == ["no frame has a depth picture (SEQUENCE/depth)"]


def test_thousands_of_missing_files_are_summed_up(tree, opened):
    tree.list("SB2/0000", *(f"SB2/{n}" for n in range(5000, 5300)))
    pictures = [p for p in opened().problems if p.path.parent.name == "rgb" or p.path.name == "rgb"]
    assert len(pictures) == 51
    assert pictures[-1].text == "250 more frames are without a picture"


def test_forbidden_folder_is_named_and_the_rest_opens(tree, opened, monkeypatch):
    forbidden = tree.path("depth", "SB2/0000").parent

    def listdir(folder, listdir=os.listdir):
        if Path(folder) == forbidden:
            raise PermissionError(13, "Permission denied", str(folder))
        return listdir(folder)

    monkeypatch.setattr(os, "listdir", listdir)
    (problem,) = opened().problems
    assert problem.path == forbidden and "not permitted" in problem.text


def test_list_that_may_not_be_read(tree, opened):
    (tree.root / "train.txt").unlink()
    (tree.root / "train.txt").mkdir()
    with pytest.raises(WrongFolderError, match=r"train\.txt: it cannot be read"):
        opened()


# Progress


def test_progress_counts_to_the_end(opened):
    calls = []
    opened(progress=lambda done, total: calls.append((done, total)) or True)
    assert calls[0] == (0, 4) and calls[-1] == (4, 4)
    assert calls == sorted(calls)


def test_cancelling_stops_and_leaves_no_cache(opened, tmp_path):
    with pytest.raises(IndexingCancelledError):
        opened(progress=lambda done, total: done == 0)
    assert not list(tmp_path.glob("cache/*"))
    assert len(opened()) == 4


# The cache


def test_unchanged_dataset_opens_from_the_cache(opened, looks):
    first = opened()
    second = opened()
    assert len(looks) == 1
    assert names(first) == names(second)
    np.testing.assert_array_equal(first.files, second.files)


def test_cache_lies_in_the_user_s_cache_folder(tree, model, looks, home):
    for _ in range(2):
        open_index(tree.root, "train", hand_model=model)
    assert len(looks) == 1
    assert list(home.rglob("*-train.npz"))


def test_edited_list_is_noticed(tree, opened, looks):
    opened()
    before = (tree.root / "train.txt").stat()
    text = (tree.root / "train.txt").read_text()
    (tree.root / "train.txt").write_text(text.replace("SB2/0001", "SB2/0000"))
    os.utime(tree.root / "train.txt", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert names(opened())[0] == "SB2/0000"  # though size and date are the same
    assert len(looks) == 2


@pytest.mark.parametrize("kind", ["rgb", "depth", "meta"])
def test_removed_and_restored_file_is_noticed(kind, tree, opened):
    opened()
    path = tree.path(kind, "SB2/0000")
    path.unlink()
    assert len(opened().problems) == 1
    path.touch()
    assert opened().problems == ()


def test_changes_just_after_opening_are_noticed(tree, opened, looks):
    """Within the clock's step a folder's date does not change; such folders are not trusted."""
    folder = tree.path("rgb", "SB2/0000").parent
    os.utime(folder)
    stat = folder.stat()
    opened()
    tree.path("rgb", "SB2/0000").unlink()
    os.utime(folder, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert len(opened().unreadable_rows) == 1


def test_new_sequence_is_noticed_without_a_list(tree, opened):
    (tree.root / "train.txt").unlink()
    tree.settle()
    assert len(opened(allow_missing_list=True)) == 5
    touch(tree, "NEW1/0000")
    assert "NEW1/0000" in names(opened(allow_missing_list=True))


def test_two_datasets_and_two_splits_do_not_share_a_cache(tree, opened, tmp_path, model):
    opened()
    other = Tree(tmp_path / "other")
    touch(other, "MC1/0001")
    other.list("MC1/0001")
    evaluation = Tree(tree.root, "evaluation")
    touch(evaluation, "AP10/0007")
    evaluation.list("AP10/0007")
    cache_dir = tmp_path / "cache"
    for _ in range(2):
        again = open_index(other.root, "train", hand_model=model, cache_dir=cache_dir)
        assert names(again) == ["MC1/0001"]
        again = open_index(tree.root, "evaluation", hand_model=model, cache_dir=cache_dir)
        assert names(again) == ["AP10/0007"]
        assert len(opened()) == 4


@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04cut"])
def test_damaged_cache_is_said_and_made_anew(content, opened, tmp_path, looks):
    opened()
    (cache_file,) = tmp_path.glob("cache/*.npz")
    cache_file.write_bytes(content)
    index = opened()
    assert len(index) == 4 and len(looks) == 2
    (problem,) = index.problems
    assert problem.path == cache_file and "damaged" in problem.text
    assert opened().problems == () and len(looks) == 2


def test_cache_of_objects_is_not_unpickled(opened, tmp_path):
    opened()
    (cache_file,) = tmp_path.glob("cache/*.npz")
    with np.load(cache_file) as arrays:
        members = dict(arrays)

    class Planted:
        def __reduce__(self):
            return exec, (f"open({str(tmp_path / 'planted')!r}, 'w')",)

    np.savez(cache_file, **{**members, "frames": np.array([Planted()], dtype=object)})
    assert len(opened()) == 4
    assert not (tmp_path / "planted").exists()


def test_cache_that_cannot_be_written_is_said_and_not_fatal(opened, tmp_path):
    (tmp_path / "file").touch()
    index = opened(cache_dir=tmp_path / "file" / "cache")
    assert len(index) == 4
    (problem,) = index.problems
    assert "cannot be kept" in problem.text
    assert str(tmp_path / "file") in str(problem.path)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_read_only_cache_folder_is_said_and_not_fatal(opened, tmp_path):
    (tmp_path / "cache").mkdir(mode=0o500)
    index = opened()
    assert len(index) == 4
    assert "cannot be kept" in index.problems[0].text


# Size


def test_five_thousand_frames_are_opened_without_reading_any(tmp_path, model):
    """Files are empty and folders are listed once each, however many frames they hold."""
    tree = Tree(tmp_path / "HO3D")
    listed = [f"S{sequence}/{frame:04d}" for sequence in range(5) for frame in range(1000)]
    for sequence in range(5):
        for kind in ("rgb", "depth", "meta"):
            tree.path(kind, f"S{sequence}/0000").parent.mkdir(parents=True)
    for name in listed:
        for kind in ("rgb", "depth", "meta"):
            tree.path(kind, name).touch()
    listed = listed[::-1]
    tree.list(*listed)
    index = open_index(tree.root, "train", hand_model=model)
    assert names(index) == listed
    assert index.problems == ()
    assert index.frames.nbytes + index.sequence_codes.nbytes + index.files.nbytes < 50 * 5000


def test_reading_goes_by_the_row_s_own_name(tmp_path, model):
    tree = Tree(tmp_path / "HO3D")
    hands = {name: hand_in_opengl(model, seed) for seed, name in enumerate(["B/2", "A/1", "B/1"])}
    for name, hand in hands.items():
        tree.add(name, training_label(hand))
    tree.list(*hands)
    index = open_index(tree.root, "train", hand_model=model)
    for row, (name, hand) in enumerate(hands.items()):
        frame = index.read(row)
        assert str(frame.frame_id) == name
        np.testing.assert_allclose(frame.hand.joints_mm[:, 0], hand.joints[:, 0] * 1000)
