"""A film of pictures, frame by frame, in a file that ordinary players open.

OpenCV's headless build writes MPEG-4 Part 2 ("mp4v") into .mp4 and VP8 into .webm; it has no
encoder for H.264. VLC, mpv, ffmpeg and Windows' player show the first, browsers the second. An
encoder of our own would weigh 30 MB (imageio-ffmpeg, under the GPL), for a smaller file only.
"""

import shutil
from pathlib import Path

import cv2
import numpy as np
from PySide6.QtGui import QImage

_CODECS = {".mp4": "mp4v", ".webm": "VP80"}


class Film:
    """Writes frames of one size; call `end` after the last one."""

    def __init__(self, path: Path, *, width: int, height: int, fps: float) -> None:
        """Pixels of a frame; odd ones are cut off, since codecs halve colours both ways.

        Raises OSError where the file cannot be written.
        """
        self._path = path
        self.width, self.height = width - width % 2, height - height % 2
        codec = cv2.VideoWriter_fourcc(*_CODECS[path.suffix.lower()])
        self._writer = cv2.VideoWriter(str(path), codec, fps, (self.width, self.height))
        self.count = 0
        if not self._writer.isOpened():
            raise OSError(f"{path}: OpenCV cannot write a film of {width} × {height} pixels")

    def add(self, image: QImage) -> None:
        """The next frame; `image` may be a pixel wider or higher."""
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)
        self._writer.write(np.ascontiguousarray(rows[: self.height, : self.width, :3]))
        self.count += 1

    def end(self) -> None:
        """Finish the file, and see that all frames are in it.

        OpenCV does not say that a disk is full; raises OSError where frames are missing.
        """
        self._writer.release()
        reader = cv2.VideoCapture(str(self._path))
        found = 0
        while reader.grab():
            found += 1
        reader.release()
        if found != self.count:
            free = shutil.disk_usage(self._path.parent).free
            raise OSError(
                f"only {found:,} of {self.count:,} frames were written; "
                f"{free / 1e6:,.0f} MB are free on that disk"
            )

    def drop(self) -> None:
        """Stop writing; whoever made the file removes it."""
        self._writer.release()
