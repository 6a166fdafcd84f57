"""Pictures in the rows: read off the window's thread, only what is in sight, never too many."""

import threading

import numpy as np
import pytest
from support_samples import RowsOnly, make_sample, stand_in_hand

from utnet_viewer.document import Document
from utnet_viewer.samples import thumbnails as module
from utnet_viewer.samples.catalogue import Catalogue
from utnet_viewer.samples.panel import SamplesPanel
from utnet_viewer.theme import DARK, Theme

COUNT, UNREADABLE = 200, 3


class Frames(RowsOnly):
    """Gives the same frame for every row, and remembers who asked."""

    def __init__(self) -> None:
        super().__init__(COUNT)
        self.frame = make_sample().frame
        self.read_rows: list[int] = []
        self.threads: set[int] = set()

    def read(self, row: int):
        self.read_rows.append(row)
        self.threads.add(threading.get_ident())
        if row == UNREADABLE:
            raise OSError("0003.jpg: missing")
        return self.frame


@pytest.fixture
def panel(qtbot):
    document = Document(stand_in_hand())
    document.set_index(Frames())
    panel = SamplesPanel(document, Theme(DARK))
    panel.frames = document.index
    frames = np.array([f"{number:04d}" for number in range(COUNT)])
    panel.set_catalogue(Catalogue.of_names(np.array(["SYN000"] * COUNT), frames))
    qtbot.addWidget(panel)
    panel.resize(340, 500)
    panel.show()
    qtbot.waitExposed(panel)
    yield panel
    panel.close_threads()


def in_sight(panel) -> set[int]:
    return set(panel.table.rows_in_sight())


def test_rows_in_sight_get_their_pictures_and_no_others(panel, qtbot):
    assert not panel.frames.read_rows
    panel.pictures.action.trigger()
    qtbot.waitUntil(lambda: panel.thumbnails.count >= len(in_sight(panel)), timeout=20_000)
    assert set(panel.frames.read_rows) == in_sight(panel) and len(in_sight(panel)) < 15
    assert threading.get_ident() not in panel.frames.threads
    picture = panel.thumbnails.picture(0)
    size = picture.deviceIndependentSize().toSize()
    assert (size.width(), size.height()) == (module.PICTURE_WIDTH, module.PICTURE_HEIGHT)
    assert panel.thumbnails.picture(UNREADABLE) is None


def test_only_so_many_are_kept(panel, qtbot, monkeypatch):
    monkeypatch.setattr(module, "MOST_KEPT", 12)
    panel.pictures.action.trigger()
    for row in (0, 60, 120, COUNT - 1):
        panel.go_to(row)
        qtbot.waitUntil(lambda row=row: row in panel.thumbnails._kept, timeout=20_000)
        assert panel.thumbnails.count <= 12
    qtbot.waitUntil(lambda: 0 not in panel.thumbnails._kept, timeout=20_000)


def test_another_dataset_has_other_pictures(panel, qtbot):
    panel.pictures.action.trigger()
    qtbot.waitUntil(lambda: panel.thumbnails.count > 0, timeout=20_000)
    panel.document_index = Frames()
    panel._document.set_index(panel.document_index)
    assert panel.thumbnails.count == 0
