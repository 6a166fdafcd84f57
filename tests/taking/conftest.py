"""Panels that show one made-up sample, to be taken along."""

import pytest

from utnet_viewer.style import load_fonts


@pytest.fixture(scope="session", autouse=True)
def fonts(qapp):
    qapp.setStyle("Fusion")
    load_fonts()
