"""``utnet train``: train a network into a run folder, or go on with a run."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli.options import add_json, add_overrides

if TYPE_CHECKING:
    from core.events import MarkEvent

NAME = "train"
HELP = "train a network, from a preset or a configuration file, or resume a run"

EPILOG = """\
exit status: 0 finished, 3 stopped by request (it can be resumed), 1 failed (the run's status and
log say why), 2 the configuration or the run folder cannot be used (nothing was started).
several devices: --set run.devices=4, or torchrun / fabric run before the same command.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "config", nargs="?", metavar="CONFIG", help="a preset's name, such as demo, or a YAML file"
    )
    parser.add_argument("--resume", type=Path, metavar="RUN", help="folder of a run to go on with")
    add_overrides(parser)
    parser.add_argument(
        "--runs", type=Path, metavar="DIR", help="where runs lie; default: $UTNET_RUNS, or your own"
    )
    parser.add_argument(
        "--name", help="name of the run and its folder; default: the configuration's"
    )
    add_json(parser)


def _sentence(mark: "MarkEvent") -> str:
    """What a mark of the watch means and what to do about it, in the doctor's words."""
    from core.doctor.check import Named
    from core.doctor.phrases import cause_words

    words = cause_words(Named(cause=mark.cause, numbers=mark.numbers), "en")
    return f"{words.title}. {words.explanation} {words.remedy}".strip()


def run(arguments: argparse.Namespace) -> int:
    """Train; the exit status is the process's, see above."""
    from core.files.folder_lock import FolderBusyError
    from core.training.config import with_overrides
    from core.training.presets import named_config
    from core.training.run_folder import RunFolder, default_runs_root

    if (arguments.config is None) == (arguments.resume is None):
        raise ValueError("name either a configuration to start (before --set) or a run to --resume")
    if arguments.resume is not None:
        config = RunFolder.open(arguments.resume).config()
    else:
        config = named_config(arguments.config)
    overrides = list(arguments.overrides)
    if arguments.name is not None:
        overrides.append(f"name={arguments.name}")
    if overrides:
        config = with_overrides(config, overrides)

    # torch is slow to import; a wrong configuration should not wait for it.
    from core.training.process import BAD_CONFIGURATION, new_run, resumed_run, train
    from core.training.reporter import Output

    try:
        if arguments.resume is not None:
            folder = resumed_run(arguments.resume, config)
        else:
            folder = new_run(config, arguments.runs or default_runs_root())
    except FolderBusyError as error:
        print(f"utnet train: {error}", file=sys.stderr)
        return BAD_CONFIGURATION
    output = Output(as_json=arguments.json, sentence=_sentence)
    return train(config, folder, resume=arguments.resume, output=output)
