"""The workspace: figures on screen equal those of plain loops; keys, clicks, filters, stepping."""

import math
import threading
from dataclasses import replace

import numpy as np
import pytest
from brute_comparison import brute_find, common_rows
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from support_compare import made_up, row_names, write_evaluation
from support_samples import stand_in_hand

from core.evaluation.columns import FrameState
from utnet_viewer.compare.choice import Choice, limits, options_of
from utnet_viewer.compare.comparing import Comparing, Wish
from utnet_viewer.compare.workspace import CompareWorkspace
from utnet_viewer.settings import Settings

WAIT_MS = 20_000


@pytest.fixture
def make(qtbot, theme):
    """Makes workspaces; `offered` are shown at once, the newest first."""
    made = []

    def make(*offered, find=brute_find, index=None) -> CompareWorkspace:
        workspace = CompareWorkspace(theme, Settings(), stand_in_hand(), find=find)
        qtbot.addWidget(workspace)
        made.append(workspace)
        workspace.resize(1268, 664)
        workspace.show()
        workspace.use_dataset(index, stand_in_hand())
        if offered:
            workspace.offer(list(reversed(offered)))
            qtbot.waitUntil(lambda: workspace.is_settled, timeout=WAIT_MS)
        return workspace

    yield make
    for workspace in made:
        workspace.shut_down()


def settle(qtbot, workspace: CompareWorkspace) -> None:
    qtbot.waitUntil(lambda: workspace.is_settled, timeout=WAIT_MS)


def test_the_sentence_and_the_figures_are_those_of_plain_loops(make, evaluations):
    baseline, better, _ = evaluations
    workspace = make(baseline, better)
    first = [float(v) for v in baseline.column("pa_mpjpe_mm")]
    second = [float(v) for v in better.column("pa_mpjpe_mm")]
    gains = [a - b for a, b in zip(first, second, strict=True)]
    mean = sum(gains) / 60
    share = 100 * sum(gain > 0 for gain in gains) / 60
    words = workspace.head.sentence.text()
    assert words.startswith(f"B is better by {mean:.2f} mm PA-MPJPE [")
    assert words.endswith(f"over 60 frames; better on {share:.0f} % of them.")
    block = workspace.head._blocks[0]
    assert block.accessibleName().startswith(
        f"PA-MPJPE mm: {sum(first) / 60:.1f} to {sum(second) / 60:.1f}"
    )
    row = workspace.metric_table.differences.rows[4]
    f5 = [float(np.mean(evaluation.column("f5"))) for evaluation in (baseline, better)]
    assert (row.key, row.first, row.second) == ("f5", *map(pytest.approx, f5))
    assert workspace.metric_table.current_key == "pa_mpjpe_mm"
    assert workspace.pck.curves[0].at(20.0) == pytest.approx(
        np.mean(baseline.column("pa_joint_errors_mm") <= 20.0)
    )


def test_no_winner_is_named_where_the_interval_holds_zero(make, tmp_path):
    columns = made_up(40, seed=5)
    other = {**columns, "pa_mpjpe_mm": columns["pa_mpjpe_mm"] + np.float32([1, -1] * 20)}
    workspace = make(
        write_evaluation(tmp_path, "one", columns), write_evaluation(tmp_path, "two", other)
    )
    words = workspace.head.sentence.text()
    assert words.startswith("No difference in PA-MPJPE is shown: B − A 0.00 mm [")


def test_swapping_turns_the_sentence_round(make, evaluations, qtbot):
    workspace = make(*evaluations[:2])
    before = workspace.look.result.overall
    workspace.head.swap.action.trigger()
    settle(qtbot, workspace)
    after = workspace.look.result.overall
    assert workspace.head.sentence.text().startswith("B is worse by")
    assert (after.first, after.second) == (before.second, before.first)
    assert workspace.head.first.currentText() == "better"


def test_another_figure_is_chosen_by_row_by_box_and_by_key(make, evaluations, qtbot):
    workspace = make(*evaluations[:2])
    workspace.metric_table.choose("f5")
    settle(qtbot, workspace)
    assert "F@5" in workspace.head.sentence.text()
    assert workspace.head.figure.currentText() == "F@5"
    assert workspace.look.result.overall.outcome == "better"  # more is better
    gain = evaluations[1].column("f5") - evaluations[0].column("f5")
    assert workspace.gains.strip.items[0].row == int(gain.argmax())
    assert all(gain[item.row] < 0 for item in workspace.losses.strip.items)
    workspace.next_metric()
    settle(qtbot, workspace)
    assert workspace.figure.key == "f15" and workspace.metric_table.current_key == "f15"
    assert workspace.sample.alignments.value == "Procrustes"
    workspace.use_metric("mpjpe_mm")
    assert workspace.sample.alignments.value == "Root"
    workspace.use_metric("f15")
    assert workspace.settings.text("compare/metric") == "f15"


def test_a_sequence_filters_cloud_and_lists_and_esc_takes_that_back(make, evaluations, qtbot):
    workspace = make(*evaluations[:2])
    everything = [item.row for item in workspace.gains.strip.items]
    workspace.sequence_table.choose("CD2")
    settle(qtbot, workspace)
    shown = workspace.cloud.is_shown
    assert workspace.cloud.rows[shown].tolist() == list(range(20, 40))
    names = [
        item.name for panel in (workspace.gains, workspace.losses) for item in panel.strip.items
    ]
    assert names and all(name.startswith("CD2/") for name in names)
    QTest.keyClick(workspace, Qt.Key.Key_Escape)
    settle(qtbot, workspace)
    assert workspace.cloud.is_shown is None
    assert [item.row for item in workspace.gains.strip.items] == everything


def test_a_joint_is_compared_instead_of_the_figure(make, evaluations, qtbot):
    baseline, better, _ = evaluations
    workspace = make(baseline, better)
    workspace.tabs.set_value("Joints")
    assert workspace.figures.table is workspace.joint_table
    workspace.joint_table.choose("8")
    settle(qtbot, workspace)
    assert workspace.cloud.name == "pinky PIP"
    assert np.array_equal(workspace.cloud.second, better.column("pa_joint_errors_mm")[:, 8])
    gain = baseline.column("pa_joint_errors_mm")[:, 8] - better.column("pa_joint_errors_mm")[:, 8]
    assert workspace.gains.strip.items[0].row == int(gain.argmax())


def test_gains_and_losses_are_sorted_and_stepped_through(make, evaluations, qtbot):
    baseline, _, worse = evaluations
    workspace = make(baseline, worse)
    gain = baseline.column("pa_mpjpe_mm") - worse.column("pa_mpjpe_mm")
    best = [int(n) for n in np.argsort(-gain, kind="stable") if gain[n] > 0]
    last = [int(n) for n in np.argsort(gain, kind="stable") if gain[n] < 0]
    assert [item.row for item in workspace.gains.strip.items] == best
    assert [item.row for item in workspace.losses.strip.items] == last
    workspace.step(1)
    assert workspace.current == best[0]
    workspace.switch_list()
    workspace.step(1)
    assert workspace.current == last[1]
    QTest.keyClick(workspace.losses.strip, Qt.Key.Key_Right)
    assert workspace.current == last[2]
    assert workspace.scatter._current == last[2]
    with qtbot.waitSignal(workspace.inspect_wanted) as wanted:
        workspace.inspect()
    assert wanted.args == [last[2]]


def test_further_models_stand_beside_and_take_the_place_of_b(make, evaluations, qtbot):
    workspace = make(*evaluations)  # the newest is B, the one before it A
    assert workspace.choice.first == evaluations[1].identity.key
    (action,) = workspace.head.further_menu.actions()
    assert action.text() == "baseline"
    action.trigger()
    settle(qtbot, workspace)
    assert [curve.letter for curve in workspace.pck.curves] == ["A", "B", "C"]
    workspace.tabs.set_value("Models")
    keys = [row.key for row in workspace.model_table.differences.rows]
    assert keys == [evaluations[2].identity.key, evaluations[0].identity.key]
    workspace.model_table.choose(keys[1])
    settle(qtbot, workspace)
    assert workspace.choice == Choice(evaluations[1].identity.key, keys[1], (keys[0],))


def test_only_frames_that_both_measured_are_paired(make, tmp_path):
    first, second = made_up(30, seed=1), made_up(30, seed=2)
    states = np.full(30, FrameState.MEASURED)
    states[10:] = FrameState.PENDING
    half = write_evaluation(tmp_path, "half", first, states=states)
    whole = write_evaluation(tmp_path, "whole", second)
    workspace = make(half, whole)
    assert workspace.cloud.rows.tolist() == list(range(10)) == common_rows([half, whole]).tolist()
    note = workspace.head.note
    assert note.isVisible() and note.text() == "A is not finished: 10 of 30 frames."
    assert workspace.head.first.currentText() == "half (33 %)"


def test_nothing_in_common_is_said_everywhere_and_breaks_nothing(make, tmp_path):
    states = np.full(12, FrameState.ROOT_ONLY)
    made = [
        write_evaluation(tmp_path, name, made_up(12, seed=n), states=states)
        for n, name in enumerate(("one", "two"))
    ]
    workspace = make(*made)
    assert workspace.head.sentence.text().startswith("No frame was measured by both")
    assert workspace.scatter.empty.isVisible()
    assert workspace.figures.empty.isVisible() and workspace.sequences.empty.text()
    assert not workspace.can("step") and not workspace.can("open")
    workspace.toggle_sample()
    workspace.step(1)
    assert not workspace.shows_sample


def test_a_comparison_that_takes_long_shows_progress_and_is_cancelled_by_key(
    make, evaluations, qtbot
):
    go_on, stopped = threading.Event(), threading.Event()

    def slow(chosen, key, tell):
        try:
            while not go_on.wait(0.01):
                tell(0.4)
        except BaseException:
            stopped.set()
            raise
        return brute_find(chosen, key, tell)

    workspace = make(find=slow)
    workspace.offer([evaluations[1], evaluations[0]])
    head = workspace.head
    assert not head.progress.isVisible()  # it may be done at once
    qtbot.waitUntil(lambda: head.progress.isVisible() and head.progress.value() == 400)
    QTest.keyClick(workspace, Qt.Key.Key_Escape)
    assert stopped.wait(5) and not head.progress.isVisible()
    assert "cancelled" in head.note.text() and workspace.look is None
    go_on.set()
    workspace.choose(workspace.choice)
    settle(qtbot, workspace)
    assert workspace.look is not None and not head.note.isVisible()


def test_the_newest_wish_counts(make, evaluations, qtbot):
    asked = []

    def find(chosen, key, tell):
        asked.append(key)
        return brute_find(chosen, key, tell)

    workspace = make(*evaluations[:2], find=find)
    for _ in range(3):
        workspace.next_metric()
    settle(qtbot, workspace)
    assert workspace.look.result.metric is workspace.figure
    count = len(asked)
    workspace.use_metric("pa_mpjpe_mm")  # known already
    settle(qtbot, workspace)
    assert len(asked) == count and workspace.look.result.metric.key == "pa_mpjpe_mm"


def test_an_answer_that_came_too_late_is_dropped(qtbot, evaluations):
    comparing = Comparing(brute_find)
    comparing.compare(Wish(evaluations[:2], "pa_mpjpe_mm"))
    comparing._pool.waitForDone()  # the answer waits for the event loop
    comparing.cancel()
    qtbot.wait(20)
    assert comparing.result is None and "cancelled" in comparing.problem
    comparing.close()


def test_a_failed_comparison_says_why(make, evaluations, qtbot):
    def broken(chosen, key, tell):
        raise ValueError("column f5 is damaged")

    workspace = make(*evaluations[:2], find=broken)
    assert workspace.head.note.text() == "column f5 is damaged"


def test_words_instead_of_everything_have_buttons(make, qtbot):
    workspace = make()
    pressed = []
    workspace.show_message(
        "columns", "Evaluate two", "Run it.", [("Go", lambda: pressed.append(1))]
    )
    assert workspace.page.title.text() == "Evaluate two" and not workspace.can("swap")
    from PySide6.QtWidgets import QPushButton

    (button,) = workspace.page.findChildren(QPushButton)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert pressed == [1]


def test_choices_keep_a_and_b_apart():
    choice = Choice("a", "b", ("c",))
    assert choice.with_first("b") == Choice("b", "a", ("c",))
    assert choice.with_second("c") == Choice("a", "c")
    assert choice.toggled("d").further == ("c", "d")
    assert choice.toggled("c").further == ()
    assert math.prod([len(choice.toggled(key).further) for key in "defg"]) == 16


def test_names_that_are_alike_are_told_apart_and_limits_are_said(tmp_path):
    made = [
        write_evaluation(tmp_path, "best", made_up(5), checkpoint_sha256=sha * 64, **changes)
        for sha, changes in (("1", {}), ("2", {"uses_depth": False}))
    ]
    titles = [option.title for option in options_of(made)]
    assert titles == ["best · 111111", "best · 222222"]
    hand = stand_in_hand()
    assert limits(made, hand) == "One uses depth, the other does not."
    assert limits(made[:1], hand) == ""
    other = replace(hand, name="MANO", template_m=hand.template_m * 1.1)
    assert limits(made[:1], other) == ("Meshes are shown with MANO; the figures are of stand-in.")


def test_names_of_a_row_go_with_blocks():
    names = row_names(6)
    assert names.sequence_codes.tolist() == [0, 0, 1, 1, 2, 2]
    assert names.frame_names.tolist() == ["0000", "0001"] * 3
