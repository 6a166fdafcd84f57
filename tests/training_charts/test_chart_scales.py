"""Ticks at round numbers, and ranges that fit what is drawn."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utnet_viewer.numbers import compact
from utnet_viewer.training.charts.scales import fit, linear_ticks, log_ticks, step_ticks


def advance(text: str) -> float:
    return 6.5 * len(text)


def steps(left, right, width_px=310):
    return step_ticks(left, right, width_px=width_px, advance=advance)


@pytest.mark.parametrize(
    ("left", "right", "words"),
    [
        (0, 28_640, ["10k", "20k steps"]),
        (0, 1_000, ["200", "400", "600"]),
        (24_100, 24_300, ["24,150", "24,200", "24,250 steps"]),
        (0, 2_400_000, ["500k", "1M", "1.5M", "2M steps"]),
        (0, 5, ["1", "2", "3", "4 steps"]),
    ],
)
def test_steps_are_written_as_short_as_their_spacing_allows(left, right, words):
    texts = [text for _, text in steps(left, right)]
    assert [t for t in texts if t != "0"][: len(words)] == words


@given(st.floats(0, 1e6), st.floats(1, 1e6), st.integers(120, 1600))
def test_labels_of_steps_never_overlap_nor_leave_the_axis(left, width, width_px):
    ticks = steps(left, left + width, width_px)
    px = [(place - left) / width * width_px for place, _ in ticks]
    ends = [
        (x - advance(text) / 2, x + advance(text) / 2)
        for x, (_, text) in zip(px, ticks, strict=True)
    ]
    assert all(end[1] < after[0] + 20 for end, after in pairwise(ends))
    assert all(a >= -8.1 and b <= width_px + 0.1 for a, b in ends)
    assert sum(text.endswith("steps") for _, text in ticks) <= 1


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0, 42, ["0", "10", "20", "30", "40"]),
        (0, 3.1e-4, ["0", "1e-4", "2e-4", "3e-4"]),
        (0, 1.1, ["0", "0.25", "0.50", "0.75", "1.00"]),
    ],
)
def test_linear_ticks_are_round(low, high, texts):
    found = [text for _, text in linear_ticks(low, high, height_px=140)]
    assert found == texts


@pytest.mark.parametrize(
    ("low", "high", "some"),
    [
        (-1.3, 1.1, {"0.1", "1", "10"}),
        (-5.5, -1.8, {"1e-2", "1e-3", "1e-4", "1e-5"}),
        (-12.0, 3.0, {"1e-6", "1"}),
        (0.05, 0.2, {"1.2", "1.4"}),
    ],
)
def test_log_ticks_stand_where_they_say(low, high, some):
    ticks = log_ticks(low, high, height_px=140)
    assert some <= {text for _, text in ticks}
    for place, text in ticks:
        assert 10**place == pytest.approx(float(text), rel=1e-6)
        assert low - 1e-6 <= place <= high + 1e-6


@pytest.mark.parametrize("is_log", [False, True])
def test_a_range_has_room_for_everything_finite(is_log):
    values = [np.array([0.2, np.nan, 3.0]), np.array([np.inf, 1.0]), np.empty(0)]
    low, high = fit(values, is_log=is_log)
    assert low < 0.2 and high > 3.0
    assert is_log or low == 0.0


def test_a_range_of_nothing_and_of_one_value_can_be_drawn():
    for values in ([], [np.array([np.nan])], [np.array([0.0])], [np.array([5.0])]):
        for is_log in (False, True):
            low, high = fit(values, is_log=is_log)
            assert math.isfinite(low) and high > low


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.66e-4, "2.66e-4"),
        (0.0123, "0.0123"),
        (0.11, "0.11"),
        (13.72, "13.7"),
        (1240.4, "1,240"),
        (3.2e7, "3.20e7"),
        (-0.5, "−0.50"),
        (0.0, "0"),
        (math.nan, "—"),
        (None, "—"),
    ],
)
def test_numbers_of_any_size_take_about_three_digits(value, text):
    assert compact(value) == text
