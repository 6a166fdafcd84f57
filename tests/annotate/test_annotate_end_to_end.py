"""Joints dragged in the mesh view and a sequence fitted, with the real fitter and a real store."""

import numpy as np
import open3d  # noqa: F401  (so that the mesh is ready at once)
import pytest
from annotate_bench import Bench
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from support_mesh import move

from core.annotation.store import open_store
from utnet_viewer.annotate.mesh_panel import MeshEditPanel
from utnet_viewer.annotate.sequence_dialog import SequenceDialog
from utnet_viewer.annotate.sequence_fitting import Phase
from utnet_viewer.processes.fit_client import FitClient

LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
INDEX_TIP = 17
PATIENCE_MS = 20_000  # a process is started, on a machine that may be busy


class Desk:
    """The bench with a mesh view and the sequence dialog beside it."""

    def __init__(self, qtbot, dataset, store) -> None:
        self.qtbot, self.store = qtbot, store
        self.fitter = FitClient()
        self.bench = Bench(dataset, store=store, fitter=self.fitter)
        self.document, self.editor = self.bench.document, self.bench.editor
        self.mesh = MeshEditPanel(self.document, self.editor, self.bench.theme)
        self.dialog = SequenceDialog(
            self.document, self.bench.annotations, self.fitter, self.bench.theme
        )
        for widget in (self.bench, self.mesh, self.dialog):
            qtbot.addWidget(widget)
        self.mesh.resize(480, 420)
        self.mesh.show()
        self.go_to(0)

    def go_to(self, row: int) -> None:
        self.document.select(row)
        self.document.turns.finish()

    def wait(self, condition) -> None:
        self.qtbot.waitUntil(condition, timeout=PATIENCE_MS)

    def drag_tip(self, by: QPoint) -> np.ndarray:
        """Drag the index tip in the mesh view; returns where it was wanted, camera axes."""
        self.document.turns.finish()
        view = self.mesh.view
        joints_mm = view.scene.prediction.joints_mm
        x, y, _ = view.camera.project(joints_mm[[INDEX_TIP]], view.width(), view.height())[0]
        start = QPoint(round(x), round(y))
        self.qtbot.mousePress(view, LEFT, NO_KEYS, start)
        for share in (0.5, 1.0):
            move(view, start + by * share, LEFT, NO_KEYS)
        wished_mm = self.editor.wish.point_mm
        self.qtbot.mouseRelease(view, LEFT, NO_KEYS, start + by)
        self.wait(lambda: self.editor.wish is None)
        return wished_mm

    def saved(self, frame: str):
        """What the file has of a frame, read by somebody else."""
        self.wait(lambda: self.bench.annotations.pending == 0)
        with open_store(self.store) as store:
            return store.state("train", frame).correction

    def shut_down(self) -> None:
        self.dialog.shut_down()
        self.mesh.shut_down()
        self.bench.shut_down()
        self.fitter.shut_down()


@pytest.fixture
def desk(fonts, qtbot, labelled_set, tmp_path):
    desk = Desk(qtbot, labelled_set, tmp_path / "marks.sqlite")
    yield desk
    desk.shut_down()


def test_a_drag_in_space_becomes_a_possible_hand_that_is_saved(desk):
    before_mm = desk.editor.joints_mm.copy()
    wished_mm = desk.drag_tip(QPoint(18, -10))
    asked_mm = np.linalg.norm(wished_mm - before_mm[INDEX_TIP])
    assert asked_mm > 5
    correction = desk.saved("AB1/0000")
    assert correction.placed == (INDEX_TIP,)
    # It went most of the way, and the hand is one that the model can pose.
    assert np.linalg.norm(correction.joints_mm[INDEX_TIP] - wished_mm) < 0.3 * asked_mm
    posed = desk.document.hand_model.pose(correction.mano)
    assert np.allclose(posed.joints_mm, correction.joints_mm, atol=0.01)
    desk.document.turns.finish()
    scene = desk.mesh.view.scene
    assert np.allclose(scene.prediction.joints_mm + scene.anchor_mm, correction.joints_mm)
    assert np.allclose(scene.truth.joints_mm + scene.anchor_mm, before_mm, atol=1e-6)


def test_arrow_keys_are_one_edit_and_escape_takes_the_next_ones_back(desk):
    desk.document.turns.finish()
    desk.editor.select(INDEX_TIP)
    start_mm = desk.editor.joints_mm[INDEX_TIP].copy()
    view = desk.mesh.view
    for _ in range(4):
        desk.qtbot.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    wished_mm = desk.editor.wish.point_mm
    assert np.linalg.norm(wished_mm - start_mm) == pytest.approx(20.0)
    desk.wait(lambda: desk.editor.wish is None)
    kept = desk.saved("AB1/0000")
    assert np.linalg.norm(kept.joints_mm[INDEX_TIP] - wished_mm) < 5
    desk.qtbot.keyClick(view, Qt.Key.Key_Up)
    assert desk.editor.wish is not None
    desk.qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert desk.editor.wish is None
    assert np.allclose(desk.editor.joints_mm, kept.joints_mm)
    history = desk.bench.annotations.history(frame="AB1/0000")
    edits = [edit.change.words for edit in history if edit.change.field == "correction"]
    assert edits == ["moved index tip"]


def test_frames_between_two_corrected_ones_are_fitted_and_undone_as_one(desk):
    corrections = {}
    for row in (0, 4):
        desk.go_to(row)
        desk.drag_tip(QPoint(12, -6))
        corrections[row] = desk.saved(f"AB1/{row:04d}").mano
    dialog = desk.dialog
    dialog.open_here()
    desk.wait(lambda: dialog.fitting.phase is Phase.READY)
    QTest.keyClick(dialog.setup.smoothness, Qt.Key.Key_End)  # one error all the way
    desk.qtbot.mouseClick(dialog.setup.start, LEFT)
    desk.wait(lambda: dialog.fitting.phase is Phase.PROPOSED)
    rows = [one.frame.row for one in dialog.fitting.proposals]
    assert rows == [0, 1, 2, 3, 4]
    assert desk.saved("AB1/0002") is None
    labels = [desk.document.index.read_labels(row).hand.mano for row in range(5)]
    errors_mm = [corrections[row].wrist_mm - labels[row].wrist_mm for row in (0, 4)]
    halfway_mm = labels[2].wrist_mm + (errors_mm[0] + errors_mm[1]) / 2
    assert np.allclose(dialog.fitting.proposals[2].fit.mano.wrist_mm, halfway_mm, atol=0.5)
    assert dialog.accept_button.text() == "Accept 3 frames"
    desk.qtbot.mouseClick(dialog.accept_button, LEFT)
    assert desk.saved("AB1/0002").source == "sequence"
    assert np.allclose(desk.saved("AB1/0002").mano.wrist_mm, halfway_mm, atol=0.5)
    desk.bench.annotations.undo()
    desk.wait(lambda: desk.bench.annotations.state("AB1/0002").correction is None)
    assert [desk.saved(f"AB1/{row:04d}") is None for row in range(5)] == [
        *(False, True, True, True, False),
    ]
