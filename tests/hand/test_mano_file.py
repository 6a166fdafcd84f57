"""A user's MANO file: chumpy and scipy members, damaged and hostile files, the left hand."""

import copyreg
import pickle
import sys
import types
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse

from core.hand.hand_model import ManoParameters
from core.hand.mano_file import HandModelFileError, load_hand_model
from core.pickles import DamagedPickleError, ForbiddenPickleError


@pytest.fixture(scope="module")
def stand_in_members() -> dict:
    with resources.files("resources").joinpath("hand/standin.npz").open("rb") as file:
        archive = np.load(file, allow_pickle=False)
        members = {key: archive[key] for key in archive.files}
    return {key: a.astype(float) if a.dtype.kind == "f" else a for key, a in members.items()}


@pytest.fixture
def fake_modules(monkeypatch):
    """Modules named as those that MANO's file was written with, only while a test writes one."""

    def make(module_name: str, class_name: str) -> type:
        module = types.ModuleType(module_name)
        cls = type(class_name, (), {"__module__": module_name})
        setattr(module, class_name, cls)
        monkeypatch.setitem(sys.modules, module_name, module)
        return cls

    return make


def instance(cls: type, **state: object) -> object:
    made = cls()
    made.__dict__.update(state)
    return made


def mano_like(members: dict, fake_modules) -> dict:
    """The members as MANO's own file has them."""
    select = fake_modules("chumpy.reordering", "Select")
    ch = fake_modules("chumpy.ch", "Ch")
    fake_modules("chumpy", "unused")
    csc_matrix = fake_modules("scipy.sparse.csc", "csc_matrix")

    twenty = np.concatenate([members["shapedirs"], np.full((778, 3, 10), 7.0)], axis=2)
    idxs = np.arange(778 * 3 * 20).reshape(778, 3, 20)[:, :, :10].ravel()
    inner = instance(ch, x=twenty, _dirty_vars=set(), _itr=None, _parents=[])
    shapedirs = instance(select, a=inner, idxs=idxs, preferred_shape=(778, 3, 10))
    inner._parents.append(shapedirs)  # chumpy's objects point at each other
    sparse = scipy.sparse.csc_matrix(members["J_regressor"])
    regressor = instance(
        csc_matrix,
        format="csc",
        _shape=(16, 778),
        data=sparse.data,
        indices=sparse.indices,
        indptr=sparse.indptr,
        maxprint=50,
    )
    kintree = members["kintree_table"].astype(np.int64)
    texts = {"bs_style": "lbs", "bs_type": "lrotmin"}
    return {
        **members,
        **texts,
        "shapedirs": shapedirs,
        "J_regressor": regressor,
        "kintree_table": kintree,
    }


def write(path: Path, members: object) -> Path:
    path.write_bytes(pickle.dumps(members, protocol=2))
    return path


ARRAYS = (
    "template_m",
    "faces",
    "shape_basis_m",
    "pose_basis_m",
    "joint_regressor",
    "skinning_weights",
    "pose_components",
    "pose_mean_rad",
)


def assert_same_hand(actual, expected):
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(actual, name), getattr(expected, name), err_msg=name)


def test_file_with_chumpy_and_sparse_members_comes_back_equal(
    tmp_path, stand_in_members, fake_modules, monkeypatch
):
    path = write(tmp_path / "MANO_RIGHT.pkl", mano_like(stand_in_members, fake_modules))
    monkeypatch.undo()  # the modules are gone when the file is read
    assert "chumpy" not in sys.modules and "scipy.sparse.csc" not in sys.modules.keys() - {
        name for name in sys.modules if name.startswith("scipy.sparse.csc")
    }
    model = load_hand_model(path)
    assert_same_hand(model, load_hand_model())
    assert model.name == "MANO (MANO_RIGHT.pkl)"
    assert not model.is_stand_in
    assert model.is_right


@pytest.mark.parametrize("state", ["whole array", "selection of twenty"])
def test_other_forms_of_chumpy_arrays(state, tmp_path, stand_in_members, fake_modules):
    members = mano_like(stand_in_members, fake_modules)
    select = members["shapedirs"]
    if state == "whole array":
        members["shapedirs"] = select.a
    else:
        select.__dict__ |= {"idxs": np.arange(778 * 3 * 20), "preferred_shape": (778, 3, 20)}
    model = load_hand_model(write(tmp_path / "MANO_RIGHT.pkl", members))
    np.testing.assert_array_equal(model.shape_basis_m, load_hand_model().shape_basis_m)


def test_scipy_s_present_spelling_is_read(tmp_path, stand_in_members):
    sparse = scipy.sparse.csc_matrix(stand_in_members["J_regressor"])
    members = {**stand_in_members, "J_regressor": sparse}
    assert_same_hand(load_hand_model(write(tmp_path / "RIGHT.pkl", members)), load_hand_model())


def test_npz_is_read_without_its_objects(tmp_path, stand_in_members):
    path = tmp_path / "mano_right.npz"
    np.savez(path, **stand_in_members, extra=np.array([{"an": "object"}], dtype=object))
    assert_same_hand(load_hand_model(path), load_hand_model())


def test_npz_that_unpacks_to_too_much_is_refused_unread(tmp_path, stand_in_members):
    path = tmp_path / "MANO_RIGHT.npz"
    np.savez_compressed(path, **stand_in_members, more=np.zeros(2**24, np.float32))
    assert path.stat().st_size < 2**23
    with pytest.raises(HandModelFileError, match=r"MANO_RIGHT\.npz.*unpacks to more than 64 MiB"):
        load_hand_model(path)


def test_npz_with_objects_where_arrays_belong_is_refused(tmp_path, stand_in_members):
    planted = np.array([{}], dtype=object)
    np.savez(tmp_path / "MANO_RIGHT.npz", **{**stand_in_members, "posedirs": planted})
    with pytest.raises(HandModelFileError, match=r"MANO_RIGHT\.npz.*plain arrays"):
        load_hand_model(tmp_path / "MANO_RIGHT.npz")


def mirrored(members: dict, *, shapes_too: bool) -> dict:
    """A left hand from the right one; published MANO_LEFT forgets to mirror the shape basis."""
    flip = np.array([-1.0, 1.0, 1.0])
    members = {**members, "v_template": members["v_template"] * flip}
    if shapes_too:
        members["shapedirs"] = members["shapedirs"] * flip[:, None]
    return members


@pytest.mark.parametrize("is_repaired", [False, True])
def test_left_hand_s_shape_basis_is_mirrored_once(is_repaired, tmp_path, stand_in_members):
    members = mirrored(stand_in_members, shapes_too=is_repaired)
    model = load_hand_model(write(tmp_path / "MANO_LEFT.pkl", members))
    right = load_hand_model()
    assert not model.is_right
    np.testing.assert_allclose(
        model.shape_basis_m, right.shape_basis_m * np.array([-1, 1, 1])[:, None]
    )
    # A larger left hand is the mirror image of the larger right hand.
    larger = np.array([2.0] + [0.0] * 9)
    left_m, right_m = model.shaped_m(larger)[0], right.shaped_m(larger)[0]
    np.testing.assert_allclose(left_m * [-1, 1, 1], right_m, atol=1e-12)


def test_right_hand_s_shape_basis_is_left_alone(tmp_path, stand_in_members):
    members = mirrored(stand_in_members, shapes_too=False)
    model = load_hand_model(write(tmp_path / "MANO_RIGHT.pkl", members))
    np.testing.assert_array_equal(model.shape_basis_m, stand_in_members["shapedirs"])


def test_side_comes_from_the_name_or_the_caller(tmp_path, stand_in_members):
    path = write(tmp_path / "hand.pkl", stand_in_members)
    with pytest.raises(HandModelFileError, match="RIGHT or LEFT"):
        load_hand_model(path)
    assert load_hand_model(path, is_right=True).is_right
    assert not load_hand_model(path, is_right=False).is_right


BAD_MEMBERS = {
    "millimetres": ("v_template", lambda a: a * 1000, "metres"),
    "tiny": ("v_template", lambda a: a * 0.1, r"20\.4 mm"),
    "other count": ("v_template", lambda a: a[:777], r"\(777, 3\), not \(778, 3\)"),
    "NaN": ("weights", lambda a: np.where(a == a.max(), np.nan, a), "'weights' holds NaN"),
    "few shapes": ("shapedirs", lambda a: a[:, :, :9], r"\(778, 3, 9\)"),
    "flat shapes": ("shapedirs", lambda a: a.reshape(-1, 10), r"\(2334, 10\)"),
    "text": ("posedirs", lambda a: "lbs", "'posedirs' cannot be read.*str"),
    "letters": ("hands_mean", lambda a: np.array(["a"] * 45), "not numbers"),
    "faces": ("f", lambda a: a + 1, "vertices that do not exist"),
    "tree": ("kintree_table", lambda a: a[:, ::-1], "hang together otherwise"),
    "dense": ("J_regressor", lambda a: a.T, r"\(778, 16\)"),
}


@pytest.mark.parametrize("case", BAD_MEMBERS)
def test_wrong_arrays_are_named(case, tmp_path, stand_in_members):
    key, spoil, message = BAD_MEMBERS[case]
    spoilt = {**stand_in_members, key: spoil(stand_in_members[key])}
    path = write(tmp_path / "MANO_RIGHT.pkl", spoilt)
    with pytest.raises(HandModelFileError, match=rf"MANO_RIGHT\.pkl: .*{message}.*Choose"):
        load_hand_model(path)


@pytest.mark.parametrize("key", ["shapedirs", "J_regressor", "hands_components", "kintree_table"])
def test_missing_arrays_are_named(key, tmp_path, stand_in_members):
    members = {k: v for k, v in stand_in_members.items() if k != key}
    with pytest.raises(HandModelFileError, match=f"it has no '{key}'"):
        load_hand_model(write(tmp_path / "MANO_RIGHT.pkl", members))


@pytest.mark.parametrize(
    "spoil",
    [
        {"indices": np.full(5, 10**6)},
        {"indptr": np.arange(3)},
        {"_shape": (10**9, 10**9)},
        {"data": None},
    ],
)
def test_sparse_matrix_that_points_outside_is_refused(
    spoil, tmp_path, stand_in_members, fake_modules
):
    members = mano_like(stand_in_members, fake_modules)
    members["J_regressor"].__dict__.update(spoil)
    with pytest.raises(HandModelFileError, match="'J_regressor'"):
        load_hand_model(write(tmp_path / "MANO_RIGHT.pkl", members))


def test_selection_outside_its_array_is_refused(tmp_path, stand_in_members, fake_modules):
    members = mano_like(stand_in_members, fake_modules)
    members["shapedirs"].idxs = np.array([10**9])
    with pytest.raises(HandModelFileError, match="'shapedirs'"):
        load_hand_model(write(tmp_path / "MANO_RIGHT.pkl", members))


def test_array_that_contains_itself_is_refused(tmp_path, stand_in_members, fake_modules):
    members = mano_like(stand_in_members, fake_modules)
    members["shapedirs"].a = members["shapedirs"]
    with pytest.raises(HandModelFileError, match="'shapedirs'"):
        load_hand_model(write(tmp_path / "MANO_RIGHT.pkl", members))


def test_hostile_file_is_refused_and_not_run(tmp_path, stand_in_members):
    class Planted:
        def __reduce__(self):
            return exec, (f"open({str(tmp_path / 'planted')!r}, 'w')",)

    path = write(tmp_path / "MANO_RIGHT.pkl", {**stand_in_members, "bs_style": Planted()})
    with pytest.raises(ForbiddenPickleError, match=r"MANO_RIGHT\.pkl.*exec"):
        load_hand_model(path)
    assert not (tmp_path / "planted").exists()


def test_cut_and_foreign_files_are_named(tmp_path, stand_in_members):
    whole = pickle.dumps(stand_in_members, protocol=2)
    (tmp_path / "MANO_RIGHT.pkl").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DamagedPickleError, match=r"MANO_RIGHT\.pkl"):
        load_hand_model(tmp_path / "MANO_RIGHT.pkl")
    with pytest.raises(HandModelFileError, match="list"):
        load_hand_model(write(tmp_path / "MANO_RIGHT_2.pkl", [1, 2]))
    with pytest.raises(HandModelFileError, match=r"not '\.obj'"):
        load_hand_model(tmp_path / "MANO_RIGHT.obj")
    with pytest.raises(FileNotFoundError):
        load_hand_model(tmp_path / "nowhere" / "MANO_RIGHT.pkl")


@pytest.mark.parametrize("content", ["cut", "garbage", "one array", "flipped bits"])
def test_damaged_npz_is_named(content, tmp_path, stand_in_members):
    path = tmp_path / "MANO_RIGHT.npz"
    np.savez_compressed(path, **stand_in_members)
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[200:5000] = bytes(4800)
    np.save(tmp_path / "one.npy", np.zeros(3))
    path.write_bytes(
        {
            "cut": whole[: len(whole) // 2],
            "garbage": b"\x00" * 100,
            "one array": (tmp_path / "one.npy").read_bytes(),
            "flipped bits": bytes(flipped),
        }[content]
    )
    with pytest.raises(HandModelFileError, match=r"MANO_RIGHT\.npz: not a whole"):
        load_hand_model(path)


def test_posing_a_file_s_hand_equals_posing_the_stand_in(tmp_path, stand_in_members, fake_modules):
    model = load_hand_model(
        write(tmp_path / "MANO_RIGHT.pkl", mano_like(stand_in_members, fake_modules))
    )
    rng = np.random.default_rng(0)
    parameters = ManoParameters(
        rng.normal(size=3), rng.normal(size=45), rng.normal(size=10), rng.normal(size=3)
    )
    np.testing.assert_array_equal(
        model.pose(parameters).vertices_mm, load_hand_model().pose(parameters).vertices_mm
    )


def test_writing_went_through_the_opcodes_mano_s_file_has(stand_in_members, fake_modules):
    """Protocol 2 rebuilds such objects by NEWOBJ, not by copyreg's reconstructor."""
    data = pickle.dumps(mano_like(stand_in_members, fake_modules), protocol=2)
    assert copyreg._reconstructor.__name__.encode() not in data.replace(b"_reconstruct\n", b"")
    assert b"cchumpy.reordering\nSelect\n" in data
