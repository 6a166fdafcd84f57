"""The samples panel: what is said about the list, and what stays in sight."""

import numpy as np
import pytest
from support_samples import RowsOnly, stand_in_hand

from utnet_viewer.document import Document
from utnet_viewer.samples.catalogue import Catalogue
from utnet_viewer.samples.panel import SamplesPanel
from utnet_viewer.samples.table_model import SEQUENCE, STATUS
from utnet_viewer.samples.unreadable_dialog import UnreadableDialog
from utnet_viewer.theme import DARK, Theme

COUNT = 40


@pytest.fixture
def catalogue() -> Catalogue:
    frames = np.array([f"{number:04d}" for number in range(COUNT)])
    return Catalogue.of_names(np.array(["SYN000"] * COUNT), frames)


@pytest.fixture
def panel(qtbot, catalogue) -> SamplesPanel:
    document = Document(stand_in_hand())
    document.set_index(RowsOnly(COUNT))
    panel = SamplesPanel(document, Theme(DARK))
    panel.document = document
    panel.set_catalogue(catalogue)
    qtbot.addWidget(panel)
    panel.resize(276, 500)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def is_in_sight(panel) -> bool:
    place = panel.table.visualRect(panel.table.currentIndex())
    return panel.table.viewport().rect().contains(place)


def test_the_current_row_stays_in_sight_when_the_spread_appears(panel, catalogue, qtbot):
    panel.document.select(COUNT - 1)
    assert is_in_sight(panel)
    before = panel.table.viewport().height()
    for row in range(10):
        catalogue.score(row, {"pa_mpjpe_mm": 10.0 + row, "keypoint_error_px": 5.0})
        panel.row_known(row)
    panel.show_spread()
    qtbot.waitUntil(lambda: panel.table.viewport().height() < before, timeout=20_000)
    assert is_in_sight(panel)


def test_who_scrolled_away_is_not_called_back(panel, qtbot):
    panel.document.select(0)
    panel.table.scrollToBottom()
    before = panel.table.viewport().height()
    panel.resize(276, 400)
    qtbot.waitUntil(lambda: panel.table.viewport().height() < before, timeout=20_000)
    assert not is_in_sight(panel)


def test_the_sequence_is_shown_whole_in_a_narrow_list(panel):
    words = panel.model.words(0, SEQUENCE)
    room = panel.table.columnWidth(SEQUENCE) - 12
    assert panel.table.fontMetrics().horizontalAdvance(words) < room
    assert panel.table.isColumnHidden(STATUS)


@pytest.mark.parametrize(
    ("problems", "notes", "words"),
    [
        ({}, (), ""),
        ({3: "a.jpg: missing"}, (), "1 unreadable"),
        ({}, ("train.txt: odd",), "1 note"),
        ({3: "a.jpg: missing", 4: "b.jpg: empty"}, ("odd", "odder"), "2 unreadable · 2 notes"),
    ],
)
def test_what_is_wrong_is_counted_and_listed(panel, catalogue, problems, notes, words):
    catalogue.problems.update(problems)
    catalogue.notes = notes
    panel.set_catalogue(catalogue)
    assert panel.unreadable.text() == words
    assert panel.unreadable.isVisible() == bool(words)
    assert panel.table.isColumnHidden(STATUS) == (not problems)
    if words:
        panel.unreadable.click()
        dialog = panel.findChild(UnreadableDialog)
        assert dialog.list.count() == len(problems) + len(notes)
        dialog.close()
