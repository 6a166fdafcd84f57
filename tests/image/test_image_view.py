"""Where the picture lies: fit, zoom about a point, pan."""

import numpy as np
import pytest

from utnet_viewer.image.view import MAX_SCALE, View


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
