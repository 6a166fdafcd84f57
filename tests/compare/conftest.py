"""Evaluations of numbers alone, and the theme they are looked at in."""

from pathlib import Path

import pytest
from support_compare import made_up, row_names, write_evaluation

from core.evaluation.store import Evaluation
from utnet_viewer.style import load_fonts
from utnet_viewer.theme import Theme

COUNT = 60


@pytest.fixture(scope="session")
def fonts(qapp):
    qapp.setStyle("Fusion")
    load_fonts()


@pytest.fixture
def theme(fonts) -> Theme:
    return Theme()


@pytest.fixture(scope="session")
def evaluations(tmp_path_factory) -> tuple[Evaluation, Evaluation, Evaluation]:
    """Sixty frames of three sequences: a baseline, one about 2 mm better, one about 1 mm worse."""
    root: Path = tmp_path_factory.mktemp("evaluations")
    names = row_names(COUNT)
    made = (("baseline", 1, 2.0), ("better", 2, 0.0), ("worse", 3, 3.0))
    return tuple(
        write_evaluation(root, name, made_up(COUNT, seed=seed, offset_mm=offset_mm), names=names)
        for name, seed, offset_mm in made
    )
