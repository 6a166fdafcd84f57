"""Pictures that are taken along: what is in them lies where the numbers say."""

import base64
import re
from xml.etree import ElementTree

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QImage
from support_samples import make_document, make_sample

from utnet_viewer.image.paint import JOINT_COLOURS
from utnet_viewer.image.panel import ImagePanel
from utnet_viewer.mesh.panel import MeshPanel
from utnet_viewer.readouts.panel import ReadoutsPanel
from utnet_viewer.taking.files import painted, png, svg
from utnet_viewer.taking.views import View, view_of
from utnet_viewer.theme import DARK, LIGHT, PANEL_HEADER, Theme
from utnet_viewer.widgets.panel import Panel
from utnet_viewer.widgets.plot import AXIS_HEIGHT, QuietPlot

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def sample():
    return make_sample(seed=3)


def shown(qtbot, kind, sample, palette=DARK, size=(680, 560)):
    panel = kind(make_document(sample), Theme(palette))
    qtbot.addWidget(panel)
    panel.resize(*size)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def expected_places(panel, points_px) -> np.ndarray:
    """Where photo pixels (n, 2) lie in the picture, in points: zoomed, under the legend."""
    view = panel.canvas.view
    return (points_px + 0.5) * view.scale + view.offset + [0, panel.legend.marks.height()]


def rgb(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(int)


@pytest.mark.parametrize("pixels", [1, 2])
def test_joints_in_a_png_lie_where_the_camera_projects_them(qtbot, sample, pixels):
    panel = shown(qtbot, ImagePanel, sample)
    panel.toggles["prediction"].setChecked(False)
    panel.toggles["links"].setChecked(False)
    content = png(painted(view_of(panel), pixels=pixels), title="a hand")
    image = QImage.fromData(content, "PNG")
    assert image.width() == 680 * pixels
    assert image.text("Title") == "a hand"

    joints_px = sample.frame.camera.project(sample.truth.joints_mm)
    hits = lambda shift: count_hits(rgb(image), expected_places(panel, joints_px) + shift, pixels)
    assert hits(0) >= 20  # one may lie under another
    assert hits(9) <= 4  # so much beside, there is something else


def count_hits(picture: np.ndarray, places: np.ndarray, pixels: int) -> int:
    """How many joints' colours are found at places (21, 2), in points."""
    columns, rows = (places * pixels).astype(int).T
    colours = np.array([QColor(colour).getRgb()[:3] for colour in JOINT_COLOURS])
    return int((np.abs(picture[rows, columns] - colours).max(1) < 30).sum())


def test_joints_in_an_svg_are_circles_at_their_exact_places(qtbot, sample):
    panel = shown(qtbot, ImagePanel, sample)
    tree = ElementTree.fromstring(svg(view_of(panel), title="a hand"))
    assert tree.find(f"{SVG}title").text == "a hand"
    marks = [place for place, radius in circles(tree) if radius == 4 and place[1] > 26]
    expected = expected_places(panel, sample.frame.camera.project(sample.truth.joints_mm))
    assert len(marks) == 21
    for place in expected:
        assert np.abs(np.array(marks) - place).sum(1).min() < 0.02
    assert not has_hidden_joint(sample)


def has_hidden_joint(sample) -> bool:
    """Those would be rings, not filled circles."""
    depth_mm = sample.frame.depth_mm
    px = sample.frame.camera.project(sample.truth.joints_mm).round().astype(int)
    return bool((sample.truth.joints_mm[:, 2] - depth_mm[px[:, 1], px[:, 0]] > 60).any())


def circles(tree) -> list[tuple[tuple[float, float], float]]:
    """Places and radii of all circles, moved as their groups say."""
    found = []
    for group in tree.iter(f"{SVG}g"):
        move = group.get("transform", "matrix(1,0,0,1,0,0)")[7:-1].split(",")
        assert move[:4] == ["1", "0", "0", "1"]
        for circle in group.findall(f"{SVG}circle"):
            x, y = float(circle.get("cx")), float(circle.get("cy"))
            found.append(((x + float(move[4]), y + float(move[5])), float(circle.get("r"))))
    return found


def test_the_photo_in_an_svg_is_the_part_that_is_seen(qtbot, sample):
    panel = shown(qtbot, ImagePanel, sample)
    panel.canvas.zoom(6)
    tree = ElementTree.fromstring(svg(view_of(panel), title=""))
    (image,) = tree.iter(f"{SVG}image")
    x1, _, x2, _ = panel.canvas.view.visible_edges()
    assert x2 - x1 < 320  # half of the photo is not seen
    data = QImage.fromData(base64.b64decode(href(image).partition(",")[2]))
    assert data.width() == int(np.ceil(x2) - np.floor(x1))
    assert float(image.get("width")) == pytest.approx(
        data.width() * panel.canvas.view.scale, abs=1e-2
    )


def href(image) -> str:
    return image.get("{http://www.w3.org/1999/xlink}href")


def test_texts_in_an_svg_stay_texts_and_say_how_wide_they_are(qtbot, sample):
    panel = shown(qtbot, ReadoutsPanel, sample, size=(1100, 300))
    tree = ElementTree.fromstring(svg(view_of(panel), title=""))
    texts = {text.text: text for text in tree.iter(f"{SVG}text")}
    shown_mm = f"{sample.metrics.pa_mpjpe_mm:.1f}"
    assert shown_mm in texts
    assert float(texts[shown_mm].get("textLength")) > 15
    assert texts[shown_mm].get("font-family").startswith("Inter, ")
    assert "Readouts" in texts  # the panel's title


def test_the_hand_of_the_mesh_view_is_in_its_picture(qtbot, sample):
    panel = shown(qtbot, MeshPanel, sample, LIGHT, (400, 340))
    qtbot.waitUntil(lambda: panel.view.is_ready, timeout=30_000)
    view = view_of(panel)
    for pixels in (1, 2):
        list(view.prepare(pixels))
        picture = rgb(painted(view, pixels=pixels))
        vertices_mm = panel.view.scene.prediction.vertices_mm
        screen = panel.view.camera.project(vertices_mm, 400, panel.view.height())
        columns, rows = (screen[:, :2] * pixels).astype(int).T
        colours = picture[rows + panel.legend.height() * pixels, columns]
        # Skin is warm: redder than blue. The light ground is grey.
        assert ((colours[:, 0] - colours[:, 2]) > 12).mean() > 0.8
        ground = picture[-40 * pixels :, : 150 * pixels]
        assert ((ground[..., 0] - ground[..., 2]) > 12).mean() < 0.02
    panel.shut_down()


def test_nothing_is_taken_of_a_mesh_view_that_cannot_draw_yet(qtbot, sample, monkeypatch):
    panel = shown(qtbot, MeshPanel, sample)
    monkeypatch.setattr(panel.view, "is_ready", False)
    with pytest.raises(ValueError, match="Open3D is still being loaded"):
        list(view_of(panel).prepare(1))
    panel.shut_down()


def test_a_chart_is_shapes_and_texts_without_a_picture(qtbot):
    plot = QuietPlot(axis_width=40)
    plot.restyle(DARK)
    curve = pg.PlotCurveItem([0, 1, 2], [0, 5, 1], pen=pg.mkPen("#6FA8F5", width=2))
    plot.addItem(curve)
    plot.setXRange(0.5, 2)
    plot.setYRange(0, 5)
    panel = Panel("Loss", Theme(DARK))
    panel.set_subtitle("by step")
    panel.set_body(plot)
    qtbot.addWidget(panel)
    panel.resize(400, 300)
    panel.show()
    qtbot.waitExposed(panel)
    tree = ElementTree.fromstring(svg(view_of(panel), title=""))
    texts = [text.text for text in tree.iter(f"{SVG}text")]
    assert {"Loss", "by step", "1.5"} <= set(texts)  # the last is a number of the lower axis
    assert not list(tree.iter(f"{SVG}image"))
    assert any(group.get("stroke") == "#6fa8f5" for group in tree.iter(f"{SVG}g"))
    # The curve begins left of the axis; it is cut off where its numbers are, below the title.
    left, top, right, bottom = cut_around(tree, "#6fa8f5")
    assert (left, right) == pytest.approx((40, 400), abs=1.5)
    assert (top, bottom) == pytest.approx((PANEL_HEADER + 2, 300 - AXIS_HEIGHT), abs=2)


def cut_around(tree, colour: str) -> tuple[float, float, float, float]:
    """What is left of the drawing where a colour is drawn: left, top, right, bottom."""
    paths = {
        clip.get("id"): [float(n) for n in re.findall(r"-?[\d.]+", clip[0].get("d"))]
        for clip in tree.iter(f"{SVG}clipPath")
    }
    boxes = []
    for group in tree.iter(f"{SVG}g"):
        clip = re.fullmatch(r"url\(#(.*)\)", group.get("clip-path", ""))
        if clip and any(inner.get("stroke") == colour for inner in group.iter(f"{SVG}g")):
            x, y = paths[clip[1]][::2], paths[clip[1]][1::2]
            boxes.append((min(x), min(y), max(x), max(y)))
    low, high = np.array(boxes)[:, :2].max(0), np.array(boxes)[:, 2:].min(0)
    return (*low.tolist(), *high.tolist())


def test_a_painter_is_ended_where_painting_fails(qtbot):
    def fail(_painter, _pixels):
        raise ValueError("nothing to paint")

    with pytest.raises(ValueError, match="nothing to paint"):
        painted(View("broken", lambda: QSize(10, 10), fail))
