"""``utnet compare``: two evaluations of one split, and how sure the difference is."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli.evaluate import add_store
from core.cli.evaluation_text import print_comparison
from core.cli.options import add_json, print_json

if TYPE_CHECKING:
    import numpy as np

    from core.evaluation.comparison import Comparison
    from core.evaluation.store import Evaluation

NAME = "compare"
HELP = "compare two evaluations frame by frame, with intervals"

EPILOG = """\
FIRST and SECOND are folders of evaluations, or checkpoints that were evaluated on the same split,
by file or by name (RUN/best, where it is a run's). Differences are SECOND - FIRST; an interval
draws whole sequences, since frames of one sequence are nearly the same picture.
exit status: 0 compared, 2 could not be.
"""
_ROWS_SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("first", metavar="FIRST", help="the baseline, called A")
    parser.add_argument("second", metavar="SECOND", help="what is compared with it, called B")
    add_store(parser)
    parser.add_argument(
        "--metric", default="pa_mpjpe_mm", help="what decides; default: pa_mpjpe_mm"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the intervals; default: 0")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compare and print."""
    from core.evaluation.comparison import compare
    from core.evaluation.store import evaluations_root

    root = arguments.store or evaluations_root()
    first, second = _pair(arguments.first, arguments.second, root)
    comparison = compare(first, second, metric=arguments.metric, seed=arguments.seed)
    if arguments.json:
        folders = {"first_folder": str(first.folder), "second_folder": str(second.folder)}
        names = {"gain_frames": comparison.gains, "loss_frames": comparison.losses}
        frames = {key: [str(first.frame_id(row)) for row in rows] for key, rows in names.items()}
        print_json({**folders, **comparison.to_json(), **frames})
    else:
        print_comparison(comparison)
        _print_rows("B gains most in", first, comparison, comparison.gains)
        _print_rows("B loses most in", first, comparison, comparison.losses)
    return 0


def _print_rows(
    title: str, evaluation: "Evaluation", comparison: "Comparison", rows: "np.ndarray"
) -> None:
    if not len(rows):
        return
    difference = dict(zip(comparison.rows.tolist(), comparison.differences.tolist(), strict=True))
    print(f"\n{title}")
    for row in rows[:_ROWS_SHOWN].tolist():
        print(f"  {evaluation.frame_id(row)!s:<20}{difference[row]:+9.2f}")


def _pair(first: str, second: str, root: Path) -> tuple["Evaluation", "Evaluation"]:
    """The two evaluations that are meant; raises ValueError where that is not clear."""
    ones, others = _candidates(first, root), _candidates(second, root)
    frames = lambda evaluation: (evaluation.identity.dataset_digest, evaluation.identity.split)
    pairs = [
        (one, other)
        for one in ones
        for other in others
        if one.folder != other.folder and frames(one) == frames(other)
    ]
    if len(pairs) == 1:
        return pairs[0]
    if not pairs:
        raise ValueError(
            f"{first} and {second} were not evaluated on the same frames: {_listed(ones + others)}"
        )
    raise ValueError(
        f"{first} and {second} can mean several evaluations; name folders: {_listed(ones + others)}"
    )


def _candidates(text: str, root: Path) -> list["Evaluation"]:
    from core.evaluation.identity import checkpoint_digest
    from core.evaluation.store import list_evaluations, open_evaluation

    if Path(text).is_dir():
        return [open_evaluation(text)]
    known = list_evaluations(root)
    if Path(text).is_file():
        text_digest = checkpoint_digest(Path(text))
        found = [one for one in known if one.identity.checkpoint_sha256 == text_digest]
    else:
        found = [one for one in known if text in (one.identity.checkpoint_name, one.identity.key)]
    if not found:
        names = ", ".join(sorted({one.identity.checkpoint_name for one in known})) or "none"
        raise ValueError(
            f"{text} is neither an evaluation's folder nor a checkpoint that was evaluated in "
            f"{root}; there are {names}"
        )
    return found


def _listed(evaluations: list["Evaluation"]) -> str:
    parts = {
        f"{one.folder} ({one.identity.checkpoint_name} on {one.identity.dataset_name} / "
        f"{one.identity.split})": None
        for one in evaluations
    }
    return "; ".join(parts)
