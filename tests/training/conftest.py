"""Fixtures of the training tests."""

import sys

import pytest


@pytest.fixture(autouse=True)
def one_torch_thread():
    """Many small operations: threads only get in each other's way."""
    torch = sys.modules.get("torch")  # half of these tests need none
    if torch is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
