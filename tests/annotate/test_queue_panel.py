"""The queue: rows of the filter or suggestions, how much is reviewed, from one to the next."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from made_evaluation import make_evaluation
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from spoken_frames import SpokenFrames
from support_samples import stand_in_hand

from core.annotation.records import FrameState, ReviewState
from core.annotation.suggestion_file import Basis, Kept, suggestions_path, write_suggestions
from core.annotation.suggestions import Suggestion, Told
from core.data.opening import open_dataset
from core.evaluation.identity import RowNames
from core.files.embedded import dataset_folder
from utnet_viewer.annotate.marked_list import MarkedList
from utnet_viewer.annotate.queue_panel import FILTER, SUGGESTIONS, QueuePanel
from utnet_viewer.document import Document
from utnet_viewer.samples.catalogue import Catalogue
from utnet_viewer.samples.panel import SamplesPanel
from utnet_viewer.settings import Settings
from utnet_viewer.theme import DARK, Theme

FAKE = Path(__file__).parents[1] / "support" / "fake_suggest.py"
SUGGESTED = (30, 5, 61)


@pytest.fixture(scope="module")
def index():
    return open_dataset(dataset_folder("demo"), None, hand_model=stand_in_hand())


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("UTNET_ANNOTATIONS", str(tmp_path))
    return tmp_path


@pytest.fixture
def kept(index) -> Kept:
    told = Told("own_hand", "index tip 41 mm off its own MANO", 41.0, "mm")
    found = tuple(
        Suggestion(row, str(index.frame_id(row)), 9.0 - row / 10, (told,)) for row in SUGGESTED
    )
    return Kept("demo", "train", len(index), "", Basis.of(index, stand_in_hand(), None), found)


@pytest.fixture
def queue(qtbot, index):
    document, theme, spoken = Document(stand_in_hand()), Theme(DARK), SpokenFrames()
    samples = SamplesPanel(document, theme, settings=Settings())
    marked = MarkedList(spoken, samples)
    queue = QueuePanel(document, theme, spoken, samples, options=lambda: ["--without-list"])
    queue.suggesting.command = (sys.executable, "-P", str(FAKE))
    document.set_index(index)
    samples.set_catalogue(Catalogue.of_index(index))
    queue.document, queue.spoken, queue.samples, queue.marked = document, spoken, samples, marked
    for widget in (samples, queue):
        qtbot.addWidget(widget)
    queue.resize(240, 520)
    queue.show()
    qtbot.waitExposed(queue)
    yield queue
    queue.shut_down()
    samples.close_threads()


def _order(monkeypatch, folder, **orders) -> Path:
    path = folder / "orders.json"
    path.write_text(json.dumps({"lines": [{"event": "started", "total": 76, "by": ""}], **orders}))
    monkeypatch.setenv("FAKE_SUGGEST", str(path))
    return path


def _source(queue, name: str) -> None:
    next(a for a in queue.actions() if a.text() == f"Queue: {name}").trigger()


def _suggestions(queue, qtbot) -> None:
    _source(queue, SUGGESTIONS)
    qtbot.waitUntil(lambda: queue.suggesting.phase not in ("none", "reading"))


def _review(queue, row: int, state: ReviewState) -> None:
    queue.spoken.say(str(queue.document.index.frame_id(row)), review=state)


def _rows(queue) -> list[int]:
    return queue.model.rows.tolist()


# --- rows of the filter ---------------------------------------------------------------------


def test_the_queue_has_the_order_and_filter_of_the_samples(queue) -> None:
    assert _rows(queue) == list(range(76))
    queue.samples.use_filter("seq = SYN001")
    queue.samples.sort_by("frame", Qt.SortOrder.DescendingOrder)
    assert _rows(queue) == queue.samples.model.rows.tolist() == list(range(42, 18, -1))


def test_the_filter_can_be_typed_here(queue, qtbot) -> None:
    queue.filter_field.edit.setFocus()
    QTest.keyClicks(queue.filter_field.edit, "seq = SYN002 ")
    QTest.keyClick(queue.filter_field.edit, Qt.Key.Key_Escape)
    QTest.keyClick(queue.filter_field.edit, Qt.Key.Key_Return)
    assert queue.samples.filter.text().strip() == "seq = SYN002"
    assert _rows(queue) == list(range(43, 76))


def test_what_is_wrong_with_the_filter_is_said_here_too(queue) -> None:
    queue.samples.use_filter("seq = ")
    assert "needs a word" in queue.filter_field.error.text()
    assert queue.filter_field.text() == "seq = "
    queue.samples.use_filter("")
    assert not queue.filter_field.error.text()


def test_a_filter_that_nothing_passes_says_what_to_do(queue) -> None:
    queue.samples.use_filter("seq = XY")
    assert queue.empty.isVisible()
    assert queue.empty.title.text() == "No frame passes the filter"
    QTest.mouseClick(queue.empty.button, Qt.MouseButton.LeftButton)
    assert _rows(queue) == list(range(76))


def test_a_click_selects_the_frame_and_keys_go_on(queue, qtbot) -> None:
    place = queue.list.visualRect(queue.model.index(3, 0)).center()
    QTest.mouseClick(queue.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert queue.document.row == 3
    QTest.keyClick(queue.list, Qt.Key.Key_Down)
    assert queue.document.row == 4
    QTest.keyClick(queue.list, Qt.Key.Key_Up)
    assert queue.document.row == 3


def test_the_document_s_row_is_marked_and_in_sight(queue) -> None:
    queue.document.select(70)
    current = queue.list.currentIndex()
    assert current.row() == 70
    assert queue.list.viewport().rect().contains(queue.list.visualRect(current).center())


# --- reviewing ------------------------------------------------------------------------------


def test_done_and_rejected_count_as_reviewed(queue) -> None:
    assert queue.reviewed.label.text().endswith("of 76 reviewed")
    _review(queue, 4, ReviewState.DONE)
    _review(queue, 5, ReviewState.REJECTED)
    _review(queue, 6, ReviewState.IN_REVIEW)
    assert ">2</span> of 76 reviewed" in queue.reviewed.label.text()
    assert queue.reviewed.bar.value() == 2
    _review(queue, 4, ReviewState.NEW)
    assert queue.reviewed.bar.value() == 1


def test_when_all_is_reviewed_it_says_so(queue) -> None:
    queue.samples.use_filter("seq = SYN000 and frame < 2")
    for row in (0, 1):
        _review(queue, row, ReviewState.DONE)
    assert "All 2 reviewed" in queue.reviewed.label.text()


def test_next_after_a_frame_that_left_the_queue_is_the_one_that_came_after_it(queue) -> None:
    _review(queue, 75, ReviewState.DONE)  # so that reviews are known
    queue.samples.use_filter("review = new")
    queue.document.select(10)
    _review(queue, 10, ReviewState.DONE)
    assert 10 not in _rows(queue)
    queue.step(1)
    assert queue.document.row == 11
    _review(queue, 11, ReviewState.DONE)
    queue.step(-1)
    assert queue.document.row == 9


def test_steps_stay_within_the_queue(queue) -> None:
    queue.samples.use_filter("frame < 2 and seq = SYN000")
    queue.document.select(1)
    queue.step(1)
    assert queue.document.row == 1
    queue.step(-1)
    queue.step(-1)
    assert queue.document.row == 0


def test_the_next_open_one_leaves_out_what_is_done(queue) -> None:
    queue.samples.use_filter("seq = SYN000 and frame < 5")
    for row in (1, 2):
        _review(queue, row, ReviewState.DONE)
    queue.document.select(0)
    assert queue.step_to_open()
    assert queue.document.row == 3
    _review(queue, 3, ReviewState.REJECTED)
    assert queue.step_to_open() and queue.document.row == 4
    assert queue.step_to_open() and queue.document.row == 0  # round from the end
    _review(queue, 4, ReviewState.DONE)
    assert not queue.step_to_open()
    assert queue.document.row == 0


def test_the_next_open_one_is_found_from_where_a_frame_left_the_queue(queue) -> None:
    _review(queue, 75, ReviewState.DONE)
    queue.samples.use_filter("review = new")
    queue.document.select(10)
    _review(queue, 10, ReviewState.DONE)
    assert queue.step_to_open()
    assert queue.document.row == 11


# --- suggestions ----------------------------------------------------------------------------


def test_kept_suggestions_are_there_at_once(queue, qtbot, index, kept) -> None:
    write_suggestions(suggestions_path(index), kept)
    _suggestions(queue, qtbot)
    assert _rows(queue) == list(SUGGESTED)
    assert queue.search.label.text() == "by labels alone"
    assert "index tip 41 mm off its own MANO" in queue.model.index(0, 0).data(
        Qt.ItemDataRole.ToolTipRole
    )
    queue.document.select(SUGGESTED[0])
    queue.step(1)
    assert queue.document.row == SUGGESTED[1]
    _source(queue, FILTER)
    assert len(_rows(queue)) == 76


def test_the_reason_is_painted_under_the_name(queue, qtbot, index, kept) -> None:
    write_suggestions(suggestions_path(index), kept)
    _suggestions(queue, qtbot)
    rect = queue.list.visualRect(queue.model.index(0, 0))
    picture = queue.list.viewport().grab(rect).toImage()
    rows_with_ink = [
        y
        for y in range(picture.height())
        if len({picture.pixel(x, y) for x in range(4, picture.width() - 4)}) > 1
    ]
    assert rect.height() > 40
    assert min(rows_with_ink) < rect.height() / 2 < max(rows_with_ink)


def test_suggestions_of_other_labels_are_old(queue, qtbot, index, kept) -> None:
    old = Kept(**{**vars(kept), "basis": Basis("other", kept.basis.hand_model_digest)})
    write_suggestions(suggestions_path(index), old)
    _suggestions(queue, qtbot)
    assert queue.search.label.text() == "old: the labels changed"
    assert queue.search.start.isVisible()
    assert _rows(queue) == list(SUGGESTED)


def test_where_nothing_was_looked_for_it_says_how(queue, qtbot) -> None:
    _suggestions(queue, qtbot)
    assert queue.empty.isVisible()
    assert "Evaluate this split" in queue.empty.text.text()
    assert queue.empty.button.text() == "Find suspicious labels"


def test_a_search_is_begun_followed_and_shown(queue, qtbot, monkeypatch, folder, index, kept):
    result = folder / "result.json"
    write_suggestions(result, kept)
    copy = [str(result), str(suggestions_path(index))]
    orders = _order(monkeypatch, folder, copy=copy)
    _suggestions(queue, qtbot)
    QTest.mouseClick(queue.empty.button, Qt.MouseButton.LeftButton)
    assert queue.search.cancel.isVisible()
    qtbot.waitUntil(lambda: queue.suggesting.phase == "ready", timeout=20_000)
    assert _rows(queue) == list(SUGGESTED)
    arguments = json.loads(Path(f"{orders}.arguments").read_text())
    assert arguments[:3] == ["annotations", "suggest", str(index.root)]
    assert arguments[5:7] == ["--evaluation", "none"]
    assert arguments[-2:] == ["--without-list", "--progress"]


def test_a_search_can_be_stopped(queue, qtbot, monkeypatch, folder) -> None:
    _order(monkeypatch, folder, wait=True)
    _suggestions(queue, qtbot)
    queue.suggesting.start()
    qtbot.waitUntil(lambda: queue.search.label.text() == "0 of 76 labels read", timeout=20_000)
    queue.search.cancel.action.trigger()
    qtbot.waitUntil(lambda: queue.suggesting.phase == "absent", timeout=20_000)
    assert queue.suggesting.can_start


def test_why_a_search_failed_is_said(queue, qtbot, monkeypatch, folder) -> None:
    _order(monkeypatch, folder, error="utnet annotations: the disk is full")
    _suggestions(queue, qtbot)
    queue.suggesting.start()
    qtbot.waitUntil(lambda: bool(queue.suggesting.problem), timeout=20_000)
    assert queue.empty.text.text() == "the disk is full"
    assert queue.empty.button.text() == "Try again"


def test_a_damaged_file_is_named(queue, qtbot, index) -> None:
    suggestions_path(index).write_text("{")
    _suggestions(queue, qtbot)
    assert str(suggestions_path(index)) in queue.empty.text.text()


def test_another_dataset_forgets_them(queue, qtbot, index, kept) -> None:
    write_suggestions(suggestions_path(index), kept)
    _suggestions(queue, qtbot)
    queue.document.set_index(None)
    queue.samples.set_catalogue(None)
    assert _rows(queue) == []
    assert queue.empty.title.text() == "No dataset is open"


def test_a_long_queue_is_counted_and_stepped_quickly_enough(queue) -> None:
    """103,462 rows: what a mark costs does not grow with what is not on screen."""
    count = 103_462
    names = np.array([f"{number % 1500:04d}" for number in range(count)])
    catalogue = Catalogue.of_names(np.array([f"S{n // 1500:03d}" for n in range(count)]), names)
    queue.spoken.states = {"S001/0003": FrameState(review=ReviewState.DONE)}
    queue.samples.set_catalogue(catalogue)
    assert queue.model.reviewed == 1
    assert queue.model.position_of(1503) == 1503


def test_when_an_evaluation_has_come_they_are_old(queue, qtbot, index, kept, folder) -> None:
    write_suggestions(suggestions_path(index), kept)
    _suggestions(queue, qtbot)
    assert not queue.suggesting.old
    names = index.sequence_names, index.sequence_codes, index.frames
    queue.document.set_evaluation(make_evaluation(folder / "evaluations", RowNames(*names)))
    qtbot.waitUntil(lambda: bool(queue.suggesting.old))
    assert queue.search.label.text() == "old: another evaluation is shown"
