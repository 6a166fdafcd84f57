"""Tables of differences: words, order, choosing, export."""

import math

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from utnet_viewer.compare.rows import BETTER, OPEN, WORSE, DifferenceRow
from utnet_viewer.compare.table_model import DIFFERENCE, FIRST, NAME
from utnet_viewer.compare.table_panel import DifferenceTable, TablePanel

ROWS = (
    DifferenceRow("a", "alpha", 10.0, 8.0, -2.0, -2.5, -1.5, 100),
    DifferenceRow("b", "beta", 20.0, 21.0, 1.0, 0.5, 1.5, 50),
    DifferenceRow("c", "gamma", 15.0, 14.9, -0.1, -0.4, 0.2, 10),
    DifferenceRow("d", "delta", 12.0, math.nan, math.nan),
)


def test_an_outcome_needs_the_whole_interval_on_one_side():
    assert [row.outcome for row in ROWS] == [BETTER, WORSE, OPEN, OPEN]
    score = DifferenceRow("f", "F@5", 0.5, 0.6, 0.1, 0.05, 0.15, unit="", higher_is_better=True)
    assert score.outcome == BETTER
    assert score.difference_words == "+0.100" and score.interval_words == "[+0.050, +0.150]"
    assert ROWS[0].interval_words == "[−2.50, −1.50]" and ROWS[3].interval_words == "—"
    assert "100 frames" in ROWS[0].hint and "B is better." in ROWS[0].hint


@pytest.fixture
def panel(qtbot, theme) -> TablePanel:
    panel = TablePanel("Joints", theme)
    table = DifferenceTable(theme, "joint")
    panel.add_table(table, "joints")
    panel.add_tool(panel.order)
    panel.stack.setCurrentWidget(table)
    qtbot.addWidget(panel)
    panel.resize(460, 300)
    panel.show()
    table.show_rows(ROWS, unit="mm")
    return panel


def keys(panel: TablePanel) -> str:
    return "".join(row.key for row in panel.table.differences.rows)


def click(table: DifferenceTable, position: int) -> None:
    place = table.visualRect(table.differences.index(position, NAME)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_heads_sort_and_unknown_rows_stay_last(panel):
    heads = panel.table.horizontalHeader()

    def click_head(column: int) -> str:
        place = QPoint(heads.sectionViewportPosition(column) + 5, 10)
        QTest.mouseClick(heads.viewport(), Qt.MouseButton.LeftButton, pos=place)
        return keys(panel)

    assert keys(panel) == "abcd"
    assert click_head(FIRST) == "bcda"  # the largest first
    assert click_head(FIRST) == "adcb"
    assert click_head(DIFFERENCE) == "acbd"  # the largest gain first
    assert click_head(DIFFERENCE) == "bcad"


def test_the_button_goes_round_three_orders(panel):
    shown = []
    for _ in range(3):
        panel.order.action.trigger()
        shown.append(keys(panel))
    assert shown == ["acbd", "bcad", "abcd"]


def test_a_row_is_chosen_by_click_and_let_go_by_another(panel):
    table, chosen = panel.table, []
    table.chosen.connect(chosen.append)
    click(table, 1)
    assert (chosen, table.current_key) == (["b"], "b")
    click(table, 1)
    assert (chosen, table.current_key) == (["b", ""], "")
    click(table, 0)
    QTest.keyClick(table, Qt.Key.Key_Down)
    assert chosen[2:] == ["a", "b"]


def test_new_rows_and_another_order_keep_what_is_chosen_without_a_word(panel):
    table, chosen = panel.table, []
    table.choose("c")
    table.chosen.connect(chosen.append)
    panel.order.action.trigger()
    table.show_rows(ROWS[1:], unit="mm")
    assert (table.current_key, chosen) == ("c", [])
    table.show_rows(ROWS[:1], unit="mm")
    assert (table.current_key, chosen) == ("", [""])


def test_the_csv_has_every_number_and_the_interval(panel):
    table = panel.taken_table()
    assert table.heads[:4] == ("joint", "unit", "frames", "A (mm)")
    columns = dict(zip(table.heads, table.columns(), strict=True))
    assert columns["joint"] == ["alpha", "beta", "gamma", "delta"]
    assert columns["95 % low (mm)"][:3] == [-2.5, 0.5, -0.4]
    assert columns["outcome"][:2] == ["better", "worse"]
