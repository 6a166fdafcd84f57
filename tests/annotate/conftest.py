"""A small labelled dataset, and the panels of Annotate round it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from annotate_bench import Bench
from support_window import write_dataset

from utnet_viewer.style import load_fonts


@pytest.fixture(scope="session")
def fonts(qapp):
    qapp.setStyle("Fusion")
    load_fonts()


@pytest.fixture(scope="module")
def labelled_set(tmp_path_factory) -> Path:
    """See `write_dataset`: AB1/0000 to AB1/0013, CD2/0000 to CD2/0005; EV1 in the other split."""
    root = tmp_path_factory.mktemp("sets") / "HO3D_tiny"
    write_dataset(root)
    return root


@pytest.fixture
def open_bench(fonts, qtbot, labelled_set, tmp_path) -> Iterator[Callable[..., Bench]]:
    """Opens windows with the panels at the first frame, on a store of the test's own."""
    benches: list[Bench] = []

    def open_(*, store: Path | None = None, split: str = "train") -> Bench:
        bench = Bench(labelled_set, store=store or tmp_path / "marks.sqlite", split=split)
        benches.append(bench)
        qtbot.addWidget(bench)
        with qtbot.waitExposed(bench):
            bench.show()
        bench.activateWindow()
        bench.document.select(0)
        return bench

    yield open_
    for bench in benches:
        bench.shut_down()


@pytest.fixture
def bench(open_bench) -> Bench:
    """One of them."""
    return open_bench()
