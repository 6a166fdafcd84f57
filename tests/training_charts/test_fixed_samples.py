"""The fixed samples: which columns are shown, what is painted, the large picture, keys, mouse."""

import cv2
import numpy as np
import pointer
import pytest
from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.events import SampleEvent
from core.training.run_history import RunState, RunView
from utnet_viewer.style import load_fonts
from utnet_viewer.theme import DARK, OVER_IMAGERY, Theme
from utnet_viewer.training.fixed_samples import LEAST_WIDTH, FixedSamplesPanel
from utnet_viewer.training.sample_history import Moment, SampleHistory, chosen_columns
from utnet_viewer.training.sample_paint import error_text, on_picture, paint_thumbnail
from utnet_viewer.training.sample_preview import place_beside

WAIT_MS = 20_000
NAMES = ("SYN/2", "SYN/0", "SYN/1")
TRUTH = np.stack([np.linspace(40, 150, 21), np.linspace(60, 200, 21)], 1)


def sample(name: str, step: int, epoch: int, error_px: float = 9.0, **more) -> SampleEvent:
    fields = {
        "keypoints_px": tuple(map(tuple, TRUTH + error_px)),
        "truth_px": tuple(map(tuple, TRUTH)),
        "error_px": error_px,
        "file": f"samples/{name.replace('/', '-')}.png",
    }
    return SampleEvent(frame_id=name, step=step, epoch=epoch, **(fields | more))


def history(count: int, names=NAMES) -> tuple[SampleEvent, ...]:
    """The samples at the start and after `count` - 1 epochs of 100 steps, errors falling."""
    return tuple(sample(n, 100 * e, e, error_px=40.0 - e) for e in range(count) for n in names)


@pytest.fixture
def run(tmp_path):
    """A run's folder with its pictures; gives views of it."""
    (tmp_path / "samples").mkdir()
    for number, name in enumerate(NAMES):
        picture = np.full((256, 192, 3), 60 + 40 * number, np.uint8)
        cv2.imwrite(str(tmp_path / "samples" / f"{name.replace('/', '-')}.png"), picture)

    def view(samples: tuple[SampleEvent, ...]) -> RunView:
        return RunView(tmp_path, RunState.RUNNING, samples=samples)

    return view


@pytest.fixture
def panel(qtbot) -> FixedSamplesPanel:
    """In a window with room beside it for the large picture."""
    load_fonts()
    window, panel = QWidget(), FixedSamplesPanel(Theme(DARK))
    layout = QVBoxLayout(window)
    layout.setContentsMargins(0, 0, 300, 200)
    layout.addWidget(panel)
    panel.window_ = window  # it keeps it
    qtbot.addWidget(window)
    window.resize(920, 480)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT_MS)
    return panel


# --- which columns ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "room", "columns"),
    [
        (0, 5, []),
        (1, 5, [0]),
        (5, 5, [0, 1, 2, 3, 4]),
        (15, 6, [0, 1, 2, 4, 7, 14]),
        (1000, 5, [0, 1, 10, 100, 999]),
        (9, 8, [0, 1, 2, 3, 4, 5, 6, 8]),
        (9, 1, [8]),
        (9, 2, [0, 8]),
    ],
)
def test_columns_are_start_and_end_and_between_them_ever_further_apart(count, room, columns):
    chosen = chosen_columns(count, room)
    assert len(chosen) == min(count, room) == len(set(chosen))
    assert chosen == sorted(chosen)
    if count > room > 1:
        assert chosen[0] == 0 and chosen[-1] == count - 1
        gaps = np.diff(chosen)
        assert (np.diff(gaps) >= -1).all()
    assert chosen == columns


def test_rows_keep_the_order_of_their_first_appearance():
    events = history(3)
    shuffled = (*events[:3], *reversed(events[3:]))
    table = SampleHistory.of(shuffled)
    assert table.frame_ids == NAMES
    assert table.moments == (Moment(0, 0), Moment(100, 1), Moment(200, 2))
    assert table.event("SYN/1", Moment(200, 2)).error_px == 38.0
    assert table.titles() == ["start", "epoch 1", "epoch 2"]


def test_several_validations_an_epoch_are_named_by_their_steps():
    events = tuple(sample("a", step, epoch) for step, epoch in ((50, 0), (1200, 1), (1250, 1)))
    assert SampleHistory.of(events).titles() == ["step 50", "step 1,200", "step 1,250"]


# --- painting ---------------------------------------------------------------------------------


def test_keypoints_stand_where_they_are_in_the_crop():
    place = QRectF(10, 20, 96, 128)  # half the size
    corners = np.array([[-0.5, -0.5], [191.5, 255.5], [95.5, 127.5]])
    np.testing.assert_allclose(on_picture(corners, place), [[10, 20], [106, 148], [58, 84]])


def painted(event: SampleEvent) -> np.ndarray:
    image = QImage(192, 256, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    paint_thumbnail(painter, event, None, QRectF(0, 0, 192, 256))
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(256, 192, 4)
    return pixels[..., 2::-1].astype(int)


def test_truth_is_white_and_the_prediction_coloured(qtbot):
    load_fonts()
    pixels = painted(sample("a", 0, 0, error_px=30.0))
    fingertip_bone = (TRUTH[19] + TRUTH[12]) / 2 + 30 + 0.5  # ring finger of the prediction
    around = pixels[
        int(fingertip_bone[1]) - 6 : int(fingertip_bone[1]) + 7,
        int(fingertip_bone[0]) - 6 : int(fingertip_bone[0]) + 7,
    ].reshape(-1, 3)
    colours = [
        tuple(int(getattr(OVER_IMAGERY, f)[i : i + 2], 16) for i in (1, 3, 5))
        for f in ("thumb", "index", "middle", "ring", "pinky")
    ]
    near = min(np.abs(around - colour).sum(1).min() for colour in colours)
    assert near < 60
    whole = pixels.reshape(-1, 3)
    assert (whole.min(1) > 200).any()  # white: the truth
    without = painted(sample("a", 0, 0, truth_px=(), error_px=float("nan"), keypoints_px=()))
    assert not (without[:200].reshape(-1, 3).min(1) > 200).any()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"error_px": 16.34}, "16.3 px"),
        ({"error_px": float("nan")}, "not finite"),
        ({"error_px": float("nan"), "truth_px": ()}, "no label"),
    ],
)
def test_the_corner_says_the_error_or_why_there_is_none(qtbot, fields, words):
    load_fonts()
    event = sample("a", 0, 0, **fields)
    assert error_text(event) == words
    assert painted(event).shape == (256, 192, 3)


def test_keypoints_that_are_not_finite_leave_their_bones_out(qtbot):
    load_fonts()
    nowhere = tuple((float("nan"), float("nan")) for _ in range(21))
    painted(sample("a", 0, 0, keypoints_px=nowhere, error_px=float("nan")))


# --- the panel --------------------------------------------------------------------------------


def test_it_fits_as_many_columns_as_are_readable(panel, run, qtbot):
    panel.show_run(run(history(40)))
    table = panel.table
    for width in (240, 400, 700, 900):
        panel.window_.resize(width + 300, 480)
        qtbot.waitUntil(lambda w=width: abs(panel.width() - w) < 2, timeout=WAIT_MS)
        assert table.place((0, 0)).width() >= LEAST_WIDTH
        last = table.place((0, len(table.columns) - 1))
        assert last.right() < table.viewport().width()
        assert last.right() + last.width() + 6 > table.viewport().width() - 24
        assert table.titles()[0] == "start" or len(table.columns) == 1
        assert table.titles()[-1] == "epoch 39"


def test_what_is_new_comes_last_and_the_order_stays(panel, run):
    panel.show_run(run(history(2)))
    assert panel.table.titles() == ["start", "epoch 1"]
    assert panel.table.current == (0, 1)
    panel.show_run(run(history(3)))
    assert panel.table.titles() == ["start", "epoch 1", "epoch 2"]
    assert panel.table.current == (0, 2)  # who looks at the newest goes on doing so
    assert panel.table.history.frame_ids == NAMES


def test_pictures_are_read_between_other_things(panel, run, qtbot):
    panel.show_run(run(history(2)))
    table = panel.table
    path = run(()).path
    assert table.pictures.image(path, "samples/SYN-0.png") is None
    qtbot.waitUntil(
        lambda: table.pictures.image(path, "samples/SYN-0.png") is not None, timeout=WAIT_MS
    )
    place = table.place((0, 0)).center()
    qtbot.waitUntil(
        lambda: table.viewport().grab().toImage().pixelColor(place.x(), 24).red() == 60,
        timeout=WAIT_MS,
    )


@pytest.mark.parametrize(
    "file", ["samples/none.png", "samples/../secret.png", "/etc/passwd", "other/SYN-0.png"]
)
def test_pictures_outside_the_runs_samples_are_not_read(panel, run, qtbot, file):
    path = run(()).path
    cv2.imwrite(str(path / "secret.png"), np.zeros((8, 8, 3), np.uint8))
    (path / "other").mkdir()
    cv2.imwrite(str(path / "other" / "SYN-0.png"), np.zeros((8, 8, 3), np.uint8))
    panel.show_run(run((sample("a", 0, 0, file=file),)))
    pictures = panel.table.pictures
    pictures.image(path, file)
    qtbot.waitUntil(lambda: pictures.is_missing(path, file), timeout=WAIT_MS)
    assert pictures.scaled(path, file, QSize(10, 10), 1.0) is None


def test_a_damaged_picture_is_no_picture(panel, run, qtbot):
    path = run(()).path
    (path / "samples" / "SYN-0.png").write_bytes(b"\x89PNG\r\n\x1a\n but no more")
    panel.show_run(run(history(2)))
    pictures = panel.table.pictures
    qtbot.waitUntil(lambda: pictures.is_missing(path, "samples/SYN-0.png"), timeout=WAIT_MS)
    assert not panel.grab().isNull()


def test_keys_move_enter_opens_and_escape_closes(panel, run, qtbot):
    panel.show_run(run(history(3)))
    table = panel.table
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_Down)
    qtbot.keyClick(table, Qt.Key.Key_Left)
    assert table.current == (1, 1)
    assert table.accessibleDescription() == "SYN/0, epoch 1: 39.0 px"
    qtbot.keyClick(table, Qt.Key.Key_Return)
    shown = table.preview.event_shown
    assert (shown.frame_id, shown.epoch) == ("SYN/0", 1)
    qtbot.keyClick(table, Qt.Key.Key_Right)
    assert table.preview.event_shown.epoch == 2
    assert not table.preview.grab().isNull()
    qtbot.keyClick(table, Qt.Key.Key_Escape)
    assert table.preview.event_shown is None
    qtbot.keyClick(table, Qt.Key.Key_Return)
    qtbot.keyClick(table, Qt.Key.Key_Return)
    assert table.preview.event_shown is None


def test_keys_scroll_to_rows_out_of_sight(panel, run, qtbot):
    names = tuple(f"SYN/{n}" for n in range(9))
    panel.show_run(run(history(2, names)))
    table = panel.table
    for _ in range(8):
        qtbot.keyClick(table, Qt.Key.Key_Down)
    assert table.current[0] == 8
    assert table.place((8, 0)).bottom() <= table.viewport().height()
    for _ in range(8):
        qtbot.keyClick(table, Qt.Key.Key_Up)
    assert table.place((0, 0)).top() >= 20


def test_hovering_shows_the_large_picture_until_the_pointer_leaves(panel, run, qtbot):
    panel.show_run(run(history(3)))
    table = panel.table

    def is_shown() -> bool:
        # A pointer trembles: one that is told late that it left, by a window that an earlier test
        # closed, comes again.
        pointer.hover(table.viewport(), table.place((0, 0)).center())
        return table.preview.event_shown is not None

    qtbot.waitUntil(is_shown, timeout=WAIT_MS)
    assert table.preview.event_shown.epoch == 0
    pointer.hover(table.viewport(), table.place((0, 1)).center())
    assert table.preview.event_shown.epoch == 1  # at once, while one is open
    thumbnail = table.place((0, 1))
    thumbnail.moveTopLeft(table.viewport().mapTo(panel.window_, thumbnail.topLeft()))
    assert not table.preview.geometry().intersects(thumbnail)
    pointer.hover(table.viewport(), QPoint(table.viewport().width() - 2, 2))
    assert table.preview.event_shown is None


def test_a_hidden_panel_takes_its_large_picture_along(panel, run):
    panel.show_run(run(history(3)))
    panel.table.open_preview((0, 0))
    assert panel.table.preview.isVisible()
    panel.hide()
    assert not panel.table.preview.isVisible()


@pytest.mark.parametrize(
    "thumbnail",
    [QRect(10, 600, 95, 126), QRect(1800, 20, 95, 126), QRect(900, 500, 95, 126)],
)
def test_the_large_picture_stands_beside_its_thumbnail_inside_the_window(thumbnail):
    room = QRect(0, 0, 1920, 1080)
    place = place_beside(thumbnail, room)
    assert room.contains(place) and not place.intersects(thumbnail)
    assert place.width() >= 192 * 1.9


def test_empty_states_are_words(panel, run):
    panel.show_run(None)
    assert not panel.grab().isNull() and panel.table.columns == []
    panel.show_run(run(()))
    assert panel.table.columns == [] and "validation" in panel.table.accessibleDescription()
    panel.show_run(run(history(1)))
    assert panel.table.titles() == ["start"]
