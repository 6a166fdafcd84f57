"""Panels of the Doctor workspace, with the theme they are looked at in."""

from collections.abc import Callable
from pathlib import Path

import fake_doctor
import pytest
from PySide6.QtCore import QThreadPool

from utnet_viewer.doctor.workspace import DoctorWorkspace
from utnet_viewer.settings import Settings
from utnet_viewer.style import load_fonts
from utnet_viewer.theme import Theme
from utnet_viewer.training.configuration_panel import ConfigurationPanel

WAIT_MS = 20_000


@pytest.fixture(scope="session")
def fonts(qapp):
    qapp.setStyle("Fusion")
    load_fonts()


@pytest.fixture
def theme(fonts) -> Theme:
    return Theme()


@pytest.fixture
def make_workspace(qtbot, theme, tmp_path) -> Callable[..., DoctorWorkspace]:
    """Makes workspaces whose ``utnet`` is the fake one, with the form of Train beside them."""
    made = []

    def make(*options: str, root: Path | None = None) -> DoctorWorkspace:
        workspace = DoctorWorkspace(
            theme,
            Settings(),
            root=root or tmp_path / "examinations",
            command=fake_doctor.command(*options),
        )
        workspace.examining.grace_s = 0.3
        form = ConfigurationPanel(theme)
        qtbot.addWidget(workspace)
        qtbot.addWidget(form)
        workspace.use_form(form)
        workspace.resize(1280, 760)
        workspace.show()
        made.append((workspace, form))
        return workspace

    yield make
    for workspace, form in made:
        workspace.shut_down()
        form._keep_soon.stop()
    QThreadPool.globalInstance().waitForDone()
