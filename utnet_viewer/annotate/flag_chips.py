"""Flags as chips: what is wrong with a frame, at a click; own flags are added behind the plus."""

from __future__ import annotations

import re
from itertools import pairwise

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QMenu, QSizePolicy, QWidget

from core.annotation.records import FLAGS
from utnet_viewer.annotate.words import flag_words
from utnet_viewer.settings import Settings
from utnet_viewer.theme import CONTROL_RADIUS, ICON, SIZE_LABEL, Theme, ui_font
from utnet_viewer.widgets.controls import IconButton
from utnet_viewer.widgets.flow import FlowLayout
from utnet_viewer.widgets.icons import pixmap

KEEP = "annotate/flags"

LONGEST_FLAG = 24
_CHIP, _PAD = 26, 10
#: Narrower, a column would ask for a line a flag.
_LEAST = 260


def flag_of(text: str) -> str:
    """What people type as a flag's name: ``"wrong-hand"`` for ``"Wrong hand "``; "" for nothing
    that could be one."""
    return re.sub(r"[^a-z0-9]+", "-", text.strip().lower()).strip("-")[:LONGEST_FLAG].rstrip("-")


class FlagChip(QAbstractButton):
    """One flag; set, it has the flag's icon and the warning's colours."""

    forgotten = Signal()  # an own one is not to be offered any more

    def __init__(self, flag: str, theme: Theme, *, is_own: bool) -> None:
        super().__init__()
        self.flag, self._theme, self._is_own = flag, theme, is_own
        self.setText(flag_words(flag))
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"Flag: {self.text()}")
        self.setFont(ui_font(SIZE_LABEL, 500))
        self.toggled.connect(self.updateGeometry)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Room for the words, and for the flag where it is set."""
        width = self.fontMetrics().horizontalAdvance(self.text()) + 2 * _PAD
        return QSize(width + (ICON + 4 if self.isChecked() else 0), _CHIP)

    def minimumSizeHint(self) -> QSize:
        """Words may be cut in a very narrow column."""
        return QSize(48, _CHIP)

    def contextMenuEvent(self, event) -> None:
        """An own flag can be taken out of the offer."""
        if not self._is_own:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(f"Do not offer “{self.flag}” any more", self.forgotten.emit)
        menu.popup(event.globalPos())

    def paintEvent(self, event) -> None:
        """A rounded chip, the flag, the words."""
        painter, palette = QPainter(self), self._theme.palette
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_set = self.isChecked()
        ground = "warning_tint" if is_set else ("bg4" if self.underMouse() else "bg3")
        painter.setBrush(palette.colour(ground))
        edge = palette.colour("warning", 0.45) if is_set else palette.colour(ground)
        painter.setPen(QPen(edge, 1))
        rect = self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(rect, CONTROL_RADIUS, CONTROL_RADIUS)
        colour = "warning" if is_set else ("t2" if self.isEnabled() else "t3")
        inner = self.rect().adjusted(_PAD, 0, -_PAD + 4, 0)
        if is_set:
            picture = pixmap("flag", getattr(palette, colour), scale=self.devicePixelRatioF())
            painter.drawPixmap(inner.x() - 2, inner.center().y() - ICON // 2 + 1, picture)
            inner.adjust(ICON + 2, 0, 0, 0)
        painter.setPen(palette.colour(colour))
        painter.setFont(self.font())
        words = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, inner.width()
        )
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)


class _OwnFlagField(QLineEdit):
    """Where an own flag is typed; Esc leaves it."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc: nothing is added."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event) -> None:
        """Going away with nothing typed leaves it too."""
        super().focusOutEvent(event)
        if not self.text().strip():
            self.left.emit()


class FlagChips(QWidget):
    """The known flags, those of one's own, and a plus.

    Own flags are kept in the settings and offered for every frame. One that a frame has, and that
    nobody here made (another window, an import), stands there too while it is set.
    """

    toggled = Signal(str)  # a person set a flag, or took it away
    own_changed = Signal()  # other own flags are offered

    def __init__(self, theme: Theme, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._settings = theme, settings
        self.own = [
            flag for flag in settings.text(KEEP).split(",") if flag_of(flag) == flag and flag
        ]
        self._set: frozenset[str] = frozenset()
        self.chips: dict[str, FlagChip] = {}
        self._layout = FlowLayout(self)
        self.plus = IconButton("plus", "Add a flag of your own", theme)
        self.plus.action.triggered.connect(self.ask)
        self.field = _OwnFlagField()
        self.field.setPlaceholderText("name of a flag")
        self.field.setAccessibleName("Name of a flag of your own")
        self.field.setMaxLength(40)
        self.field.setFixedWidth(128)
        self.field.hide()
        self.field.returnPressed.connect(self._add)
        self.field.left.connect(self._leave)
        self._layout.addWidget(self.plus)
        self._layout.addWidget(self.field)
        self.setMinimumWidth(_LEAST)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._arrange()

    @property
    def offered(self) -> list[str]:
        """Known flags, own ones, and what else the frame has."""
        known = [*FLAGS, *self.own]
        return known + sorted(self._set - set(known))

    def show_flags(self, flags: frozenset[str]) -> None:
        """The flags of the frame on screen."""
        self._set = flags
        self._arrange()
        for flag, chip in self.chips.items():
            chip.setChecked(flag in flags)

    def ask(self) -> None:
        """Let a person name a flag."""
        self.field.clear()
        self.field.show()
        self.plus.hide()
        self.field.setFocus()

    def _add(self) -> None:
        flag = flag_of(self.field.text())
        self._leave()
        if not flag:
            return
        if flag not in self.offered:
            self.own.append(flag)
            self._keep()
        self._arrange()
        if flag not in self._set:
            self.toggled.emit(flag)

    def _leave(self) -> None:
        had_focus = self.field.hasFocus()
        self.field.hide()
        self.field.clear()
        self.plus.show()
        if had_focus:
            self.plus.setFocus()

    def forget(self, flag: str) -> None:
        """Offer an own flag no more; frames that have it keep it."""
        self.own = [own for own in self.own if own != flag]
        self._keep()
        self._arrange()

    def _keep(self) -> None:
        self._settings.put(KEEP, ",".join(self.own))
        self.own_changed.emit()

    def _arrange(self) -> None:
        """One chip a flag; those that are there stay."""
        wanted = self.offered
        if wanted == list(self.chips):
            return
        for flag in set(self.chips) - set(wanted):
            chip = self.chips.pop(flag)
            self._layout.removeWidget(chip)
            chip.deleteLater()
        for position, flag in enumerate(wanted):
            if flag not in self.chips:
                self._layout.insert(position, self._chip(flag))
        self.chips = {flag: self.chips[flag] for flag in wanted}
        self._tab_order()

    def _chip(self, flag: str) -> FlagChip:
        chip = FlagChip(flag, self._theme, is_own=flag not in FLAGS)
        chip.clicked.connect(lambda: self._on_clicked(chip))
        chip.forgotten.connect(lambda: self.forget(flag))
        self.chips[flag] = chip
        return chip

    def _on_clicked(self, chip: FlagChip) -> None:
        chip.setChecked(chip.flag in self._set)  # as the store has it, until that says otherwise
        self.toggled.emit(chip.flag)

    def _tab_order(self) -> None:
        order = [*self.chips.values(), self.plus, self.field]
        for first, second in pairwise(order):
            QWidget.setTabOrder(first, second)
