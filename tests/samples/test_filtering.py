"""The filter on the samples list: its columns are those of the language."""

import numpy as np
import pytest

from core.evaluation.frame_filter import FilterError, parse
from core.evaluation.frame_filter_columns import COLUMNS, ManyWords
from utnet_viewer.samples.catalogue import Catalogue

NAMES = ["MC1/0009", "MC1/0100", "MC1/0101", "MC2/0009", "SS1/0500", "SS1/abc"]


@pytest.fixture
def catalogue() -> Catalogue:
    sequences, frames = zip(*(name.split("/") for name in NAMES), strict=True)
    catalogue = Catalogue.of_names(np.array(sequences), np.array(frames))
    catalogue.score(1, {"pa_mpjpe_mm": 12.5, "keypoint_error_px": 3.0})
    catalogue.score(4, {"pa_mpjpe_mm": 4.0, "keypoint_error_px": 9.0})
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
        ("MC?/01*", [1, 2]),
        ("*abc", [5]),
        ("pa>10 or seq=SS1", [1, 4, 5]),
        ("frame = abc", [5]),
        ("frame != abc and not pa > 0", [0, 2, 3]),
        ("nothing", []),
    ],
)
def test_terms(catalogue, text, rows):
    assert np.flatnonzero(parse(text).mask(catalogue)).tolist() == rows


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("flag = bad", "no flags yet"),
        ("note ~ *blur*", "no notes yet"),
        ("review = done", "no reviews yet"),
        ("state = failed", "evaluate this split first"),
        ("joint.thumb_tip > 20", "known once this split is evaluated"),
    ],
)
def test_what_is_not_there_yet_is_said(catalogue, text, why):
    with pytest.raises(FilterError, match=why):
        parse(text).mask(catalogue)


def test_columns_that_come_later_are_taken(catalogue):
    has = np.zeros((2, len(catalogue)), bool)
    has[0, [2, 4]] = True
    catalogue.more["flag"] = ManyWords(("bad", "blur"), has)
    assert np.flatnonzero(parse("flag = bad and not SS").mask(catalogue)).tolist() == [2]


def test_every_column_of_the_language_has_an_answer(catalogue):
    """Figures, words, or a reason; never another error."""
    for name, column in COLUMNS.items():
        try:
            parse(f"{name} = 1").mask(catalogue)
        except FilterError as error:
            assert "yet" in str(error) or "evaluate" in str(error), column
