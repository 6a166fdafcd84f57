"""``utnet evaluate``: a checkpoint over a whole split, kept row by row, summed up at the end."""

import argparse
import os
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from core.cli.evaluation_text import print_summary
from core.cli.options import (
    add_annotations,
    add_dataset,
    add_json,
    add_network,
    checkpoint_of,
    open_corrected_dataset,
    print_json,
    print_json_line,
)
from core.cli.progress import ProgressLine

if TYPE_CHECKING:
    from core.data.frame_index import FrameIndex
    from core.evaluation.evaluating import Progress
    from core.evaluation.store import Evaluation, EvaluationWriter
    from core.hand.hand_model import HandModel

NAME = "evaluate"
HELP = "predict and measure every frame of a split; goes on where it was ended"

EPILOG = """\
exit status: 0 every frame is done (those that cannot be read are told), 1 ended early, for want of
memory or room, 2 could not start, 130 or 143 stopped by Ctrl+C or SIGTERM. What was written stays;
the same command goes on from there, and prints a finished evaluation at once.
"""
ENDED_EARLY, COULD_NOT_START = 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_dataset(parser)
    add_annotations(parser)
    add_network(parser)
    add_evaluating(parser)
    add_json(parser)
    parser.add_argument(
        "--progress", action="store_true", help="print what happens, one JSON object a line"
    )
    parser.add_argument(
        "--report",
        type=Path,
        metavar="FILE.html",
        help="then write a page with figures, tables and the worst frames; replaces the file",
    )


def add_evaluating(parser: argparse.ArgumentParser) -> None:
    """What `evaluate_pending` and its evaluation need besides dataset and network."""
    add_store(parser)
    parser.add_argument(
        "--without-depth", action="store_true", help="give the network the colour picture alone"
    )
    parser.add_argument("--batch-size", type=int, help="frames at once; default: 8, on a GPU 64")
    parser.add_argument(
        "--workers",
        type=int,
        help="processes that read frames, half as many more measure; 0 is none; default: by cores",
    )


def add_store(parser: argparse.ArgumentParser) -> None:
    """--store DIR."""
    parser.add_argument(
        "--store",
        type=Path,
        metavar="DIR",
        help="where evaluations lie; default: $UTNET_EVALUATIONS, or your own",
    )


class _Stopped(BaseException):
    """SIGINT or SIGTERM; no library takes it for an error of its own."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGINT and SIGTERM raise `_Stopped`, once: what follows may end in peace."""

    here = os.getpid()

    def stop(number: int, _: FrameType | None) -> None:
        if os.getpid() != here:  # a forked worker: its end is the parent's to say
            return
        for one in before:
            signal.signal(one, signal.SIG_IGN)
        if hasattr(signal, "SIGCHLD"):
            # Who ended us may have ended our workers too; torch would raise that in between.
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        raise _Stopped(number)

    before = {one: signal.signal(one, stop) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def run(arguments: argparse.Namespace) -> int:
    """Evaluate what is pending, then tell; see the exit status above."""
    from core.evaluation.identity import RowNames, identify
    from core.evaluation.store import EvaluationWriter, evaluations_root
    from core.files.folder_lock import FolderBusyError
    from core.hand.mano_file import load_hand_model

    check_effort(arguments)
    _check_report(arguments.report)
    checkpoint = checkpoint_of(arguments)
    hand_model = load_hand_model(arguments.hand_model)
    index = open_corrected_dataset(arguments, hand_model)
    identity = identify(checkpoint, index, hand_model, with_depth=not arguments.without_depth)
    root = arguments.store or evaluations_root()
    try:
        with EvaluationWriter(root, identity, RowNames.of_index(index)) as writer:
            status = evaluate_pending(arguments, writer, index, checkpoint, hand_model)
    except FolderBusyError as error:
        _say(arguments, str(error))
        return COULD_NOT_START
    if status == 0:
        _tell(arguments, writer.evaluation)
        _report(arguments, writer.evaluation, index)
    return status


def _check_report(path: Path | None) -> None:
    """Raise ValueError where the report could not be written: before hours of work, not after."""
    if path is not None and not (path.parent.is_dir() and os.access(path.parent, os.W_OK)):
        raise ValueError(f"--report {path}: there is no folder {path.parent} to write into")


def _report(arguments: argparse.Namespace, evaluation: "Evaluation", index: "FrameIndex") -> None:
    if arguments.report is None:
        return
    from core.evaluation.report.page import write_report

    command = shlex.join(["utnet", *sys.argv[1:]])
    write_report(arguments.report, evaluation, index, command=command)
    _say(arguments, f"the report is {arguments.report}")


def check_effort(arguments: argparse.Namespace) -> None:
    """Raise ValueError for numbers of `add_evaluating` that make no sense."""
    for option in ("batch_size", "workers"):
        value, least = getattr(arguments, option), int(option == "batch_size")
        if value is not None and value < least:
            raise ValueError(f"--{option.replace('_', '-')} is at least {least}, not {value}")


def evaluate_pending(
    arguments: argparse.Namespace,
    writer: "EvaluationWriter",
    index: "FrameIndex",
    checkpoint: Path,
    hand_model: "HandModel",
) -> int:
    """Evaluate the pending rows; the exit status, 0 where every row is done.

    SIGINT and SIGTERM end the process, with what was written.
    """
    evaluation = writer.evaluation
    if arguments.progress:
        print_json_line(
            {
                "event": "started",
                "folder": str(evaluation.folder),
                "total": len(evaluation),
                "done": evaluation.done,
            }
        )
    if evaluation.is_complete:
        return 0
    # torch is slow to import; a finished evaluation does not need it.
    from core.evaluation.evaluating import Effort, WorkerDiedError, evaluate
    from core.evaluation.predictor import Predictor
    from core.files.durable import DiskFullError

    try:
        with _stoppable():
            predictor = Predictor(checkpoint, hand_model, arguments.device)
            effort = Effort.usual(
                predictor.device, batch_size=arguments.batch_size, workers=arguments.workers
            )
            teller = _Teller(arguments)
            evaluate(writer, index, predictor, effort=effort, listen=teller)
            teller.end()
    except _Stopped as stopped:
        _say(arguments, f"stopped; {evaluation.done:,} of {len(evaluation):,} frames are done")
        writer.close()
        _leave(128 + stopped.number)
    except (WorkerDiedError, MemoryError, DiskFullError) as error:
        _say(arguments, f"{error}. The same command goes on from here")
        return ENDED_EARLY
    return 0


def _say(arguments: argparse.Namespace, sentence: str) -> None:
    print(f"utnet {arguments.command}: {sentence}", file=sys.stderr)


def _leave(status: int) -> NoReturn:
    """End at once: what threads still predict is not wanted, and whoever stopped does not wait."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


class _Teller:
    """Tells how far it is: lines for a program, or one line for people."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._as_lines = arguments.progress
        self._line = None if arguments.progress or arguments.json else ProgressLine("frames")

    def __call__(self, progress: "Progress") -> None:
        if self._as_lines:
            print_json_line({"event": "progress", **vars(progress)})
        elif self._line is not None:
            self._line(progress.done, progress.total)

    def end(self) -> None:
        """Leave the line."""
        if self._line is not None:
            self._line.end()


def _tell(arguments: argparse.Namespace, evaluation: "Evaluation") -> None:
    from core.evaluation.summary import summarise

    summary = summarise(evaluation)
    folder = str(evaluation.folder)
    if arguments.progress:
        print_json_line({"event": "finished", "folder": folder, "summary": summary.to_json()})
    elif arguments.json:
        identity = vars(evaluation.identity)
        print_json({"folder": folder, "identity": identity, "summary": summary.to_json()})
    else:
        print_summary(evaluation, summary)
