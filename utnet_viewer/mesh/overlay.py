"""Everything drawn by Qt around and over the surfaces, at the hand: grid, bones, box, ruler."""

from functools import lru_cache

import cv2
import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QImage,
    QLinearGradient,
    QPainter,
    QPen,
    QPixmap,
    QPolygonF,
    QRadialGradient,
)

from core.conventions import BONES, FINGER_OF_JOINT, JOINT_COUNT
from utnet_viewer.mesh.orbit_camera import OrbitCamera
from utnet_viewer.mesh.renderer import Raster
from utnet_viewer.mesh.scene import GROUND_STEP_MM
from utnet_viewer.mesh.shading import rgb
from utnet_viewer.mesh.stage import Stage
from utnet_viewer.theme import OVER_IMAGERY, SIZE_BODY, ui_font
from utnet_viewer.widgets.painters import is_vector

#: Squares from the middle of the ground to its edge.
GRID_REACH = 14
_FADES = 5
#: Dashes of a prediction, in pen widths.
DASHES = [2.4, 1.7]
#: Corners of HO-3D's boxes differ in one bit where an edge joins them.
BOX_EDGES = tuple((a, a | bit) for a in range(8) for bit in (1, 2, 4) if not a & bit)


def paint_backdrop(painter: QPainter, stage: Stage) -> None:
    """Background and ground; painted anew only when the camera or the size changes."""
    if is_vector(painter):
        size = (stage.width, stage.height)
        _paint_plain_background(painter, *size, stage.is_dark)
        _paint_grid(painter, stage.camera, size, stage.ground_mm, is_dark=stage.is_dark)
        return
    ratio = painter.device().devicePixelRatioF()
    size = (stage.width, stage.height)
    backdrop = _backdrop(stage.camera, size, stage.ground_mm, stage.is_dark, ratio)
    painter.drawPixmap(0, 0, backdrop)


@lru_cache(maxsize=2)
def _backdrop(
    camera: OrbitCamera,
    size: tuple[int, int],
    ground_mm: tuple[float, float, float],
    is_dark: bool,
    ratio: float,
) -> QPixmap:
    picture = QPixmap(round(size[0] * ratio), round(size[1] * ratio))
    picture.setDevicePixelRatio(ratio)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.drawPixmap(0, 0, _background(*size, is_dark))
    _paint_grid(painter, camera, size, ground_mm, is_dark=is_dark)
    painter.end()
    return picture


#: Background by theme: at the top, at the bottom, and the light behind the hand.
_DARK_GROUND, _LIGHT_GROUND = ("#16181D", "#121418", "#262A32"), ("#FAFBFC", "#DDE0E6", "#FFFFFF")


def _paint_plain_background(painter: QPainter, width: int, height: int, is_dark: bool) -> None:
    """As `_background`, as two gradients."""
    top, bottom, glow = _DARK_GROUND if is_dark else _LIGHT_GROUND
    fall = QLinearGradient(0, 0, 0, height)
    fall.setColorAt(0, QColor(top))
    fall.setColorAt(1, QColor(bottom))
    painter.fillRect(0, 0, width, height, fall)
    shine = QRadialGradient(width / 2, 0.45 * height, 0.62 * max(width, height))
    for stop, alpha in ((0, 0.75 if is_dark else 0.6), (1, 0.0)):
        colour = QColor(glow)
        colour.setAlphaF(alpha)
        shine.setColorAt(stop, colour)
    painter.fillRect(0, 0, width, height, shine)


@lru_cache(maxsize=4)
def _background(width: int, height: int, is_dark: bool) -> QPixmap:
    """A quiet gradient with a little light behind the hand."""
    top, bottom, glow = _DARK_GROUND if is_dark else _LIGHT_GROUND
    y, x = np.mgrid[0.5:height, 0.5:width].astype(np.float32)
    fall = (y / height)[..., None]
    distance = np.hypot(x - width / 2, y - 0.45 * height) / (0.62 * max(width, height))
    shine = (np.clip(1 - distance, 0, 1) * (0.75 if is_dark else 0.6))[..., None]
    colours = rgb(top) * (1 - fall) + rgb(bottom) * fall
    colours = (colours * (1 - shine) + rgb(glow) * shine) * 255
    colours += np.random.default_rng(0).random((height, width, 1), np.float32)  # against banding
    pixels = np.full((height, width, 4), 255, np.uint8)
    pixels[..., :3] = np.clip(colours, 0, 255)
    image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBX8888)
    return QPixmap.fromImage(image)


def _paint_grid(
    painter: QPainter,
    camera: OrbitCamera,
    size: tuple[int, int],
    ground_mm: tuple[float, float, float],
    *,
    is_dark: bool,
) -> None:
    """Squares of 20 mm that fade in rings: every line is cut where it fades."""
    across_mm, floor_mm, away_mm = ground_mm
    colour, strongest = ("#FFFFFF", 0.15) if is_dark else ("#20304A", 0.17)
    tilt = abs(camera.rotation[2, 1])
    strongest *= min(1.0, tilt / 0.3) ** 2  # seen edge on, the lines would pile up
    line = np.arange(-GRID_REACH, GRID_REACH + 1)
    for ring in range(_FADES):
        inner, outer = (
            np.sqrt(np.maximum((GRID_REACH * edge / _FADES) ** 2 - line**2, 0))
            for edge in (ring, ring + 1)
        )
        along = np.concatenate([np.stack([inner, outer], 1), np.stack([-inner, -outer], 1)])
        across = np.tile(line[:, None], (2, 2))
        is_there = np.abs(along[:, 1]) > 0
        along, across = along[is_there], across[is_there]
        x = np.concatenate([along, across]) * GROUND_STEP_MM + across_mm
        z = np.concatenate([across, along]) * GROUND_STEP_MM + away_mm
        ground = np.stack([x, np.full_like(x, floor_mm), z], axis=-1)
        screen = camera.project(ground, *size)[..., :2]
        ends = screen[np.isfinite(screen).all((1, 2))].reshape(-1, 4)
        faded = QColor(colour)
        faded.setAlphaF(strongest * (1 - ring / _FADES))
        painter.setPen(QPen(faded, 1))
        painter.drawLines([QLineF(*end) for end in ends.tolist()])


def _paint_raster(painter: QPainter, stage: Stage, raster: Raster) -> None:
    left, top, right, bottom = raster.box
    if right <= left or bottom <= top:
        return
    # In the order of bytes that Qt mixes and enlarges fastest.
    bgra = cv2.cvtColor(raster.image[top:bottom, left:right], cv2.COLOR_RGBA2BGRA)
    width, height = right - left, bottom - top
    form = QImage.Format.Format_ARGB32_Premultiplied
    picture = QImage(bgra.data, width, height, 4 * width, form)
    x, y = stage.width / raster.width, stage.height / raster.height
    place = QRectF(left * x, top * y, width * x, height * y)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(place, picture)


def paint_surfaces(painter: QPainter, stage: Stage) -> None:
    """The ghost's fill, the shaded surface, and the ghost's outline over both."""
    front, behind = stage.picture.front, stage.picture.behind
    for raster in (behind, front):
        if raster is not None:
            _paint_raster(painter, stage, raster)
    if behind is None:
        return
    scale = (stage.width / behind.width, stage.height / behind.height)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor("#F4F6FA" if stage.is_dark else "#1A1E26"), 1.5))
    for outline in stage.picture.outlines:
        corners = (outline * scale).tolist()
        painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in corners]))


def paint_wire(painter: QPainter, stage: Stage, vertices_mm: np.ndarray, edges: np.ndarray) -> None:
    """The hand's own edges (E, 2) where they are not hidden by the drawn surface."""
    screen = stage.project(vertices_mm)
    ends = screen[edges]
    middle = ends.mean(1)
    visible = np.isfinite(ends).all((1, 2))
    front = stage.picture.front
    if front is not None:
        depth_mm, scale = front.depth_mm, front.width / stage.width
        pixels = np.nan_to_num(middle[:, :2] * scale, nan=-1).astype(int)
        x, y = np.clip(pixels.T, 0, [[depth_mm.shape[1] - 1], [depth_mm.shape[0] - 1]])
        visible &= middle[:, 2] < depth_mm[y, x] + 2.5
    colour = QColor("#FFFFFF" if stage.is_dark and not stage.layers.mesh else "#0E1013")
    colour.setAlphaF(0.42)
    painter.setPen(QPen(colour, 0.8))
    painter.drawLines([QLineF(*end) for end in ends[visible][:, :, :2].reshape(-1, 4).tolist()])


def finger_colour(joint: int) -> QColor:
    """Colour of a joint over imagery; the wrist is white."""
    finger = FINGER_OF_JOINT.get(joint)
    return QColor("#FFFFFF") if finger is None else OVER_IMAGERY.colour(finger)


def paint_skeletons(painter: QPainter, stage: Stage) -> None:
    """Truth solid with discs, prediction dashed with diamonds, thin links between them."""
    scene = stage.scene
    truth = None if scene.truth is None else stage.project(scene.truth.joints_mm)
    prediction = None if scene.prediction is None else stage.project(scene.prediction.joints_mm)
    if truth is not None and prediction is not None:
        painter.setPen(QPen(QColor(255, 255, 255, 190), 1.1))
        for a, b in zip(truth, prediction, strict=True):
            if np.isfinite([*a, *b]).all():
                painter.drawLine(QPointF(a[0], a[1]), QPointF(b[0], b[1]))
    if truth is not None:
        _paint_bones(painter, truth, width=2.6, dashed=False)
    if prediction is not None:
        _paint_bones(painter, prediction, width=2.0, dashed=True)
    for screen, paint_joint in ((truth, _paint_disc), (prediction, _paint_diamond)):
        if screen is not None:
            for joint in np.argsort(-screen[:, 2]):
                if np.isfinite(screen[joint, 0]):
                    paint_joint(painter, QPointF(*screen[joint, :2]), finger_colour(int(joint)))


def _paint_bones(painter: QPainter, screen: np.ndarray, *, width: float, dashed: bool) -> None:
    casing = QPen(QColor(14, 16, 19, 150), width + 1.8)
    casing.setCapStyle(Qt.PenCapStyle.FlatCap)
    if dashed:  # in units of the pen's own width
        casing.setDashPattern([length * width / casing.widthF() for length in DASHES])
    for is_casing in (True, False):
        for parent, child in BONES:
            ends = screen[[parent, child], :2]
            if not np.isfinite(ends).all():
                continue
            pen = casing
            if not is_casing:
                pen = QPen(finger_colour(child), width)
                pen.setCapStyle(Qt.PenCapStyle.FlatCap)
                if dashed:
                    pen.setDashPattern(DASHES)
            painter.setPen(pen)
            painter.drawLine(QPointF(*ends[0]), QPointF(*ends[1]))


def _paint_disc(painter: QPainter, centre: QPointF, colour: QColor) -> None:
    painter.setPen(QPen(QColor("#0E1013"), 1.2))
    painter.setBrush(colour)
    painter.drawEllipse(centre, 4, 4)


def _paint_diamond(painter: QPainter, centre: QPointF, colour: QColor) -> None:
    corners = [QPointF(0, -4.6), QPointF(4.6, 0), QPointF(0, 4.6), QPointF(-4.6, 0)]
    diamond = QPolygonF([centre + corner for corner in corners])
    painter.setBrush(QColor("#0E1013"))
    painter.setPen(QPen(QColor("#0E1013"), 3.2))
    painter.drawPolygon(diamond)
    painter.setPen(QPen(colour, 1.5))
    painter.drawPolygon(diamond)


def paint_object_box(painter: QPainter, stage: Stage) -> None:
    """The held object's box."""
    corners_mm = stage.scene.object_corners_mm()
    if corners_mm is None:
        return
    screen = stage.project(corners_mm)
    colour = QColor("#FFFFFF" if stage.is_dark else "#171A20")
    colour.setAlphaF(0.55)
    painter.setPen(QPen(colour, 1.2))
    for a, b in BOX_EDGES:
        if np.isfinite(screen[[a, b]]).all():
            painter.drawLine(QPointF(*screen[a, :2]), QPointF(*screen[b, :2]))


def paint_ring(painter: QPainter, centre: QPointF, *, radius: float = 6.0) -> None:
    """Marks what is under the pointer, here or in another panel."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor("#0E1013"), 3.4))
    painter.drawEllipse(centre, radius, radius)
    painter.setPen(QPen(QColor("#FFFFFF"), 1.6))
    painter.drawEllipse(centre, radius, radius)


def paint_hovered_joint(painter: QPainter, stage: Stage, joint: int) -> None:
    """A ring on the joint of both hands."""
    if not 0 <= joint < JOINT_COUNT:
        return
    for hand in (stage.scene.truth, stage.scene.prediction):
        centre = None if hand is None else stage.point(hand.joints_mm[joint])
        if centre is not None:
            paint_ring(painter, centre)


def paint_ruler(painter: QPainter, stage: Stage, points_mm: list[np.ndarray]) -> None:
    """One end, or a line with end caps and its length in mm on a dark tag."""
    ends = [stage.point(point) for point in points_mm]
    if any(end is None for end in ends) or not ends:
        return
    if len(ends) == 1:
        paint_ring(painter, ends[0], radius=4)
        return
    line = QLineF(*ends)
    normal = QPointF(-line.dy(), line.dx()) / max(line.length(), 1e-6) * 5
    strokes = [line, *(QLineF(end - normal, end + normal) for end in ends)]
    for colour, width in ((QColor(14, 16, 19, 170), 3.6), (QColor("#FFFFFF"), 1.5)):
        painter.setPen(QPen(colour, width))
        painter.drawLines(strokes)
    length_mm = float(np.linalg.norm(points_mm[1] - points_mm[0]))
    paint_tag(painter, line.center(), f"{length_mm:.1f} mm")


def paint_tag(painter: QPainter, centre: QPointF, text: str) -> None:
    """White words on a dark rounded tag."""
    font = ui_font(SIZE_BODY, 600)
    width = QFontMetricsF(font).horizontalAdvance(text) + 16
    area = QRectF(centre.x() - width / 2, centre.y() - 12, width, 24)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(14, 16, 19, 235))
    painter.drawRoundedRect(area, 5, 5)
    painter.setFont(font)
    painter.setPen(QColor("#FFFFFF"))
    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)
