"""The card at the top: what is going on, and at the end the diagnosis."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from utnet_viewer.theme import ICON, SIZE_READOUT, Theme, ui_font
from utnet_viewer.training.run_header_parts import MessageStrip, ProgressLine
from utnet_viewer.training.run_words import TOKENS
from utnet_viewer.widgets.controls import Tag
from utnet_viewer.widgets.elided_label import ElidedLabel
from utnet_viewer.widgets.icons import icon, pixmap

SIZE_DIAGNOSIS = 20
_TILE = 44

#: Progress is painted in so many steps.
PROGRESS_STEPS = 1000


@dataclass(frozen=True)
class Head:
    """What the card says.

    Attributes:
        kind: plain, accent, success, warning or fault: colour of icon and tag.
        icon: Name of the glyph.
        tag: One to four words.
        about: Beside the tag.
        title: Large.
        text: A sentence or two under it.
        number: The deciding number, "" for none; `caption` over it, `limit` under it.
        caption: See there.
        limit: See there.
        others: Further causes: check and title of each.
        progress: Share that is done, None where nothing runs.
        trouble: What went wrong, in a sentence; `details` is for copying.
        details: See there.
        trouble_kind: "fault" or "warning".
    """

    kind: str
    icon: str
    tag: str
    title: str
    about: str = ""
    text: str = ""
    number: str = ""
    caption: str = ""
    limit: str = ""
    others: Sequence[tuple[str, str]] = ()
    progress: float | None = None
    trouble: str = ""
    details: str = ""
    trouble_kind: str = "fault"


class HeadCard(QFrame):
    """Says what it is given; Cancel is there while something runs."""

    cancel_wanted = Signal()
    check_wanted = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._theme, self._head = theme, None
        self.tile, self.tag = QLabel(), Tag()
        self.tile.setFixedSize(_TILE, _TILE)
        self.tile.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.about, self.title, self.text = ElidedLabel(), ElidedLabel(), QLabel()
        self.about.setObjectName("quiet")
        self.title.setFont(ui_font(SIZE_DIAGNOSIS, 600))
        self.text.setObjectName("quiet")
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.number, self.caption, self.limit = QLabel(), QLabel(), QLabel()
        self.number.setFont(ui_font(SIZE_READOUT, 600))
        for label in (self.caption, self.limit):
            label.setObjectName("figureCaption")
        self.cancel = QPushButton("Cancel")
        self.cancel.setIconSize(QSize(ICON, ICON))
        self.cancel.setToolTip("Stop the examination; what was found stays  (Shift+F9)")
        self.cancel.clicked.connect(self.cancel_wanted)
        self.progress = ProgressLine(theme)
        self.progress.setAccessibleName("Progress of the examination")
        self.strip = MessageStrip(theme)
        self.strip.copy_wanted.connect(self.copy_details)
        self.others: list[QPushButton] = []
        self._others_row = QHBoxLayout()
        self._arrange()
        theme.changed.connect(self._tint)

    def _arrange(self) -> None:
        tags = QHBoxLayout()
        tags.setSpacing(10)
        tags.addWidget(self.tag)
        tags.addWidget(self.about, 1)
        words = QVBoxLayout()
        words.setSpacing(5)
        words.addLayout(tags)
        words.addWidget(self.title)
        words.addWidget(self.text)
        self._others_row.setSpacing(4)
        words.addLayout(self._others_row)
        figure = QVBoxLayout()
        figure.setSpacing(2)
        figure.addStretch(1)
        for label in (self.caption, self.number, self.limit):
            figure.addWidget(label, 0, Qt.AlignmentFlag.AlignRight)
        figure.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(14)
        row.addWidget(self.tile, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        row.addLayout(figure)
        row.addWidget(self.cancel, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 14, 12)
        layout.setSpacing(10)
        layout.addLayout(row)
        layout.addWidget(self.progress)
        layout.addWidget(self.strip)

    @property
    def head(self) -> Head | None:
        """What is shown."""
        return self._head

    def show_head(self, head: Head) -> None:
        """Say something else; the same costs nothing."""
        if head == self._head:
            return
        old, self._head = self._head, head
        self.tag.setText(head.tag)
        self.tag.set_kind(head.kind)
        self.about.setText(head.about)
        self.title.setText(head.title)
        self.text.setText(head.text)
        self.text.setVisible(bool(head.text))
        figure = {self.number: head.number, self.caption: head.caption, self.limit: head.limit}
        for label, words in figure.items():
            label.setText(words)
            label.setVisible(bool(head.number and words))
        is_running = head.progress is not None
        self.cancel.setVisible(is_running)
        self.progress.setVisible(is_running)
        self.progress.show_progress(round((head.progress or 0) * PROGRESS_STEPS), PROGRESS_STEPS)
        self.strip.say(head.trouble, kind=head.trouble_kind)
        if old is None or old.others != head.others:
            self._show_others(head.others)
        self._tint()

    def _show_others(self, others: Sequence[tuple[str, str]]) -> None:
        while self._others_row.count():
            item = self._others_row.takeAt(0)
            if item.widget() is not None:
                item.widget().deleteLater()
        self.others = []
        if not others:
            return
        label = QLabel("Found besides:")
        label.setObjectName("hint")
        self._others_row.addWidget(label)
        for check, title in others:
            link = QPushButton(title)
            link.setObjectName("link")
            link.setToolTip(f"Show what {check.replace('_', ' ')} measured")
            link.clicked.connect(lambda _=False, check=check: self.check_wanted.emit(check))
            self._others_row.addWidget(link)
            self.others.append(link)
        self._others_row.addStretch(1)

    def copy_details(self) -> None:
        """Everything that is known about what went wrong onto the clipboard."""
        if self._head is not None:
            QGuiApplication.clipboard().setText(self._head.details or self._head.trouble)

    def _tint(self) -> None:
        palette = self._theme.palette
        self.cancel.setIcon(icon("stop", palette.t1))
        if self._head is None:
            return
        kind = self._head.kind
        colour = getattr(palette, TOKENS[kind])
        ground = palette.bg3 if kind == "plain" else getattr(palette, f"{kind}_tint")
        self.tile.setStyleSheet(f"background: {ground}; border-radius: 10px;")
        scale = self.devicePixelRatioF()
        self.tile.setPixmap(pixmap(self._head.icon, colour, size_px=24, scale=scale))
        self.number.setStyleSheet(f"color: {colour};")
