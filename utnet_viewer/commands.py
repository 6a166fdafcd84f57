"""What the window's actions do where that takes more than one call: dialogs, files, clipboard."""

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFileDialog

from core.files.embedded import demo_dataset
from utnet_viewer.about import AboutDialog
from utnet_viewer.crash_log import log_path
from utnet_viewer.jump_dialog import JumpDialog
from utnet_viewer.opening import Order
from utnet_viewer.session import Session
from utnet_viewer.shortcut_sheet import ShortcutSheet


class Commands:
    """One method an action."""

    def __init__(self, session: Session) -> None:
        self._session, self._window = session, session.window

    def open(self) -> None:
        start = self._window.settings.text("dataset")
        folder = QFileDialog.getExistingDirectory(self._window, "Open a dataset", start)
        if folder:
            self.open_folder(folder)

    def open_folder(self, folder: str) -> None:
        self._session.open_dataset(Order(Path(folder)))

    def open_picture(self) -> None:
        start = self._window.settings.text("dataset")
        kinds = "Pictures (*.jpg *.jpeg *.png)"
        path, _ = QFileDialog.getOpenFileName(self._window, "Open a picture", start, kinds)
        if path:
            self._session.open_dataset(Order(Path(path)))

    def open_demo(self) -> None:
        self._session.open_dataset(Order(demo_dataset()))

    def open_checkpoint(self) -> None:
        kinds = "Checkpoints (*.safetensors *.pt *.pth *.ckpt);;All files (*)"
        path, _ = QFileDialog.getOpenFileName(self._window, "Open a checkpoint", "", kinds)
        if path:
            self._session.use_checkpoint(path)

    def open_hand(self) -> None:
        kinds = "Hand models (*.pkl *.npz);;All files (*)"
        path, _ = QFileDialog.getOpenFileName(self._window, "Open a hand model", "", kinds)
        if path:
            self._session.use_hand_model(path)

    def open_dropped(self, paths: list[Path]) -> None:
        """A folder is a dataset; a file is a picture, hand model or checkpoint by its suffix."""
        path = paths[0]
        if path.is_dir() or path.suffix.lower() in (".jpg", ".jpeg", ".png"):
            self._session.open_dataset(Order(path))
        elif path.suffix.lower() in (".pkl", ".npz"):
            self._session.use_hand_model(str(path))
        elif path.suffix.lower() in (".safetensors", ".pt", ".pth", ".ckpt"):
            self._session.use_checkpoint(str(path))
        else:
            self._session.notice(
                "This cannot be opened",
                f"{path} is neither a folder nor a picture, checkpoint or hand model.",
                kind="warning",
            )

    def save_picture(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self._window, "Save a picture of the window", "utnet-viewer.png", "Pictures (*.png)"
        )
        if path and not self._window.grab().save(path):
            self._session.notice("The picture was not saved", f"{path} cannot be written.")

    def jump(self) -> None:
        session, document = self._session, self._session.document
        current, sequences = "", ()
        if document.index is not None:
            current = str(document.index.frame_id(max(0, document.row)))
            sequences = document.index.sequence_names
        JumpDialog(
            session.stepper.jump, current=current, sequences=sequences, parent=self._window
        ).open()

    def copy_name(self) -> None:
        document = self._session.document
        if document.index is not None and document.row >= 0:
            name = str(document.index.frame_id(document.row))
            QGuiApplication.clipboard().setText(name)
            self._window.status.say(f"{name} was copied.")

    def sample_name(self) -> str:
        """The sample on screen as a part of file names; "" for none."""
        document = self._session.document
        if document.index is None or document.row < 0:
            return ""
        return str(document.index.frame_id(document.row)).replace("/", "_")

    def use_theme(self, choice: str) -> None:
        """Follow the system, or be light or dark from now on."""
        self._window.settings.put("theme", choice)
        self._window.follow_theme(choice)

    def toggle_full_screen(self) -> None:
        window = self._window
        window.showNormal() if window.isFullScreen() else window.showFullScreen()

    def show_shortcuts(self) -> None:
        actions = self._window.actions_
        ShortcutSheet([*actions.entries, *actions.focus_keys], self._window).open()

    def open_log(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_path())))

    def about(self) -> None:
        AboutDialog(self._session.document, self._window).open()
