"""A few validation samples that are always the same ones: their pictures, and what is predicted."""

from pathlib import Path

import cv2

from core.events import SampleEvent
from core.files.names import safe_name
from core.training.frames import evenly
from core.training.reporter import Reporter
from core.training.validation import FrameErrors, ValidationSet


class FixedSamples:
    """Pictures once, predicted keypoints after every validation."""

    def __init__(self, frames: ValidationSet, count: int, folder: Path, reporter: Reporter) -> None:
        """Take `count` rows evenly over the validation frames."""
        self._frames = frames
        self._folder = folder
        self._reporter = reporter
        self._rows = evenly(range(len(frames)), count) if count else []
        self._truths: list[tuple[int, str, str, list]] = []

    def save_pictures(self) -> None:
        """Write each crop as a PNG (256×192) into the run's ``samples``; of the first process."""
        if self._reporter.folder is None:
            return
        for row in self._rows:
            sample = self._frames[int(row)]
            file = f"samples/{safe_name(str(sample.frame_id))}.png"
            picture = cv2.cvtColor(sample.crop.image, cv2.COLOR_RGB2BGR)
            encoded = cv2.imencode(".png", picture)[1]
            (self._folder / file).write_bytes(encoded.tobytes())
            truth = [tuple(point) for point in sample.keypoints_px.tolist()]
            self._truths.append((int(row), str(sample.frame_id), file, truth))

    def report(self, errors: FrameErrors, *, step: int, epoch: int) -> None:
        """Write down what was predicted for each; `errors` are those of all validation frames."""
        for row, frame_id, file, truth_px in self._truths:
            predicted_px = errors.keypoints_px[row]
            self._reporter.event(
                SampleEvent(
                    step=step,
                    frame_id=frame_id,
                    file=file,
                    epoch=epoch,
                    keypoints_px=tuple(tuple(point) for point in predicted_px.tolist()),
                    truth_px=tuple(truth_px),
                    error_px=float(errors.keypoint_error_px[row]),
                )
            )
