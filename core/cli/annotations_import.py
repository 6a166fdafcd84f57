"""``utnet annotations import``: take over a COCO file or another store, conflicts shown first."""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli.annotation_options import (
    add_annotated_dataset,
    add_progress,
    open_annotations,
    store_path,
    told_progress,
)
from core.cli.options import add_json, open_dataset, print_json, print_json_line

if TYPE_CHECKING:
    from core.annotation.merge import Conflict, Keep, Merge, Offer
    from core.annotation.outgoing import Tell
    from core.annotation.store import AnnotationStore
    from core.data.frame_index import FrameIndex

NAME = "import"
HELP = "take over a COCO file or another file of annotations, and show the conflicts first"

EPILOG = """\
A conflict is a field of a frame (hand, visibility, flags, note, review) that both changed, to
different values. Look at them with --preview, which writes nothing. Everything that is taken over
is undone as one. --choices FILE is JSON: a list of {"split", "frame", "field", "keep"}, as
--preview --json lists conflicts, with "keep" for each; what it does not name follows --keep.
"""
_SQLITE = b"SQLite format 3\x00"
_CHOICE = ("split", "frame", "field", "keep")
_MAX_CHOICES_BYTES = 64 * 2**20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The action's options."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_annotated_dataset(parser)
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="COCO keypoints (.json) or annotations (.sqlite)"
    )
    parser.add_argument(
        "--keep",
        choices=("mine", "theirs", "newer"),
        default="mine",
        help="of conflicts; default: mine. newer keeps mine where times are unknown",
    )
    parser.add_argument("--choices", type=Path, metavar="FILE", help="a choice for each conflict")
    parser.add_argument("--preview", action="store_true", help="show what it would do; no writing")
    add_json(parser)
    add_progress(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compare, and unless it is a preview, write; ValueError says what is wrong."""
    from core.annotation.merge import changes, plan
    from core.files.workers import ended_by_sigterm
    from core.hand.mano_file import load_hand_model

    index = open_dataset(arguments, load_hand_model(None))
    path = store_path(arguments, index)
    if path.exists() and arguments.file.exists() and path.samefile(arguments.file):
        raise ValueError(f"{arguments.file}: these are the annotations it would be taken into")
    with ended_by_sigterm(), told_progress(arguments, "annotations read") as tell:
        offer = _offer(arguments, index, tell)
        with _mine(arguments, index) as store:
            merge = plan(offer, store)
            written = []
            if not arguments.preview:
                group = f"import {arguments.file.name} {time.time_ns()}"
                written = changes(merge, _choices(arguments, merge), group=group)
                if written:
                    store.write(written)
    _tell(arguments, merge, len(written), path)
    return 0


@contextmanager
def _mine(arguments: argparse.Namespace, index: "FrameIndex") -> "Iterator[AnnotationStore]":
    """The annotations that it goes into; for a preview of a first import an empty stand-in."""
    from core.annotation.store import open_store

    if arguments.preview and not store_path(arguments, index).exists():
        with (
            tempfile.TemporaryDirectory() as folder,
            open_store(Path(folder) / "new.sqlite") as new,
        ):
            yield new
        return
    path = store_path(arguments, index)
    if arguments.store is None:
        path.parent.mkdir(parents=True, exist_ok=True)
    with open_annotations(arguments, index, creates=True) as store:
        yield store


def _offer(arguments: argparse.Namespace, index: "FrameIndex", tell: "Tell") -> "Offer":
    from core.annotation.coco_reader import read_coco
    from core.annotation.merge import ImportRefusedError
    from core.annotation.store_reader import read_store

    file = arguments.file
    try:
        with file.open("rb") as content:
            is_store = content.read(len(_SQLITE)) == _SQLITE
    except OSError as error:
        raise ImportRefusedError(f"{file}: cannot be read ({error.strerror or error})") from error
    return read_store(file, index) if is_store else read_coco(file, index, tell=tell)


def _choices(arguments: argparse.Namespace, merge: "Merge") -> "list[Keep]":
    from core.annotation.merge import Keep

    usual = Keep(arguments.keep)
    chosen = {} if arguments.choices is None else _read_choices(arguments.choices)
    return [
        chosen.get((c.incoming.split, c.incoming.frame, c.incoming.field), usual)
        for c in merge.conflicts
    ]


def _read_choices(path: Path) -> "dict[tuple[str, str, str], Keep]":
    from core.annotation.merge import Keep

    try:
        with path.open("rb") as file:
            said = json.loads(file.read(_MAX_CHOICES_BYTES))
        rows = [tuple(str(one[name]) for name in _CHOICE) for one in said]
        return {row[:3]: Keep(row[3]) for row in rows}
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise ValueError(
            f'{path}: it is not a list of {{"split", "frame", "field", "keep"}} ({error!r})'
        ) from error


def _tell(arguments: argparse.Namespace, merge: "Merge", written: int, path: Path) -> None:
    told: dict[str, Any] = {
        "store": str(path),
        "source": merge.source,
        "is_preview": arguments.preview,
        "written": written,
        "additions": len(merge.additions),
        "frames": len({one.frame for one in merge.additions}),
        "same": merge.same,
        "conflicts": [_conflict(conflict) for conflict in merge.conflicts],
        "notes": list(merge.notes),
    }
    if arguments.progress:
        print_json_line({"event": "finished", **told})
    elif arguments.json:
        print_json(told)
    else:
        _print_text(told)


def _conflict(conflict: "Conflict") -> dict[str, Any]:
    from core.annotation.merge import FIELD_WORDS, difference_words, value_words
    from core.annotation.outgoing import as_time

    one = conflict.incoming
    times = (conflict.mine_at_s, one.at_s)
    mine_at, theirs_at = (None if at_s is None else as_time(at_s) for at_s in times)
    return {
        "split": one.split,
        "frame": one.frame,
        "field": one.field,
        "field_words": FIELD_WORDS[one.field],
        "mine": value_words(one.field, conflict.mine),
        "theirs": value_words(one.field, one.value),
        "difference": difference_words(conflict),
        "mine_at": mine_at,
        "theirs_at": theirs_at,
        "newer": None if conflict.newer is None else str(conflict.newer),
    }


def _print_text(told: dict[str, Any]) -> None:
    done = "would be" if told["is_preview"] else "were"
    print(
        f"{told['additions']:,} new fields of {told['frames']:,} frames, {told['same']:,} alike, "
    )
    print(f"{len(told['conflicts']):,} conflicts", end="")
    print("" if told["is_preview"] else f"; {told['written']:,} fields {done} taken over")
    for conflict in told["conflicts"]:
        apart = f" ({conflict['difference']})" if conflict["difference"] else ""
        words = f"{conflict['field_words']}: mine {conflict['mine']!r}, theirs "
        print(f"  {conflict['frame']:<20}{words}{conflict['theirs']!r}{apart}")
    for note in told["notes"]:
        print(f"note: {note}")
