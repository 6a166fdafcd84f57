"""Fonts, icons and the style sheet that the window brings along."""

import re
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QFontDatabase, QFontInfo, QFontMetricsF

import resources
import utnet_viewer
from utnet_viewer.style import style_sheet
from utnet_viewer.theme import DARK, LIGHT, mono_font, ui_font
from utnet_viewer.widgets.icons import pixmap

RESOURCES = Path(next(iter(resources.__path__)))
SOURCES = Path(next(iter(utnet_viewer.__path__)))


def test_the_bundled_fonts_are_used_not_the_systems(fonts):
    assert {"Inter", "JetBrains Mono"} <= set(QFontDatabase.families())
    assert QFontInfo(ui_font()).family() == "Inter"
    assert QFontInfo(mono_font()).family() == "JetBrains Mono"


def test_figures_are_tabular(fonts):
    metrics = QFontMetricsF(ui_font())
    assert metrics.horizontalAdvance("1111") == pytest.approx(metrics.horizontalAdvance("8888"))


@pytest.mark.parametrize("palette", [DARK, LIGHT])
def test_every_token_of_the_style_sheet_is_filled_in(palette):
    sheet = style_sheet(palette, is_dark=palette is DARK)
    assert "$" not in sheet
    assert all(QColor(colour).isValid() for colour in re.findall("#[0-9A-Fa-f]{6}", sheet))


def test_an_icon_takes_the_colour_asked_for(qapp):
    image = pixmap("x-circle", "#FF0000").toImage()
    seen = [image.pixelColor(x, y) for x in range(16) for y in range(16)]
    opaque = [colour for colour in seen if colour.alpha() > 200]
    assert opaque and all(c.red() > 250 and c.green() < 5 and c.blue() < 5 for c in opaque)


def test_an_unknown_icon_is_named(qapp):
    with pytest.raises(ValueError, match="no-such-icon"):
        pixmap("no-such-icon", "#FFFFFF")


def test_only_icons_that_are_used_are_bundled():
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES.rglob("*.py"))
    words = set(re.findall(r'"([a-z0-9-]+)"', code))
    bundled = {path.stem for path in (RESOURCES / "icons").glob("*.svg")}
    assert bundled - words == set()


@pytest.mark.parametrize("folder", ["fonts", "icons"])
def test_the_licences_stand_beside_what_they_cover(folder):
    assert "Permission" in (RESOURCES / folder / "LICENSE.md").read_text() or (
        "PERMISSION" in (RESOURCES / folder / "LICENSE.md").read_text()
    )
