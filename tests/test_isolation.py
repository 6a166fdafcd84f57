"""Every test has a home directory of its own."""

from pathlib import Path

import platformdirs
import pytest
from PySide6.QtCore import QSettings, QStandardPaths


def test_home_is_redirected(home):
    assert Path.home() == home
    assert home in Path(platformdirs.user_config_dir("utnet")).parents
    assert home in Path(platformdirs.user_cache_dir("utnet")).parents


def test_qt_follows(home):
    config = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.ConfigLocation)
    assert home in Path(config).parents


@pytest.mark.parametrize("value", [1, 2])
def test_settings_start_empty(home, value):
    settings = QSettings("utnet-tests", "isolation")
    assert home in Path(settings.fileName()).parents
    assert settings.value("value") is None
    settings.setValue("value", value)
    settings.sync()
