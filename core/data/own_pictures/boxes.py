"""Hand boxes that a person drew, kept beside the program's own data: pictures are never written."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs

from core.files.durable import write_atomically

_MAX_BYTES = 64 << 20


@dataclass(frozen=True)
class HandBox:
    """Where a hand is: (x1, y1, x2, y2) in the picture's pixels, and its side."""

    box_px: tuple[float, float, float, float]
    is_right: bool = True

    def __post_init__(self) -> None:
        x1, y1, x2, y2 = self.box_px
        if not np.isfinite(self.box_px).all() or x2 - x1 < 1 or y2 - y1 < 1:
            raise ValueError(f"{self.box_px} is no box (x1, y1, x2, y2) of at least a pixel")


def default_boxes_dir() -> Path:
    """Where drawn boxes are kept unless the caller says otherwise."""
    return Path(platformdirs.user_data_dir("utnet-viewer", appauthor=False)) / "hand_boxes"


class HandBoxes:
    """The drawn boxes of one folder's pictures, by file name.

    Attributes:
        path: The JSON file that keeps them.
        problem: Why what was kept could not be read, or "".
    """

    def __init__(self, folder: Path, boxes_dir: Path | None = None) -> None:
        """Read what was drawn before; a damaged file is set aside when the next box is kept."""
        self._folder = folder.resolve()
        name = hashlib.sha256(os.fsencode(self._folder)).hexdigest()[:16]
        self.path = (boxes_dir or default_boxes_dir()) / f"{name}.json"
        self.problem = ""
        try:
            self._boxes = _read(self.path)
        except FileNotFoundError:
            self._boxes = {}
        except (OSError, ValueError, TypeError, LookupError, RecursionError) as error:
            self._boxes, self.problem = {}, f"the drawn hand boxes cannot be read ({error})"

    def get(self, name: str) -> HandBox | None:
        """The box of a picture, or None."""
        return self._boxes.get(name)

    def keep(self, name: str, box: HandBox | None) -> None:
        """Keep a picture's box; None forgets it. Raises OSError where nothing can be written."""
        boxes = {**self._boxes, name: box}
        boxes = {key: value for key, value in boxes.items() if value is not None}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.problem:
            os.replace(self.path, self.path.with_suffix(".damaged"))
            self.problem = ""
        write_atomically(self.path, self._as_text(boxes).encode())
        self._boxes = boxes

    def text(self) -> str:
        """All boxes, as they are kept."""
        return self._as_text(self._boxes)

    def _as_text(self, boxes: dict[str, HandBox]) -> str:
        kept = {
            key: {"box_px": [float(v) for v in value.box_px], "is_right": value.is_right}
            for key, value in sorted(boxes.items())
        }
        return json.dumps({"folder": str(self._folder), "boxes": kept}, indent=1)


def _read(path: Path) -> dict[str, HandBox]:
    if path.stat().st_size > _MAX_BYTES:
        raise ValueError(f"it is larger than {_MAX_BYTES >> 20} MiB")
    kept: dict[str, Any] = json.loads(path.read_bytes())["boxes"]
    return {str(name): _box(values) for name, values in kept.items()}


def _box(values: dict[str, Any]) -> HandBox:
    x1, y1, x2, y2 = (float(value) for value in values["box_px"])
    return HandBox((x1, y1, x2, y2), bool(values["is_right"]))
