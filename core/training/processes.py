"""Several processes that train one network: which this one is, and what all of them know."""

import os
from typing import Any

import torch.distributed


def is_first_process() -> bool:
    """Whether this process is the one that writes; also before the processes have met.

    Fabric's launcher and torchrun say by these variables which process of a group this is.
    """
    rank = os.environ.get("RANK") or os.environ.get("LOCAL_RANK") or "0"
    is_first_node = os.environ.get("NODE_RANK", os.environ.get("GROUP_RANK", "0")) == "0"
    return rank == "0" and is_first_node


def gathered(value: Any) -> list:
    """Every process's value, by rank, in every process."""
    if not torch.distributed.is_initialized():
        return [value]
    values: list = [None] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(values, value)
    return values
