"""Weights to start a run from: a UTNet's own, or a pretrained transformer's."""

from pathlib import Path

from core.network.backbone import import_backbone
from core.network.checkpoints import load_weights, read_tensors
from core.network.utnet import UTNet

#: A tensor that every UTNet has and no other network.
_OF_UTNET = "query_tokens.learned"


def load_start_weights(network: UTNet, path: Path) -> str:
    """Load `path` into `network`; what became of its tensors, in a sentence.

    A UTNet must fit whole. Of a ViTPose or WiLoR file the transformer is taken.

    Raises:
        CheckpointError: The file is missing, damaged, or of another size; nothing was loaded then.
    """
    if _OF_UTNET in read_tensors(path):
        report = load_weights(network, path)
        return f"starts from the network {path.name}: {report.summary()}"
    report = import_backbone(network, path)
    return f"starts from the transformer of {path.name}: {report.summary()}"
