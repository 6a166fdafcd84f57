"""Options and output that several commands share."""

import argparse
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.files.embedded import DEMO, dataset_folder, default_checkpoint

if TYPE_CHECKING:
    from core.data.frame_index import FrameIndex
    from core.hand.hand_model import HandModel


def add_dataset(parser: argparse.ArgumentParser) -> None:
    """DATASET, --split and --without-list."""
    parser.add_argument(
        "dataset",
        metavar="DATASET",
        help="a folder of HO-3D, H2O-3D, DexYCB, FreiHAND or of your own pictures, a picture, or "
        f"{DEMO!r}",
    )
    parser.add_argument(
        "--split", help="by the dataset's own name, or train or evaluation; default: the first"
    )
    parser.add_argument(
        "--without-list",
        action="store_true",
        help="where the split's list file is missing, take all its pictures, sorted by name",
    )


def add_network(
    parser: argparse.ArgumentParser, *, checkpoint: str = "default: the embedded demo checkpoint"
) -> None:
    """--checkpoint, described by `checkpoint`, --hand-model and --device."""
    parser.add_argument("--checkpoint", type=Path, help=checkpoint)
    parser.add_argument(
        "--hand-model", type=Path, help="your MANO_RIGHT.pkl; default: the embedded stand-in hand"
    )
    parser.add_argument(
        "--device", default="auto", help="auto (default), cpu, cuda, cuda:1, mps, …"
    )


def add_overrides(parser: argparse.ArgumentParser) -> None:
    """--set KEY=VALUE …, as ``overrides``."""
    parser.add_argument(
        "--set",
        dest="overrides",
        action="extend",
        nargs="+",
        default=[],
        metavar="KEY=VALUE",
        help="change a key: optimisation.learning_rate=1e-3",
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """--json."""
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")


def open_dataset(arguments: argparse.Namespace, hand_model: "HandModel") -> "FrameIndex":
    """Open what `add_dataset` was given; raises ValueError with what is wrong with it.

    From here on ``arguments.split`` is the split's own name, whatever was asked for.
    """
    from core.data import opening

    index = opening.open_dataset(
        dataset_folder(arguments.dataset),
        arguments.split,
        hand_model=hand_model,
        allow_missing_list=arguments.without_list,
    )
    arguments.split = index.split
    return index


def add_annotations(parser: argparse.ArgumentParser) -> None:
    """--annotations FILE, for `open_corrected_dataset`."""
    parser.add_argument(
        "--annotations",
        type=Path,
        metavar="FILE",
        help="measure against the hands corrected there; utnet annotations stats DATASET says "
        "where a dataset's annotations lie. Default: the dataset's own labels",
    )


def open_corrected_dataset(arguments: argparse.Namespace, hand_model: "HandModel") -> "FrameIndex":
    """`open_dataset`, seen through --annotations; says on stderr how many labels come from there.

    Raises ValueError or OSError where that is no file of this dataset's annotations.
    """
    index = open_dataset(arguments, hand_model)
    if arguments.annotations is None:
        return index
    from core.annotation.corrected import read_corrected

    corrected = read_corrected(index, arguments.annotations)
    for note in corrected.notes:
        print(f"note: {note}", file=sys.stderr)
    return corrected


def checkpoint_of(arguments: argparse.Namespace) -> Path:
    """The checkpoint to use; raises ValueError where none is named and none is embedded."""
    checkpoint = arguments.checkpoint or default_checkpoint()
    if not checkpoint.is_file():
        raise ValueError(f"there is no checkpoint {checkpoint}; name one with --checkpoint")
    return checkpoint


def print_json(value: Any) -> None:
    """Print as standard JSON: what is not a finite number becomes null."""
    print(json.dumps(_finite(value), indent=2, ensure_ascii=False, allow_nan=False))


def print_json_line(value: Any) -> None:
    """The same in one line, and at once: for programs that read while the command works."""
    print(json.dumps(_finite(value), ensure_ascii=False, allow_nan=False), flush=True)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
