"""What the dialogs of export and import need: a split, its annotations, a status bar."""

from pathlib import Path

from annotate_bench import Status
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMainWindow
from support_samples import stand_in_hand

from core.data.ho3d.index import open_index
from utnet_viewer.annotate.annotations import Annotations
from utnet_viewer.document import Document
from utnet_viewer.settings import Settings
from utnet_viewer.theme import Theme


class Window(QMainWindow):
    """As much of the window as they use."""

    closing = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.theme, self.settings, self.status = Theme(), Settings(self), Status()


class SmallSession:
    """As much of the session as they use, on a store of its own."""

    order = None
    hand_model_path = ""

    def __init__(self, dataset: Path, store: Path, *, split: str = "train") -> None:
        self.window = Window()
        self.document = Document(stand_in_hand())
        self.annotations = Annotations(self.document)
        index = open_index(dataset, split, hand_model=self.document.hand_model)
        self.document.set_index(index)
        self.annotations.use_dataset(index, path=store)

    def close(self) -> None:
        """End what runs."""
        self.window.closing.emit()
        self.annotations.close()
        self.window.close()
