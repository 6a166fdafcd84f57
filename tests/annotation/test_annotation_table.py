"""Everything as CSV, read back with Python's own reader."""

import csv

import numpy as np
import pytest
from annotated_tree import (
    NAMES,
    free_2d,
    full_state,
    make_tree,
    nothing_told,
    open_tree,
    spoken,
)

from core.annotation.records import FrameState, ReviewState
from core.annotation.table import write_table
from core.hand.mano_file import load_hand_model


def test_every_word_and_number_of_every_frame_is_in_it(tmp_path):
    model = load_hand_model(None)
    index = open_tree(make_tree(tmp_path / "HO3D", model), model, tmp_path / "cache")
    states = {
        NAMES[3]: full_state(model, 3),
        NAMES[0]: FrameState(free_2d(model, 0, is_right=False)),
        NAMES[1]: FrameState(note='two\nlines, "quoted"', review=ReviewState.IN_REVIEW),
    }
    out = write_table(tmp_path / "out.csv", index, spoken(states), tell=nothing_told)
    with out.path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["frame"] for row in rows] == [NAMES[0], NAMES[1], NAMES[3]]
    flat, noted, full = rows
    assert (flat["corrected"], flat["side"], flat["wrist x mm"]) == ("2D", "left", "")
    assert (noted["corrected"], noted["review"]) == ("", "in review")
    assert noted["note"] == 'two\nlines, "quoted"'
    assert noted["last edited (UTC)"] == "1970-01-01T00:16:40+00:00"

    correction = states[NAMES[3]].correction
    assert (full["corrected"], full["review"], full["flags"]) == ("3D", "done", "bad my-own")
    assert full["note"] == "'=SUM(1) the thumb was off"  # no formula in a spreadsheet
    assert full["pinky tip visibility"] == "outside"
    px = [float(full[f"index PIP {axis} px"]) for axis in "xy"]
    assert px == pytest.approx(correction.keypoints_px[2], abs=1e-4)
    mm = [float(full[f"thumb tip {axis} mm"]) for axis in "xyz"]
    assert mm == pytest.approx(correction.joints_mm[16], abs=1e-4)
    pose = [float(full[f"hand_pose_{n} rad"]) for n in range(45)]
    assert np.array_equal(pose, correction.mano.hand_pose_rad)  # all digits
