"""Checkpoints: safetensors with the network's configuration and a card for people inside.

Nothing is loaded in part unless asked for, and every load returns a report of what matched.
MANO's arrays are never saved: the hand model comes with the program, not with the weights.
"""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pydantic
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from core.files.checkpoint_card import (
    CheckpointCard,
    CheckpointError,
    CheckpointHeader,
    metadata_of,
    read_header,
)
from core.hand.hand_model import HandModel
from core.network.load_report import LoadReport, compare
from core.network.utnet import UTNet
from core.network_config import NetworkConfig

#: Legacy pickles, read by torch's restricted unpickler only.
_TORCH_SUFFIXES = {".pth", ".pt", ".ckpt", ".bin"}


def save_checkpoint(path: Path | str, network: UTNet, *, card: CheckpointCard) -> None:
    """Write `network` to `path` (.safetensors): whole or not at all, never half.

    Raises:
        CheckpointError: The folder cannot be written.
    """
    path = Path(path)
    tensors = {
        name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()
    }
    config = network.config.model_dump(mode="json")
    metadata = metadata_of(card, config, network.hand_model_name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(handle)
        try:
            save_file(tensors, temporary, metadata=metadata)
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(path, f"cannot be written: {error}") from error


def load_checkpoint(
    path: Path | str,
    *,
    hand_model: HandModel,
    device: torch.device | str = "cpu",
    allow_partial: bool = False,
) -> tuple[UTNet, LoadReport]:
    """Build the network that the checkpoint describes, in evaluation mode, with its weights.

    Raises:
        CheckpointError: The file is damaged, of another format, or does not fit its own
            configuration (with `allow_partial`, only if nothing fits).
    """
    path = Path(path)
    header = read_header(path)
    network = UTNet(_config(path, header), hand_model)
    report = load_weights(network, path, allow_partial=allow_partial)
    return network.to(device).eval(), report


def load_weights(network: UTNet, path: Path | str, *, allow_partial: bool = False) -> LoadReport:
    """Load a checkpoint (.safetensors, or a .pth state dict) into an existing network.

    Raises:
        CheckpointError: As `load_checkpoint`; also where the checkpoint is of another size.
    """
    path = Path(path)
    header = None if path.suffix in _TORCH_SUFFIXES else read_header(path)
    if header is not None:
        _check_same_size(path, _config(path, header), network.config)
    tensors = read_tensors(path)
    report = compare(network.state_dict(), tensors)
    if not report.matched:
        raise CheckpointError(path, f"nothing in it belongs to a UTNet: {report.summary()}")
    if not report.complete and not allow_partial:
        raise CheckpointError(path, f"fits only in part, so nothing was loaded: {report.summary()}")
    _check_finite(path, tensors)
    network.load_state_dict({name: tensors[name] for name in report.matched}, strict=False)
    return replace(
        report,
        hand_model_in_file=None if header is None else header.hand_model,
        hand_model=network.hand_model_name,
    )


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Tensors by name, from safetensors or a legacy torch file, without running what it holds.

    A torch file may keep them under "state_dict" or "model".

    Raises:
        CheckpointError: The file is missing, damaged, or asks for more than plain tensors.
    """
    try:
        if path.suffix not in _TORCH_SUFFIXES:
            return load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise CheckpointError(path, f"cannot be read: {error.strerror or error}") from error
    except SafetensorError as error:
        raise CheckpointError(path, f"not a safetensors file, or damaged: {error}") from error
    except Exception as error:  # torch raises nearly anything on damaged pickles
        raise CheckpointError(
            path,
            "not a torch file of plain tensors, or damaged; nothing of it was run. Where it is "
            f"yours, save its state_dict as safetensors instead ({_first_line(error)})",
        ) from error
    for key in ("state_dict", "model"):
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if not isinstance(content, Mapping):
        raise CheckpointError(path, f"holds a {type(content).__name__}, not tensors by name")
    return {name: value for name, value in content.items() if isinstance(value, Tensor)}


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _config(path: Path, header: CheckpointHeader) -> NetworkConfig:
    try:
        return NetworkConfig.model_validate(header.config)
    except pydantic.ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()
        )
        raise CheckpointError(path, f"its configuration is not a UTNet's: {faults}") from error


def _check_same_size(path: Path, in_file: NetworkConfig, in_network: NetworkConfig) -> None:
    if in_file.preset != in_network.preset:
        raise CheckpointError(
            path,
            f"holds a UTNet of size {in_file.size_text()}, the network is "
            f"{in_network.size_text()}; set its size to that of the file or choose another "
            "checkpoint",
        )


def _check_finite(path: Path, tensors: Mapping[str, Tensor]) -> None:
    broken = [name for name, tensor in tensors.items() if not torch.isfinite(tensor).all()]
    if broken:
        raise CheckpointError(
            path,
            f"{len(broken)} tensors hold NaN or infinity, first {broken[0]}: the training that "
            "wrote it had diverged; take an earlier checkpoint",
        )
