"""The hand model in use, and devices that multiply rightly or not."""

import numpy as np
import pytest
import torch

from core.doctor.environment.devices import examine_device, examine_devices
from core.doctor.environment.examined import Health
from core.doctor.environment.hand import examine_hand_model
from core.files.embedded import resource


@pytest.fixture
def hand_file(tmp_path):
    """The stand-in's arrays in a file of one's own, scaled."""

    def write(scale: float):
        with np.load(resource("hand") / "standin.npz", allow_pickle=False) as arrays:
            members = {name: arrays[name] for name in arrays.files}
        members["v_template"] = members["v_template"] * scale
        path = tmp_path / "MY_RIGHT.npz"
        np.savez(path, **members)
        return path

    return write


def test_the_stand_in_is_named_and_is_a_note():
    examined = examine_hand_model()
    assert examined.health is Health.NOTE and "stand-in, right, 778" in examined.measured


def test_a_hand_in_the_wrong_unit_is_wrong(hand_file):
    examined = examine_hand_model(hand_file(1.0))
    assert examined.health is not Health.WRONG and "MY_RIGHT.npz" in examined.measured
    assert "metres" in examine_hand_model(hand_file(1000.0)).measured
    assert examine_hand_model(hand_file(1000.0)).health is Health.WRONG


def test_a_file_that_is_gone_is_wrong(tmp_path):
    examined = examine_hand_model(tmp_path / "MANO_RIGHT.pkl")
    assert examined.health is Health.WRONG and "MANO_RIGHT.pkl" in examined.measured


def test_the_cpu_multiplies():
    examined = examine_device(torch.device("cpu"))
    assert examined.health is Health.OK and " ms, relative error" in examined.measured
    names = [one.name for one in examine_devices()]
    assert names[:2] == ["torch", "device cpu"]


@pytest.mark.parametrize("spoil", [lambda x: x + 1.0, lambda x: x * float("nan")])
def test_a_device_that_multiplies_wrongly_is_caught(monkeypatch, spoil):
    matmul = torch.Tensor.__matmul__
    monkeypatch.setattr(torch.Tensor, "__matmul__", lambda a, b: spoil(matmul(a, b)))
    assert examine_device(torch.device("cpu")).health is Health.WRONG


def test_a_device_that_is_not_there_is_wrong_with_torchs_reason():
    gone = torch.device("cuda", 63)
    if torch.cuda.device_count() > 63:
        pytest.skip("it is there")
    assert examine_device(gone, "a GPU, ").measured.startswith("a GPU, fails: ")
