"""A sequence fitted from its key frames: what is asked, what is shown, what is written when."""

from pathlib import Path

import numpy as np
import pytest
from labelled_sequence import (
    BENT_RAD,
    FakeAnnotations,
    FakeSequenceFitter,
    SequenceIndex,
    bent,
    correction_of,
    hand_at,
)
from PySide6.QtCore import QPoint, QPointF, Qt
from support_samples import stand_in_hand

from utnet_viewer.annotate.sequence_dialog import SequenceDialog
from utnet_viewer.annotate.sequence_fitting import Phase
from utnet_viewer.document import Document
from utnet_viewer.theme import Theme

LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
KEYS = (1, 6, 10)


class Bench:
    """The dialog with everything around it made up, on the sequence's labels."""

    def __init__(self, qtbot, index: SequenceIndex, keys=KEYS) -> None:
        self.qtbot, self.index = qtbot, index
        self.annotations, self.fitter = FakeAnnotations(), FakeSequenceFitter()
        for row in keys:
            self.correct(row)
        self.document = Document(stand_in_hand())
        self.document.set_index(index)
        self.document.select(3)
        self.dialog = SequenceDialog(self.document, self.annotations, self.fitter, Theme())
        qtbot.addWidget(self.dialog)
        with qtbot.waitExposed(self.dialog):
            self.dialog.open_here()
        qtbot.waitUntil(lambda: self.fitting.phase is not Phase.READING)

    @property
    def fitting(self):
        return self.dialog.fitting

    @property
    def table(self):
        return self.dialog.table

    @property
    def keys(self):
        return self.dialog.setup.keys

    def correct(self, row: int, **changes) -> None:
        self.annotations.correct(self.index, row, correction_of(bent(hand_at(row)), **changes))

    def press(self, button) -> None:
        self.qtbot.mouseClick(button, LEFT)

    def fit(self, share=lambda row: 1.0) -> None:
        self.press(self.dialog.setup.start)
        self.fitter.answer(share)

    def box(self, table, row: int) -> QPoint:
        """Where the tick of a row is."""
        return table.visualRect(table.ticks.index(table.ticks.position_of(row), 0)).center()

    def click(self, table, at: QPoint) -> None:
        self.qtbot.mouseClick(table.viewport(), LEFT, NO_KEYS, at)

    def cell(self, row: int, head: str) -> str:
        column = [column.head for column in self.table.ticks.columns].index(head) + 1
        return self.table.ticks.index(self.table.ticks.position_of(row), column).data()


@pytest.fixture
def made(qtbot):
    benches = []

    def make(index: SequenceIndex | None = None, **options) -> Bench:
        benches.append(Bench(qtbot, index or SequenceIndex(), **options))
        return benches[-1]

    yield make
    for bench in benches:
        bench.dialog.shut_down()


def test_corrected_frames_are_key_frames_and_are_ticked(made):
    bench = made()
    assert [key.frame.row for key in bench.keys.ticks.rows] == list(KEYS)
    assert bench.keys.ticks.ticked == set(KEYS)
    assert bench.dialog.head.text() == "Sequence MC1"
    assert bench.dialog.hint.text() == "Fitted with: stand-in hand, not MANO"


def test_what_cannot_be_a_key_frame_says_why_and_takes_no_tick(made):
    bench = made()
    bench.correct(4, mano=None, joints_mm=None)
    bench.correct(8, is_right=False)
    bench.correct(9, source="sequence")  # made by an earlier fit: no key frame at all
    assert [key.frame.row for key in bench.keys.ticks.rows] == [1, 4, 6, 8, 10]
    bench.click(bench.keys, bench.box(bench.keys, 4))
    assert bench.keys.ticks.ticked == set(KEYS)
    notes = [bench.keys.ticks.index(n, 2).data() for n in range(5)]
    assert notes == ["", "free 2D", "", "other hand", ""]


def test_without_a_key_frame_it_says_what_to_do(made):
    bench = made(keys=())
    setup = bench.dialog.setup
    assert setup.no_keys.isVisible()
    assert not setup.start.isEnabled()
    bench.correct(5)
    assert not setup.no_keys.isVisible()
    assert not setup.start.isEnabled()
    bench.correct(7)
    assert setup.start.isEnabled()


def test_the_fitter_is_asked_for_what_was_chosen(made):
    bench = made()
    setup = bench.dialog.setup
    bench.click(bench.keys, bench.box(bench.keys, 6))  # untick
    setup.first.lineEdit().selectAll()
    bench.qtbot.keyClicks(setup.first, "0002")
    bench.qtbot.keyClick(setup.first, Qt.Key.Key_Tab)
    setup.last.lineEdit().selectAll()
    bench.qtbot.keyClicks(setup.last, "20")
    bench.qtbot.keyClick(setup.last, Qt.Key.Key_Tab)
    bench.qtbot.keyClick(setup.smoothness, Qt.Key.Key_Right)
    bench.press(setup.start)
    (frames, is_right, smoothness), *more = bench.fitter.asked
    assert not more and is_right
    assert [frame.row for frame in frames] == list(range(1, 11))
    assert [frame.time for frame in frames] == [2.0 * row for row in range(1, 11)]  # the names'
    assert [frame.row for frame in frames if frame.corrected is not None] == [1, 10]
    assert np.array_equal(frames[0].corrected.hand_pose_rad, bent(hand_at(1)).hand_pose_rad)
    assert np.array_equal(frames[3].label.wrist_mm, hand_at(4).wrist_mm)
    assert smoothness == pytest.approx(4.0)  # usual is 2.5 times, and squares are weighed
    assert "5 times harder" in setup.jump_words.text()


def test_a_range_with_less_than_two_key_frames_is_refused_in_words(made):
    bench = made()
    bench.dialog.setup.first.setValue(5)
    bench.dialog.setup.last.setValue(9)
    bench.press(bench.dialog.setup.start)
    assert bench.fitter.asked == []
    assert "Two key frames are needed" in bench.dialog.setup.state.text()


def test_the_range_follows_the_key_frames_until_a_person_chooses_it(made):
    bench = made()
    setup = bench.dialog.setup
    assert (setup.first.text(), setup.last.text()) == ("0002", "0020")
    bench.correct(11)
    assert (setup.first.text(), setup.last.text()) == ("0002", "0022")
    bench.qtbot.keyClick(setup.first, Qt.Key.Key_Up)
    bench.correct(0)
    assert (setup.first.text(), setup.last.text()) == ("0004", "0022")


def test_a_frame_marked_as_done_is_a_key_frame_whose_label_is_right(made):
    bench = made(keys=(6,))
    assert not bench.dialog.setup.start.isEnabled()
    assert "Two key frames are needed" in bench.dialog.setup.state.text()
    bench.annotations.mark_done(bench.index, 2)
    assert [bench.keys.ticks.index(n, 2).data() for n in range(2)] == ["label is right", ""]
    bench.press(bench.dialog.setup.start)
    frames, *_ = bench.fitter.asked[0]
    assert [frame.row for frame in frames] == [2, 3, 4, 5, 6]
    assert np.array_equal(frames[0].corrected.hand_pose_rad, hand_at(2).hand_pose_rad)
    bench.fitter.answer()
    assert bench.table.ticks.ticked == {3, 4, 5}


def test_key_frames_that_are_all_right_change_nothing(made):
    bench = made(keys=())
    for row in (2, 6):
        bench.annotations.mark_done(bench.index, row)
    bench.press(bench.dialog.setup.start)
    assert bench.fitter.asked == []
    assert "nothing would change" in bench.dialog.setup.state.text()


def test_labels_of_another_hand_model_are_warned_of(made):
    assert "poses them" not in made().dialog.setup.state.text()
    assert (
        "lie 12.0 mm from their hands"
        in made(SequenceIndex(away_mm=12.0)).dialog.setup.state.text()
    )


def test_frames_without_labels_take_no_part_and_are_counted(made):
    bench = made(SequenceIndex(unlabelled=frozenset({2}), broken=frozenset({7})))
    assert "2 frames take no part. 0004: It has no label." in bench.dialog.setup.state.text()
    bench.press(bench.dialog.setup.start)
    frames, *_ = bench.fitter.asked[0]
    assert [frame.row for frame in frames] == [1, 3, 4, 5, 6, 8, 9, 10]


def test_progress_is_said_and_the_fit_can_be_stopped(made):
    bench = made()
    setup = bench.dialog.setup
    bench.press(setup.start)
    bench.fitter.sequence_progress.emit(3, 12)
    assert setup.progress.isVisible() and setup.progress.value() == 3
    assert setup.state.text().startswith("Fitting: 3 of 12 frames")
    bench.press(setup.cancel)
    assert bench.fitter.cancelled == 1
    assert not setup.progress.isVisible()
    bench.fitter.answer()  # too late
    assert bench.table.ticks.rows == []
    assert bench.annotations.calls == []


def test_a_fit_that_fails_says_why(made):
    bench = made()
    bench.press(bench.dialog.setup.start)
    bench.fitter.sequence_failed.emit("The fitter ended.")
    assert bench.dialog.setup.state.text() == "The fitter ended."
    assert bench.dialog.setup.start.isEnabled()


def test_the_table_says_how_much_every_frame_changes(made):
    bench = made()
    bench.fit(share=lambda row: 0.1 * row - 0.2)
    assert bench.fitting.phase is Phase.PROPOSED
    camera = bench.fitter.asked[0][0][0].camera
    label = stand_in_hand().pose(hand_at(4)).joints_mm
    proposed = stand_in_hand().pose(bent(hand_at(4), 0.2 * BENT_RAD)).joints_mm
    moved_px = np.linalg.norm(camera.project(proposed) - camera.project(label), axis=1)
    moved_mm = np.linalg.norm(proposed - label, axis=1)
    assert moved_mm.max() > 3
    assert bench.cell(4, "mean px") == f"{moved_px.mean():.1f}"
    assert bench.cell(4, "worst px") == f"{moved_px.max():.1f}"
    assert bench.cell(4, "worst mm") == f"{moved_mm.max():.1f}"
    assert bench.cell(4, "worst joint") == "index tip"
    assert (bench.cell(1, ""), bench.cell(2, ""), bench.cell(4, "")) == (
        "key frame",
        "hardly changes",
        "",
    )
    times, worst = bench.dialog.plot.worst.getData()
    assert times[3] == 8.0
    assert worst[3] == pytest.approx(moved_px.max())
    bench.qtbot.mouseClick(bench.dialog.units.children()[-1], LEFT)  # mm
    assert bench.dialog.plot.worst.getData()[1][3] == pytest.approx(moved_mm.max())


def test_a_head_orders_the_table(made):
    bench = made()
    bench.fit(share=lambda row: 0.1 * row)
    heads = bench.table.horizontalHeader()
    at = QPoint(heads.sectionViewportPosition(4) + 10, 10)
    rows = [one.frame.row for one in bench.table.ticks.rows]
    assert rows == list(range(1, 11))
    bench.qtbot.mouseClick(heads.viewport(), LEFT, NO_KEYS, at)
    rows = [one.frame.row for one in bench.table.ticks.rows]
    assert rows == list(range(10, 0, -1))
    bench.qtbot.mouseClick(heads.viewport(), LEFT, NO_KEYS, at)
    rows = [one.frame.row for one in bench.table.ticks.rows]
    assert rows == list(range(1, 11))


def test_a_frame_is_looked_at_with_the_proposed_hand_before_anything_is_written(made):
    bench = made()
    bench.fit()
    at = bench.table.visualRect(bench.table.ticks.index(6, 1)).center()
    bench.click(bench.table, at)
    bench.qtbot.waitUntil(lambda: bench.dialog.photo.row == 7)
    proposed = stand_in_hand().pose(bent(hand_at(7))).joints_mm
    assert np.allclose(bench.dialog.photo.proposal.fit.mesh.joints_mm, proposed)
    assert bench.index.read_rows[-1] == 7
    assert bench.annotations.calls == []
    bench.qtbot.keyClick(bench.table, Qt.Key.Key_Down)
    bench.qtbot.waitUntil(lambda: bench.dialog.photo.row == 8)
    bench.qtbot.keyClick(bench.table, Qt.Key.Key_Return)
    assert bench.document.row == 8


def test_a_click_on_the_curve_looks_at_that_frame(made):
    bench = made()
    bench.fit()
    plot = bench.dialog.plot.plot
    bench.qtbot.waitUntil(lambda: plot.getViewBox().width() > 100)
    there = plot.getViewBox().mapViewToScene(QPointF(18.3, 0.0))  # the name of row 9 is 0018
    bench.qtbot.mouseClick(plot.viewport(), LEFT, NO_KEYS, plot.mapFromScene(there))
    bench.qtbot.waitUntil(lambda: bench.dialog.photo.row == 9)
    assert bench.table.chosen_keys == {9}
    assert bench.dialog.plot.marker.value() == 18.0


def test_accepting_writes_one_group_and_leaves_what_was_done_by_hand(made):
    bench = made()
    bench.correct(8)
    bench.click(bench.keys, bench.box(bench.keys, 8))  # corrected by hand, but no key frame
    bench.fit(share=lambda row: 0.0 if row == 3 else 1.0)
    assert bench.dialog.accept_button.text() == "Accept 5 frames"
    bench.press(bench.dialog.accept_button)
    (changes,) = bench.annotations.calls
    rows = [int(change.frame.split("/")[1]) // 2 for change in changes]
    assert rows == [2, 4, 5, 7, 9]  # neither key frames, nor 8, nor 3 that hardly changes
    assert len({change.group for change in changes}) == 1 and changes[0].group
    assert {change.words for change in changes} == {"fitted 5 frames of MC1"}
    for row, change in zip(rows, changes, strict=True):
        correction = change.value
        assert (change.split, change.field, correction.source) == (
            "train",
            "correction",
            "sequence",
        )
        joints_mm = stand_in_hand().pose(bent(hand_at(row))).joints_mm
        assert np.allclose(correction.joints_mm, joints_mm)
    assert bench.table.ticks.rows == []
    assert not bench.dialog.accept_button.isEnabled()


def test_a_long_sequence_is_written_in_portions_of_one_group(made):
    bench = made(SequenceIndex(count=140), keys=(1, 130))
    bench.fit()
    bench.annotations.pending = 90  # the disk is slow
    bench.press(bench.dialog.accept_button)
    assert bench.fitting.phase is Phase.WRITING
    assert bench.dialog.setup.state.text() == "Writing: 50 of 128 frames"
    bench.qtbot.wait(30)
    assert len(bench.annotations.calls) == 1  # no faster than it is saved
    bench.annotations.pending = 0
    bench.qtbot.waitUntil(lambda: bench.fitting.phase is Phase.READY)
    assert [len(call) for call in bench.annotations.calls] == [50, 50, 28]
    changes = [change for call in bench.annotations.calls for change in call]
    assert len({change.group for change in changes}) == 1
    assert len({change.frame for change in changes}) == 128


def test_what_was_accepted_is_written_even_if_the_dialog_closes(made):
    bench = made(SequenceIndex(count=140), keys=(1, 130))
    bench.fit()
    bench.annotations.pending = 90
    bench.press(bench.dialog.accept_button)
    bench.press(bench.dialog.close_button)
    assert sum(len(call) for call in bench.annotations.calls) == 128


def test_accepted_frames_never_go_into_the_annotations_of_another_dataset(made):
    bench = made(SequenceIndex(count=140), keys=(1, 130))
    bench.fit()
    bench.annotations.pending = 90
    bench.press(bench.dialog.accept_button)
    said = []
    bench.fitting.said.connect(lambda words, _kind: said.append(words))
    bench.annotations.path = Path("of-another.sqlite")
    bench.document.set_index(SequenceIndex(count=4, sequence="SM5"))
    assert [len(call) for call in bench.annotations.calls] == [50]
    assert said == ["Another dataset was opened: 50 of 128 accepted frames were kept."]


def test_a_frame_corrected_by_hand_is_replaced_only_when_it_is_ticked(made):
    bench = made()
    bench.correct(8)
    bench.click(bench.keys, bench.box(bench.keys, 8))
    bench.fit()
    assert 8 not in bench.table.ticks.ticked
    bench.table.choose(8)
    bench.qtbot.keyClick(bench.table, Qt.Key.Key_Space)
    assert 8 in bench.table.ticks.ticked
    assert "1 of them replace" in bench.dialog.promise.text()
    bench.press(bench.dialog.accept_button)
    assert "MC1/0016" in {change.frame for change in bench.annotations.calls[0]}


def test_several_chosen_frames_are_unticked_at_once(made):
    bench = made()
    bench.fit()
    bench.table.choose(2)
    for _ in range(2):
        bench.qtbot.keyClick(bench.table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    before = set(bench.table.ticks.ticked)
    bench.click(bench.table, bench.box(bench.table, 3))
    assert before - bench.table.ticks.ticked == {2, 3, 4}


def test_what_the_annotations_do_not_take_is_still_proposed(made):
    bench = made()
    bench.fit()
    bench.annotations.takes_changes = False
    bench.press(bench.dialog.accept_button)
    assert bench.fitting.phase is Phase.PROPOSED
    assert bench.dialog.accept_button.isEnabled()


def test_read_only_annotations_accept_nothing(made):
    bench = made()
    bench.annotations.is_read_only = True
    bench.fit()
    assert not bench.dialog.accept_button.isEnabled()
    assert "read-only" in bench.dialog.promise.text()


def test_a_correction_made_meanwhile_is_a_new_key_frame_and_outdates_the_fit(made):
    bench = made()
    bench.fit()
    assert not bench.fitting.is_outdated
    bench.correct(5)
    assert bench.keys.ticks.ticked == {*KEYS, 5}
    assert bench.dialog.summary.text().startswith("Corrections changed")
    bench.fit()
    assert not bench.fitting.is_outdated


def test_a_correction_made_while_labels_are_read_is_not_missed(made):
    bench = made(SequenceIndex(count=60))
    seen = []

    def correct_once(frames) -> None:
        if not seen:
            seen.append(frames[0].row)
            bench.correct(2)  # its labels were read already

    bench.fitting.reader.chunk_read.connect(correct_once)
    bench.document.dataset_changed.emit()  # read anew
    bench.qtbot.waitUntil(lambda: bench.fitting.phase is Phase.READY)
    assert seen == [0]
    assert [key.frame.row for key in bench.keys.ticks.rows] == [1, 2, 6, 10]


def test_closing_gives_up_what_was_proposed_and_stops_a_fit(made):
    bench = made()
    bench.fit()
    bench.qtbot.keyClick(bench.dialog, Qt.Key.Key_Escape)
    assert not bench.dialog.isVisible()
    assert bench.fitting.proposals == []
    bench.dialog.open_here()
    bench.press(bench.dialog.setup.start)
    bench.press(bench.dialog.close_button)
    assert bench.fitter.cancelled == 1
    assert bench.annotations.calls == []


def test_another_hand_model_makes_the_proposals_void(made):
    bench = made()
    bench.fit()
    bench.document.hand_model_changed.emit()
    bench.qtbot.waitUntil(lambda: bench.fitting.phase is Phase.READY)
    assert bench.table.ticks.rows == []


def test_it_follows_to_another_dataset(made):
    bench = made()
    bench.fit()
    bench.document.set_index(SequenceIndex(count=4, sequence="SM5"))
    assert bench.fitting.phase is Phase.NOTHING
    bench.document.select(0)
    bench.qtbot.waitUntil(lambda: bench.fitting.phase is Phase.READY)
    assert bench.dialog.head.text() == "Sequence SM5"
    assert bench.keys.ticks.rows == []
