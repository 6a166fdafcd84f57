"""The user's page holds the tables as they are today."""

from pathlib import Path

import pytest

from core.doctor.phrases import number
from core.doctor.registry import CHECKS
from core.doctor.table import END, main, tables, with_tables
from core.doctor.thresholds import default_thresholds

PAGE = Path(__file__).parents[2] / "docs" / "doctor.md"


def test_the_page_is_up_to_date():
    text = PAGE.read_text(encoding="utf-8")
    # A plain `==` would print two pages; where it fails, the command in the page mends it.
    assert (with_tables(text) == text) is True, "run: python -m core.doctor.table docs/doctor.md"


def test_every_check_and_threshold_has_its_row():
    rows = tables().splitlines()
    for check in CHECKS:
        assert sum(row.startswith(f"| `{check.id}` |") for row in rows) == 1
    for key, row in default_thresholds().items():
        (line,) = [line for line in rows if line.startswith(f"| `{key}` |")]
        assert f"| {number(row.value)}" in line


def test_the_command_renews_what_is_stale_and_nothing_else(tmp_path: Path):
    stale = tmp_path / "page.md"
    text = PAGE.read_text(encoding="utf-8")
    stale.write_text(text.replace("### The thresholds", "### Something old"), encoding="utf-8")
    assert main([str(stale)]) == 0
    assert stale.read_text(encoding="utf-8") == with_tables(text)


def test_a_page_without_markers_is_refused():
    with pytest.raises(ValueError, match="until here"):
        with_tables(PAGE.read_text(encoding="utf-8").replace(END, ""))
