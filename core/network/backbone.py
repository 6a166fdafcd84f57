"""ViTPose's and WiLoR's transformers, imported into a UTNet by name.

Both name their tensors ``[backbone.]{pos_embed, patch_embed.proj.*, blocks.N.*, last_norm.*}``.
Their position embedding has 193 rows, the first for a class token that neither of them uses; it
is added to every patch (ViTPose: ``x + pos_embed[:, 1:] + pos_embed[:, :1]``), and so it is here.
"""

import re
from pathlib import Path

from torch import Tensor

from core.files.checkpoint_card import CheckpointError
from core.network.checkpoints import read_tensors
from core.network.load_report import LoadReport, compare
from core.network.tokens import IMAGE_TOKEN_COUNT
from core.network.utnet import UTNet

_PREFIX = "backbone."
_OURS = (
    ("pos_embed", "image_tokens.pos_embed"),
    ("patch_embed.", "image_tokens.patch_embed."),
    ("blocks.", "vit.blocks."),
    ("last_norm.", "vit.last_norm."),
)


def import_backbone(network: UTNet, path: Path | str) -> LoadReport:
    """Load a ViTPose or WiLoR transformer (.pth or .safetensors) into `network`.

    The report counts the image side of the network only: patches, positions, blocks, last norm.
    Missing can be the patch embedding of a "conv" stem (then ``patch_embed.proj`` stands under
    unexpected); what is not a transformer's in the file (decoders, heads) is unexpected too.

    Raises:
        CheckpointError: The file is damaged, holds no such transformer, or one of another width
            or depth; the network is then unchanged.
    """
    path = Path(path)
    file = _renamed(path, read_tensors(path))
    prefixes = tuple(ours for _, ours in _OURS)
    own = {name: t for name, t in network.state_dict().items() if name.startswith(prefixes)}
    report = compare(own, file)
    _check_same_depth(path, own, file)
    if report.mismatched:
        raise CheckpointError(
            path,
            f"a transformer of another size than {network.config.size_text()}, so nothing was "
            "loaded: "
            f"{report.summary()}",
        )
    if not any(name.startswith("vit.blocks.") for name in report.matched):
        raise CheckpointError(path, f"no ViTPose or WiLoR transformer in it: {report.summary()}")
    network.load_state_dict({name: file[name] for name in report.matched}, strict=False)
    return report


def _renamed(path: Path, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The file's tensors under our names; what has no counterpart keeps its own."""
    has_prefix = any(name.startswith(_PREFIX) for name in tensors)
    renamed = {}
    for name, tensor in tensors.items():
        if has_prefix and not name.startswith(_PREFIX):
            renamed[name] = tensor
            continue
        bare = name.removeprefix(_PREFIX)
        ours = next(
            (our + bare[len(their) :] for their, our in _OURS if bare.startswith(their)), bare
        )
        renamed[ours] = _patch_positions(path, tensor) if bare == "pos_embed" else tensor
    return renamed


def _patch_positions(path: Path, positions: Tensor) -> Tensor:
    """(1, 193, C) with the class position first to (1, 192, C); (1, 192, C) stays."""
    rows = positions.shape[1] if positions.ndim == 3 else 0
    if rows == IMAGE_TOKEN_COUNT:
        return positions
    if rows == IMAGE_TOKEN_COUNT + 1:
        return positions[:, 1:] + positions[:, :1]
    raise CheckpointError(
        path,
        f"pos_embed is {tuple(positions.shape)}; a 256×192 crop of 16 px patches needs "
        f"{IMAGE_TOKEN_COUNT} positions, or one more with a class position",
    )


def _check_same_depth(path: Path, own: dict[str, Tensor], file: dict[str, Tensor]) -> None:
    in_network, in_file = _block_count(own), _block_count(file)
    if in_file and in_file != in_network:
        raise CheckpointError(
            path, f"a transformer of {in_file} blocks, the network has {in_network}"
        )


def _block_count(tensors: dict[str, Tensor]) -> int:
    found = (re.match(r"vit\.blocks\.(\d+)\.", name) for name in tensors)
    return len({match.group(1) for match in found if match})
