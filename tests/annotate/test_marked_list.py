"""The samples list knows what people said: columns, filters, order, and all of it live."""

import numpy as np
import pytest
from spoken_frames import SpokenFrames
from support_samples import RowsOnly, stand_in_hand

from core.annotation.records import FrameState, ReviewState
from core.evaluation.frame_filter import FilterError, parse
from utnet_viewer.annotate.marked_list import MarkedList
from utnet_viewer.document import Document
from utnet_viewer.samples.catalogue import Catalogue
from utnet_viewer.samples.columns import POSITIONS
from utnet_viewer.samples.panel import SamplesPanel
from utnet_viewer.samples.taken import samples_table
from utnet_viewer.settings import Settings
from utnet_viewer.theme import DARK, Theme

COUNT = 40


def _catalogue() -> Catalogue:
    sequences = np.array(["MC1"] * 20 + ["MC2"] * 20)
    return Catalogue.of_names(sequences, np.array([f"{n:04d}" for n in range(COUNT)]))


def _name(row: int) -> str:
    return f"MC{1 + row // 20}/{row:04d}"


@pytest.fixture
def spoken():
    said = {
        _name(3): FrameState(review=ReviewState.DONE),
        _name(7): FrameState(flags=frozenset({"bad", "blur"}), note="thumb on the rim,\nchecked"),
        _name(25): FrameState(flags=frozenset({"bad"}), review=ReviewState.IN_REVIEW),
        "XY9/0001": FrameState(review=ReviewState.DONE),  # of an earlier list
    }
    return SpokenFrames(said)


@pytest.fixture
def panel(qtbot, spoken):
    document = Document(stand_in_hand())
    document.set_index(RowsOnly(COUNT))
    panel = SamplesPanel(document, Theme(DARK), settings=Settings())
    panel.document, panel.spoken = document, spoken
    panel.marked = MarkedList(spoken, panel)
    panel.set_catalogue(_catalogue())
    qtbot.addWidget(panel)
    panel.resize(420, 600)
    panel.show()
    qtbot.waitExposed(panel)
    yield panel
    panel.close_threads()


def _shown(panel) -> list[int]:
    return panel.model.rows.tolist()


def _columns(panel) -> set[str]:
    keys = ("review", "flag", "note")
    return {key for key in keys if not panel.table.isColumnHidden(POSITIONS[key])}


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("flag = bad", [7, 25]),
        ("flag = blur", [7]),
        ("not flag = bad and seq = MC2", [r for r in range(20, 40) if r != 25]),
        ("review = done", [3]),
        ('review = "in review"', [25]),
        ("review != new", [3, 25]),
        ('note ~ "*thumb*"', [7]),
        ("flag = bad and review = new", [7]),
    ],
)
def test_filters_know_what_was_said(panel, text, rows) -> None:
    panel.use_filter(text)
    assert not panel.filter_error.text()
    assert _shown(panel) == rows


def test_notes_are_read_only_when_a_filter_asks(panel) -> None:
    panel.use_filter("flag = bad")
    assert panel.spoken.reads == 0
    panel.use_filter('note ~ "*rim*"')
    assert panel.spoken.reads == 1
    panel.spoken.say(_name(8), note="the rim again")
    assert _shown(panel) == [7, 8]
    assert panel.spoken.reads == 2  # the new one alone
    panel.spoken.say(_name(7), note="")
    assert _shown(panel) == [8]


def test_where_nobody_said_anything_there_are_no_columns(panel) -> None:
    assert _columns(panel) == {"review", "flag", "note"}
    panel.spoken.states.clear()
    panel.set_catalogue(_catalogue())
    assert _columns(panel) == set()
    with pytest.raises(FilterError, match="no flags yet"):
        parse("flag = bad").mask(panel.model.catalogue)


def test_a_column_comes_with_the_first_word_and_goes_with_undo(panel) -> None:
    panel.spoken.states.clear()
    panel.set_catalogue(_catalogue())
    panel.spoken.say(_name(5), flags=frozenset({"crop"}))
    assert _columns(panel) == {"flag"}
    panel.spoken.say(_name(6), review=ReviewState.REJECTED)
    assert _columns(panel) == {"flag", "review"}
    panel.spoken.forget(_name(5))
    assert _columns(panel) == {"review"}


def test_a_filter_in_force_follows_what_is_said(panel) -> None:
    panel.use_filter("review = done")
    panel.spoken.say(_name(9), review=ReviewState.DONE)
    assert _shown(panel) == [3, 9]
    panel.spoken.say(_name(3), review=ReviewState.NEW)
    assert _shown(panel) == [9]
    panel.spoken.say(_name(9), review=ReviewState.REJECTED)
    assert _shown(panel) == []


def test_other_filters_are_left_alone(panel) -> None:
    resets = []
    panel.model.modelReset.connect(lambda: resets.append(1))
    panel.use_filter("seq = MC1")
    resets.clear()
    panel.spoken.say(_name(9), review=ReviewState.DONE)
    assert not resets
    assert panel.model.catalogue.marks.review[9] == 2


def test_the_list_can_be_ordered_by_what_was_said(panel) -> None:
    panel.sort_by("flag")
    panel.table.sortByColumn(POSITIONS["flag"], panel.table.horizontalHeader().sortIndicatorOrder())
    first = _shown(panel)[:2] if _shown(panel)[0] == 7 else _shown(panel)[-2:][::-1]
    assert first == [7, 25]


def test_a_tool_tip_says_it_in_words(panel) -> None:
    from PySide6.QtCore import Qt

    tip = lambda row, key: panel.model.index(row, POSITIONS[key]).data(Qt.ItemDataRole.ToolTipRole)
    assert tip(7, "flag") == "bad, blur"
    assert tip(7, "note") == "thumb on the rim,\nchecked"
    assert tip(3, "review") == "Review: done"
    assert tip(8, "flag") == _name(8)


def test_a_table_taken_along_has_what_was_said(panel) -> None:
    table = samples_table(panel.model)
    columns = dict(zip(table.heads, table.columns(), strict=True))
    assert columns["review"][3] == "done"
    assert columns["flags"][7] == "bad blur"
    assert columns["note"][7].startswith("thumb")


def test_icons_are_painted_in_their_cells(panel) -> None:
    """The review of row 3 and the flags of row 7 leave colour in their cells; row 8's are empty."""
    picture = panel.table.viewport().grab().toImage()

    def colours(row: int, key: str) -> int:
        rect = panel.table.visualRect(panel.model.index(row, POSITIONS[key]))
        pixels = {
            picture.pixel(x, y)
            for x in range(rect.left() + 2, rect.right() - 2)
            for y in range(rect.top() + 2, rect.bottom() - 2)
        }
        return len(pixels)

    assert colours(3, "review") > 3
    assert colours(7, "flag") > 3
    assert colours(8, "review") == colours(8, "flag") == 1
