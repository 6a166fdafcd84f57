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
from pathlib import Path

import numpy as np
import platformdirs

from core.conventions import CROP_SIZE_PX
from core.data.frame import FrameId
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
from core.files.durable import (
    AppendOnlyFile,
    raising_disk_full,
    write_atomically,
)
from core.files.folder_lock import FolderLock, read_owner
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
_IDENTITY_FILE, _PROBLEMS_FILE = "evaluation.json", "problems.jsonl"


class EvaluationError(ValueError):
    """A folder that is no evaluation, or a damaged one; `path` is the file at fault."""

    def __init__(self, path: Path, text: str) -> None:
        super().__init__(f"{path}: {text}")
        self.path = path


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
        names: Of the rows, in the dataset's order.
        state: (N,) uint8 `FrameState`, mapped: it changes while a process evaluates.
    """

    def __init__(self, folder: Path) -> None:
        """Open; raises EvaluationError naming the file that is missing or damaged."""
        self.folder = Path(folder)
        self.identity, sequence_names = _read_identity(self.folder / _IDENTITY_FILE)
        self.state = self._map(_STATE, (), np.uint8)
        self.names = RowNames(
            sequence_names, self._map(_CODES, (), np.int32), self._map(_NAMES, (), np.str_)
        )
        self._columns = {name: self._map(name, *kind) for name, kind in COLUMNS.items()}
        if self.state.max() > max(FrameState):
            path = self.folder / f"{_STATE}.npy"
            raise EvaluationError(path, f"damaged: state {self.state.max()}; delete its folder")

    def __len__(self) -> int:
        return self.identity.count

    def column(self, name: str) -> np.ndarray:
        """A column of `core.evaluation.columns.COLUMNS`, (N, …), mapped and not to be written.

        Raises:
            KeyError: There is no such column.
        """
        if name not in self._columns:
            raise KeyError(f"an evaluation has no column {name!r}; it has {', '.join(COLUMNS)}")
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
        owner = None if self.is_complete else read_owner(self.folder)
        return owner is not None and owner.is_here and owner.is_alive()

    def prediction(self, row: int, hand_model: HandModel) -> Prediction | None:
        """The prediction of a row, None where there is none.

        Vertices are posed anew from the parameters, with the `hand_model` that was used then. The
        hand before the refinement and the duration are not kept.
        """
        if not FrameState(self.state[row]).is_predicted:
            return None
        value = lambda name: np.array(self._columns[name][row], float)
        x, y, height_px, rotation_rad = value("crop").tolist()
        is_mirrored = bool(self._columns[IS_MIRRORED][row])
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
            used_depth=bool(self._columns[USED_DEPTH][row]),
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

    def _map(self, name: str, shape: tuple[int, ...], dtype: type) -> np.ndarray:
        path = self.folder / f"{name}.npy"
        return _mapped(path, (self.identity.count, *shape), dtype, mode="r")


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

    Opening maps files and reads none of the columns, so a list is cheap. Damaged folders are left
    out and given to `on_damaged`; folders that are still being made are left out.
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
        folder = Path(root).expanduser().absolute() / identity.key
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = FolderLock(folder, work="writing this evaluation")
        self._lock.acquire()
        try:
            # evaluation.json is written last: without it, nobody has ever written a row.
            if not (folder / _IDENTITY_FILE).exists():
                _make(folder, identity, names)
            self.evaluation = Evaluation(folder)
            count = len(self.evaluation)
            self._state = _mapped(folder / "state.npy", (count,), np.uint8, mode="r+")
            self._columns = {
                name: _mapped(folder / f"{name}.npy", (count, *shape), dtype, mode="r+")
                for name, (shape, dtype) in COLUMNS.items()
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
    _write_array(folder, _CODES, np.asarray(names.sequence_codes, np.int32))
    _write_array(folder, _NAMES, np.asarray(names.frame_names, np.str_))
    for name, (shape, dtype) in COLUMNS.items():
        unknown = False if dtype is np.bool_ else np.nan
        _write_array(folder, name, np.full((count, *shape), unknown, dtype))
    _write_array(folder, _STATE, np.zeros(count, np.uint8))
    (folder / _PROBLEMS_FILE).unlink(missing_ok=True)
    content = {
        "format": FORMAT,
        "identity": asdict(identity),
        "sequence_names": list(names.sequence_names),
    }
    text = json.dumps(content, indent=1, ensure_ascii=False)
    write_atomically(folder / _IDENTITY_FILE, text.encode())


def _write_array(folder: Path, name: str, array: np.ndarray) -> None:
    # Plain writing, not mapping: a disk without room is an error then, and not the process's end.
    path = folder / f"{name}.npy"
    with raising_disk_full(path), path.open("wb") as file:
        np.save(file, array, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())


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


def _mapped(path: Path, shape: tuple[int, ...], dtype: type, *, mode: str) -> np.ndarray:
    """A .npy file mapped into memory; raises EvaluationError where it is not what it must be."""
    try:
        array = np.load(path, mmap_mode=mode, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        text = f"damaged or missing ({error}); delete its folder and evaluate again"
        raise EvaluationError(path, text) from error
    # Names are strings of any length; all other types are exact.
    same_type = array.dtype.kind == "U" if dtype is np.str_ else array.dtype == dtype
    if array.shape != shape or not same_type:
        text = f"holds {array.shape} {array.dtype}, not {shape} {np.dtype(dtype)}"
        raise EvaluationError(path, f"damaged: it {text}; delete its folder and evaluate again")
    return array
