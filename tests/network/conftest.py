"""Fixtures of the network's tests."""

import pytest
import torch
from support_network import stand_in

from core.hand.hand_model import HandModel


@pytest.fixture(autouse=True)
def one_torch_thread():
    """Many small operations: threads only get in each other's way."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def hand() -> HandModel:
    """The embedded hand."""
    return stand_in()
