"""``utnet synthesize``: make a set of synthetic samples in HO-3D's layout."""

import argparse
import json
import time
from pathlib import Path

from core.cli.progress import ProgressLine

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
    line = ProgressLine("frames")
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
