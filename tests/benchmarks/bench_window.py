"""Speed of the whole window with its real engine, as a person feels it. ``make bench``.

Each run is a process of its own (`window_probe`). UTNET_BENCH_DATASET and UTNET_BENCH_CHECKPOINT
name another dataset in HO-3D's layout and another checkpoint than the embedded ones. The aims are
for two cores without a GPU; the loop printed with the figures tells how fast these were.

Beside the wall time, which alone is held against the aims, stands what is left of it when the time
is taken off in which the window's thread was ready and others had the cores: on a machine of one's
own the two are alike, and where they are not, the figures say more about the neighbours.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from core.files.embedded import default_checkpoint, demo_dataset

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(600)]

PROBE = Path(__file__).parent / "window_probe.py"
STARTS = 5

#: Aims in milliseconds: (p50, p95, p99), None where there is none.
AIMS = {
    "first paint": (500, None, None),
    "usable with pictures": (2500, None, None),
    "first prediction": (None, None, None),
    "step to a prefetched frame": (33, 60, None),
    "cold jump: photo": (None, 60, None),
    "cold jump: prediction": (None, 300, None),
    "of it the network": (None, None, None),
    "gaps while stepping": (None, None, 50),
    "gaps while a key is held": (None, None, 50),
    "gaps while predicting": (None, None, 50),
    "gaps while playing": (None, None, 50),
}


def run_window(scenario: str) -> dict:
    """Run the window in a new process; returns what `window_probe` measured."""
    dataset = os.environ.get("UTNET_BENCH_DATASET", demo_dataset())
    checkpoint = os.environ.get("UTNET_BENCH_CHECKPOINT", default_checkpoint())
    for path in (dataset, checkpoint):
        if not Path(path).exists():
            pytest.skip(f"there is no {path}")
    command = [sys.executable, str(PROBE), scenario, repr(time.monotonic())]
    command += [str(dataset), str(checkpoint)]
    # As at every start but the very first, Python's compiled modules are there.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


def row(name: str, times: list[dict[str, float]]) -> str:
    """One line of the table: percentiles of the wall time, the aims, the CPU's share, and the
    percentiles without waiting for a core."""
    wall_ms = [each["wall"] for each in times]
    cpu_ms = [each["cpu"] for each in times if "cpu" in each]
    measured_ms = np.percentile(wall_ms, (50, 95, 99))
    cells, is_met = [], []
    for value_ms, aim_ms in zip(measured_ms, AIMS[name], strict=True):
        cells.append(f"{value_ms:7.0f} {'' if aim_ms is None else f'({aim_ms})':>6}")
        is_met.append(aim_ms is None or value_ms <= aim_ms)
    cpu = f"{np.median(cpu_ms):5.0f}" if cpu_ms else "    –"
    own_ms = [each["wall"] - each["queue"] for each in times if "queue" in each]
    own = (
        "".join(f"{value:6.0f}" for value in np.percentile(own_ms, (50, 95, 99))) if own_ms else ""
    )
    verdict = "" if all(is_met) else "  missed"
    return f"{name:28}{''.join(cells)}{max(wall_ms):8.0f}   {cpu} {own:18}{verdict}"


def report(result: dict[str, list[dict[str, float]]], spin_ms: float, benchmark, capsys) -> None:
    """Print the table and keep its figures with the benchmark."""
    for name, times in result.items():
        wall_ms = np.percentile([each["wall"] for each in times], (50, 95, 99)).round(1)
        benchmark.extra_info[name] = dict(zip(("p50", "p95", "p99"), wall_ms, strict=True))
    benchmark.extra_info["spin_ms"] = spin_ms
    with capsys.disabled():
        print(f"\n\nmilliseconds (aim); this machine's loop took {spin_ms:.0f} ms of CPU")
        print(f"{'':28}{'p50':>7}{'p95':>14}{'p99':>14}{'max':>15}     CPU   less the queue")
        for name, times in result.items():
            print(row(name, times))


def test_start(benchmark, capsys):
    """From the start of the process, on a warm disk."""
    runs: list[dict] = []
    benchmark.pedantic(
        lambda: runs.append(run_window("start")), rounds=STARTS, warmup_rounds=1, iterations=1
    )
    del runs[0]  # the warm-up
    names = ("first paint", "usable with pictures", "first prediction")
    result = {name: [run["start"][name] for run in runs] for name in names}
    spin_ms = float(np.median([run["spin"] for run in runs]))
    report(result, spin_ms, benchmark, capsys)


def test_work(benchmark, capsys):
    """Stepping, jumping and playing in one run of the window."""
    run = benchmark.pedantic(run_window, args=("work",), rounds=1, iterations=1)
    gaps = {f"gaps while {phase}": times for phase, times in run["gaps"].items()}
    with capsys.disabled():
        print(f"\n\nplaying: {run['frames per second']:.1f} frames a second, none seen before")
    report(run["work"] | gaps, run["spin"], benchmark, capsys)
