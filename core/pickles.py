"""Read pickles made of plain data and numpy arrays, and run nothing that a file asks for.

`pickle.load` calls whatever a file names. Here the classes on a short list are replaced by
stand-ins that only keep what they are given; arrays are built from their bytes afterwards, after
every size and dtype has been checked. numpy's own unpickling functions are never called.

HO-3D's labels and MANO's files were written by Python 2: their strings are read as latin-1, which
keeps the bytes of arrays as they are.
"""

import io
import pickle
import pickletools
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np

#: Far above any file we read (MANO 4 MB, HO-3D labels 30 kB), far below what harms.
MAX_PICKLE_BYTES = 64 * 2**20
#: A MANO file has some hundred; each can allocate an object.
MAX_OPCODES = 200_000
#: Comparing or hashing tuples nested much deeper than this overflows the C stack.
MAX_TUPLES = 2000
MAX_DEPTH = 100

# Their objects come from outside the list of classes: registries, callbacks, shared buffers.
_FORBIDDEN_OPCODES = {
    "EXT1": "an object of copyreg's extension registry",
    "EXT2": "an object of copyreg's extension registry",
    "EXT4": "an object of copyreg's extension registry",
    "PERSID": "a persistent object",
    "BINPERSID": "a persistent object",
    "NEXT_BUFFER": "a buffer outside the file",
}
_TUPLE_OPCODES = {"TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "FROZENSET"}
_MEMO_OPCODES = {"PUT", "BINPUT", "LONG_BINPUT"}
# Booleans, integers, floats, complex numbers and fixed-length strings; no objects, no records.
_PLAIN_DTYPE = re.compile(r"[<>|=]?([?biufc]\d{0,2}|[SU]\d{1,6})")


class PickleFileError(ValueError):
    """A pickle that was not read; `source` names the file."""

    def __init__(self, source: str, text: str) -> None:
        super().__init__(f"{source}: {text}")
        self.source = source


class ForbiddenPickleError(PickleFileError):
    """A pickle that asks for something that plain data does not need; nothing of it was run."""


class DamagedPickleError(PickleFileError):
    """A pickle that is cut off, too large, or not a pickle at all."""


class StandIn:
    """Takes the place of an object of a class that is not installed: keeps its state, does nothing.

    Attributes:
        class_name: What the file calls it, such as ``"chumpy.reordering.Select"``.
        state: The attributes the file gives it.
    """

    class_name = ""

    def __new__(cls, *arguments: object) -> "StandIn":
        instance = super().__new__(cls)
        instance.state = {}
        return instance

    def __init__(self, *arguments: object) -> None:
        """Arguments are ignored: all that is read from these files is in the state."""

    def __setstate__(self, state: object) -> None:
        if not isinstance(state, dict):
            raise ValueError(f"the state of {self.class_name} is a {type(state).__name__}")
        self.state = state


class _Callable:
    """A function that a pickle may call but, unlike plain functions, cannot set attributes of."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable) -> None:
        self._function = function

    def __call__(self, *arguments: object) -> object:
        return self._function(*arguments)

    def __setstate__(self, state: object) -> None:
        raise ValueError("it changes a function")


class _Dtype:
    """An array's element type, checked when it is asked for."""

    def __init__(self, code: object, align: object = False, copy: object = False) -> None:
        text = code.decode("latin1") if isinstance(code, bytes) else code
        if not isinstance(text, str) or not _PLAIN_DTYPE.fullmatch(text):
            raise ValueError(f"arrays of {code!r} are not plain numbers or strings")
        self.dtype = np.dtype(text)

    def __setstate__(self, state: tuple) -> None:
        _version, byte_order, subdtype, names, fields = state[:5]
        if (subdtype, names, fields) != (None, None, None):
            raise ValueError("arrays of records are not plain numbers or strings")
        if isinstance(byte_order, bytes):
            byte_order = byte_order.decode("latin1")
        if byte_order not in ("<", ">", "|", "="):
            raise ValueError(f"unknown byte order {byte_order!r}")
        self.dtype = self.dtype.newbyteorder(byte_order)


class _Array:
    """An array whose values arrive as its state; replaced by the array once all is read."""

    def __init__(self, *arguments: object) -> None:
        self.array: np.ndarray | None = None

    def __setstate__(self, state: tuple) -> None:
        _version, shape, dtype, is_fortran, data = state
        self.array = _array(data, dtype, shape, "F" if is_fortran else "C").copy("K")


def _array(data: object, dtype: object, shape: object, order: object) -> np.ndarray:
    """An array over bytes that must be exactly as many as its shape and dtype need."""
    if not isinstance(dtype, _Dtype):
        raise ValueError("an array without an element type")
    if not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape):
        raise ValueError(f"{shape!r} is not the shape of an array")
    array = np.frombuffer(_bytes(data), dtype.dtype) if data else np.empty(0, dtype.dtype)
    return array.reshape(shape, order="F" if order == "F" else "C")


def _bytes(data: object) -> bytes:
    if isinstance(data, str):  # Python 2 had one type for text and bytes
        return data.encode("latin1")
    if isinstance(data, (bytes, bytearray)):
        return bytes(data)
    raise ValueError(f"an array's values are a {type(data).__name__}, not bytes")


def _scalar(dtype: object, data: object = b"") -> object:
    return _array(data, dtype, (1,), "C")[0]


def _from_buffer(data: object, dtype: object, shape: object, order: object) -> _Array:
    pending = _Array()
    pending.array = _array(data, dtype, shape, order).copy("K")
    return pending


def _encoded(text: object, encoding: object = "latin1") -> bytes:
    """How Python 3 writes bytes in protocols 0 to 2."""
    if not isinstance(text, str) or str(encoding).lower() not in ("latin1", "latin-1"):
        raise ValueError(f"bytes encoded as {encoding!r}")
    return text.encode("latin1")


def _no_bytes() -> bytes:
    """How Python 3 writes empty bytes in protocols 0 to 2."""
    return b""


def _dict(items: Iterable = ()) -> dict:
    return dict(items)


def _list(items: Iterable = ()) -> list:
    return list(items)


_Factory = Callable[..., object]

#: Numbers, strings, containers and numpy arrays of them.
PLAIN_DATA: Mapping[str, _Factory] = {
    **{
        f"{package}.multiarray.{name}": factory
        for package in ("numpy.core", "numpy._core")
        for name, factory in (("_reconstruct", _Callable(_Array)), ("scalar", _Callable(_scalar)))
    },
    "numpy.core.numeric._frombuffer": _Callable(_from_buffer),
    "numpy._core.numeric._frombuffer": _Callable(_from_buffer),
    "numpy.ndarray": _Array,
    "numpy.dtype": _Dtype,
    "_codecs.encode": _Callable(_encoded),
    "__builtin__.bytes": _Callable(_no_bytes),
    "builtins.bytes": _Callable(_no_bytes),
    "collections.OrderedDict": _Callable(_dict),
}

#: What MANO's files hold beside that; chumpy's objects carry sets of theirs (read as lists).
MANO_FILE: Mapping[str, _Factory] = {
    **PLAIN_DATA,
    "scipy.sparse.csc.csc_matrix": StandIn,
    "scipy.sparse._csc.csc_matrix": StandIn,
    "chumpy.*": StandIn,
    "__builtin__.set": _Callable(_list),
    "builtins.set": _Callable(_list),
}


class _RestrictedUnpickler(pickle.Unpickler):
    def __init__(
        self, data: bytes, *, source: str, allowed: Mapping[str, _Factory], encoding: str
    ) -> None:
        super().__init__(io.BytesIO(data), encoding=encoding)
        self._source = source
        self._allowed = allowed

    def find_class(self, module: str, name: str) -> object:
        class_name = f"{module}.{name}"
        factory = self._allowed.get(class_name) or self._allowed.get(
            f"{class_name.partition('.')[0]}.*"
        )
        if factory is None:
            raise ForbiddenPickleError(
                self._source,
                f"it asks for {class_name!r}, which plain data does not need. Such a file can be "
                "made to run programs, so nothing in it was used. Fetch it again from its source.",
            )
        if factory is StandIn:
            return type(name, (StandIn,), {"class_name": class_name})
        return factory


def load_pickle(
    source: Path | bytes,
    *,
    allowed: Mapping[str, _Factory] = PLAIN_DATA,
    encoding: str = "latin1",
    name: str | None = None,
) -> object:
    """Read a pickle of plain data; nothing in it is ever run.

    Args:
        source: A file, or a pickle's bytes.
        allowed: Which classes may occur: `PLAIN_DATA` or `MANO_FILE`.
        encoding: How Python 2's strings become text.
        name: What errors call the pickle, where `source` is bytes.

    Returns:
        dicts, lists, tuples, strings, numbers and numpy arrays; `StandIn` for scipy's and chumpy's.

    Raises:
        ForbiddenPickleError: it asks for anything not in `allowed`.
        DamagedPickleError: it is cut off, inconsistent, too large, or no pickle.
        OSError: the file cannot be read.
    """
    name = name or (str(source) if isinstance(source, Path) else "pickle")
    data = _read_bounded(source, name) if isinstance(source, Path) else source
    try:
        _check_opcodes(data, name)
        unpickler = _RestrictedUnpickler(data, source=name, allowed=allowed, encoding=encoding)
        return _plain(unpickler.load(), {}, 0)
    except PickleFileError:
        raise
    except Exception as error:  # a hostile or cut pickle can raise nearly anything
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise DamagedPickleError(name, f"not a whole pickle ({reason})") from error


def _read_bounded(path: Path, name: str) -> bytes:
    with path.open("rb") as file:
        data = file.read(MAX_PICKLE_BYTES + 1)
    if len(data) > MAX_PICKLE_BYTES:
        raise DamagedPickleError(name, f"larger than {MAX_PICKLE_BYTES // 2**20} MiB")
    return data


def _check_opcodes(data: bytes, name: str) -> None:
    """Walk the pickle without executing it; refuse what would harm while being executed."""
    tuples = 0
    forbidden = ""
    for count, (opcode, argument, _position) in enumerate(pickletools.genops(data)):
        if count > MAX_OPCODES:
            raise DamagedPickleError(name, f"more than {MAX_OPCODES} parts")
        forbidden = forbidden or _FORBIDDEN_OPCODES.get(opcode.name, "")
        # The interpreter allocates (and clears) a table as long as the largest of these numbers.
        if opcode.name in _MEMO_OPCODES and int(argument or 0) > len(data):
            raise DamagedPickleError(name, f"memory slot {argument} in {len(data)} bytes")
        tuples += opcode.name in _TUPLE_OPCODES
    if forbidden:
        raise ForbiddenPickleError(name, f"it asks for {forbidden}")
    if tuples > MAX_TUPLES:
        raise DamagedPickleError(name, f"{tuples} tuples, more than {MAX_TUPLES}")


def _plain(value: object, seen: dict[int, object], depth: int) -> object:
    """Replace array stand-ins by their arrays, in place where containers allow it."""
    if depth > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, _Array):
        if value.array is None:
            raise ValueError("an array without values")
        return value.array
    if not isinstance(value, (dict, list, tuple, StandIn)):
        if isinstance(value, (_Callable, _Dtype, type, set, frozenset)):
            raise ValueError("it holds something that is not data")
        return value
    if id(value) in seen:
        return seen[id(value)]
    seen[id(value)] = value
    if isinstance(value, dict):
        for key, item in value.items():
            value[key] = _plain(item, seen, depth + 1)
    elif isinstance(value, list):
        value[:] = [_plain(item, seen, depth + 1) for item in value]
    elif isinstance(value, StandIn):
        _plain(value.state, seen, depth + 1)
    else:
        seen[id(value)] = tuple(_plain(item, seen, depth + 1) for item in value)
    return seen[id(value)]
