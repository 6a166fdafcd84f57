"""Smoothing: a debiased exponential moving average, checked against its definition."""

import numpy as np
import pytest

from utnet_viewer.training.charts.smoothing import Smoother, Smoothers, running_sums


def by_definition(values: np.ndarray, span: int) -> np.ndarray:
    """Σ β^(k−i) x_i / Σ β^(k−i) over the finite x up to each place, term by term."""
    decay = 1 - 1 / span
    result = np.full(len(values), np.nan)
    for end in np.flatnonzero(np.isfinite(values)):
        before = values[: end + 1]
        before = before[np.isfinite(before)]
        weights = decay ** np.arange(len(before) - 1, -1, -1)
        result[end] = (weights * before).sum() / weights.sum()
    return result


@pytest.fixture
def noisy() -> np.ndarray:
    rng = np.random.default_rng(3)
    values = 2.0 * np.exp(-np.arange(300) / 80) + rng.normal(0, 0.1, 300)
    values[[40, 41, 120]] = np.nan, np.inf, -np.inf
    return values


@pytest.mark.parametrize("span", [2, 10, 100])
def test_it_is_the_weighted_mean_of_its_definition(noisy, span):
    np.testing.assert_allclose(Smoother(span).update(noisy), by_definition(noisy, span))


@pytest.mark.parametrize("count", [1, 63, 64, 65, 1000])
@pytest.mark.parametrize("decay", [0.0, 0.8, 0.9995])
def test_sums_are_those_of_scipys_filter(count, decay):
    from scipy.signal import lfilter

    values = np.random.default_rng(count).normal(5, 2, count)
    expected, _ = lfilter([1.0], [1.0, -decay], values, zi=[decay * 3.0])
    np.testing.assert_allclose(running_sums(values, decay, 3.0), expected, rtol=1e-12)


def test_the_start_is_not_drawn_towards_zero():
    assert Smoother(1000).update(np.full(5, 7.0)) == pytest.approx(np.full(5, 7.0))


def test_a_span_of_one_gives_the_values_back(noisy):
    finite = np.isfinite(noisy)
    np.testing.assert_allclose(Smoother(1).update(noisy)[finite], noisy[finite])


def test_following_gives_the_same_as_all_at_once(noisy):
    smoother = Smoother(20)
    for count in (1, 2, 41, 42, 130, 130, 300):
        smoothed = smoother.update(noisy[:count])
        np.testing.assert_allclose(smoothed, by_definition(noisy[:count], 20))


@pytest.mark.parametrize("kept", [0, 1, 60, 300])
def test_another_past_is_not_continued(noisy, kept):
    smoother = Smoother(20)
    smoother.update(noisy)
    other = np.concatenate([noisy[:kept], noisy[kept:] + 1.0])[: max(kept, 250)]
    np.testing.assert_allclose(smoother.update(other), by_definition(other, 20))


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="0 steps"):
        Smoother(0)


def test_runs_do_not_mix_and_are_forgotten(noisy):
    smoothers = Smoothers()
    first = smoothers.smooth("a", "loss", noisy, 10)
    second = smoothers.smooth("b", "loss", noisy * 2, 10)
    np.testing.assert_allclose(second, first * 2)
    np.testing.assert_allclose(smoothers.smooth("a", "loss", noisy, 50), by_definition(noisy, 50))
    smoothers.keep_only({"b"})
    assert smoothers.smooth("b", "loss", noisy * 2, 10) is not None
    np.testing.assert_allclose(smoothers.smooth("a", "loss", noisy[:9], 50)[0], noisy[0])
