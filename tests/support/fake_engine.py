"""An engine whose network is replaced by orders in the crop's first pixel; needs no torch.

Run as ``python -P tests/support/fake_engine.py``; tests also import what is above ``main``.
"""

import ctypes
import os
import sys
import time
from pathlib import Path

import numpy as np

from core.conventions import CROP_SIZE_PX
from core.data.crops import CropInput
from core.engine.__main__ import serve
from core.engine.requests import LoadRequest
from core.evaluation.prediction import Prediction
from core.geometry.crop import CropTransform
from core.hand.hand_model import ManoParameters

#: What the fake does with a crop, in its first pixel's red; green is a number to tell crops apart.
#: GATE says "begun" on stderr and answers when the file `gate_of(checkpoint)` is there.
ANSWER, GATE, PRINT, NO_MEMORY, BAD_INPUT, HANG, CRASH = range(7)

COMMAND = (sys.executable, "-P", str(Path(__file__)))


def make_crop(order: int = ANSWER, number: int = 0) -> CropInput:
    """A crop that makes the fake do `order` and answer with `number` in every joint."""
    height, width = CROP_SIZE_PX
    image = np.zeros((height, width, 3), np.uint8)
    image[0, 0] = order, number, 0
    intrinsics = np.array([[600.0, 0, width / 2], [0, 600.0, height / 2], [0, 0, 1]])
    return CropInput(image, None, intrinsics, CropTransform((320.0, 240.0), 256.0))


def gate_of(checkpoint: Path | str) -> Path:
    """The file that lets a crop of order GATE pass."""
    return Path(f"{checkpoint}.gate")


def number_of(prediction: Prediction) -> int:
    """The number of the crop that this answers."""
    return int(prediction.joints_mm[0, 0])


def make_prediction(number: float, crop: CropTransform) -> Prediction:
    """A prediction with `number` everywhere."""
    mano = ManoParameters(np.zeros(3), np.zeros(45), np.zeros(10), np.full(3, number))
    return Prediction(
        keypoints_norm=np.full((21, 2), number),
        keypoints_px=np.full((21, 2), number),
        joints_mm=np.full((21, 3), number),
        vertices_mm=np.full((778, 3), number),
        mano=mano,
        camera_sxy=np.zeros(3),
        crop=crop,
        duration_ms=1.0,
    )


class FakePredictor:
    """Does what the crop's first pixel orders."""

    device_name = "cpu"
    model_name = "fake"
    note = "A fake."

    def __init__(self, gate: Path) -> None:
        self._gate = gate

    def predict(self, crops: list[CropInput]) -> list[Prediction]:
        (crop,) = crops
        order, number = (int(value) for value in crop.image[0, 0, :2])
        if order == GATE:
            print("begun", file=sys.stderr, flush=True)
            while not self._gate.exists():
                time.sleep(0.01)
        elif order == PRINT:
            print("stray print from Python", flush=True)
            os.write(1, b"stray write from a library\n")
            libc = ctypes.CDLL(None)
            libc.puts(b"stray puts from C")
            libc.fflush(None)
        elif order == NO_MEMORY:
            raise MemoryError("the fake is full")
        elif order == BAD_INPUT:
            raise ValueError("the fake does not like this crop")
        elif order == HANG:
            print("begun", file=sys.stderr, flush=True)
            time.sleep(600)
        elif order == CRASH:
            print("the fake is about to crash", file=sys.stderr, flush=True)
            os.abort()
        return [make_prediction(number, crop.transform)]


def load(request: LoadRequest, say) -> FakePredictor:
    """Load nothing; a checkpoint of the name "garbage" is refused, "slow" takes its time."""
    name = Path(request.checkpoint).name
    say(f"Loading {name}.")
    if name == "garbage":
        raise ValueError(f"{request.checkpoint} is no checkpoint")
    if name == "slow":
        time.sleep(1.0)
    return FakePredictor(gate_of(request.checkpoint))


if __name__ == "__main__":
    serve(load)
