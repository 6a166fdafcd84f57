"""Evaluations on disk: what a checkpoint predicts for a split, row by row, and how wrong it is.

    EVALUATIONS/KEY/
        evaluation.json     what was evaluated (Identity), written last when the folder is made
        state.npy           (N,) uint8, a FrameState for every row of the dataset
        NAME.npy            one array a column, NaN where nothing is known
        sequence_codes.npy, frame_names.npy   the rows' names
        problems.jsonl      why rows failed, one JSON object a line
        lock, owner.json    the process that writes, if one does

Arrays are mapped into memory, so a finished evaluation opens at once and a growing one is followed
by looking again. A batch's arrays are written before its states: whoever reads, in whatever
process, sees whole rows. A killed process loses what it was computing, nothing it had written.
Every file has its full size from the start, so that a full disk is said before the first frame.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from functools import cached_property
from pathlib import Path

import numpy as np
import platformdirs

from core.conventions import CROP_SIZE_PX
from core.data.frame import FrameId
from core.evaluation.array_files import (
    EvaluationError,
    check_array,
    mapped_array,
    write_array,
)
from core.evaluation.columns import (
    ARRAYS,
    COLUMNS,
    IS_MIRRORED,
    SCALARS,
    USED_DEPTH,
    FrameState,
)
from core.evaluation.identity import FORMAT, Identity, RowNames
from core.evaluation.prediction import Prediction
from core.files.durable import AppendOnlyFile, write_atomically
from core.geometry.crop import CropTransform, normalise_keypoints
from core.hand.hand_model import HandModel, ManoParameters

__all__ = [
    "ARRAYS",
    "SCALARS",
    "Evaluation",
    "EvaluationError",
    "EvaluationWriter",
    "FrameState",
    "Identity",
    "RowNames",
    "evaluations_root",
    "list_evaluations",
    "open_evaluation",
]

_STATE, _CODES, _NAMES = "state", "sequence_codes", "frame_names"
#: Every array's file, shape of a row, and type.
_FILES = {
    _STATE: ((), np.uint8),
    _CODES: ((), np.int32),
    _NAMES: ((), np.str_),
    **COLUMNS,
}
_IDENTITY_FILE, _PROBLEMS_FILE = "evaluation.json", "problems.jsonl"


def evaluations_root() -> Path:
    """Where evaluations lie where no place is named: $UTNET_EVALUATIONS, or the user's data."""
    named = os.environ.get("UTNET_EVALUATIONS")
    if named:
        return Path(named).expanduser()
    return Path(platformdirs.user_data_dir("utnet-viewer", appauthor=False)) / "evaluations"


class Evaluation:
    """An evaluation as it stands, finished or growing. Reading needs no lock and changes nothing.

    Attributes:
        folder: Where it lies.
        identity: What was evaluated.
    """

    def __init__(self, folder: Path) -> None:
        """Open; raises EvaluationError naming the file that is missing or damaged.

        Files are mapped when they are asked for: a mapped one stays open, and a process may not
        have many of those.
        """
        self.folder = Path(folder)
        self.identity, self._sequence_names = _read_identity(self.folder / _IDENTITY_FILE)
        self._columns: dict[str, np.ndarray] = {}
        for name, (shape, dtype) in _FILES.items():
            check_array(self._path(name), (self.identity.count, *shape), dtype)

    @cached_property
    def state(self) -> np.ndarray:
        """(N,) uint8 `FrameState`, mapped: it changes while a process evaluates."""
        state = mapped_array(self._path(_STATE), mode="r")
        if state.max() > max(FrameState):
            raise EvaluationError(
                self._path(_STATE), f"damaged: a state of {state.max()}; delete its folder"
            )
        return state

    @cached_property
    def names(self) -> RowNames:
        """Names of the rows, in the dataset's order."""
        codes, frames = (mapped_array(self._path(name), mode="r") for name in (_CODES, _NAMES))
        return RowNames(self._sequence_names, codes, frames)

    def __len__(self) -> int:
        return self.identity.count

    def column(self, name: str) -> np.ndarray:
        """A column of `core.evaluation.columns.COLUMNS`, (N, …), mapped and not to be written.

        Raises:
            KeyError: There is no such column.
        """
        if name not in COLUMNS:
            raise KeyError(f"an evaluation has no column {name!r}; it has {', '.join(COLUMNS)}")
        if name not in self._columns:
            self._columns[name] = mapped_array(self._path(name), mode="r")
        return self._columns[name]

    def frame_id(self, row: int) -> FrameId:
        """The name of a row."""
        names = self.names
        sequence = names.sequence_names[names.sequence_codes[row]]
        return FrameId(sequence, str(names.frame_names[row]))

    def counts(self) -> dict[FrameState, int]:
        """How many rows are in each state."""
        counts = np.bincount(self.state, minlength=len(FrameState))
        return {state: int(counts[state]) for state in FrameState}

    @property
    def done(self) -> int:
        """How many rows are no more pending."""
        return len(self) - self.counts()[FrameState.PENDING]

    @property
    def is_complete(self) -> bool:
        """Whether no row is pending."""
        return self.done == len(self)

    @property
    def is_being_written(self) -> bool:
        """Whether it is unfinished and the process that wrote last still runs, on this machine."""
        if self.is_complete:
            return False
        # Here, and in the writer: a window that opens an evaluation is without pydantic's 0.2 s.
        from core.files.folder_lock import read_owner

        owner = read_owner(self.folder)
        return owner is not None and owner.is_here and owner.is_alive()

    def prediction(self, row: int, hand_model: HandModel) -> Prediction | None:
        """The prediction of a row, None where there is none.

        Vertices are posed anew from the parameters, with the `hand_model` that was used then. The
        hand before the refinement and the duration are not kept.
        """
        if not FrameState(self.state[row]).is_predicted:
            return None
        value = lambda name: np.array(self.column(name)[row], float)
        x, y, height_px, rotation_rad = value("crop").tolist()
        is_mirrored = bool(self.column(IS_MIRRORED)[row])
        crop = CropTransform((x, y), height_px, rotation_rad, CROP_SIZE_PX, is_mirrored)
        mano = ManoParameters(
            global_orient_rad=value("global_orient_rad"),
            hand_pose_rad=value("hand_pose_rad"),
            betas=value("betas"),
            wrist_mm=value("wrist_mm"),
        )
        keypoints_px = value("keypoints_px")
        return Prediction(
            keypoints_norm=normalise_keypoints(crop.keypoints(keypoints_px), crop.size_px),
            keypoints_px=keypoints_px,
            joints_mm=value("joints_mm"),
            vertices_mm=hand_model.of_side(not is_mirrored).pose(mano).vertices_mm,
            mano=mano,
            camera_sxy=value("camera_sxy"),
            crop=crop,
            used_depth=bool(self.column(USED_DEPTH)[row]),
        )

    def problems(self) -> dict[int, str]:
        """Why each row failed; a line that is still being written is left for the next time.

        Raises:
            EvaluationError: A line is damaged.
        """
        path = self.folder / _PROBLEMS_FILE
        try:
            lines = path.read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return {}
        found = {}
        for number, line in enumerate(lines, start=1):
            try:
                entry = json.loads(line)
                found[int(entry["row"])] = str(entry["reason"])
            except (ValueError, KeyError, TypeError) as error:
                raise EvaluationError(path, f"line {number} is damaged ({error!r})") from error
        return found

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.npy"


def open_evaluation(folder: Path | str) -> Evaluation:
    """Open an evaluation's folder; raises EvaluationError naming the file that is at fault."""
    return Evaluation(Path(folder))


def list_evaluations(
    root: Path | str,
    dataset_digest: str | None = None,
    split: str | None = None,
    *,
    on_damaged: Callable[[EvaluationError], None] | None = None,
) -> list[Evaluation]:
    """Evaluations below `root`, the last written first; of one dataset or split where asked.

    Of every file only the header is looked at, and none stays open, so a list is cheap. Damaged
    folders are left out and given to `on_damaged`; those that are being made are left out.
    """
    found = []
    for path in sorted(Path(root).glob(f"*/{_IDENTITY_FILE}")):
        try:
            evaluation = Evaluation(path.parent)
        except EvaluationError as error:
            if on_damaged is not None:
                on_damaged(error)
            continue
        identity = evaluation.identity
        if dataset_digest in (None, identity.dataset_digest) and split in (None, identity.split):
            found.append(evaluation)
    written = lambda evaluation: (evaluation.folder / "state.npy").stat().st_mtime_ns
    return sorted(found, key=written, reverse=True)


class EvaluationWriter:
    """Writes an evaluation, new or begun earlier, as the one process that may.

    Attributes:
        evaluation: The same folder, as readers see it.
    """

    def __init__(self, root: Path | str, identity: Identity, names: RowNames) -> None:
        """Make ROOT/KEY or go on with it, and own it until `close`.

        Raises:
            FolderBusyError: Another process writes it; the text says which.
            EvaluationError: It is damaged.
            DiskFullError, OSError: It cannot be written.
        """
        from core.files.folder_lock import FolderLock

        folder = Path(root).expanduser().absolute() / identity.key
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = FolderLock(folder, work="writing this evaluation")
        self._lock.acquire()
        try:
            # evaluation.json is written last: without it, nobody has ever written a row.
            if not (folder / _IDENTITY_FILE).exists():
                _make(folder, identity, names)
            self.evaluation = Evaluation(folder)
            self._state = mapped_array(folder / f"{_STATE}.npy", mode="r+")
            self._columns = {
                name: mapped_array(folder / f"{name}.npy", mode="r+") for name in COLUMNS
            }
            self._problems = _open_problems(folder / _PROBLEMS_FILE)
        except BaseException:
            self._lock.release()
            raise

    def pending_rows(self) -> np.ndarray:
        """Rows (M,) that nothing is known of yet, in order."""
        return np.flatnonzero(self._state == FrameState.PENDING)

    def write(
        self,
        rows: Sequence[int],
        states: Sequence[FrameState],
        columns: Mapping[str, np.ndarray],
    ) -> None:
        """Write whole rows: `columns` are those of `core.evaluation.columns.COLUMNS`, by name; what
        is not among them stays unknown.

        Raises:
            ValueError: A column is unknown or misshapen; nothing was written then.
        """
        if unknown := sorted(set(columns) - set(COLUMNS)):
            raise ValueError(f"an evaluation has no columns {', '.join(unknown)}")
        for name, values in columns.items():
            expected = (len(rows), *COLUMNS[name][0])
            if np.shape(values) != expected:
                raise ValueError(f"{name} is {np.shape(values)}, not {expected}")
        rows = np.asarray(rows, int)
        for name, values in columns.items():
            self._columns[name][rows] = values
        self._state[rows] = np.asarray(states, np.uint8)

    def fail(self, row: int, reason: str) -> None:
        """Note that a row cannot be predicted, and why."""
        line = json.dumps({"row": int(row), "reason": reason}, ensure_ascii=False)
        self._problems.append(line.encode() + b"\n")
        self._state[row] = FrameState.FAILED

    def close(self) -> None:
        """Wait until the disk has everything, and let go; closing again does nothing."""
        if not self._lock.is_held:
            return
        for array in (*self._columns.values(), self._state):
            array.flush()
        self._problems.sync()
        self._problems.close()
        self._lock.release()

    def __enter__(self) -> "EvaluationWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _make(folder: Path, identity: Identity, names: RowNames) -> None:
    count = identity.count
    lengths = {len(names.sequence_codes), len(names.frame_names), count}
    if len(lengths) > 1:
        raise ValueError(f"{count} rows, but {sorted(lengths)} names")
    write_array(folder / f"{_CODES}.npy", np.asarray(names.sequence_codes, np.int32))
    write_array(folder / f"{_NAMES}.npy", np.asarray(names.frame_names, np.str_))
    for name, (shape, dtype) in COLUMNS.items():
        unknown = False if dtype is np.bool_ else np.nan
        write_array(folder / f"{name}.npy", np.full((count, *shape), unknown, dtype))
    write_array(folder / f"{_STATE}.npy", np.zeros(count, np.uint8))
    (folder / _PROBLEMS_FILE).unlink(missing_ok=True)
    content = {
        "format": FORMAT,
        "identity": asdict(identity),
        "sequence_names": list(names.sequence_names),
    }
    text = json.dumps(content, indent=1, ensure_ascii=False)
    write_atomically(folder / _IDENTITY_FILE, text.encode())


def _open_problems(path: Path) -> AppendOnlyFile:
    """The file, cut behind its last whole line."""
    whole = path.read_bytes().rfind(b"\n") + 1 if path.exists() else 0
    return AppendOnlyFile(path, whole_bytes=whole)


def _read_identity(path: Path) -> tuple[Identity, tuple[str, ...]]:
    try:
        content = json.loads(path.read_bytes())
        if content["format"] != FORMAT:
            raise EvaluationError(
                path, f"format {content['format']}, this program reads {FORMAT}; evaluate again"
            )
        known = {field.name: content["identity"][field.name] for field in fields(Identity)}
        return Identity(**known), tuple(map(str, content["sequence_names"]))
    except OSError as error:
        raise EvaluationError(path, f"no evaluation ({error.strerror or error})") from error
    except EvaluationError:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise EvaluationError(path, f"damaged ({error!r}); delete its folder") from error
