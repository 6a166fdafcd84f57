"""One line of the form: label, control, a dot where the value was changed, what is wrong below."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGridLayout, QLabel, QToolButton, QWidget

from core.training.config_fields import FieldInfo, expected
from utnet_viewer.theme import CONTROL, Theme
from utnet_viewer.training.field_editors import FieldEditor, make_editor
from utnet_viewer.widgets.icons import pixmap

LABEL_WIDTH, DOT_WIDTH = 116, 14


class ChangeDot(QToolButton):
    """Says that a value is not the baseline's; a click puts that one back."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._is_on = theme, False
        self.setFixedSize(DOT_WIDTH, CONTROL)
        theme.changed.connect(self.update)

    @property
    def is_on(self) -> bool:
        """Whether the value was changed."""
        return self._is_on

    def show_change(self, is_changed: bool, baseline: str) -> None:
        """`baseline` is the value there, as text."""
        self._is_on = is_changed
        self.setEnabled(is_changed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if is_changed else Qt.FocusPolicy.NoFocus)
        words = f"Changed: {baseline or 'nothing'} in the baseline. Click to put it back."
        self.setToolTip(words if is_changed else "")
        self.setAccessibleName(words if is_changed else "As in the baseline")
        self.update()

    def paintEvent(self, event) -> None:
        """A dot, larger under the pointer."""
        if not self._is_on:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.palette.colour("accent"))
        radius = 3.6 if self.underMouse() else 2.6
        centre = self.rect().center()
        painter.drawEllipse(
            QRectF(centre.x() + 1 - radius, centre.y() + 1 - radius, 2 * radius, 2 * radius)
        )


class FieldRow(QWidget):
    """A field of the configuration."""

    edited = Signal(str, str)  # key, text
    reset_wanted = Signal(str)  # key

    def __init__(
        self,
        info: FieldInfo,
        theme: Theme,
        *,
        editor: FieldEditor | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """`editor` stands in for the one that fits the field's kind."""
        super().__init__(parent)
        self.info, self._theme = info, theme
        self.editor = editor or make_editor(info, theme)
        self.label = QLabel(info.title)
        self.label.setObjectName("quiet")
        self.label.setFixedWidth(LABEL_WIDTH)
        self.label.setWordWrap(True)
        self.label.setBuddy(self.editor.control)
        self.dot = ChangeDot(theme)
        self._problem_icon, self.problem = QLabel(), QLabel()
        self.problem.setObjectName("fieldProblem")
        self.problem.setWordWrap(True)
        self._sentence = ""
        self._problem_icon.hide()
        self.problem.hide()
        self._arrange()
        self.show_change(False, "")
        self.editor.edited.connect(lambda text: self.edited.emit(info.key, text))
        self.dot.clicked.connect(lambda: self.reset_wanted.emit(info.key))
        theme.changed.connect(self._tint)
        self._tint()

    def _arrange(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(2)
        grid.addWidget(self.label, 0, 0)
        grid.addWidget(self.editor, 0, 1)
        grid.addWidget(self.dot, 0, 2)
        grid.addWidget(self._problem_icon, 1, 0, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(self.problem, 1, 1, 1, 2)
        grid.setColumnStretch(1, 1)

    def show_problem(self, sentence: str) -> None:
        """Mark the field and say what is wrong with it; "" is nothing."""
        if sentence == self._sentence:
            return
        self._sentence = sentence
        self.editor.mark(is_invalid=bool(sentence))
        self.problem.setText(sentence[:1].upper() + sentence[1:])
        self.problem.setVisible(bool(sentence))
        self._problem_icon.setVisible(bool(sentence))

    def show_change(self, is_changed: bool, baseline: str) -> None:
        """Say whether the value is another one than the baseline's."""
        self.dot.show_change(is_changed, baseline)
        self._explain(baseline)

    def _explain(self, baseline: str) -> None:
        info = self.info
        lines = [info.help]
        if info.kind in ("int", "float"):
            lines.append(f"Takes {expected(info).removesuffix(', or null')}.")
        if info.when_empty:
            lines.append(f"Empty: {info.when_empty}.")
        if baseline:
            lines.append(f"Baseline: {baseline}")
        lines.append(info.key)
        text = "\n".join(line for line in lines if line)
        # Rich text, so that long sentences wrap.
        html = f"<p style='white-space:pre-wrap'>{text.replace('<', '&lt;')}</p>"
        for widget in (self.label, self.editor.control):
            widget.setToolTip(html)
        self.editor.control.setAccessibleDescription(text)

    def _tint(self) -> None:
        colour = self._theme.palette.fault
        self._problem_icon.setPixmap(
            pixmap("warning-circle", colour, size_px=14, scale=self.devicePixelRatioF())
        )
