"""An evaluation without torch: speaks and writes as ``utnet evaluate --progress`` does.

    python -P tests/support/fake_evaluate.py [OPTIONS] evaluate DATASET --split S --checkpoint C …

    --behaviour B   evaluate   everything as it should be
                    wait       after a batch until there is a file "go" beside the evaluation
                    hang       says and writes nothing more after the first batch
                    crash      a traceback and status 1 after the first batch
                    killed     kills itself with SIGKILL after the first batch
                    refuse     one line on stderr and status 2
    --batch N       rows a batch (default 4)
    --delay S       after each batch (default 0)

``command(...)`` stands for (python, -m, core.cli.main).
"""

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # -P keeps it off

from made_evaluation import write_rows

from core.data.opening import open_dataset
from core.evaluation.identity import RowNames, identify
from core.evaluation.store import EvaluationWriter, evaluations_root
from core.hand.mano_file import load_hand_model

BEHAVIOURS = ("evaluate", "wait", "hang", "crash", "killed", "refuse")


def command(*options: str) -> tuple[str, ...]:
    """What stands before "evaluate" on the command line."""
    return (sys.executable, "-P", str(Path(__file__).resolve()), *options)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="fake_evaluate")
    parser.add_argument("--behaviour", choices=BEHAVIOURS, default="evaluate")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--delay", type=float, default=0.0)
    evaluate = parser.add_subparsers(dest="command", required=True).add_parser("evaluate")
    evaluate.add_argument("dataset", type=Path)
    evaluate.add_argument("--split", required=True)
    evaluate.add_argument("--checkpoint", type=Path, required=True)
    evaluate.add_argument("--hand-model", type=Path)
    evaluate.add_argument("--device", default="auto")
    evaluate.add_argument("--without-list", action="store_true")
    evaluate.add_argument("--progress", action="store_true", required=True)
    return parser.parse_args()


def say(**line: object) -> None:
    """One line of the stream."""
    print(json.dumps(line, allow_nan=False), flush=True)


def misbehave(behaviour: str) -> None:
    """What happens after a batch."""
    if behaviour == "hang":
        while True:
            time.sleep(60)
    elif behaviour == "wait":
        while not (evaluations_root() / "go").exists():
            time.sleep(0.05)
    elif behaviour == "crash":
        raise ZeroDivisionError("the fake divided by zero")
    elif behaviour == "killed":
        os.kill(os.getpid(), signal.SIGKILL)


def main() -> int:
    """Evaluate, or refuse."""
    options = parse()
    if options.behaviour == "refuse":
        print("utnet evaluate: there is no room for an evaluation", file=sys.stderr)
        return 2
    hand_model = load_hand_model(options.hand_model)
    index = open_dataset(options.dataset, options.split, hand_model=hand_model)
    identity = identify(options.checkpoint, index, hand_model)
    with EvaluationWriter(evaluations_root(), identity, RowNames.of_index(index)) as writer:
        evaluation = writer.evaluation
        total = len(evaluation)
        say(event="started", folder=str(evaluation.folder), total=total, done=evaluation.done)
        while len(rows := writer.pending_rows()[: options.batch]):
            write_rows(writer, rows)
            left = total - evaluation.done
            say(event="progress", done=total - left, total=total, rate=20.0, eta_s=left / 20)
            misbehave(options.behaviour)
            time.sleep(options.delay)
    say(event="finished", folder=str(evaluation.folder), summary={})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
