"""One small synthetic set, made once, that the tests of this folder read."""

from pathlib import Path

import pytest
from synthetic_set import SETTINGS, MadeSet

from core.synthetic.dataset import generate
from core.synthetic.recorder import Recorder


@pytest.fixture(scope="session")
def made_set(tmp_path_factory) -> MadeSet:
    root = tmp_path_factory.mktemp("synthetic") / "set"
    seen: list[tuple[int, int]] = []
    generate(root, SETTINGS, progress=lambda done, total: seen.append((done, total)))
    return MadeSet(root, SETTINGS, tuple(seen))


@pytest.fixture(scope="session")
def recorder() -> Recorder:
    """Plans of the same seed, for what needs no pictures."""
    return Recorder(Path("nowhere"), version="v3", seed=SETTINGS.seed)
