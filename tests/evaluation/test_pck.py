"""PCK curves and their areas against counting and scikit-free integration."""

import numpy as np
import pytest

from core.evaluation.pck import THRESHOLDS_MM, area_under_pck, areas_under_pck, pck

ERRORS = np.random.default_rng(0).gamma(3.0, 6.0, (40, 21))


def test_the_curve_counts_errors_up_to_and_including_each_threshold():
    errors = np.append(ERRORS.ravel(), THRESHOLDS_MM)  # some on the thresholds themselves
    counted = [sum(error <= threshold for error in errors) for threshold in THRESHOLDS_MM]
    np.testing.assert_allclose(pck(errors), np.array(counted) / len(errors))


def test_the_area_is_that_under_the_counted_curve():
    counted = [(threshold >= ERRORS).mean() for threshold in THRESHOLDS_MM]
    area = np.trapezoid(counted, THRESHOLDS_MM) / 50
    assert area_under_pck(ERRORS) == pytest.approx(area, abs=1e-12)
    # A linear curve: the area of a fine grid is the mean share that is left.
    assert area == pytest.approx((1 - ERRORS / 50).clip(0).mean(), abs=0.006)


def test_areas_of_frames_average_to_the_area_of_all():
    assert areas_under_pck(ERRORS).mean(1).mean() == pytest.approx(area_under_pck(ERRORS))
    np.testing.assert_allclose(
        areas_under_pck(ERRORS).mean(1), [area_under_pck(frame) for frame in ERRORS]
    )


def test_errors_that_are_not_known_are_left_out():
    holes = ERRORS.copy()
    holes[::3] = np.nan
    known = np.delete(ERRORS, slice(None, None, 3), axis=0)
    assert area_under_pck(holes) == pytest.approx(area_under_pck(known))
    np.testing.assert_allclose(pck(holes), pck(known))
    assert np.isnan(areas_under_pck(holes)[0]).all()
    assert np.isnan(area_under_pck(np.full(3, np.nan))) and np.isnan(pck(np.full(3, np.nan))).all()


def test_errors_beyond_the_last_threshold_count_as_wrong():
    assert areas_under_pck(np.array([0.0, 50.0, 50.1, np.inf])).tolist() == [
        1.0,
        pytest.approx(0.5 / 99),
        0.0,
        pytest.approx(np.nan, nan_ok=True),
    ]
