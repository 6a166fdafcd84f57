"""``utnet import-config``: turn an original UTNet config.yaml into a configuration."""

import argparse
import textwrap
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli.options import add_json, print_json

if TYPE_CHECKING:
    from core.training.legacy_report import ImportedKey, ImportReport

NAME = "import-config"
HELP = "turn an original UTNet config.yaml into a configuration, and say what became of each key"

#: What each part of the report is called, the most urgent first.
_TITLES = {
    "harmful": "Harmful or impossible; the new file has what is recommended instead",
    "missing": "Not there; the new file names it, and training refuses to start until it is",
    "unknown": "Unknown; not taken over",
    "mapped": "Taken over",
    "without_counterpart": "Without a counterpart",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("old", type=Path, metavar="OLD", help="the original's config.yaml")
    parser.add_argument("new", type=Path, metavar="NEW", help="the file to write")
    parser.add_argument("--overwrite", action="store_true", help="replace NEW where it exists")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Read OLD, write NEW, report."""
    from core.files.durable import write_atomically
    from core.training.config_text import explained_yaml
    from core.training.legacy_config import import_config

    new: Path = arguments.new
    if new.exists() and not arguments.overwrite:
        raise ValueError(f"{new} exists already; name another file or add --overwrite")
    config, report = import_config(arguments.old)
    header = (
        f"# Imported from {arguments.old.name}; what it does not say is from {report.preset}.\n"
    )
    write_atomically(new, (header + explained_yaml(config)).encode())
    if arguments.json:
        print_json({"old": str(arguments.old), "new": str(new), **asdict(report)})
    else:
        _print_text(arguments.old, new, report)
    return 0


def _print_text(old: Path, new: Path, report: "ImportReport") -> None:
    for name, title in _TITLES.items():
        items: tuple[ImportedKey, ...] = getattr(report, name)
        if items:
            print(f"{title} ({len(items)})")
        for item in items:
            _print_item(item)
        if items:
            print()
    print(f"{new} is written; what {old} does not say is from {report.preset}.")
    print(f"Next: utnet train {new}")


def _print_item(item: "ImportedKey") -> None:
    arrow = f" -> {item.key}: {_shown(item.value)}" if item.key else ""
    old = "(not given)" if item.old_value is None else _shown(item.old_value)
    print(f"  {item.old_key}: {old}{arrow}")
    if item.sentence:
        print(textwrap.fill(item.sentence, 96, initial_indent=" " * 6, subsequent_indent=" " * 6))


def _shown(value: Any) -> str:
    words = {True: "true", False: "false", None: "null"}
    if value is None or isinstance(value, bool):
        return words[value]
    return '""' if value == "" else str(value)
