"""The language that picks frames: against a row-by-row evaluation, and against any input."""

import contextlib
import operator
import time

import numpy as np
import pytest
from filter_table import SmallTable, glob_fits
from hypothesis import given, settings
from hypothesis import strategies as st

from core.evaluation.frame_filter import DEEPEST_NESTING, LONGEST_TEXT, FilterError, parse
from core.evaluation.frame_filter_columns import COLUMNS
from core.evaluation.frame_filter_completion import completions

NAN = float("nan")


@pytest.fixture
def table() -> SmallTable:
    """Six frames of three sequences."""
    return SmallTable(
        sequences=["MC1", "MC1", "MC1", "MC2", "SS1", "SS1"],
        frames=["0009", "0100", "0101", "0009", "0500", "abc"],
        columns={
            "pa_mpjpe": [NAN, 12.5, NAN, 8.0, 4.0, 22.0],
            "px": [NAN, 3.0, NAN, 5.0, 9.0, 1.1],
            "joint.thumb_tip": [NAN, 25.0, 5.0, 30.0, 1.0, 2.0],
        },
        flags=[set(), {"bad", "blur"}, {"blur"}, set(), {"bad"}, set()],
        bad_rows=frozenset({3}),
    )


def rows(text: str, table: SmallTable) -> list[int]:
    return np.flatnonzero(parse(text).mask(table)).tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # What the filter understood before there were "or" and "not".
        ("", [0, 1, 2, 3, 4, 5]),
        ("seq:MC1", [0, 1, 2]),
        ("seq:MC*", [0, 1, 2, 3]),
        ("seq:MC? frame:0009", [0, 3]),
        ("frame>100", [2, 4]),
        ("frame >= 100", [1, 2, 4]),
        ("frame=9", [0, 3]),
        ("frame<10 and seq:MC2", [3]),
        ("pa>10", [1, 5]),
        ("PA<=12.5", [1, 3, 4]),
        ("px < 5", [1, 5]),
        ("unreadable", [3]),
        ("SS", [4, 5]),
        ("1/010", [1, 2]),
        ("SS1/*0", [4]),
        ("nothing", []),
        # Since then.
        ('pa_mpjpe > 10 and seq ~ "MC*" and joint.thumb_tip > 20 and flag = bad', [1]),
        ('pa_mpjpe > 5 and seq ~ "MC*" and (joint.thumb_tip > 20 or not flag = bad)', [1, 3]),
        ("pa > 10 or frame = abc", [1, 5]),
        ("pa > 10 mm", [1, 5]),
        ("px = 1.1", [5]),  # as it is stored, in single precision
        ("px != 1.1", [1, 3, 4]),
        ("not pa > 10", [0, 2, 3, 4]),
        ("not (unreadable or SS)", [0, 1, 2]),
        ("NOT not seq == SS1 OR frame ~ 01??", [1, 2, 4, 5]),
        ("seq != MC1 AND pa < 1e1", [3, 4]),
        ('"and"', []),
        ("flag ~ b* and not flag=bad", [2]),
        ("flag != bad", [0, 2, 3, 5]),
        ("MC1 or MC2 pa<10", [0, 1, 2, 3]),  # "and" binds more closely than "or"
        ("(MC1 or MC2) pa<10", [3]),
    ],
)
def test_filters(table, text, expected):
    assert rows(text, table) == expected


@pytest.mark.parametrize(
    ("text", "words", "where"),
    [
        ("pa>many", 'a number, not "many"', "many"),
        ("pa>", "needs a number after it", ""),
        ("size>3", 'no column is called "size"', "size"),
        ("seq:MC1 and pa_mjpe > 3", "pa_mpjpe", "pa_mjpe"),
        ("joint.thum_tip > 3", "nearest: joint.thumb_tip", "joint.thum_tip"),
        ("colour:red", "colour", "colour"),
        ("seq:", "seq:", ""),
        ("pa>1 or", "a condition is missing at the end", ""),
        ("or pa>1", 'missing before "or"', "or"),
        ("pa>1 and or px>2", 'missing before "or"', "or"),
        ("(seq:MC1", "not closed", "("),
        ("seq:MC1)", "closes nothing", ")"),
        ("()", 'missing before ")"', ")"),
        ("seq:'MC1", "not closed", "'MC1"),
        ("pa > 3,5", "decimals follow a point", "3,5"),
        ("pa > nan", "needs a number", "nan"),
        ("pa > 3 px", "pa_mpjpe is in mm, not in px", "px"),
        ("pa ~ 3", "such as pa_mpjpe > 10", "~"),
        ("seq > 3", "seq cannot be used", ">"),
        ("pa_mpjpe", "pa_mpjpe of what?", "pa_mpjpe"),
        ("pa>1 && px>2", 'write "and"', "&&"),
        ("pa>1 ! px>2", "! alone is not understood", "! px>2"),
        ("frame < abc", "frame cannot be used", "<"),
    ],
)
def test_what_is_not_understood_is_named_with_its_place(text, words, where):
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert words in str(caught.value)
    assert text[caught.value.start : caught.value.end] == where


@pytest.mark.parametrize("text", ["flag = bad", "px > 1 and not review ~ d*", "occlusion > 0.5"])
def test_a_column_that_the_table_lacks_is_told_with_the_reason(table, text):
    table.flags = None
    known = parse(text)  # it is a filter; only this table cannot answer it
    with pytest.raises(
        FilterError, match=r"no flags yet|no reviews yet|no occlusion here"
    ) as found:
        known.mask(table)
    assert text[found.value.start : found.value.end] in COLUMNS


# Against the same question asked of one row after the other.

SIGNS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}
NUMBERS = st.sampled_from([0.0, 1.5, 4.0, 8.0, 10.0, NAN])
SEQUENCES = st.sampled_from(["A", "AB", "B1", "C"])
GLOBS = st.text("AB1*?", min_size=1, max_size=4)


@st.composite
def tables(draw) -> SmallTable:
    count = draw(st.integers(0, 8))
    several = lambda one: draw(st.lists(one, min_size=count, max_size=count))
    return SmallTable(
        sequences=several(SEQUENCES),
        frames=several(st.sampled_from(["0", "01", "7", "x"])),
        columns={"pa_mpjpe": several(NUMBERS), "f5": several(NUMBERS)},
        flags=several(st.sets(st.sampled_from(["bad", "blur"]))),
        bad_rows=frozenset(draw(st.sets(st.integers(0, 7)))),
    )


def figure(name: str, sign: str, limit: float):
    return (
        f"{name} {sign} {limit}",
        lambda t, r: (
            t.columns[name][r] == t.columns[name][r] and SIGNS[sign](t.columns[name][r], limit)
        ),
    )


TERMS = st.one_of(
    st.builds(
        figure,
        st.sampled_from(["pa_mpjpe", "f5"]),
        st.sampled_from(list(SIGNS)),
        st.sampled_from([1.5, 4.0, 9.0]),
    ),
    SEQUENCES.map(lambda s: (f"seq = {s}", lambda t, r: t.sequences[r] == s)),
    GLOBS.map(lambda g: (f'seq ~ "{g}"', lambda t, r: glob_fits(g, t.sequences[r]))),
    st.just(("flag = bad", lambda t, r: "bad" in t.flags[r])),
    st.just(("unreadable", lambda t, r: r in t.bad_rows)),
    st.just(("B", lambda t, r: "B" in f"{t.sequences[r]}/{t.frames[r]}")),
)


def joined(parts) -> tuple:
    (a, is_a), word, (b, is_b) = parts
    if word == "or":
        return f"({a} or {b})", lambda t, r: is_a(t, r) or is_b(t, r)
    return f"({a}{word}{b})", lambda t, r: is_a(t, r) and is_b(t, r)


def negated(part) -> tuple:
    text, holds = part
    return f"not {text}", lambda t, r: not holds(t, r)


FILTERS = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        inner.map(negated),
        st.tuples(inner, st.sampled_from([" and ", "or", " ", " AND "]), inner).map(joined),
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=150)
@given(FILTERS, tables())
def test_it_is_what_it_says_of_every_row(made, table):
    text, holds = made
    expected = [bool(holds(table, row)) for row in range(len(table))]
    assert parse(text).mask(table).tolist() == expected


# Whatever is typed.

PIECES = st.sampled_from(
    [*"()<>=!~:\"'*?.,-& \t\n0a", "and", "or", "not", "pa", "seq", "flag", "joint.", "<=", "frame"]
)


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=25).map(" ".join)))
def test_no_input_raises_anything_but_a_filter_error(text):
    table = SmallTable(["A", "B"], ["0", "1"], {"pa_mpjpe": [1.0, NAN]}, [set(), {"bad"}])
    try:
        mask = parse(text).mask(table)
    except FilterError as error:
        assert 0 <= error.start <= error.end <= len(text) and str(error)
    else:
        assert mask.shape == (2,) and mask.dtype == bool
    for cursor in {0, len(text) // 2, len(text)}:
        for completion in completions(text, cursor, table=table):
            assert 0 <= completion.start <= cursor <= completion.end <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 1999,
        "not " * 499,
        "(" * 60 + "A" + ")" * 60,
        "a" * (LONGEST_TEXT + 1),
        "seq ~ '" + "*a" * 900 + "'",
        "*a" * 900 + "*b",
        "a or " * 390 + "a",
        '"' * 1999,
        "pa > 1" + "0" * 1900,
        "pa > " + "9" * 1900,
    ],
)
def test_nothing_hangs_or_recurses_without_bound(text):
    table = SmallTable(["a" * 200, "B"], ["0", "1"], {"pa_mpjpe": [1.0, NAN]})
    table.containing = lambda word, *, is_glob: np.zeros(2, bool)  # the brute force would hang
    began_s = time.process_time()
    with contextlib.suppress(FilterError):
        parse(text).mask(table)
    completions(text, len(text), table=table)
    assert time.process_time() - began_s < 5  # a hang, not a speed


def test_the_deepest_nesting_is_allowed_and_one_more_is_not(table):
    nested = lambda depth: "(" * depth + "SS" + ")" * depth
    assert rows(nested(DEEPEST_NESTING), table) == [4, 5]
    with pytest.raises(FilterError, match=str(DEEPEST_NESTING)):
        parse(nested(DEEPEST_NESTING + 1))


# What could be typed next.


def offered(text: str, table=None) -> list[str]:
    """Completions at the bar in the text, or at its end."""
    cursor = text.find("|") if "|" in text else len(text)
    return [c.text for c in completions(text.replace("|", ""), cursor, table=table)]


def test_completions_follow_what_may_come_next(table):
    assert offered("")[:2] == ["pa_mpjpe", "mpjpe"] and "joint." in offered("")
    assert offered("pa")[0] == "pa_mpjpe" and "pa_joint." in offered("pa")
    assert offered("thumb_t") == ["joint.thumb_tip", "pa_joint.thumb_tip", "px_joint.thumb_tip"]
    assert offered("pa_mpjpe ")[0] == ">" and "~" not in offered("pa_mpjpe ")
    assert offered("seq ") == ["=", "~", "!="]
    assert offered("seq = ", table) == ["MC1", "MC2", "SS1"]
    assert offered("seq ~ s", table) == ["SS1"]
    assert offered('flag = "b', table) == ["bad", "blur"]
    assert offered("pa > ") == []
    assert offered("pa > 10 ")[:2] == ["and", "or"]
    assert offered("pa > 10 and n")[:1] == ["note"]
    assert offered("not ")[0] == "pa_mpjpe"
    assert offered("pa_mpjpe") == []  # nothing more to say


def test_a_completion_takes_the_place_of_the_whole_word():
    text = "seq:MC1 and pa_j > 10"
    (first, *_) = completions(text, text.index("pa_j") + 2)
    assert text[first.start : first.end] == "pa_j"


def test_words_that_need_quotes_get_them(table):
    table.flags = [{"crop wrong", 'say "no"', "or"}, *[set()] * 5]
    assert offered("flag = ", table) == ['"crop wrong"', '"or"', "'say \"no\"'"]
    for word in offered("flag = ", table):
        assert rows(f"flag = {word}", table) == [0]
