"""Evaluating in the window: tied to the session, the samples list, the Run menu, and closing."""

from pathlib import Path

import numpy as np
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QAction

from core.files.embedded import default_checkpoint
from utnet_viewer.docks import INSPECT
from utnet_viewer.evaluating.close_question import CloseQuestion
from utnet_viewer.evaluating.evaluating import Evaluating, Run
from utnet_viewer.evaluating.strip import EvaluationStrip
from utnet_viewer.evaluating.subject import Subject
from utnet_viewer.evaluating.words import finished
from utnet_viewer.session import Session

MEANS = (("mpjpe", "MPJPE"), ("pa_mpjpe", "PA-MPJPE"))

STOPPED, UNREADABLE = "The evaluation stopped", "The evaluation cannot be read"


class EvaluateEntry:
    """Owns what evaluates."""

    def __init__(self, session: Session) -> None:
        self._session, self._window = session, session.window
        document, samples = session.document, session.samples
        self.evaluating = Evaluating(document, self._window.settings, session)
        self.strip = EvaluationStrip(self.evaluating, document, self._window.theme)
        samples.add_strip(self.strip)
        self.start = self._add("evaluate", "Evaluate this split", "F6", self.evaluating.start)
        self.cancel = self._add(
            "evaluate_cancel", "Stop the evaluation", "Shift+F6", self.evaluating.cancel
        )
        self.run_actions: list[QAction] = [self.start, self.cancel]
        document.evaluation_changed.connect(samples.show_evaluation)
        session.subject_changed.connect(self._use_subject)
        self.evaluating.grew.connect(samples.look_again)
        self.evaluating.changed.connect(self._enable)
        self.evaluating.finished.connect(self._on_finished)
        self.evaluating.failed.connect(self._on_failed)
        self.evaluating.damaged.connect(lambda why: session.notice(UNREADABLE, why))
        self._may_close = False
        self._window.ask_before_closing(self._ask)
        self._window.closing.connect(self.evaluating.close)
        QCoreApplication.instance().aboutToQuit.connect(self.evaluating.close)
        self._use_subject()
        self._enable()

    def _add(self, name: str, words: str, key: str, run) -> QAction:
        return self._window.actions_.add(
            name, words, run, group="Evaluate", shortcut=key, workspace=INSPECT.name
        )

    def _enable(self) -> None:
        evaluating = self.evaluating
        self.start.setEnabled(evaluating.can_start)
        is_begun = evaluating.phase == "partial"
        self.start.setText("Go on evaluating this split" if is_begun else "Evaluate this split")
        run = evaluating.run
        self.cancel.setEnabled(run is not None and not run.is_ending)

    def _use_subject(self) -> None:
        """What the session has open now."""
        self._window.drop_notices(UNREADABLE)
        session, index = self._session, self._session.document.index
        checkpoint = Path(session.checkpoint) if session.checkpoint else default_checkpoint()
        if index is None or not checkpoint.is_file():
            self.evaluating.use(None)
            return
        self.evaluating.use(
            Subject(
                index=index,
                checkpoint=checkpoint.absolute(),
                hand_model=session.document.hand_model,
                hand_model_path=session.hand_model_path,
                device=session.device,
                without_list=session.is_without_list,
            )
        )

    def _on_finished(self, run: Run, seconds: float) -> None:
        self._window.drop_notices(STOPPED)
        self._window.status.say(finished(run, seconds, self._means(run)), "success")

    def _means(self, run: Run) -> list[str]:
        """What it comes to, where it is on screen."""
        catalogue = self._session.samples.model.catalogue
        if catalogue is None or not self.evaluating.is_on_screen(run.subject):
            return []
        known = [(name, catalogue.figures(key)) for key, name in MEANS]
        return [f"{name} {np.nanmean(v):.1f} mm" for name, v in known if not np.isnan(v).all()]

    def _on_failed(self, run: Run, sentence: str, details: str) -> None:
        kept = f" {run.done:,} of {run.total:,} frames are kept." if run.done else ""
        self._session.notice(
            STOPPED,
            f"{run.subject.name}: {sentence.rstrip('.')}.{kept}",
            details=details,
            button="Go on" if run.done else "Try again",
            run=self.evaluating.start,
        )

    def _ask(self) -> bool:
        """Whether the window may close now; asks where something would end with it."""
        run = self.evaluating.run
        if run is None or self._may_close:
            return True
        question = CloseQuestion(run, self._window)
        question.agreed.connect(self._close)
        question.finished.connect(question.deleteLater)
        question.open()
        return False

    def _close(self) -> None:
        self._may_close = True
        self._window.close()
        self._may_close = False  # where another question kept it open
