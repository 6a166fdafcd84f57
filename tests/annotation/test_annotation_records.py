"""Records refuse what cannot be a correction, a flag, a note or a review."""

from dataclasses import replace

import numpy as np
import pytest

from core.annotation.records import Change, Correction, FrameState, ReviewState
from core.hand.hand_model import ManoParameters


def a_correction(**changes) -> Correction:
    mano = ManoParameters(np.zeros(3), np.zeros(45), np.zeros(10), np.array([0.0, 0.0, 500.0]))
    correction = Correction(
        keypoints_px=np.arange(42.0).reshape(21, 2),
        joints_mm=np.arange(63.0).reshape(21, 3),
        mano=mano,
        is_right=True,
        start="label",
        placed=(6,),
    )
    return replace(correction, **changes)


def test_equal_corrections_are_equal_by_their_numbers():
    assert a_correction() == a_correction()
    assert hash(a_correction()) == hash(a_correction())
    moved = a_correction().keypoints_px + 1e-9
    assert a_correction() != a_correction(keypoints_px=moved)
    assert a_correction() != a_correction(mano=None)
    assert FrameState(a_correction()) == FrameState(a_correction())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"keypoints_px": None}, "keypoints_px"),
        ({"keypoints_px": np.zeros((21, 3))}, "keypoints_px"),
        ({"keypoints_px": np.full((21, 2), np.nan)}, "not finite"),
        ({"joints_mm": np.zeros((20, 3))}, "joints_mm"),
        ({"start": "guess"}, "guess"),
        ({"source": "engine"}, "engine"),
        ({"locked": (21,)}, "locked"),
        ({"placed": [1]}, "placed"),
        ({"is_right": 1}, "is_right"),
    ],
)
def test_impossible_corrections_are_refused(changes, said):
    with pytest.raises(ValueError, match=said):
        a_correction(**changes)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("correction", "a text"),
        ("visibility", (0,) * 20),
        ("visibility", (3,) + (0,) * 20),
        ("flags", {"bad"}),
        ("flags", frozenset(["Bad GT"])),
        ("flags", frozenset([""])),
        ("note", None),
        ("note", "x" * 10_001),
        ("review", "done"),
        ("author", "me"),
    ],
)
def test_impossible_values_are_refused(field, value):
    with pytest.raises(ValueError):
        Change("MC1/0000", "train", field, value, "words")
    with pytest.raises(ValueError):
        FrameState().with_value(field, value)


def test_a_state_takes_one_field_at_a_time():
    state = FrameState().with_value("review", ReviewState.DONE).with_value("note", "thumb")
    assert state == FrameState(note="thumb", review=ReviewState.DONE)
