"""Options and output that the actions of ``utnet annotations`` share."""

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli.options import add_dataset, print_json_line
from core.cli.progress import ProgressLine

if TYPE_CHECKING:
    from core.annotation.store import AnnotationStore
    from core.data.frame_index import FrameIndex

#: A program that follows is told no more often.
_INTERVAL_S = 0.1


def add_annotated_dataset(parser: argparse.ArgumentParser) -> None:
    """DATASET, --split and --without-list, and --store FILE."""
    add_dataset(parser)
    parser.add_argument(
        "--store",
        type=Path,
        metavar="FILE",
        help="the dataset's annotations; default: where the window keeps them",
    )


def store_path(arguments: argparse.Namespace, index: "FrameIndex") -> Path:
    """Where the annotations lie: --store, or the dataset's own place."""
    from core.annotation.store import default_store_path

    return arguments.store or default_store_path(index.root)


@contextmanager
def open_annotations(
    arguments: argparse.Namespace, index: "FrameIndex", *, creates: bool = False
) -> "Iterator[AnnotationStore]":
    """The dataset's annotations; raises ValueError where there are none yet, unless it `creates`.

    Further errors are those of `core.annotation.store.open_store`.
    """
    from core.annotation.store import dataset_identity, open_store

    path = store_path(arguments, index)
    try:
        store = open_store(path, dataset=dataset_identity(index), creates=creates)
    except FileNotFoundError as error:
        raise ValueError(
            f"nothing was said of {index.root} yet: there is no {path}. The window's Annotate tab "
            "makes it, or name another file with --store"
        ) from error
    with store:
        yield store


def notes_of(store: "AnnotationStore") -> list[str]:
    """What a person should know of the file itself."""
    if store.damage:
        return [f"{store.path}: {store.damage}"]
    return [f"{store.path}: it can only be read"] if store.is_read_only else []


def add_reviews(parser: argparse.ArgumentParser) -> None:
    """--review STATE, once for each."""
    parser.add_argument(
        "--review",
        action="append",
        default=[],
        choices=("new", "in review", "done", "rejected"),
        help="only frames whose review is that; give it again for more states",
    )


def add_progress(parser: argparse.ArgumentParser) -> None:
    """--progress."""
    parser.add_argument(
        "--progress", action="store_true", help="print what happens, one JSON object a line"
    )


@contextmanager
def told_progress(arguments: argparse.Namespace, what: str) -> Iterator[Callable[[int, int], None]]:
    """A function to be called with (done, total), as `arguments.progress` and `.json` ask."""
    if arguments.progress:
        yield _Lines()
        return
    if arguments.json:
        yield lambda done, total: None
        return
    line = ProgressLine(what)
    try:
        yield line
    finally:
        line.end()


class _Lines:
    def __init__(self) -> None:
        self._told_s = -float("inf")

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._told_s >= _INTERVAL_S or done == total:
            self._told_s = now
            print_json_line({"event": "progress", "done": done, "total": total})
