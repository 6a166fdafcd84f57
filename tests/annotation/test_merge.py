"""Taking over another's annotations: what is new, what is alike, what conflicts, and undoing it."""

from dataclasses import replace

import pytest
from annotated_tree import NAMES, correction_of, free_2d, full_state, make_tree, open_tree

from core.annotation.merge import (
    ImportRefusedError,
    Incoming,
    Keep,
    Offer,
    changes,
    difference_words,
    plan,
    value_words,
)
from core.annotation.records import FIELDS, Change, FrameState, ReviewState
from core.annotation.store import dataset_identity, open_store
from core.annotation.store_reader import read_store
from core.hand.mano_file import load_hand_model


@pytest.fixture(scope="module")
def model():
    return load_hand_model(None)


@pytest.fixture(scope="module")
def index(model, tmp_path_factory):
    place = tmp_path_factory.mktemp("merge")
    return open_tree(make_tree(place / "HO3D", model), model, place / "cache")


@pytest.fixture
def mine(index, tmp_path):
    with open_store(tmp_path / "mine.sqlite", dataset=dataset_identity(index)) as store:
        yield store


@pytest.fixture
def theirs(index, tmp_path):
    with open_store(tmp_path / "theirs.sqlite", dataset=dataset_identity(index)) as store:
        yield store


def say(store, frame: str, *, split: str = "train", **fields: object) -> None:
    store.write([Change(frame, split, field, value, "said") for field, value in fields.items()])


def test_what_only_they_said_is_new_and_what_both_said_alike_is_left_alone(
    index, model, mine, theirs
):
    state = full_state(model, 1)
    said = {field: getattr(state, field) for field in FIELDS}
    say(theirs, "MC1/0001", **said)
    say(mine, "MC1/0001", note=state.note, review=ReviewState.DONE)
    say(mine, "SB3/0007", note="only mine")
    merge = plan(read_store(theirs.path, index), mine)
    assert (merge.conflicts, merge.same, merge.notes) == ((), 2, ())
    assert {one.field for one in merge.additions} == {"correction", "visibility", "flags"}
    mine.write(changes(merge, Keep.MINE, group="import"))
    assert mine.state("train", "MC1/0001") == state
    assert mine.state("train", "SB3/0007").note == "only mine"


def test_both_changed_the_same_field_differently_is_a_conflict(index, model, mine, theirs):
    say(mine, "MC1/0001", review=ReviewState.DONE, note="good", flags=frozenset({"blur"}))
    say(theirs, "MC1/0001", review=ReviewState.REJECTED, note="good", flags=frozenset({"bad"}))
    merge = plan(read_store(theirs.path, index), mine)
    assert [one.incoming.field for one in merge.conflicts] == ["flags", "review"]
    assert (merge.additions, merge.same) == ((), 1)
    flags, _ = merge.conflicts
    assert (value_words("flags", flags.mine), value_words("flags", flags.incoming.value)) == (
        "blur",
        "bad GT",
    )
    # They spoke later.
    assert flags.newer is Keep.THEIRS

    assert changes(merge, Keep.MINE, group="g") == []
    chosen = changes(merge, [Keep.THEIRS, Keep.MINE], group="g")
    assert [(one.field, one.value, one.group) for one in chosen] == [
        ("flags", frozenset({"bad"}), "g")
    ]
    assert len(changes(merge, Keep.NEWER, group="g")) == 2
    with pytest.raises(ValueError, match="1 choices for 2 conflicts"):
        changes(merge, [Keep.MINE], group="g")


def test_the_newer_of_two_is_mine_where_i_spoke_later_or_times_are_unknown(index, mine, theirs):
    say(theirs, "MC1/0001", note="theirs")
    say(mine, "MC1/0001", note="mine")
    offer = read_store(theirs.path, index)
    assert changes(plan(offer, mine), Keep.NEWER, group="g") == []
    undated = replace(offer, incoming=tuple(replace(one, at_s=None) for one in offer.incoming))
    (conflict,) = plan(undated, mine).conflicts
    assert conflict.newer is None
    assert changes(plan(undated, mine), Keep.NEWER, group="g") == []


def test_an_import_is_undone_as_one_and_redone(index, model, mine, theirs):
    say(mine, "MC1/0001", note="before")
    for number, name in enumerate(NAMES):
        say(theirs, name, correction=correction_of(model, number), review=ReviewState.DONE)
    say(theirs, "MC1/0001", note="after")
    merge = plan(read_store(theirs.path, index), mine)
    mine.write(changes(merge, Keep.THEIRS, group="import theirs.sqlite"))
    imported = {name: mine.state("train", name) for name in NAMES}
    assert imported["MC1/0001"].note == "after"
    assert "imported" in mine.can_undo and "theirs.sqlite" in mine.can_undo
    assert len(mine.undo()) == 9
    assert mine.state("train", "MC1/0001") == FrameState(note="before")
    assert mine.state("train", "SB3/0007") == FrameState()
    mine.redo()
    assert {name: mine.state("train", name) for name in NAMES} == imported


def test_taking_the_same_over_twice_changes_nothing(index, model, mine, theirs):
    say(theirs, "MC1/0001", **{f: getattr(full_state(model, 1), f) for f in FIELDS})
    mine.write(changes(plan(read_store(theirs.path, index), mine), Keep.MINE, group="g"))
    again = plan(read_store(theirs.path, index), mine)
    assert (again.additions, again.conflicts, again.same) == ((), (), 5)


def test_free_2d_of_a_3d_hand_is_the_same_hand_and_a_moved_one_is_not(model, mine):
    hand = correction_of(model, 1)
    say(mine, "MC1/0001", correction=hand)
    rounded = free_2d(model, 1, keypoints_px=hand.keypoints_px.round(4))
    offer = Offer("x.json", (Incoming("train", "MC1/0001", "correction", rounded),))
    assert plan(offer, mine).same == 1
    moved_px = hand.keypoints_px.copy()
    moved_px[3] += (3.0, 4.0)
    moved = free_2d(model, 1, keypoints_px=moved_px)
    offer = Offer("x.json", (Incoming("train", "MC1/0001", "correction", moved),))
    (conflict,) = plan(offer, mine).conflicts
    assert difference_words(conflict) == "5.0 px apart"
    assert value_words("correction", hand) == "right hand in 3D"


def test_what_they_took_back_is_no_change(index, mine, theirs):
    say(theirs, "MC1/0001", note="a slip")
    theirs.undo()
    merge = plan(read_store(theirs.path, index), mine)
    assert (merge.additions, merge.conflicts) == ((), ())


def test_frames_and_splits_that_are_not_here_are_told(index, mine, theirs, tmp_path):
    say(theirs, "MC1/9999", note="x")
    say(theirs, "MC1/0001", split="validation", note="x")
    offer = read_store(theirs.path, index)
    assert offer.incoming == ()
    assert any("left out 2 frames of theirs.sqlite: not in this dataset" in n for n in offer.notes)
    with open_store(tmp_path / "other.sqlite", dataset="HO-3D: HO3D_v2") as other:
        say(other, "MC1/0001", note="of another folder's name")
        offer = read_store(other.path, index)
    assert len(offer.incoming) == 1  # a folder may have been renamed
    assert "other.sqlite was made for HO-3D: HO3D_v2" in offer.notes


def test_their_file_is_not_touched_and_what_is_none_is_refused(index, theirs, tmp_path):
    say(theirs, "MC1/0001", note="x")
    theirs.close()
    folder = theirs.path.parent
    before = {p.name: p.read_bytes() for p in folder.iterdir() if p.name.startswith("theirs")}
    assert len(read_store(theirs.path, index).incoming) == 1
    after = {p.name: p.read_bytes() for p in folder.iterdir() if p.name.startswith("theirs")}
    assert after == before
    fake = tmp_path / "fake.sqlite"
    fake.write_bytes(b"SQLite format 3\x00" + b"\x00" * 5000)
    with pytest.raises(ImportRefusedError, match=r"fake\.sqlite"):
        read_store(fake, index)
