"""Imports after PySide's."""

import subprocess
import sys

import pytest

#: `linecache` keeps every source that was read.
SCRIPT = """
import sys, linecache
import PySide6.QtCore
from utnet_viewer.quick_imports import skip_feature_search
if sys.argv[1] == "skip":
    skip_feature_search()
import wave
print(any(name.endswith("wave.py") for name in linecache.cache))
"""


@pytest.mark.parametrize(("argument", "is_read"), [("skip", "False"), ("leave", "True")])
def test_no_source_is_read_for_an_import(argument, is_read):
    command = [sys.executable, "-c", SCRIPT, argument]
    fresh = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    assert fresh.stdout.strip() == is_read
