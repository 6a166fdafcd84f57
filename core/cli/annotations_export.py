"""``utnet annotations export``: COCO keypoints, HO-3D's layout, or CSV."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli.annotation_options import (
    add_annotated_dataset,
    add_progress,
    add_reviews,
    notes_of,
    open_annotations,
    told_progress,
)
from core.cli.options import add_json, open_dataset, print_json, print_json_line

if TYPE_CHECKING:
    from core.annotation.outgoing import Exported, Spoken, Tell
    from core.data.frame_index import FrameIndex
    from core.hand.hand_model import HandModel

NAME = "export"
HELP = "write what was said as COCO keypoints, corrected HO-3D frames, or CSV"

FORMATS = ("coco", "ho3d", "csv")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The action's options."""
    add_annotated_dataset(parser)
    parser.add_argument("--format", required=True, choices=FORMATS)
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="PLACE",
        help="the file, or for ho3d the new folder; a file that is there is replaced",
    )
    add_reviews(parser)
    parser.add_argument(
        "--hand-model",
        type=Path,
        help="your MANO_RIGHT.pkl, which the hands were corrected with; default: the embedded "
        "stand-in hand",
    )
    add_json(parser)
    add_progress(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write; ValueError and OSError say what is wrong, and nothing is left half."""
    from core.annotation.outgoing import of_reviews, spoken_of
    from core.annotation.records import ReviewState
    from core.files.workers import ended_by_sigterm
    from core.hand.mano_file import load_hand_model

    hand_model = load_hand_model(arguments.hand_model)
    index = open_dataset(arguments, hand_model)
    with open_annotations(arguments, index) as store:
        reviews = [ReviewState(review) for review in arguments.review]
        spoken = of_reviews(list(spoken_of(store, index.split)), reviews)
        notes = notes_of(store)
    if not spoken:
        which = "is in the state asked for" if reviews else "has annotations"
        raise ValueError(f"no frame of {index.name} {which}: there is nothing to export")
    with ended_by_sigterm(), told_progress(arguments, "frames written") as tell:
        exported = _write(arguments, index, spoken, hand_model, tell)
    _tell(arguments, exported, [*notes, *exported.notes])
    return 0


def _write(
    arguments: argparse.Namespace,
    index: "FrameIndex",
    spoken: "list[Spoken]",
    hand_model: "HandModel",
    tell: "Tell",
) -> "Exported":
    from core.annotation.coco import write_coco
    from core.annotation.ho3d_writer import write_ho3d
    from core.annotation.table import write_table

    if arguments.format == "ho3d":
        return write_ho3d(arguments.out, index, spoken, hand_model, tell=tell)
    write = {"coco": write_coco, "csv": write_table}[arguments.format]
    return write(arguments.out, index, spoken, tell=tell)


def _tell(arguments: argparse.Namespace, exported: "Exported", notes: list[str]) -> None:
    told = {"out": str(exported.path), "frames": exported.frames, "notes": notes}
    if arguments.progress:
        print_json_line({"event": "finished", **told})
    elif arguments.json:
        print_json({"format": arguments.format, **told})
    else:
        print(f"{exported.frames:,} frames in {exported.path}")
        for note in notes:
            print(f"note: {note}")
