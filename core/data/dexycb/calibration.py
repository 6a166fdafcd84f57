"""DexYCB's YAML files: sessions, cameras, hands' shapes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.conventions import BETA_COUNT
from core.data.dexycb.layout import SIZE_PX
from core.geometry.camera import Camera

_MAX_BYTES = 1 << 20
_MOST_FRAMES = 100_000


class CalibrationError(ValueError):
    """A YAML file that does not hold what it should; the text names it."""


@dataclass(frozen=True)
class Session:
    """What `meta.yml` says that is read here.

    Attributes:
        frame_count: Frames of every camera.
        is_right: Side of the hand.
        calibration: Name of the hand's shape.
    """

    frame_count: int
    is_right: bool
    calibration: str


def read_session(path: Path) -> Session:
    """Read a session's ``meta.yml``. Raises CalibrationError."""
    values = _read(path)
    try:
        count, side = int(values["num_frames"]), values["mano_sides"][0]
        calibration = values["mano_calib"][0]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise CalibrationError(f"{path}: it lacks {error}") from error
    is_name = isinstance(calibration, str) and not set(calibration) & set("/\\\0")
    if not 0 <= count <= _MOST_FRAMES or side not in ("right", "left") or not is_name:
        text = f"{count} frames of a {side!r} hand with shape {calibration!r}"
        raise CalibrationError(f"{path}: {text} cannot be")
    return Session(count, side == "right", calibration)


def read_camera(root: Path, serial: str) -> Camera:
    """The colour camera of this serial number. Raises CalibrationError."""
    width, height = SIZE_PX
    path = root / "calibration" / "intrinsics" / f"{serial}_{width}x{height}.yml"
    try:
        colour = _read(path)["color"]
        fx, fy, cx, cy = (float(colour[name]) for name in ("fx", "fy", "ppx", "ppy"))
        return Camera(np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]]))
    except CalibrationError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise CalibrationError(f"{path}: it is no camera's ({error!r})") from error


def read_betas(root: Path, calibration: str) -> np.ndarray:
    """A hand's shape (10,). Raises CalibrationError."""
    path = root / "calibration" / f"mano_{calibration}" / "mano.yml"
    try:
        betas = np.asarray(_read(path)["betas"], float)
    except CalibrationError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise CalibrationError(f"{path}: it has no shape ({error!r})") from error
    if betas.shape != (BETA_COUNT,) or not np.isfinite(betas).all():
        raise CalibrationError(f"{path}: 'betas' are {betas.shape}, not ten finite numbers")
    return betas


def _read(path: Path) -> dict[str, Any]:
    import yaml  # only here: every start of the window would wait for it

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise CalibrationError(f"{path}: it is larger than {_MAX_BYTES >> 20} MiB")
        values = yaml.load(data, loader)
    except FileNotFoundError:
        raise CalibrationError(f"{path}: the file is missing") from None
    except OSError as error:
        raise CalibrationError(f"{path}: {error.strerror or error}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise CalibrationError(f"{path}: it is no YAML ({error})") from error
    if not isinstance(values, dict):
        raise CalibrationError(f"{path}: it holds a {type(values).__name__}, not names and values")
    return values
