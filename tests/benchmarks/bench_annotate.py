"""Dragging a joint in Annotate: from the mouse's movement to the refitted hand on screen.

In the real window, with the real fitter process. ``make bench``; see `bench_window` for what "less
the queue" is. The aims are for two cores of one's own.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.files.embedded import default_checkpoint, demo_dataset

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(300)]

PROBE = Path(__file__).parent / "annotate_probe.py"

#: Aims in milliseconds: (p50, p95, p99).
AIMS = {"drag to refitted hand": (50, 100, None), "gaps while dragging": (None, None, 50)}


def run_window(home: Path) -> dict:
    """Drag joints in a new process, whose annotations lie in a folder of its own."""
    for path in (demo_dataset(), default_checkpoint()):
        if not Path(path).exists():
            pytest.skip(f"there is no {path}")
    environment = os.environ | {"UTNET_ANNOTATIONS": str(home)}
    command = [sys.executable, str(PROBE), str(demo_dataset()), str(default_checkpoint())]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


def line(name: str, times: list[dict[str, float]]) -> str:
    """Percentiles of wall time with the aims, then without waiting for a core."""
    wall_ms = np.percentile([each["wall"] for each in times], (50, 95, 99))
    own_ms = np.percentile([each["wall"] - each["queue"] for each in times], (50, 95, 99))
    cells = [
        f"{value:6.0f} {'' if aim is None else f'({aim})':>6}"
        for value, aim in zip(wall_ms, AIMS[name], strict=True)
    ]
    own = "".join(f"{value:6.0f}" for value in own_ms)
    worst = max(each["wall"] for each in times)
    return f"{name:26}{''.join(cells)}{worst:7.0f}   {own}"


def test_drag(benchmark, capsys, tmp_path):
    """Five joints, 120 movements each, 60 a second."""
    run = benchmark.pedantic(run_window, args=(tmp_path,), rounds=1, iterations=1)
    result = {"drag to refitted hand": run["drag"], "gaps while dragging": run["gaps"]["dragging"]}
    for name, times in result.items():
        wall_ms = np.percentile([each["wall"] for each in times], (50, 95, 99)).round(1)
        benchmark.extra_info[name] = dict(zip(("p50", "p95", "p99"), wall_ms, strict=True))
    fit_ms = np.percentile(run["fits"], (50, 95)).round(1)
    with capsys.disabled():
        print(f"\n\nmilliseconds (aim); this machine's loop took {run['spin']:.0f} ms of CPU")
        print(f"{'':26}{'p50':>6}{'p95':>13}{'p99':>13}{'max':>14}   less the queue")
        for name, times in result.items():
            print(line(name, times))
        print(f"the fit itself: p50 {fit_ms[0]} ms, p95 {fit_ms[1]} ms")
        print(f"{len(run['drag'])} of {run['asked']} movements were fitted, others overtaken")
        print(f"the tab opened in {run['opened'][0]['wall']:.0f} ms")
