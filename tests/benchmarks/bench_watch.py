"""What watching a run costs beside its steps, late in a long run, when a look takes longest."""

import statistics

import numpy as np
import pytest
from bench_trainer import STEPS, cpu_s, demo_trainer
from doctor_runs import BASELINES, healthy_run, report_of

from core.training.config import TrainingConfig
from core.training.presets import preset
from core.training.watch import _MEMORY, Watch

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(600)]

LOOKS = 10


@pytest.fixture
def trainer(tmp_path):
    with demo_trainer(tmp_path) as trainer:
        yield trainer


@pytest.fixture(scope="module")
def late():
    """A watch that has seen as many steps as it keeps, and the run they are of."""
    run = healthy_run(steps=2 * _MEMORY - 1, validations=60)
    watch = Watch(pytest.fail, pytest.fail, clip_norm=1.0, peak_rate=1e-3)
    for row, step in enumerate(run.step):
        watch.stepped(report_of(run, row), step=int(step), applied=run.learning_rate[row])
    for row, step in enumerate(run.validation_step):
        watch._remember_validation(int(step), _metrics(run, row))
    return watch, run


def _metrics(run, row: int) -> dict[str, float]:
    return {name: float(values[row]) for name, values in run.metrics.items()}


def costs_s(watch: Watch, run) -> dict[str, float]:
    """Median CPU seconds of what the loop calls after a step, a diagnosis and a validation."""
    last = len(run.step) - 1
    step, row = int(run.step[-1]), report_of(run, last)
    calls = {
        "step": lambda: watch.stepped(row, step=step, applied=run.learning_rate[-1]),
        "diagnosis": lambda: watch.diagnosed(
            step=step, shares=run.shares, ratios={"backbone": 5e-3}
        ),
        "validation": lambda: watch.validated(
            step=step, metrics=_metrics(run, -1), baselines=BASELINES, spread_px=25.0
        ),
    }
    return {
        name: statistics.median(cpu_s(call) for _ in range(LOOKS)) for name, call in calls.items()
    }


def share_of_a_step(cost_s: dict[str, float], step_s: float, config: TrainingConfig) -> float:
    """Of the time of all steps."""
    every = config.run.diagnostics_every_steps, config.run.validate_every_steps
    looks_s = cost_s["diagnosis"] / every[0] + cost_s["validation"] / every[1]
    return (cost_s["step"] + looks_s) / step_s


def test_watching_costs_next_to_nothing(benchmark, late, trainer):
    cost_s = costs_s(*late)
    with trainer._open_feed(2 * STEPS) as feed:
        trainer._step(feed, 1000)
        step_s = statistics.median(cpu_s(lambda: trainer._step(feed, 1000)) for _ in range(STEPS))
    share = share_of_a_step(cost_s, step_s, preset("demo"))
    benchmark.pedantic(lambda: list(late[0]._signs_of_steps()), rounds=3)
    benchmark.extra_info |= {f"{name} ms": round(1e3 * s, 3) for name, s in cost_s.items()}
    benchmark.extra_info["share of a step"] = round(share, 5)
    print(benchmark.extra_info)
    assert np.isfinite(share) and share < 0.01
