"""The command line of ``utnet-viewer``."""

import argparse
import re

from core.files.installed import add_version

#: Names of the workspaces that exist.
WORKSPACES = ("inspect", "train", "doctor", "annotate", "compare")

THEMES = ("system", "light", "dark")


def parse_size(text: str) -> tuple[int, int]:
    """Read ``WIDTHxHEIGHT`` in pixels, such as 1280x800; ArgumentTypeError otherwise."""
    match = re.fullmatch(r"(\d{3,5})[x×](\d{3,5})", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"a size is WIDTHxHEIGHT such as 1280x800, not {text!r}")
    return int(match[1]), int(match[2])


def build_parser() -> argparse.ArgumentParser:
    """The parser; every option has a default, so the window opens without any."""
    parser = argparse.ArgumentParser(
        prog="utnet-viewer",
        description="See, check and measure UTNet's hands on HO-3D samples.",
    )
    parser.add_argument("dataset", nargs="?", help="folder in HO-3D's layout (default: the demo)")
    parser.add_argument("--split", help='"train", "evaluation", … (default: the first there is)')
    parser.add_argument("--frame", metavar="SEQ/ID", help="the sample to show first")
    parser.add_argument("--checkpoint", help="a UTNet checkpoint (default: the demo's)")
    parser.add_argument("--hand-model", metavar="FILE", help="your MANO_RIGHT.pkl or .npz")
    parser.add_argument("--device", help='"auto", "cpu", "cuda:0" or "mps" (default: auto)')
    parser.add_argument("--workspace", choices=WORKSPACES, help="the workspace to start in")
    parser.add_argument("--theme", choices=THEMES, help="colours (default: as last time)")
    parser.add_argument("--size", type=parse_size, metavar="WxH", help="size of the window")
    parser.add_argument(
        "--screenshot", metavar="FILE", help="save the finished window as a PNG and exit"
    )
    menu = parser.add_mutually_exclusive_group()
    menu.add_argument(
        "--install-desktop-entry",
        action="store_true",
        help="put the program and its icon into your desktop's menu and exit",
    )
    menu.add_argument(
        "--remove-desktop-entry", action="store_true", help="take them out again and exit"
    )
    add_version(parser)
    return parser
