"""The Doctor workspace: what is examined, how it came out, why, and what to do."""

import contextlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from core.doctor.check import Finding, Verdict
from core.training.config import ConfigError
from utnet_viewer.doctor.board import KEEP, Board
from utnet_viewer.doctor.book import Book, Kept
from utnet_viewer.doctor.changes import Proposal
from utnet_viewer.doctor.examining import Examining, tested_together
from utnet_viewer.doctor.exporting import Exporter
from utnet_viewer.doctor.heads import empty_head, ended_head, finished_head, running_head
from utnet_viewer.doctor.pace import Pace
from utnet_viewer.doctor.remedies import TARGET, Remedies
from utnet_viewer.doctor.remedy_panel import Shown
from utnet_viewer.doctor.request import ConfigChoice, Request
from utnet_viewer.doctor.telling import tell_verdict, value_text, verdict_sentence
from utnet_viewer.doctor.verdict_model import rows_of
from utnet_viewer.settings import Settings
from utnet_viewer.theme import Theme
from utnet_viewer.training.configuration_panel import ConfigurationPanel
from utnet_viewer.training.run_words import clock, duration


class DoctorWorkspace(Board):
    """Everything of the tab; what leaves it goes out as signals."""

    sample_wanted = Signal(str, str, str)  # dataset, split, sample: to be looked at in Inspect
    said = Signal(str, str)  # sentence for the status bar, its kind
    refused = Signal(str, str, str)  # title, text, details: a notice
    states_changed = Signal()  # what can be done is something else now

    def __init__(
        self,
        theme: Theme,
        settings: Settings,
        *,
        root: Path,
        command: tuple[str, ...] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """`root` takes the examinations; `command` stands in for ``utnet``."""
        super().__init__(theme, settings, parent)
        self.remedies, self.exporter = Remedies(), Exporter(self)
        self.examining = Examining(
            Book(root), Pace.from_text(settings.text(f"{KEEP}/pace")), command=command, parent=self
        )
        self.shown_finding: Finding | None = None
        self._shown_kept: Kept | None = None
        self._tick = QTimer(self, interval=1000)
        self._look_soon = QTimer(self, singleShot=True, interval=300)
        self._restore()
        self._connect()
        self._show()

    def _connect(self) -> None:
        self.subject.run_wanted.connect(self.examine)
        self.subject.changed.connect(self._on_subject)
        self.subject.folded_changed.connect(
            lambda folded: self.settings.put(f"{KEEP}/folded", folded)
        )
        self.checks.check_chosen.connect(lambda _check: self._show_check())
        self.checks.again_wanted.connect(self.test_again)
        self.checks.export.clicked.connect(self.export)
        self.head.cancel_wanted.connect(self.cancel)
        self.head.check_wanted.connect(self.checks.select)
        self.remedy.apply_wanted.connect(self.apply)
        self.remedy.undo_wanted.connect(self.undo)
        self.remedy.check_wanted.connect(self.checks.select)
        for source in (self.remedy, self.evidence):
            source.sample_wanted.connect(self._on_sample)
        self.examining.changed.connect(self._on_changed)
        self.examining.progressed.connect(self._show_head)
        self.exporter.done.connect(
            lambda folder: self.said.emit(f"Exported to {folder}", "success")
        )
        self.exporter.failed.connect(lambda why: self.refused.emit("Not exported", why, why))
        self._tick.timeout.connect(self._show_head)
        self._look_soon.timeout.connect(self._show)

    # What the window does with it.

    def use_form(self, form: ConfigurationPanel) -> None:
        """The form in Train is there: its draft can be examined, and changed by remedies."""
        self.remedies.form = form
        form.changed.connect(self._look_soon.start)
        self._show()

    def show_first(self) -> None:
        """At the start: the last examination of what stood here last time, or of anything."""
        kept = self.settings.text(f"{KEEP}/request")
        self.examining.show_last(self.subject.request if kept else None)

    @property
    def is_settled(self) -> bool:
        """Whether nothing is to come by itself."""
        return not self.examining.is_busy and self.remedies.form is not None

    def actions_of_panels(self) -> dict[str, list[QAction]]:
        """What the panels can do by their titles, for menus and the shortcut sheet."""
        return {"Examination": [*self.subject.actions(), *self.checks.actions()]}

    def offer_datasets(self, folders: Sequence[str]) -> None:
        """Datasets that are known, the open one first."""
        self.subject.offer_datasets(folders)
        if (
            not self.settings.text(f"{KEEP}/request")
            and folders
            and self.examining.view.kept is None
        ):
            request = self.subject.request
            self.subject.show_request(replace(request, dataset=folders[0]))

    def offer_runs(self, runs: Sequence[Path]) -> None:
        """Runs that are known, newest first."""
        self.subject.offer_runs(runs)

    def ask_about(self, run: Path, dataset: str) -> None:
        """Examine what a run was started with, and its own curves."""
        request = Request(
            dataset=dataset,
            config=ConfigChoice("run", str(run)),
            run=str(run),
            tier=self.subject.request.tier,
        )
        self.subject.show_request(request)
        self.examine()

    def examine(self) -> None:
        """Examine what stands at the left."""
        self._begin(self.subject.request)

    def test_again(self) -> None:
        """The chosen check once more, what was mended before it, and what it was in the way of."""
        finding, kept = self.shown_finding, self.examining.view.kept
        if finding is None or kept is None or not self.can("again"):
            return
        checks = tested_together(finding, kept.examination)
        self._begin(replace(self.subject.request, checks=checks))

    def _begin(self, request: Request) -> None:
        if self.examining.is_running or self.subject.trouble:
            return
        self.settings.put(f"{KEEP}/request", json.dumps(request.whole.to_json()))
        try:
            config = self.remedies.load(request)
        except (ConfigError, ValueError) as error:
            self.examining.refuse(f"The configuration cannot be examined: {error}")
            return
        self.examining.start(request, config)

    def cancel(self) -> None:
        """End the examination that runs."""
        self.examining.cancel()
        self._show_head()

    def apply(self, number: int = 0) -> None:
        """Put a remedy into the form in Train."""
        finding = self.shown_finding
        proposals = self._proposals(finding)
        if number >= len(proposals) or not proposals[number].changes:
            return
        proposal = proposals[number]
        if proposal.config is None or self.remedies.form is None:
            return
        request = self.remedies.apply(self.subject.request, finding.check, proposal)
        self._keep_subject(request)
        what = "; ".join(change.words for change in proposal.changes)
        self.said.emit(f"Put into {TARGET}: {what}", "success")

    def undo(self) -> None:
        """Bring back what stood in the form before the last remedy."""
        if self.remedies.can_undo:
            self._keep_subject(self.remedies.undo())
            self.said.emit(f"{TARGET[0].upper()}{TARGET[1:]} is as it was before.", "info")

    def _keep_subject(self, request: Request) -> None:
        """The subject is told otherwise now; what was found stays until it is examined again."""
        self.subject.show_request(request)
        self._show()

    def export(self) -> None:
        """Copy the report to a folder of the person's choice."""
        kept = self.examining.view.kept
        if kept is not None and self.can("export"):
            self.exporter.ask(kept.folder, kept.request, self.window())

    def open_report(self, language: str = "en") -> None:
        """Show the report in the browser."""
        kept = self.examining.view.kept
        if kept is not None and self.can("export"):
            self.exporter.open(kept.folder, language)

    def can(self, what: str) -> bool:
        """Whether "examine", "cancel", "again", "apply", "undo" or "export" would do something."""
        view, running = self.examining.view, self.examining.is_running
        if what in ("examine", "cancel"):
            return running == (what == "cancel") and not (
                what == "examine" and self.subject.trouble
            )
        if what == "undo":
            return self.remedies.can_undo
        if what == "apply":
            return any(p.changes and p.config for p in self._proposals(self.shown_finding))
        is_whole = view.kept is not None and view.state == "finished"
        if what == "again":
            return is_whole and self.shown_finding is not None
        return is_whole

    def step_picture(self, by: int) -> None:
        """Another sample in the picture."""
        if self.evidence.overlay is not None:
            self.evidence.overlay.step(by)

    def copy_details(self) -> None:
        """Everything that is known about what went wrong."""
        self.head.copy_details()

    def shut_down(self) -> None:
        """End the examination that runs, and remember."""
        self._tick.stop()
        self._look_soon.stop()
        self.settings.put(f"{KEEP}/pace", self.examining.pace.to_text())
        self.keep_layout()
        self.examining.close()

    # What changes.

    def _on_subject(self) -> None:
        """Another subject: what was found of it last time, if anything."""
        if not self.examining.is_running:
            self.examining.show_last(self.subject.request)
        self.states_changed.emit()

    def _on_sample(self, name: str) -> None:
        view = self.examining.view
        if view.request is not None:
            split = "train" if view.kept is None else view.kept.config.data.split
            self.sample_wanted.emit(view.request.dataset, split, name)

    def _on_changed(self) -> None:
        view, was_running = self.examining.view, self._tick.isActive()
        is_running = self.examining.is_running
        self._tick.start() if is_running else self._tick.stop()
        if not is_running and not was_running and view.kept is not None:
            self._show_subject_of(view.kept.request)
        if was_running and view.state == "finished":
            self._tell_of_end()
        self._show()
        self._choose(view.state)

    def _show_subject_of(self, request: Request) -> None:
        """An examination that was kept is shown with what it is about."""
        if self.subject.request.whole != request.whole:
            self.subject.show_request(request)

    def _tell_of_end(self) -> None:
        examination = self.examining.view.examination
        kind = "success" if examination.is_healthy else "fault"
        took = duration(self.examining.pace.elapsed_s)
        self.said.emit(f"Doctor finished in {took}: {verdict_sentence(examination)}", kind)

    def _choose(self, state: str) -> None:
        """The root cause's check first; while it runs, the newest fault."""
        view = self.examining.view
        causes = view.examination.causes
        is_new = self._shown_kept is not view.kept and not self.examining.was_part
        if state == "finished" and causes and is_new:
            self.checks.select(causes[0].check)
        elif not self.checks.current and view.findings:
            bad = [f for f in view.findings if f.verdict in (Verdict.FAULT, Verdict.WARNING)]
            if bad or state == "finished":
                self.checks.select((bad or view.findings)[0].check)
        self._shown_kept = view.kept if state == "finished" else None

    # What is shown.

    def _show(self) -> None:
        view = self.examining.view
        rows = rows_of(view.findings, view.examination.overrides, running=view.running)
        self.checks.show_rows(rows, note=self._note())
        self.checks.export.setEnabled(self.can("export"))
        if self.examining.is_running and self.subject.start.hasFocus():
            self.setFocus()  # the button is greyed out; Qt would take its neighbour
        elif self.hasFocus() and view.findings:
            self.checks.list.setFocus()
        self.subject.say_running(self.examining.is_running, has_result=view.kept is not None)
        self._show_head()
        self._show_check()
        self.states_changed.emit()

    def _note(self) -> str:
        kept = self.examining.view.kept
        if kept is None or self.examining.is_running:
            return ""
        found = kept.examination
        return f"{len(found.findings)} checks in {duration(found.seconds)}, {clock(found.started)}"

    def _show_head(self) -> None:
        examining, view = self.examining, self.examining.view
        if view.state == "running" and examining.is_running:
            head = running_head(
                view, examining.pace, silent_s=examining.silent_s, ends=examining.is_ending
            )
        elif view.state in ("cancelled", "failed"):
            head = ended_head(view)
        elif view.kept is not None:
            head = finished_head(
                view, is_stale=self.remedies.differs(self.subject.request, view.kept)
            )
        else:
            head = empty_head()
        self.head.show_head(head)

    def _show_check(self) -> None:
        view = self.examining.view
        finding = view.finding(self.checks.current)
        self.shown_finding = finding
        self.checks.again.action.setEnabled(self.can("again"))
        self.numbers.setVisible(finding is not None and bool(finding.outcome.readings))
        self.readings.show_finding(finding, view.examination.overrides)
        if finding is None:
            self.evidence.show_finding(None, empty="Pictures and plots of the chosen check.")
            self.remedy.show_nothing("Choose a check to see why it matters and what to do.")
            return
        self.evidence.show_finding(finding)
        self.remedy.show_finding(
            Shown(
                finding,
                tuple(self._proposals(finding)),
                tuple(self._explains(finding)),
                TARGET,
                self.remedies.is_applied(finding.check),
                view.examination.overrides,
            )
        )

    def _proposals(self, finding: Finding | None) -> list[Proposal]:
        if finding is None or self.remedies.form is None:
            return []
        request = self.subject.request
        return [self.remedies.propose(request, n.changes) for n in finding.outcome.named]

    def _explains(self, finding: Finding) -> list[tuple[str, str, str]]:
        view, rows = self.examining.view, []
        explained = [c.explains for c in view.examination.causes if c.check == finding.check]
        for check in dict.fromkeys(check for checks in explained for check in checks):
            other = view.finding(check)
            if other is not None:
                told, readings = tell_verdict(other.verdict), other.outcome.readings
                words = value_text(readings[0]) if readings else "can be tested after the remedy"
                rows.append((check, told.icon, words))
        return rows

    # What is remembered.

    def _restore(self) -> None:
        text = self.settings.text(f"{KEEP}/request")
        with contextlib.suppress(ValueError):  # of another version: the demo stands there then
            if text:
                self.subject.show_request(Request.from_json(json.loads(text)))
        self.subject.set_folded(self.settings.flag(f"{KEEP}/folded"))
