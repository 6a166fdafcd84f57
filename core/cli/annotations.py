"""``utnet annotations``: what was said of a dataset's frames, and how it goes out and in.

An action is a module of this package with ``NAME``, ``HELP``, ``add_arguments(parser)`` and
``run(arguments) -> int``, as a command is, and a line in `ACTIONS`.
"""

import argparse
import importlib

NAME = "annotations"
HELP = "list, count, export and import what was said of a dataset's frames; suggest what to look at"

ACTIONS = (
    "annotations_list",
    "annotations_stats",
    "annotations_export",
    "annotations_import",
    "annotations_suggest",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The actions, each with its own options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for module_name in ACTIONS:
        module = importlib.import_module(f"core.cli.{module_name}")
        action = actions.add_parser(module.NAME, help=module.HELP, description=module.HELP)
        module.add_arguments(action)
        action.set_defaults(run_action=module.run)


def run(arguments: argparse.Namespace) -> int:
    """Run the action; its exit status."""
    return arguments.run_action(arguments)
