"""The list of dependencies is that of constraints.txt, and no licence goes unread."""

import csv
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from core.doctor.environment.pins import DEVELOPMENT, PROGRAM, pins_file, read_pins

ROOT = Path(__file__).resolve().parent.parent


def pinned() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version.strip() for name, version in pairs}


def required(*groups: str) -> dict[str, Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"]] if not groups else []
    for group in groups:
        lines += project["optional-dependencies"][group]
    return {canonicalize_name(Requirement(line).name): Requirement(line) for line in lines}


def test_the_list_is_that_of_the_constraints():
    listed = {package: pin.version for package, pin in read_pins().items()}
    assert listed == pinned(), "constraints.txt changed: make dependencies"


def test_every_package_has_a_licence_and_a_use():
    for pin in read_pins().values():
        assert pin.licence and pin.licence != "UNKNOWN", pin
        assert pin.needed_by in (PROGRAM, DEVELOPMENT), pin


def test_what_the_project_requires_is_pinned_in_the_versions_that_it_allows():
    pins = read_pins()
    for package, requirement in {**required(), **required("dev")}.items():
        assert requirement.specifier.contains(pins[package].version), requirement
    assert all(pins[package].needed_by == PROGRAM for package in required())
    assert pins["pytest"].needed_by == DEVELOPMENT


def test_licences_that_oblige_users_are_told_in_the_security_notes():
    """Copyleft and non-commercial ones are few; whoever adds one has to tell of it."""
    binding = {
        pin.package
        for pin in read_pins().values()
        if pin.needed_by == PROGRAM and re.search(r"GPL|MPL|Mozilla|non-commercial", pin.licence)
    }
    told = (ROOT / "docs/security.md").read_text()
    assert binding and all(f"`{package}`" in told for package in binding), binding


def test_the_command_makes_the_same_list(tmp_path):
    """On the machine where the pinned versions are installed; elsewhere it may differ."""
    code = (
        "import sys; sys.path.insert(0, 'scripts'); import dependencies\n"
        "print(dependencies.table(dependencies.CONSTRAINTS.read_text()), end='')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    made = {row["package"]: row for row in csv.DictReader(done.stdout.splitlines())}
    with pins_file().open(newline="") as file:
        kept = {row["package"]: row for row in csv.DictReader(file)}
    assert made.keys() == kept.keys()
    assert made["numpy"] == kept["numpy"] and made["smplx"] == kept["smplx"]
