"""What it costs to write a run, to read long ones, and to follow them beside a window.

Aims: the writer under 1 % of a step of 100 ms; gaps of the event loop under 50 ms with 10 runs of
100,000 steps and 200 events a second.
"""

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import fake_trainer
import numpy as np
import pytest

from core.events import EventReader, EventWriter, SharesEvent, ValidationEvent, WarningEvent
from core.training.config import TrainingConfig
from core.training.run_folder import RunFolder, RunStatus
from core.training.run_history import RunHistory
from core.training.run_list import RunList
from core.training.steps import StepTable, StepWriter, columns_of, decimate

pytestmark = pytest.mark.benchmark

RUNS, STEPS = 10, 100_000
TERMS = tuple(f"term_{number}" for number in range(10))  # 31 columns


def make_long_run(root: Path, seed: int) -> RunFolder:
    """A finished run of `STEPS` steps and 4,000 events."""
    folder = RunFolder.create(root, TrainingConfig(name=f"long {seed}"), inputs={})
    columns = columns_of(TERMS)
    StepWriter(folder.steps_file, columns).close()
    rows = np.random.default_rng(seed).normal(size=(STEPS, len(columns)))
    rows[:, 0] = np.arange(1, STEPS + 1)
    rows.astype("<f8").tofile(folder.steps_file)
    events = EventWriter(folder.events_file)
    for step in range(0, STEPS, 50):
        events.write(SharesEvent(step=step, shares=dict.fromkeys(TERMS, 0.1)))
        events.write(ValidationEvent(step=step, epoch=step // 50, metrics={"mpjpe_mm": 20.0}))
    events.close()
    folder.write_status(replace(RunStatus.starting(), phase="finished", step=STEPS, exit=0))
    folder.release()
    return folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    for seed in range(RUNS):
        make_long_run(root, seed)
    return root


def test_opening_a_table_of_100000_steps(benchmark, runs):
    path = next(runs.iterdir()) / "steps.f64"
    table = benchmark.pedantic(StepTable.open, args=(path,), rounds=10, warmup_rounds=1)
    assert len(table) == STEPS


def test_decimating_every_column_of_100000_steps(benchmark, runs):
    columns = StepTable.open(next(runs.iterdir()) / "steps.f64").columns
    steps = columns.column("step")

    def every_column():
        return [decimate(steps, columns.column(name), 2000) for name in columns.names]

    benchmark.pedantic(every_column, rounds=10, warmup_rounds=1)


def test_opening_ten_runs_as_views(benchmark, runs):
    def open_all():
        histories = [RunHistory(path) for path in runs.iterdir()]
        for history in histories:
            while history.refresh() and history.is_behind:
                pass
        return histories

    histories = benchmark.pedantic(open_all, rounds=3, warmup_rounds=1)
    assert all(len(history.view.steps) == STEPS for history in histories)


def test_looking_again_at_ten_runs_where_nothing_is_new(benchmark, runs):
    histories = [RunHistory(path) for path in runs.iterdir()]
    for history in histories:
        while history.refresh() and history.is_behind:
            pass
    benchmark.pedantic(lambda: [h.refresh() for h in histories], rounds=20, warmup_rounds=1)


def test_listing_200_runs(benchmark, tmp_path):
    for number in range(200):
        folder = RunFolder.create(tmp_path, TrainingConfig(name=f"r{number}"), inputs={})
        folder.write_status(replace(RunStatus.starting(), phase="finished", exit=0))
        folder.release()
    first = time.perf_counter()
    runs = RunList(tmp_path)
    runs.refresh()
    benchmark.extra_info["first look, ms"] = (time.perf_counter() - first) * 1000
    assert len(benchmark.pedantic(runs.refresh, rounds=20)) == 200


def test_writing_a_second_of_steps(benchmark, tmp_path):
    """Ten steps of 100 ms: a row each, a look for requests each, one status; the aim is 10 ms."""
    folder = RunFolder.create(tmp_path, TrainingConfig(name="a"), inputs={})
    columns = columns_of(TERMS)
    writer = StepWriter(folder.steps_file, columns)
    row = dict.fromkeys(columns, 1.5)

    def second():
        for _ in range(10):
            row["step"] += 1
            writer.append(row)
            folder.take_requests()
        folder.write_status(RunStatus.starting())

    benchmark.pedantic(second, rounds=100, warmup_rounds=5)
    writer.close()
    folder.release()
    assert benchmark.stats.stats.median < 0.010


def test_writing_and_reading_200_events(benchmark, tmp_path):
    """What a second of the flood costs the trainer and the reader together."""
    writer, reader = EventWriter(tmp_path / "e"), EventReader(tmp_path / "e")
    parts = {"write": [], "read": []}

    def second():
        began = time.perf_counter()
        for number in range(200):
            writer.write(WarningEvent(step=number, message="a warning of usual length, with 12 px"))
        written = time.perf_counter()
        assert len(reader.refresh()) == 200
        parts["write"].append(written - began)
        parts["read"].append(time.perf_counter() - written)

    benchmark.pedantic(second, rounds=50, warmup_rounds=2)
    for name, times in parts.items():
        benchmark.extra_info[f"{name}, ms"] = float(np.median(times)) * 1000


def test_gaps_of_the_event_loop(benchmark, runs):
    """Ten long runs opened at once, then followed while another floods; and with nothing to do."""
    with fake_trainer.started(
        runs, "--behaviour", "flood", "--rate", "20", "--steps", "100000", name="flood"
    ):
        probe = [sys.executable, str(Path(__file__).parent / "runs_probe.py"), str(runs)]
        done = subprocess.run(probe, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout)
    benchmark.extra_info.update(found)
    print(f"\n{json.dumps(found, indent=1)}")
    benchmark.pedantic(lambda: None)
    assert found["opening"]["runs"] == RUNS + 1
