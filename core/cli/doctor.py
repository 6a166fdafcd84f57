"""``utnet doctor``: measure until the reason why the loss does not fall has a name."""

import argparse
import json
import shlex
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli import doctor_self
from core.cli.options import add_json, add_overrides, print_json

if TYPE_CHECKING:
    from core.doctor.check import Finding
    from core.doctor.examination import Examination
    from core.doctor.runner import Progressed, Started
    from core.doctor.subject import Subject
    from core.training.config import TrainingConfig

NAME = "doctor"
HELP = "name the reason why the loss does not fall, by measuring data, network and training"

EPILOG = """\
exit status: 0 no fault was found, 1 at least one was, 2 nothing could be examined.
What was not tested is said, and is never a pass.
With --self: 0 the installation is in order, 1 something is wrong.
"""
HEALTHY, FAULTS, COULD_NOT_RUN = 0, 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "dataset",
        nargs="?",
        metavar="DATASET",
        help="a folder in HO-3D's layout, or 'demo'; default: the configuration's",
    )
    parser.add_argument(
        "--config", metavar="CONFIG", help="a preset's name or a YAML file; default: demo"
    )
    add_overrides(parser)
    parser.add_argument("--checkpoint", type=Path, help="a network to examine; default: a new one")
    # Not "run": that is the command itself, see core.cli.main.
    parser.add_argument(
        "--run",
        dest="run_folder",
        type=Path,
        metavar="RUN",
        help="a run's folder: its configuration and its curves",
    )
    parser.add_argument(
        "--adapter", metavar="PACKAGE.MODULE:FACTORY", help="examine somebody else's pipeline"
    )
    parser.add_argument("--checks", default="", metavar="A,B", help="only these; default: all")
    parser.add_argument("--tier", choices=("seconds", "minutes", "long"), default="minutes")
    parser.add_argument(
        "--threshold",
        dest="thresholds",
        action="extend",
        nargs="+",
        default=[],
        metavar="KEY=VALUE",
        help="change where a fault begins: reprojection.offset_px=4",
    )
    parser.add_argument("--report", type=Path, metavar="DIR", help="write the report there")
    parser.add_argument("--language", choices=("en", "zh"), default="en")
    add_json(parser)
    parser.add_argument(
        "--progress", action="store_true", help="print what happens, one JSON object a line"
    )
    doctor_self.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Examine and tell; see the exit status above."""
    if arguments.is_self:
        return doctor_self.run(arguments)
    if arguments.hand_model is not None:
        raise ValueError("--hand-model goes with --self; else: --set data.hand_model=FILE")
    if arguments.progress and arguments.report is None:
        raise ValueError("--progress needs --report DIR, where findings keep their pictures")
    from core.doctor.check import Tier, Verdict
    from core.doctor.thresholds import Thresholds, parse_thresholds

    config = None if arguments.adapter else _config(arguments)
    settings = [*arguments.thresholds]
    if config is not None and config.doctor.thresholds:
        settings = [*config.doctor.thresholds.split(","), *settings]
    thresholds = Thresholds(parse_thresholds(settings))

    # torch is slow to import; a wrong option should not wait for it.
    from core.doctor.registry import CHECKS
    from core.doctor.runner import examine

    examination = examine(
        _subject(arguments, config),
        CHECKS,
        tier=Tier(arguments.tier),
        only=_only(arguments.checks, [check.id for check in CHECKS]),
        thresholds=thresholds,
        seed=config.run.seed if config else 0,
        command=shlex.join(["utnet", *sys.argv[1:]]),
        listen=_Teller(arguments),
    )
    _tell(arguments, examination)
    if examination.count(Verdict.NOT_TESTED) == len(examination.findings):
        return COULD_NOT_RUN
    return HEALTHY if examination.is_healthy else FAULTS


def _config(arguments: argparse.Namespace) -> "TrainingConfig":
    from core.training.config import with_overrides
    from core.training.presets import named_config
    from core.training.run_folder import RunFolder

    if arguments.run_folder is not None and arguments.config is None:
        config = RunFolder.open(arguments.run_folder).config()
    else:
        config = named_config(arguments.config or "demo")
    overrides = [*arguments.overrides]
    if arguments.dataset is not None:
        overrides.append(f"data.dataset={json.dumps(arguments.dataset, ensure_ascii=False)}")
    return with_overrides(config, overrides) if overrides else config


def _subject(arguments: argparse.Namespace, config: "TrainingConfig | None") -> "Subject":
    import torch

    from core.doctor.adapter import load_adapter
    from core.doctor.own.run import read_run
    from core.doctor.own.subject import own_subject

    if config is None:
        # As with `python -m`: a package of the folder one stands in can be named.
        sys.path.insert(0, str(Path.cwd()))
        return load_adapter(arguments.adapter)
    if config.run.threads:
        torch.set_num_threads(config.run.threads)
    return own_subject(
        config,
        checkpoint=arguments.checkpoint,
        run=None if arguments.run_folder is None else read_run(arguments.run_folder),
    )


def _only(text: str, known: list[str]) -> frozenset[str]:
    asked = {part.strip() for part in text.split(",") if part.strip()}
    unknown = sorted(asked - set(known))
    if unknown:
        raise ValueError(f"there is no check {unknown[0]!r}; there are {', '.join(known)}")
    return frozenset(asked)


class _Teller:
    """Tells of every check while it runs: lines for a program, or what it is about for people."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._as_lines, self._folder = arguments.progress, arguments.report
        self._is_quiet = arguments.json or not sys.stderr.isatty()

    def __call__(self, event: "Started | Progressed | Finding") -> None:
        from core.doctor.runner import Started

        if self._as_lines:
            print(json.dumps(self._line(event), allow_nan=False), flush=True)
        elif isinstance(event, Started) and not self._is_quiet:
            print(f"[{event.number}/{event.count}] {event.check}", file=sys.stderr)

    def _line(self, event: "Started | Progressed | Finding") -> dict[str, Any]:
        from core.doctor.runner import Progressed, Started
        from core.doctor.store import finding_to_json

        if isinstance(event, Started):
            return {
                "event": "started",
                "check": event.check,
                "index": event.number,
                "count": event.count,
            }
        if isinstance(event, Progressed):
            return {"event": "progress", "check": event.check, "share": event.share}
        self._folder.mkdir(parents=True, exist_ok=True)
        return {"event": "finding", "finding": finding_to_json(event, self._folder)}


def _tell(arguments: argparse.Namespace, examination: "Examination") -> None:
    from core.doctor.report.files import write_report
    from core.doctor.told import told

    evidence = None
    if arguments.report is not None:
        evidence = write_report(arguments.report, examination)
    if arguments.progress:
        line = {"event": "finished", "folder": str(arguments.report)}
        print(json.dumps(line), flush=True)
    elif arguments.json:
        print_json(told(examination, arguments.language, evidence=evidence))
    else:
        _print_text(told(examination, arguments.language))


def _print_text(examination: dict[str, Any]) -> None:
    print(examination["subject"])
    for row in examination["checks"]:
        number = ""
        if row["readings"]:
            number = f"{row['quantity']} {row['text']}  {row['threshold_text']}".rstrip()
        verdict = row["verdict"].replace("_", " ").upper()
        print(f"{verdict:<12}{row['title']}  [{row['id']}]  {number}")
        if row["not_tested"]:
            _print_wrapped(row["not_tested"])
        for cause in row["causes"]:
            _print_wrapped(f"{cause['title']}: {cause['explanation']}")
    for number, cause in enumerate(examination["diagnosis"], start=1):
        print(f"\n{number}. {cause['title']}")
        _print_wrapped(cause["explanation"])
        _print_wrapped(cause["why"])
        _print_wrapped(f"→ {cause['remedy']}")
        for key, value in cause["changes"].items():
            print(f"{'':<12}{key}: {value}")
        if cause["where"]:
            _print_wrapped("at " + ", ".join(cause["where"][:8]))


def _print_wrapped(text: str) -> None:
    print(textwrap.fill(text, 100, initial_indent=" " * 12, subsequent_indent=" " * 12))
