"""Names of folders that are made of names that people gave."""

import contextlib
import itertools
import re
import unicodedata
from pathlib import Path

_LONGEST_BYTES = 100
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def safe_name(name: str, *, otherwise: str = "run") -> str:
    """A name that every file system takes, as near to `name` as that allows.

    Letters and digits of any script, spaces and ``. _ + -`` stay; what else there is becomes "-".
    `otherwise` stands for a name of which nothing is left.
    """
    name = unicodedata.normalize("NFC", name)
    name = re.sub(r"[^\w .+-]+", "-", name).strip(" .-")
    name = name.encode()[:_LONGEST_BYTES].decode(errors="ignore").rstrip(" .-")
    return f"{otherwise}-{name}" if _DEVICES.fullmatch(name) else name or otherwise


def make_new_folder(root: Path, name: str) -> Path:
    """Make ROOT/NAME, or NAME-2, NAME-3, …: never one that exists. Raises OSError."""
    name = safe_name(name)
    for number in itertools.count(1):
        path = root / (name if number == 1 else f"{name}-{number}")
        with contextlib.suppress(FileExistsError):
            path.mkdir()
            return path
    raise AssertionError("unreachable")
