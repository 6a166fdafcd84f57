"""Suggestions that are kept: the same when they are read again, and old when something changed."""

import json
from dataclasses import replace

import pytest

from core.annotation.suggestion_file import (
    Basis,
    Kept,
    SuggestionFileError,
    read_suggestions,
    suggestions_path,
    write_suggestions,
)
from core.annotation.suggestions import Suggestion, Told
from core.data.opening import open_dataset
from core.files.embedded import dataset_folder
from core.hand.mano_file import load_hand_model

_BASIS = Basis("d1", "h1", "e1", 40)
_TOLD = Told("own_hand", "index tip 41 mm from its own MANO", 41.2, "mm")
_KEPT = Kept("demo", "train", 76, "demo", _BASIS, (Suggestion(7, "SYN000/0007", 3.5, (_TOLD,)),))


def test_what_is_written_is_read(tmp_path) -> None:
    path = tmp_path / "new" / "a.suggestions.json"
    assert read_suggestions(path) is None
    write_suggestions(path, _KEPT)
    assert read_suggestions(path) == _KEPT


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "cannot be read"),
        ('{"format": 99}', "format 99"),
        ('{"format": 1, "dataset": "demo"}', "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path, text, words) -> None:
    path = tmp_path / "a.suggestions.json"
    path.write_text(text)
    with pytest.raises(SuggestionFileError, match=words) as raised:
        read_suggestions(path)
    assert str(path) in str(raised.value)


def test_a_suggestion_without_a_reason_is_damage(tmp_path) -> None:
    path = tmp_path / "a.suggestions.json"
    write_suggestions(path, _KEPT)
    content = json.loads(path.read_text())
    content["suggestions"][0]["because"] = []
    path.write_text(json.dumps(content))
    with pytest.raises(SuggestionFileError):
        read_suggestions(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, ""),
        ({"dataset_digest": "d2"}, "the labels changed"),
        ({"hand_model_digest": "h2"}, "another hand model is in use"),
        ({"evaluation": "e2"}, "another evaluation is shown"),
        ({"evaluation": "", "evaluation_done": 0}, "no evaluation is shown"),
        ({"evaluation_done": 76}, "more is evaluated"),
    ],
)
def test_what_makes_them_old(change, words) -> None:
    assert replace(_BASIS, **change).changed_since(_BASIS) == words


def test_each_split_has_its_place_beside_the_annotations(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("UTNET_ANNOTATIONS", str(tmp_path))
    hand_model = load_hand_model(None)
    index = open_dataset(dataset_folder("demo"), None, hand_model=hand_model)
    path = suggestions_path(index)
    assert path.parent == tmp_path
    assert path.name.startswith("demo-")
    assert path.name.endswith(f".{index.split}.suggestions.json")
    basis = Basis.of(index, hand_model, None)
    assert basis.changed_since(Basis.of(index, hand_model, None)) == ""
