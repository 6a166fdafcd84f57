"""The annotation store with 100,000 edits: opening, reading, writing, checking.

``make bench``, or alone, with CPU time beside the clock::

    python tests/benchmarks/bench_annotations.py
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[1] / "support"), str(Path(__file__).parents[2])]

import numpy as np
import pytest
from made_annotations import SPLIT, a_correction

from core.annotation.records import Change, ReviewState
from core.annotation.store import AnnotationStore, open_store

pytestmark = pytest.mark.benchmark

#: Edits, and the frames that they are about.
COUNT, FRAMES = 100_000, 20_000

#: Every fourth edit is a corrected hand of 1.3 kB, as when every second frame is corrected.
KINDS = ("correction", "review", "flags", "review", "correction", "visibility", "review", "note")


def changes() -> list[Change]:
    """The edits, in an order as people make them: frame after frame, and back now and then."""
    draw = np.random.default_rng(0)
    hands = [a_correction(seed) for seed in range(200)]
    values = {
        "correction": lambda: hands[draw.integers(200)],
        "review": lambda: list(ReviewState)[draw.integers(4)],
        "flags": lambda: frozenset(["bad"]) if draw.random() < 0.5 else frozenset(),
        "visibility": lambda: tuple(int(one) for one in draw.integers(3, size=21)),
        "note": lambda: "the thumb is bent the wrong way",
    }
    made = []
    for number in range(COUNT):
        field = KINDS[number % len(KINDS)]
        frame = (number // 5 + int(draw.integers(40))) % FRAMES
        name = f"S{frame // 300:02d}/{frame % 300:04d}"
        made.append(Change(name, SPLIT, field, values[field](), f"{field} {number}"))
    return made


def make_store(path: Path) -> None:
    """A store with all of them."""
    edits = changes()
    with open_store(path, dataset="HO-3D: made", author="me") as store:
        for start in range(0, COUNT, 5000):
            store.write(edits[start : start + 5000])


def open_and_list(path: Path) -> AnnotationStore:
    """What the window does before it can show anything."""
    store = open_store(path, dataset="HO-3D: made", looks_at_all=False)
    assert len(store.overview(SPLIT)) > 0.9 * FRAMES
    assert store.can_undo
    return store


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("annotations") / "set.sqlite"
    make_store(path)
    return path


def test_opening_with_a_hundred_thousand_edits_takes_at_most_500_ms(path, benchmark):
    def once():
        open_and_list(path).close()

    benchmark.pedantic(once, rounds=5, warmup_rounds=1)
    assert benchmark.stats.stats.median < 0.5


def test_a_frame_is_read_in_at_most_3_ms(path, benchmark):
    with open_store(path) as store:
        frames = iter(list(store.overview(SPLIT)) * 50)
        benchmark(lambda: store.state(SPLIT, next(frames)))
    assert benchmark.stats.stats.median < 3e-3


def test_two_hundred_edits_of_the_history_are_read_in_at_most_30_ms(path, benchmark):
    with open_store(path) as store:
        benchmark(store.history)
    assert benchmark.stats.stats.median < 30e-3


def _told(name: str, do: Callable[[], object], *, times: int) -> None:
    walls, cpus = [], []
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        do()
        walls.append((time.perf_counter() - wall) * 1000)
        cpus.append((time.process_time() - cpu) * 1000)
    print(f"{name:<42} {np.median(walls):9.2f} ms, CPU {np.median(cpus):9.2f} ms")


def main() -> None:
    """Print all figures: the median by the clock, and of CPU time."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "set.sqlite"
        make_store(path)
        print(f"{COUNT:,} edits of {FRAMES:,} frames, {path.stat().st_size / 1e6:.0f} MB")
        _told("open", lambda: open_store(path, looks_at_all=False).close(), times=7)
        _told("open, and the overview of the split", lambda: open_and_list(path).close(), times=7)
        with open_store(path) as store:
            frames = iter(list(store.overview(SPLIT)))
            _told("one frame", lambda: store.state(SPLIT, next(frames)), times=500)
            _told("the newest 200 edits", store.history, times=9)
            change = iter(changes()[:200])
            _told("write one edit", lambda: store.write([next(change)]), times=100)
            _told("check every row", store.check, times=2)


if __name__ == "__main__":
    main()
