"""A sequence fitted from its corrected frames: what would change is looked at before it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from core.conventions import JOINT_NAMES
from core.data.frame import Frame
from utnet_viewer.annotate.change_plot import MM, PX, ChangePlot
from utnet_viewer.annotate.proposal_view import ProposalView
from utnet_viewer.annotate.sequence_fitting import Phase, SequenceFitting
from utnet_viewer.annotate.sequence_plan import Proposal, summary
from utnet_viewer.annotate.sequence_setup import SequenceSetup
from utnet_viewer.annotate.tick_table import Column, TickModel, TickTable
from utnet_viewer.document import Document
from utnet_viewer.numbers import fixed
from utnet_viewer.theme import GUTTER, Theme
from utnet_viewer.widgets.controls import IconButton, SegmentedControl
from utnet_viewer.widgets.elided_label import ElidedLabel

if TYPE_CHECKING:
    from utnet_viewer.annotate.annotations import Annotations
    from utnet_viewer.processes.fit_client import FitClient

_COLUMNS = (
    Column("frame", 68, lambda one: one.frame.name, lambda one: one.time),
    Column(
        "mean px",
        60,
        lambda one: fixed(one.moved.mean_px),
        lambda one: one.moved.mean_px,
        "How far the 21 joints move in the photo, on average",
        is_number=True,
    ),
    Column(
        "worst px",
        62,
        lambda one: fixed(one.moved.worst_px),
        lambda one: one.moved.worst_px,
        "How far the joint moves that moves most in the photo",
        is_number=True,
    ),
    Column(
        "worst mm",
        66,
        lambda one: fixed(one.moved.worst_mm),
        lambda one: one.moved.worst_mm,
        "How far the joint moves that moves most in space",
        is_number=True,
    ),
    Column(
        "worst joint",
        86,
        lambda one: JOINT_NAMES[one.moved.joint],
        lambda one: JOINT_NAMES[one.moved.joint],
        "The joint that moves most in space",
    ),
    Column("", 0, lambda one: one.note, lambda one: one.note),
)
NOTHING_YET = "What would change is shown here, frame by frame, before anything is written."


class SequenceDialog(QDialog):
    """Follows the sequence on screen until one was fitted; stays open beside the window."""

    SHEET_KEYS = (
        ("Look at another frame", "Up or Down"),
        ("Tick or untick the chosen frames", "Space"),
        ("Show the frame in the window", "Return"),
        ("Close", "Esc"),
    )

    def __init__(
        self,
        document: Document,
        annotations: Annotations,
        fitter: FitClient,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Fit a sequence")
        self.setMinimumSize(940, 540)
        self.resize(1140, 700)
        self._document, self._theme = document, theme
        self.fitting = SequenceFitting(annotations, fitter, self)
        self.setup = SequenceSetup(self.fitting, theme)
        self.plot = ChangePlot(theme)
        self.table = TickTable(theme, "Frames that change", TickModel(_COLUMNS, _row_of))
        self.photo = ProposalView(theme)
        self.units = SegmentedControl((PX, MM), title="Change in")
        self.head, self.hint, self.summary = QLabel(), QLabel(), ElidedLabel()
        self.place, self.promise = ElidedLabel(), QLabel()
        self.accept_button, self.close_button = QPushButton(), QPushButton("Close")
        self.in_window = IconButton("eye", "Show this frame in the window", theme)
        self._row = -1
        self._shown: list[Proposal] | None = None
        self._arrange()
        self._connect()
        self._on_hand_model()
        self._refresh()

    def _arrange(self) -> None:
        self.head.setObjectName("heading")
        self.hint.setObjectName("hint")
        self.summary.setObjectName("quiet")
        self.place.setObjectName("quiet")
        self.promise.setObjectName("hint")
        self.in_window.setToolTip("Show this frame in the window  (Return)")
        for button in (self.setup.start, self.close_button, self.accept_button):
            button.setAutoDefault(False)
        left = _card(self.setup, margin=12)
        left.setFixedWidth(280)
        right = QVBoxLayout()
        right.setSpacing(GUTTER)
        right.addWidget(self._plot_card(), 2)
        right.addWidget(self._frames(), 3)
        body = QHBoxLayout()
        body.setSpacing(GUTTER)
        body.addWidget(left)
        body.addLayout(right, 1)
        foot = QHBoxLayout()
        foot.addWidget(self.promise, 1)
        foot.addWidget(self.close_button)
        foot.addWidget(self.accept_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(8)
        title = QHBoxLayout()
        title.addWidget(self.head)
        title.addSpacing(6)
        title.addWidget(self.hint, 1)
        layout.addLayout(title)
        layout.addLayout(body, 1)
        layout.addLayout(foot)

    def _plot_card(self) -> QFrame:
        inside = QWidget()
        line = QHBoxLayout()
        line.setContentsMargins(12, 0, 10, 0)
        line.addWidget(self.summary, 1)
        line.addWidget(self.units)
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(line)
        layout.addWidget(self.plot, 1)
        return _card(inside, margin=6)

    def _frames(self) -> QWidget:
        beside = QWidget()
        line = QHBoxLayout()
        line.addWidget(self.place, 1)
        line.addWidget(self.in_window)
        layout = QVBoxLayout(beside)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(line)
        layout.addWidget(self.photo, 1)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setHandleWidth(GUTTER)
        splitter.setChildrenCollapsible(False)
        self.table.setMinimumWidth(436)
        splitter.addWidget(_card(self.table, margin=4))
        splitter.addWidget(_card(beside, margin=8))
        splitter.setSizes([520, 330])
        return splitter

    def _connect(self) -> None:
        fitting, document = self.fitting, self._document
        fitting.changed.connect(self._refresh)
        fitting.reader.photo_read.connect(self._on_photo)
        self.table.chosen.connect(self.look_at)
        self.table.opened.connect(document.select)
        self.table.ticks.ticked_changed.connect(self._show_accept)
        self.plot.chosen.connect(self.table.choose)
        self.setup.key_chosen.connect(self.table.choose)
        self.setup.key_opened.connect(document.select)
        self.units.changed.connect(self.plot.set_unit)
        self.in_window.action.triggered.connect(lambda: document.select(self._row))
        self.accept_button.clicked.connect(self._accept)
        self.close_button.clicked.connect(self.close)
        document.row_changed.connect(lambda _: self._follow())
        document.dataset_changed.connect(self._on_dataset)
        document.hand_model_changed.connect(self._on_hand_model)

    # What it is about.

    def open_here(self) -> None:
        """Show the sequence of the frame on screen, unless another one waits to be accepted."""
        self.show()
        self.raise_()
        self._follow()

    def keep(self) -> bool:
        """Before the window closes: what was accepted is in the annotations, nothing is asked."""
        self.fitting.keep()
        return True

    def shut_down(self) -> None:
        """Give up what is under way; for the end of the window."""
        self.fitting.close()
        self.close()

    def _on_dataset(self) -> None:
        self.fitting.open(None, "")
        self._follow()

    def _on_hand_model(self) -> None:
        """Hands are posed by another model: what was read and proposed means nothing any more."""
        model = self._document.hand_model
        name = f"{model.name} hand, not MANO" if model.is_stand_in else model.name
        self.hint.setText(f"Fitted with: {name}")
        if self.fitting.sequence:
            self._on_dataset()

    def _follow(self) -> None:
        index, row = self._document.index, self._document.row
        is_held = self.fitting.phase in (Phase.FITTING, Phase.PROPOSED)
        if not self.isVisible() or is_held:
            return
        sequence = "" if index is None or row < 0 else index.frame_id(row).sequence
        if sequence != self.fitting.sequence:
            self.fitting.open(index if sequence else None, sequence)

    def reject(self) -> None:
        """Closed: what is under way or was proposed is given up; it is fitted again in seconds."""
        self.fitting.discard()
        super().reject()

    # What is shown.

    def _refresh(self) -> None:
        fitting = self.fitting
        name = fitting.sequence
        self.head.setText(f"Sequence {name}" if name else "No sequence: open a frame first")
        if self._shown is not fitting.proposals:
            self._shown = fitting.proposals
            self._show_proposals()
        self.summary.setText(self._summary())
        self._show_accept()

    def _summary(self) -> str:
        if self.fitting.is_outdated:
            return "Corrections changed since this was fitted: fit again to use them."
        if self.fitting.phase is Phase.PROPOSED and not self.fitting.proposals:
            return "Nothing came of this fit: no frame has a hand in front of the camera."
        return summary(self.fitting.proposals) or NOTHING_YET

    def _show_proposals(self) -> None:
        proposals = self.fitting.proposals
        ticked = {_row_of(one) for one in proposals if one.is_taken_at_first}
        self.table.ticks.show(proposals, ticked, {})
        self.plot.show_proposals(proposals)
        self._row = -1
        self.place.setText("")
        self.photo.say("" if proposals else "Photos with the proposed hands")
        self.units.setVisible(bool(proposals))
        if proposals:
            worst = max(proposals, key=lambda one: one.moved.worst_mm * (not one.is_key))
            self.table.choose(_row_of(worst))
            self.table.setFocus()

    def _show_accept(self) -> None:
        count = len(self.table.ticks.ticked)
        is_there = self.fitting.phase is Phase.PROPOSED
        noun = "frame" if count == 1 else "frames"
        self.accept_button.setText(f"Accept {count:,} {noun}" if is_there else "Accept")
        self.accept_button.setEnabled(is_there and count > 0 and not self._is_read_only)
        self.in_window.setVisible(self._row >= 0)
        # One primary button: what is to be done next.
        _make_primary(self.accept_button, is_there)
        _make_primary(self.setup.start, not is_there)
        self.promise.setText(self._promise())

    @property
    def _is_read_only(self) -> bool:
        return self.fitting.annotations.is_read_only

    def _promise(self) -> str:
        if self._is_read_only:
            return "These annotations are read-only: nothing can be accepted."
        if not self.fitting.proposals:
            return "Nothing is written before you accept. Original files are never changed."
        replaced = sum(
            one.is_by_hand and _row_of(one) in self.table.ticks.ticked
            for one in self.fitting.proposals
        )
        if replaced:
            return (
                f"{replaced:,} of them replace what was corrected by hand. One undo takes all back."
            )
        return "Frames corrected by hand stay as they are. One undo takes all back."

    # Looking at a frame.

    def look_at(self, row: int) -> None:
        """Show a frame's photo with the proposed hand."""
        self._row = row
        self.plot.show_row(row)
        self._show_accept()
        one = self._proposal(row)
        if one is None:
            return
        words = f"{fixed(one.moved.worst_px)} px, {fixed(one.moved.worst_mm)} mm"
        self.place.setText(f"{JOINT_NAMES[one.moved.joint]} {words}")
        self.fitting.reader.want_photo(row)

    def _proposal(self, row: int) -> Proposal | None:
        return next((one for one in self.fitting.proposals if _row_of(one) == row), None)

    def _on_photo(self, row: int, frame: Frame | None, why: str) -> None:
        one = self._proposal(row)
        if row != self._row or one is None:
            return
        if frame is None:
            self.photo.say(why)
        else:
            self.photo.show_photo(one, frame)

    def _accept(self) -> None:
        self.fitting.accept(set(self.table.ticks.ticked))


def _row_of(one: Proposal) -> int:
    return one.frame.row


def _make_primary(button: QPushButton, is_primary: bool) -> None:
    name = "primary" if is_primary else ""
    if button.objectName() != name:
        button.setObjectName(name)
        button.style().unpolish(button)
        button.style().polish(button)


def _card(inside: QWidget, *, margin: int) -> QFrame:
    card = QFrame()
    card.setObjectName("card")
    layout = QVBoxLayout(card)
    layout.setContentsMargins(margin, margin, margin, margin)
    layout.addWidget(inside)
    return card
