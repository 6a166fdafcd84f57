"""``utnet annotations list``: every frame that something was said of."""

import argparse
from typing import TYPE_CHECKING, Any

from core.cli.annotation_options import (
    add_annotated_dataset,
    add_reviews,
    notes_of,
    open_annotations,
)
from core.cli.options import add_json, open_dataset, print_json

if TYPE_CHECKING:
    from core.annotation.outgoing import Spoken

NAME = "list"
HELP = "list the frames that something was said of"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The action's options."""
    add_annotated_dataset(parser)
    parser.add_argument("--flag", help="only frames with this flag: bad, blur, occluded, crop, …")
    add_reviews(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print them; ValueError says what is wrong."""
    from core.annotation.outgoing import of_reviews, spoken_of
    from core.annotation.records import ReviewState
    from core.hand.mano_file import load_hand_model

    index = open_dataset(arguments, load_hand_model(None))
    with open_annotations(arguments, index) as store:
        notes, path = notes_of(store), store.path
        reviews = [ReviewState(review) for review in arguments.review]
        spoken = of_reviews(list(spoken_of(store, index.split)), reviews)
    if arguments.flag:
        spoken = [one for one in spoken if arguments.flag in one.state.flags]
    frames = [_told(one) for one in spoken]
    if arguments.json:
        told = {"store": str(path), "split": index.split, "frames": frames, "notes": notes}
        print_json(told)
        return 0
    print(f"{len(frames):,} frames of {index.name} in {path}")
    for note in notes:
        print(f"note: {note}")
    for frame in frames:
        flags = " ".join(frame["flags"])
        note = frame["note"].replace("\n", " ")[:60]
        columns = f"{frame['review']:<10}{frame['corrected'] or '-':<4}{flags:<24}{note}"
        print(f"{frame['frame']:<24}{columns}".rstrip())
    return 0


def _told(one: "Spoken") -> dict[str, Any]:
    from core.annotation.outgoing import as_time, is_in_3d
    from core.annotation.records import Visibility

    state = one.state
    corrected = "" if state.correction is None else "3D" if is_in_3d(state.correction) else "2D"
    return {
        "frame": one.frame,
        "review": str(state.review),
        "flags": sorted(state.flags),
        "note": state.note,
        "corrected": corrected,
        "occluded_joints": state.visibility.count(Visibility.OCCLUDED),
        "joints_outside": state.visibility.count(Visibility.OUTSIDE),
        "edited_at": as_time(one.edited_at_s),
    }
