"""The one door: which kind a folder is, which splits it offers, and what is said otherwise."""

import pytest
from ho3d_tree import Tree, hand_in_opengl, training_label

from core.data.opening import available_splits, layout_of, open_dataset
from core.data.problems import WrongFolderError
from core.hand.mano_file import load_hand_model


@pytest.fixture(scope="module")
def model():
    return load_hand_model()


@pytest.fixture
def ho3d(tmp_path, model):
    tree = Tree(tmp_path / "HO3D")
    tree.add("MC1/0001", training_label(hand_in_opengl(model, 0)))
    tree.list("MC1/0001")
    return tree.root


def test_ho3d_is_known_by_its_files(ho3d, model, tmp_path):
    assert layout_of(ho3d).kind == "HO-3D"
    assert available_splits(ho3d) == ("train",)
    index = open_dataset(ho3d, hand_model=model, cache_dir=tmp_path / "cache")
    assert (index.kind, index.split, len(index)) == ("HO-3D", "train", 1)
    assert index.with_hand_model(model).read(0).hand.has_all_joints


def test_a_split_that_is_not_there_is_named_with_those_that_are(ho3d, model):
    with pytest.raises(WrongFolderError, match="no split 'evaluation', only train"):
        open_dataset(ho3d, "evaluation", hand_model=model)


def test_an_unknown_folder_says_what_was_looked_for_and_what_is_there(tmp_path, model):
    (tmp_path / "notes.txt").touch()
    (tmp_path / "src").mkdir()
    assert layout_of(tmp_path) is None and available_splits(tmp_path) == ()
    with pytest.raises(WrongFolderError) as error:
        open_dataset(tmp_path, hand_model=model)
    text = str(error.value)
    assert "HO-3D" in text and "train.txt" in text
    assert "Found: notes.txt, src." in text


@pytest.mark.parametrize(
    "place, words",
    [("nowhere", "no such folder"), ("HO3D/train", "choose the folder above"), ("", "")],
)
def test_wrong_places_help_along(place, words, ho3d, tmp_path, model):
    if place:
        with pytest.raises(WrongFolderError, match=words):
            open_dataset(tmp_path / place, hand_model=model)
    empty = tmp_path / "empty"
    empty.mkdir()
    (tmp_path / "loose.jpg").touch()  # pictures have nothing to do with the folders beside them
    with pytest.raises(WrongFolderError, match="The folder is empty"):
        open_dataset(empty, hand_model=model)
