"""Which number format "auto" means on a device."""

import torch

#: What torch calls the ways in which CPUs multiply matrices of bfloat16: Intel's and AMD's, Arm's.
_CPU_WAYS = ("amx_bf16", "avx512_bf16", "bf16")


def precision_of(wanted: str, device: torch.device) -> str:
    """Fabric's name of the precision to compute in: `wanted`, unless that is "auto"."""
    if wanted != "auto":
        return wanted
    return "bf16-mixed" if computes_in_bfloat16(device) else "32-true"


def computes_in_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies matrices of bfloat16 itself; emulated, that would be slower."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        found = torch.cpu.get_capabilities()
        return any(found.get(way, False) for way in _CPU_WAYS)
    return False
