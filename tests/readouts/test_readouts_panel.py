"""The readouts panel: its numbers are the frame's, its charts link with the other panels."""

import csv
import io
from dataclasses import replace

import numpy as np
import pointer
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMessageBox
from support_samples import make_document, make_sample, show, stand_in_hand

from core.conventions import BONES, JOINT_NAMES
from core.evaluation.hand_size import hand_size
from utnet_viewer.document import EngineState, Sample
from utnet_viewer.readouts.chart import JOINT_X
from utnet_viewer.readouts.panel import ReadoutsPanel, bone_differences_mm
from utnet_viewer.theme import DARK, LIGHT, Theme


@pytest.fixture
def document():
    return make_document(make_sample(row=3))


@pytest.fixture
def panel(qtbot, document) -> ReadoutsPanel:
    panel = ReadoutsPanel(document, Theme())
    qtbot.addWidget(panel)
    panel.resize(1250, 292)
    panel.show()
    panel.activateWindow()
    qtbot.waitExposed(panel)
    return panel


def values(panel) -> dict[str, str]:
    return {name: cell.reading.value for name, cell in panel.strip.cells.items()}


def note(panel, name: str) -> str:
    return panel.strip.cells[name].reading.notes[0]


def bar_heights(panel) -> np.ndarray:
    return np.asarray(panel.joints.bars.opts["height"])


# --- numbers ----------------------------------------------------------------------------------


def test_the_numbers_are_the_frames_metrics(panel, document):
    metrics = document.sample.metrics
    assert values(panel)["mpjpe_mm"] == f"{metrics.mpjpe_mm:.1f}"
    assert values(panel)["f5"] == f"{metrics.f5:.3f}"
    assert values(panel)["scale_ratio"] == f"{metrics.scale_ratio:.3f}"
    assert panel.header.subtitle.text() == "MC1 / 0003 · Procrustes-aligned"


def test_the_median_is_of_the_other_frames_of_this_session(panel, document):
    assert note(panel, "mpjpe_mm") == "first sample"
    first = document.sample.metrics.mpjpe_mm
    show(document, make_sample(row=4, seed=1))
    second = document.sample.metrics.mpjpe_mm
    assert note(panel, "mpjpe_mm") == f"{abs(second - first):.1f} vs median {first:.1f}"
    show(document, make_sample(row=5, seed=2))
    # Back to a frame seen before: compared with the two others, not with itself.
    third = document.sample.metrics.mpjpe_mm
    show(document, make_sample(row=3))
    assert note(panel, "mpjpe_mm").endswith(f"vs median {(second + third) / 2:.1f}")


def test_another_dataset_or_network_forgets_the_medians(panel, document):
    document.set_engine(EngineState(phase="ready", model="first"))
    show(document, make_sample(row=4, seed=1))
    document.set_engine(EngineState(phase="busy", model="first"))
    assert panel.seen.count("mpjpe_mm") == 2
    document.set_engine(EngineState(phase="ready", model="second"))
    assert panel.seen.count("mpjpe_mm") == 0
    show(document, make_sample(row=5, seed=2))
    document.set_index(document.index)
    document.turns.finish()
    assert panel.seen.count("mpjpe_mm") == 0
    assert set(values(panel).values()) == {"—"}


def test_a_frame_without_truth_says_so(panel, document):
    show(document, make_sample(row=6, evaluation=True))
    assert set(values(panel).values()) == {"—"}
    assert note(panel, "mpjpe_mm") == "no ground truth"
    assert panel.header.subtitle.text() == "MC1 / 0006 · no ground truth"
    assert panel.joints.notice.text() == "No ground truth"
    assert not bar_heights(panel).any()
    # The predicted hand has a size even so.
    length = panel.sizes.rows()[0]
    assert length[1] == "—" and length[2] != "—" and length[3] == "—"


def test_an_awaited_prediction_is_mentioned_when_it_takes_its_time(panel, document, qtbot):
    show(document, make_sample(row=6, with_prediction=False))
    assert set(values(panel).values()) == {"—"}
    assert panel.joints.notice.text() == ""
    qtbot.waitUntil(lambda: panel.joints.notice.text() == "Awaiting prediction", timeout=2000)
    assert panel.header.subtitle.text() == "MC1 / 0006 · awaiting prediction"
    show(document, make_sample(row=6))
    assert panel.joints.notice.text() == "" and panel.header.subtitle.text().endswith("aligned")


def test_a_problem_is_said_in_its_own_words(panel, document):
    show(document, Sample(row=7, problem="rgb/MC1/0007.jpg is empty"))
    assert "rgb/MC1/0007.jpg is empty" in panel.header.subtitle.text()


def test_nan_errors_are_no_bars(panel, document):
    sample = make_sample(row=5)
    errors = sample.metrics.pa_joint_errors_mm.copy()
    errors[4] = np.nan
    metrics = replace(sample.metrics, pa_joint_errors_mm=errors, pa_mpjpe_mm=float("nan"))
    show(document, replace(sample, metrics=metrics))
    assert values(panel)["pa_mpjpe_mm"] == "—"
    assert bar_heights(panel)[4] == 0 and (np.delete(bar_heights(panel), 4) > 0).all()
    panel.grab()


# --- charts -------------------------------------------------------------------------------------


def test_the_bars_are_the_joints_errors_in_the_chosen_unit(panel, document, qtbot):
    metrics = document.sample.metrics
    np.testing.assert_array_equal(bar_heights(panel), metrics.pa_joint_errors_mm)
    qtbot.keyClick(panel, Qt.Key.Key_U)
    assert panel.measure.value == "wrist mm"
    np.testing.assert_array_equal(bar_heights(panel), metrics.joint_errors_mm)
    qtbot.keyClick(panel, Qt.Key.Key_U)
    np.testing.assert_array_equal(bar_heights(panel), metrics.keypoint_errors_px)
    assert panel.joints.head.unit == "px"
    assert panel.header.subtitle.text().endswith("in the photo")
    qtbot.keyClick(panel, Qt.Key.Key_U)
    assert panel.measure.value == "PA mm"


def test_the_dashed_line_is_the_sessions_median(panel, document):
    assert not panel.joints.line.isVisible()
    first = document.sample.metrics.pa_mpjpe_mm
    show(document, make_sample(row=4, seed=1))
    assert panel.joints.line.isVisible()
    assert panel.joints.line.value() == pytest.approx(first)
    assert panel.joints.head.figure == f"session median {first:.1f}"


@pytest.mark.parametrize("chart", ["joints", "bones"])
def test_hovering_a_chart_tells_the_document(panel, document, chart):
    plot = getattr(panel, chart).plot
    in_scene = plot.getViewBox().mapViewToScene(QPointF(JOINT_X[17], 0.5))
    at = plot.mapFromScene(in_scene)
    pointer.hover(plot.viewport(), at)
    assert document.hovered_joint == 17


def test_a_hovered_joint_is_marked_in_both_charts(panel, document):
    document.hover(17)
    error = document.sample.metrics.pa_joint_errors_mm[17]
    assert panel.joints.head.figure == f"index tip {error:.1f} mm"
    assert panel.bones.head.figure.startswith("to index tip ")
    assert panel.joints._mark.isVisible() and panel.bones._mark.isVisible()
    document.hover(0)
    assert panel.joints.head.figure.startswith("wrist ") and not panel.bones._mark.isVisible()
    document.hover(-1)
    assert not panel.joints._mark.isVisible()


def test_bone_differences_are_lengths_subtracted(panel, document):
    sample = document.sample
    expected = [
        np.linalg.norm(sample.prediction.joints_mm[b] - sample.prediction.joints_mm[a])
        - np.linalg.norm(sample.frame.hand.joints_mm[b] - sample.frame.hand.joints_mm[a])
        for a, b in BONES
    ]
    np.testing.assert_allclose(bone_differences_mm(sample), expected, atol=1e-9)
    np.testing.assert_allclose(panel.bones.differences, expected, atol=1e-9)
    assert panel.bones.head.figure == f"sum |Δ| {np.abs(expected).sum():.1f}"


def test_the_hands_size_is_measured_on_the_hand_model_in_use(panel, document):
    truth = hand_size(stand_in_hand(), document.sample.frame.hand.mano.betas)
    prediction = hand_size(stand_in_hand(), document.sample.prediction.mano.betas)
    name, *texts, _ = panel.sizes.rows()[1]
    change = prediction.width_mm - truth.width_mm
    assert name == "width"
    assert texts == [
        f"{truth.width_mm:.1f}",
        f"{prediction.width_mm:.1f}",
        f"{change:+.1f}".replace("-", "−"),
    ]


# --- room, themes, taking numbers away ------------------------------------------------------------


def test_parts_fold_where_there_is_no_room(panel):
    def visible():
        return [w.isVisible() for w in (panel.joints, panel.bones, panel.sizes)]

    assert visible() == [True, True, True]
    panel.resize(700, 292)
    assert visible() == [True, True, False]
    panel.resize(500, 292)
    assert visible() == [True, False, False]
    panel.resize(1250, 130)
    assert not any(visible())
    panel.resize(1250, 292)
    assert all(visible())


def test_the_theme_recolours_the_bars(qtbot, document):
    theme = Theme(DARK)
    panel = ReadoutsPanel(document, theme)
    qtbot.addWidget(panel)
    assert panel.joints.bars.opts["brushes"][17].name() == DARK.index.lower()
    theme.use(LIGHT)
    assert panel.joints.bars.opts["brushes"][17].name() == LIGHT.index.lower()


def read_csv(text: str) -> dict[str, tuple[str, str]]:
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["frame", "quantity", "value", "unit"]
    assert {row[0] for row in rows[1:]} == {"MC1/0003"}
    return {quantity: (value, unit) for _, quantity, value, unit in rows[1:]}


def test_copied_numbers_are_a_table_with_units(panel, document, qtbot):
    document.set_engine(EngineState(phase="ready", model="demo"))
    modifiers = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(panel, Qt.Key.Key_C, modifiers)
    numbers = read_csv(QGuiApplication.clipboard().text())
    metrics = document.sample.metrics
    assert float(numbers["MPJPE"][0]) == pytest.approx(metrics.mpjpe_mm, rel=1e-5)
    assert numbers["MPJPE"][1] == "mm"
    assert numbers["hand model"][0] == "stand-in" and numbers["network"][0] == "demo"
    for joint, name in enumerate(JOINT_NAMES):
        value, unit = numbers[f"{name}, 2D error"]
        assert unit == "px"
        assert float(value) == pytest.approx(metrics.keypoint_errors_px[joint], rel=1e-5)
    assert len(numbers) == 2 + 8 + 3 * 21 + 20 + 6


def test_export_writes_the_same_table(panel, monkeypatch, tmp_path, qtbot):
    file = tmp_path / "numbers.csv"
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda parent, title, name, kinds: (str(file), kinds)
    )
    qtbot.keyClick(panel, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    assert file.read_text(encoding="utf-8") == panel.as_csv()


def test_a_failed_export_says_which_file(panel, monkeypatch, tmp_path, qtbot):
    file = tmp_path / "missing" / "numbers.csv"
    said = []
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda parent, title, name, kinds: (str(file), kinds)
    )
    monkeypatch.setattr(QMessageBox, "warning", lambda parent, title, text: said.append(text))
    qtbot.keyClick(panel, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    assert len(said) == 1 and str(file) in said[0]


def test_keys_belong_to_one_action_each(panel):
    keys = [key.toString() for action in panel.actions() for key in action.shortcuts()]
    assert sorted(keys) == ["Ctrl+E", "Ctrl+Shift+C", "U"]


def test_the_unit_outlives_the_window(qtbot, panel, document):
    panel.measure.set_value("px")
    next_panel = ReadoutsPanel(document, Theme())
    qtbot.addWidget(next_panel)
    next_panel.restore_state(panel.save_state())
    assert next_panel.joints.head.unit == "px"
    with pytest.raises(ValueError):
        next_panel.restore_state("furlongs")
