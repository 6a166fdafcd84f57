"""What to look at next: spoilt labels come first, for a reason that is true, with its figure."""

from types import SimpleNamespace

import numpy as np
import pytest
from label_plants import KINDS, Plant, SpoiltIndex, plant
from label_suite import Outcome, count_found, run_suite, with_plants

from core.annotation.depth_gap import gap_of
from core.annotation.label_table import StoppedError, read_labels
from core.annotation.neighbours import breaks_mm, jumps, shots
from core.annotation.prediction_reasons import Predictions
from core.annotation.reasons import Reason
from core.annotation.suggestions import rank, reasons_of, suggest, tell
from core.data.opening import open_dataset
from core.files.embedded import dataset_folder
from core.hand.mano_file import load_hand_model


@pytest.fixture(scope="module")
def hand_model():
    return load_hand_model(None)


@pytest.fixture(scope="module")
def demo(hand_model):
    return open_dataset(dataset_folder("demo"), None, hand_model=hand_model)


@pytest.fixture(scope="module")
def table(demo, hand_model):
    return read_labels(demo, hand_model)


def _reasons(index, table, predictions=None) -> dict[str, Reason]:
    return {reason.key: reason for reason in reasons_of(index, table, predictions)}


def _planted(demo, hand_model, kind: str, row: int, seed: int = 0) -> Plant:
    label, other = (demo.read_labels(number).hand for number in (row, (row + 31) % len(demo)))
    return Plant(row, kind, KINDS[kind](label, other, hand_model, np.random.default_rng(seed)))


# --- finding what was spoilt ----------------------------------------------------------------


def test_nine_of_ten_spoilt_labels_are_among_the_first(demo, hand_model) -> None:
    outcome = run_suite(demo, hand_model, seeds=list(range(6)), share=0.02)["labels alone"]
    found, planted = outcome.total
    assert planted == 12
    assert found >= 0.9 * planted, dict(outcome.by_kind)


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_is_found_alone(demo, hand_model, table, kind) -> None:
    one = _planted(demo, hand_model, kind, row=30)
    spoilt = with_plants(table, demo, [one], hand_model)
    score = rank(reasons_of(demo, spoilt, None))
    assert score.argmax() == one.row
    # And it is the plant that is found: unspoilt, the frame is nothing to look at.
    healthy = rank(reasons_of(demo, table, None))
    assert score[one.row] > healthy[one.row] + 1


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("one joint off", "own_hand"),
        ("MANO of another frame", "own_hand"),
        ("hand shifted", "motion"),
        ("wrong depth", "depth"),
        ("fingers swapped", "bones"),
        ("finger bent", "motion"),
    ],
)
def test_a_reason_that_holds_is_unusual(demo, hand_model, table, kind, key) -> None:
    one = _planted(demo, hand_model, kind, row=30)
    before = _reasons(demo, table)[key].scores
    after = _reasons(demo, with_plants(table, demo, [one], hand_model))[key].scores
    assert after[one.row] > 3 > before[one.row]


def test_a_figure_is_the_distance_that_was_planted(demo, hand_model, table) -> None:
    label = demo.read_labels(12).hand
    joints_mm = label.joints_mm.copy()
    joints_mm[17] += (0, 30, 0)  # the index tip
    moved = Plant(12, "one joint off", type(label)(joints_mm=joints_mm, mano=label.mano))
    spoilt = with_plants(table, demo, [moved], hand_model)
    told = tell(_reasons(demo, spoilt)["own_hand"], 12)
    assert told.words == "index tip 30 mm off its own MANO"
    assert told.value == pytest.approx(30, abs=0.1)


def test_healthy_labels_have_hardly_a_reason(demo, table) -> None:
    scores = {key: reason.scores.max() for key, reason in _reasons(demo, table).items()}
    assert scores["own_hand"] < 0.1
    assert scores["bones"] < 0.1
    assert scores["motion"] < 2


def test_suggestions_come_in_order_with_reasons_and_progress(demo, hand_model) -> None:
    plants = plant(demo, hand_model, share=0.04, seed=3)
    told = []
    found = suggest(
        SpoiltIndex(demo, plants),
        hand_model,
        limit=3,
        progress=lambda done, total: told.append((done, total)) is None,
    )
    assert {one.row for one in found} == {one.row for one in plants}
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert all(one.because and one.words for one in found)
    assert found[0].frame == str(demo.frame_id(found[0].row))
    assert told[-1] == (len(demo), len(demo))


def test_who_stops_is_heard(demo, hand_model) -> None:
    with pytest.raises(StoppedError):
        suggest(demo, hand_model, progress=lambda _done, _total: False)


# --- with a checkpoint ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def noisy_predictions(table) -> Predictions:
    """What a network of some skill says: the truth, with errors that last over frames."""
    rng = np.random.default_rng(1)
    steps = rng.standard_normal((len(table), 21, 3)) * 3
    drift = np.cumsum(steps, axis=0) * 0.2 + rng.standard_normal((1, 21, 3)) * 6
    joints_mm = table.joints_mm + steps * 0.5 + drift
    return Predictions(joints_mm, table.keypoints_px + rng.normal(0, 2, (len(table), 21, 2)))


@pytest.mark.parametrize("kind", ["finger bent", "label of another frame", "fingers swapped"])
def test_predictions_tell_against_a_label(demo, hand_model, table, noisy_predictions, kind) -> None:
    one = _planted(demo, hand_model, kind, row=30, seed=2)
    spoilt = with_plants(table, demo, [one], hand_model)
    reasons = _reasons(demo, spoilt, noisy_predictions)
    alone = [reasons[key] for key in ("pose", "pose_jump", "place", "place_jump")]
    assert rank(alone).argmax() == one.row


def test_a_jump_in_depth_is_told_in_mm(demo, hand_model, table, noisy_predictions) -> None:
    one = _planted(demo, hand_model, "wrong depth", row=30)
    spoilt = with_plants(table, demo, [one], hand_model)
    reasons = _reasons(demo, spoilt, noisy_predictions)
    planted_mm = abs(one.hand.joints_mm[0, 2] - table.joints_mm[30, 0, 2])
    assert tell(reasons["distance_jump"], 30).value == pytest.approx(planted_mm, abs=8)
    assert reasons["distance_jump"].scores.argmax() == 30


def test_rows_without_predictions_are_judged_by_their_labels(demo, hand_model, table) -> None:
    unknown = Predictions(
        np.full((len(table), 21, 3), np.nan), np.full((len(table), 21, 2), np.nan)
    )
    one = _planted(demo, hand_model, "one joint off", row=5)
    spoilt = with_plants(table, demo, [one], hand_model)
    assert set(_reasons(demo, spoilt, unknown)) == set(_reasons(demo, spoilt))
    assert rank(reasons_of(demo, spoilt, unknown)).argmax() == 5


# --- the measures ---------------------------------------------------------------------------


def test_one_wrong_frame_leaves_its_neighbours_alone() -> None:
    times = np.arange(12)[:, None, None]
    points = np.concatenate([times * 3.0, 100 - times, 0 * times], axis=2)  # on a straight line
    points[4] += (0, 25, 0)
    breaks = breaks_mm(points, [np.arange(12)])[:, 0]
    assert breaks[4] == pytest.approx(25)
    np.testing.assert_allclose(np.delete(breaks, 4), 0, atol=1e-9)


def test_every_frame_of_a_stretch_of_five_can_do_without_one_other() -> None:
    for wrong in range(5):
        points = np.arange(5.0)[:, None, None] * (2.0, 1.0, 0.5)
        points[wrong] += 40
        breaks = breaks_mm(points, [np.arange(5)])[:, 0]
        assert breaks.argmax() == wrong
        assert np.delete(breaks, wrong).max() < 1e-9


def test_what_stands_alone_is_not_foretold() -> None:
    breaks = breaks_mm(np.zeros((3, 1, 3)), [np.array([0]), np.array([1, 2])])
    assert np.isnan(breaks).all()


def test_jumps_are_against_the_median_of_the_neighbours() -> None:
    values = np.array([1.0, 2, 3, 40, 5, 6, np.nan, 8])[:, None]
    found = jumps(values, [np.arange(8)])[:, 0]
    assert found[3] == pytest.approx(40 - np.median([1, 2, 3, 5, 6]))
    assert found[2] == pytest.approx(3 - np.median([1, 2, 40, 5, 6]))
    assert np.isnan(found[6])


def test_a_gap_in_the_numbers_cuts_a_sequence(demo) -> None:
    frames = np.array(["0001", "0002", "0003", "0040", "0041"])
    numbered = SimpleNamespace(frames=frames, sequences={"MC1": np.arange(5)})
    assert [rows.tolist() for rows in shots(numbered)] == [[0, 1, 2], [3, 4]]
    assert sum(len(rows) for rows in shots(demo)) == len(demo)


@pytest.mark.parametrize(
    ("by_mm", "before_mm", "behind_mm"), [(0, 0, 0), (-40, 40, 0), (60, 0, 60)]
)
def test_a_label_off_a_measured_plane(by_mm, before_mm, behind_mm) -> None:
    rng = np.random.default_rng(0)
    points_px = rng.uniform(20, 180, (400, 2))
    depth_mm = np.full((256, 192), 600.0)
    gap = gap_of(depth_mm, points_px, np.full(400, 600.0 + by_mm))
    assert (gap.before_mm, gap.behind_mm) == pytest.approx((before_mm, behind_mm))


def test_an_object_before_half_of_the_hand_is_no_gap() -> None:
    rng = np.random.default_rng(0)
    points_px = rng.uniform(20, 180, (400, 2))
    depth_mm = np.full((256, 192), 600.0)
    depth_mm[:, :100] = 480
    gap = gap_of(depth_mm, points_px, np.full(400, 600.0))
    assert (gap.before_mm, gap.behind_mm) == (0, 0)


def test_where_no_depth_is_known_nothing_is_said() -> None:
    points_px = np.random.default_rng(0).uniform(20, 180, (400, 2))
    gap = gap_of(np.zeros((256, 192)), points_px, np.full(400, 600.0))
    assert np.isnan([gap.before_mm, gap.behind_mm]).all()


def test_a_score_counts_spreads_beyond_the_usual() -> None:
    badness = np.append(np.arange(101.0), [np.nan, 250.0])
    reason = Reason("own_hand", "", "mm", badness, badness, np.zeros(103, int), 1, "hand")
    usual, upper = np.nanquantile(badness, (0.5, 0.9))
    assert reason.scores[-1] == pytest.approx((250 - usual) / (upper - usual))
    assert reason.scores[101] == 0  # unknown
    assert reason.scores[10] == 0  # better than usual


def test_less_than_the_noise_of_labels_is_not_unusual() -> None:
    badness = np.append(np.zeros(99), 0.5)
    reason = Reason("own_hand", "", "mm", badness, badness, np.zeros(100, int), 1, "hand")
    assert reason.scores.max() == pytest.approx(0.5)
    assert rank([reason]).max() == 0


def test_of_one_source_the_strongest_counts_and_sources_add_up() -> None:
    def reason(source: str, largest: float) -> Reason:
        badness = np.append(np.linspace(0, 1, 99), largest)
        return Reason(source, "", "mm", badness, badness, np.zeros(100, int), 0.1, source)

    alone = {largest: rank([reason("a", largest)])[-1] for largest in (10, 30)}
    assert 0 < alone[10] < alone[30]
    assert rank([reason("a", 10), reason("a", 30)])[-1] == pytest.approx(alone[30])
    both = rank([reason("a", 10), reason("b", 30)])[-1]
    assert both == pytest.approx(alone[10] + alone[30])
    assert len(rank([])) == 0


def test_the_first_four_percent_are_counted() -> None:
    outcome = Outcome()
    score = np.zeros(100)
    score[[7, 3]] = 2, 1
    count_found(score, [Plant(7, "a", None), Plant(50, "a", None)], outcome)
    assert outcome.total == (1, 2)
