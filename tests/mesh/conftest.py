"""A mesh panel with both hands on screen, and Open3D there from the start."""

import open3d  # noqa: F401  (so that the panel is ready at once)
import pytest
from support_samples import make_document, make_sample

from utnet_viewer.mesh.panel import MeshPanel
from utnet_viewer.theme import Theme

SIZE = (300, 300)


@pytest.fixture
def document():
    return make_document(make_sample(seed=1))


@pytest.fixture
def panel(qtbot, document):
    panel = MeshPanel(document, Theme())
    qtbot.addWidget(panel)
    panel.resize(*SIZE)
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


@pytest.fixture
def view(panel):
    panel.view.repaint()
    return panel.view
