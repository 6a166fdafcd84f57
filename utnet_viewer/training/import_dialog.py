"""What becomes of an original UTNet configuration, before its values are taken."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from core.training.config import TrainingConfig
from utnet_viewer.training.field_text import show_value

if TYPE_CHECKING:  # what the report is made of; the window makes none itself
    from core.training.legacy_report import ImportedKey, ImportReport

#: Heading and attribute of the report, what needs a person's eye first.
GROUPS = (
    ("Known to keep a training from learning, replaced", "harmful"),
    ("Files and folders that are not there", "missing"),
    ("Keys that the original does not have", "unknown"),
    ("Without a counterpart here", "without_counterpart"),
    ("Taken over", "mapped"),
)


class ImportDialog(QDialog):
    """`taken` carries the new configuration when the person wants it."""

    taken = Signal(object)  # TrainingConfig

    def __init__(
        self,
        path: Path,
        config: TrainingConfig,
        report: ImportReport,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._path, self._config, self._report = path, config, report
        self.setWindowTitle("Import an original configuration")
        self.resize(860, 560)
        head = QLabel(f"What becomes of {path.name}")
        head.setObjectName("heading")
        words = QLabel(
            f"{len(report.mapped)} keys are taken over, {len(report.harmful)} harmful values are "
            f"replaced, {len(report.without_counterpart)} have no counterpart. Everything else is "
            f"as in the preset {report.preset}."
        )
        words.setObjectName("quiet")
        words.setWordWrap(True)
        self.report = self._make_report()
        self.take, copy, cancel = (
            QPushButton("Use these values"),
            QPushButton("Copy report"),
            QPushButton("Cancel"),
        )
        self.take.setObjectName("primary")
        self.take.setDefault(True)
        self.take.clicked.connect(self.accept)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.as_text()))
        cancel.clicked.connect(self.reject)
        self.accepted.connect(lambda: self.taken.emit(self._config))
        self.finished.connect(self.deleteLater)
        self._arrange(head, words, copy, cancel)

    def _arrange(self, head: QLabel, words: QLabel, copy: QPushButton, cancel: QPushButton) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(copy)
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.take)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(10)
        for part in (head, words, self.report):
            layout.addWidget(part)
        layout.addLayout(buttons)

    def _make_report(self) -> QTextBrowser:
        report = QTextBrowser()
        report.setAccessibleName("What becomes of each key")
        parts = []
        for title, attribute in GROUPS:
            keys: tuple[ImportedKey, ...] = getattr(self._report, attribute)
            if keys:
                head = f"<span style='font-weight:600'>{title} ({len(keys)})</span>"
                parts.append(f"<p style='margin: 12px 0 4px 0'>{head}</p>")
                parts += [_html(key) for key in keys]
        report.setHtml("".join(parts))
        return report

    def as_text(self) -> str:
        """The report for a clipboard."""
        lines = [f"Import of {self._path}"]
        for title, attribute in GROUPS:
            keys: tuple[ImportedKey, ...] = getattr(self._report, attribute)
            if keys:
                lines += ["", title]
                lines += ["  " + "  ".join(_words(key)) for key in keys]
        return "\n".join(lines)


def _words(key: ImportedKey) -> list[str]:
    old = "" if key.old_value is None else str(key.old_value)
    here = f"{key.key} = {show_value(key.value) or 'empty'}" if key.key else ""
    return [key.old_key, old, here, key.sentence]


def _html(key: ImportedKey) -> str:
    old_key, old, here, sentence = (escape(words) for words in _words(key))
    there = f"<span style='font-weight:600'>{old_key}</span>" + (f" = {old}" if old else "")
    arrow = f" → <span style='font-weight:600'>{here}</span>" if here else ""
    return f"<p style='margin: 4px 0 4px 12px'>{there}{arrow}<br>{sentence}</p>"
