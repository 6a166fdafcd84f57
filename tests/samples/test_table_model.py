"""The samples table: order, filter, neighbours."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from utnet_viewer.samples.catalogue import Catalogue
from utnet_viewer.samples.table_model import FRAME, PA, SEQUENCE, STATUS, SamplesModel

UP, DOWN = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder


@pytest.fixture
def model(qapp) -> SamplesModel:
    sequences = np.array(["B", "B", "A", "A", "C"])
    frames = np.array(["10", "9", "2", "1", "5"])
    catalogue = Catalogue.of_names(sequences, frames)
    catalogue.score(1, {"pa_mpjpe_mm": 8.0, "keypoint_error_px": 1.0})
    catalogue.score(2, {"pa_mpjpe_mm": 20.0, "keypoint_error_px": 2.0})
    catalogue.problems[4] = "missing"
    model = SamplesModel()
    model.set_catalogue(catalogue)
    return model


def rows(model) -> list[int]:
    return [model.row_at(position) for position in range(model.rowCount())]


@pytest.mark.parametrize(
    ("column", "order", "expected"),
    [
        (-1, UP, [0, 1, 2, 3, 4]),
        (SEQUENCE, UP, [2, 3, 0, 1, 4]),
        (SEQUENCE, DOWN, [4, 0, 1, 2, 3]),
        (FRAME, UP, [3, 2, 4, 1, 0]),  # as numbers: 9 before 10
        (PA, UP, [1, 2, 0, 3, 4]),  # the unknown come last,
        (PA, DOWN, [2, 1, 0, 3, 4]),  # either way
        (STATUS, UP, [4, 0, 1, 2, 3]),
    ],
)
def test_sorting_is_stable_and_unknown_figures_come_last(model, column, order, expected):
    model.sort(column, order)
    assert rows(model) == expected


def test_positions_and_rows_are_inverse_under_filter_and_order(model):
    model.sort(FRAME, DOWN)
    model.set_mask(np.array([True, True, False, True, False]))
    assert rows(model) == [0, 1, 3]
    assert [model.position_of(row) for row in range(5)] == [0, 1, -1, 2, -1]


def test_neighbours_follow_the_order_on_screen_and_stop_at_its_ends(model):
    model.sort(FRAME, UP)
    assert model.neighbour(3, 1) == 2
    assert model.neighbour(3, -1) == 3
    assert model.neighbour(0, 1) == 0
    model.set_mask(np.array([True, False, False, False, True]))
    assert model.neighbour(2, 1) == 4  # hidden: to the top of what is shown
    model.set_mask(np.zeros(5, bool))
    assert model.neighbour(2, 1) is None


def test_figures_are_shown_with_one_decimal_and_the_unknown_not_at_all(model):
    def text(position, column):
        return model.index(position, column).data()

    assert text(1, PA) == "8.0" and text(0, PA) == ""


def test_a_hundred_thousand_rows_are_only_asked_for_what_is_seen(qapp):
    count = 100_000
    sequences = np.repeat([f"S{n}" for n in range(100)], 1000)
    frames = np.tile([f"{n:04d}" for n in range(1000)], 100)
    model = SamplesModel()
    model.set_catalogue(Catalogue.of_names(sequences, frames))
    assert model.rowCount() == count
    assert model.index(count - 1, SEQUENCE).data() == "S99"
    assert model.position_of(54_321) == 54_321
