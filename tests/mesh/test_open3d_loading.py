"""Open3D is imported again where another thread's import got in its way, and only then."""

import sys

import pytest

from utnet_viewer.mesh.open3d_loading import import_beside_others

IN_THE_WAY = "dictionary changed size during iteration"


@pytest.fixture
def library(tmp_path, monkeypatch):
    """Makes a module that raises so many times, then can be imported; its name."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(name: str, words: str, times: int) -> str:
        count = tmp_path / f"{name}.count"
        count.write_text("")
        (tmp_path / f"{name}.py").write_text(
            f"from pathlib import Path\ncount = Path({str(count)!r})\n"
            "count.write_text(count.read_text() + '.')\n"
            f"if len(count.read_text()) <= {times}:\n    raise RuntimeError({words!r})\n"
        )
        return name

    return make


def test_an_import_in_the_way_is_no_failure(library) -> None:
    name = library("library_disturbed_twice", IN_THE_WAY, 2)
    import_beside_others(name)
    assert sys.modules.pop(name).count.read_text() == "..."


@pytest.mark.parametrize(("words", "times"), [("no such device", 1), (IN_THE_WAY, 1000)])
def test_other_errors_and_endless_ones_are_raised(library, words, times) -> None:
    with pytest.raises(RuntimeError, match=words):
        import_beside_others(library(f"library_broken_{times}", words, times))
