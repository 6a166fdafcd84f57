"""``utnet annotations suggest``: the labels that are most likely wrong, worst first."""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli.options import add_dataset, add_json, open_dataset, print_json, print_json_line
from core.cli.progress import ProgressLine

if TYPE_CHECKING:
    from core.annotation.suggestion_file import Kept
    from core.data.frame_index import FrameIndex
    from core.evaluation.store import Evaluation

NAME = "suggest"
HELP = "name the labels that are most likely wrong, with the reason and its figure"

#: What --evaluation takes for none.
LABELS_ALONE = "none"
_TOLD_ROWS = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The action's options."""
    add_dataset(parser)
    parser.add_argument(
        "--evaluation",
        metavar="DIR",
        help="an evaluation of this split, whose predictions are compared with the labels; "
        f"default: the last one that is complete; {LABELS_ALONE!r}: labels alone",
    )
    parser.add_argument(
        "--hand-model", type=Path, help="your MANO_RIGHT.pkl; default: the embedded stand-in hand"
    )
    parser.add_argument("--limit", type=int, help="at most so many; default: 4 %% of the frames")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="where they are kept; default: where the window looks for them",
    )
    add_json(parser)
    parser.add_argument(
        "--progress", action="store_true", help="print what happens, one JSON object a line"
    )


def run(arguments: argparse.Namespace) -> int:
    """Read every label, then tell; status 0."""
    from core.annotation.prediction_reasons import Predictions
    from core.annotation.suggestion_file import Basis, Kept, suggestions_path, write_suggestions
    from core.annotation.suggestions import suggest
    from core.hand.mano_file import load_hand_model

    if arguments.limit is not None and arguments.limit < 1:
        raise ValueError(f"--limit is at least 1, not {arguments.limit}")
    hand_model = load_hand_model(arguments.hand_model)
    index = open_dataset(arguments, hand_model)
    evaluation = _evaluation(arguments, index)
    by = "" if evaluation is None else evaluation.identity.checkpoint_name
    # Before the work: what changes under it makes the result old.
    basis = Basis.of(index, hand_model, evaluation)
    teller = _Teller(arguments)
    teller.begin(len(index), by)
    found = suggest(
        index,
        hand_model,
        predictions=None if evaluation is None else Predictions.of(evaluation),
        limit=arguments.limit,
        progress=teller,
    )
    name = index.root.resolve().name
    kept = Kept(name, index.split, len(index), by, basis, tuple(found))
    path = arguments.out or suggestions_path(index)
    write_suggestions(path, kept)
    teller.end(kept, path)
    return 0


def _evaluation(arguments: argparse.Namespace, index: "FrameIndex") -> "Evaluation | None":
    """The one that was named, or the last complete one of this split."""
    from core.evaluation.identity import dataset_digest
    from core.evaluation.store import evaluations_root, list_evaluations, open_evaluation

    if arguments.evaluation == LABELS_ALONE:
        return None
    if arguments.evaluation is None:
        found = list_evaluations(evaluations_root(), dataset_digest(index), index.split)
        return next((one for one in found if one.is_complete), None)
    evaluation = open_evaluation(arguments.evaluation)
    if evaluation.identity.split != index.split or len(evaluation) != len(index):
        identity = evaluation.identity
        raise ValueError(
            f"{evaluation.folder} is an evaluation of {identity.dataset_name} / {identity.split} "
            f"({len(evaluation):,} rows), not of {index.name} ({len(index):,} rows)"
        )
    return evaluation


class _Teller:
    """Tells how far it is, and what was found: lines for a program, JSON, or text."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._as_lines, self._as_json = arguments.progress, arguments.json
        self._line = None if self._as_lines or self._as_json else ProgressLine("labels")

    def begin(self, total: int, by: str) -> None:
        """Say what is read."""
        if self._as_lines:
            print_json_line({"event": "started", "total": total, "by": by})
        elif self._line is not None:
            whose = f"and the predictions of {by}" if by else "alone, for nothing is evaluated yet"
            print(f"utnet annotations: reading {total:,} labels {whose}", file=sys.stderr)

    def __call__(self, done: int, total: int) -> bool:
        """See `core.annotation.label_table.Progress`."""
        if self._as_lines:
            print_json_line({"event": "progress", "done": done, "total": total})
        elif self._line is not None:
            self._line(done, total)
        return True

    def end(self, kept: "Kept", path: Path) -> None:
        """Say what was found."""
        if self._line is not None:
            self._line.end()
        found = kept.suggestions
        if self._as_lines:
            print_json_line({"event": "finished", "path": str(path), "count": len(found)})
        elif self._as_json:
            print_json({"path": str(path), **asdict(kept)})
        else:
            _print(kept, path)


def _print(kept: "Kept", path: Path) -> None:
    width = max((len(one.frame) for one in kept.suggestions), default=0)
    for one in kept.suggestions[:_TOLD_ROWS]:
        print(f"{one.frame:<{width}}  {one.score:5.1f}  {one.words}")
    left = len(kept.suggestions) - _TOLD_ROWS
    if left > 0:
        print(f"… and {left:,} more in {path}")
    elif not kept.suggestions:
        print("no label stands out")
