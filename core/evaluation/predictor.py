"""A trained network at work: crops in, predictions in the photo's camera out. Needs torch."""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from core.conventions import CROP_SIZE_PX
from core.data.crops import CropInput
from core.evaluation.predicted_hands import PredictedHands
from core.evaluation.prediction import Prediction
from core.files.checkpoint_card import CheckpointCard, read_card
from core.geometry.crop import CropTransform
from core.hand.hand_model import HandModel
from core.network.checkpoints import load_checkpoint
from core.network.inputs import NetworkInput, collate
from core.network.load_report import LoadReport
from core.network.output import UTNetOutput


class OutOfMemoryError(MemoryError):
    """The device had too little memory for the network or the batch."""


class Predictor:
    """A checkpoint loaded onto a device.

    Attributes:
        device: The torch device in use.
        device_name: What people read: "cpu", "cuda:0 (NVIDIA H200)".
        model_name: The checkpoint's file name without its suffix.
        report: What of the checkpoint matched the network.
        note: What the checkpoint is and how good, as it says itself, in sentences.
    """

    def __init__(self, checkpoint: Path, hand_model: HandModel, device: str = "auto") -> None:
        """Load; `device` is "auto" (CUDA, then Apple's MPS, then the CPU) or torch's name of one.

        Raises ValueError for a device that is not there, OutOfMemoryError, and what
        `core.network.checkpoints.load_checkpoint` raises for a file that does not fit.
        """
        self.device = choose_device(device)
        self.device_name = _device_name(self.device)
        if self.device.type == "cpu":
            # One crop is too small to share: contended threads made it ten times slower.
            torch.set_num_threads(1)
        with _NamingMemoryErrors(f"loading {checkpoint.name}", self.device):
            self._network, self.report = load_checkpoint(
                checkpoint, hand_model=hand_model.of_side(True), device=self.device
            )
        self._network.eval()
        self.model_name = checkpoint.stem
        self.note = _note(read_card(checkpoint), self.report)

    def warm_up(self) -> None:
        """Predict a blank crop: the first forward pass pays for what later ones find ready."""
        height, width = CROP_SIZE_PX
        blank = CropInput(
            image=np.zeros((height, width, 3), np.uint8),
            depth_mm=None,
            intrinsics=np.array([[600.0, 0, width / 2], [0, 600.0, height / 2], [0, 0, 1]]),
            transform=CropTransform((width / 2, height / 2), height),
        )
        self.predict([blank])

    def predict(self, crops: Sequence[CropInput]) -> list[Prediction]:
        """Predict each crop, all in one batch; raises OutOfMemoryError where they do not fit."""
        if not crops:
            return []
        begin = time.perf_counter()
        hands = self.predict_batch(collate(crops), [crop.transform for crop in crops])
        duration_ms = (time.perf_counter() - begin) * 1000 / len(crops)
        return [hands.prediction(number, duration_ms=duration_ms) for number in range(len(crops))]

    def predict_batch(self, inputs: NetworkInput, crops: Sequence[CropTransform]) -> PredictedHands:
        """Predict a batch that was taken with `crops`; several threads may do so at once.

        Raises:
            OutOfMemoryError: It does not fit.
        """
        action = f"predicting a batch of {len(inputs)}"
        with _NamingMemoryErrors(action, self.device), torch.inference_mode():
            output = self._network(inputs.to(self.device, non_blocking=True))
            # Copying to the CPU waits for the device.
            return _predicted_hands(output, crops)


def choose_device(name: str = "auto") -> torch.device:
    """Return the device of this name, the best there is for "auto"; ValueError where it is none."""
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda", 0)
        if torch.backends.mps.is_available():
            return torch.device("mps")
        return torch.device("cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ValueError(
            f"device {name!r} cannot be used here ({str(error).splitlines()[0]}); "
            'choose "auto" or "cpu"'
        ) from error
    return device


def _note(card: CheckpointCard, report: LoadReport) -> str:
    sentences = [f"{card.name}, trained on: {card.trained_on}."]
    if card.held_out:
        errors = ", ".join(f"{name} {value:.4g}" for name, value in card.held_out.items())
        sentences.append(f"On data not trained on: {errors}.")
    if report.hand_model_differs:
        sentences.append(
            f"It was trained with the hand model {report.hand_model_in_file}, "
            f"but {report.hand_model} is in use."
        )
    return " ".join(sentences)


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return f"{device} ({torch.cuda.get_device_name(device)})"
    return str(device)


def _predicted_hands(output: UTNetOutput, crops: Sequence[CropTransform]) -> PredictedHands:
    final = output.final
    return PredictedHands.from_crops(
        crops,
        keypoints_norm=_array(final.keypoints_norm),
        joints_mm=_array(final.joints_mm),
        vertices_mm=_array(final.vertices_mm),
        coarse_joints_mm=_array(output.coarse.joints_mm),
        global_orient_rad=_array(final.global_orient_rad),
        hand_pose_rad=_array(final.hand_pose_rad),
        betas=_array(final.betas),
        camera_sxy=_array(final.camera_sxy),
        used_depth=output.used_depth.cpu().numpy(),
    )


def _array(tensor: torch.Tensor) -> np.ndarray:
    return tensor.float().cpu().numpy().astype(float)


class _NamingMemoryErrors:
    """Turns torch's ways of saying "no memory" into an OutOfMemoryError with a remedy."""

    def __init__(self, action: str, device: torch.device) -> None:
        self._action = action
        self._device = device

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        # The CPU's allocator raises a plain RuntimeError that only its words tell from others.
        is_full = isinstance(error, torch.OutOfMemoryError | MemoryError) or (
            isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
        )
        if is_full:
            if self._device.type == "cuda":
                torch.cuda.empty_cache()
            raise OutOfMemoryError(
                f"{self._action} needs more memory than {self._device} has free; close other "
                'programs that use it, choose a smaller checkpoint, or device "cpu"'
            ) from error
