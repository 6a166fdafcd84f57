"""The Compare tab in the whole window: its keys, the store, side by side, Inspect, empty states."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget
from shiboken6 import isValid
from support_compare import made_up, write_evaluation
from support_window import Starter, close, start_window, wait_until, wait_whole, write_dataset

from core.data.ho3d.index import open_index
from core.evaluation.identity import RowNames, dataset_digest, hand_model_digest
from core.hand.mano_file import load_hand_model
from utnet_viewer.docks import COMPARE, INSPECT

CTRL = Qt.KeyboardModifier.ControlModifier

#: The mesh view goes on refining itself while tests come and go.
pytestmark = pytest.mark.allow_leaks("timers", "pool work")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("sets") / "HO3D_tiny"
    write_dataset(root)
    return root


@pytest.fixture
def store(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("UTNET_EVALUATIONS", str(tmp_path / "evaluations"))
    return tmp_path / "evaluations"


def evaluate(store: Path, dataset: Path, name: str, *, seed: int, offset_mm: float = 0.0) -> None:
    """Write an evaluation whose predictions are the labels, a little off."""
    hand_model = load_hand_model()
    index = open_index(dataset, "train", hand_model=hand_model)
    columns = made_up(len(index), seed=seed, offset_mm=offset_mm)
    for row in range(len(index)):
        frame = index.read_labels(row)
        mano = frame.hand.mano
        for part in ("global_orient_rad", "hand_pose_rad", "betas", "wrist_mm"):
            columns[part][row] = getattr(mano, part)
        columns["wrist_mm"][row] += seed
        columns["joints_mm"][row] = frame.hand.joints_mm + seed
        columns["keypoints_px"][row] = frame.camera.project(frame.hand.joints_mm + seed)
        crop = frame.crop()
        columns["crop"][row] = (*crop.centre_px, crop.height_px, 0.0)
    write_evaluation(
        store,
        name,
        columns,
        names=RowNames.of_index(index),
        dataset_digest=dataset_digest(index),
        hand_model_digest=hand_model_digest(hand_model),
        checkpoint_sha256=str(seed) * 64,
    )


@pytest.fixture
def opener(fonts, store, dataset) -> Iterator[Callable[[], Starter]]:
    opened = []

    def open_() -> Starter:
        starter = start_window("--size", "1280x800", dataset, "--split", "train")
        opened.append(starter)
        wait_whole(starter)
        return starter

    yield open_
    for starter in opened:
        if isValid(starter.window) and starter.window.isVisible():
            close(starter)


def open_compare(starter: Starter):
    QTest.keyClick(starter.window, Qt.Key.Key_5, CTRL)
    entry = starter._menus.compare
    wait_until(lambda: entry.is_ready)
    return entry


def test_from_the_figure_to_the_frame_by_keys(opener, store, dataset, qtbot):
    evaluate(store, dataset, "older", seed=4, offset_mm=2.0)
    evaluate(store, dataset, "newer", seed=2)
    starter = opener()
    workspace = open_compare(starter).workspace
    assert starter.window.workspace == COMPARE and workspace.look is not None
    assert workspace.head.sentence.text().startswith("B is better by")
    assert starter.window.actions_.clashes() == []
    for entry in starter.window.actions_.entries:
        assert entry.action.text() and entry.action.toolTip(), entry

    wait_until(lambda: workspace.reader.thumbnail(workspace.gains.strip.items[0].row) is not None)
    first, second = (item.row for item in workspace.gains.strip.items[:2])
    thumbnail = workspace.reader.thumbnail(first)
    assert (thumbnail.image.width(), thumbnail.image.height()) == (192, 256)
    assert np.isfinite(thumbnail.truth_px).all() and thumbnail.problem == ""

    QTest.keyClick(starter.window, Qt.Key.Key_V)
    QTest.keyClick(starter.window, Qt.Key.Key_Down, CTRL)
    sides = workspace.sample.sides
    shown = lambda: [None if s.document.sample is None else s.document.sample.row for s in sides]
    wait_until(lambda: shown() == [second, second] and not workspace.sample.turns.is_busy)
    truth = sides[0].document.sample.truth
    for side, off_mm in zip(sides, (4.0, 2.0), strict=True):
        sample = side.document.sample
        assert sample.row == second and sample.truth is truth
        error_mm = np.linalg.norm(sample.prediction.joints_mm - truth.joints_mm, axis=1)
        assert error_mm == pytest.approx(np.full(21, off_mm * 3**0.5), abs=1e-3)
        assert side.mesh.scene.prediction is not None and side.canvas.overlay is not None
    assert workspace.sample.header.title.text() == workspace.name_of(second)

    QTest.keyClick(starter.window, Qt.Key.Key_I)
    assert starter.window.workspace == INSPECT and starter.session.document.row == second
    wait_whole(starter)


def test_both_sides_are_turned_zoomed_and_pointed_at_together(opener, store, dataset):
    evaluate(store, dataset, "older", seed=4)
    evaluate(store, dataset, "newer", seed=2)
    workspace = open_compare(opener()).workspace
    workspace.toggle_sample()
    wait_until(lambda: workspace.sample.sides[1].document.sample is not None)
    wait_until(lambda: not workspace.sample.turns.is_busy)
    first, second = workspace.sample.sides
    assert second.mesh.camera == first.mesh.camera  # one scale for both from the beginning
    for mesh in (first.mesh, second.mesh):
        screen = mesh.camera.project(mesh.scene.points_mm, mesh.width(), mesh.height())
        assert screen[:, :2].min() >= 0 and screen[:, 0].max() <= mesh.width()
    first.mesh.set_camera(first.mesh.camera.orbit(40, 10))
    wait_until(lambda: second.mesh.camera == first.mesh.camera)
    second.mesh.set_camera(second.mesh.camera.zoom(2))
    wait_until(lambda: second.mesh.camera == first.mesh.camera)
    wait_until(lambda: first.canvas.size() == second.canvas.size())
    second.canvas.zoom(2.0)
    assert first.canvas.view.scale == second.canvas.view.scale
    assert np.array_equal(first.canvas.view.offset, second.canvas.view.offset)
    first.document.hover(8)
    assert second.document.hovered_joint == 8 and second.mesh.hovered_joint == 8
    QTest.keyClick(workspace, Qt.Key.Key_Escape)
    assert not workspace.shows_sample


def press(page: QWidget, words: str) -> None:
    """Click the button that says so; a page that is told anew has new ones."""
    buttons = lambda: [b for b in page.findChildren(QPushButton) if b.text() == words]
    wait_until(lambda: any(button.isVisible() for button in buttons()))
    shown = next(button for button in buttons() if button.isVisible())
    QTest.mouseClick(shown, Qt.MouseButton.LeftButton)


def test_what_is_missing_is_said_with_what_to_do(opener, store, dataset):
    starter = opener()
    entry = open_compare(starter)
    page = entry.workspace.page
    assert page.isVisible() and page.title.text() == "Evaluate two checkpoints first"
    assert "Run ▸ Evaluate this split" in page.text.text()
    evaluate(store, dataset, "only", seed=2)
    started = []
    action = starter.window.actions_["evaluate"]
    action.triggered.disconnect()
    action.triggered.connect(lambda: started.append(1))
    for is_possible in (False, True):
        action.setEnabled(is_possible)
        press(page, "Evaluate this split")
        assert starter.window.workspace == INSPECT and len(started) == is_possible
        QTest.keyClick(starter.window, Qt.Key.Key_5, CTRL)
        assert "cannot be evaluated now" in starter.window.status.message
        wait_until(lambda: entry.is_ready and page.isVisible())
    press(page, "Look again")
    wait_until(lambda: page.title.text() == "One evaluation is there, two are compared")
    assert "only" in page.text.text()
    # One that was begun and has no row yet, as of a checkpoint that could not be loaded.
    there = set(store.iterdir())
    evaluate(store, dataset, "begun", seed=4)
    (begun,) = set(store.iterdir()) - there
    state = np.load(begun / "state.npy")
    np.save(begun / "state.npy", np.zeros_like(state))
    press(page, "Look again")
    wait_until(lambda: entry.is_ready)
    assert page.title.text() == "One evaluation is there, two are compared"
    np.save(begun / "state.npy", state)
    press(page, "Look again")
    wait_until(lambda: entry.is_ready and entry.workspace.look is not None)
    assert not page.isVisible()
    shutil.rmtree(begun)
    starter.window.show_workspace(INSPECT)
    evaluate(store, dataset, "another", seed=3)
    (store / "damaged").mkdir()
    (store / "damaged" / "evaluation.json").write_text("{")
    QTest.keyClick(starter.window, Qt.Key.Key_5, CTRL)
    wait_until(lambda: entry.is_ready and entry.workspace.look is not None)
    assert not page.isVisible() and entry.workspace.head.second.currentText() == "another"
