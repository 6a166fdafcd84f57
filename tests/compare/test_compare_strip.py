"""Gains and losses as thumbnails: what is read, what is in view, what keys and clicks do."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from support_compare import made_up, write_evaluation
from support_samples import make_sample, stand_in_hand

from core.evaluation.columns import FrameState
from core.evaluation.store import Evaluation
from utnet_viewer.compare.pair_reader import PairReader
from utnet_viewer.compare.pairs import read_pair, read_thumbnail
from utnet_viewer.compare.strip import PairStrip, StripItem

COUNT = 9


class Index:
    """Nine frames, made once; row 5 cannot be read."""

    name = "made up"

    def __init__(self) -> None:
        self.frame = make_sample().frame
        self.read_rows: list[int] = []

    def __len__(self) -> int:
        return COUNT

    def read(self, row: int):
        self.read_rows.append(row)
        if row == 5:
            raise OSError("0005.png: damaged")
        return self.frame


@pytest.fixture(scope="module")
def pair(tmp_path_factory) -> tuple[Evaluation, Evaluation]:
    """Both predict the labelled hand, B 3 mm to the side; A has not come to row 8 yet."""
    root, frame = tmp_path_factory.mktemp("pair"), make_sample().frame
    made = []
    for seed, off_mm in ((1, 0.0), (2, 3.0)):
        columns = made_up(COUNT, seed=seed)
        for part in ("global_orient_rad", "hand_pose_rad", "betas", "wrist_mm"):
            columns[part][:] = getattr(frame.hand.mano, part)
        columns["wrist_mm"] += np.float32([off_mm, 0, 0])
        joints_mm = frame.hand.joints_mm + [off_mm, 0, 0]
        columns["joints_mm"][:] = joints_mm
        columns["keypoints_px"][:] = frame.camera.project(joints_mm)
        crop = frame.crop()
        columns["crop"][:] = (*crop.centre_px, crop.height_px, 0.0)
        states = np.full(COUNT, FrameState.MEASURED)
        states[8:] = FrameState.PENDING if seed == 1 else FrameState.MEASURED
        made.append(write_evaluation(root, f"model {seed}", columns, states=states))
    return tuple(made)


def test_a_pair_is_posed_and_measured_from_the_store(pair):
    index = Index()
    found = read_pair(index, 3, pair, stand_in_hand())
    frame = index.frame
    assert found.first.metrics.mpjpe_mm == pytest.approx(0, abs=1e-3)
    assert found.second.metrics.wrist_error_mm == pytest.approx(3, abs=1e-3)
    assert found.first.truth is found.second.truth and found.first.frame is frame
    mesh = stand_in_hand().pose(frame.hand.mano)
    assert np.allclose(found.first.prediction.vertices_mm, mesh.vertices_mm, atol=1e-3)


def test_what_cannot_be_shown_says_why(pair):
    index = Index()
    broken = read_pair(index, 5, pair, stand_in_hand())
    assert broken.first.frame is None and broken.first.problem == "0005.png: damaged"
    assert read_thumbnail(index, 5, pair, stand_in_hand()).problem == "0005.png: damaged"
    half = read_pair(index, 8, pair, stand_in_hand())
    assert half.second.prediction is not None and half.first.prediction is None
    assert half.first.problem == "model 1 has no prediction for this frame: not evaluated yet"
    assert read_thumbnail(index, 8, pair, stand_in_hand()).predictions_px[0] is None


def test_a_thumbnail_has_both_predictions_in_pixels_of_the_crop(pair):
    index = Index()
    found = read_thumbnail(index, 0, pair, stand_in_hand())
    crop, camera = index.frame.crop(), index.frame.camera
    truth_px = crop.keypoints(camera.project(index.frame.hand.joints_mm))
    assert np.allclose(found.truth_px, truth_px)
    assert np.allclose(found.predictions_px[0], truth_px, atol=0.01)
    moved = crop.keypoints(camera.project(index.frame.hand.joints_mm + [3, 0, 0]))
    assert np.allclose(found.predictions_px[1], moved, atol=0.01)


@pytest.fixture
def reader(qapp, pair):
    reader = PairReader()
    reader.use(Index(), pair, stand_in_hand())
    yield reader
    reader.close()


def test_the_newest_wish_is_read_first_and_nothing_twice(reader, qtbot):
    index = reader._index
    reader.want_thumbnails("gains", [0, 1, 2])
    reader.want_thumbnails("losses", [7])
    reader.want_pairs([6, 4])
    qtbot.waitUntil(lambda: reader.pair(4) is not None and not reader.is_busy)
    assert index.read_rows[0] == 0 and index.read_rows[1:3] == [6, 4]
    qtbot.waitUntil(lambda: not reader.is_busy and reader.thumbnail(7) is not None)
    reader.want_thumbnails("gains", [2, 1])
    reader.want_pairs([6])
    assert not reader.is_busy and sorted(index.read_rows) == [0, 1, 2, 4, 6, 7]


def test_answers_of_another_dataset_are_dropped(reader, pair, qtbot):
    heard = []
    reader.thumbnail_ready.connect(heard.append)
    reader.want_thumbnails("gains", [0])
    reader.use(Index(), pair, stand_in_hand())
    reader.want_thumbnails("gains", [1])
    qtbot.waitUntil(lambda: reader.thumbnail(1) is not None)
    assert [thumbnail.row for thumbnail in heard] == [1] and reader.thumbnail(0) is None


@pytest.fixture
def strip(qtbot, theme, reader) -> PairStrip:
    strip = PairStrip(theme, reader, name="Biggest gains", token="accent_text")
    qtbot.addWidget(strip)
    strip.resize(620, 200)
    strip.show()
    items = [StripItem(row, f"A/{row}", "9 mm", "1 mm", "−8 mm") for row in (4, 2, 0, 1, 3, 6)]
    strip.show_items(items)
    qtbot.waitUntil(lambda: reader.thumbnail(6) is not None)
    return strip


def test_keys_step_and_what_is_stepped_to_comes_into_view(strip):
    assert strip.count_in_view == 3
    went, opened = [], []
    strip.current_changed.connect(went.append)
    strip.opened.connect(opened.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_End, Qt.Key.Key_Left):
        QTest.keyClick(strip, key)
    assert went == [4, 2, 6, 3] and strip.first == 3
    QTest.keyClick(strip, Qt.Key.Key_Home)
    assert strip.first == 0
    QTest.keyClick(strip, Qt.Key.Key_Return)
    assert opened == [4]
    assert strip.accessibleDescription() == "A/4: A 9 mm, B 1 mm, −8 mm"


def test_a_click_opens_the_pair_under_it_and_pages_turn(strip):
    opened = []
    strip.opened.connect(opened.append)
    strip.turn(1)
    assert strip.first == 3
    strip.turn(1)
    assert strip.first == 3  # the last page
    centre = strip.place(4).center().toPoint()
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=centre)
    assert opened == [3] and strip.current == 4


def test_thumbnails_are_painted_and_a_list_without_frames_is_words(strip):
    picture = strip.grab().toImage()
    inside = strip.place(0).topLeft() + QPointF(20, 60)
    colour = picture.pixelColor(inside.toPoint())
    strip.show_items([], empty="B is better on no frame.")
    assert strip.grab().toImage().pixelColor(inside.toPoint()) != colour
    strip.step(1)
    assert strip.current == -1
