"""Where the picture lies: fit, zoom about a point, pan."""

import numpy as np
import pytest

from utnet_viewer.image.view import MAX_SCALE, Fit, View


@pytest.fixture
def view() -> View:
    view = View()
    view.set_canvas(800, 600)
    view.set_picture(640, 480)
    return view


def test_a_fitted_picture_fills_the_canvas(view):
    assert view.scale == pytest.approx(1.25)
    # The outer edges of the outer pixels, half a pixel outside their centres.
    np.testing.assert_allclose(view.to_canvas([-0.5, -0.5]), [0, 0], atol=1e-9)
    np.testing.assert_allclose(view.to_canvas([639.5, 479.5]), [800, 600], atol=1e-9)
    assert view.is_fit and view.shows_all()


def test_there_and_back_again(view):
    view.zoom(3.7, (123, 456))
    points = np.random.default_rng(0).uniform(-50, 700, (20, 2))
    np.testing.assert_allclose(view.to_picture(view.to_canvas(points)), points, atol=1e-9)


def test_zoom_keeps_what_is_under_the_pointer(view):
    before = view.to_picture([250, 380])
    view.zoom(1.8, (250, 380))
    np.testing.assert_allclose(view.to_picture([250, 380]), before, atol=1e-9)
    assert view.scale == pytest.approx(1.25 * 1.8)
    assert not view.is_fit and not view.shows_all()


def test_zoom_has_limits(view):
    for _ in range(100):
        view.zoom(1.5)
    assert view.scale == MAX_SCALE
    for _ in range(100):
        view.zoom(0.5)
    assert view.scale == pytest.approx(view.fit_scale / 2)


def test_the_picture_cannot_be_dragged_out_of_sight(view):
    view.zoom(2.0)
    view.pan(1e6, -1e6)
    x1, y1, x2, y2 = view.visible_edges()
    assert x2 > x1 and y2 > y1
    np.testing.assert_allclose(view.to_picture([400, 300]), [-0.5, 479.5], atol=1e-6)


def test_a_fitted_view_goes_on_fitting_and_a_zoomed_one_keeps_its_middle(view):
    view.set_canvas(400, 600)
    assert view.scale == pytest.approx(400 / 640)
    view.zoom(4.0)
    middle = view.to_picture([200, 300])
    view.set_canvas(900, 500)
    np.testing.assert_allclose(view.to_picture([450, 250]), middle, atol=1e-9)
    assert view.scale == pytest.approx(400 / 640 * 4)


def test_only_another_size_of_picture_resets_the_zoom(view):
    view.zoom(2.0)
    view.set_picture(640, 480)
    assert view.scale == pytest.approx(2.5)
    view.set_picture(320, 240)
    assert view.is_fit and view.scale == pytest.approx(2.5)
    view.set_picture(1, 1)
    assert view.scale == pytest.approx(600)


def test_centre_on_brings_a_point_to_the_middle(view):
    view.zoom(4.0)
    view.centre_on(np.array([100.0, 200.0]))
    np.testing.assert_allclose(view.to_canvas([100.0, 200.0]), [400, 300], atol=1e-9)


# --- fitting the hand ------------------------------------------------------------------------


def around(x: float, y: float, width: float = 120.0, height: float = 160.0) -> np.ndarray:
    """Corners of a box about (x, y)."""
    half = np.array([width, height]) / 2
    return np.array([[x, y] - half, [x, y] + half])


def test_the_hand_fills_most_of_the_canvas_in_its_middle(view):
    view.set_hand(around(300, 250))
    low, high = view.to_canvas(around(300, 250))
    assert view.fit is Fit.HAND
    assert 0.85 * 600 < high[1] - low[1] < 600
    np.testing.assert_allclose((low + high) / 2, [400, 300], atol=1)


def test_without_a_hand_the_whole_picture_is_fitted(view):
    view.set_hand(around(300, 250))
    view.set_hand(None)
    assert view.fit is Fit.WHOLE and view.shows_all()
    view.set_hand(np.full((4, 2), np.nan))
    assert view.fit is Fit.WHOLE and view.shows_all()


def test_small_movements_of_the_hand_leave_the_view_alone(view):
    view.set_hand(around(300, 250))
    scale, offset = view.scale, view.offset.copy()
    view.set_hand(around(303, 248, 116, 156))
    assert view.scale == scale
    np.testing.assert_array_equal(view.offset, offset)


def test_a_hand_that_moves_on_pushes_the_view_along_no_faster_than_itself(view):
    view.set_hand(around(300, 250))
    for x in range(304, 460, 4):
        before = view.offset.copy()
        view.set_hand(around(x, 250))
        assert np.abs(view.offset - before).max() <= 4 * view.scale + 1e-6
    low, high = view.to_canvas(around(456, 250))
    assert high[0] == pytest.approx(800 * 0.96)  # pushed along by its margin
    assert low[0] > 0


def test_a_hand_that_comes_nearer_is_shrunk_gradually(view):
    view.set_hand(around(300, 250))
    scales = []
    for height in range(160, 330, 10):
        view.set_hand(around(300, 250, height * 0.75, height))
        scales.append(view.scale)
        low, high = view.to_canvas(around(300, 250, height * 0.75, height))
        assert (low >= -1).all() and (high <= [801, 601]).all()
    steps = np.diff(np.log(scales))
    assert (steps <= 0).all() and np.abs(steps).max() < 0.09


def test_another_size_of_hand_is_fitted_anew(view):
    view.set_hand(around(300, 250))
    near = view.scale
    view.set_hand(around(300, 250, width=60, height=80))
    assert view.scale == pytest.approx(2 * near)


def test_a_hand_far_away_is_jumped_to(view):
    view.set_hand(around(100, 100))
    view.set_hand(around(500, 350))
    np.testing.assert_allclose(view.to_canvas(np.array([500.0, 350.0])), [400, 300], atol=1)


def test_no_empty_border_beside_a_hand_at_the_edge(view):
    view.set_hand(around(20, 470))
    x1, y1, x2, y2 = view.visible_edges()
    assert (x1, y2) == (0, 480)
    assert (x2 - x1) * view.scale == pytest.approx(800)
    assert (y2 - y1) * view.scale == pytest.approx(600)


def test_a_hand_larger_than_the_picture_is_the_whole_picture(view):
    view.set_hand(around(320, 240, 2000, 2000))
    assert view.scale == pytest.approx(view.fit_scale) and view.shows_all()


def test_an_own_zoom_is_kept_whatever_the_hand_does(view):
    view.set_hand(around(300, 250))
    view.zoom(1.5, (100, 100))
    scale, offset = view.scale, view.offset.copy()
    view.set_hand(around(500, 350))
    assert view.fit is Fit.OWN and view.scale == scale
    np.testing.assert_array_equal(view.offset, offset)


def test_fits_are_toggled(view):
    view.set_hand(around(300, 250))
    near = view.scale
    view.toggle_fit()
    assert view.fit is Fit.WHOLE and view.shows_all()
    view.set_hand(around(310, 250))
    assert view.shows_all()  # the whole picture stays whole
    view.toggle_fit()
    assert view.fit is Fit.HAND and view.scale == pytest.approx(near)
    view.pan(10, 10)
    view.toggle_fit()
    assert view.fit is Fit.HAND


def test_a_resized_canvas_fits_the_hand_again(view):
    view.set_hand(around(300, 250))
    view.set_canvas(400, 300)
    low, high = view.to_canvas(around(300, 250))
    assert 0.85 * 300 < high[1] - low[1] < 300
