"""The column with everything that a finding shows: pictures, plots and tables."""

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QLabel,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.doctor import phrases
from core.doctor.check import Finding
from core.doctor.evidence import Bars, Curves, Evidence, Overlay, Scatter, Table
from utnet_viewer.doctor.evidence.overlay import OverlayView
from utnet_viewer.doctor.evidence.plots import (
    BarsChart,
    CurvesChart,
    ScatterChart,
    bars_height,
)
from utnet_viewer.doctor.telling import label
from utnet_viewer.theme import GUTTER, PANEL_HEADER, TABLE_HEAD, TABLE_ROW, Theme
from utnet_viewer.widgets.controls import IconButton
from utnet_viewer.widgets.panel import Panel

#: More rows than this are not shown; the export has them all.
MOST_ROWS = 200
_CARD_LEAST, _TABLE_MOST = 250, 420
#: As Qt has it; PySide does not name it.
QWIDGETSIZE_MAX = 16_777_215


class EvidenceColumn(QScrollArea):
    """Cards one below the other; they share the height and scroll where they need more."""

    sample_wanted = Signal(str)  # name of a sample: to be looked at in Inspect

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._shown = theme, None
        self.overlay: OverlayView | None = None
        self._pager: list[IconButton] = []
        self.setObjectName("plainScroll")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Evidence")
        self.show_finding(None)

    def show_finding(self, finding: Finding | None, *, empty: str = "") -> None:
        """Show what a finding rests on; costs nothing where it is shown already."""
        if finding is not None and finding is self._shown:
            return
        self._shown, self.overlay = finding, None
        evidence = () if finding is None else finding.outcome.evidence
        inside = QWidget()
        inside.setObjectName("plainInside")
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GUTTER)
        cards = self._cards(evidence)
        if not cards:
            words = empty or "This check shows no picture: its numbers stand at the right."
            cards = [self._empty_card(words)]
        for card in cards:
            layout.addWidget(card, 1)
        if all(card.maximumHeight() < QWIDGETSIZE_MAX for card in cards):
            layout.addStretch(1)
        self.setWidget(inside)

    def _cards(self, evidence: Iterable[Evidence]) -> list[Panel]:
        evidence = list(evidence)
        overlays = [one for one in evidence if isinstance(one, Overlay)]
        cards = [self._overlay_card(overlays)] if overlays else []
        for one in evidence:
            if isinstance(one, Overlay):
                continue
            card = Panel(label(one.title), self._theme)
            card.header.title.setText(label(one.title).capitalize())
            card.set_body(self._body(one))
            if isinstance(one, Bars | Table):
                card.setFixedHeight(_height(one))
            else:
                card.setMinimumHeight(_CARD_LEAST)
            cards.append(card)
        return cards

    def _body(self, one: Evidence) -> QWidget:
        if isinstance(one, Scatter):
            return ScatterChart(one, self._theme)
        if isinstance(one, Curves):
            return CurvesChart(one, self._theme)
        if isinstance(one, Bars):
            return BarsChart(one, self._theme)
        assert isinstance(one, Table)
        return make_table(one)

    def _overlay_card(self, overlays: list[Overlay]) -> Panel:
        card = Panel("What it looks like", self._theme)
        view = OverlayView(overlays, self._theme)
        back = IconButton("caret-left", "Previous sample of the picture", self._theme)
        on = IconButton("caret-right", "Next sample of the picture", self._theme)
        look = IconButton("eye", "Look at this sample in Inspect", self._theme)
        back.action.triggered.connect(lambda: view.step(-1))
        on.action.triggered.connect(lambda: view.step(1))
        look.action.triggered.connect(lambda: self.sample_wanted.emit(view.current.sample))

        def say() -> None:
            place, count = view.position
            number = f" · {place} of {count}" if count > 1 else ""
            card.header.title.setText(label(view.current.title).capitalize())
            card.set_subtitle(f"{view.current.sample}{number}")
            back.action.setEnabled(place > 1)
            on.action.setEnabled(place < count)

        view.changed.connect(say)
        for tool in (look, back, on) if len(overlays) > 1 else (look,):
            card.add_tool(tool)
        card.set_body(view)
        card.setMinimumHeight(_CARD_LEAST + 60)
        say()
        self.overlay = view
        return card

    def _empty_card(self, words: str) -> Panel:
        card = Panel("Evidence", self._theme)
        text = QLabel(words)
        text.setObjectName("quiet")
        text.setWordWrap(True)
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        text.setMargin(30)
        card.set_body(text)
        return card


def _height(one: Bars | Table) -> int:
    """Of a card whose rows have their own height: all of them, up to a limit."""
    if isinstance(one, Bars):
        return PANEL_HEADER + bars_height(len(one.labels))
    rows = min(len(one.rows), MOST_ROWS)
    return min(PANEL_HEADER + TABLE_HEAD + rows * (TABLE_ROW - 2) + 8, _TABLE_MOST)


def make_table(evidence: Table) -> QTableWidget:
    """Rows and columns; numbers at the right."""
    rows = evidence.rows[:MOST_ROWS]
    table = QTableWidget(len(rows), len(evidence.columns))
    table.setHorizontalHeaderLabels([label(column) for column in evidence.columns])
    table.setAccessibleName(label(evidence.title))
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(TABLE_ROW - 2)
    heads = table.horizontalHeader()
    heads.setFixedHeight(TABLE_HEAD)
    heads.setHighlightSections(False)
    heads.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    middle, right = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignRight
    left = Qt.AlignmentFlag.AlignLeft
    for place, row in enumerate(rows):
        for column, value in enumerate(row[: len(evidence.columns)]):
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            item = QTableWidgetItem(_cell(value))
            item.setTextAlignment(middle | (right if is_number else left))
            item.setToolTip(item.text())
            table.setItem(place, column, item)
            if place == 0 and is_number:
                table.horizontalHeaderItem(column).setTextAlignment(middle | right)
            elif place == 0:
                table.horizontalHeaderItem(column).setTextAlignment(middle | left)
    return table


def _cell(value: object) -> str:
    if value is None:
        return "—"
    if isinstance(value, float):
        return phrases.number(value)
    return label(value) if isinstance(value, str) else str(value)
