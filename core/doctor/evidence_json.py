"""Evidence and numbers to JSON and back, exactly.

Strict JSON knows no NaN and no infinity, and both are findings here: in arrays and readings NaN
becomes null and an infinity the text "inf" or "-inf"; among mixed values (numbers of a sentence,
cells of a table), where null and texts mean themselves, they become ``{"float": "nan"}``. Pictures
become PNG files beside the JSON.
"""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from core.doctor.evidence import Bars, Curves, Evidence, Overlay, Scatter, Table

#: Folder of the pictures, inside the examination's.
PICTURES = "evidence"

#: A picture named in a file that somebody else may have written never leads out of its folder.
_PICTURE_NAME = re.compile(rf"{PICTURES}/[A-Za-z0-9_-]+\.png")


def number_to_json(value: float) -> float | str | None:
    """A number where only numbers can stand."""
    value = value.item() if isinstance(value, np.generic) else value
    if math.isfinite(value):
        return value
    return None if math.isnan(value) else str(value)


def number_from_json(data: Any) -> float:
    """Raises ValueError for anything that `number_to_json` does not write."""
    if data is None:
        return math.nan
    if data in ("inf", "-inf"):
        return float(data)
    if isinstance(data, bool) or not isinstance(data, int | float):
        raise ValueError(f"{data!r} is no number")
    return data


def array_to_json(array: np.ndarray) -> list:
    """Nested lists of numbers."""
    array = np.asarray(array)
    if array.ndim > 1:
        return [array_to_json(row) for row in array]
    return [number_to_json(value) for value in array.tolist()]


def array_from_json(data: Any, *, columns: int | None = None) -> np.ndarray:
    """(N,) float64, or (N, columns); raises ValueError where the lists are no such numbers."""
    if columns is None:
        return np.array([number_from_json(value) for value in _list(data)], dtype=np.float64)
    rows = [array_from_json(row) for row in _list(data)]
    if any(len(row) != columns for row in rows):
        raise ValueError(f"rows of {columns} numbers were expected")
    return np.array(rows, dtype=np.float64).reshape(-1, columns)


def value_to_json(value: object) -> Any:
    """A number, text, truth value, None, or list or mapping of these."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): value_to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [value_to_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a finding holds numbers and texts, not a {type(value).__name__}")


def value_from_json(data: Any) -> Any:
    """What `value_to_json` was given; tuples come back as lists."""
    if isinstance(data, dict):
        if data.keys() == {"float"}:
            return float(data["float"])
        return {key: value_from_json(item) for key, item in data.items()}
    if isinstance(data, list):
        return [value_from_json(item) for item in data]
    return data


def evidence_to_json(evidence: Evidence, folder: Path, picture: str) -> dict[str, Any]:
    """One piece of evidence; an overlay's image is written to ``evidence/PICTURE.png``."""
    kind = {"kind": type(evidence).__name__.lower(), "title": evidence.title}
    match evidence:
        case Bars():
            return kind | {
                "labels": list(evidence.labels),
                "values": array_to_json(evidence.values),
                "unit": evidence.unit,
                "limits": array_to_json(np.asarray(evidence.limits, dtype=float)),
                "is_log": evidence.is_log,
            }
        case Scatter():
            return kind | {
                "x": array_to_json(evidence.x),
                "y": array_to_json(evidence.y),
                "x_label": evidence.x_label,
                "y_label": evidence.y_label,
                "diagonal": evidence.diagonal,
                "names": list(evidence.names),
            }
        case Curves():
            return kind | _curves_to_json(evidence)
        case Overlay():
            return kind | _overlay_to_json(evidence, folder, picture)
        case Table():
            return kind | {
                "columns": list(evidence.columns),
                "rows": [value_to_json(row) for row in evidence.rows],
            }
    raise TypeError(f"no evidence is a {type(evidence).__name__}")


def evidence_from_json(data: Mapping[str, Any], folder: Path) -> Evidence:
    """What `evidence_to_json` was given.

    Raises KeyError, TypeError or ValueError where the data is not that, and OSError for a picture
    that cannot be read.
    """
    match data["kind"]:
        case "bars":
            return Bars(
                title=text(data["title"]),
                labels=texts(data["labels"]),
                values=array_from_json(data["values"]),
                unit=text(data["unit"]),
                limits=tuple(array_from_json(data["limits"]).tolist()),
                is_log=bool(data["is_log"]),
            )
        case "scatter":
            return Scatter(
                title=text(data["title"]),
                x=array_from_json(data["x"]),
                y=array_from_json(data["y"]),
                x_label=text(data["x_label"]),
                y_label=text(data["y_label"]),
                diagonal=bool(data["diagonal"]),
                names=texts(data["names"]),
            )
        case "curves":
            return _curves_from_json(data)
        case "overlay":
            return _overlay_from_json(data, folder)
        case "table":
            rows = tuple(tuple(value_from_json(_list(row))) for row in _list(data["rows"]))
            return Table(title=text(data["title"]), columns=texts(data["columns"]), rows=rows)
    raise ValueError(f"{data['kind']!r} is no kind of evidence")


def text(data: Any) -> str:
    """The same text; raises ValueError for anything else."""
    if not isinstance(data, str):
        raise ValueError(f"{data!r} is no text")
    return data


def texts(data: Any) -> tuple[str, ...]:
    """A list of texts; raises ValueError for anything else."""
    return tuple(text(item) for item in _list(data))


def _list(data: Any) -> list:
    if not isinstance(data, list):
        raise ValueError(f"{data!r} is no list")
    return data


def _curves_to_json(evidence: Curves) -> dict[str, Any]:
    return {
        "x": array_to_json(evidence.x),
        "curves": {name: array_to_json(values) for name, values in evidence.curves.items()},
        "x_label": evidence.x_label,
        "y_label": evidence.y_label,
        "is_log_x": evidence.is_log_x,
        "is_log_y": evidence.is_log_y,
        "marks": {name: number_to_json(place) for name, place in evidence.marks.items()},
    }


def _curves_from_json(data: Mapping[str, Any]) -> Curves:
    return Curves(
        title=text(data["title"]),
        x=array_from_json(data["x"]),
        curves={name: array_from_json(values) for name, values in data["curves"].items()},
        x_label=text(data["x_label"]),
        y_label=text(data["y_label"]),
        is_log_x=bool(data["is_log_x"]),
        is_log_y=bool(data["is_log_y"]),
        marks={name: number_from_json(place) for name, place in data["marks"].items()},
    )


def _overlay_to_json(evidence: Overlay, folder: Path, picture: str) -> dict[str, Any]:
    name = f"{PICTURES}/{picture}.png"
    (folder / PICTURES).mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(png(evidence.image))
    return {
        "sample": evidence.sample,
        "image": name,
        "skeletons_px": {
            name: array_to_json(points) for name, points in evidence.skeletons_px.items()
        },
    }


def _overlay_from_json(data: Mapping[str, Any], folder: Path) -> Overlay:
    name = text(data["image"])
    if not _PICTURE_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no picture of this examination")
    pixels = np.frombuffer((folder / name).read_bytes(), dtype=np.uint8)
    image = cv2.imdecode(pixels, cv2.IMREAD_COLOR_RGB) if pixels.size else None
    if image is None:
        raise ValueError(f"{name} is no picture that can be read")
    return Overlay(
        title=text(data["title"]),
        sample=text(data["sample"]),
        image=image,
        skeletons_px={
            what: array_from_json(points, columns=2)
            for what, points in data["skeletons_px"].items()
        },
    )


def png(image: np.ndarray) -> bytes:
    """An (H, W, 3) uint8 RGB image as a PNG file; raises ValueError for another array."""
    image = np.asarray(image)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise ValueError(f"a picture is (H, W, 3) uint8, not {image.shape} {image.dtype}")
    return cv2.imencode(".png", image[..., ::-1])[1].tobytes()
