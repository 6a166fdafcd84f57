"""The image panel by mouse and keys: what lands where, what the card says, what keys toggle."""

from dataclasses import replace

import numpy as np
import pointer
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtWidgets import QApplication
from support_samples import make_document, make_sample, show

from core.geometry.crop import CropTransform
from utnet_viewer.document import EngineState, Sample
from utnet_viewer.image import canvas_paint
from utnet_viewer.image.layers import LAYERS
from utnet_viewer.image.panel import ImagePanel
from utnet_viewer.image.view import Fit
from utnet_viewer.theme import DARK, LIGHT, OVER_IMAGERY, Theme

INDEX_TIP = 17


@pytest.fixture
def document():
    return make_document(make_sample(row=3))


@pytest.fixture
def panel(qtbot, document):
    return shown_panel(qtbot, document)


def shown_panel(qtbot, document, palette=DARK) -> ImagePanel:
    panel = ImagePanel(document, Theme(palette))
    qtbot.addWidget(panel)
    panel.resize(720, 600)
    panel.show()
    panel.activateWindow()
    qtbot.waitExposed(panel)
    return panel


def pixels(panel) -> np.ndarray:
    """What the canvas shows, (H, W, 3) RGB."""
    image = panel.canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def without_overlays(panel) -> None:
    for toggle in panel.toggles.values():
        toggle.setChecked(False)


def move_to(panel, canvas_point) -> None:
    pointer.hover(panel.canvas, QPointF(*canvas_point).toPoint())


def wheel(panel, at: QPointF, steps: int) -> None:
    event = QWheelEvent(
        at, panel.canvas.mapToGlobal(at), QPoint(), QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(panel.canvas, event)


# --- pixels and keypoints stay together -------------------------------------------------------


def beacon_sample() -> tuple[Sample, np.ndarray]:
    """A black photo with one lit pixel, on which the predicted index tip lies exactly."""
    sample = make_sample(row=1)
    column, row = np.round(sample.prediction.keypoints_px[INDEX_TIP]).astype(int)
    image = np.zeros_like(sample.frame.image)
    image[row - 1 : row + 2, column - 1 : column + 2] = 255
    keypoints_px = sample.prediction.keypoints_px.copy()
    keypoints_px[INDEX_TIP] = column, row
    prediction = replace(sample.prediction, keypoints_px=keypoints_px)
    frame = replace(sample.frame, image=image, depth_mm=None)
    return replace(sample, frame=frame, prediction=prediction), np.array([column, row])


@pytest.mark.parametrize("mode", ["Frame", "Crop"])
@pytest.mark.parametrize("zoom", [1.0, 3.3])
@pytest.mark.parametrize("rotation_rad", [0.0, 0.4])
def test_a_keypoint_lies_on_its_pixel(panel, document, mode, zoom, rotation_rad):
    sample, _ = beacon_sample()
    crop = sample.prediction.crop
    crop = CropTransform(crop.centre_px, crop.height_px, rotation_rad)
    show(document, replace(sample, prediction=replace(sample.prediction, crop=crop)))
    without_overlays(panel)
    panel.modes.set_value(mode)
    canvas = panel.canvas
    canvas.view.zoom(zoom)
    canvas.view.centre_on(canvas.overlay.prediction_px[INDEX_TIP] + [11.0, -7.0])
    canvas._view_moved()
    light = pixels(panel).astype(float).mean(2)
    if (inset := canvas_paint.overview_place(canvas)) is not None:
        light[: int(inset.bottom()) + 3, : int(inset.right()) + 3] = 0
    light[light < 30] = 0  # the empty canvas beside the picture is not quite black
    rows, columns = np.indices(light.shape)
    seen = np.array([(columns * light).sum(), (rows * light).sum()]) / light.sum() + 0.5
    expected = canvas.view.to_canvas(canvas.overlay.prediction_px[INDEX_TIP])
    np.testing.assert_allclose(seen, expected, atol=0.35 * max(1.0, canvas.view.scale / 3))


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=["dark", "light"])
def test_marks_over_imagery_wear_the_dark_themes_colours_in_both_themes(qtbot, document, palette):
    panel = shown_panel(qtbot, document, palette)
    x, y = panel.canvas.view.to_canvas(panel.canvas.overlay.truth_px[20]).astype(int)
    expected = OVER_IMAGERY.colour("pinky").toTuple()[:3]
    assert np.abs(pixels(panel)[y, x].astype(int) - expected).max() < 12


# --- hovering -------------------------------------------------------------------------------


def test_hovering_a_joint_tells_all_about_it(panel, document):
    canvas, sample = panel.canvas, document.sample
    move_to(panel, canvas.view.to_canvas(canvas.overlay.truth_px[INDEX_TIP]))
    assert document.hovered_joint == INDEX_TIP
    card, _, _ = canvas.card()
    rows = dict(card.rows)
    x, y = sample.frame.camera.project(sample.frame.hand.joints_mm[INDEX_TIP])
    assert card.title == "index tip"
    assert rows["ground truth"] == f"{x:.1f}, {y:.1f} px"
    u, v = sample.prediction.keypoints_px[INDEX_TIP]
    assert rows["prediction"] == f"{u:.1f}, {v:.1f} px"
    crop = sample.prediction.crop
    left = crop.centre_px[0] - crop.height_px * 0.375
    top = crop.centre_px[1] - crop.height_px / 2
    norm = (x - left) / (crop.height_px * 0.75) - 0.5, (y - top) / crop.height_px - 0.5
    expected = ", ".join(f"{value:+.3f}".replace("-", "−") for value in norm)
    assert rows["normalised GT"] == expected
    metrics = sample.metrics
    assert rows["error, wrist-aligned"] == (
        f"{metrics.keypoint_errors_px[INDEX_TIP]:.1f} px   "
        f"{metrics.joint_errors_mm[INDEX_TIP]:.1f} mm"
    )
    assert rows["after Procrustes"] == f"{metrics.pa_joint_errors_mm[INDEX_TIP]:.1f} mm"


def test_over_the_crop_the_card_speaks_in_crop_pixels(panel, document):
    panel.modes.set_value("Crop")
    document.hover(INDEX_TIP)
    rows = dict(panel.canvas.card()[0].rows)
    x, y = (document.sample.prediction.keypoints_norm[INDEX_TIP] + 0.5) * (192, 256)
    assert rows["prediction"] == f"{x:.1f}, {y:.1f} crop px"
    scale = document.sample.prediction.crop.scale
    pixels_off = document.sample.metrics.keypoint_errors_px[INDEX_TIP] * scale
    assert rows["error, wrist-aligned"].startswith(f"{pixels_off:.1f} crop px")


def test_the_card_leaves_the_hand_free(panel, document):
    canvas = panel.canvas
    for joint in range(21):
        document.hover(joint)
        _, place, _ = canvas.card()
        points = canvas.view.to_canvas(canvas.overlay.hand_points_px)
        assert not any(place.contains(QPointF(x, y)) for x, y in points), joint


def test_the_wrists_error_is_the_one_in_space(panel, document):
    document.hover(0)
    rows = dict(panel.canvas.card()[0].rows)
    assert rows["error, in space"].endswith(f"{document.sample.metrics.wrist_error_mm:.1f} mm")


def test_leaving_and_empty_places_hover_nothing(panel, document):
    canvas = panel.canvas
    move_to(panel, canvas.view.to_canvas(canvas.overlay.truth_px[8]))
    assert document.hovered_joint == 8
    move_to(panel, (15, canvas.height() - 40))
    assert document.hovered_joint == -1 and canvas.card() is None


def test_a_hidden_layers_joints_cannot_be_hovered(panel, document):
    canvas = panel.canvas
    at = QPointF(*canvas.view.to_canvas(canvas.overlay.truth_px[INDEX_TIP]))
    assert canvas.joint_at(at) == INDEX_TIP
    panel.toggles["truth"].setChecked(False)
    panel.toggles["prediction"].setChecked(False)
    assert canvas.joint_at(at) == -1


def test_joints_can_be_walked_by_key(panel, document, qtbot):
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Period)
    assert document.hovered_joint == 0
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Period)
    assert document.hovered_joint == 1
    for expected in (0, -1, 20):
        qtbot.keyClick(panel.canvas, Qt.Key.Key_Comma)
        assert document.hovered_joint == expected


def test_a_joint_hovered_elsewhere_is_marked_here(panel, document):
    before = pixels(panel)
    document.hover(12)
    assert (pixels(panel) != before).any()


# --- layers, modes, opacity -------------------------------------------------------------------


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_every_layer_has_a_key_that_shows_and_hides_it(panel, qtbot, layer):
    before = pixels(panel)
    toggle = panel.toggles[layer.name]
    qtbot.keyClick(panel.canvas, layer.key.lower())
    assert toggle.isChecked() is not layer.is_on
    assert (pixels(panel) != before).any()
    qtbot.keyClick(panel.canvas, layer.key.lower())
    assert toggle.isChecked() is layer.is_on
    np.testing.assert_array_equal(pixels(panel), before)


def test_keys_belong_to_one_action_each(panel):
    keys = [key.toString() for action in panel.actions() for key in action.shortcuts()]
    assert len(keys) == len(set(keys))
    taken = {"Left", "Right", "Home", "End", "Space", "Ctrl+G", "N", "B", "F5", "?", "Ctrl+O"}
    assert not taken & set(keys)
    assert not any(key.isdigit() or key.startswith("Shift+") for key in keys)


def test_f_walks_through_frame_crop_and_depth(panel, qtbot):
    seen = []
    for _ in range(3):
        qtbot.keyClick(panel.canvas, Qt.Key.Key_F)
        seen.append((panel.modes.value, panel.canvas.picture.size))
    assert seen == [("Crop", (192, 256)), ("Depth", (640, 480)), ("Frame", (640, 480))]


def test_depth_is_said_under_the_pointer(panel, document):
    panel.modes.set_value("Depth")
    canvas = panel.canvas
    canvas.toggle_fit()
    move_to(panel, canvas.view.to_canvas([600, 40]))
    depth_mm = document.sample.frame.depth_mm[40, 600]
    assert canvas_paint.pixel_readout(canvas) == f"{depth_mm:.0f} mm"
    move_to(panel, canvas.view.to_canvas([80, 130]))
    assert canvas_paint.pixel_readout(canvas) == "no depth"
    panel.modes.set_value("Frame")
    assert canvas_paint.pixel_readout(canvas) == "80, 130 px · no depth"


def test_a_frame_without_depth_offers_no_depth(panel, document, qtbot):
    show(document, make_sample(row=4, with_depth=False))
    panel.modes.set_value("Crop")
    qtbot.keyClick(panel.canvas, Qt.Key.Key_F)
    assert panel.modes.value == "Frame"


def test_opacity_fades_the_overlays(panel, qtbot):
    full = pixels(panel)
    without_overlays(panel)
    bare = pixels(panel).astype(float)
    for toggle in ("truth", "prediction", "links", "crop_box"):
        panel.toggles[toggle].setChecked(True)
    for _ in range(5):
        qtbot.keyClick(panel.canvas, Qt.Key.Key_BracketLeft)
    assert panel.legend.opacity.value() == 50
    half = pixels(panel)
    assert 0 < np.abs(half - bare).sum() < 0.8 * np.abs(full - bare).sum()


# --- zoom and pan ------------------------------------------------------------------------------


def test_the_wheel_zooms_about_the_pointer(panel):
    canvas, at = panel.canvas, QPointF(200, 300)
    before = canvas.view.to_picture((200, 300))
    wheel(panel, at, 3)
    np.testing.assert_allclose(canvas.view.to_picture((200, 300)), before, atol=1e-6)
    assert panel.legend.zoom.text() == f"×{canvas.view.scale:.1f}"
    assert canvas.view.scale > 1.9 * canvas.view.fit_scale


def test_it_begins_with_the_hand_and_an_overview(panel):
    canvas = panel.canvas
    crop = canvas.view.to_canvas(canvas.overlay.crop_px)
    height = crop[:, 1].max() - crop[:, 1].min()
    assert 0.8 * canvas.height() < height < canvas.height()
    assert canvas_paint.overview_place(canvas) is not None


def test_stepping_keeps_the_hand_in_sight(panel, document):
    for seed in range(1, 5):
        show(document, make_sample(row=seed, seed=seed))
        canvas = panel.canvas
        hand = canvas.view.to_canvas(canvas.overlay.truth_px)
        assert (hand >= 0).all() and (hand <= [canvas.width(), canvas.height()]).all()


def test_dragging_pans_and_double_clicks_fit_the_hand_or_all(panel, qtbot):
    canvas = panel.canvas
    wheel(panel, QPointF(300, 250), 4)
    offset = canvas.view.offset.copy()
    left = Qt.MouseButton.LeftButton
    pointer.drag(canvas, QPoint(400, 300), QPoint(430, 280))
    np.testing.assert_allclose(canvas.view.offset - offset, [30, -20])
    qtbot.mouseDClick(canvas, left, pos=QPoint(400, 300))
    assert canvas.view.fit is Fit.HAND
    qtbot.mouseDClick(canvas, left, pos=QPoint(400, 300))
    assert canvas.view.fit is Fit.WHOLE and panel.legend.zoom.text().startswith("fit")
    assert canvas.view.shows_all()


def test_zoom_keys(panel, qtbot):
    view = panel.canvas.view
    fitted = view.scale
    qtbot.keyClick(panel.canvas, "+")
    assert view.scale == pytest.approx(fitted * 1.25)
    qtbot.keyClick(panel.canvas, "-")
    assert view.scale == pytest.approx(fitted)
    assert not view.is_fit
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Z)
    assert view.is_fit


def test_the_zoom_outlives_a_step_and_each_mode_has_its_own(panel, document):
    wheel(panel, QPointF(300, 250), 4)
    scale, offset = panel.canvas.view.scale, panel.canvas.view.offset.copy()
    show(document, make_sample(row=4, seed=1))
    assert panel.canvas.view.scale == scale
    np.testing.assert_array_equal(panel.canvas.view.offset, offset)
    panel.modes.set_value("Crop")
    assert panel.canvas.view.is_fit
    panel.modes.set_value("Depth")
    assert panel.canvas.view.scale == scale


def test_the_overview_appears_when_zoomed_and_jumps(panel, qtbot):
    canvas = panel.canvas
    qtbot.keyClick(canvas, Qt.Key.Key_Z)
    assert canvas_paint.overview_place(canvas) is None
    wheel(panel, QPointF(300, 250), 6)
    place = canvas_paint.overview_place(canvas)
    at = QPointF(place.x() + place.width() * 0.75, place.y() + place.height() * 0.25).toPoint()
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at)
    middle = canvas.view.to_picture((canvas.width() / 2, canvas.height() / 2))
    np.testing.assert_allclose(middle, [480, 120], atol=4)


# --- what is missing -----------------------------------------------------------------------------


def test_an_evaluation_frame_says_what_it_does_not_know(panel, document):
    show(document, make_sample(row=5, evaluation=True))
    document.hover(4)
    card, _, _ = panel.canvas.card()
    assert card.title == "middle MCP · not labelled"
    assert dict(card.rows)["ground truth"] == "—" and dict(card.rows)["error"] == "—"
    pixels(panel)


def test_problems_are_tagged_and_told_in_full(panel, document):
    sample = make_sample(
        row=5, with_depth=False, problems=("depth/MC1/0005.png is cut off after 812 bytes",)
    )
    show(document, sample)
    pixels(panel)
    ((_, note),) = panel.canvas.note_places
    assert note.text == "missing: depth"
    assert "812 bytes" in note.details


def test_an_unreadable_frame_and_its_reason(panel, document):
    show(document, Sample(row=6, problem="rgb/MC1/0006.jpg is empty. Copy it again."))
    message = canvas_message(panel)
    assert message.is_fault and "rgb/MC1/0006.jpg" in message.detail
    assert panel.canvas.picture is None
    document.hover(3)
    pixels(panel)


def canvas_message(panel):
    from utnet_viewer.image.states import message_for

    return message_for(panel.canvas.document, panel.canvas.sample)


def test_while_the_next_frame_loads_the_last_one_stays_a_moment(panel, document, qtbot):
    before = panel.canvas.picture
    show(document, Sample(row=7))
    assert panel.canvas.picture is before
    qtbot.waitUntil(lambda: panel.canvas.picture is None, timeout=2000)
    assert canvas_message(panel).title == "Loading…"
    show(document, make_sample(row=7))
    assert panel.canvas.picture is not None


def test_an_awaited_prediction_is_mentioned_when_it_takes_its_time(panel, document, qtbot):
    document.set_engine(EngineState(phase="ready", model="demo"))
    show(document, make_sample(row=8, with_prediction=False))
    assert panel.canvas.notes == []
    qtbot.waitUntil(lambda: len(panel.canvas.notes) == 1, timeout=2000)
    assert panel.canvas.notes[0].text == "awaiting prediction"
    document.set_engine(EngineState(phase="dead", note="The engine was killed (signal 9)."))
    assert panel.canvas.notes[0].text == "engine stopped"
    assert "signal 9" in panel.canvas.notes[0].details
    show(document, make_sample(row=8))
    assert panel.canvas.notes == []


def test_no_dataset_says_how_to_open_one(qtbot):
    document = make_document()
    document.set_index(None)
    panel = shown_panel(qtbot, document)
    assert "Ctrl+O" in canvas_message(panel).detail
    pixels(panel)


@pytest.mark.parametrize("shape", [(1, 1), (2160, 3840)])
def test_pictures_of_any_size(panel, document, shape):
    sample = make_sample(row=9, with_prediction=False)
    image = np.random.default_rng(0).integers(0, 255, (*shape, 3), dtype=np.uint8)
    show(document, replace(sample, frame=replace(sample.frame, image=image, depth_mm=None)))
    for mode in ("Frame", "Crop"):
        panel.modes.set_value(mode)
        wheel(panel, QPointF(100, 100), 2)
        assert pixels(panel).std() > 0


def test_nan_joints_do_not_hurt(panel, document):
    sample = make_sample(row=2)
    joints_mm = sample.frame.hand.joints_mm.copy()
    joints_mm[[3, 9]] = np.nan
    frame = replace(sample.frame, hand=replace(sample.frame.hand, joints_mm=joints_mm))
    keypoints_px = np.full((21, 2), np.nan)
    prediction = replace(sample.prediction, keypoints_px=keypoints_px)
    show(document, replace(sample, frame=frame, prediction=prediction))
    for toggle in panel.toggles.values():
        toggle.setChecked(True)
    for joint in (3, 9, 17):
        document.hover(joint)
        pixels(panel)
    assert panel.canvas.joint_at(QPointF(10, 10)) == -1


def test_view_layers_and_opacity_outlive_the_window(qtbot, panel, document):
    panel.modes.set_value("Crop")
    panel.toggles["outline"].setChecked(True)
    panel.toggles["truth"].setChecked(False)
    panel.legend.opacity.setValue(40)
    next_panel = shown_panel(qtbot, document)
    next_panel.restore_state(panel.save_state())
    assert next_panel.save_state() == panel.save_state()
    assert next_panel.canvas.mode == "Crop" and next_panel.canvas.opacity == 0.4
    assert "outline" in next_panel.canvas.shown_layers
    assert "truth" not in next_panel.canvas.shown_layers


@pytest.mark.parametrize("state", ["", "[]", '{"view": "Sideways"}', "null", '{"view": "Frame"}'])
def test_a_state_that_is_none_is_refused(panel, state):
    with pytest.raises(ValueError):
        panel.restore_state(state)
