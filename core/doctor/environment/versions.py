"""Whether Python and every library are those this program was tested with."""

import platform
import sys
from collections.abc import Mapping
from importlib import metadata

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from core.doctor.environment.examined import Examined, Health
from core.doctor.environment.pins import Need, Pin, is_installed, needs, read_pins
from core.files.installed import DISTRIBUTION

#: Where the whole test suite ran. The requirement (pyproject.toml) allows those it should run on.
TESTED_PYTHONS = ("3.11",)

_AGAIN = "set up again by `make run`, or install the program again into an environment of its own"


def examine_versions() -> list[Examined]:
    """Python, then the libraries: one line for all, and one for each that is not as tested."""
    try:
        wanted = metadata.metadata(DISTRIBUTION)["Requires-Python"]
        required = list(needs(DISTRIBUTION))
    except metadata.PackageNotFoundError:
        unknown = f"{DISTRIBUTION} is not installed in {sys.prefix}"
        return [Examined("program", unknown, Health.WRONG, _AGAIN)]
    pins = read_pins()
    return [examine_python(platform.python_version(), wanted), *_libraries(required, pins)]


def examine_python(version: str, wanted: str) -> Examined:
    """Python's version against what the program requires and what it was tested with."""
    measured = f"{version} (needed {wanted}, tested {', '.join(TESTED_PYTHONS)})"
    if Version(version) not in SpecifierSet(wanted):
        advice = f"install Python {TESTED_PYTHONS[0]} and make a new environment with it"
        return Examined("Python", measured, Health.WRONG, advice)
    if ".".join(version.split(".")[:2]) not in TESTED_PYTHONS:
        advice = "it should run, but its tests did not run on this version"
        return Examined("Python", measured, Health.NOTE, advice)
    return Examined("Python", measured, Health.OK)


def _libraries(required: list[Need], pins: Mapping[str, Pin]) -> list[Examined]:
    found: dict[str, Examined] = {}
    packages = sorted({need.package for need in required})
    for need in required:
        pin = pins.get(need.package)
        examined = examine_library(need, _installed(need.package), pin)
        worst = found.get(need.package)
        if worst is None or _order(examined) > _order(worst):
            found[need.package] = examined
    others = [found[name] for name in packages if found[name].health != Health.OK]
    as_tested = f"{len(packages) - len(others)} of {len(packages)} in the tested version"
    return [Examined("libraries", as_tested, Health.OK), *others]


def examine_library(need: Need, version: str | None, pin: Pin | None) -> Examined:
    """An installed version (None: there is none) against what is required and what was tested."""
    name, requirement = f"library {need.package}", need.requirement
    tested = f"tested {pin.version}" if pin else "not in the list of tested ones"
    wanted = f"needed {requirement.specifier or 'any'} by {need.by}, {tested}"
    install = f'run: {sys.executable} -m pip install "{need.package}=={pin.version}"' if pin else ""
    if version is None:
        return Examined(name, f"not installed ({wanted})", Health.WRONG, install or _AGAIN)
    measured = f"{version} ({wanted})"
    if not requirement.specifier.contains(version, prereleases=True):
        return Examined(name, measured, Health.WRONG, install or _AGAIN)
    # What stands behind the + says how it was built: 2.13.0+cpu is 2.13.0.
    if pin is None or Version(version).public != Version(pin.version).public:
        advice = f"it should work; for the tested one {install}" if install else _AGAIN
        return Examined(name, measured, Health.NOTE, advice)
    return Examined(name, measured, Health.OK)


def _installed(package: str) -> str | None:
    return metadata.version(package) if is_installed(package) else None


def _order(examined: Examined) -> int:
    return [Health.OK, Health.NOTE, Health.WRONG].index(examined.health)
