"""The rows of the verdict list: heads of groups, and under each its checks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QModelIndex, Qt

from core.doctor.check import Finding, Verdict
from utnet_viewer.doctor.telling import (
    ORDER,
    cause_title,
    check_title,
    head,
    is_beyond,
    limit_of,
    limit_text,
    plain,
    quantity,
    reason,
    reason_in_short,
    tell_verdict,
    value_text,
)

RUNNING, WAITING = "running", "waiting"


@dataclass(frozen=True)
class VerdictRow:
    """One row; without a check it is the head of a group.

    Attributes:
        check: Its id, "" for a head.
        title: The check's name, or the group's.
        question: What it asks.
        number: Measured, with its quantity.
        limit: Beside it: the threshold, or why nothing was measured.
        verdict: Of the check, or `RUNNING`, or `WAITING`.
        tip: All of it, for a tool tip and a screen reader.
    """

    check: str
    title: str
    question: str = ""
    number: str = ""
    limit: str = ""
    verdict: Verdict | str = ""
    tip: str = ""

    @property
    def is_tall(self) -> bool:
        """What wants attention has two lines."""
        return self.verdict in (Verdict.FAULT, Verdict.WARNING)


class VerdictModel(QAbstractListModel):
    """Faults first, then warnings, what was not tested, and what passed."""

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self.rows: list[VerdictRow] = []

    def show(self, rows: Sequence[VerdictRow]) -> None:
        """Other rows."""
        if list(rows) != self.rows:
            self.beginResetModel()
            self.rows = list(rows)
            self.endResetModel()

    def row_of(self, check: str) -> int:
        """Where a check stands; -1 nowhere."""
        return next((n for n, row in enumerate(self.rows) if check and row.check == check), -1)

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """As Qt asks for it."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole):
        """Words for screen readers and tool tips; the delegate paints from `rows`."""
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.title
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return row.tip or row.title
        return None

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Heads cannot be chosen."""
        if index.isValid() and not self.rows[index.row()].check:
            return Qt.ItemFlag.NoItemFlags
        return super().flags(index)


def rows_of(
    findings: Sequence[Finding],
    overrides: Mapping[str, float],
    *,
    running: str = "",
    waiting: Sequence[str] = (),
) -> list[VerdictRow]:
    """Every finding under the head of its verdict; above them the check that runs now."""
    rows: list[VerdictRow] = []
    if running:
        rows.append(VerdictRow("", "Running"))
        rows.append(_pending(running, RUNNING, "measuring…"))
    for verdict in ORDER:
        found = [finding for finding in findings if finding.verdict is verdict]
        found = [finding for finding in found if finding.check != running]
        if found:
            rows.append(VerdictRow("", f"{head(verdict, len(found))}\t{len(found)}"))
            rows += [row_of_finding(finding, overrides) for finding in found]
    if waiting:
        rows.append(VerdictRow("", f"Waiting\t{len(waiting)}"))
        rows += [_pending(check, WAITING, "not yet") for check in waiting]
    return rows


def _pending(check: str, state: str, words: str) -> VerdictRow:
    tip = f"{check_title(check)}\n{words}"
    return VerdictRow(check, plain(check), check_title(check), words, "", state, tip)


def row_of_finding(finding: Finding, overrides: Mapping[str, float]) -> VerdictRow:
    """One check that came out."""
    question, told = check_title(finding.check), tell_verdict(finding.verdict)
    if not finding.outcome.readings:
        lines = [question, f"{told.word}: {reason(finding)}"]
        return VerdictRow(
            finding.check,
            plain(finding.check),
            question,
            "not tested",
            reason_in_short(finding),
            finding.verdict,
            "\n".join(lines),
        )
    first = finding.outcome.readings[0]
    held = limit_of(first, overrides)
    limit = limit_text(first, held)
    lines = [question, f"{told.word}: {quantity(first)} {value_text(first)}"]
    if limit:
        lines[-1] += f", expected {limit}"
    lines += [cause_title(named.cause) for named in finding.outcome.named]
    if held is not None and is_beyond(first, held):
        lines.append(held.reason)
    return VerdictRow(
        finding.check,
        plain(finding.check),
        question,
        value_text(first),
        short_limit(limit, first.unit),
        finding.verdict,
        "\n".join(lines),
    )


def short_limit(limit: str, unit: str) -> str:
    """Without a unit in words: the number beside it says it."""
    return limit.removesuffix(unit).rstrip() if len(unit) > 4 else limit
