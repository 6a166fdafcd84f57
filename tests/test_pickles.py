"""The restricted unpickler: plain data comes back equal, everything else is refused and not run."""

import collections
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from python2_pickle import python2_pickle

from core.pickles import (
    MANO_FILE,
    MAX_PICKLE_BYTES,
    DamagedPickleError,
    ForbiddenPickleError,
    StandIn,
    load_pickle,
)

LABELS = {
    "camMat": np.array([[614.6, 0, 320.3], [0, 614.1, 238.5], [0, 0, 1]]),
    "fortran": np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
    "big_endian": np.arange(5, dtype=">i4"),
    "flags": np.array([[True, False]]),
    "names": np.array(["wrist", "tip"]),
    "empty": np.zeros((0, 3)),
    "single": np.array(3.5),
    "scalar": np.float32(2.5),
    "objName": "010_potted_meat_can",
    "camIDList": ["0", "1"],
    "nested": {"tuple": (1, (2.0, None)), "ordered": collections.OrderedDict(a=np.ones(2))},
    "bytes": b"\x00\xff",
    "absent": None,
}


def assert_same(actual, expected):
    if isinstance(expected, np.ndarray):
        assert type(actual) is np.ndarray
        assert actual.dtype == expected.dtype
        np.testing.assert_array_equal(actual, expected)
    elif isinstance(expected, dict):
        assert list(actual) == list(expected)
        for key in expected:
            assert_same(actual[key], expected[key])
    else:
        assert actual == expected
        assert type(actual) is type(expected)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_data_comes_back_equal(protocol, tmp_path):
    path = tmp_path / "0001.pkl"
    path.write_bytes(pickle.dumps(LABELS, protocol=protocol))
    assert_same(load_pickle(path), LABELS)


def test_arrays_can_be_written_to():
    array = load_pickle(pickle.dumps(np.zeros(3), protocol=2))
    array[0] = 1
    assert array[0] == 1


def test_python_2_wrote_strings_as_bytes():
    expected = {"handTrans": np.array([-0.05, 0.02, -0.61]), "objName": "caf\xe9", "none": None}
    data = python2_pickle(expected)
    assert_same(load_pickle(data), expected)
    assert_same(pickle.loads(data, encoding="latin1"), expected)


class Planted:
    """Pickles as a call, as an attack does."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def planted_file_writers(path: Path) -> dict[str, object]:
    program = [sys.executable, "-c", f"open({str(path)!r}, 'w')"]
    code = f"open({str(path)!r}, 'w')"
    return {
        "os.system": Planted(os.system, f"touch '{path}'"),
        "eval": Planted(eval, code),
        "exec": Planted(exec, code),
        "open": Planted(open, str(path), "w"),
        "subprocess": Planted(subprocess.call, program),
        "getattr": Planted(getattr, "", "join"),
        "numpy.save": Planted(np.save, str(path), 1),
        "numpy.memmap": Planted(np.memmap, str(path), "u1", "w+", 0, (1,)),
        "inside a label": {"handPose": [Planted(os.system, f"touch '{path}'")]},
    }


@pytest.mark.parametrize("attack", planted_file_writers(Path("x")))
@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("allowed", [None, MANO_FILE])
def test_planted_code_is_refused_and_not_run(attack, protocol, allowed, tmp_path):
    target = tmp_path / "planted"
    path = tmp_path / "hostile.pkl"
    path.write_bytes(pickle.dumps(planted_file_writers(target)[attack], protocol=protocol))
    with pytest.raises(ForbiddenPickleError, match=r"hostile\.pkl"):
        load_pickle(path) if allowed is None else load_pickle(path, allowed=allowed)
    assert not target.exists() and not Path(f"{target}.npy").exists()


def test_the_planted_code_would_have_run(tmp_path):
    target = tmp_path / "planted"
    pickle.loads(pickle.dumps(planted_file_writers(target)["os.system"]))
    assert target.exists()


@pytest.mark.parametrize(
    "opcodes, asked_for",
    [
        (b"cos\nsystem\n(S'true'\ntR.", "os.system"),
        (b"c__builtin__\neval\n.", "__builtin__.eval"),
        (b"ccopy_reg\n_reconstructor\n.", "copy_reg._reconstructor"),
        (b"ccopyreg\n_reconstructor\n.", "copyreg._reconstructor"),
        (b"cnumpy\nload\n.", "numpy.load"),
        (b"cnumpy\ndtype.__new__\n.", "numpy.dtype.__new__"),
        (b"cnumpy.core.multiarray\nfromfile\n.", "numpy.core.multiarray.fromfile"),
        (b"\x80\x04\x8c\x05numpy\x8c\x0dsave.__call__\x93.", "numpy.save.__call__"),
        (b"\x80\x04\x8c\x0bcollections\x8c\x1dOrderedDict.fromkeys.__self__\x93.", "fromkeys"),
        (b"(ios\nsystem\n.", "os.system"),
        (b"cscipy.sparse\nload_npz\n.", "scipy.sparse.load_npz"),
        (b"Pobject\n.", "a persistent object"),
        (b"\x82\x01.", "extension registry"),
        (b"\x97.", "a buffer outside the file"),
    ],
)
def test_errors_name_what_was_asked_for(opcodes, asked_for):
    with pytest.raises(ForbiddenPickleError, match=rf"0007\.pkl: .*{asked_for}"):
        load_pickle(opcodes, name="0007.pkl")


ARRAY = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n(K\x00tU\x01b\x87R"


@pytest.mark.parametrize(
    "opcodes",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x89PNG\r\n\x1a\n", id="a picture"),
        pytest.param(pickle.dumps(LABELS, protocol=2)[:-20], id="cut off"),
        pytest.param(pickle.dumps(LABELS, protocol=2)[:40], id="cut short"),
        pytest.param(ARRAY + b".", id="array without values"),
        pytest.param(pickle.dumps(np.array([{}], dtype=object)), id="array of objects"),
        pytest.param(pickle.dumps(np.zeros(2, "i4,f8")), id="array of records"),
        pytest.param(pickle.dumps(np.array(["2020"], "M8[Y]")), id="array of dates"),
        pytest.param(
            b"cnumpy\ndtype\n(U\x02f8K\x00K\x01tRcnumpy.core.multiarray\nscalar\n.", id="a function"
        ),
        pytest.param(b"cnumpy\ndtype\n(U\x02f8tRU\x04abcd\x86.", id="a dtype"),
        pytest.param(
            pickle.dumps(np.zeros(3), protocol=2).replace(b"K\x03\x85", b"J\xff\xff\xff\x7f\x85"),
            id="larger than its bytes",
        ),
        pytest.param(b"\x80\x02]r\xff\xff\xff\xff.", id="huge memory slot"),
        pytest.param(b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x00.", id="huge bytes"),
        pytest.param(b"\x80\x05\x96\xff\xff\xff\xff\xff\xff\xff\x00.", id="huge bytearray"),
        pytest.param(b"\x80\x02" + b"]" * 300_000 + b".", id="very many parts"),
        pytest.param(b"\x80\x02}K\x01" + b"\x85" * 100_000 + b"K\x01s.", id="deep key"),
        pytest.param(b"\x80\x02" + b"]" * 1000 + b"a" * 999 + b".", id="deep list"),
        pytest.param(b"c_codecs\nencode\n(X\x01\x00\x00\x00aU\x03zliptR.", id="other codec"),
        pytest.param(b"ccollections\nOrderedDict\n}U\x01aK\x01sb.", id="state of a function"),
        pytest.param(b"cnumpy\nndarray\n(K\x01tb.", id="state of a class"),
    ],
)
def test_damaged_pickles_are_named(opcodes):
    with pytest.raises(DamagedPickleError, match=r"0007\.pkl"):
        load_pickle(opcodes, name="0007.pkl")


def test_a_pickle_cannot_change_the_functions_it_may_call():
    # Sets the defaults of the function behind _codecs.encode, were it reachable.
    opcodes = b"c_codecs\nencode\n(N}U\x0c__defaults__(U\x06latin1tstb0]."
    with pytest.raises(DamagedPickleError, match="changes a function"):
        load_pickle(opcodes)
    assert load_pickle(pickle.dumps(b"\xff", protocol=2)) == b"\xff"


def test_a_list_within_itself_is_read():
    ring: list = [np.ones(1)]
    ring.append(ring)
    loaded = load_pickle(pickle.dumps(ring, protocol=2))
    assert loaded[1] is loaded
    assert type(loaded[0]) is np.ndarray


def test_too_large_a_file_is_not_read(tmp_path):
    path = tmp_path / "large.pkl"
    with path.open("wb") as file:
        file.truncate(MAX_PICKLE_BYTES + 1)
    with pytest.raises(DamagedPickleError, match="larger than"):
        load_pickle(path)


def test_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"0001\.pkl"):
        load_pickle(tmp_path / "0001.pkl")


def test_mano_classes_become_stand_ins_with_their_state():
    opcodes = b"\x80\x02cchumpy.ch\nCh\n)\x81}U\x01xcnumpy\ndtype\n0K\x05sb."
    loaded = load_pickle(opcodes, allowed=MANO_FILE)
    assert isinstance(loaded, StandIn)
    assert loaded.class_name == "chumpy.ch.Ch"
    assert loaded.state == {"x": 5}
    with pytest.raises(ForbiddenPickleError, match=r"chumpy\.ch\.Ch"):
        load_pickle(opcodes)
