"""How long a synthetic frame takes: rendered, sensed, encoded and written, on one thread."""

import itertools

import pytest

from core.synthetic.recorder import Recorder, SequenceTask

pytestmark = pytest.mark.benchmark

TASK = SequenceTask("train", 0, "SYN000", 90)


def test_one_frame_of_a_sequence(benchmark, tmp_path):
    recorder = Recorder(tmp_path, version="v3", seed=0)
    frames = recorder.record(TASK, list(itertools.islice(itertools.cycle(range(90)), 40)))
    next(frames)  # plans and lights the sequence
    benchmark.pedantic(next, args=(frames,), rounds=30, warmup_rounds=3)


def test_one_sequence_planned(benchmark, tmp_path):
    recorder = Recorder(tmp_path, version="v3", seed=0)
    benchmark.pedantic(recorder.plan, args=(TASK,), rounds=5, warmup_rounds=1)
