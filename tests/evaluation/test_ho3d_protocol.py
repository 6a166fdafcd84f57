"""The official figures equal those of an implementation straight from their definition."""

from dataclasses import asdict

import numpy as np
import pytest
from official_ho3d import (
    area_under_pck,
    official_figures,
    perturbed,
    posed_for_file,
    procrustes,
    random_parameters,
)

from core.evaluation.ho3d_protocol import (
    ErrorSums,
    ProtocolSums,
    align_procrustes,
    align_scale_translation,
    official_sums,
)
from core.hand.mano_file import load_hand_model


@pytest.fixture(scope="module")
def model():
    return load_hand_model(None)


@pytest.fixture(scope="module")
def hands(model):
    """(truth, predicted): hands of the project's model."""
    rng = np.random.default_rng(8)
    parameters = random_parameters(rng, 6)
    return (
        posed_for_file(model, parameters),
        posed_for_file(model, [perturbed(rng, hand) for hand in parameters]),
    )


def measured(truth, predicted) -> dict[str, float]:
    return asdict(sums_of(truth, predicted).scores())


def sums_of(truth, predicted) -> ProtocolSums:
    columns = [
        np.array([hand[part] for hand in hands]) for hands in (truth, predicted) for part in (0, 1)
    ]
    return official_sums(*columns)


def assert_official(truth, predicted):
    assert measured(truth, predicted) == pytest.approx(
        official_figures(truth, predicted), rel=1e-6, abs=1e-12
    )


def test_synthetic_hands(hands):
    figures = measured(*hands)
    assert 0 < figures["f_al_score_5mm"] < figures["f_al_score_15mm"] <= 1  # nothing is trivial
    assert 0 < figures["mesh_auc3d"] < figures["mesh_al_auc3d"] < 1
    assert_official(*hands)


@pytest.mark.parametrize("spread_m", [0.001, 0.03, 1.0])
def test_random_points(spread_m):
    rng = np.random.default_rng(3)
    cloud = lambda: [
        (rng.normal(size=(21, 3)) * spread_m, rng.normal(size=(778, 3)) * spread_m)
        for _ in range(3)
    ]
    assert_official(cloud(), cloud())


def test_a_mirrored_hand_is_aligned_by_mirroring_as_the_script_does(hands):
    truth, _ = hands
    mirrored = [(joints * (-1, 1, 1), vertices * (-1, 1, 1)) for joints, vertices in truth]
    assert_official(truth, mirrored)
    assert measured(truth, mirrored)["mesh_al_mean3d_cm"] < 1e-4


def test_zeros_are_scored_at_the_centroid_and_at_the_wrist(hands):
    truth, _ = hands
    zeros = [(np.zeros((21, 3)), np.zeros((778, 3)))] * len(truth)
    assert_official(truth, zeros)
    figures = measured(truth, zeros)
    from_centroid = [np.linalg.norm(j - j.mean(0), axis=1).mean() for j, _ in truth]
    from_wrist = [np.linalg.norm(j - j[0], axis=1).mean() for j, _ in truth]
    assert figures["xyz_procrustes_al_mean3d_cm"] == pytest.approx(100 * np.mean(from_centroid))
    assert figures["xyz_scale_trans_al_mean3d_cm"] == pytest.approx(100 * np.mean(from_wrist))
    assert figures["xyz_mean3d_cm"] > 40 and figures["f_score_15mm"] == 0


def test_hands_in_one_plane_on_one_line_and_in_one_point(hands):
    truth, predicted = hands
    flat = [(joints * (1, 1, 0), vertices * (1, 1, 0)) for joints, vertices in predicted]
    line = [(joints * (0, 1, 0), vertices * (0, 1, 0)) for joints, vertices in predicted]
    point = [(joints * 0 + 0.3, vertices * 0 + 0.3) for joints, vertices in predicted]
    for degenerate in (flat, line, point):
        assert_official(truth, degenerate)
        assert_official(degenerate, predicted)


@pytest.mark.parametrize("part", [0, 1])
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_what_cannot_be_measured_is_refused_as_by_the_script(hands, part, value):
    truth, predicted = hands
    spoiled = [(joints.copy(), vertices.copy()) for joints, vertices in predicted]
    spoiled[4][part][2, 1] = value
    with pytest.raises(ValueError, match="sample 4"):
        measured(truth, spoiled)
    if not np.isfinite(value):
        with np.errstate(invalid="ignore"), pytest.raises(ValueError, match="infs or NaNs"):
            procrustes(truth[4][part], spoiled[4][part])


def test_no_similarity_is_nearer_than_the_procrustes_alignment(hands):
    truth, predicted = (np.array([joints for joints, _ in side]) for side in hands)
    best = align_procrustes(truth, predicted)
    squares = lambda points: ((points - truth) ** 2).sum((1, 2))
    rng = np.random.default_rng(0)
    for size in (1e-1, 1e-2, 1e-3):
        for _ in range(50):
            centre = best.mean(1, keepdims=True)
            turn = np.linalg.qr(np.eye(3) + size * rng.normal(size=(3, 3)))[0]
            turn = turn * np.sign(np.diag(turn))
            other = (best - centre) @ turn * (1 + size * rng.normal()) + centre
            assert (squares(best) <= squares(other + size * 0.01 * rng.normal(size=3))).all()


def test_scale_translation_alignment_keeps_the_directions(hands):
    truth, predicted = (np.array([joints for joints, _ in side]) for side in hands)
    aligned = align_scale_translation(truth, predicted)
    np.testing.assert_allclose(aligned[:, 0], truth[:, 0], atol=1e-15)
    lengths = [np.linalg.norm(side[:, 4] - side[:, 0], axis=1) for side in (aligned, truth)]
    np.testing.assert_allclose(*lengths)
    directions = [side[:, 9] - side[:, 0] for side in (aligned, predicted)]
    assert np.abs(np.cross(*directions)).max() < 1e-12


def test_a_threshold_counts_the_distance_that_equals_it():
    thresholds = np.linspace(0, 0.05, 100)
    distances = np.concatenate([thresholds[[0, 40, 99]], [np.nextafter(thresholds[40], 1), 0.2]])
    sums = ErrorSums.of(distances)
    assert sums.within[[0, 39, 40, 41, 98, 99]].tolist() == [1, 1, 2, 3, 3, 4]
    assert ErrorSums.of(np.zeros(5)).auc == 1 and ErrorSums.of(np.full(5, 0.06)).auc == 0
    # One distance d leaves the curve 0 below it and 1 above: the area is what is left of it.
    assert ErrorSums.of(np.array([0.02])).auc == pytest.approx(0.6, abs=0.006)
    assert ErrorSums.of(np.array([0.02])).auc == pytest.approx(area_under_pck([0.02]))


def test_batches_add_up_to_the_whole(hands):
    truth, predicted = hands
    sums = ProtocolSums()
    for part in (slice(4, 6), slice(0, 1), slice(1, 4)):
        sums.add(sums_of(truth[part], predicted[part]))
    assert asdict(sums.scores()) == pytest.approx(measured(truth, predicted), rel=1e-12)
    with pytest.raises(ValueError, match="no samples"):
        ProtocolSums().scores()
