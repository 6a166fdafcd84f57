"""The store keeps what it is told, takes it back and brings it back, and knows whose it is."""

import sqlite3

import pytest
from made_annotations import SPLIT, a_change, a_correction

from core.annotation.records import Change, FrameState, ReviewState, Visibility
from core.annotation.store import (
    StoreRefusedError,
    default_store_path,
    open_store,
)

DATASET = "HO-3D: HO3D_v3"
FRAME = "MC1/0001"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "annotations" / "set-01234567.sqlite"


@pytest.fixture
def store(path):
    with open_store(path, dataset=DATASET, author="me") as store:
        yield store


def change(field, value, *, frame=FRAME, words="", group=""):
    return Change(frame, SPLIT, field, value, words or f"new {field}", group)


#: One value of every kind.
VALUES = {
    "correction": a_correction(1),
    "visibility": (int(Visibility.OCCLUDED),) + (0,) * 19 + (2,),
    "flags": frozenset(["bad", "my-own"]),
    "note": "über – 手\n" + "long " * 1500,
    "review": ReviewState.IN_REVIEW,
}


def test_what_was_written_is_read_again_exactly(path, store):
    store.write(change(field, value) for field, value in VALUES.items())
    with open_store(path) as again:
        assert again.state(SPLIT, FRAME) == FrameState(**VALUES)
        assert again.state(SPLIT, FRAME).correction.locked == (3, 1)
        assert again.state("evaluation", FRAME) == FrameState()
        marks = again.overview(SPLIT)[FRAME]
        assert (marks.review, marks.flags) == (VALUES["review"], VALUES["flags"])
        assert marks.has_note and marks.has_correction and marks.edit_id == 5
        assert list(again.corrections(SPLIT)) == [(FRAME, FrameState(**VALUES))]


def test_a_correction_in_free_2d_has_no_joints(store):
    correction = a_correction(2, is_2d=True)
    store.write([change("correction", correction)])
    kept = store.state(SPLIT, FRAME).correction
    assert kept == correction and kept.mano is None and kept.joints_mm is None


def test_edits_tell_who_did_what_and_when(store):
    edits = store.write([change("note", "a", words="wrote a note")])
    assert [(e.id, e.author, e.kind, e.of) for e in edits] == [(1, "me", "change", 0)]
    assert edits[0].change.words == "wrote a note" and edits[0].at_s > 1e9
    assert store.history() == edits == store.since(0) and store.since(1) == []


def test_undo_and_redo_go_through_all_frames_and_survive_a_restart(path, store):
    store.write([change("note", "one", frame="A/1", words="first")])
    store.write([change("note", "two", frame="B/2", words="second")])
    assert (store.can_undo, store.can_redo) == ("second", "")
    assert [edit.change.frame for edit in store.undo()] == ["B/2"]
    store.close()
    with open_store(path) as again:
        assert (again.can_undo, again.can_redo) == ("first", "second")
        assert again.undo()[0].change == change("note", "", frame="A/1", words="first")
        assert again.undo() == []
        assert again.state(SPLIT, "A/1") == FrameState()
        again.redo()
        again.redo()
        assert again.redo() == []
        assert again.state(SPLIT, "B/2").note == "two"
        assert [edit.kind for edit in again.history()] == 2 * ["redo"] + 2 * ["undo"] + 2 * [
            "change"
        ]


def test_a_group_is_undone_as_one_and_backwards(store):
    store.write([change("note", "before")])
    store.write(
        [
            change("note", "a", group="fit"),
            change("note", "b", group="fit"),
            change("review", ReviewState.DONE, frame="B/2", group="fit"),
        ]
    )
    assert len(store.undo()) == 3
    assert store.state(SPLIT, FRAME).note == "before"
    assert store.state(SPLIT, "B/2").review == ReviewState.NEW
    assert len(store.redo()) == 3
    assert store.state(SPLIT, FRAME).note == "b"


def test_a_group_goes_on_over_writes_until_something_else_comes(store):
    store.write([change("note", "a", group="typing")])
    store.write([change("note", "ab", group="typing")])
    store.write([change("flags", frozenset(["bad"]))])
    store.write([change("note", "abc", group="typing")])
    assert len(store.undo()) == 1
    assert len(store.undo()) == 1
    assert len(store.undo()) == 2
    assert store.can_undo == ""


def test_a_new_change_ends_what_can_be_redone_but_the_history_keeps_it(store):
    store.write([change("note", "one")])
    store.undo()
    store.write([change("note", "other")])
    assert store.can_redo == "" and store.redo() == []
    told = [(edit.kind, edit.is_undone) for edit in reversed(store.history())]
    assert told == [("change", True), ("undo", False), ("change", False)]
    store.undo()
    assert store.state(SPLIT, FRAME) == FrameState()
    assert store.can_undo == ""


def test_history_can_be_asked_for_one_frame(store):
    store.write([change("note", "a"), change("note", "b", frame="B/2"), change("note", "c")])
    assert [edit.change.value for edit in store.history(split=SPLIT, frame=FRAME)] == ["c", "a"]
    assert [edit.id for edit in store.history(limit=2)] == [3, 2]


def test_the_history_alone_comes_to_the_same_state(store):
    for seed in range(150):
        act = (store.undo, store.redo, lambda seed=seed: store.write([a_change(seed)]))
        act[seed % 7 if seed % 7 < 2 else 2]()
    assert store.replay() == {(SPLIT, frame): state for frame, state in store.states(SPLIT)}
    assert store.check()


def test_two_that_are_open_at_once_see_each_other_and_share_one_order(path, store):
    with open_store(path, author="you") as other:
        version = store.data_version
        other.write([change("note", "yours", words="their note")])
        assert store.data_version != version
        assert [edit.author for edit in store.since(0)] == ["you"]
        store.write([change("note", "mine")])
        assert other.state(SPLIT, FRAME).note == "mine"
        other.undo()
        store.undo()
        assert store.state(SPLIT, FRAME) == other.state(SPLIT, FRAME) == FrameState()


def test_all_changes_of_a_write_or_none(store):
    def changes():
        yield change("note", "a")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.write(changes())
    assert store.history() == [] and store.overview(SPLIT) == {}
    store.write([change("note", "b")])


def test_the_history_only_grows(path, store):
    store.write([change("note", "a")])
    with sqlite3.connect(path) as connection:
        for sql in ("UPDATE edits SET words = 'x'", "DELETE FROM edits"):
            with pytest.raises(sqlite3.IntegrityError, match="only grows"):
                connection.execute(sql)
    connection.close()


def test_a_store_belongs_to_its_dataset(path, store):
    with pytest.raises(StoreRefusedError, match=r"HO-3D: HO3D_v3, not those of FreiHAND: x"):
        open_store(path, dataset="FreiHAND: x")
    with open_store(path) as again:
        assert again.dataset == DATASET


def test_a_store_made_without_a_dataset_takes_the_first(tmp_path):
    open_store(tmp_path / "s.sqlite").close()
    open_store(tmp_path / "s.sqlite", dataset="A: b").close()
    with pytest.raises(StoreRefusedError):
        open_store(tmp_path / "s.sqlite", dataset="A: c")


def test_a_newer_format_is_refused_by_name_and_left_alone(path, store):
    store.close()
    content = bytearray(path.read_bytes())
    content[60:64] = (2).to_bytes(4)
    path.write_bytes(content)
    with pytest.raises(StoreRefusedError, match="newer version"):
        open_store(path)
    assert path.read_bytes() == content


def test_a_missing_one_is_made_only_where_that_is_asked_for(path):
    with pytest.raises(FileNotFoundError, match="no such annotation store"):
        open_store(path, creates=False)
    assert not path.exists()


def test_every_folder_has_a_place_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("UTNET_ANNOTATIONS", str(tmp_path / "kept"))
    one, other = default_store_path(tmp_path / "a" / "set"), default_store_path(tmp_path / "set")
    assert one != other
    assert one.parent == tmp_path / "kept" and one.name.startswith("set-")
    assert one.suffix == ".sqlite" and len(one.stem) == len("set-") + 8
