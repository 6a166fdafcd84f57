"""Garbage is collected in the window's thread, whoever makes objects."""

import gc
import threading

import pytest

from utnet_viewer.garbage import GarbageCollector, collect_as_due


class Cycle:
    """Dies only by the collector; says in which thread that was."""

    ended_in: int | None = None

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        Cycle.ended_in = threading.get_ident()


@pytest.fixture
def automatic():
    """As Python does it by itself, before and after."""
    was_enabled = gc.isenabled()
    gc.enable()
    Cycle.ended_in = None
    yield
    gc.unfreeze()
    gc.enable() if was_enabled else gc.disable()


def litter() -> None:
    """Make so many objects in another thread that its collector runs often."""

    def work() -> None:
        kept = []
        for number in range(200_000):
            kept.append([number])

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_a_thread_that_makes_objects_collects_nothing(automatic, qtbot):
    Cycle()
    litter()
    assert Cycle.ended_in not in (None, threading.get_ident())  # so it is without us

    Cycle.ended_in = None
    collector = GarbageCollector()
    collector.start()
    Cycle()
    litter()
    assert Cycle.ended_in is None
    kept = [[] for _ in range(2 * gc.get_threshold()[0])]
    qtbot.waitUntil(lambda: Cycle.ended_in is not None, timeout=5000)
    assert Cycle.ended_in == threading.get_ident() and kept
    collector._timer.stop()


def test_little_garbage_waits(automatic):
    gc.disable()
    gc.collect()
    Cycle()
    collect_as_due()
    assert Cycle.ended_in is None
    kept = [[] for _ in range(gc.get_threshold()[0])]
    collect_as_due()
    assert Cycle.ended_in == threading.get_ident() and kept
