"""One examination at a time: begun, followed, cancelled, kept, and shown again later."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, QThreadPool, Signal

from core.doctor.check import Finding
from core.doctor.diagnosis import diagnose
from core.doctor.examination import Examination
from core.doctor.report.files import write_report
from core.training.config import TrainingConfig, to_yaml
from utnet_viewer.doctor.book import Book, Kept, discard
from utnet_viewer.doctor.pace import Pace
from utnet_viewer.doctor.request import Request
from utnet_viewer.processes.command import COMMAND
from utnet_viewer.processes.doctor_job import DoctorJob
from utnet_viewer.processes.doctor_lines import Started

State = Literal["empty", "running", "finished", "cancelled", "failed"]


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What went wrong, in a sentence, and everything that is known."""

    sentence: str
    details: str = ""


@dataclass
class View:
    """What there is to show.

    Attributes:
        state: What goes on.
        request: Of what is shown; None where nothing is.
        findings: In the order of the checks; while one runs, what was found so far.
        kept: The whole examination, once there is one.
        running: Id of the check that runs now, "" for none.
        trouble: Why it failed.
    """

    state: State = "empty"
    request: Request | None = None
    findings: list[Finding] = field(default_factory=list)
    kept: Kept | None = None
    running: str = ""
    trouble: Trouble | None = None

    @property
    def examination(self) -> Examination:
        """What is known, as an examination without a diagnosis where it is not over."""
        if self.kept is not None and self.state != "running":
            return self.kept.examination
        subject = "" if self.request is None else self.request.words
        return Examination(subject=subject, findings=tuple(self.findings), causes=())

    def finding(self, check: str) -> Finding | None:
        """Of a check, where there is one."""
        return next((f for f in self.findings if f.check == check), None)


class Examining(QObject):
    """Owns the process and the folders; every call returns at once."""

    changed = Signal()  # `view` is another one
    progressed = Signal()  # only `pace` is

    _read = Signal(int, object)  # number of the reading, Kept | Trouble | None

    def __init__(
        self,
        book: Book,
        pace: Pace,
        *,
        command: tuple[str, ...] | None = None,
        parent: QObject | None = None,
    ) -> None:
        """`command` stands in for ``utnet``."""
        super().__init__(parent)
        self.view, self.pace, self.grace_s = View(), pace, 4.0
        self._book, self._command = book, command or COMMAND
        self._job: DoctorJob | None = None
        self._folder = Path()
        self.was_part = False  # the last one was of some checks only
        self._readings = 0
        self._is_reading = False
        self._read.connect(self._on_read)

    @property
    def is_running(self) -> bool:
        """Whether a process measures."""
        return self._job is not None

    @property
    def is_busy(self) -> bool:
        """Whether something is still to come by itself."""
        return self.is_running or self._is_reading

    @property
    def silent_s(self) -> float:
        """Seconds since the process last said anything."""
        return 0.0 if self._job is None else self._job.silent_s

    @property
    def is_ending(self) -> bool:
        """Whether it was cancelled and is not over yet."""
        return self._job is not None and self._job.is_ending

    # Beginning and ending.

    def start(self, request: Request, config: TrainingConfig) -> None:
        """Examine; with `request.checks` only these, and the rest stays as it was found.

        `changed` follows. While one runs nothing else begins.
        """
        if self.is_running:
            return
        kept = self.view.kept
        is_part = bool(request.checks) and kept is not None and kept.request.is_about(request)
        try:
            self._folder = self._book.new(request.whole, to_yaml(config))
        except OSError as error:
            reason = f"{error.filename}: {error.strerror or error}"
            sentence = f"There is no place for the examination: {reason}"
            self._show_failure(Trouble(sentence=sentence, details=sentence))
            return
        self._forget_reading()
        findings = list(kept.examination.findings) if is_part and kept else []
        self.view = View("running", request, findings, kept if is_part else None)
        self.pace.begin()
        self._job = job = DoctorJob(self, command=self._command, grace_s=self.grace_s)
        job.started.connect(self._on_started)
        job.progressed.connect(self._on_progressed)
        job.found.connect(self._on_found)
        job.finished.connect(self._on_finished)
        job.failed.connect(self._on_failed)
        job.cancelled.connect(self._on_cancelled)
        job.start(request.arguments(self._config_argument(request)), self._folder)
        self.changed.emit()

    def _config_argument(self, request: Request) -> str:
        """A file's own path, so that what is wrong in it is told with it."""
        choice = request.config
        if choice.kind == "form":
            return str(self._book.config_file(self._folder))
        return choice.value if choice.kind == "preset" else str(choice.file)

    def cancel(self) -> None:
        """End it; what was found stays to be looked at."""
        if self._job is not None:
            self._job.cancel()

    def close(self) -> None:
        """End everything now; for a window that closes."""
        self._forget_reading()
        if self._job is not None:
            self._job.end()
            self._job = None
            discard(self._folder)

    def show_last(self, request: Request | None) -> None:
        """Show the last examination of a subject, or of all; nothing where there is none."""
        if self.is_running:
            return
        book, whole = self._book, None if request is None else request.whole

        def look() -> Kept | Trouble | None:
            folder = book.latest() if whole is None else book.last(whole)
            return None if folder is None else _kept(folder)

        self._start_reading(look)

    # What the process tells.

    def _on_started(self, started: Started) -> None:
        self.view.running = started.check
        self.pace.start_check(started.check, started.number, started.count)
        self.changed.emit()

    def _on_progressed(self, share: float) -> None:
        self.pace.share = share
        self.progressed.emit()

    def _on_found(self, finding: Finding) -> None:
        findings = self.view.findings
        place = next((n for n, f in enumerate(findings) if f.check == finding.check), None)
        if place is None:
            findings.append(finding)
        else:
            findings[place] = finding
        self.view.running = ""
        self.changed.emit()

    def _on_finished(self, folder: Path) -> None:
        self._drop_job()
        before = self.view.kept
        self.was_part = before is not None
        self._start_reading(lambda: _merged(_kept(folder), before))

    def _on_cancelled(self) -> None:
        self._drop_job()
        discard(self._folder)
        self.view.state, self.view.running = "cancelled", ""
        self.changed.emit()

    def _on_failed(self, sentence: str, details: str) -> None:
        self._drop_job()
        discard(self._folder)
        self._show_failure(Trouble(sentence=sentence, details=details))

    def _show_failure(self, trouble: Trouble) -> None:
        self.view = replace(self.view, state="failed", running="", trouble=trouble)
        self.changed.emit()

    def refuse(self, sentence: str, details: str = "") -> None:
        """Say why nothing was begun."""
        if not self.is_running:
            self._show_failure(Trouble(sentence=sentence, details=details or sentence))

    def _drop_job(self) -> None:
        self._job.deleteLater()
        self._job = None

    # Reading folders, on a thread.

    def _start_reading(self, look: Callable[[], Kept | Trouble | None]) -> None:
        self._readings += 1
        self._is_reading = True
        number = self._readings

        def work() -> None:
            found = look()
            try:
                self._read.emit(number, found)
            except RuntimeError:  # the window is gone meanwhile
                return

        QThreadPool.globalInstance().start(work)

    def _forget_reading(self) -> None:
        self._readings += 1
        self._is_reading = False

    def _on_read(self, number: int, found: Kept | Trouble | None) -> None:
        if number != self._readings:
            return
        self._is_reading = False
        if isinstance(found, Trouble):
            self._show_failure(found)
            return
        if found is None:
            self.view = View()
        else:
            self.pace.learn(found.examination.findings)
            findings = list(found.examination.findings)
            self.view = View("finished", found.request, findings, found)
        self.changed.emit()


def _kept(folder: Path) -> Kept | Trouble:
    try:
        return Book.read(folder)
    except (OSError, ValueError) as error:
        return Trouble(sentence=f"The examination cannot be read: {error}", details=str(error))


def _merged(new: Kept | Trouble, before: Kept | None) -> Kept | Trouble:
    """What was found before, with what was tested again in its place; older ones are forgotten."""
    if isinstance(new, Kept) and before is not None:
        found = {finding.check: finding for finding in new.examination.findings}
        old = before.examination.findings
        findings = tuple(found.pop(finding.check, finding) for finding in old)
        findings += tuple(found.values())
        whole = replace(new.examination, findings=findings, causes=diagnose(findings))
        try:
            write_report(new.folder, whole)
        except (OSError, ValueError, KeyError) as error:  # no room, or words that lack a number
            sentence = f"The report of what was tested again cannot be written: {error!r}"
            return Trouble(sentence=sentence, details=sentence)
        new = replace(new, examination=whole)
    if isinstance(new, Kept):
        Book.tidy(new.folder)
    return new


def tested_together(finding: Finding, examination: Examination) -> tuple[str, ...]:
    """A check, those above it whose causes were mended in thought, and those it was in the way of.

    In the order of the examination.
    """
    causes = {named.cause for named in finding.outcome.named}
    wanted = {finding.check}
    for other in examination.findings:
        names = {named.cause for named in other.outcome.named}
        blocked = other.outcome.reason == "blocked"
        if names & set(finding.under) or (
            blocked and causes & {part.strip() for part in other.outcome.detail.split(",")}
        ):
            wanted.add(other.check)
    return tuple(f.check for f in examination.findings if f.check in wanted)
