"""What this is, with which hand model and network, and whose work is in it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLabel, QPushButton, QVBoxLayout, QWidget

from core.files.installed import program_version
from utnet_viewer.document import Document

TEXT = """<p style="font-size:15px; font-weight:600">UTNet Viewer {version}</p>
<p>3D hands from single images: see what UTNet predicts on HO-3D, and measure how wrong it is.</p>
<p>Hand model: {hand}<br>Network: {model}<br>Device: {device}</p>
<p>{note}</p>
<p>Inter and JetBrains Mono under the SIL Open Font License 1.1, Phosphor icons under the MIT
licence, the stand-in hand after the WebXR input profiles' generic hand (MIT licence).</p>
"""


class AboutDialog(QDialog):
    """One page, with a button to close it."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About UTNet Viewer")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFixedWidth(460)
        engine = document.engine
        words = QLabel(
            TEXT.format(
                version=program_version(),
                hand=document.hand_model.name,
                model=engine.model or "none",
                device=engine.device or "–",
                note=engine.note,
            )
        )
        words.setWordWrap(True)
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        close = QPushButton("Close")
        close.clicked.connect(self.accept)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 18)
        layout.addWidget(words)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
