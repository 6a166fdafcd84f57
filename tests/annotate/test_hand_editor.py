"""The hand editor: how drags become changes, and what becomes of those that cannot."""

from dataclasses import replace

import numpy as np
import pytest
from annotate_bench import Bench
from shift_fitter import ShiftFitter
from support_samples import make_sample, stand_in_hand

from core.annotation.records import Change, FrameState, ReviewState, Visibility
from core.conventions import WRIST
from core.hand.fitting.target import PLACED_WEIGHT
from utnet_viewer.annotate.edited_hand import of_mean
from utnet_viewer.annotate.editing import FREE_2D, HAND
from utnet_viewer.annotate.fit_request import depth_samples_mm

INDEX_PIP, THUMB_TIP = 2, 16


@pytest.fixture
def bench(fonts, qtbot, labelled_set, tmp_path):
    made = Bench(labelled_set, store=tmp_path / "marks.sqlite", fitter=ShiftFitter(stand_in_hand()))
    qtbot.addWidget(made)
    made.document.select(0)
    yield made
    made.shut_down()


@pytest.fixture
def editor(bench):
    return bench.editor


def words_of(bench) -> list[str]:
    """Of the history, newest first; what began the review is left out."""
    found = [edit.change.words for edit in bench.annotations.history()]
    return [words for words in found if words != "in review"]


def drag(bench, joint: int, by=(12.0, -5.0), *, steps: int = 3) -> np.ndarray:
    """Drag a joint of the hand by some pixels and let go; returns where it was wanted."""
    begin_px = bench.editor.keypoints_px[joint].copy()
    for share in np.linspace(0, 1, steps + 1)[1:]:
        bench.editor.drag_px(joint, begin_px + share * np.array(by))
    bench.editor.release()
    return begin_px + by


def test_shows_the_label_and_has_nothing_to_say_of_it(editor, bench):
    truth = bench.document.sample.truth
    frame = bench.document.sample.frame
    assert np.allclose(editor.keypoints_px, frame.camera.project(truth.joints_mm))
    assert editor.start == "label" and not editor.is_changed and not editor.is_corrected
    assert np.array_equal(editor.moved_px, np.zeros(21)) and np.array_equal(
        editor.moved_mm, np.zeros(21)
    )
    assert words_of(bench) == []


def test_a_drag_is_one_change_with_words_as_soon_as_the_newest_fit_is_there(bench, editor):
    wanted_px = drag(bench, INDEX_PIP)
    assert len(bench.fitter.asked) == 3 and words_of(bench) == []
    bench.fitter.answer()
    assert words_of(bench) == ["moved index PIP"]
    kept = bench.state.correction
    assert np.allclose(kept.keypoints_px[INDEX_PIP], wanted_px)
    assert np.allclose(kept.keypoints_px, editor.keypoints_px)
    assert kept.placed == (INDEX_PIP,) and kept.start == "label" and kept.mano is not None
    # A possible hand: the label's own, moved as a whole.
    bones_mm = np.linalg.norm(np.diff(kept.joints_mm[[0, 1, 2, 3, 17]], axis=0), axis=1)
    label_mm = bench.document.sample.truth.joints_mm[[0, 1, 2, 3, 17]]
    assert np.allclose(bones_mm, np.linalg.norm(np.diff(label_mm, axis=0), axis=1))
    assert bench.state.review == ReviewState.IN_REVIEW


def test_answers_on_the_way_are_shown_and_the_last_one_is_kept(bench, editor):
    begin_px = editor.keypoints_px[INDEX_PIP].copy()
    editor.drag_px(INDEX_PIP, begin_px + 4)
    editor.drag_px(INDEX_PIP, begin_px + 8)
    bench.fitter.answer(0)
    assert np.allclose(editor.keypoints_px[INDEX_PIP], begin_px + 4)
    assert editor.fit is not None and editor.is_refitting
    editor.release()
    assert words_of(bench) == []
    bench.fitter.answer(1)
    assert np.allclose(editor.keypoints_px[INDEX_PIP], begin_px + 8)
    assert len(words_of(bench)) == 1 and not editor.is_refitting
    bench.fitter.answer(0)  # late, of a drag that is over
    assert np.allclose(editor.keypoints_px[INDEX_PIP], begin_px + 8)


def test_what_was_placed_or_locked_holds_and_the_dragged_joint_moves(bench, editor):
    drag(bench, THUMB_TIP)
    bench.fitter.answer()
    editor.toggle_lock(WRIST)
    kept_px = editor.keypoints_px.copy()
    editor.drag_px(INDEX_PIP, kept_px[INDEX_PIP] + 20)
    target = bench.fitter.target
    assert target.weights_px[[THUMB_TIP, WRIST, INDEX_PIP]].tolist() == [PLACED_WEIGHT] * 3
    assert target.weights_px[3] < target.weights_px[5] < target.weights_px[4] < PLACED_WEIGHT
    assert np.allclose(target.keypoints_px[[THUMB_TIP, WRIST]], kept_px[[THUMB_TIP, WRIST]])
    assert target.weights_mm[WRIST] > 0 and target.weights_mm[INDEX_PIP] == 0
    assert np.allclose(
        target.joints_mm[WRIST], editor.original.joints_mm[WRIST] * 0 + editor.hand.joints_mm[WRIST]
    )
    assert np.array_equal(target.betas, bench.document.sample.frame.hand.mano.betas)


def test_the_wrist_takes_the_whole_hand_along_but_for_what_was_placed(bench, editor):
    drag(bench, THUMB_TIP)
    bench.fitter.answer()
    before_px = editor.keypoints_px.copy()
    editor.drag_px(WRIST, before_px[WRIST] + (15, 8))
    wanted_px = bench.fitter.target.keypoints_px - before_px
    assert np.allclose(wanted_px[THUMB_TIP], 0)
    others = np.arange(21) != THUMB_TIP
    assert np.allclose(wanted_px[others], (15, 8))


def test_the_shape_is_fitted_only_where_a_person_asks(bench, editor):
    editor.set_refits_shape(True)
    editor.drag_px(INDEX_PIP, editor.keypoints_px[INDEX_PIP] + 5)
    assert bench.fitter.target.betas is None


def test_a_joint_dragged_in_space_is_wanted_there(bench, editor):
    point_mm = editor.joints_mm[INDEX_PIP] + (0, 0, 30)
    editor.drag_mm(INDEX_PIP, point_mm)
    target = bench.fitter.target
    assert np.allclose(target.joints_mm[INDEX_PIP], point_mm) and target.weights_mm[INDEX_PIP] > 0
    camera = bench.document.sample.frame.camera
    assert np.allclose(target.keypoints_px[INDEX_PIP], camera.project(point_mm))


def test_undo_and_redo_bring_the_hands_back(bench, editor, qtbot):
    label_px = editor.keypoints_px.copy()
    drag(bench, INDEX_PIP)
    bench.fitter.answer()
    moved_px = editor.keypoints_px.copy()
    bench.annotations.undo()
    qtbot.waitUntil(lambda: np.array_equal(editor.keypoints_px, label_px), timeout=5000)
    assert not editor.is_changed and bench.state == FrameState()
    bench.annotations.redo()
    qtbot.waitUntil(lambda: np.allclose(editor.keypoints_px, moved_px), timeout=5000)
    assert editor.placed == {INDEX_PIP}


def test_free_2d_moves_one_point_and_claims_nothing_in_space(bench, editor):
    label_px = editor.keypoints_px.copy()
    editor.set_mode(FREE_2D)
    wanted_px = drag(bench, THUMB_TIP)
    kept = bench.state.correction
    assert bench.fitter.asked == [] and kept.mano is None and kept.joints_mm is None
    others = np.arange(21) != THUMB_TIP
    assert np.array_equal(kept.keypoints_px[others], label_px[others])
    assert np.allclose(kept.keypoints_px[THUMB_TIP], wanted_px)
    assert editor.mesh is None and np.isnan(editor.moved_mm).all()
    editor.set_mode(HAND)  # and back: the nearest possible hand
    assert (bench.fitter.target.weights_px == PLACED_WEIGHT).all()
    bench.fitter.answer()
    assert bench.state.correction.mano is not None and editor.mode == HAND
    assert words_of(bench)[0] == "made it a possible hand"


def test_a_frame_in_free_2d_leaves_the_next_one_a_hand(bench, editor):
    editor.set_mode(FREE_2D)
    drag(bench, THUMB_TIP)
    editor.set_mode(HAND)
    bench.fitter.fail()
    assert editor.mode == FREE_2D  # that frame still is
    bench.document.select(1)
    assert editor.mode == HAND
    bench.document.select(0)
    assert editor.mode == FREE_2D


def test_the_frame_is_left_in_the_middle_of_a_drag(bench, editor):
    begin_px = editor.keypoints_px[INDEX_PIP].copy()
    first = bench.frame
    editor.drag_px(INDEX_PIP, begin_px + 4)
    bench.fitter.answer()
    editor.drag_px(INDEX_PIP, begin_px + 9)
    bench.document.select(1)
    assert words_of(bench) == ["moved index PIP"]
    kept = bench.annotations.state(first).correction
    assert np.allclose(kept.keypoints_px[INDEX_PIP], begin_px + 4)  # as far as it was fitted
    assert not editor.is_corrected and not editor.is_dragging
    bench.fitter.answer()
    assert not editor.is_corrected


def test_a_drag_that_was_never_fitted_is_told_and_left(bench, editor):
    said = []
    editor.said.connect(lambda words, kind: said.append((words, kind)))
    editor.drag_px(INDEX_PIP, editor.keypoints_px[INDEX_PIP] + 4)
    bench.document.select(1)
    assert words_of(bench) == [] and "left before it was refitted" in said[0][0]


def test_without_a_fitter_the_drag_is_kept_as_free_2d_and_told(bench, editor):
    said = []
    editor.said.connect(lambda words, kind: said.append((words, kind)))
    wanted_px = drag(bench, INDEX_PIP)
    bench.fitter.fail("the fitter died")
    kept = bench.state.correction
    assert kept.mano is None and np.allclose(kept.keypoints_px[INDEX_PIP], wanted_px)
    assert said == [("Moved in free 2D, not refitted: the fitter died.", "fault")]
    drag(bench, THUMB_TIP)  # the next one asks again, with all of its points
    assert (bench.fitter.target.weights_px == PLACED_WEIGHT).all()


def test_a_hand_behind_the_camera_is_not_taken(bench, editor):
    said = []
    editor.said.connect(lambda words, kind: said.append(words))
    drag(bench, INDEX_PIP)
    bench.fitter.answer(wrist_mm=(0, 0, -400))
    assert np.isfinite(editor.keypoints_px).all() and bench.state.correction.mano is None
    assert "behind the camera" in said[0]


def test_what_changes_elsewhere_meanwhile_ends_the_drag(bench, editor):
    said = []
    editor.said.connect(lambda words, kind: said.append(words))
    drag(bench, INDEX_PIP)
    bench.fitter.answer()
    editor.drag_px(THUMB_TIP, editor.keypoints_px[THUMB_TIP] + 5)
    bench.annotations.changes([Change(bench.frame, "train", "correction", None, "elsewhere")])
    assert not editor.is_dragging and not editor.is_changed and "elsewhere" in said[0]
    bench.fitter.answer()
    assert not editor.is_changed


def test_a_flag_meanwhile_does_not(bench, editor):
    editor.drag_px(THUMB_TIP, editor.keypoints_px[THUMB_TIP] + 5)
    bench.annotations.change("flags", frozenset(["blur"]), "flag: blur")
    assert editor.is_dragging
    editor.release()
    bench.fitter.answer()
    assert bench.state.correction is not None and bench.state.flags == {"blur"}


def test_nudges_in_a_row_are_one_change(bench, editor, qtbot):
    begin_px = editor.keypoints_px[INDEX_PIP].copy()
    for _ in range(3):
        editor.nudge(INDEX_PIP, (1, 0))
    assert np.allclose(bench.fitter.target.keypoints_px[INDEX_PIP], begin_px + (3, 0))
    editor.settle()  # nothing was fitted: left
    for _ in range(3):
        editor.nudge(INDEX_PIP, (1, 0))
        bench.fitter.answer()
    qtbot.waitUntil(lambda: len(words_of(bench)) == 1, timeout=5000)
    assert np.allclose(bench.state.correction.keypoints_px[INDEX_PIP], begin_px + (3, 0))


def test_resetting_the_last_placed_joint_takes_the_correction_back(bench, editor):
    drag(bench, INDEX_PIP)
    bench.fitter.answer()
    drag(bench, THUMB_TIP)
    bench.fitter.answer()
    editor.reset_joint(THUMB_TIP)
    label_px = editor.original_px[THUMB_TIP]
    assert np.allclose(bench.fitter.target.keypoints_px[THUMB_TIP], label_px)
    bench.fitter.answer()
    assert bench.state.correction.placed == (INDEX_PIP,)
    editor.reset_joint(INDEX_PIP)
    assert bench.state.correction is None and not editor.is_changed
    assert words_of(bench)[:2] == ["reset index PIP", "reset thumb tip"]


def test_visibility_goes_round_and_locks_wait_for_a_correction(bench, editor):
    for expected in (Visibility.OCCLUDED, Visibility.OUTSIDE, Visibility.LABELLED):
        editor.cycle_visibility(INDEX_PIP)
        assert bench.state.visibility[INDEX_PIP] == expected
    assert words_of(bench)[-1] == "index PIP → occluded"
    editor.toggle_lock(WRIST)
    assert editor.locked == {WRIST} and bench.state.correction is None
    drag(bench, INDEX_PIP)
    bench.fitter.answer()
    assert bench.state.correction.locked == (WRIST,)
    editor.toggle_lock(WRIST)
    assert bench.state.correction.locked == () and words_of(bench)[0] == "unlocked wrist"


def test_starting_from_the_mean_hand_and_back(bench, editor):
    editor.start_from("mean")
    kept = bench.state.correction
    assert kept.start == "mean" and kept.placed == () and np.allclose(kept.mano.betas, 0)
    assert not editor.can_start_from("prediction")
    editor.start_from("label")
    assert bench.state.correction is None and words_of(bench)[0] == "back to the label"


def test_starting_from_the_labels_mano_where_its_joints_slipped(bench, editor):
    """Swapped joints beside right parameters: one key puts the frame right."""
    right_mm = editor.joints_mm.copy()
    frame = editor.frame
    swapped = np.arange(21)
    swapped[[1, 10]] = [10, 1]
    hand = replace(frame.hand, joints_mm=right_mm[swapped])
    bench.document.update_sample(bench.document.row, frame=replace(frame, hand=hand))
    assert not np.allclose(editor.joints_mm, right_mm, atol=5)
    editor.start_from("mano")
    kept = bench.state.correction
    assert kept.start == "mano" and words_of(bench)[0] == "took the label's MANO hand"
    assert np.allclose(kept.joints_mm, right_mm, atol=0.01)
    assert np.allclose(editor.keypoints_px, frame.camera.project(right_mm), atol=0.01)
    bench.document.update_sample(
        bench.document.row, frame=replace(frame, hand=replace(hand, mano=None))
    )
    assert not editor.can_start_from("mano")


def test_a_mean_hand_is_put_together_and_then_looked_for_from_several_sides(bench, editor):
    editor.start_from("mean")
    before_px = editor.keypoints_px.copy()
    drag(bench, WRIST, (20, 10))
    assert np.allclose(bench.fitter.target.keypoints_px - before_px, (20, 10))  # all of it
    assert bench.fitter.target.anchor is None
    bench.fitter.answer()
    for number, joint in enumerate((INDEX_PIP, THUMB_TIP, 20)):
        drag(bench, joint, (8, 0))
        weights_px = bench.fitter.target.weights_px
        assert weights_px[joint] == PLACED_WEIGHT and np.median(weights_px) < 0.1
        is_afresh = bench.fitter.asked[-1][2] is None
        assert is_afresh == (number == 2)  # the fourth joint, when it is let go
        bench.fitter.answer()
    assert bench.state.correction.placed == (WRIST, INDEX_PIP, THUMB_TIP, 20)


def test_the_mean_hand_fills_the_hands_box():
    frame = make_sample(seed=3).frame
    for is_right in (True, False):
        hand = of_mean(frame, stand_in_hand().of_side(is_right))
        low, high = hand.keypoints_px.min(0), hand.keypoints_px.max(0)
        x1, y1, x2, y2 = frame.hand_box_px()
        assert np.allclose((low + high) / 2, [(x1 + x2) / 2, (y1 + y2) / 2], atol=2)
        assert np.ptp(hand.keypoints_px, axis=0).max() == pytest.approx(
            max(x2 - x1, y2 - y1), rel=0.1
        )
        fingers_up = hand.keypoints_px[[17, 18, 19, 20], 1] < hand.keypoints_px[WRIST, 1]
        assert fingers_up.all()


def show(bench, **changes) -> None:
    """Show the frame on screen with another label."""
    sample = bench.document.sample
    hand = replace(sample.frame.hand, **changes)
    mesh = None
    if hand.mano is not None and hand.has_all_joints:
        mesh = stand_in_hand().of_side(hand.is_right).pose(hand.mano)
    frame = replace(sample.frame, hand=hand)
    bench.document.set_sample(replace(sample, frame=frame, truth=mesh))


def test_a_left_hand_stays_one(bench, editor):
    label = bench.document.sample.frame.hand
    joints_mm = label.joints_mm * (-1, 1, 1)
    show(bench, is_right=False, mano=label.mano.mirrored(), joints_mm=joints_mm)
    assert np.allclose(editor.mesh.joints_mm[:16], joints_mm[:16])
    wanted_px = drag(bench, INDEX_PIP)
    assert bench.fitter.asked[-1][3] is False
    bench.fitter.answer()
    kept = bench.state.correction
    assert kept.is_right is False and np.allclose(kept.keypoints_px[INDEX_PIP], wanted_px)
    left = stand_in_hand().of_side(False).pose(kept.mano)
    assert np.allclose(left.joints_mm, kept.joints_mm)


def test_a_frame_with_its_wrist_alone_starts_from_the_mean_hand_then_the_prediction(bench, editor):
    wrist_only_mm = np.full((21, 3), np.nan)
    wrist_only_mm[WRIST] = bench.document.sample.frame.hand.joints_mm[WRIST]
    show(bench, joints_mm=wrist_only_mm, mano=None, box_px=np.array([40.0, 30, 100, 110]))
    assert editor.start == "mean" and np.isfinite(editor.keypoints_px).all()
    assert editor.original is None and np.isfinite(editor.original_px).all(1).sum() == 1
    assert np.isnan(editor.moved_px).sum() == 20 and not editor.is_corrected
    prediction = make_sample(seed=2).prediction
    bench.document.set_sample(replace(bench.document.sample, prediction=prediction))
    assert editor.start == "prediction" and words_of(bench) == []
    assert np.allclose(editor.keypoints_px, prediction.keypoints_px)
    drag(bench, INDEX_PIP)
    bench.fitter.answer()
    assert bench.state.correction.start == "prediction"
    bench.document.set_sample(replace(bench.document.sample, prediction=None))
    assert editor.is_corrected  # what was kept does not hang on the prediction
    editor.reset()
    assert bench.state.correction is None and editor.start == "mean"
    assert words_of(bench)[0] == "took the correction back"


def test_a_label_of_joints_alone_becomes_a_hand_with_the_first_drag(bench, editor):
    show(bench, mano=None)
    assert editor.start == "label" and editor.mesh is None
    drag(bench, INDEX_PIP)
    _key, target, start, _is_right = bench.fitter.asked[-1]
    assert start is None and target.anchor is None and target.betas is None
    assert (target.weights_px == PLACED_WEIGHT).all()
    others = np.arange(21) != INDEX_PIP  # as far away as the label has them
    assert (target.weights_mm[others] > 0).all() and target.weights_mm[INDEX_PIP] == 0
    assert np.allclose(target.joints_mm[others], editor.original.joints_mm[others])


def test_what_nobody_may_write_is_not_dragged(bench, editor):
    bench.annotations.is_read_only = True
    label_px = editor.keypoints_px.copy()
    drag(bench, INDEX_PIP)
    editor.cycle_visibility(INDEX_PIP)
    editor.start_from("mean")
    assert bench.fitter.asked == [] and np.array_equal(editor.keypoints_px, label_px)
    assert editor.visibility == (0,) * 21 and not editor.can_edit


def test_depth_is_read_at_joints_that_are_seen():
    frame = make_sample(seed=1).frame
    keypoints_px = frame.camera.project(frame.hand.joints_mm)
    visibility = [0] * 21
    visibility[INDEX_PIP] = int(Visibility.OCCLUDED)
    depth_mm = depth_samples_mm(frame, keypoints_px, visibility)
    assert np.isnan(depth_mm[INDEX_PIP])
    x, y = np.round(keypoints_px[THUMB_TIP]).astype(int)
    around = frame.depth_mm[y - 1 : y + 2, x - 1 : x + 2]
    measured = around[around > 0]
    if measured.size:
        assert depth_mm[THUMB_TIP] == pytest.approx(float(np.median(measured)))
    else:
        assert np.isnan(depth_mm[THUMB_TIP])
