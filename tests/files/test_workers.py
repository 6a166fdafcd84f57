"""Work shared out to processes: order, bounds, errors, and nothing left behind."""

import math
import os

import pytest

from core.files.workers import available_cores, map_in_order, single_threaded_children


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_of_the_tasks_which_are_taken_a_few_at_a_time(jobs):
    taken = []

    def tasks():
        for number in range(30):
            taken.append(number)
            yield number**2

    results = map_in_order(math.isqrt, tasks(), jobs=jobs)
    assert next(results) == 0
    assert len(taken) <= 8
    assert list(results) == list(range(1, 30))


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_of_the_work_or_of_the_tasks_ends_it(jobs):
    with pytest.raises(ValueError, match="nonnegative"):
        list(map_in_order(math.isqrt, [4, -1, 9], jobs=jobs))

    def broken():
        yield 4
        raise RuntimeError("no more tasks")

    with pytest.raises(RuntimeError, match="no more tasks"):
        list(map_in_order(math.isqrt, broken(), jobs=jobs))


def test_a_process_that_dies_is_told():
    with pytest.raises(ChildProcessError, match="died"):
        list(map_in_order(os._exit, [3], jobs=2))


def test_children_get_one_thread_and_this_process_keeps_its_own(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    with single_threaded_children():
        assert list(map_in_order(os.getenv, ["MKL_NUM_THREADS"], jobs=2)) == ["1"]
        assert os.environ["OMP_NUM_THREADS"] == "1"
    assert os.environ["OMP_NUM_THREADS"] == "7" and "MKL_NUM_THREADS" not in os.environ
    assert 1 <= available_cores() <= (os.cpu_count() or 1)
