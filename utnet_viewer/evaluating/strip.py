"""The line over the samples list that says how far the evaluation is, and begins or ends it."""

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from utnet_viewer.document import Document
from utnet_viewer.evaluating.evaluating import Evaluating
from utnet_viewer.evaluating.words import progress, state
from utnet_viewer.theme import Theme
from utnet_viewer.widgets.controls import IconButton
from utnet_viewer.widgets.elided_label import ElidedLabel


class EvaluationStrip(QWidget):
    """Hidden where everything is evaluated, or nothing is open."""

    def __init__(self, evaluating: Evaluating, document: Document, theme: Theme) -> None:
        super().__init__()
        self._evaluating, self._document = evaluating, document
        self.label = ElidedLabel()
        self.label.setObjectName("quiet")
        self.start, self.cancel = QPushButton(), IconButton("x", "Stop the evaluation", theme)
        self.start.setObjectName("smallButton")
        self.start.clicked.connect(evaluating.start)
        self.cancel.action.triggered.connect(evaluating.cancel)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(4)
        line = QHBoxLayout()
        line.setContentsMargins(2, 0, 0, 0)
        line.setSpacing(4)
        line.addWidget(self.label, 1)
        line.addWidget(self.start)
        line.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(line)
        layout.addWidget(self.bar)
        evaluating.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Say what there is now."""
        evaluating, evaluation = self._evaluating, self._document.evaluation
        run = evaluating.run
        self.cancel.setVisible(run is not None)
        self.bar.setVisible(run is not None or evaluating.phase == "elsewhere")
        self.start.setVisible(evaluating.can_start)
        if run is not None:
            words = progress(run)
            if not evaluating.is_running_here:
                words = f"{run.subject.name}: {words}"
            self.cancel.setEnabled(not run.is_ending)
            self._set_bar(run.done, run.total)
        else:
            done, total = (0, 0) if evaluation is None else (evaluation.done, len(evaluation))
            words = state(evaluating, done, total)
            self._set_bar(done, total)
        self.label.setText(words)
        self.setToolTip(evaluating.trouble)
        is_begun = evaluating.phase == "partial"
        self.start.setText("Go on" if is_begun else "Evaluate this split")
        self.start.setToolTip(
            "Predict and measure the frames that are missing  (F6)"
            if is_begun
            else "Predict and measure every frame of the split, in the background  (F6)"
        )
        self.setVisible(bool(words))

    def _set_bar(self, done: int, total: int) -> None:
        self.bar.setRange(0, total)  # 0 to 0: it swings until something is known
        self.bar.setValue(done)
