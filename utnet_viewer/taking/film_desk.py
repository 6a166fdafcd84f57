"""A film of the sequence on screen: asked for, made by another process, followed, cancelled."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QProgressBar, QProgressDialog

from core.files.embedded import default_checkpoint
from core.files.names import safe_name
from utnet_viewer.docks import INSPECT
from utnet_viewer.processes.render_job import Progressed, RenderJob

if TYPE_CHECKING:
    from utnet_viewer.session import Session

FILTERS = ("MP4, for players (*.mp4)", "WebM, for browsers (*.webm)")


class FilmDesk(QObject):
    """One film at a time; the window goes on meanwhile, and a closing window drops it whole."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session, self._window = session, session.window
        self.command: tuple[str, ...] | None = None  # stands in for ``utnet``; tests do that
        self.job: RenderJob | None = None
        self.progress: QProgressDialog | None = None
        self.action: QAction = self._window.actions_.add(
            "take_film",
            "Save film of the sequence…",
            self.ask,
            group="File",
            shortcut="Ctrl+Alt+M",
            workspace=INSPECT.name,
        )
        self._window.closing.connect(self.close)

    def ask(self) -> None:
        """Choose a file for the film of the sequence that is on screen."""
        if self.job is not None:
            self._window.status.say("A film is being made already.", "warning")
            return
        sequence = self._sequence()
        if not sequence:
            self._window.status.say("Open a dataset first: there is no sequence.", "warning")
            return
        dialog = QFileDialog(self._window, f"Save a film of {sequence}")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(list(FILTERS))
        dialog.setDefaultSuffix(".mp4")
        dialog.filterSelected.connect(
            lambda chosen: dialog.setDefaultSuffix(".webm" if chosen == FILTERS[1] else ".mp4")
        )
        dialog.selectFile(safe_name(sequence, otherwise="film") + ".mp4")
        dialog.fileSelected.connect(lambda path: self.begin(sequence, Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def begin(self, sequence: str, out: Path) -> None:
        """Make the film; the dialog has asked about a file that is there already."""
        command = {} if self.command is None else {"command": self.command}
        self.job = job = RenderJob(self, **command)
        self.progress = progress = QProgressDialog(
            f"Film of {sequence}: getting ready…", "Cancel", 0, 0, self._window
        )
        progress.setWindowTitle("Saving a film")
        progress.setMinimumDuration(0)
        progress.setAutoClose(False)
        progress.setAutoReset(False)
        progress.setMinimumWidth(380)
        progress.findChild(QProgressBar).setTextVisible(False)  # the words above say more
        progress.canceled.connect(job.cancel)
        job.progressed.connect(lambda said: self._on_progress(sequence, said))
        job.noted.connect(lambda text: self._window.status.say(text))
        job.finished.connect(self._on_finished)
        job.failed.connect(self._on_failed)
        job.cancelled.connect(lambda: self._leave("No film was saved.", "info"))
        job.start(self.arguments(sequence, out))
        progress.show()

    def arguments(self, sequence: str, out: Path) -> list[str]:
        """What ``utnet render`` is asked for: the sequence as the panels show it now."""
        session, window = self._session, self._window
        index = session.document.index
        options = {
            "--split": index.split,
            "--out": str(out),
            "--checkpoint": session.checkpoint or str(default_checkpoint()),
            "--hand-model": session.hand_model_path,
            "--device": session.device,
            "--theme": "dark" if window.theme.is_dark else "light",
            **self._shown(),
        }
        # With an equals sign: no name is taken for an option.
        words = [f"{option}={value}" for option, value in options.items() if value != ""]
        return [*words, "--force", "--", str(index.root), sequence]

    def _shown(self) -> dict[str, str]:
        """Layers and alignment of the panels that are there."""
        from utnet_viewer.image.panel import ImagePanel
        from utnet_viewer.mesh.panel import MeshPanel

        image, mesh = (self._window.docks[title].widget() for title in ("Image", "Mesh"))
        shown = {}
        if isinstance(image, ImagePanel):
            layers = image.canvas.shown_layers - {"crop_box"}
            shown["--layers"] = ",".join(sorted(layers))
        if isinstance(mesh, MeshPanel):
            layers = [name for name, is_shown in vars(mesh.view.layers).items() if is_shown]
            shown["--mesh-layers"] = ",".join(layers)
            shown["--alignment"] = mesh.alignment.name.lower()
        return shown

    def close(self) -> None:
        """End the process where one runs; its unfinished file goes with it."""
        if self.job is not None:
            self.job.end()
            self._leave("", "info")

    def _sequence(self) -> str:
        document = self._session.document
        if document.index is None or document.row < 0:
            return ""
        return document.index.frame_id(document.row).sequence

    def _on_progress(self, sequence: str, said: Progressed) -> None:
        if self.progress is None:
            return
        self.progress.setMaximum(said.total)
        self.progress.setValue(said.done)
        words = f"Film of {sequence}: {said.done:,} of {said.total:,} frames"
        if said.done == said.total:
            words += ", finishing…"
        elif said.eta_s == said.eta_s:
            words += f", about {max(1, round(said.eta_s))} s to go"
        self.progress.setLabelText(words)

    def _on_finished(self, file: Path) -> None:
        self._leave(f"Saved {file}", "success")

    def _on_failed(self, why: str, details: str) -> None:
        self._leave("No film was saved.", "fault")
        self._session.notice("The film was not saved", why, details=details)

    def _leave(self, words: str, kind: str) -> None:
        progress, job, self.progress, self.job = self.progress, self.job, None, None
        if progress is not None:
            progress.canceled.disconnect()
            progress.close()
            progress.deleteLater()
        if job is not None:
            QTimer.singleShot(0, job, job.deleteLater)
        if words:
            self._window.status.say(words, kind)
