"""The samples list at HO-3D v3's full size: order, filter, brush, steps, opening, memory.

``make bench``, or alone, with CPU time beside the clock and the memory that it takes::

    python tests/benchmarks/bench_samples.py
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[1] / "support"), str(Path(__file__).parents[2])]

import numpy as np
import psutil
import pytest
from made_evaluation import make_evaluation, names_of
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from support_samples import RowsOnly, stand_in_hand

from core.evaluation.store import Evaluation, open_evaluation
from utnet_viewer.document import Document
from utnet_viewer.samples.catalogue import Catalogue
from utnet_viewer.samples.columns import column_named
from utnet_viewer.samples.histogram import Brush
from utnet_viewer.samples.panel import SamplesPanel
from utnet_viewer.style import apply_theme, load_fonts
from utnet_viewer.theme import Theme

pytestmark = pytest.mark.benchmark

#: Frames of HO-3D v3, both splits, and about as many sequences.
COUNT, SEQUENCES = 103_462, 68

SORTS = ("pa_mpjpe", "f5", "scale", "seq", "frame", "joint.thumb_tip")
FILTERS = (
    "pa_mpjpe > 10",
    'pa_mpjpe > 10 and seq ~ "S1*" and (joint.thumb_tip > 20 or not state = failed)',
    "0012",
    "S2*/0*1",
)


def names():
    """Sequences and frames of every row, (N,) and (N,)."""
    sequences = np.sort(np.arange(COUNT) % SEQUENCES)
    starts = np.searchsorted(sequences, np.arange(SEQUENCES))
    frames = np.arange(COUNT) - starts[sequences]
    return (
        np.char.add("S", sequences.astype("<U2")),
        np.char.zfill(frames.astype("<U4"), 4),
    )


class Bench:
    """A panel on screen over a finished evaluation."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        application = QApplication.instance()
        load_fonts()
        theme = Theme()
        apply_theme(application, theme)
        self.document = Document(stand_in_hand())
        self.document.set_index(RowsOnly(COUNT))
        self.panel = SamplesPanel(self.document, theme)
        self.panel.resize(346, 760)
        self.panel.show()
        self.panel.set_catalogue(Catalogue.of_names(*names()))
        self.document.select(COUNT // 2)
        self.settle()

    def settle(self) -> None:
        """Until everything that was asked for is painted."""
        QApplication.processEvents()

    def open(self) -> Evaluation:
        """Open the evaluation and paint its figures."""
        evaluation = open_evaluation(self.folder)
        self.panel.show_evaluation(evaluation)
        self.settle()
        return evaluation

    def sort(self, key: str) -> None:
        """Order by a column, worst first and worst last in turn."""
        heads = self.panel.table.horizontalHeader()
        is_down = heads.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder
        order = Qt.SortOrder.AscendingOrder if is_down else Qt.SortOrder.DescendingOrder
        self.panel.sort_by(key, order)
        self.settle()

    def filter(self, text: str) -> None:
        """Filter by a text."""
        self.panel.filter.setText(text)
        self.panel.apply_filter()
        self.settle()

    def brush(self, high: float) -> None:
        """One move of a drag over the histogram."""
        brush = Brush(column_named("pa_mpjpe"), 10.0, high)
        self.panel.histogram.set_brush(brush)
        self.panel.histogram.brushed.emit(brush)
        self.settle()

    def step(self) -> None:
        """To the next row of the list."""
        self.document.select(self.panel.neighbour(self.document.row, 1))
        self.settle()


@pytest.fixture(scope="module")
def evaluation_folder(tmp_path_factory) -> Path:
    return make_evaluation(tmp_path_factory.mktemp("samples"), names_of(*names())).folder


@pytest.fixture
def bench(qtbot, evaluation_folder):
    bench = Bench(evaluation_folder)
    qtbot.addWidget(bench.panel)
    yield bench
    bench.panel.close_threads()


def test_open_a_finished_evaluation(benchmark, bench):
    """The aim is 300 ms."""
    benchmark.pedantic(bench.open, rounds=5, warmup_rounds=1)


@pytest.mark.parametrize("key", SORTS)
def test_sort(benchmark, bench, key):
    """The aim is 100 ms, painted."""
    bench.open()
    benchmark.pedantic(bench.sort, (key,), rounds=8, warmup_rounds=1)


@pytest.mark.parametrize("text", FILTERS)
def test_filter(benchmark, bench, text):
    """The aim is 100 ms, painted."""
    bench.open()
    benchmark.pedantic(bench.filter, (text,), rounds=8, warmup_rounds=1)


def test_brush(benchmark, bench):
    """One move of the pointer."""
    bench.open()
    highs = cycle((20.0, 18.0, 16.0))
    benchmark.pedantic(lambda: bench.brush(next(highs)), rounds=12, warmup_rounds=2)


@pytest.mark.parametrize("order", ["in order", "sorted"])
def test_step(benchmark, bench, order):
    """Sorted as fast as in order; the list's share of a step."""
    bench.open()
    if order == "sorted":
        bench.sort("pa_mpjpe")
    benchmark.pedantic(bench.step, rounds=60, warmup_rounds=5)


# Alone: CPU time as well, which other work on the machine does not change, and memory.


def _measure(name: str, work: Callable[[], object], rounds: int) -> None:
    work()
    wall, cpu = [], []
    for _ in range(rounds):
        at, busy = time.perf_counter(), time.process_time()
        work()
        wall.append((time.perf_counter() - at) * 1000)
        cpu.append((time.process_time() - busy) * 1000)
    print(f"{name:88s} {np.median(wall):7.1f} ms, CPU {np.median(cpu):7.1f} ms", flush=True)


def _held_mb() -> float:
    return psutil.Process().memory_full_info().uss / 1e6


def main() -> None:
    """Print a line for each."""
    _application = QApplication(sys.argv[:1])
    print(f"{COUNT:,} rows; median of the clock and of CPU time")
    with tempfile.TemporaryDirectory() as folder:
        made = make_evaluation(Path(folder), names_of(*names())).folder
        empty = Document(stand_in_hand())
        SamplesPanel(empty, Theme()).show()
        before_mb = _held_mb()
        bench = Bench(made)
        listed_mb = _held_mb()
        _measure("open a finished evaluation", bench.open, 5)
        for key in SORTS:
            _measure(f"sort by {key}", lambda key=key: bench.sort(key), 6)
        bench.panel.unsort()
        for text in FILTERS:
            _measure(f"filter {text}", lambda text=text: bench.filter(text), 6)
        bench.filter("")
        highs = cycle((20.0, 18.0, 16.0))
        _measure("one move of a brush", lambda: bench.brush(next(highs)), 12)
        bench.panel.clear_brush()
        _measure("step in order", bench.step, 60)
        bench.sort("pa_mpjpe")
        bench.document.select(bench.panel.model.row_at(COUNT // 2))
        _measure("step, sorted by PA-MPJPE", bench.step, 60)
        _measure("summed up by sequence and joint", bench.panel.show_summary, 3)
        print(f"memory: the list {listed_mb - before_mb:.0f} MB,", end=" ")
        print(f"with everything above {_held_mb() - before_mb:.0f} MB more than an empty panel")
        bench.panel.close_threads()


if __name__ == "__main__":
    main()
