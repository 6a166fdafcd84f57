"""Why it matters, what to do, and what the remedy would change: of the check that is chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from core.doctor import phrases
from core.doctor.check import Finding, Named, Verdict
from utnet_viewer.doctor.changes import Proposal
from utnet_viewer.doctor.telling import (
    LANGUAGE,
    cause_title,
    cause_words,
    check_title,
    limit_of,
    plain,
    quantity,
    reason,
    tell_verdict,
)
from utnet_viewer.theme import PADDING, SIZE_LABEL, Theme, mono_font
from utnet_viewer.training.run_words import TOKENS
from utnet_viewer.widgets.icons import pixmap
from utnet_viewer.widgets.panel import Panel

#: More samples than this are not named; the report has them all.
MOST_SAMPLES = 8


@dataclass(frozen=True)
class Shown:
    """What the panel tells of.

    Attributes:
        finding: Of the chosen check.
        proposals: Of each cause that the finding names, in its order.
        explains: Titles of what follows from it: icon, name, and what it came to.
        target: Where changes go: "the form in Train".
        is_applied: Whether the last thing applied was this finding's remedy.
        overrides: Thresholds that were set for the examination.
    """

    finding: Finding
    proposals: Sequence[Proposal] = ()
    explains: Sequence[tuple[str, str, str]] = ()
    target: str = ""
    is_applied: bool = False
    overrides: Mapping[str, float] = field(default_factory=dict)


class RemedyPanel(Panel):
    """Scrolls where there is much to say."""

    apply_wanted = Signal(int)  # number of the cause among those that are named
    undo_wanted = Signal()
    sample_wanted = Signal(str)
    check_wanted = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__("What to do", theme, parent)
        self.apply: list[QPushButton] = []
        self.undo: QPushButton | None = None
        self.links: dict[str, QPushButton] = {}  # samples and checks
        self._area = QScrollArea()
        self._area.setObjectName("plainScroll")
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.set_body(self._area)
        self._shown: Shown | None = None
        theme.changed.connect(self._again)
        self.show_nothing("Choose a check to see why it matters.")

    def _begin(self) -> None:
        self.apply, self.undo, self.links = [], None, {}
        self._inside = QWidget()
        self._inside.setObjectName("cardInside")
        self._layout = QVBoxLayout(self._inside)
        self._layout.setContentsMargins(PADDING, 0, PADDING, PADDING)
        self._layout.setSpacing(4)

    def _end(self) -> None:
        self._layout.addStretch(1)
        self._area.setWidget(self._inside)

    def show_nothing(self, words: str) -> None:
        """No check is chosen."""
        self._shown = None
        self.set_subtitle("")
        self._begin()
        self._say(words, "quiet")
        self._end()

    def _again(self) -> None:
        if self._shown is not None:
            shown, self._shown = self._shown, None
            self.show_finding(shown)

    def show_finding(self, shown: Shown) -> None:
        """Everything about a check; costs nothing where it is shown already."""
        if shown == self._shown:
            return
        self._shown = shown
        finding = shown.finding
        self._begin()
        self.set_subtitle(plain(finding.check))
        if not finding.outcome.readings:
            self._head("Not tested")
            self._say(reason(finding), "quiet")
        for number, named in enumerate(finding.outcome.named):
            self._tell_cause(number, named, shown)
        if shown.explains:
            self._line()
            self._head("It also explains")
            for row in shown.explains:
                self._follows(*row)
        if finding.outcome.named or not finding.outcome.readings:
            self._line()
        self._overrides = shown.overrides
        if finding.verdict is Verdict.PASS:
            self._say("Nothing: the number lies within its threshold.", "body")
        self._tell_check(finding)
        self._end()

    # Parts.

    def _tell_cause(self, number: int, named: Named, shown: Shown) -> None:
        if number:
            self._line()
        told = tell_verdict(named.verdict)
        words = cause_words(named)
        self._head(words.title, icon=told.icon, token=TOKENS[told.kind])
        self._say(words.explanation, "body")
        if words.why:
            self._head("Why it matters")
            self._say(words.why, "quiet")
        if words.remedy:
            self._head("Remedy", icon="wrench", token="accent_text")
            self._say(words.remedy, "body")
        if named.changes and number < len(shown.proposals):
            self._tell_proposal(number, shown.proposals[number], shown)
        if named.where:
            self._head("Where" if len(named.where) == 1 else "Where, worst first")
            self._samples(named.where)

    def _tell_proposal(self, number: int, proposal: Proposal, shown: Shown) -> None:
        if proposal.problem:
            self._say(f"It cannot be applied: {proposal.problem}", "fieldProblem")
        if proposal.changes:
            self._layout.addWidget(self._difference(proposal))
        elif proposal.config is not None:
            self._say(f"Applied: {shown.target} has these values now.", "hint")
        row = QHBoxLayout()
        row.setContentsMargins(0, 4, 0, 4)
        row.setSpacing(8)
        if proposal.changes and proposal.config is not None:
            button = QPushButton("Apply to configuration")
            button.setObjectName("primary" if number == 0 else "")
            button.setToolTip(
                f"Put {'this value' if len(proposal.changes) == 1 else 'these values'} into "
                f"{shown.target}  (Ctrl+Shift+A)"
            )
            button.clicked.connect(lambda: self.apply_wanted.emit(number))
            self.apply.append(button)
            row.addWidget(button)
        if shown.is_applied:
            self.undo = QPushButton("Undo")
            self.undo.setToolTip("Bring back the values from before  (Ctrl+Shift+Z)")
            self.undo.clicked.connect(self.undo_wanted)
            row.addWidget(self.undo)
        row.addStretch(1)
        self._layout.addLayout(row)

    def _difference(self, proposal: Proposal) -> QLabel:
        """Old and new value of each key, as a difference is written."""
        palette, lines = self.theme.palette, []
        for change in proposal.changes:
            for sign, value, token in (("−", change.old, "fault"), ("+", change.new, "success")):
                words = escape(f"{sign} {change.key}: {value or 'empty'}")
                colour, ground = getattr(palette, token), getattr(palette, f"{token}_tint")
                lines.append(
                    f'<tr><td style="color:{colour}; background:{ground}; padding:3px 8px;">'
                    f"{words}</td></tr>"
                )
        label = QLabel(f'<table width="100%" cellspacing="0">{"".join(lines)}</table>')
        label.setTextFormat(Qt.TextFormat.RichText)
        label.setFont(mono_font(SIZE_LABEL))
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        label.setAccessibleName("; ".join(change.words for change in proposal.changes))
        return label

    def _tell_check(self, finding: Finding) -> None:
        self._head(check_title(finding.check))
        self._say(phrases.check_why(finding.check, LANGUAGE), "quiet")
        formula = phrases.check_formula(finding.check, LANGUAGE)
        if formula:
            self._head("Measured as")
            self._say(formula, "formula")
        for reading in finding.outcome.readings:
            limit = limit_of(reading, self._overrides)
            if limit is not None and limit.reason:
                self._head(f"Why this threshold: {quantity(reading)}")
                self._say(limit.reason, "quiet")
        if finding.under:
            self._head("Measured as if mended")
            words = ", ".join(cause_title(cause).lower() for cause in finding.under)
            self._say(f"The causes above it were undone in thought first: {words}.", "quiet")

    def _samples(self, names: Sequence[str]) -> None:
        grid = QVBoxLayout()
        grid.setSpacing(0)
        row = QHBoxLayout()
        for number, name in enumerate(names[:MOST_SAMPLES]):
            if number % 3 == 0:
                row = QHBoxLayout()
                row.setSpacing(2)
                row.setAlignment(Qt.AlignmentFlag.AlignLeft)
                grid.addLayout(row)
            link = self._link(name, f"Look at {name} in Inspect", self.sample_wanted)
            row.addWidget(link)
        self._layout.addLayout(grid)
        more = len(names) - MOST_SAMPLES
        if more > 0:
            self._say(f"and {more} more", "hint")

    def _follows(self, check: str, icon: str, words: str) -> None:
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self._icon(icon, "t3" if icon == "minus-circle" else "warning"))
        row.addWidget(self._link(check, f"Show {plain(check)}", self.check_wanted))
        row.addStretch(1)
        note = QLabel(words)
        note.setObjectName("hint")
        row.addWidget(note)
        self._layout.addLayout(row)

    def _link(self, name: str, tip: str, signal) -> QPushButton:
        link = QPushButton(plain(name) if signal is self.check_wanted else name)
        link.setObjectName("link")
        link.setToolTip(tip)
        link.clicked.connect(lambda: signal.emit(name))
        self.links[name] = link
        return link

    def _icon(self, name: str, token: str) -> QLabel:
        label = QLabel()
        colour = getattr(self.theme.palette, token)
        label.setPixmap(pixmap(name, colour, scale=self.devicePixelRatioF()))
        label.setFixedWidth(18)
        return label

    def _head(self, words: str, *, icon: str = "", token: str = "t2") -> None:
        row = QHBoxLayout()
        row.setContentsMargins(0, 8, 0, 0)
        row.setSpacing(6)
        if icon:
            row.addWidget(self._icon(icon, token), 0, Qt.AlignmentFlag.AlignTop)
        label = QLabel(words)
        label.setObjectName("smallHead")
        label.setWordWrap(True)
        row.addWidget(label, 1)
        self._layout.addLayout(row)

    def _say(self, words: str, name: str) -> None:
        if not words:
            return
        label = QLabel(words)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setObjectName(name)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._layout.addWidget(label)

    def _line(self) -> None:
        line = QFrame()
        line.setObjectName("hairline")
        line.setFixedHeight(1)
        self._layout.addSpacing(10)
        self._layout.addWidget(line)
        self._layout.addSpacing(2)
