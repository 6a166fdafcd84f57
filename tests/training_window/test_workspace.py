"""The Train workspace with training processes that learn, hang, crash, flood and do not listen."""

import contextlib
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import fake_trainer
import psutil
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from core.training.presets import preset
from core.training.run_folder import RunFolder, RunState
from utnet_viewer.settings import Settings
from utnet_viewer.training import run_header
from utnet_viewer.training.charts.panel import ChartsPanel
from utnet_viewer.training.configuration_panel import ConfigurationPanel
from utnet_viewer.training.question import Question
from utnet_viewer.training.workspace import TrainWorkspace

WAIT_MS = 60_000
CLICK = Qt.MouseButton.LeftButton

Opener = Callable[..., TrainWorkspace]


@pytest.fixture
def runs(tmp_path) -> Iterator[Path]:
    """A folder for runs; whatever trains in it at the end is ended."""
    yield tmp_path / "runs"
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "fake_trainer.py" in " ".join(process.cmdline()):
                process.kill()
                process.wait(10)


@pytest.fixture
def opener(theme, qtbot, runs) -> Iterator[Opener]:
    """Opens a workspace whose ``utnet`` is the fake one with these options."""
    opened = []

    def open_(*options: str) -> TrainWorkspace:
        workspace = TrainWorkspace(
            theme,
            Settings(),
            runs_root=runs,
            form=ConfigurationPanel(theme),
            charts=ChartsPanel(theme),
            command=fake_trainer.command(*options),
        )
        opened.append(workspace)
        workspace.resize(1280, 760)
        workspace.show()
        qtbot.waitUntil(lambda: workspace.is_settled, timeout=WAIT_MS)
        return workspace

    yield open_
    for workspace in opened:
        if isValid(workspace):
            close(workspace)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def close(workspace: TrainWorkspace) -> None:
    """As the window does when it closes; the runs go on."""
    workspace.shut_down()
    workspace.close()
    workspace.deleteLater()


def start(workspace: TrainWorkspace, qtbot) -> Path:
    """Press Start and wait until the run is the one that is shown."""
    QTest.mouseClick(workspace.form.start, CLICK)
    qtbot.waitUntil(lambda: bool(workspace.live), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: workspace.book.current == workspace.live[0].path, timeout=WAIT_MS)
    return workspace.book.current


def state_of(workspace: TrainWorkspace) -> RunState | None:
    summary = workspace.book.summary(workspace.book.current)
    return None if summary is None else summary.state


def wait_for(workspace: TrainWorkspace, qtbot, *states: RunState) -> None:
    qtbot.waitUntil(lambda: state_of(workspace) in states, timeout=WAIT_MS)


def answer(qtbot, value: str) -> None:
    """Press a button of the question that is open."""

    def open_question() -> Question | None:
        questions = [w for w in QApplication.topLevelWidgets() if isinstance(w, Question)]
        return next((w for w in questions if w.isVisible()), None)

    qtbot.waitUntil(lambda: open_question() is not None)
    QTest.mouseClick(open_question().buttons[value], CLICK)


def test_start_pause_go_on_stop_resume_finish(opener, qtbot, runs):
    workspace = opener("--rate", "60", "--steps", "130")
    header = workspace.header
    assert "Press Start" in header.about.text() and workspace.runs.table.empty.text()
    path = start(workspace, qtbot)
    assert path == runs / "demo" and workspace.form.name_row.editor.line.text() == "demo-2"
    wait_for(workspace, qtbot, RunState.RUNNING)
    qtbot.waitUntil(lambda: header.progress.value() > 0, timeout=WAIT_MS)
    assert header.tag.text() == "Training" and "survives closing" in header.about.text()
    assert header.figures["step"].value.text().endswith("/ 130")
    assert workspace.form.start.text() == "Start next run"

    QTest.mouseClick(header.pause, CLICK)
    assert header.tag.text() == "Pausing…"
    wait_for(workspace, qtbot, RunState.PAUSED)
    qtbot.waitUntil(lambda: header.tag.text() == "Paused")
    QTest.mouseClick(header.pause, CLICK)
    wait_for(workspace, qtbot, RunState.RUNNING)

    QTest.mouseClick(header.stop, CLICK)
    answer(qtbot, "stop")
    wait_for(workspace, qtbot, RunState.STOPPED)
    stopped_at = RunFolder(path).status().step
    assert header.tag.text() == "Stopped" and not header.stop.isVisible()
    assert header.pause.text().strip() == "Resume"

    QTest.mouseClick(header.pause, CLICK)
    assert header.tag.text() == "Resuming…"
    wait_for(workspace, qtbot, RunState.FINISHED)
    assert header.tag.text() == "Finished" and not header.pause.isVisible()
    view = workspace.book.views[path]
    assert [event.step for event in view.resumes] == [stopped_at]
    assert list(view.steps.column("step")) == list(range(1, 131))  # nothing lost, nothing twice
    assert workspace.charts.runs[0].key == str(path)


def test_a_window_that_was_closed_finds_its_run_again_with_its_history(opener, qtbot):
    first = opener("--rate", "40", "--steps", "2000")
    path = start(first, qtbot)
    wait_for(first, qtbot, RunState.RUNNING)
    pid = RunFolder(path).status().pid
    close(first)
    assert psutil.pid_exists(pid)

    second = opener()
    qtbot.waitUntil(lambda: state_of(second) == RunState.RUNNING, timeout=WAIT_MS)
    assert second.book.current == path and RunFolder(path).status().pid == pid
    qtbot.waitUntil(lambda: len(second.book.views[path].steps) > 20, timeout=WAIT_MS)
    assert second.book.views[path].steps.column("step")[0] == 1
    seen = second.header.progress.value()
    qtbot.waitUntil(lambda: second.header.progress.value() > seen, timeout=WAIT_MS)
    second.act("terminate")
    answer(qtbot, "terminate now")
    wait_for(second, qtbot, RunState.DIED)
    assert not second.header.strip.message.isHidden()


def test_a_run_that_died_while_nobody_looked_says_so_and_goes_on(opener, qtbot, runs):
    with fake_trainer.started(runs, "--rate", "200", "--steps", "150", name="left") as (
        process,
        folder,
    ):
        qtbot.waitUntil(lambda: folder.checkpoint("last").exists(), timeout=WAIT_MS)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
    workspace = opener("--rate", "500", "--steps", "150")
    header = workspace.header
    wait_for(workspace, qtbot, RunState.DIED)
    assert header.tag.text() == "Died" and "killed" in header.strip.message.text()
    assert header.pause.text().strip() == "Resume"
    header.copy_details()
    assert str(folder.path) in QApplication.clipboard().text()
    QTest.mouseClick(header.pause, CLICK)
    wait_for(workspace, qtbot, RunState.FINISHED)


@pytest.mark.parametrize(
    ("behaviour", "word", "said"),
    [
        ("out-of-memory", "Out of memory", "Set optimisation.batch_size to 8"),
        ("crash", None, "ZeroDivisionError"),
    ],
)
def test_what_goes_wrong_is_told_in_words_with_a_remedy(opener, qtbot, behaviour, word, said):
    # Slow enough to be seen alive: what was never seen to go on does not come to an end.
    workspace = opener("--behaviour", behaviour, "--rate", "8")
    spoken: list[tuple[str, str]] = []
    workspace.said.connect(lambda words, kind: spoken.append((words, kind)))
    QTest.mouseClick(workspace.form.start, CLICK)
    wait_for(workspace, qtbot, RunState.FAILED, RunState.DIED)
    header = workspace.header
    qtbot.waitUntil(lambda: said in header.strip.message.text(), timeout=WAIT_MS)
    assert word is None or header.tag.text() == word
    assert header.strip.copy.isVisible() and header.pause.text().strip() == "Resume"
    rows = workspace.runs.table.model
    qtbot.waitUntil(lambda: not rows.rows[0].summary.state.is_alive, timeout=WAIT_MS)
    assert said in spoken[-1][0] and spoken[-1][1] == "fault"


def test_what_would_help_is_put_into_the_form(opener, qtbot):
    workspace = opener("--behaviour", "out-of-memory", "--rate", "8")
    start(workspace, qtbot)
    wait_for(workspace, qtbot, RunState.FAILED)
    form, act = workspace.form, workspace.header.strip.act
    form.replace_by(preset("overfit"), "overfit")  # something else stands there meanwhile
    qtbot.waitUntil(act.isVisible, timeout=WAIT_MS)
    assert act.text() == "Apply to the configuration"
    QTest.mouseClick(act, CLICK)
    assert form.draft.baseline_name == "demo"
    assert form.checked.changed == ("optimisation.batch_size", "optimisation.accumulate")
    assert form.checked.config.optimisation.batch_size == 8
    assert form.checked.config.optimisation.accumulate == 2
    assert form.start.isEnabled()


def test_a_run_that_hangs_is_told_of_and_can_be_terminated(opener, qtbot, monkeypatch):
    workspace = opener("--behaviour", "hang", "--rate", "200")
    log = RunFolder(start(workspace, qtbot)).log_file
    qtbot.waitUntil(lambda: "the fake hangs" in log.read_text(), timeout=WAIT_MS)
    # Not before: a process that comes late on a busy machine would be taken for one that hangs.
    monkeypatch.setattr("core.training.run_status.SILENCE_S", 0.5)
    wait_for(workspace, qtbot, RunState.STALLED)
    header = workspace.header
    assert "No sign of life" in header.strip.message.text()
    assert header.strip.act.text() == "Terminate…" and header.strip.act.isVisible()
    QTest.mouseClick(header.strip.act, CLICK)
    answer(qtbot, "terminate now")
    wait_for(workspace, qtbot, RunState.DIED)
    qtbot.waitUntil(lambda: "by hand" in header.strip.message.text(), timeout=WAIT_MS)


def test_a_run_that_does_not_listen_is_told_of_and_ended(opener, qtbot, monkeypatch):
    monkeypatch.setattr(run_header, "PATIENCE_S", 0.2)
    workspace = opener("--behaviour", "ignore-stop", "--rate", "50", "--steps", "5000")
    workspace.controls.grace_s = 0.3
    start(workspace, qtbot)
    wait_for(workspace, qtbot, RunState.RUNNING)
    workspace.act("stop")
    answer(qtbot, "stop")
    header = workspace.header
    qtbot.waitUntil(lambda: "asked to stop" in header.strip.message.text(), timeout=WAIT_MS)
    assert header.tag.text() == "Stopping…" and header.strip.act.text() == "Terminate…"
    QTest.mouseClick(header.strip.act, CLICK)
    answer(qtbot, "terminate now")
    wait_for(workspace, qtbot, RunState.DIED)


def test_a_flood_of_events_and_the_log_are_followed(opener, qtbot):
    workspace = opener("--behaviour", "flood", "--rate", "100", "--steps", "150")
    workspace.runs.faces.set_value("Log")
    start(workspace, qtbot)
    qtbot.waitUntil(lambda: "training in" in workspace.runs.log.text.toPlainText(), timeout=WAIT_MS)
    wait_for(workspace, qtbot, RunState.FINISHED)
    view = workspace.book.views[workspace.book.current]
    assert len(view.warnings) > 100 and len(view.steps) == 150


def test_a_process_that_does_not_start_says_why_and_nothing_is_lost(opener, qtbot):
    workspace = opener("--behaviour", "bad-config")
    with qtbot.waitSignal(workspace.refused, timeout=WAIT_MS) as refused:
        QTest.mouseClick(workspace.form.start, CLICK)
        assert workspace.form.start.text() == "Starting…" and not workspace.form.start.isEnabled()
    assert "demo did not start" in refused.args[0] and "run.steps" in refused.args[1]
    assert workspace.form.start.isEnabled() and workspace.form.start.text() == "Start"
    assert workspace.book.current is None


def test_runs_are_chosen_compared_drawn_together_and_put_aside(opener, qtbot, runs):
    fake_trainer.make_run(runs, name="first", steps=60)
    fake_trainer.make_run(runs, name="second", steps=100, loss__joints_3d=8.0)
    workspace = opener()
    table = workspace.runs.table
    qtbot.waitUntil(lambda: all(row.difference for row in table.model.rows), timeout=WAIT_MS)
    by_name = {row.summary.name: row for row in table.model.rows}
    assert by_name["first"].difference == "—"
    assert by_name["second"].difference.split(" · ")[1] == "joints 3D ×4"
    assert table.model.share(0) < table.model.share(1) == 1.0  # "second" learned longer

    table.select(runs / "second")
    table.table.setFocus()
    QTest.keyClick(table.table, Qt.Key.Key_Down)
    assert workspace.book.current == runs / "first"
    table.select(runs / "second")
    QTest.mouseClick(
        table.table.viewport(), CLICK, pos=table.table.visualRect(table.model.index(1, 0)).center()
    )
    qtbot.waitUntil(lambda: len(workspace.charts.runs) == 2, timeout=WAIT_MS)
    table.baseline_action.trigger()
    qtbot.waitUntil(lambda: table.model.baseline_name == table.current.name)
    table.configuration_action.trigger()
    assert workspace.form.draft.baseline_name == table.current.name

    with qtbot.waitSignal(workspace.checkpoint_wanted) as wanted:
        QTest.mouseClick(table.open_best, CLICK)
    assert Path(wanted.args[0]) == RunFolder(table.current).checkpoint("best")
    hidden = table.current.name
    table.hide_action.trigger()
    assert [row.summary.name for row in table.model.rows] == [
        name for name in ("second", "first") if name != hidden
    ]
    assert Settings().text("train/hidden") == hidden
    assert workspace.book.current == table.current != runs / hidden
    table.hidden_action.trigger()
    assert len(table.model.rows) == 2
    assert RunFolder(runs / hidden).checkpoint("best").exists()  # nothing was deleted


def test_a_run_whose_folder_vanishes_gives_its_place_to_another(opener, qtbot, runs):
    for name in ("first", "second"):
        fake_trainer.make_run(runs, name=name, steps=20)
    workspace = opener()
    qtbot.waitUntil(lambda: workspace.book.current == runs / "second", timeout=WAIT_MS)
    shutil.rmtree(runs / "second")
    qtbot.waitUntil(lambda: workspace.book.current == runs / "first", timeout=WAIT_MS)
    shutil.rmtree(runs / "first")
    qtbot.waitUntil(lambda: workspace.book.current is None, timeout=WAIT_MS)
    assert workspace.header.name.text() == "No run yet" and workspace.charts.runs == []
    assert workspace.runs.table.empty.isVisible()


def test_what_was_typed_survives_a_window_that_is_killed(opener, qtbot, theme):
    workspace = opener()
    line = workspace.form.form.row("optimisation.batch_size").editor.line
    line.selectAll()
    QTest.keyClicks(line, "seven")
    qtbot.waitUntil(lambda: "seven" in Settings().text("train/form"))  # without closing
    again = opener()
    assert again.form.draft.text("optimisation.batch_size") == "seven"
    assert not again.form.start.isEnabled()
