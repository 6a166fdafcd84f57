"""Which version of the program this is."""

import argparse
import sys

DISTRIBUTION = "utnet-viewer"


def program_version() -> str:
    """Its version, or ``unknown`` where it runs from a checkout that was never installed."""
    # It reads e-mail headers: too much to load at every start.
    from importlib import metadata

    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "unknown (not installed)"


class _ShowVersion(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        python = ".".join(map(str, sys.version_info[:3]))
        print(f"{parser.prog} {program_version()} (Python {python})")
        parser.exit()


def add_version(parser: argparse.ArgumentParser) -> None:
    """--version: print the program's version and Python's, and end with status 0."""
    parser.add_argument(
        "--version", action=_ShowVersion, nargs=0, help="print the version and exit"
    )
