"""``utnet submission``: a checkpoint's hands as the file that HO-3D's evaluation takes."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli.evaluate import add_evaluating, check_effort, evaluate_pending
from core.cli.options import (
    add_json,
    add_network,
    checkpoint_of,
    open_dataset,
    print_json,
)
from core.cli.progress import ProgressLine
from core.files.embedded import dataset_folder

if TYPE_CHECKING:
    from core.data.frame_index import FrameIndex
    from core.evaluation.identity import Identity
    from core.hand.hand_model import HandModel

NAME = "submission"
HELP = "write a checkpoint's hands as the pred.zip that HO-3D's evaluation takes"

EPILOG = """\
The hands come from the finished evaluation of this checkpoint, dataset and hand model (utnet
evaluate); where there is none, or only a part, it is made first. Interrupted, the same command
goes on with it. The file is written whole or not at all; utnet score reads it.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "dataset", metavar="DATASET", help="a folder in HO-3D's layout; its evaluation split"
    )
    add_network(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="PRED.zip", help="the file")
    parser.add_argument(
        "--fill-missing",
        action="store_true",
        help="give frames that cannot be predicted a resting hand; default: say which they are",
    )
    add_evaluating(parser)
    add_json(parser)
    # What `evaluate` asks besides: the order of a submission is the list's.
    parser.set_defaults(split="evaluation", without_list=False, progress=False)


def run(arguments: argparse.Namespace) -> int:
    """Evaluate what is missing, check, write; ValueError says what is wrong."""
    from core.evaluation.identity import identify
    from core.evaluation.store import evaluations_root
    from core.hand.mano_file import load_hand_model

    _check_out(arguments.out, dataset_folder(arguments.dataset))
    check_effort(arguments)
    checkpoint = checkpoint_of(arguments)
    hand_model = load_hand_model(arguments.hand_model)
    index = open_dataset(arguments, hand_model)
    if index.kind != "HO-3D":
        raise ValueError(
            f"{index.root}: it is {index.kind}, and a submission is of HO-3D's evaluation split"
        )
    identity = identify(checkpoint, index, hand_model, with_depth=not arguments.without_depth)
    folder = (arguments.store or evaluations_root()) / identity.key
    status = _finish(arguments, folder, identity, index, checkpoint, hand_model)
    return status or _write(arguments, folder, hand_model)


def _check_out(path: Path, dataset: Path) -> None:
    """What would only be found out after the evaluation otherwise."""
    if path.suffix.lower() != ".zip":
        raise ValueError(f"{path}: a submission is a zip; name one with --out PRED.zip")
    if not path.parent.is_dir():
        raise ValueError(f"{path.parent}: there is no such folder to write into")
    if path.is_dir():
        raise ValueError(f"{path}: this is a folder")
    if dataset.resolve() in path.resolve().parents:
        raise ValueError(
            f"{path}: this is in the dataset's folder; a new file there is a changed dataset, of "
            "which there is no evaluation. Choose a place outside of it"
        )


def _finish(
    arguments: argparse.Namespace,
    folder: Path,
    identity: "Identity",
    index: "FrameIndex",
    checkpoint: Path,
    hand_model: "HandModel",
) -> int:
    """Make the evaluation, or go on with it, where it is not finished; 0, or the exit status."""
    from core.evaluation.store import EvaluationWriter, RowNames, open_evaluation
    from core.files.folder_lock import FolderBusyError

    # A finished one needs no lock.
    if (folder / "evaluation.json").exists() and open_evaluation(folder).is_complete:
        return 0
    try:
        with EvaluationWriter(folder.parent, identity, RowNames.of_index(index)) as writer:
            return evaluate_pending(arguments, writer, index, checkpoint, hand_model)
    except FolderBusyError as error:
        raise ValueError(f"{error} Give this command again when that is done") from error


def _write(arguments: argparse.Namespace, folder: Path, hand_model: "HandModel") -> int:
    from core.evaluation.store import open_evaluation
    from core.evaluation.submission import write_submission
    from core.files.workers import ended_by_sigterm

    line = ProgressLine("hands written")
    with ended_by_sigterm():
        try:
            written = write_submission(
                open_evaluation(folder),
                hand_model,
                arguments.out,
                fill_missing=arguments.fill_missing,
                progress=line,
            )
        finally:
            line.end()
    notes = _notes(hand_model, written.filled, written.count)
    if arguments.json:
        print_json(
            {
                "out": str(written.path),
                "frames": written.count,
                "filled": written.filled,
                "evaluation": str(folder),
                "hand_model": hand_model.name,
                "notes": notes,
            }
        )
        return 0
    print(f"{written.count:,} hands in {written.path}")
    for note in notes:
        print(f"note: {note}")
    return 0


def _notes(hand_model: "HandModel", filled: int, count: int) -> list[str]:
    notes = []
    if hand_model.is_stand_in:
        notes.append(
            "the meshes are the stand-in hand's, not MANO's: HO-3D's mesh figures say nothing "
            "about them; give your own with --hand-model"
        )
    if filled:
        notes.append(f"{filled} of {count} frames have a resting hand in place of a prediction")
    return notes
