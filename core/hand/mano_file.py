"""Load a hand model: the embedded stand-in, or the MANO file a user brings.

MANO's pickles name chumpy, which today's Python cannot import, and scipy classes by names that
are gone; `core.pickles` reads them with stand-ins and `_dense` makes arrays of those.
"""

import io
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from core.conventions import (
    BETA_COUNT,
    FINGERTIP_VERTICES,
    MANO_JOINT_COUNT,
    MANO_PARENTS,
    VERTEX_COUNT,
)
from core.hand.hand_model import HandModel
from core.pickles import MANO_FILE, MAX_PICKLE_BYTES, StandIn, load_pickle

FACE_COUNT = 1538
#: A hand's rest mesh, wrist rim to middle fingertip, is this long (MANO's own about 200 mm).
REST_EXTENT_MM = (150.0, 250.0)

_SHAPES = {
    "v_template": (VERTEX_COUNT, 3),
    "f": (FACE_COUNT, 3),
    "posedirs": (VERTEX_COUNT, 3, 135),
    "J_regressor": (MANO_JOINT_COUNT, VERTEX_COUNT),
    "weights": (VERTEX_COUNT, MANO_JOINT_COUNT),
    "hands_components": (45, 45),
    "hands_mean": (45,),
    "kintree_table": (2, MANO_JOINT_COUNT),
}


#: Not every file has it; fitting's prior of poses comes from it (`core.hand.fitting.prior`).
_COEFFICIENTS = "hands_coeffs"


class HandModelFileError(ValueError):
    """A file that is not a usable hand model; says which file, what is wrong, what to do."""

    def __init__(self, path: str, text: str) -> None:
        super().__init__(
            f"{path}: {text}. Choose MANO_RIGHT.pkl or MANO_LEFT.pkl as it comes from "
            "mano.is.tue.mpg.de (mano_v1_2, folder models), or an .npz with the same arrays."
        )


@dataclass(frozen=True)
class _File:
    """The members of a model file by MANO's names, and what to call it in errors."""

    name: str
    members: dict

    def array(self, key: str) -> np.ndarray:
        """A member as a dense array of finite numbers of the shape MANO has."""
        if key not in self.members:
            raise HandModelFileError(self.name, f"it has no {key!r}")
        try:
            array = _dense(self.members[key])
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise HandModelFileError(self.name, f"{key!r} cannot be read ({error})") from error
        if array.dtype.kind not in "iuf":
            raise HandModelFileError(self.name, f"{key!r} holds {array.dtype}, not numbers")
        expected = _SHAPES.get(key)
        if expected is not None and array.shape != expected:
            raise HandModelFileError(self.name, f"{key!r} is {array.shape}, not {expected}")
        if not np.isfinite(array).all():
            raise HandModelFileError(self.name, f"{key!r} holds NaN or infinite values")
        return array


def load_hand_model(
    path: Path | None = None, *, fingertips: str = "ho3d", is_right: bool | None = None
) -> HandModel:
    """Load a hand model.

    The published left model's shape basis has the sign of x wrong (it is the right hand's,
    unmirrored). It is put right here, where that is so: see `_has_unmirrored_x`.

    Args:
        path: ``MANO_RIGHT.pkl``, ``MANO_LEFT.pkl``, or an ``.npz`` with the same arrays; None is
            the embedded stand-in.
        fingertips: One of `core.conventions.FINGERTIP_VERTICES`.
        is_right: Side of the hand; None takes it from RIGHT or LEFT in the file's name.

    Raises:
        HandModelFileError: the file is not a usable hand model.
        core.pickles.ForbiddenPickleError, core.pickles.DamagedPickleError: see there.
        OSError: the file cannot be opened.
        ValueError: unknown `fingertips`.
    """
    if fingertips not in FINGERTIP_VERTICES:
        known = ", ".join(sorted(FINGERTIP_VERTICES))
        raise ValueError(f"unknown fingertip convention {fingertips!r}; there are {known}")
    if path is None:
        data = resources.files("resources").joinpath("hand/standin.npz").read_bytes()
        file = _File("stand-in", _npz_members(data, "stand-in"))
        return _hand_model(file, is_stand_in=True, fingertips=fingertips, is_right=True)
    path = Path(path)
    side = _side(path, is_right)
    return _hand_model(_read(path), is_stand_in=False, fingertips=fingertips, is_right=side)


def _read(path: Path) -> _File:
    if path.suffix == ".npz":
        return _File(str(path), _npz_members(path.read_bytes(), str(path)))
    if path.suffix != ".pkl":
        raise HandModelFileError(str(path), f"a hand model is a .pkl or .npz, not {path.suffix!r}")
    members = load_pickle(path, allowed=MANO_FILE)
    if not isinstance(members, dict):
        raise HandModelFileError(str(path), f"it holds a {type(members).__name__}, not arrays")
    return _File(str(path), members)


def _npz_members(data: bytes, name: str) -> dict:
    try:
        archive = np.load(io.BytesIO(data), allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError("a single array")
        sizes = [member.file_size for member in archive.zip.infolist()]
        if sum(sizes) > MAX_PICKLE_BYTES:  # zeros pack a thousandfold
            raise ValueError(f"it unpacks to more than {MAX_PICKLE_BYTES // 2**20} MiB")
        # Texts such as bs_style, and objects that somebody added, are not looked at.
        wanted = (*_SHAPES, "shapedirs", _COEFFICIENTS)
        return {key: archive[key] for key in archive.files if key in wanted}
    except Exception as error:  # numpy, zipfile, zlib, tokenize: a cut file meets any of them
        raise HandModelFileError(name, f"not a whole .npz of plain arrays ({error})") from error


def _side(path: Path, is_right: bool | None) -> bool:
    if is_right is not None:
        return is_right
    names = [side for side in ("RIGHT", "LEFT") if side in path.name.upper()]
    if len(names) != 1:
        raise HandModelFileError(
            str(path), "its name does not say RIGHT or LEFT, so the side must be given"
        )
    return names[0] == "RIGHT"


def _hand_model(file: _File, *, is_stand_in: bool, fingertips: str, is_right: bool) -> HandModel:
    template_m = file.array("v_template").astype(float)
    _check_extent(file, template_m)
    _check_tree(file)
    faces = file.array("f").astype(np.int64)
    if faces.min() < 0 or faces.max() >= VERTEX_COUNT:
        raise HandModelFileError(file.name, "'f' names vertices that do not exist")
    shape_basis_m = _shape_basis(file)
    if not is_right and _has_unmirrored_x(template_m, shape_basis_m):
        shape_basis_m[:, 0, :] *= -1
    return HandModel(
        name="stand-in" if is_stand_in else f"MANO ({Path(file.name).name})",
        is_stand_in=is_stand_in,
        is_right=is_right,
        template_m=template_m,
        faces=faces,
        shape_basis_m=shape_basis_m,
        pose_basis_m=file.array("posedirs").astype(float),
        joint_regressor=file.array("J_regressor").astype(float),
        skinning_weights=file.array("weights").astype(float),
        pose_components=file.array("hands_components").astype(float),
        pose_mean_rad=file.array("hands_mean").astype(float),
        fingertips=fingertips,
        pose_coefficients=_pose_coefficients(file),
    )


def _pose_coefficients(file: _File) -> np.ndarray | None:
    """Coefficients (n, 45) of the poses that the components come from, where the file has them."""
    if _COEFFICIENTS not in file.members:
        return None
    coefficients = file.array(_COEFFICIENTS)
    if coefficients.ndim != 2 or coefficients.shape[1] != 45 or len(coefficients) < 2:
        text = f"{_COEFFICIENTS!r} is {coefficients.shape}, not (two or more, 45)"
        raise HandModelFileError(file.name, text)
    return coefficients.astype(float)


def _shape_basis(file: _File) -> np.ndarray:
    """The first ten shape modes (778, 3, 10); the file may hold more (MANO's has twenty)."""
    basis = file.array("shapedirs")
    if basis.ndim != 3 or basis.shape[:2] != (VERTEX_COUNT, 3) or basis.shape[2] < BETA_COUNT:
        text = f"'shapedirs' is {basis.shape}, not ({VERTEX_COUNT}, 3, {BETA_COUNT} or more)"
        raise HandModelFileError(file.name, text)
    return basis[:, :, :BETA_COUNT].astype(float)


def _check_extent(file: _File, template_m: np.ndarray) -> None:
    extent_mm = float(np.ptp(template_m, axis=0).max() * 1000)
    low, high = REST_EXTENT_MM
    if not low <= extent_mm <= high:
        text = f"the hand at rest is {extent_mm:.4g} mm long, not {low:.0f} to {high:.0f}"
        raise HandModelFileError(file.name, f"{text}; its vertices must be metres")


def _check_tree(file: _File) -> None:
    parents, children = file.array("kintree_table").astype(np.int64)
    # The root's parent is written as the largest 32-bit number, or as -1.
    same = tuple(parents[1:]) == MANO_PARENTS[1:] and np.array_equal(children, np.arange(16))
    if not same:
        raise HandModelFileError(
            file.name, f"its joints hang together otherwise: {parents.tolist()}"
        )


def _has_unmirrored_x(template_m: np.ndarray, shape_basis_m: np.ndarray) -> bool:
    """Whether the shape basis moves x against the hand it belongs to, as published MANO_LEFT does.

    The first mode is the hand's size: it moves every vertex away from the wrist, or all of them
    towards it, along the fingers (x) and across the palm (z) alike. Where x goes against z, x has
    the wrong sign.
    """
    place = template_m - template_m.mean(0)
    growth = shape_basis_m[:, :, 0] - shape_basis_m[:, :, 0].mean(0)
    along, _, across = (place * growth).sum(0)
    return bool(along * across < 0)


def _dense(value: object) -> np.ndarray:
    """An array, a sparse matrix's stand-in, or a chumpy object's, as an array."""
    if isinstance(value, np.ndarray):
        return value
    if not isinstance(value, StandIn):
        raise ValueError(f"it is a {type(value).__name__}, not an array")
    if value.class_name.endswith("csc_matrix"):
        return _dense_columns(value.state)
    if "x" in value.state:  # chumpy.ch.Ch: an array that knows its derivatives
        return _dense(value.state["x"])
    if "a" in value.state:  # chumpy.reordering.Select: elements of another array
        return _selected(value.state)
    raise ValueError(f"unknown kind of array {value.class_name}")


def _selected(state: dict) -> np.ndarray:
    source = _dense(state["a"])
    if state.get("idxs") is None:
        return source
    selected = source.ravel()[np.asarray(_dense(state["idxs"]), dtype=np.int64)]
    shape = state.get("preferred_shape")
    return selected if shape is None else selected.reshape(tuple(shape))


def _dense_columns(state: dict) -> np.ndarray:
    """A matrix stored by columns; numpy's indexing refuses what lies outside of it."""
    shape = tuple(state["_shape"] if "_shape" in state else state["shape"])
    if shape != _SHAPES["J_regressor"]:
        raise ValueError(f"it is {shape}, not {_SHAPES['J_regressor']}")
    counts = np.diff(state["indptr"])
    dense = np.zeros(shape)
    np.add.at(dense, (state["indices"], np.repeat(np.arange(len(counts)), counts)), state["data"])
    return dense
