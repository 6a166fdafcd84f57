"""Which devices torch has here, and whether each multiplies as the CPU does in numpy."""

import time
from typing import TYPE_CHECKING

import numpy as np

from core.doctor.environment.examined import Examined, Health

if TYPE_CHECKING:
    import torch

_SIZE = 512

#: Relative error of a 512² product; 32-bit floats give about 1e-6, TF32 about 1e-3.
_TOLERANCE = 5e-3


def examine_devices() -> list[Examined]:
    """torch itself, then each device; imports torch."""
    try:
        import torch
    except (ImportError, OSError) as error:
        advice = "install the program again; without torch nothing can be predicted or trained"
        return [Examined("torch", f"cannot be imported: {error}", Health.WRONG, advice)]
    built = torch.version.cuda or torch.version.hip or "no GPU"
    threads = torch.get_num_threads()
    measured = f"{torch.__version__} (built for {built}), {threads} threads"
    found = [Examined("torch", measured, Health.OK), examine_device(torch.device("cpu"))]
    found += [_cuda(torch.device("cuda", n)) for n in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append(examine_device(torch.device("mps")))
    if len(found) == 2:
        advice = "predicting works; train small networks here and large ones on a GPU"
        found.append(Examined("GPU", "none that torch can use", Health.NOTE, advice))
    return found


def _cuda(device: "torch.device") -> Examined:
    import torch

    properties = torch.cuda.get_device_properties(device)
    return examine_device(device, f"{properties.name}, {properties.total_memory / 2**30:.1f} GiB, ")


def examine_device(device: "torch.device", words: str = "") -> Examined:
    """Multiply two matrices on a device and compare with numpy; `words` begin what is told."""
    import torch

    name = f"device {device}"
    a, b = np.random.default_rng(0).standard_normal((2, _SIZE, _SIZE)).astype(np.float32)
    try:
        began_s = time.perf_counter()
        product = (torch.from_numpy(a).to(device) @ torch.from_numpy(b).to(device)).cpu().numpy()
        took_ms = (time.perf_counter() - began_s) * 1e3
    except (RuntimeError, AssertionError) as error:  # the second: built without that kind
        first = str(error).splitlines()[0]
        advice = "update the GPU's driver, or choose another device (--device cpu)"
        return Examined(name, f"{words}fails: {first}", Health.WRONG, advice)
    exact = a.astype(float) @ b.astype(float)
    deviation = float(np.abs(product - exact).max() / np.abs(exact).max())
    measured = f"{words}{_SIZE}×{_SIZE} product in {took_ms:.1f} ms, relative error {deviation:.1e}"
    if not deviation < _TOLERANCE:  # also where it is not a number
        advice = f"do not use it: at most {_TOLERANCE:g} is right; choose another with --device"
        return Examined(name, measured, Health.WRONG, advice)
    return Examined(name, measured, Health.OK)
