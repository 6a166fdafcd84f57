"""Evaluating a split from the window: begun by a key, followed, stopped, gone on with, found."""

import numpy as np
import psutil
import pytest
from fake_evaluate import command
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from shiboken6 import isValid
from support_window import (
    SEQUENCES,
    WAIT_MS,
    Starter,
    close,
    start_window,
    wait_whole,
    write_dataset,
)

from core.evaluation.columns import FrameState
from core.evaluation.store import list_evaluations
from core.files.embedded import default_checkpoint
from utnet_viewer.evaluating.close_question import CloseQuestion
from utnet_viewer.evaluating.entry import STOPPED, UNREADABLE
from utnet_viewer.notices import Notice
from utnet_viewer.samples.table_model import PA
from utnet_viewer.style import load_fonts

COUNT = sum(SEQUENCES.values())


@pytest.fixture(scope="session")
def dataset(tmp_path_factory):
    root = tmp_path_factory.mktemp("sets") / "HO3D_tiny"
    write_dataset(root)
    return root


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("UTNET_EVALUATIONS", str(tmp_path / "evaluations"))
    return tmp_path / "evaluations"


@pytest.fixture
def opener(qapp, dataset, store, qtbot):
    """Opens windows on the tiny dataset, whose ``utnet evaluate`` is a stand-in."""
    qapp.setStyle("Fusion")
    load_fonts()
    opened = []

    def open_(*options: str, split: str = "train") -> Starter:
        starter = start_window(
            dataset,
            "--split",
            split,
            "--size",
            "1280x800",
            checkpoint=str(default_checkpoint()),
        )
        opened.append(starter)
        evaluating(starter).command = command(*options)
        wait_whole(starter)
        qtbot.waitUntil(
            lambda: evaluating(starter).phase not in ("none", "looking"), timeout=WAIT_MS
        )
        return starter

    yield open_
    for starter in opened:
        if isValid(starter.window) and starter.window.isVisible():
            starter.window.ask_nothing_more()
            close(starter)


def evaluating(starter: Starter):
    return starter._menus.evaluate.evaluating


def known(starter: Starter) -> int:
    """Rows of which the list shows a figure of an evaluation."""
    return starter.session.samples.model.catalogue.done


def press(starter: Starter, key, *modifiers) -> None:
    QTest.keyClick(starter.window, key, *modifiers)


def is_over(starter: Starter) -> bool:
    return not evaluating(starter).is_running


def test_one_key_evaluates_and_the_list_fills(opener, qtbot, store):
    starter = opener("--behaviour", "wait")
    samples, strip = starter.session.samples, starter._menus.evaluate.strip
    assert strip.label.text() == "Not evaluated yet" and strip.start.isVisible()
    press(starter, Qt.Key.Key_F6)
    qtbot.waitUntil(lambda: known(starter) == 4, timeout=WAIT_MS)
    assert strip.bar.isVisible() and not strip.start.isVisible()
    qtbot.waitUntil(lambda: strip.label.text().startswith(f"4 of {COUNT} · 20.0/s · 1 s to go"))
    assert samples.model.index(3, PA).data() and "evaluated 20 %" in samples.count.text()
    (store / "go").touch()
    qtbot.waitUntil(lambda: is_over(starter), timeout=WAIT_MS)
    assert evaluating(starter).phase == "complete" and not strip.isVisible()
    assert known(starter) == COUNT and "evaluated 100 %" in samples.count.text()
    evaluation = starter.session.document.evaluation
    shown = [samples.model.index(row, PA).data() for row in range(COUNT)]
    stored = evaluation.column("pa_mpjpe_mm")
    assert shown == [f"{value:.1f}" for value in stored]
    said = starter.window.status._text.text()
    assert said.startswith("Evaluated HO3D_tiny / train by demo in ")
    assert f"PA-MPJPE {stored.mean():.1f} mm" in said


def test_stopped_it_goes_on_where_it_was_in_the_next_window(opener, qtbot, store):
    first = opener("--behaviour", "hang")
    press(first, Qt.Key.Key_F6)
    qtbot.waitUntil(lambda: known(first) == 4, timeout=WAIT_MS)
    press(first, Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: is_over(first), timeout=WAIT_MS)
    strip = first._menus.evaluate.strip
    assert (strip.label.text(), strip.start.text()) == (f"4 of {COUNT} evaluated", "Go on")
    close(first)
    second = opener()
    assert evaluating(second).phase == "partial" and known(second) == 4
    before = np.array(second.session.document.evaluation.column("pa_mpjpe_mm")[:4])
    second._menus.evaluate.strip.start.click()
    qtbot.waitUntil(lambda: is_over(second), timeout=WAIT_MS)
    assert evaluating(second).phase == "complete"
    (evaluation,) = list_evaluations(store)
    assert evaluation.counts()[FrameState.MEASURED] == COUNT
    assert (evaluation.column("pa_mpjpe_mm")[:4] == before).all()


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("crash", "ZeroDivisionError: the fake divided by zero"),
        ("killed", "ended by signal 9 (the system does that when memory runs out)"),
        ("refuse", "there is no room for an evaluation"),
    ],
)
def test_an_evaluation_that_breaks_is_told_and_keeps_its_rows(opener, qtbot, behaviour, words):
    starter = opener("--behaviour", behaviour)
    press(starter, Qt.Key.Key_F6)
    qtbot.waitUntil(
        lambda: any(n.title == STOPPED for n in starter.window.findChildren(Notice)),
        timeout=WAIT_MS,
    )
    (notice,) = [n for n in starter.window.findChildren(Notice) if n.title == STOPPED]
    assert words in notice.text and ".." not in notice.text
    kept = 0 if behaviour == "refuse" else 4
    assert known(starter) == kept
    assert evaluating(starter).phase == ("partial" if kept else "absent")


def test_closing_asks_and_ends_the_process(opener, qtbot):
    starter = opener("--behaviour", "hang")
    press(starter, Qt.Key.Key_F6)
    qtbot.waitUntil(lambda: known(starter) == 4, timeout=WAIT_MS)
    process = psutil.Process(evaluating(starter)._job.process_id)
    starter.window.close()
    question = starter.window.findChild(CloseQuestion)
    assert starter.window.isVisible() and f"4 of {COUNT} frames" in question.text.text()
    QTest.keyClick(question, Qt.Key.Key_Escape)
    assert starter.window.isVisible() and not is_over(starter)
    starter.window.close()
    question = next(q for q in starter.window.findChildren(CloseQuestion) if q.isVisible())
    question.stop.click()
    assert not starter.window.isVisible()
    qtbot.waitUntil(lambda: not process.is_running(), timeout=WAIT_MS)
    close(starter)


def test_another_split_meanwhile_ends_nothing_and_has_its_own(opener, qtbot):
    starter = opener("--behaviour", "hang")
    press(starter, Qt.Key.Key_F6)
    qtbot.waitUntil(lambda: known(starter) == 4, timeout=WAIT_MS)
    starter.session.open_split("evaluation")
    qtbot.waitUntil(lambda: evaluating(starter).phase == "absent", timeout=WAIT_MS)
    strip = starter._menus.evaluate.strip
    assert known(starter) == 0 and strip.label.text().startswith("HO3D_tiny / train by demo: 4 of")
    starter.session.open_split("train")
    qtbot.waitUntil(lambda: known(starter) == 4, timeout=WAIT_MS)
    assert evaluating(starter).is_running_here
    evaluating(starter).cancel()
    qtbot.waitUntil(lambda: is_over(starter), timeout=WAIT_MS)


def test_a_damaged_evaluation_is_told(opener, qtbot, store):
    first = opener()
    press(first, Qt.Key.Key_F6)
    qtbot.waitUntil(lambda: is_over(first), timeout=WAIT_MS)
    close(first)
    (folder,) = store.iterdir()
    (folder / "f5.npy").write_bytes(b"nothing")
    second = opener()
    assert evaluating(second).phase == "damaged"
    strip = second._menus.evaluate.strip
    assert strip.label.text() == "The evaluation cannot be read"
    (notice,) = [n for n in second.window.findChildren(Notice) if n.title == UNREADABLE]
    assert "f5.npy" in notice.text and "delete its folder" in notice.text


def test_what_was_shown_last_time_is_shown_at_once_and_taken_away_where_it_is_wrong(
    opener, qtbot, store
):
    starter = opener()
    press(starter, Qt.Key.Key_F6)
    qtbot.waitUntil(lambda: is_over(starter), timeout=WAIT_MS)
    work, document = evaluating(starter), starter.session.document
    (folder,) = store.iterdir()
    seen = []
    document.evaluation_changed.connect(seen.append)
    starter._menus.evaluate._use_subject()
    qtbot.waitUntil(lambda: work.phase == "complete", timeout=WAIT_MS)
    assert work._remembered.get(work._subject) == folder.name
    stranger = folder.with_name("0" * 16)
    folder.rename(stranger)  # of another checkpoint, say
    work._remembered.put(work._subject, stranger.name)
    starter._menus.evaluate._use_subject()
    qtbot.waitUntil(lambda: work.phase == "absent", timeout=WAIT_MS)
    folders = [None if evaluation is None else evaluation.folder.name for evaluation in seen]
    assert folders == [None, folder.name, None, stranger.name, None]
    assert known(starter) == 0
