"""``utnet synthesize``: make a set of synthetic samples in HO-3D's layout."""

import argparse
import json
import sys
import time
from pathlib import Path

NAME = "synthesize"
HELP = "Make synthetic samples in HO-3D's layout"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("out", type=Path, help="folder to make, or to go on with")
    parser.add_argument("--version", choices=("v2", "v3"), default="v3", help="layout (v3)")
    parser.add_argument("--train-frames", type=int, default=1000, metavar="N")
    parser.add_argument("--evaluation-frames", type=int, default=100, metavar="M")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="same seed, same bytes")
    parser.add_argument(
        "--sequence-frames",
        type=int,
        default=90,
        metavar="L",
        help="mean length of a sequence (90)",
    )
    parser.add_argument("--jobs", type=int, default=1, metavar="J", help="processes (1)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Make the set; progress goes to stderr, the result to stdout."""
    from core.synthetic.dataset import SetSettings, generate

    settings = SetSettings(
        version=arguments.version,
        train_frames=arguments.train_frames,
        evaluation_frames=arguments.evaluation_frames,
        seed=arguments.seed,
        sequence_frames=arguments.sequence_frames,
    )
    line = _ProgressLine()
    start = time.monotonic()
    try:
        recorded = generate(arguments.out, settings, jobs=arguments.jobs, progress=line)
    finally:
        line.end()
    seconds = time.monotonic() - start
    result = {
        "out": str(arguments.out),
        "frames": settings.train_frames + settings.evaluation_frames,
        "recorded": recorded,
        "seconds": round(seconds, 2),
        "ms_per_frame": round(seconds * 1000 / recorded, 1) if recorded else None,
    }
    if arguments.json:
        print(json.dumps(result))
    else:
        print(f"{result['frames']} frames in {result['out']}, {recorded} of them new")
    return 0


class _ProgressLine:
    """One line on stderr: frames, rate, time left; rewritten in a terminal, rare in a log."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._first: int | None = None
        self._shown = -float("inf")
        self._interval = 0.5 if sys.stderr.isatty() else 15.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first = done
        if now - self._shown < self._interval and done < total:
            return
        self._shown = now
        rate = (done - self._first) / max(now - self._start, 1e-9)
        left = f"{(total - done) / rate:.0f} s left" if rate > 0 else "starting"
        text = f"{done}/{total} frames, {rate:.1f} a second, {left}"
        print(f"\r{text:<60}" if sys.stderr.isatty() else text,
              end="" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)  # fmt: skip

    def end(self) -> None:
        """Leave the line."""
        if sys.stderr.isatty():
            print(file=sys.stderr)
