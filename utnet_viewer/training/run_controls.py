"""What a person can do to runs: start, pause, stop, terminate, resume."""

import time
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from core.training.config import TrainingConfig
from core.training.run_folder import RunFolder, RunFolderError, RunState, RunSummary
from utnet_viewer.processes.command import COMMAND
from utnet_viewer.processes.training_job import TrainingJob
from utnet_viewer.training.question import Answer, Question

#: Requests that a person waits for, and the states in which they are fulfilled.
_OVER = {RunState.FINISHED, RunState.STOPPED, RunState.FAILED, RunState.DIED}
_FULFILLED = {
    "pause": {RunState.PAUSED, *_OVER},
    "resume": {RunState.RUNNING, RunState.STARTING, *_OVER},
    "stop": _OVER,
    "continue": {RunState.STARTING, RunState.RUNNING, RunState.PAUSED},
}


class RunControls(QObject):
    """Requests go through the run's folder; processes are started and ended by `TrainingJob`.

    Every call returns at once.
    """

    began = Signal(object)  # Path of the run that was started or resumed
    refused = Signal(str, str, str)  # title, text, details
    starting_changed = Signal(bool)  # a process was started and has no folder yet
    asked_changed = Signal()

    def __init__(
        self,
        runs_root: Path,
        *,
        command: tuple[str, ...] | None = None,
        parent: QObject | None = None,
    ) -> None:
        """`command` stands in for ``utnet``."""
        super().__init__(parent)
        self._root, self._command = runs_root, command or COMMAND
        self.grace_s = 10.0  # how long a process may take to end when it is terminated
        self._jobs: dict[Path, TrainingJob] = {}
        self._starting: set[TrainingJob] = set()
        self._asked: dict[Path, tuple[str, float]] = {}

    # Beginning.

    def start(self, config: TrainingConfig) -> None:
        """A new run; `began` or `refused` follows."""
        self._begin(f"{config.name} did not start").start(config, runs_root=self._root)

    def go_on(self, path: Path) -> None:
        """Resume a run that is over, at its last checkpoint; `began` or `refused` follows."""
        self._ask(path, "continue")
        self._begin(f"{path.name} was not resumed", path).resume(path)

    def _begin(self, title: str, path: Path | None = None) -> TrainingJob:
        job = TrainingJob(self, command=self._command, grace_s=self.grace_s)
        job.started.connect(lambda path: self._on_started(job, path))
        job.start_failed.connect(lambda why: self._on_start_failed(job, title, why, path))
        self._starting.add(job)
        self.starting_changed.emit(True)
        return job

    def _on_started(self, job: TrainingJob, path: Path) -> None:
        self._starting.discard(job)
        self.starting_changed.emit(bool(self._starting))
        self._keep(job, path)
        self.began.emit(path)

    def _on_start_failed(self, job: TrainingJob, title: str, why: str, path: Path | None) -> None:
        self._starting.discard(job)
        self._asked.pop(path, None)
        self.starting_changed.emit(bool(self._starting))
        self.asked_changed.emit()
        job.deleteLater()
        lines = [line for line in why.splitlines() if line.strip()]
        self.refused.emit(title, lines[-1] if lines else why, why)

    def _keep(self, job: TrainingJob, path: Path) -> None:
        old = self._jobs.pop(path, None)
        if old is not None:
            old.leave_running()
            old.deleteLater()
        self._jobs[path] = job
        job.request_failed.connect(
            lambda why: self.refused.emit(f"{path.name} cannot be asked", why, why)
        )

    # Asking.

    def act(self, what: str, summary: RunSummary, window: QWidget) -> None:
        """What a button or a key wants of a run; what does not fit its state is left.

        "stop" and "terminate" ask the person first.
        """
        path, state = summary.path, summary.state
        if what == "continue" and not state.is_alive and state != RunState.FINISHED:
            self.go_on(path)
        elif state.is_alive and what == "stop":
            self._ask_to_stop(summary, window)
        elif state.is_alive and what == "terminate":
            self._ask_to_terminate(summary, window)
        elif state.is_alive and what in ("pause", "resume", "checkpoint", "validate"):
            self._request(path, what)

    def stop(self, summary: RunSummary) -> None:
        """Save a checkpoint and end, without a question."""
        self._request(summary.path, "stop")

    def terminate(self, summary: RunSummary) -> None:
        """End the process now, without a checkpoint."""
        path = summary.path
        job = self._jobs.get(path)
        if job is None or not job.is_running:
            job = TrainingJob(self, command=self._command, grace_s=self.grace_s)
            try:
                job.attach(path)
            except RunFolderError as error:
                self.refused.emit(f"{path.name} cannot be terminated", str(error), str(error))
                return
            self._keep(job, path)
        job.terminate()

    def _ask_to_stop(self, summary: RunSummary, window: QWidget) -> None:
        question = Question(
            f"Stop {summary.name}?",
            "A checkpoint is saved first, so the run can be resumed where it stopped.",
            [Answer("terminate", "Terminate…"), Answer("stop", "Stop", "primary")],
            window,
        )
        question.answered.connect(lambda answer: self._on_answer(answer, summary, window))
        question.open()

    def _ask_to_terminate(self, summary: RunSummary, window: QWidget) -> None:
        question = Question(
            f"Terminate {summary.name}?",
            "The process ends at once, without a checkpoint: what it learned since the last one "
            "is lost. The run can be resumed from there.",
            [Answer("terminate now", "Terminate", "danger")],
            window,
        )
        question.answered.connect(lambda answer: self._on_answer(answer, summary, window))
        question.open()

    def _on_answer(self, answer: str, summary: RunSummary, window: QWidget) -> None:
        if answer == "stop":
            self.stop(summary)
        elif answer == "terminate":
            self._ask_to_terminate(summary, window)
        else:
            self.terminate(summary)

    def _request(self, path: Path, what: str) -> None:
        try:
            RunFolder(path).request(what)
        except RunFolderError as error:
            self.refused.emit(f"{path.name} cannot be asked to {what}", str(error), str(error))
            return
        if what in _FULFILLED:
            self._ask(path, what)

    def _ask(self, path: Path, what: str) -> None:
        self._asked[path] = (what, time.monotonic())
        self.asked_changed.emit()

    def asked(self, summary: RunSummary) -> tuple[str, float]:
        """What a run was asked for and has not done yet, and for how many seconds; "" for
        nothing."""
        what, since_s = self._asked.get(summary.path, ("", 0.0))
        if what and summary.state in _FULFILLED[what]:
            del self._asked[summary.path]
            what = ""
        return (what, time.monotonic() - since_s) if what else ("", 0.0)

    def close(self) -> None:
        """Watch no more; every process goes on."""
        for job in (*self._jobs.values(), *self._starting):
            job.leave_running()
