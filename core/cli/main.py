"""``utnet``: every command of the project.

A command is a module of this package with ``NAME``, ``HELP``, ``add_arguments(parser)`` and
``run(arguments) -> int`` (the exit status). Heavy imports belong inside ``run``, so that
``utnet --help`` answers at once.
"""

import argparse
import importlib
import sys

from core.files.installed import add_version

COMMANDS = (
    "synthesize",
    "inspect",
    "score",
    "submission",
    "audit",
    "config",
    "import_config",
    "train",
    "doctor",
    "evaluate",
    "annotations",
    "compare",
    "render",
)


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = argparse.ArgumentParser(prog="utnet", description=__doc__.splitlines()[0])
    add_version(parser)
    subparsers = parser.add_subparsers(dest="command", required=True)
    for module_name in COMMANDS:
        module = importlib.import_module(f"core.cli.{module_name}")
        subparser = subparsers.add_parser(module.NAME, help=module.HELP, description=module.HELP)
        module.add_arguments(subparser)
        subparser.set_defaults(run=module.run)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run one command; errors that the user can mend are one line on stderr and status 2."""
    arguments = build_parser().parse_args(argv)
    try:
        return arguments.run(arguments)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except (OSError, ValueError, MemoryError) as error:
        print(f"utnet {arguments.command}: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    raise SystemExit(main())
