"""Writes resources/dependencies.csv: ``make dependencies``, after constraints.txt has changed.

Every pinned package with its version, its licence as the installed package states it, and whether
the program needs it or only its development. It ends with status 1 where a licence is unknown.
"""

import csv
import io
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.utils import canonicalize_name

from core.doctor.environment.pins import DEVELOPMENT, PROGRAM, needs_of, pins_file
from core.files.durable import write_atomically
from core.files.installed import DISTRIBUTION

ROOT = Path(__file__).resolve().parents[1]
CONSTRAINTS, PROJECT = ROOT / "constraints.txt", ROOT / "pyproject.toml"

#: What the metadata of these packages does not say, or not in short; read in their licence files.
BY_HAND = {
    "smplx": "Max Planck licence for non-commercial scientific research",
    "wadler-lindig": "Apache-2.0",
    "py-cpuinfo2": "MIT",
}

#: The same library under another name, of which exactly one is installed.
SAME_AS = {"open3d": "open3d-cpu", "open3d-cpu": "open3d"}


def pinned(text: str) -> dict[str, str]:
    """Versions by package, as constraints.txt names them."""
    lines = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)$", text, re.MULTILINE)
    return {canonicalize_name(name): version for name, version in lines}


def licence(package: str) -> str:
    """A package's licence in a few words; "" where nobody says."""
    if package in BY_HAND:
        return BY_HAND[package]
    try:
        about = metadata.metadata(package)
    except metadata.PackageNotFoundError:
        other = SAME_AS.get(package, "")
        return licence(other) if other and _is_installed(other) else ""
    named = about["License-Expression"] or ""
    classified = [
        line.split("::")[-1].strip()
        for line in about.get_all("Classifier") or []
        if line.startswith("License ::")
    ]
    free_text = (about["License"] or "").strip()
    if not named and 0 < len(free_text) < 60 and "\n" not in free_text and free_text != "UNKNOWN":
        named = free_text
    return named or " / ".join(classified)


def table(constraints: str) -> str:
    """The list as CSV, sorted by package."""
    # Not from the installed metadata: an editable installation keeps those of its first day.
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    of_program = {need.package for need in needs_of(project["dependencies"], DISTRIBUTION)}
    of_program |= {SAME_AS[name] for name in of_program & SAME_AS.keys()}
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["package", "version", "licence", "needed_by"])
    for package, version in sorted(pinned(constraints).items()):
        needed_by = PROGRAM if package in of_program else DEVELOPMENT
        writer.writerow([package, version, licence(package), needed_by])
    return file.getvalue()


def _is_installed(package: str) -> bool:
    return any(metadata.distributions(name=package))


def main() -> int:
    """Write the list; 1 where a licence is not known."""
    text = table(CONSTRAINTS.read_text(encoding="utf-8"))
    write_atomically(pins_file(), text.encode())
    unknown = [row["package"] for row in csv.DictReader(io.StringIO(text)) if not row["licence"]]
    if unknown:
        print(f"no licence stated: {', '.join(unknown)}; add them to BY_HAND", file=sys.stderr)
    return 1 if unknown else 0


if __name__ == "__main__":
    raise SystemExit(main())
