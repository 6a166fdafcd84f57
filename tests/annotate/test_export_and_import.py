"""The dialogs of export and import, by clicks and keys, with the real command behind them."""

import csv
import json
import sys
from pathlib import Path

import pytest
from annotated_tree import correction_of
from in_and_out import SmallSession
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from shiboken6 import isValid

from core.annotation.records import Change, FrameState, ReviewState
from core.annotation.store import dataset_identity, open_store
from core.hand.mano_file import load_hand_model
from utnet_viewer.annotate.export_dialog import ExportDialog, open_export
from utnet_viewer.annotate.import_dialog import ImportDialog, open_import

WAIT_MS = 60_000
FAKE = Path(__file__).parents[1] / "support" / "fake_annotations.py"
MINE, BOTH, THEIRS = "AB1/0000", "AB1/0001", "AB1/0002"


@pytest.fixture
def session(fonts, qtbot, labelled_set, tmp_path):
    session = SmallSession(labelled_set, tmp_path / "mine.sqlite")
    qtbot.addWidget(session.window)
    yield session
    session.close()


def annotate(qtbot, session) -> None:
    annotations = session.annotations
    annotations.change("correction", correction_of(load_hand_model(), 1), "moved", frame=MINE)
    annotations.change("review", ReviewState.DONE, "done", frame=MINE)
    annotations.change("note", "mine", "noted", frame=BOTH)
    annotations.change("review", ReviewState.REJECTED, "rejected", frame=BOTH)
    qtbot.waitUntil(lambda: annotations.pending == 0, timeout=WAIT_MS)


def shown(qtbot, dialog):
    qtbot.addWidget(dialog)
    with qtbot.waitExposed(dialog):
        dialog.show()
    return dialog


def wait_done(qtbot, dialog) -> None:
    qtbot.waitUntil(lambda: not dialog.bar.is_busy, timeout=WAIT_MS)


def wait_gone(qtbot, dialog) -> None:
    """A closed dialog deletes itself."""
    qtbot.waitUntil(lambda: not isValid(dialog), timeout=WAIT_MS)


def click(qtbot, button) -> None:
    assert button.isEnabled() and button.isVisible()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_what_was_said_is_written_where_the_person_wants_it(qtbot, session, tmp_path):
    annotate(qtbot, session)
    dialog = shown(qtbot, ExportDialog(session))
    assert "2 annotated frames, 1 with a corrected hand" in dialog.summary.text()
    click(qtbot, dialog.copy_button)
    assert QGuiApplication.clipboard().text() == str(tmp_path / "mine.sqlite")
    qtbot.mouseClick(dialog.options["csv"].words, Qt.MouseButton.LeftButton)
    assert dialog.place.text().endswith("HO3D_tiny train annotations.csv")
    dialog.frames.setCurrentIndex(1)
    out = tmp_path / "said.csv"
    dialog.place.setText(str(out))
    click(qtbot, dialog.export_button)
    assert not dialog.export_button.isEnabled() and dialog.bar.cancel_button.isVisible()
    wait_done(qtbot, dialog)
    assert f"1 frame written to {out}" in dialog.bar.words.text()
    with out.open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["frame"], row["review"], row["corrected"]) == (MINE, "done", "3D")

    # A file that is there is replaced only by a button that says so.
    assert dialog.export_button.text() == "Replace the file"
    dialog.place.setText(str(session.document.index.root / "said.csv"))
    click(qtbot, dialog.export_button)
    wait_done(qtbot, dialog)
    assert "never written" in dialog.bar.words.text() and dialog.bar.copy_button.isVisible()
    assert not (session.document.index.root / "said.csv").exists()


def test_nothing_said_and_other_datasets_have_no_way_out_that_fails(qtbot, session, monkeypatch):
    monkeypatch.setattr(type(session.document.index), "kind", "FreiHAND")
    dialog = shown(qtbot, ExportDialog(session))
    assert "no frame of this split is annotated yet" in dialog.summary.text()
    assert not dialog.export_button.isEnabled()
    assert not dialog.options["ho3d"].button.isEnabled()
    assert "Only for HO-3D. This is FreiHAND" in dialog.options["ho3d"].words.text()
    monkeypatch.undo()
    dialog = shown(qtbot, ExportDialog(session))
    assert "No hand of this split is corrected" in dialog.options["ho3d"].words.text()


def test_a_running_export_is_cancelled_by_escape_and_a_failed_one_says_why(
    qtbot, session, tmp_path
):
    annotate(qtbot, session)
    dialog = shown(qtbot, ExportDialog(session))
    dialog.place.setText(str(tmp_path / "out.json"))
    dialog.bar.command = (sys.executable, str(FAKE), "fails")
    click(qtbot, dialog.export_button)
    wait_done(qtbot, dialog)
    assert dialog.bar.words.text() == "the disk went away; plug it in again"
    assert dialog.bar.copy_button.isVisible()

    dialog.bar.command = (sys.executable, str(FAKE), "endless")
    click(qtbot, dialog.export_button)
    qtbot.waitUntil(lambda: "1 of 4" in dialog.bar.words.text(), timeout=WAIT_MS)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isVisible() and "stopping" in dialog.bar.words.text()
    wait_gone(qtbot, dialog)


def test_a_window_that_closes_ends_the_process(qtbot, session, tmp_path):
    annotate(qtbot, session)
    dialog = shown(qtbot, ExportDialog(session))
    dialog.place.setText(str(tmp_path / "out.json"))
    dialog.bar.command = (sys.executable, str(FAKE), "endless")
    click(qtbot, dialog.export_button)
    qtbot.waitUntil(lambda: "1 of 4" in dialog.bar.words.text(), timeout=WAIT_MS)
    session.window.closing.emit()
    assert not dialog.bar.is_busy


def their_store(session, path: Path) -> Path:
    said = (
        (BOTH, "note", "theirs"),
        (BOTH, "review", ReviewState.DONE),
        (THEIRS, "flags", frozenset({"bad"})),
        ("XX1/0000", "note", "of no frame"),
    )
    with open_store(path, dataset=dataset_identity(session.document.index)) as store:
        store.write([Change(frame, "train", field, value, "said") for frame, field, value in said])
    return path


def test_conflicts_are_shown_chosen_and_taken_over_as_one(qtbot, session, tmp_path):
    annotate(qtbot, session)
    dialog = shown(qtbot, ImportDialog(session))
    assert not dialog.import_button.isEnabled()
    dialog.look_at(str(their_store(session, tmp_path / "theirs.sqlite")))
    wait_done(qtbot, dialog)
    assert "1 new field of 1 frame, 2 conflicts" in dialog.summary.text()
    assert "not in this dataset" in dialog.summary.text()
    told = [(c.frame, c.field, c.mine, c.theirs) for c in dialog.preview.conflicts]
    assert told == [(BOTH, "note", "mine", "theirs"), (BOTH, "review", "rejected", "done")]
    assert session.annotations.state(BOTH).note == "mine"  # nothing is written yet

    # Mine stays unless it is ticked; the first row is chosen, Space ticks it.
    assert dialog.import_button.text() == "Import 1 field"
    click(qtbot, dialog.all_theirs)
    assert dialog.import_button.text() == "Import 3 fields"
    click(qtbot, dialog.all_mine)
    qtbot.keyClick(dialog.table, Qt.Key.Key_Space)
    assert dialog.import_button.text() == "Import 2 fields"
    click(qtbot, dialog.import_button)
    wait_gone(qtbot, dialog)
    assert "Imported 2 fields" in session.window.status.message

    # This window hears of it as of another's edits, and undoes it as one.
    annotations = session.annotations
    qtbot.waitUntil(lambda: annotations.state(BOTH).note == "theirs", timeout=WAIT_MS)
    assert annotations.state(BOTH).review is ReviewState.REJECTED
    assert annotations.state(THEIRS).flags == {"bad"}
    qtbot.waitUntil(lambda: "imported" in annotations.undo_words, timeout=WAIT_MS)
    annotations.undo()
    qtbot.waitUntil(lambda: annotations.state(THEIRS) == FrameState(), timeout=WAIT_MS)
    assert annotations.state(BOTH).note == "mine"
    qtbot.waitUntil(lambda: annotations.pending == 0, timeout=WAIT_MS)


def test_a_file_that_is_none_is_refused_with_its_name(qtbot, session, tmp_path):
    hostile = tmp_path / "hostile.json"
    hostile.write_text(json.dumps({"annotations": 1, "images": 2}))
    dialog = shown(qtbot, ImportDialog(session))
    dialog.look_at(str(hostile))
    wait_done(qtbot, dialog)
    assert "hostile.json: it is not COCO" in dialog.bar.words.text()
    assert not dialog.import_button.isEnabled() and dialog.choose_button.isEnabled()


def test_without_a_dataset_both_say_what_to_do(qtbot, session):
    session.document.set_index(None)
    assert open_export(session) is None
    assert session.window.status.message.startswith("Open a dataset first")
    assert open_import(session) is None
