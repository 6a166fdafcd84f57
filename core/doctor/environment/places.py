"""Whether the folders that the program writes to can be written, and have room."""

import os
import shutil
import tempfile
from pathlib import Path

from core.annotation.places import annotations_root
from core.data.cache_files import default_cache_dir
from core.data.own_pictures.boxes import default_boxes_dir
from core.doctor.environment.examined import Examined, Health
from core.evaluation.store import evaluations_root
from core.training.run_folder import default_runs_root

#: A run of the demo preset keeps some 100 MB, one of the large presets several GB.
NEEDED_BYTES = 2**30

_PROBE = b"utnet doctor --self\n" * 200


def examine_places() -> list[Examined]:
    """Every folder of the command line and the window, but for the window's own settings."""
    places = {
        "runs": (default_runs_root(), "UTNET_RUNS"),
        "evaluations": (evaluations_root(), "UTNET_EVALUATIONS"),
        "annotations": (annotations_root(), "UTNET_ANNOTATIONS"),
        "hand boxes": (default_boxes_dir(), "XDG_DATA_HOME"),
        "index cache": (default_cache_dir(), "XDG_CACHE_HOME"),
        "temporary files": (Path(tempfile.gettempdir()), "TMPDIR"),
    }
    return [
        examine_place(f"place for {name}", path, variable)
        for name, (path, variable) in places.items()
    ]


def examine_place(name: str, path: Path, variable: str) -> Examined:
    """Write a small file where `path` is or would be made, and take it away again.

    `variable` is the environment variable that names another place.
    """
    elsewhere = f"or name another place in ${variable}"
    try:
        there = _nearest_folder(path)
        _write_and_remove(there)
        free_bytes = shutil.disk_usage(there).free
    except OSError as error:
        measured = f"{path}: cannot be written ({error.strerror or error})"
        return Examined(name, measured, Health.WRONG, f"give yourself the right to, {elsewhere}")
    measured = f"{path}: can be written, {free_bytes / 2**30:.1f} GiB free"
    if free_bytes < NEEDED_BYTES:
        advice = f"make room ({NEEDED_BYTES / 2**30:.0f} GiB at least), {elsewhere}"
        return Examined(name, measured, Health.WRONG, advice)
    return Examined(name, measured, Health.OK)


def _nearest_folder(path: Path) -> Path:
    """The folder, or the one in which it would be made; raises OSError where a file is there."""
    for place in (path.absolute(), *path.absolute().parents):
        if place.is_dir():
            return place
        if place.exists():
            raise NotADirectoryError(None, f"{place} is a file")
    raise FileNotFoundError(None, f"there is no folder above {path}")


def _write_and_remove(folder: Path) -> None:
    descriptor, name = tempfile.mkstemp(prefix=".utnet-doctor-", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_PROBE)
            file.flush()
            os.fsync(file.fileno())
        if Path(name).read_bytes() != _PROBE:
            raise OSError(None, "what was written is not what is read")
    finally:
        Path(name).unlink()
