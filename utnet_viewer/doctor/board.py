"""The panels of the Doctor workspace and where they stand."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from utnet_viewer.doctor.checks_panel import ChecksPanel
from utnet_viewer.doctor.evidence.panel import EvidenceColumn
from utnet_viewer.doctor.head_card import HeadCard
from utnet_viewer.doctor.readings import ReadingsView
from utnet_viewer.doctor.remedy_panel import RemedyPanel
from utnet_viewer.doctor.subject_panel import SubjectPanel
from utnet_viewer.settings import Settings
from utnet_viewer.theme import GUTTER, Theme
from utnet_viewer.widgets.panel import Panel

#: What is remembered under which name.
KEEP = "doctor"

#: The mock-up's sizes at 1600x1000; smaller windows keep the proportions.
LIST_WIDTH, EVIDENCE_WIDTH, REMEDY_WIDTH = 384, 666, 526
#: Of the numbers against their thresholds; more of them scroll.
NUMBERS_MOST = 176


class Board(QWidget):
    """Subject over checks at the left; diagnosis, evidence, numbers and remedy beside them."""

    def __init__(self, theme: Theme, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme, self.settings = theme, settings
        self.subject, self.checks = SubjectPanel(theme), ChecksPanel(theme)
        self.head, self.evidence = HeadCard(theme), EvidenceColumn(theme)
        self.numbers, self.remedy = Panel("Measured against threshold", theme), RemedyPanel(theme)
        self.readings = ReadingsView(theme)
        scroll = QScrollArea()
        scroll.setObjectName("plainScroll")
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setSizeAdjustPolicy(QScrollArea.SizeAdjustPolicy.AdjustToContents)
        scroll.setMaximumHeight(NUMBERS_MOST)  # the remedy's button stays in sight
        scroll.setWidget(self.readings)
        self.numbers.set_body(scroll)
        self._arrange()
        for name, splitter in self._splitters.items():
            state = settings.bytes(f"{KEEP}/splitter_{name}")
            if not state.isEmpty():
                splitter.restoreState(state)

    def _arrange(self) -> None:
        as_high_as_needed = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.subject.setSizePolicy(as_high_as_needed)
        self.numbers.setSizePolicy(as_high_as_needed)
        left, advice = _column(self.subject, self.checks), _column(self.numbers, self.remedy)
        self._lower = QSplitter(Qt.Orientation.Horizontal)
        self._lower.addWidget(self.evidence)
        self._lower.addWidget(advice)
        self._whole = QSplitter(Qt.Orientation.Horizontal)
        self._whole.addWidget(left)
        self._whole.addWidget(_column(self.head, self._lower))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._whole)
        self._splitters = {"whole": self._whole, "lower": self._lower}
        for splitter in self._splitters.values():
            splitter.setHandleWidth(GUTTER)
            splitter.setChildrenCollapsible(False)
        left.setMinimumWidth(316)
        advice.setMinimumWidth(330)
        self.evidence.setMinimumWidth(280)
        self._whole.setStretchFactor(1, 1)
        self._lower.setStretchFactor(0, 5)
        self._lower.setStretchFactor(1, 4)
        self.reset_layout()

    def reset_layout(self) -> None:
        """As at the very first start."""
        self._whole.setSizes([LIST_WIDTH, 1600 - LIST_WIDTH])
        self._lower.setSizes([EVIDENCE_WIDTH, REMEDY_WIDTH])

    def keep_layout(self) -> None:
        """Remember where the splitters stand."""
        for name, splitter in self._splitters.items():
            self.settings.put(f"{KEEP}/splitter_{name}", splitter.saveState())


def _column(upper: QWidget, lower: QWidget) -> QWidget:
    """One above the other; the lower one takes the room that is left."""
    widget = QWidget()
    column = QVBoxLayout(widget)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(GUTTER)
    column.addWidget(upper)
    column.addWidget(lower, 1)
    return widget
