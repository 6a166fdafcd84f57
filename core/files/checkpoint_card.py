"""What a checkpoint says about itself, read without torch.

A UTNet checkpoint is a safetensors file: eight bytes of length, a JSON header, tensors. The header
holds the network's configuration and a card for people under ``__metadata__``, so a window can
name a checkpoint without loading it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

FORMAT = "utnet"
FORMAT_VERSION = 1
#: safetensors' own limit on a header.
_LONGEST_HEADER = 100_000_000


class CheckpointError(ValueError):
    """A checkpoint that cannot be used; the text names the file, the fault and what to do."""

    def __init__(self, path: Path | str, text: str) -> None:
        super().__init__(f"{path}: {text}")
        self.path = Path(path)


@dataclass(frozen=True)
class CheckpointCard:
    """What people should know of a checkpoint.

    Attributes:
        name: Short name, such as "UTNet tiny, demo".
        trained_on: The data, in words: "12,000 synthetic HO-3D-format frames, seed 7".
        held_out: Errors on data not trained on, unit in the key: ``{"pa_mpjpe_mm": 12.3}``.
        training: Steps, batch size, learning rate and the like, as text or numbers.
        notes: What it is not good for.
    """

    name: str
    trained_on: str = "not stated"
    held_out: Mapping[str, float] = field(default_factory=dict)
    training: Mapping[str, str | int | float] = field(default_factory=dict)
    notes: str = ""


@dataclass(frozen=True)
class CheckpointHeader:
    """A checkpoint's header.

    Attributes:
        card: For people.
        config: Configuration of the network as plain JSON; `core.network_config` validates it.
        hand_model: Name of the hand model that it was trained with.
        format_version: Of this header.
        tensor_count: Number of tensors in the file.
        parameter_count: Numbers in those tensors.
    """

    card: CheckpointCard
    config: Mapping[str, object]
    hand_model: str
    format_version: int
    tensor_count: int
    parameter_count: int


def metadata_of(card: CheckpointCard, config: Mapping[str, object], hand_model: str) -> dict:
    """The header's ``__metadata__``: text by text, as safetensors wants it."""
    return {
        "format": FORMAT,
        "format_version": str(FORMAT_VERSION),
        "config": json.dumps(config, sort_keys=True),
        "card": json.dumps(asdict(card), sort_keys=True),
        "hand_model": hand_model,
    }


def read_card(path: Path | str) -> CheckpointCard:
    """The card of a UTNet checkpoint; raises CheckpointError as `read_header` does."""
    return read_header(path).card


def read_header(path: Path | str) -> CheckpointHeader:
    """Read a UTNet checkpoint's header, checking that the file is whole.

    Raises:
        CheckpointError: The file is missing, truncated, not safetensors, or not a UTNet's.
    """
    path = Path(path)
    header = _json_header(path)
    metadata = header.pop("__metadata__", {})
    if metadata.get("format") != FORMAT:
        raise CheckpointError(
            path,
            "safetensors, but without a UTNet configuration; save it with save_checkpoint, or "
            "import a ViTPose or WiLoR backbone as pretrained weights",
        )
    try:
        version = int(metadata["format_version"])
        if version > FORMAT_VERSION:
            raise CheckpointError(
                path, f"format version {version} is newer than this program's {FORMAT_VERSION}"
            )
        return CheckpointHeader(
            card=_card(json.loads(metadata["card"])),
            config=json.loads(metadata["config"]),
            hand_model=metadata["hand_model"],
            format_version=version,
            tensor_count=len(header),
            parameter_count=sum(_numbers(tensor["shape"]) for tensor in header.values()),
        )
    except CheckpointError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(path, f"its description is damaged ({error!r})") from error


def _card(fields: dict) -> CheckpointCard:
    # A later version may know more fields; what this one does not know, it does not show.
    known = {name: fields[name] for name in CheckpointCard.__dataclass_fields__ if name in fields}
    return CheckpointCard(**known)


def _json_header(path: Path) -> dict:
    """The JSON header of a safetensors file whose length is what the header promises."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > min(size - 8, _LONGEST_HEADER):
                raise CheckpointError(path, "not a safetensors file, or one cut short")
            header = json.loads(file.read(length))
        end = max(
            (tensor["data_offsets"][1] for name, tensor in header.items() if name[0] != "_"),
            default=0,
        )
    except OSError as error:
        raise CheckpointError(path, f"cannot be read: {error.strerror or error}") from error
    except (
        UnicodeDecodeError,
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        AttributeError,
        RecursionError,  # lists in lists, a hundred thousand deep
    ) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(path, "not a safetensors file: its header is no JSON") from error
    if size != 8 + length + end:
        raise CheckpointError(
            path, f"{size:,} bytes, but its header promises {8 + length + end:,}: copy it again"
        )
    return header


def _numbers(shape: list[int]) -> int:
    count = 1
    for extent in shape:
        count *= extent
    return count
