"""Where examinations are kept, so that the last one of the same subject is shown again."""

import contextlib
import hashlib
import json
import re
import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path

from core.doctor.check import Tier
from core.doctor.examination import Examination
from core.doctor.store import read_examination
from core.files.durable import write_atomically
from core.training.config import TrainingConfig, load_config
from core.training.run_folder import default_runs_root
from utnet_viewer.doctor.request import Request

#: Beside what `core.doctor.store` writes: what was asked for, and the configuration's text.
_REQUEST, _CONFIG = "request.json", "config.yaml"


@dataclass(frozen=True)
class Kept:
    """An examination as it was kept.

    Attributes:
        folder: Where it lies, with its reports.
        request: What was asked for.
        examination: What was found.
        config: The configuration as it was then.
    """

    folder: Path
    request: Request
    examination: Examination
    config: TrainingConfig


def examinations_root() -> Path:
    """Beside the runs."""
    return default_runs_root().parent / "examinations"


class Book:
    """Folders below a root: one per subject, in it one per examination; the newest one counts."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def _shelf(self, request: Request) -> Path:
        """All examinations of a subject; how long they took is no other subject."""
        subject = replace(request, checks=(), tier=Tier.SECONDS)
        digest = hashlib.sha256(json.dumps(subject.to_json(), sort_keys=True).encode())
        name = re.sub(r"[^A-Za-z0-9.+-]+", "-", f"{request.dataset_words}-{request.config.words}")
        return self.root / f"{name[:48].strip('-.')}-{digest.hexdigest()[:10]}"

    def new(self, request: Request, config: str) -> Path:
        """A new empty folder for an examination; `config` is the configuration's text.

        Raises OSError where it cannot be made.
        """
        shelf = self._shelf(request)
        stamp = time.strftime("%Y%m%d-%H%M%S")
        names = (stamp, *(f"{stamp}-{number:02d}" for number in range(2, 100)))
        folder = next(shelf / name for name in names if not (shelf / name).exists())
        folder.mkdir(parents=True)
        write_atomically(folder / _REQUEST, json.dumps(request.to_json()).encode())
        write_atomically(folder / _CONFIG, config.encode())
        return folder

    @staticmethod
    def config_file(folder: Path) -> Path:
        """The configuration that an examination is about."""
        return folder / _CONFIG

    def last(self, request: Request) -> Path | None:
        """The newest finished examination of the subject."""
        return self._newest(self._shelf(request))

    def latest(self) -> Path | None:
        """The newest finished examination of all."""
        found = [self._newest(shelf) for shelf in _folders(self.root)]
        return max((f for f in found if f), key=lambda f: f.name, default=None)

    @staticmethod
    def _newest(shelf: Path) -> Path | None:
        whole = (f for f in _folders(shelf) if (f / "examination.json").is_file())
        return max(whole, key=lambda f: f.name, default=None)

    @staticmethod
    def read(folder: Path) -> Kept:
        """What lies in a folder; raises ValueError or OSError naming what cannot be read."""
        try:
            said = json.loads((folder / _REQUEST).read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{folder / _REQUEST} cannot be read: {error}") from error
        config = load_config(folder / _CONFIG)
        return Kept(folder, Request.from_json(said), read_examination(folder), config)

    @staticmethod
    def tidy(keep: Path) -> None:
        """Forget the older examinations of the same subject, and those that came to nothing."""
        for folder in _folders(keep.parent):
            if folder != keep:
                with contextlib.suppress(OSError):
                    shutil.rmtree(folder)


def discard(folder: Path) -> None:
    """An examination came to nothing."""
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        folder.parent.rmdir()  # where it was the only one


def _folders(parent: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        return [entry for entry in parent.iterdir() if entry.is_dir()]
    return []
