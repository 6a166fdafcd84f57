"""Write label files as Python 2 wrote HO-3D's, so that every tool made for those reads them."""

import io
import pickle
import struct
from typing import ClassVar


def python2_pickle(members: dict[str, object]) -> bytes:
    """Pickle labels as Python 2 did, as HO-3D's are: protocol 2, byte strings, numpy's old name."""
    stream = io.BytesIO()
    _Python2Pickler(stream, protocol=2).dump(members)
    return stream.getvalue().replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")


class _Python2Pickler(pickle._Pickler):
    """Writes text and bytes alike as Python 2's ``str``.

    Python 3 has no such type; its own way to put bytes into protocol 2 makes arrays half as large
    again and would leave a reader's care for Python 2 (``encoding="latin1"``) untried.
    """

    dispatch: ClassVar[dict] = dict(pickle._Pickler.dispatch)

    def _save_string(self, value: str | bytes) -> None:
        content = value.encode("latin1") if isinstance(value, str) else value
        self.write(pickle.BINSTRING + struct.pack("<i", len(content)) + content)
        self.memoize(value)

    dispatch[str] = dispatch[bytes] = _save_string
