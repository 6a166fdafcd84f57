"""Small pictures of the hands in the samples list, read when their rows are on screen."""

import logging
from collections import OrderedDict
from collections.abc import Callable

import cv2
import numpy as np
from PySide6.QtCore import QObject, QThreadPool, Signal
from PySide6.QtGui import QImage, QPixmap

from utnet_viewer.document import Document

log = logging.getLogger("utnet_viewer")

#: On screen; kept at twice that, for screens that are fine.
PICTURE_WIDTH, PICTURE_HEIGHT, _SCALE = 42, 56, 2

#: 600 pictures of 84 × 112 pixels are 23 MB.
MOST_KEPT = 600


class Thumbnails(QObject):
    """Pictures by row; the newest wish is read first, and what has scrolled away is not read."""

    ready = Signal(int)  # row

    _was_read = Signal(int, int, object)  # serial, row, (H, W, 3) uint8 RGB or None

    def __init__(
        self,
        document: Document,
        *,
        is_in_sight: Callable[[int], bool],
        parent: QObject | None = None,
    ) -> None:
        """`is_in_sight` tells, in the window's thread, whether a row is on screen."""
        super().__init__(parent)
        self._document, self._is_in_sight = document, is_in_sight
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)  # the sample that is looked at needs the other core
        self._kept: OrderedDict[int, QPixmap | None] = OrderedDict()
        self._wanted: list[int] = []
        self._is_reading = False
        self._serial = 0  # of the dataset: what was read of another one is dropped
        self._was_read.connect(self._on_read)
        document.dataset_changed.connect(self.forget)

    def picture(self, row: int) -> QPixmap | None:
        """The picture of a row; None while it is not there, and `ready` follows."""
        if row in self._kept:
            self._kept.move_to_end(row)
            return self._kept[row]
        if row not in self._wanted:
            self._wanted.append(row)
            self._read_next()
        return None

    @property
    def count(self) -> int:
        """How many are kept."""
        return len(self._kept)

    def forget(self) -> None:
        """Another dataset is open."""
        self._serial += 1
        self._kept.clear()
        self._wanted.clear()

    def close(self) -> None:
        """Read no more; waits for the one that is being read."""
        self.forget()
        self._pool.clear()
        self._pool.waitForDone()

    def _read_next(self) -> None:
        while self._wanted and not self._is_reading:
            row = self._wanted.pop()
            if self._is_in_sight(row):
                self._read(row)

    def _read(self, row: int) -> None:
        self._is_reading = True
        serial, index = self._serial, self._document.index

        def work() -> None:
            picture = _picture(index, row)
            try:
                self._was_read.emit(serial, row, picture)
            except RuntimeError:  # the window is gone meanwhile
                return

        self._pool.start(work)

    def _on_read(self, serial: int, row: int, picture: np.ndarray | None) -> None:
        self._is_reading = False
        if serial == self._serial:
            self._kept[row] = None if picture is None else _pixmap(picture)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
            self.ready.emit(row)
        self._read_next()


def _picture(index, row: int) -> np.ndarray | None:
    """The network's crop of a row, made small; the whole photo where nothing says where the hand
    is, None where there is none. For a worker's thread."""
    size = (PICTURE_WIDTH * _SCALE, PICTURE_HEIGHT * _SCALE)
    try:
        frame = index.read(row)
        crop = frame.crop()
        if crop is not None:
            return cv2.resize(crop.image(frame.image), size, interpolation=cv2.INTER_AREA)
    except (OSError, ValueError) as error:
        log.info("no picture of row %d: %s", row, error)
        return None
    return _letterboxed(frame.image, size)


def _letterboxed(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    height, width = image.shape[:2]
    by = min(size[0] / width, size[1] / height)
    small = cv2.resize(image, None, fx=by, fy=by, interpolation=cv2.INTER_AREA)
    result = np.zeros((size[1], size[0], 3), np.uint8)
    top, left = (size[1] - small.shape[0]) // 2, (size[0] - small.shape[1]) // 2
    result[top : top + small.shape[0], left : left + small.shape[1]] = small
    return result


def _pixmap(picture: np.ndarray) -> QPixmap:
    picture = np.ascontiguousarray(picture)
    height, width = picture.shape[:2]
    image = QImage(picture.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    pixmap = QPixmap.fromImage(image)  # a copy
    pixmap.setDevicePixelRatio(_SCALE)
    return pixmap
