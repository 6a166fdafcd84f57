"""Predictions without a window: of an evaluation where there is one, else of the engine."""

from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QEventLoop, QObject

from core.cli.render_order import RenderOrder
from core.data.frame_index import FrameIndex
from core.evaluation.identity import identify
from core.evaluation.prediction import Prediction
from core.evaluation.store import Evaluation, open_evaluation
from core.hand.hand_model import HandModel
from utnet_viewer.processes.engine_client import EngineClient
from utnet_viewer.reading import Loaded


class Predictions(Protocol):
    """Where predictions come from."""

    def predict(self, loaded: Loaded) -> Prediction:
        """Of a sample that has a crop; raises ValueError where there can be none."""

    def close(self) -> None:
        """End what was started."""


class StoredPredictions:
    """Those of an evaluation."""

    def __init__(self, evaluation: Evaluation, hand_model: HandModel) -> None:
        self._evaluation, self._hand_model = evaluation, hand_model

    def predict(self, loaded: Loaded) -> Prediction:
        """See `Predictions`."""
        row = loaded.sample.row
        prediction = self._evaluation.prediction(row, self._hand_model)
        if prediction is None:
            why = self._evaluation.problems().get(row, "it was not evaluated")
            raise ValueError(f"{self._evaluation.frame_id(row)}: {why}")
        return prediction

    def close(self) -> None:
        """Nothing runs."""


class EnginePredictions(QObject):
    """Those that the engine makes, in its own process, one after the other."""

    def __init__(self, order: RenderOrder, command: tuple[str, ...] | None = None) -> None:
        """`command` starts another engine than the real one (tests do)."""
        super().__init__()
        self._engine = (
            EngineClient(self) if command is None else EngineClient(self, command=command)
        )
        self._loop = QEventLoop(self)
        self._answer: Prediction | str | None = None
        self._engine.prediction_ready.connect(lambda _key, prediction: self._take(prediction))
        self._engine.prediction_failed.connect(lambda _key, why: self._take(why))
        self._engine.state_changed.connect(self._on_state)
        self._engine.start(order.checkpoint, order.hand_model or None, order.device)

    def predict(self, loaded: Loaded) -> Prediction:
        """See `Predictions`."""
        self._answer = None
        self._engine.request(loaded.sample.row, loaded.crop_input)
        if self._answer is None:
            self._loop.exec()
        if isinstance(self._answer, str):
            raise ValueError(self._answer)
        return self._answer

    def _take(self, answer: Prediction | str) -> None:
        self._answer = answer
        self._loop.quit()

    def _on_state(self, state) -> None:
        if state.phase == "dead":
            self._take(state.note)

    def close(self) -> None:
        """End the engine."""
        self._engine.stop()


def stored(order: RenderOrder, index: FrameIndex, hand_model: HandModel) -> Evaluation | None:
    """A finished evaluation of exactly this checkpoint, dataset and hand model, if there is one."""
    identity = identify(Path(order.checkpoint), index, hand_model)
    folder = Path(order.store) / identity.key
    if not folder.is_dir():
        return None
    evaluation = open_evaluation(folder)
    return evaluation if evaluation.is_complete else None
