"""``python -m utnet_viewer.taking``: renders one order, read from stdin, without a screen.

``utnet render`` starts it; see `core.cli.render`. It says what it does in lines of JSON and ends
when its stdin closes: whoever asked is gone then.
"""

import json
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from os import _exit
from pathlib import Path

import cv2
import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from core.cli.render_order import RenderOrder
from core.data.frame import FrameId
from core.data.frame_index import FrameIndex
from core.data.opening import open_dataset
from core.hand.hand_model import HandModel
from core.hand.mano_file import load_hand_model
from utnet_viewer.crash_log import log_qt_messages
from utnet_viewer.document import Sample
from utnet_viewer.reading import load, with_prediction
from utnet_viewer.stepping import FRAME_RATE
from utnet_viewer.style import apply_theme, load_fonts
from utnet_viewer.taking.files import SVG_PIXELS, painted, png, svg
from utnet_viewer.taking.film import Film
from utnet_viewer.taking.predicting import (
    EnginePredictions,
    Predictions,
    StoredPredictions,
    stored,
)
from utnet_viewer.taking.studio import Studio


def render(order: RenderOrder, predictions: Predictions | None = None) -> None:
    """Render an order; raises ValueError or OSError with what is wrong.

    `predictions` come from an evaluation or the engine where they are not given.
    """
    hand_model = load_hand_model(Path(order.hand_model) if order.hand_model else None)
    index = open_dataset(
        Path(order.dataset),
        order.split or None,
        hand_model=hand_model,
        allow_missing_list=order.without_list,
    )
    rows = _rows(order, index)
    studio = Studio(order, index, hand_model)
    apply_theme(QApplication.instance(), studio.theme)
    predictions = predictions or _predictions(order, index, hand_model)
    samples = _samples(rows, index, hand_model, predictions)
    try:
        if order.frame:
            _picture(order, studio, next(samples))
        else:
            _film(order, studio, samples, len(rows))
    finally:
        predictions.close()
        studio.close()


def _rows(order: RenderOrder, index: FrameIndex) -> np.ndarray:
    if order.frame:
        try:
            return np.array([index.row_of(FrameId(order.sequence, order.frame))])
        except KeyError as error:
            raise ValueError(str(error.args[0])) from error
    if order.sequence not in index.sequences:
        names = ", ".join(index.sequence_names[:8])
        raise ValueError(
            f"{index.name} has no sequence {order.sequence!r}; there are {names}"
            + (f" and {len(index.sequence_names) - 8:,} more" * (len(index.sequence_names) > 8))
        )
    return index.sequences[order.sequence]


def _predictions(order: RenderOrder, index: FrameIndex, hand_model: HandModel) -> Predictions:
    evaluation = stored(order, index, hand_model)
    if evaluation is not None:
        say({"event": "note", "text": f"predictions of the evaluation {evaluation.folder.name}"})
        return StoredPredictions(evaluation, hand_model)
    return EnginePredictions(order)


def _samples(
    rows: np.ndarray, index: FrameIndex, hand_model: HandModel, predictions: Predictions
) -> Iterator[Sample]:
    """The samples with their predictions, as the window shows them."""
    for row in rows.tolist():
        loaded = load(index, row, hand_model)
        sample = loaded.sample
        if loaded.crop_input is not None:
            try:
                sample = with_prediction(sample, predictions.predict(loaded))
            except ValueError as error:
                sample = replace(sample, problem=str(error))
        yield sample


def _picture(order: RenderOrder, studio: Studio, sample: Sample) -> None:
    if sample.problem:
        raise ValueError(sample.problem)
    studio.show(sample)
    view, title = studio.view(), str(sample.frame.frame_id)
    is_svg = order.out.lower().endswith(".svg")
    for _ in view.prepare(SVG_PIXELS if is_svg else order.pixels):
        pass
    if is_svg:
        content = svg(view, title=title)
    else:
        content = png(painted(view, pixels=order.pixels), title=title)
    Path(order.out).write_bytes(content)


def _film(order: RenderOrder, studio: Studio, samples: Iterator[Sample], total: int) -> None:
    """Frames that cannot be read or predicted stay in it, with the reason; they are counted."""
    film, missing = None, 0
    began = time.monotonic()
    say({"event": "started", "total": total, "done": 0})
    try:
        for done, sample in enumerate(samples, start=1):
            missing += bool(sample.problem)
            studio.show(sample)
            view = studio.view()
            for _ in view.prepare(order.pixels):
                pass
            image = painted(view, pixels=order.pixels)
            if film is None:
                size = {"width": image.width(), "height": image.height()}
                film = Film(Path(order.out), **size, fps=order.fps or FRAME_RATE)
            film.add(image)
            rate = done / (time.monotonic() - began)
            eta_s = (total - done) / rate
            progress = {"done": done, "total": total, "rate": rate, "eta_s": eta_s}
            say({"event": "progress", **progress})
        film.end()
    except BaseException:
        if film is not None:
            film.drop()
        raise
    if missing:
        text = f"{missing:,} of {total:,} frames have no prediction; they say why"
        say({"event": "note", "text": text})


def say(line: dict[str, object]) -> None:
    """Tell whoever started this."""
    print(json.dumps(line), flush=True)


def main() -> int:
    """Render what stdin asks for; returns the exit status."""
    cv2.setNumThreads(1)
    order = RenderOrder.from_json(sys.stdin.readline())
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    log_qt_messages()
    application = QApplication(sys.argv[:1])
    application.setStyle("Fusion")
    load_fonts()
    status = 0
    try:
        render(order)
    except (OSError, ValueError, MemoryError) as error:
        say({"event": "failed", "why": str(error)})
        status = 2
    QTimer.singleShot(0, application.quit)
    application.exec()  # the engine ends with the application
    return status


def _end_with_stdin() -> None:
    """Nobody waits for the file any more: end at once, whatever is being done."""
    sys.stdin.read()
    _exit(1)


if __name__ == "__main__":
    raise SystemExit(main())
