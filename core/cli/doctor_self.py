"""``utnet doctor --self``: is this installation in order?"""

import argparse
import textwrap
from pathlib import Path

from core.cli.options import print_json
from core.files.installed import program_version

HEALTHY, WRONG = 0, 1

#: Options of ``utnet doctor`` that examine something else.
_OF_A_DATASET = ("dataset", "config", "overrides", "checkpoint", "run_folder", "adapter", "checks")
_OF_ITS_REPORT = ("thresholds", "report", "progress")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--self and what belongs to it."""
    parser.add_argument(
        "--self",
        dest="is_self",
        action="store_true",
        help="examine this installation instead: versions, screen, devices, hand model, places",
    )
    parser.add_argument(
        "--hand-model",
        type=Path,
        metavar="FILE",
        help="with --self: the hand model to look at; default: the window's",
    )


def run(arguments: argparse.Namespace) -> int:
    """Examine and tell; 0 where all is in order. Raises ValueError for options of a dataset."""
    given = [name for name in (*_OF_A_DATASET, *_OF_ITS_REPORT) if getattr(arguments, name)]
    if given:
        raise ValueError(f"--self examines the installation only; leave out {', '.join(given)}")
    from core.doctor.environment.examine import examine_environment
    from core.doctor.environment.examined import Health

    found = []
    for examined in examine_environment(arguments.hand_model):
        found.append(examined)
        if not arguments.json:
            _print(examined.name, examined.measured, examined.health, examined.advice)
    wrong = sum(examined.health is Health.WRONG for examined in found)
    if arguments.json:
        checks = [examined.to_json() for examined in found]
        print_json({"version": program_version(), "healthy": not wrong, "checks": checks})
    else:
        print(f"\n{wrong} of {len(found)} checks found something wrong" if wrong else "\nhealthy")
    return WRONG if wrong else HEALTHY


def _print(name: str, measured: str, health: str, advice: str) -> None:
    print(f"{health.upper():<12}{name}: {measured}", flush=True)
    if advice:
        print(
            textwrap.fill(f"→ {advice}", 100, initial_indent=" " * 12, subsequent_indent=" " * 14)
        )
