"""The samples filter on a list of known rows."""

import re

import numpy as np
import pytest

from utnet_viewer.samples.catalogue import Catalogue
from utnet_viewer.samples.filtering import FilterError, filter_rows

NAMES = ["MC1/0009", "MC1/0100", "MC1/0101", "MC2/0009", "SS1/0500", "SS1/abc"]


@pytest.fixture
def catalogue() -> Catalogue:
    sequences, frames = zip(*(name.split("/") for name in NAMES), strict=True)
    catalogue = Catalogue.of_names(np.array(sequences), np.array(frames))
    catalogue.score(1, pa_mm=12.5, error_px=3.0)
    catalogue.score(4, pa_mm=4.0, error_px=9.0)
    catalogue.problems[3] = "the picture is missing"
    return catalogue


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", [0, 1, 2, 3, 4, 5]),
        ("seq:MC1", [0, 1, 2]),
        ("seq:MC*", [0, 1, 2, 3]),
        ("seq:MC? frame:0009", [0, 3]),
        ("frame>100", [2, 4]),
        ("frame >= 100", [1, 2, 4]),
        ("frame=9", [0, 3]),
        ("frame<10 and seq:MC2", [3]),
        ("pa>10", [1]),
        ("PA<=12.5", [1, 4]),
        ("px < 5", [1]),
        ("unreadable", [3]),
        ("SS", [4, 5]),
        ("1/010", [1, 2]),
        ("SS1/*0", [4]),
        ("nothing", []),
    ],
)
def test_terms(catalogue, text, rows):
    assert np.flatnonzero(filter_rows(text, catalogue)).tolist() == rows


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("pa>many", "many"),
        ("pa>", "number"),
        ("size>3", "size"),
        ("colour:red", "colour"),
        ("seq:", "seq:"),
        ("pa>1 or px>2", "or"),
        ("not unreadable", "not"),
        ("(seq:MC1)", "("),
    ],
)
def test_what_is_not_understood_is_named(catalogue, text, word):
    with pytest.raises(FilterError, match=re.escape(word)):
        filter_rows(text, catalogue)
