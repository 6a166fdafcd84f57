"""The Doctor tab in the whole window: its key, asking about a run, Inspect, closing."""

from collections.abc import Callable, Iterator
from pathlib import Path

import fake_doctor
import fake_trainer
import psutil
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from shiboken6 import isValid
from support_window import Starter, close, start_window, wait_until, wait_whole, write_dataset

from utnet_viewer.docks import DOCTOR, INSPECT, TRAIN

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier

#: The mesh view goes on refining itself while tests come and go.
pytestmark = pytest.mark.allow_leaks("timers", "pool work")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("sets") / "HO3D_tiny"
    write_dataset(root)
    return root


@pytest.fixture
def opener(fonts, tmp_path, monkeypatch) -> Iterator[Callable[..., Starter]]:
    """Opens windows whose doctor is the fake one; all are closed at the end."""
    monkeypatch.setenv("UTNET_RUNS", str(tmp_path / "data" / "runs"))
    opened = []

    def open_(*arguments: object, doctor: tuple[str, ...] = ()) -> Starter:
        starter = start_window("--size", "1280x800", *arguments)
        starter._menus.doctor.command = fake_doctor.command(*doctor)
        opened.append(starter)
        return starter

    yield open_
    for starter in opened:
        if isValid(starter.window) and starter.window.isVisible():
            close(starter)


def open_doctor(starter: Starter):
    QTest.keyClick(starter.window, Qt.Key.Key_3, CTRL)
    doctor = starter._menus.doctor
    wait_until(lambda: doctor.is_ready)
    return doctor


def test_a_run_is_asked_about_and_a_sample_is_looked_at(opener, dataset, tmp_path, qtbot):
    run = fake_trainer.make_run(tmp_path / "data" / "runs", name="odd", steps=60)
    starter = opener(dataset, "--split", "train", "--workspace", "train")
    starter.window.show_workspace(TRAIN)
    train, doctor = starter._menus.train, starter._menus.doctor
    wait_until(lambda: train.is_ready)
    assert train.workspace.header.ask.isVisible() and train.workspace.runs.table.ask.isEnabled()
    QTest.keyClick(starter.window, Qt.Key.Key_D, CTRL | SHIFT)
    wait_until(lambda: doctor.is_ready and doctor.workspace.examining.view.kept is not None)
    assert starter.window.workspace == DOCTOR
    view = doctor.workspace.examining.view
    assert view.request.run == str(run.path) and view.request.config.kind == "run"
    assert view.request.dataset == "demo"
    assert starter.window.actions_.clashes() == []
    for entry in starter.window.actions_.entries:
        assert entry.action.text() and entry.action.toolTip(), entry

    doctor.look_at(str(dataset), "train", "CD2/0003")
    assert starter.window.workspace == INSPECT
    document = starter.session.document
    assert str(document.index.frame_id(document.row)) == "CD2/0003"
    doctor.look_at(str(dataset), "train", "ZZ9/0000")
    assert str(document.index.frame_id(document.row)) == "CD2/0003"
    doctor.look_at(str(dataset), "evaluation", "EV1/0001")
    wait_until(lambda: document.index.split == "evaluation" and document.row == 1)


def test_a_window_that_closes_ends_the_examination(opener, dataset, tmp_path):
    starter = opener(dataset, "--split", "train", doctor=("--behaviour", "stubborn", "--child"))
    wait_whole(starter)
    doctor = open_doctor(starter)
    assert doctor.workspace.subject.request.dataset == str(dataset)  # the open one
    QTest.keyClick(starter.window, Qt.Key.Key_F9)
    wait_until(lambda: bool(doctor.workspace.examining.view.findings))
    process = psutil.Process(doctor.workspace.examining._job.process_id)
    (child,) = process.children()
    close(starter)
    assert not process.is_running()
    wait_until(lambda: not child.is_running())
    assert not list((tmp_path / "data").rglob("request.json"))


def test_keys_cancel_and_examine_again(opener, dataset, qtbot):
    starter = opener(dataset, "--split", "train", doctor=("--delay", "0.2"))
    doctor = open_doctor(starter)
    actions, examining = starter.window.actions_, doctor.workspace.examining
    assert actions["doctor_examine"].isEnabled() and not actions["doctor_cancel"].isEnabled()
    QTest.keyClick(starter.window, Qt.Key.Key_F9)
    assert examining.is_running and actions["doctor_cancel"].isEnabled()
    QTest.keyClick(starter.window, Qt.Key.Key_F9, SHIFT)
    wait_until(lambda: not examining.is_running)
    assert examining.view.state == "cancelled"
