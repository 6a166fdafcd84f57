"""The crops of a run's fixed samples, read from its folder between other things."""

from pathlib import Path

from PySide6.QtCore import QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QImageReader, QPixmap

#: A crop has 256×192; whatever is far larger is no crop.
_LARGEST_PX = 2048


class SamplePictures(QObject):
    """Reads one picture a pass of the event loop and keeps it, also in the sizes asked for."""

    arrived = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._images: dict[Path, QImage | None] = {}
        self._scaled: dict[tuple[Path, int, int], QPixmap] = {}
        self._wanted: list[Path] = []
        self._next = QTimer(self, singleShot=True, interval=0)
        self._next.timeout.connect(self._read_one)

    def image(self, folder: Path, file: str) -> QImage | None:
        """A picture of the run in `folder`; None before it `arrived` or where there is none."""
        path = folder / file
        if path not in self._images and path not in self._wanted:
            self._wanted.append(path)
            self._next.start()
        return self._images.get(path)

    def is_missing(self, folder: Path, file: str) -> bool:
        """Whether it was looked for in vain."""
        return self._images.get(folder / file, QImage()) is None

    def scaled(self, folder: Path, file: str, size: QSize, pixel_ratio: float) -> QPixmap | None:
        """A picture in a size (points of the screen); None as `image`."""
        image = self.image(folder, file)
        if image is None:
            return None
        pixels = size * pixel_ratio
        key = folder / file, pixels.width(), pixels.height()
        if key not in self._scaled:
            if len(self._scaled) > 200:
                self._scaled.clear()
            smooth = Qt.TransformationMode.SmoothTransformation
            picture = image.scaled(pixels, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
            self._scaled[key] = QPixmap.fromImage(picture)
            self._scaled[key].setDevicePixelRatio(pixel_ratio)
        return self._scaled[key]

    def look_again(self) -> None:
        """Files that were missing may have come."""
        self._images = {path: image for path, image in self._images.items() if image is not None}

    def _read_one(self) -> None:
        path = self._wanted.pop(0)
        self._images[path] = _read(path)
        self.arrived.emit()
        if self._wanted:
            self._next.start()


def _read(path: Path) -> QImage | None:
    """None where there is no such picture, or one that no trainer wrote."""
    # What an events file names is not to be trusted further than its own folder.
    if ".." in path.parts or path.parent.name != "samples":
        return None
    reader = QImageReader(str(path))
    size = reader.size()
    if not size.isValid() or max(size.width(), size.height()) > _LARGEST_PX:
        return None
    image = reader.read()
    return None if image.isNull() else image
