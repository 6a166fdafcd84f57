"""What brings samples onto the screen, with an engine that answers when the test says so."""

import pytest
from PySide6.QtCore import QObject, Signal
from support_samples import make_sample, stand_in_hand

from core.data.frame import FrameId
from utnet_viewer.document import Document
from utnet_viewer.loading import Loader


class Engine(QObject):
    """Answers nothing by itself."""

    state_changed = Signal(object)
    prediction_ready = Signal(object, object)
    prediction_failed = Signal(object, str)

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[int, int]] = []

    def request(self, key, _crop_input) -> None:
        self.asked.append(key)

    def prefetch(self, items) -> None:
        pass

    def cached(self, _key) -> None:
        return None


class Index:
    """Three frames; the last one raises something that nobody thought of."""

    name = "three frames"

    def __len__(self) -> int:
        return 3

    def frame_id(self, row: int) -> FrameId:
        return FrameId("MC1", f"{row:04d}")

    def read(self, row: int):
        if row == 2:
            raise ZeroDivisionError("planted")
        return make_sample(row=row).frame


@pytest.fixture
def document(qapp) -> Document:
    return Document(stand_in_hand())


@pytest.fixture
def engine(qapp) -> Engine:
    return Engine()


@pytest.fixture
def loader(document, engine):
    loader = Loader(document, engine, neighbours=lambda row: [])
    document.set_index(Index())
    yield loader
    loader.close()


def open_row(qtbot, document, engine, row: int) -> tuple[int, int]:
    """Select a row, and wait until its prediction was asked for; returns the key."""
    document.select(row)
    qtbot.waitUntil(lambda: bool(engine.asked) and engine.asked[-1][1] == row, timeout=20_000)
    return engine.asked[-1]


def test_an_answer_is_measured_and_shown(loader, document, engine, qtbot):
    key = open_row(qtbot, document, engine, 0)
    engine.prediction_ready.emit(key, make_sample(row=0).prediction)
    qtbot.waitUntil(lambda: document.sample.prediction is not None, timeout=20_000)
    assert document.sample.metrics.pa_mpjpe_mm > 0


def test_an_answer_that_comes_twice_is_shown_once(loader, document, engine, qtbot):
    key = open_row(qtbot, document, engine, 0)
    shown, scored = [], []
    document.sample_changed.connect(shown.append)
    loader.scored.connect(lambda row, *_: scored.append(row))
    engine.prediction_ready.emit(key, make_sample(row=0).prediction)
    engine.prediction_ready.emit(key, make_sample(row=0).prediction)  # before it is measured
    open_row(qtbot, document, engine, 1)
    engine.prediction_ready.emit(key, make_sample(row=0).prediction)
    key = (key[0], 1)
    engine.prediction_ready.emit(key, make_sample(row=1).prediction)
    qtbot.waitUntil(lambda: 1 in scored, timeout=20_000)
    assert sorted(scored) == [0, 1]
    assert [sample.row for sample in shown if sample.prediction is not None] in ([1], [0, 1])


def test_what_another_model_said_is_not_shown_as_this_ones(loader, document, engine, qtbot):
    key = open_row(qtbot, document, engine, 0)
    engine.prediction_ready.emit(key, make_sample(row=0).prediction)
    loader.predict_again()  # while the answer is being measured
    assert engine.asked == [key, key]
    open_row(qtbot, document, engine, 1)
    open_row(qtbot, document, engine, 0)
    assert document.sample.prediction is None


def test_what_nobody_thought_of_is_told_by_the_frames_name(loader, document, qtbot):
    document.select(2)
    qtbot.waitUntil(lambda: document.sample is not None, timeout=20_000)
    assert "MC1/0002" in document.sample.problem and "planted" in document.sample.problem


def test_the_likeliest_next_sample_is_told_when_it_is_complete(document, engine, qtbot):
    loader = Loader(document, engine, neighbours=lambda row: [row + 1, row + 2])
    told = []
    document.neighbour_ready.connect(told.append)
    document.set_index(Index())
    prefetched: list[tuple[int, int]] = []
    engine.prefetch = lambda items: prefetched.extend(key for key, _ in items)
    key = open_row(qtbot, document, engine, 0)
    engine.prediction_ready.emit(key, make_sample(row=0).prediction)
    qtbot.waitUntil(lambda: any(row == 1 for _, row in prefetched), timeout=20_000)
    assert told == []  # read, but not predicted
    engine.prediction_ready.emit((key[0], 1), make_sample(row=1).prediction)
    qtbot.waitUntil(lambda: bool(told), timeout=20_000)
    assert [sample.row for sample in told] == [1]
    assert told[0].metrics is not None and told[0] is loader._cache[1].sample
    loader.close()
