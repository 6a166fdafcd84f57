"""The application's fonts and its style sheet, made from the theme's tokens."""

from importlib.resources import files
from string import Template

from PySide6.QtGui import QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from utnet_viewer.theme import Palette, Theme, tokens, ui_font

FONTS = (
    "Inter-Regular.otf",
    "Inter-Medium.otf",
    "Inter-SemiBold.otf",
    "JetBrainsMono-Regular.ttf",
)


def load_fonts() -> None:
    """Make the bundled fonts known to Qt; raises RuntimeError naming one that is damaged."""
    for name in FONTS:
        data = (files("resources") / "fonts" / name).read_bytes()
        if QFontDatabase.addApplicationFontFromData(data) < 0:
            raise RuntimeError(f"resources/fonts/{name} is damaged: Qt cannot read it")


def style_sheet(palette: Palette, *, is_dark: bool) -> str:
    """The window's style sheet in the colours of `palette`."""
    template = (files("resources") / "window.qss").read_text(encoding="utf-8")
    # A chosen segment is lifted off its track: lighter than it in dark, white in light.
    segment = palette.line2 if is_dark else palette.bg2
    return Template(template).substitute(tokens(palette), segment=segment)


def qt_palette(palette: Palette) -> QPalette:
    """Qt's own roles, for what the style sheet does not reach (dialogs of the platform, links)."""
    roles = {
        QPalette.ColorRole.Window: palette.bg0,
        QPalette.ColorRole.WindowText: palette.t1,
        QPalette.ColorRole.Base: palette.bg2,
        QPalette.ColorRole.AlternateBase: palette.bg1,
        QPalette.ColorRole.Text: palette.t1,
        QPalette.ColorRole.Button: palette.bg3,
        QPalette.ColorRole.ButtonText: palette.t1,
        QPalette.ColorRole.Highlight: palette.accent,
        QPalette.ColorRole.HighlightedText: palette.on_accent,
        QPalette.ColorRole.ToolTipBase: palette.bg4,
        QPalette.ColorRole.ToolTipText: palette.t1,
        QPalette.ColorRole.PlaceholderText: palette.t3,
        QPalette.ColorRole.Link: palette.accent_text,
    }
    result = QPalette()
    for role, colour in roles.items():
        result.setColor(role, colour)
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text):
        result.setColor(QPalette.ColorGroup.Disabled, role, palette.t3)
    return result


def apply_theme(application: QApplication, theme: Theme) -> None:
    """Paint the whole application in the theme's colours."""
    application.setFont(ui_font())
    application.setPalette(qt_palette(theme.palette))
    application.setStyleSheet(style_sheet(theme.palette, is_dark=theme.is_dark))
