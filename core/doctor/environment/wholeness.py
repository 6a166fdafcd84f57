"""Whether the data that comes with the program is whole: resources/checksums.sha256.

The file has sha256sum's format and is made by ``make checksums``.
"""

import hashlib
import re
from pathlib import Path

from core.doctor.environment.examined import Examined, Health
from core.files.embedded import resource

#: Folders of resources/ whose files are listed, but for texts for people (.md).
FOLDERS = ("checkpoints", "demo", "hand")

_LINE = re.compile(r"([0-9a-f]{64})  ([^\n]+)")


def checksums_file() -> Path:
    """The list of checksums."""
    return resource("checksums.sha256")


def listed_files(root: Path) -> list[Path]:
    """Every file of `FOLDERS` below `root`, in order."""
    found = (path for name in FOLDERS for path in (root / name).rglob("*"))
    return sorted(path for path in found if path.is_file() and path.suffix != ".md")


def checksums(root: Path) -> str:
    """The list for the files below `root`, in sha256sum's format."""
    lines = (f"{_sha256(path)}  {path.relative_to(root).as_posix()}" for path in listed_files(root))
    return "\n".join(lines) + "\n"


def examine_wholeness(root: Path | None = None) -> Examined:
    """Every listed file against its checksum; `root` is resources/ unless it is named."""
    name, root = "demo, checkpoint and hand", root or checksums_file().parent
    advice = "install the program again: its files were changed, or not all of them arrived"
    try:
        text = (root / checksums_file().name).read_text(encoding="utf-8")
    except OSError as error:
        return Examined(name, f"no list of checksums ({error})", Health.WRONG, advice)
    expected = {path: digest for digest, path in _LINE.findall(text)}
    missing = [path for path in expected if not (root / path).is_file()]
    changed = [
        path
        for path, digest in expected.items()
        if path not in missing and _sha256(root / path) != digest
    ]
    measured = f"{len(expected) - len(missing) - len(changed)} of {len(expected)} files whole"
    if missing or changed or not expected:
        told = [f"missing: {path}" for path in missing] + [f"changed: {path}" for path in changed]
        more = f" and {len(told) - 3} more" if len(told) > 3 else ""
        measured += f" ({'; '.join(told[:3])}{more})" if told else ""
        return Examined(name, measured, Health.WRONG, advice)
    return Examined(name, measured, Health.OK)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
