"""The report's colours are the window's."""

from dataclasses import asdict

import pytest

from core.pages import palette
from utnet_viewer import theme


@pytest.mark.parametrize(
    ("tokens", "series", "shown"),
    [
        (palette.LIGHT, palette.LIGHT_SERIES, theme.LIGHT),
        (palette.DARK, palette.DARK_SERIES, theme.DARK),
    ],
)
def test_the_reports_palette_is_the_windows(tokens, series, shown):
    window = asdict(shown)
    assert tokens == {name: window[name] for name in tokens}
    assert series == shown.series


def test_fingers_over_photographs_are_the_windows():
    window = asdict(theme.OVER_IMAGERY)
    fingers = palette.FINGERS_OVER_IMAGERY
    assert fingers == {name: window[name] for name in fingers} and len(fingers) == 5
