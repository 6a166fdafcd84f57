"""Opening datasets: by drop, by menu, wrong ones, damaged ones."""

import shutil

import pytest
from ho3d_tree import Tree, hand_in_opengl, picture, training_label
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QDialog, QPushButton
from support_window import WAIT_MS

from core.hand.mano_file import load_hand_model

#: The shared window goes on refining its mesh view and counting down while tests come and go, and
#: each dataset that is opened in it has a thread for its annotations.
pytestmark = pytest.mark.allow_leaks("timers", "pool work", "threads")


def drop(window, path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    common = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton)
    enter = QDragEnterEvent(window.rect().center(), *common, Qt.KeyboardModifier.NoModifier)
    window.dragEnterEvent(enter)
    assert enter.isAccepted()
    window.dropEvent(
        QDropEvent(QPointF(window.rect().center()), *common, Qt.KeyboardModifier.NoModifier)
    )


def page_button(starter, qtbot, text: str) -> QPushButton:
    def found() -> list[QPushButton]:
        buttons = starter.window.page.findChildren(QPushButton)
        return [b for b in buttons if b.text() == text and b.isVisible()]

    qtbot.waitUntil(lambda: len(found()) == 1, timeout=WAIT_MS)
    return found()[0]


def test_a_dropped_folder_is_opened_and_remembered(opened, qtbot, dataset, tmp_path):
    other = tmp_path / "Other"
    shutil.copytree(dataset, other)
    drop(opened.window, other)
    document = opened.session.document
    qtbot.waitUntil(lambda: document.index.root == other, timeout=WAIT_MS)
    assert str(other) in opened.settings.recent()
    assert opened.window.top_bar.dataset.text().strip().startswith("Other / train")
    drop(opened.window, dataset)
    qtbot.waitUntil(lambda: document.index.root == dataset, timeout=WAIT_MS)


def test_a_wrong_folder_says_what_it_is_not_and_keeps_what_was_open(opened, qtbot, tmp_path):
    drop(opened.window, tmp_path)
    page = opened.window.page
    qtbot.waitUntil(lambda: page.isVisible() and page.path.isVisible(), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: opened.session.refusal is not None, timeout=WAIT_MS)
    assert page.path.text() == str(tmp_path)
    assert "HO-3D" in page.text.text()
    page_button(opened, qtbot, "Copy details").click()
    assert str(tmp_path) in QGuiApplication.clipboard().text()
    page_button(opened, qtbot, "Back").click()
    assert not page.isVisible() and opened.session.document.sample is not None


def test_a_file_that_is_nothing_is_told_in_a_notice(opened, tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("hello")
    drop(opened.window, file)
    layout = opened.window.top_bar.notices
    notice = layout.itemAt(layout.count() - 1).widget()
    notice.copy_details()
    assert "notes.txt" in QGuiApplication.clipboard().text()
    notice.deleteLater()


def test_a_damaged_hand_model_is_refused_by_name_and_the_old_one_stays(opened, tmp_path):
    file = tmp_path / "MANO_RIGHT.pkl"
    file.write_bytes(b"cos\nsystem\n(S'echo hello'\ntR.")
    before = opened.session.document.hand_model
    path_before = opened.session.hand_model_path
    drop(opened.window, file)
    layout = opened.window.top_bar.notices
    notice = layout.itemAt(layout.count() - 1).widget()
    notice.copy_details()
    assert "MANO_RIGHT.pkl" in QGuiApplication.clipboard().text()
    assert opened.session.document.hand_model is before
    assert opened.session.hand_model_path == path_before
    notice.deleteLater()


def test_an_empty_split_is_refused(opened, qtbot, tmp_path):
    (tmp_path / "train").mkdir()
    (tmp_path / "train.txt").write_text("")
    drop(opened.window, tmp_path)
    qtbot.waitUntil(lambda: opened.session.refusal is not None, timeout=WAIT_MS)
    assert "train.txt" in opened.session.refusal.text
    opened.window.page.leave()


def test_a_folder_without_its_list_can_be_opened_by_request(opened, qtbot, dataset, tmp_path):
    other = tmp_path / "NoList"
    shutil.copytree(dataset / "train", other / "train")
    drop(opened.window, other)
    qtbot.waitUntil(lambda: opened.session.refusal is not None, timeout=WAIT_MS)
    page_button(opened, qtbot, "Open without list").click()
    document = opened.session.document
    qtbot.waitUntil(lambda: document.index.root == other, timeout=WAIT_MS)
    assert len(document.index) == 20
    drop(opened.window, dataset)
    qtbot.waitUntil(lambda: document.index.root == dataset, timeout=WAIT_MS)


def test_the_evaluation_split_has_predictions_but_no_metrics(opened, qtbot):
    opened.session.open_split("evaluation")
    document = opened.session.document
    qtbot.waitUntil(lambda: document.index.split == "evaluation", timeout=WAIT_MS)
    qtbot.waitUntil(
        lambda: document.sample is not None and document.sample.prediction is not None,
        timeout=WAIT_MS,
    )
    assert document.sample.metrics is None and document.sample.problem == ""
    opened.session.open_split("train")
    qtbot.waitUntil(lambda: document.index.split == "train", timeout=WAIT_MS)


def test_unreadable_frames_are_flagged_listed_and_stepped_over(opened, qtbot, dataset, tmp_path):
    root = tmp_path / "Damaged"
    tree, model = Tree(root), load_hand_model()
    names = [f"ZZ1/{n:04d}" for n in range(4)]
    for number, name in enumerate(names):
        tree.add(name, training_label(hand_in_opengl(model, number)), image=picture((120, 160)))
    tree.path("rgb", names[1]).unlink()  # known when the folder is opened
    tree.write("rgb", names[2], b"\xff\xd8\xff garbage")  # known when it is read
    tree.list(*names)
    tree.settle()
    drop(opened.window, root)
    session = opened.session
    qtbot.waitUntil(lambda: session.document.index.root == root, timeout=WAIT_MS)
    assert "0001.jpg" in session.samples.model.catalogue.problems[1]
    session.document.select(2)

    def is_shown() -> bool:
        sample = session.document.sample
        return sample is not None and sample.row == 2 and sample.problem != ""

    qtbot.waitUntil(is_shown, timeout=WAIT_MS)
    assert "0002.jpg" in session.document.sample.problem
    assert "2 unreadable" in session.samples.unreadable.text()
    session.samples.filter.setText("unreadable")
    session.samples.apply_filter()
    assert session.samples.model.rowCount() == 2
    session.samples.unreadable.click()
    (dialog,) = (d for d in opened.window.findChildren(QDialog) if d.isVisible())
    dialog.copy_all()
    copied = QGuiApplication.clipboard().text()
    assert "ZZ1/0001" in copied and "0002.jpg" in copied
    dialog.close()
    session.samples.filter.clear()
    drop(opened.window, dataset)
    qtbot.waitUntil(lambda: session.document.index.root == dataset, timeout=WAIT_MS)
