"""The libraries this program was tested with: resources/dependencies.csv.

The file is made of constraints.txt by ``make dependencies``, because a wheel does not carry that.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from core.files.embedded import resource

#: What a package is there for.
PROGRAM, DEVELOPMENT = "program", "development"


@dataclass(frozen=True)
class Pin:
    """One line of the list: a tested version, its licence, and whether the program needs it."""

    package: str
    version: str
    licence: str
    needed_by: str


@dataclass(frozen=True)
class Need:
    """That `by` requires a package here, in the versions that `requirement` allows."""

    requirement: Requirement
    by: str

    @property
    def package(self) -> str:
        """The package's name, in its canonical form."""
        return canonicalize_name(self.requirement.name)


def pins_file() -> Path:
    """The list of tested versions."""
    return resource("dependencies.csv")


def read_pins(path: Path | None = None) -> dict[str, Pin]:
    """The list by package; raises OSError, or ValueError where it is not one."""
    path = path or pins_file()
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if rows.fieldnames != ["package", "version", "licence", "needed_by"]:
            raise ValueError(f"{path}: not the list of dependencies; install the program again")
        return {row["package"]: Pin(**row) for row in rows}


def needs(distribution: str, extras: tuple[str, ...] = ()) -> Iterator[Need]:
    """Everything that an installed package requires on this machine, directly and further down.

    A package that is required by several appears once for each. Raises
    importlib.metadata.PackageNotFoundError where `distribution` itself is not installed; what it
    requires and is missing is named, and nothing below it.
    """
    return needs_of(metadata.requires(distribution) or [], canonicalize_name(distribution), extras)


def needs_of(requirements: Iterable[str], by: str, extras: tuple[str, ...] = ()) -> Iterator[Need]:
    """As `needs`, of something that requires this, installed or not."""
    waiting = _applying(requirements, by, frozenset(extras))
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        need = waiting.pop()
        yield need
        further = (need.package, frozenset(need.requirement.extras))
        if further not in seen and is_installed(need.package):
            seen.add(further)
            waiting += _applying(metadata.requires(need.package) or [], *further)


def _applying(requirements: Iterable[str], by: str, extras: frozenset[str]) -> list[Need]:
    """Those that hold on this machine, with these extras asked for."""
    found = []
    for requirement in map(Requirement, requirements):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": name}) for name in ("", *extras)):
            found.append(Need(requirement, by))
    return found


def is_installed(package: str) -> bool:
    """Whether this environment has the package."""
    try:
        metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return False
    return True
