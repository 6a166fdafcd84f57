"""The form as a person uses it: keys, clicks, what is marked, what is kept."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest

from core.training.config import load_config, with_values
from core.training.presets import preset
from utnet_viewer.training.configuration_panel import ConfigurationPanel, free_name


@pytest.fixture
def panel(theme, qtbot) -> ConfigurationPanel:
    panel = ConfigurationPanel(theme)
    qtbot.addWidget(panel)
    panel.resize(340, 900)
    panel.show()
    qtbot.waitUntil(lambda: panel.form.sections["Optimisation"].is_open)
    return panel


def retype(panel: ConfigurationPanel, key: str, text: str) -> None:
    line = panel.form.row(key).editor.line
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, text)


def test_every_field_of_the_configuration_has_a_row(panel):
    for key, info in panel.draft.fields.items():
        row = panel.name_row if key == "name" else panel.form.row(key)
        assert info.help.split(".")[0] in row.label.toolTip().replace("&lt;", "<")
        assert row.editor.control.focusPolicy() & Qt.FocusPolicy.TabFocus, key


def test_start_carries_what_was_typed(panel, qtbot):
    retype(panel, "optimisation.learning_rate", "2e-4")
    with qtbot.waitSignal(panel.start_wanted) as started:
        QTest.mouseClick(panel.start, Qt.MouseButton.LeftButton)
    assert started.args[0].optimisation.learning_rate == 2e-4
    assert panel.changes.text() == "1 change against demo"


def test_a_wrong_value_is_marked_counted_and_holds_start_back(panel, qtbot):
    retype(panel, "optimisation.batch_size", "0")
    row = panel.form.row("optimisation.batch_size")
    assert row.problem.isVisible() and "from 1 to 65536" in row.problem.text()
    assert row.editor.control.property("invalid") is True
    assert panel.wrong.text() == "1 value to correct"
    assert not panel.start.isEnabled() and "batch_size" in panel.start.toolTip()
    with qtbot.assertNotEmitted(panel.start_wanted):
        panel.start_run()
    retype(panel, "optimisation.batch_size", "8")
    assert row.problem.isHidden() and not panel.wrong.isVisible() and panel.start.isEnabled()


def test_the_count_leads_to_the_first_wrong_value_in_a_folded_section(panel):
    panel.draft.set_text("augmentation.rotation_degrees", "999")
    panel._refresh()
    section = panel.form.sections["Augmentation"]
    assert not section.is_open and section.tag.text() == "1 to correct"
    QTest.mouseClick(panel.wrong, Qt.MouseButton.LeftButton)
    assert section.is_open
    assert panel.form.row("augmentation.rotation_degrees").editor.control.hasFocus()


def test_a_dot_marks_what_was_changed_and_puts_it_back(panel):
    retype(panel, "optimisation.learning_rate", "2e-4")
    row = panel.form.row("optimisation.learning_rate")
    assert row.dot.is_on and "1e-3" in row.dot.toolTip()
    QTest.mouseClick(row.dot, Qt.MouseButton.LeftButton)
    assert not row.dot.is_on and row.editor.line.text() == "1e-3"


def test_choices_and_switches_by_keyboard(panel):
    schedule = panel.form.row("optimisation.schedule").editor.box
    QTest.keyClick(schedule, Qt.Key.Key_Down)
    assert panel.checked.config.optimisation.schedule == "constant"
    switch = panel.form.row("augmentation.enabled").editor.switch
    QTest.keyClick(switch, Qt.Key.Key_Space)
    assert panel.checked.config.augmentation.enabled is False


def test_the_wheel_over_a_choice_scrolls_past_it(panel, qtbot):
    box = panel.form.row("optimisation.schedule").editor.box
    before = box.currentText()
    wheel = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(0, -120),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    box.wheelEvent(wheel)
    assert box.currentText() == before and not wheel.isAccepted()


def test_a_preset_replaces_everything_and_can_be_undone(panel):
    retype(panel, "optimisation.learning_rate", "2e-4")
    panel.presets.setFocus()
    QTest.keyClick(panel.presets, Qt.Key.Key_Down)
    assert panel.draft.baseline_name == "overfit" and panel.checked.changed == ()
    assert panel.checked.config.name == "overfit"
    QTest.mouseClick(panel.undo, Qt.MouseButton.LeftButton)
    assert panel.draft.baseline_name == "demo"
    assert panel.checked.config.optimisation.learning_rate == 2e-4


def test_names_of_runs_are_not_given_twice(panel):
    panel.set_taken(["demo", "demo-2"])
    assert panel.name_row.editor.line.text() == "demo-3" and panel.start.isEnabled()
    line = panel.name_row.editor.line
    line.selectAll()
    QTest.keyClicks(line, "Demo-2")
    assert "already" in panel.name_row.problem.text() and not panel.start.isEnabled()
    assert free_name("a", ["A", "a-2"]) == "a-3"


def test_what_stands_there_survives_a_restart(panel, theme, qtbot):
    retype(panel, "optimisation.batch_size", "abc")
    panel.form.sections["Data"].set_open(False)
    panel.form.sections["Network"].set_open(True)
    kept = panel.keep()
    again = ConfigurationPanel(theme)
    qtbot.addWidget(again)
    again.restore(kept)
    assert again.form.row("optimisation.batch_size").editor.line.text() == "abc"
    assert set(again.form.open_sections()) == {"Run", "Optimisation", "Network"}
    assert again.wrong.text() == "1 value to correct"


def test_yaml_is_saved_and_opened(panel, tmp_path):
    retype(panel, "optimisation.learning_rate", "2e-4")
    file = tmp_path / "mine.yaml"
    panel.save_file(file)
    assert load_config(file) == panel.checked.config
    assert panel.changes.text() == "0 changes against mine"
    panel.replace_by(preset("overfit"), "overfit")
    panel.open_file(file)
    assert panel.checked.config.optimisation.learning_rate == 2e-4


def test_a_file_that_is_no_configuration_changes_nothing_and_is_told(panel, tmp_path, qtbot):
    file = tmp_path / "bad.yaml"
    file.write_text("optimisation:\n  learningrate: 3\n")
    before = panel.checked.config
    with qtbot.waitSignal(panel.refused) as refused:
        panel.open_file(file)
    assert "learning_rate" in refused.args[1] and str(file) in refused.args[1]
    assert panel.checked.config == before


def test_a_folder_that_cannot_be_written_is_told(panel, tmp_path, qtbot):
    with qtbot.waitSignal(panel.refused) as refused:
        panel.save_file(tmp_path / "no" / "such" / "place.yaml")
    assert "place.yaml" in refused.args[1]


OLD = """
dataset: {name: HO3D, root_dir: /no/such/place, version: v3}
loss: {w_2d: 0.01, w_3d_joint: 0.05}
training: {batch_size: 32, learning_rate: 0.00001}
"""


def test_an_original_configuration_is_shown_before_it_is_taken(panel, tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text(OLD)
    before = panel.checked.config
    panel.import_file(file)
    dialog = next(w for w in panel.window().children() if type(w).__name__ == "ImportDialog")
    report = dialog.as_text()
    assert "w_2d" in report and "learning_rate" in report and "batch_size" in report
    assert panel.checked.config == before
    QTest.mouseClick(dialog.take, Qt.MouseButton.LeftButton)
    assert panel.draft.text("optimisation.batch_size") == "32"
    assert "data.dataset" in panel.checked.problems  # its folder is not there, and that is told


def test_the_open_dataset_can_be_chosen(panel, tmp_path, monkeypatch):
    folder = tmp_path / "HO3D_mine"
    folder.mkdir()
    panel.form.offer_datasets([str(folder)])
    box = panel.form.row("data.dataset").editor.box
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert panel.checked.config.data.dataset == str(folder)
    monkeypatch.setattr(
        "utnet_viewer.training.field_editors.QFileDialog.getExistingDirectory",
        lambda *_: str(tmp_path),
    )
    place = box.count() - 1
    box.activated.emit(place)
    assert panel.checked.config.data.dataset == str(tmp_path)
    assert box.currentData() == str(tmp_path)


def test_what_is_offered_waits_for_a_folded_section(panel, tmp_path):
    panel.form.set_open_sections([])
    panel.form.sections["Data"].rows.clear()
    panel.form.offer_datasets([str(tmp_path)])
    assert not panel.form.sections["Data"].is_open
    assert panel.form.row("data.dataset").editor.box.findData(str(tmp_path)) >= 0


def test_a_run_s_values_can_be_taken(panel):
    config = with_values(preset("demo"), {"loss.wrist": 4.0, "name": "a run"}, source="test")
    panel.replace_by(config, "a run")
    assert panel.draft.text("loss.wrist") == "4.0"
    assert panel.changes.text() == "0 changes against a run"
    assert panel.presets.currentText() == "a run"
