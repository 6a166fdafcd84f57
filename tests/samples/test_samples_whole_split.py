"""The list over an evaluated split: columns, brush, completion, saved filters, worst, summaries."""

import numpy as np
import pointer
import pytest
from made_evaluation import make_evaluation, names_of
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QInputDialog
from support_samples import RowsOnly, stand_in_hand

from core.evaluation.columns import FrameState
from utnet_viewer.document import Document
from utnet_viewer.samples.catalogue import Catalogue
from utnet_viewer.samples.columns import POSITIONS
from utnet_viewer.samples.panel import SamplesPanel
from utnet_viewer.samples.saved_filters import SavedFilters
from utnet_viewer.settings import Settings
from utnet_viewer.theme import DARK, Theme

COUNT = 60
#: What is chosen first; columns of marks are hidden where nobody said anything.
MARKED = ("seq", "frame", "review", "flag", "note")
DOWN = Qt.SortOrder.DescendingOrder


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory):
    """Rows 30 to 32 are unlabelled, root-only and failed."""
    return make_evaluation(tmp_path_factory.mktemp("evaluations"), names_of(*names()))


def names():
    sequences = np.array(["MC1"] * 25 + ["MC2"] * 25 + ["SS1"] * 10)
    return sequences, np.array([f"{number:04d}" for number in range(COUNT)])


@pytest.fixture
def panel(qtbot, evaluation):
    document = Document(stand_in_hand())
    document.set_index(RowsOnly(COUNT))
    panel = SamplesPanel(document, Theme(DARK), settings=Settings())
    panel.document = document
    panel.said_words = []
    panel.said.connect(panel.said_words.append)
    panel.set_catalogue(Catalogue.of_names(*names()))
    panel.show_evaluation(evaluation)
    qtbot.addWidget(panel)
    panel.resize(360, 640)
    panel.show()
    qtbot.waitExposed(panel)
    panel.activateWindow()
    yield panel
    panel.close_threads()


@pytest.fixture
def pa_mm(evaluation) -> np.ndarray:
    return np.array(evaluation.column("pa_mpjpe_mm"))


def type_filter(panel, text: str) -> None:
    panel.focus_filter()
    QTest.keyClicks(panel.filter, text)
    QTest.keyClick(panel.filter, Qt.Key.Key_Return)


def shown(panel) -> list[int]:
    return panel.model.rows.tolist()


def drag(panel, first: float, last: float) -> None:
    """Over the histogram, from one figure to another."""
    histogram = panel.histogram
    points = [QPoint(round(histogram.x_of(value)), 60) for value in (first, last)]
    stops = np.linspace(points[0].x(), points[1].x(), 5)
    pointer.drag(histogram, points[0], *(QPoint(round(x), 60) for x in stops))


# Columns.


def test_every_figure_of_the_store_can_be_a_column(panel, evaluation):
    menu = panel.table.column_menu(panel)
    titles = {action.text(): action for action in menu.actions()}
    titles["MPJPE, mm"].trigger()
    titles["State"].trigger()
    assert panel.table.columns == (*MARKED, "pa_mpjpe", "mpjpe", "px", "state")
    cell = lambda row, key: panel.model.index(row, POSITIONS[key]).data()
    assert cell(3, "mpjpe") == f"{evaluation.column('mpjpe_mm')[3]:.1f}"
    assert cell(3, "joint.thumb_tip") == f"{evaluation.column('joint_errors_mm')[3, 16]:.1f}"
    assert [cell(row, "state") for row in (0, 30, 31, 32)] == [
        "measured",
        "no labels",
        "wrist only",
        "failed",
    ]
    assert cell(30, "mpjpe") == ""
    assert "nothing says where the hand is" in panel.model.index(32, 0).data(
        Qt.ItemDataRole.ToolTipRole
    )


def test_the_choice_of_columns_is_remembered(panel, qtbot):
    panel.table.set_columns(("frame", "occlusion", "joint.index_tip"))
    state = panel.save_state()
    panel.table.set_columns(())
    panel.restore_state(state)
    assert panel.table.columns == ("seq", "frame", "occlusion", "joint.index_tip")
    panel.restore_state('{"columns": ["px", "nothing", 7]}')
    assert panel.table.columns == ("seq", "px")


def test_a_click_on_a_head_shows_the_worst_first_and_spreads_it_out(panel, pa_mm):
    heads = panel.table.horizontalHeader()
    panel.table.show_column("f5")
    x = heads.sectionViewportPosition(POSITIONS["pa_mpjpe"]) + 20
    QTest.mouseClick(heads.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(x, 10))
    known = np.flatnonzero(~np.isnan(pa_mm))
    assert shown(panel)[: len(known)] == known[np.argsort(-pa_mm[known], kind="stable")].tolist()
    assert panel.histogram.choice.text().startswith("PA-MPJPE")
    panel.table.sort_by("f5", Qt.SortOrder.AscendingOrder)
    assert panel.histogram.choice.text().startswith("F-score")


# The filter.


def test_a_filter_is_typed_with_completion_and_entered(panel, evaluation, pa_mm):
    panel.focus_filter()
    QTest.keyClicks(panel.filter, "pa_m")
    offers = panel.filter_field.offers
    assert offers.isVisible() and offers.item(0).text().startswith("pa_mpjpe")
    QTest.keyClick(panel.filter, Qt.Key.Key_Tab)
    QTest.keyClicks(panel.filter, "> 8 and seq = ")
    assert [offers.item(n).text().strip() for n in range(offers.count())] == ["MC1", "MC2", "SS1"]
    QTest.keyClick(panel.filter, Qt.Key.Key_Down)
    QTest.keyClick(panel.filter, Qt.Key.Key_Down)
    QTest.keyClick(panel.filter, Qt.Key.Key_Return)
    assert panel.filter.text().strip() == "pa_mpjpe > 8 and seq = MC2"
    QTest.keyClick(panel.filter, Qt.Key.Key_Escape)
    assert not offers.isVisible()
    QTest.keyClick(panel.filter, Qt.Key.Key_Return)
    expected = [row for row in range(25, 50) if pa_mm[row] > 8]
    assert expected and shown(panel) == expected and panel.table.hasFocus()


def test_an_error_says_where_and_keeps_the_list(panel):
    type_filter(panel, "seq = SS1")
    before = shown(panel)
    panel.filter.clear()
    type_filter(panel, "px > 2 and pa_mjpe > 3")
    assert shown(panel) == before
    assert "nearest: pa_mpjpe" in panel.filter_error.text()
    assert "at letter 12" in panel.filter_error.text()
    assert panel.filter.fault == (11, 18)
    panel.filter.clear()
    type_filter(panel, "flag = bad")
    assert panel.filter_error.text().startswith("There are no flags yet")
    panel.filter.clear()
    panel.apply_filter()
    assert panel.filter_error.isHidden() and len(shown(panel)) == COUNT


def test_filters_are_saved_used_and_deleted(panel, qtbot):
    type_filter(panel, "seq = SS1 and px > 1")
    panel.filter_menu.ask_name(panel)
    (dialog,) = panel.findChildren(QInputDialog)
    dialog.setTextValue("the small ones")
    dialog.accept()
    panel.filter.clear()
    panel.apply_filter()
    assert SavedFilters(Settings()).texts == {"the small ones": "seq = SS1 and px > 1"}
    menu = panel.filter_menu.menu(panel)
    menu.actions()[0].trigger()
    assert panel.filter.text() == "seq = SS1 and px > 1" and set(shown(panel)) <= set(range(50, 60))
    panel.filter.undo()
    assert panel.filter.text() == ""
    delete = next(a for a in menu.actions() if a.text().startswith("Delete")).menu()
    delete.actions()[0].trigger()
    assert SavedFilters(Settings()).texts == {}


# The brush.


def test_a_brush_filters_and_is_cleared(panel, pa_mm):
    drag(panel, 6.0, 12.0)
    brush = panel.histogram.brush
    assert abs(brush.low - 6) < 0.3 and abs(brush.high - 12) < 0.3
    inside = [row for row in range(COUNT) if brush.low <= pa_mm[row] <= brush.high]
    assert 5 < len(inside) < COUNT and shown(panel) == inside
    panel.table.setFocus()
    QTest.keyClick(panel.table, Qt.Key.Key_Escape)
    assert panel.histogram.brush is None and len(shown(panel)) == COUNT
    drag(panel, 6.0, 12.0)
    QTest.mouseDClick(panel.histogram, Qt.MouseButton.LeftButton, pos=QPoint(100, 60))
    assert len(shown(panel)) == COUNT


def test_an_end_of_the_brush_can_be_moved_and_the_edge_has_no_limit(panel, pa_mm):
    drag(panel, 6.0, 12.0)
    low = panel.histogram.brush.low
    drag(panel, 12.0, 1000.0)
    assert panel.histogram.brush.low == pytest.approx(low, abs=0.2)
    assert panel.histogram.brush.high == np.inf
    assert int(np.nanargmax(pa_mm)) in shown(panel)


def test_a_brush_goes_into_the_filter_where_another_figure_is_looked_at(panel, pa_mm):
    type_filter(panel, "MC1 or MC2")
    drag(panel, 6.0, 12.0)
    rows, low = shown(panel), panel.histogram.brush.low
    panel.use_metric("px")
    assert panel.histogram.brush is None and shown(panel) == rows
    assert panel.filter.text().startswith(f"(MC1 or MC2) and pa_mpjpe >= {low:.6g}")


def test_steps_stay_within_brush_and_order(panel, pa_mm):
    drag(panel, 6.0, 12.0)
    panel.sort_by("pa_mpjpe", DOWN)
    rows = shown(panel)
    panel.go_to(rows[0])
    walked = [rows[0]]
    for _ in rows[1:]:
        panel.go_to(panel.neighbour(panel.document.row, 1))
        walked.append(panel.document.row)
    assert walked == rows and (np.diff(pa_mm[rows]) <= 0).all()


# The worst, and summaries.


def test_the_worst_one_after_the_other_whatever_the_order(panel, pa_mm):
    next_worst = next(a for a in panel.actions() if a.text() == "Next worst")
    previous = next(a for a in panel.actions() if a.text() == "Previous worst")
    known = np.flatnonzero(~np.isnan(pa_mm))
    worst = known[np.argsort(-pa_mm[known], kind="stable")].tolist()
    next_worst.trigger()
    next_worst.trigger()
    assert panel.document.row == worst[1]
    panel.go_to(worst[1] + 1)  # a look beside it
    next_worst.trigger()
    assert panel.document.row == worst[2]
    assert panel.said_words[-1].startswith(f"Worst 3 of {len(known)} by PA-MPJPE, mm: ")
    previous.trigger()
    assert panel.document.row == worst[1]
    type_filter(panel, "seq = SS1")
    next_worst.trigger()
    assert panel.document.row == 50 + int(np.nanargmax(pa_mm[50:]))


def test_the_worst_of_a_score_is_the_smallest(panel, evaluation):
    panel.use_metric("f5")
    panel.worst.step(1)
    assert panel.document.row == int(np.nanargmin(evaluation.column("f5")))


def test_summaries_by_sequence_and_joint_lead_to_their_frames(panel, evaluation, pa_mm, qtbot):
    panel.show_summary()
    dialog = panel._summary
    qtbot.waitUntil(lambda: dialog.joints.rowCount() == 21)
    rows = {
        dialog.sequences.item(row, 0).text(): dialog.sequences.item(row, 2).text()
        for row in range(dialog.sequences.rowCount())
    }
    assert rows["SS1"] == f"{np.nanmean(pa_mm[50:]):.1f}" and set(rows) == {"MC1", "MC2", "SS1"}
    errors = evaluation.column("joint_errors_mm")
    measured = np.asarray(evaluation.state) == FrameState.MEASURED
    first = {
        dialog.joints.item(row, 0).text(): dialog.joints.item(row, 2).text() for row in range(21)
    }
    assert first["thumb tip"] == f"{np.nanmean(errors[:, 16]):.1f}" and measured.sum() == 57
    name = next(
        dialog.sequences.item(r, 0) for r in range(3) if dialog.sequences.item(r, 0).text() == "SS1"
    )
    place = dialog.sequences.visualItemRect(name).center()
    QTest.mouseClick(dialog.sequences.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert panel.filter.text() == "seq = SS1" and shown(panel) == list(range(50, 60))
    place = dialog.joints.visualItemRect(dialog.joints.item(0, 0)).center()
    QTest.mouseClick(dialog.joints.viewport(), Qt.MouseButton.LeftButton, pos=place)
    joint = dialog.joints.item(0, 0).text().replace(" ", "_").lower()
    assert panel.model.sort_column.key == f"joint.{joint}"
    dialog.close()


# Growing.


def test_single_predictions_stay_until_the_evaluation_comes_to_them(panel, tmp_path, pa_mm):
    panel.show_evaluation(None)
    catalogue = panel.model.catalogue
    catalogue.score(40, {"pa_mpjpe_mm": 77.0})
    catalogue.score(2, {"pa_mpjpe_mm": 88.0})
    half = make_evaluation(tmp_path, names_of(*names()), done=10)
    panel.show_evaluation(half)
    assert catalogue.pa_mm[40] == 77.0 and catalogue.pa_mm[2] == half.column("pa_mpjpe_mm")[2]
    assert "evaluated 16 %" in panel.count.text()
    catalogue.score(3, {"pa_mpjpe_mm": 99.0})
    assert catalogue.pa_mm[3] == half.column("pa_mpjpe_mm")[3]


def test_an_evaluation_of_other_rows_is_refused(panel, tmp_path):
    sequences, frames = names()
    other = make_evaluation(tmp_path, names_of(sequences[:5], frames[:5]))
    with pytest.raises(ValueError, match="5 rows for a list of 60"):
        panel.show_evaluation(other)


def test_a_brush_hides_nothing_while_nothing_is_known(panel, evaluation):
    drag(panel, 6.0, 12.0)
    rows = shown(panel)
    panel.show_evaluation(None)
    assert len(shown(panel)) == COUNT
    panel.show_evaluation(evaluation)
    assert shown(panel) == rows


def test_what_could_not_be_evaluated_is_flagged_and_comes_first_when_asked(panel):
    assert not panel.table.isColumnHidden(POSITIONS["status"])
    panel.table.sort_by("status", Qt.SortOrder.AscendingOrder)
    assert shown(panel)[0] == 32 and panel.unreadable.text() == ""
    panel.show_evaluation(None)
    assert panel.table.isColumnHidden(POSITIONS["status"])
