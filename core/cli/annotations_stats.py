"""``utnet annotations stats``: how much was said, by split."""

import argparse
from collections import Counter
from typing import TYPE_CHECKING, Any

from core.cli.annotation_options import (
    add_annotated_dataset,
    notes_of,
    open_annotations,
    store_path,
)
from core.cli.options import add_json, open_dataset, print_json

if TYPE_CHECKING:
    from core.annotation.store import AnnotationStore

NAME = "stats"
HELP = "count reviews, flags, notes and corrections, and say where they are kept"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The action's options."""
    add_annotated_dataset(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the counts, of every split or of the one that was named."""
    from core.hand.mano_file import load_hand_model

    asked = arguments.split
    index = open_dataset(arguments, load_hand_model(None))
    path = store_path(arguments, index)
    told: dict[str, Any] = {"store": str(path), "edits": 0, "splits": {}, "notes": []}
    if path.exists() or arguments.store is not None:
        with open_annotations(arguments, index) as store:
            told["notes"], told["edits"] = notes_of(store), store.last_id
            splits = (index.split,) if asked else store.splits
            told["splits"] = {split: _counts(store, split) for split in splits}
    print_json(told) if arguments.json else _print_text(told)
    return 0


def _counts(store: "AnnotationStore", split: str) -> dict[str, Any]:
    from core.annotation.outgoing import is_in_3d, spoken_of
    from core.annotation.records import ReviewState

    states = [one.state for one in spoken_of(store, split)]
    hands = [state.correction for state in states if state.correction is not None]
    reviews = Counter(state.review for state in states)
    return {
        "frames": len(states),
        "reviews": {str(review): reviews[review] for review in ReviewState},
        "flags": dict(sorted(Counter(flag for state in states for flag in state.flags).items())),
        "notes": sum(bool(state.note) for state in states),
        "corrected_3d": sum(is_in_3d(hand) for hand in hands),
        "corrected_2d": sum(not is_in_3d(hand) for hand in hands),
        "hidden_joints": sum(21 - state.visibility.count(0) for state in states),
    }


def _print_text(told: dict[str, Any]) -> None:
    print(f"annotations  {told['store']}")
    print(f"edits        {told['edits']:,}")
    for note in told["notes"]:
        print(f"note: {note}")
    if not told["splits"]:
        print("Nothing was said of this dataset yet.")
    for split, counts in told["splits"].items():
        print(f"\n{split}: {counts['frames']:,} frames")
        print(f"  corrected  {counts['corrected_3d']:,} in 3D, {counts['corrected_2d']:,} in 2D")
        for kind in ("reviews", "flags"):
            words = ", ".join(f"{count:,} {name}" for name, count in counts[kind].items())
            print(f"  {kind:<11}{words or 'none'}")
        print(f"  notes      {counts['notes']:,}")
        print(f"  hidden     {counts['hidden_joints']:,} joints occluded or outside")
