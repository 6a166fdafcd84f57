"""The number format that is left to the device: bfloat16 where it computes in that itself."""

import pytest
import torch
from support_training import column, train_here

from core.training.precision import precision_of

CPU, GPU = torch.device("cpu"), torch.device("cuda", 0)


@pytest.fixture
def device_is(monkeypatch):
    """Let this machine's CPU and GPU be others."""

    def pretend(*, cpu: tuple[str, ...] = (), gpu: bool = False) -> None:
        found = dict.fromkeys(("avx2", *cpu), True) | {"amx_tile": True}
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: found)
        monkeypatch.setattr(
            torch.cuda,
            "is_bf16_supported",
            lambda including_emulation=True: gpu or including_emulation,
        )

    return pretend


@pytest.mark.parametrize("way", ["amx_bf16", "avx512_bf16", "bf16"])
def test_a_cpu_that_multiplies_bfloat16_does(device_is, way):
    device_is(cpu=(way,))
    assert precision_of("auto", CPU) == "bf16-mixed"
    assert precision_of("auto", GPU) == "32-true"


def test_a_gpu_that_only_emulates_bfloat16_does_not(device_is):
    device_is()
    assert precision_of("auto", GPU) == precision_of("auto", CPU) == "32-true"
    device_is(gpu=True)
    assert precision_of("auto", GPU) == "bf16-mixed"
    assert precision_of("auto", torch.device("mps")) == "32-true"


def test_what_was_chosen_by_hand_stays(device_is):
    device_is(cpu=("amx_bf16",), gpu=True)
    for wanted in ("32-true", "bf16-mixed", "16-mixed"):
        assert precision_of(wanted, GPU) == precision_of(wanted, CPU) == wanted


def test_a_run_is_what_it_chose_and_says_so(tmp_path, device_is):
    losses = {}
    for wanted, ways in (
        ("auto", ("amx_bf16",)),
        ("auto", ()),
        ("bf16-mixed", ()),
        ("32-true", ()),
    ):
        device_is(cpu=ways)
        more = {"name": f"run-{len(losses)}", "optimisation__precision": wanted}
        _, folder = train_here(tmp_path, run__steps=2, run__validate_every_steps=100, **more)
        losses[wanted, ways] = column(folder, "loss").tolist()
        said = folder.log_file.read_text()
        chosen = "bf16-mixed" if ways else "32-true"
        assert (f"precision {chosen}, since cpu" in said) == (wanted == "auto")
    assert losses["auto", ("amx_bf16",)] == losses["bf16-mixed", ()]
    assert losses["auto", ()] == losses["32-true", ()] != losses["bf16-mixed", ()]
