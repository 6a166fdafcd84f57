"""Start to finish with the real ``utnet train``: form, header, charts' data, a checkpoint that
loads."""

import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.files.checkpoint_card import read_header
from core.training.run_folder import RunFolder, RunState
from utnet_viewer.settings import Settings
from utnet_viewer.training.charts.panel import ChartsPanel
from utnet_viewer.training.configuration_panel import ConfigurationPanel
from utnet_viewer.training.workspace import TrainWorkspace

#: As small as a training can be: six steps of four frames, measured on four.
VALUES = {
    "run.steps": "6",
    "run.validate_every_steps": "3",
    "run.checkpoint_every_steps": "3",
    "run.diagnostics_every_steps": "3",
    "run.fixed_samples": "2",
    "run.threads": "1",
    "run.device": "cpu",
    "data.frames": "8",
    "data.validation_frames": "4",
    "data.workers": "0",
    "optimisation.batch_size": "4",
    "optimisation.warmup_steps": "2",
    "network.token_width": "64",
    "network.blocks": "1",
    "network.heads": "2",
}


@pytest.fixture
def workspace(theme, qtbot, tmp_path):
    workspace = TrainWorkspace(
        theme,
        Settings(),
        runs_root=tmp_path / "runs",
        form=ConfigurationPanel(theme),
        charts=ChartsPanel(theme),
    )
    workspace.resize(1280, 760)
    workspace.show()
    yield workspace
    workspace.shut_down()
    workspace.close()
    workspace.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it has just ended by itself
            if sys.executable in process.cmdline() and "core.cli.main" in process.cmdline():
                process.kill()
                process.wait(10)


@pytest.mark.timeout(300)  # torch is imported, on machines that do other things too
def test_a_real_run_from_start_to_a_checkpoint_that_inspect_can_open(workspace, qtbot):
    for key, text in VALUES.items():
        workspace.form.draft.set_text(key, text)
    workspace.form.form.row("optimisation.learning_rate")
    workspace.form._refresh()
    assert workspace.form.checked.problems == {}
    QTest.mouseClick(workspace.form.start, Qt.MouseButton.LeftButton)

    def is_over() -> bool:
        summary = workspace.book.summary(workspace.book.current)
        return summary is not None and not summary.state.is_alive

    qtbot.waitUntil(is_over, timeout=240_000)
    path = workspace.book.current
    summary = workspace.book.summary(path)
    assert summary.state == RunState.FINISHED, (summary.reason, RunFolder(path).log_tail(20))
    assert workspace.header.tag.text() == "Finished"
    view = workspace.book.views[path]
    assert list(view.steps.column("step")) == list(range(1, 7))
    assert [event.step for event in view.validations] == [3, 6]
    assert view.shares and view.updates and len({s.frame_id for s in view.samples}) == 2
    with qtbot.waitSignal(workspace.checkpoint_wanted) as wanted:
        workspace.runs.table.open_best_action.trigger()
    assert read_header(Path(wanted.args[0])).config["token_width"] == 64
