"""Panels of the Train workspace, with the theme they are looked at in."""

import pytest

from utnet_viewer.style import load_fonts
from utnet_viewer.theme import Theme


@pytest.fixture(scope="session")
def fonts(qapp):
    qapp.setStyle("Fusion")
    load_fonts()


@pytest.fixture
def theme(fonts) -> Theme:
    return Theme()
