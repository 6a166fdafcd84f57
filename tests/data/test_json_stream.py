"""Long JSON lists are cut into rows as they stream by, and what is no such list is named."""

import json
import tracemalloc

import numpy as np
import pytest

from core.data.json_stream import JsonStreamError, RowStream, parse_numbers

ROWS = [[1.5, -2], [[3, 4], [5, 6e-3]], [], [7]]


def rows_of(text: str, *, level: int, block: int = 5):
    content = text.encode()
    blocks = (content[at : at + block] for at in range(0, len(content), block))
    return list(RowStream("file", level=level, longest=200).rows(blocks))


@pytest.mark.parametrize("indent", [None, 3])
@pytest.mark.parametrize("block", [1, 2, 7, 1000])
def test_rows_come_out_whole_wherever_blocks_are_cut(block, indent):
    rows = rows_of(json.dumps(ROWS, indent=indent), level=2, block=block)
    assert [json.loads(row.text) for row in rows] == ROWS
    assert [row.number for row in rows] == [0, 1, 2, 3]
    nested = rows_of(json.dumps([ROWS, ROWS[:2]], indent=indent), level=3, block=block)
    assert [json.loads(row.text) for row in nested] == ROWS + ROWS[:2]
    assert [row.list_number for row in nested] == [0, 0, 0, 0, 1, 1]


@pytest.mark.parametrize("block", [1, 1000])
@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "not a list"),
        ("{}", "something else"),
        ("[[1]", "cut off after 4 bytes, behind 1 whole"),
        ("[[1", "behind 0 whole"),
        ("[[1]]]", "between its entries"),
        ("[[1]] 2", "between its entries"),
        ("[[1] [2]]", "between its entries"),
        ("[[1],,[2]]", "between its entries"),
        ("[-[1]]", "between its entries"),
        ("[[1], 2]", "something else"),
        ('["a", [2]]', "something else"),
        ("[null, [2]]", "null"),
        ("[[" + "1," * 300 + "1]]", "entry 0 has over 200 bytes"),
    ],
)
def test_what_is_no_list_of_arrays(text, word, block):
    with pytest.raises(JsonStreamError, match=f"file: .*{word}"):
        rows_of(text, level=2, block=block)


def test_lists_of_lists_are_told_from_lists():
    with pytest.raises(JsonStreamError, match="something else"):
        rows_of("[1, [[2]]]", level=3)


def test_a_long_stream_takes_no_memory_to_speak_of():
    row = json.dumps([[0.123456789] * 3] * 778).encode()
    blocks = (b"[" + row if number == 0 else b"," + row for number in range(1000))
    stream = RowStream("file", level=2, longest=len(row))
    tracemalloc.start()
    try:
        with pytest.raises(JsonStreamError, match="cut off"):
            for count, found in enumerate(stream.rows(blocks)):
                assert found == (0, count, row)
        assert count == 999
        assert tracemalloc.get_traced_memory()[1] < 10 * len(row)  # of 1000
    finally:
        tracemalloc.stop()


def test_endless_text_between_the_rows_is_not_kept():
    blocks = (b"[[1]," if number == 0 else b" " * 2**20 for number in range(10**9))
    with pytest.raises(JsonStreamError, match="no list of arrays"):
        list(RowStream("file", level=2, longest=100).rows(blocks))


def test_numbers_are_parsed_exactly():
    values = np.random.default_rng(0).normal(size=(4, 3)) * 10.0 ** np.arange(-6, 6, 4)
    text = json.dumps(values.tolist()).encode()
    np.testing.assert_array_equal(parse_numbers(text, (4, 3), name="row"), values)


def test_not_a_number_and_infinity_are_read_as_they_stand_there():
    found = parse_numbers(b"[[NaN, Infinity], [-Infinity, 1e999]]", (2, 2), name="row")
    np.testing.assert_array_equal(found, [[np.nan, np.inf], [-np.inf, np.inf]])


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (b'["1", 2]', "no number"),
        (b"[null, 2]", "no number"),
        (b"[true, 2]", "no number"),
        (b"[1, 2, 3]", "3, not 2"),
        (b"[[1, 2]]", "1 × 2, not 2"),
        (b"[1, [2]]", "differ in length"),
        (b"[1 2]", "not JSON"),
        (b"[1, 2", "not JSON"),
        (b"[01, 2]", "not JSON"),
        (b"[1.]", "not JSON"),
        (b"[NaNN, 1]", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"7", "a single number, not 2"),
        (b"[1" + b"0" * 400 + b", 2]", ""),
    ],
)
def test_what_is_no_array_of_this_shape(text, word):
    with pytest.raises(JsonStreamError, match=f"row: .*{word}"):
        parse_numbers(text, (2,), name="row")
