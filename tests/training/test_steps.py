"""The table of steps: what is written is read, whatever happened to the files between."""

import json
import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.files.durable import DiskFullError
from core.training.steps import (
    BASE_COLUMNS,
    StepTable,
    StepTableError,
    StepWriter,
    columns_of,
    decimate,
)

COLUMNS = ("step", "time_s", "loss")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "steps.f64"


def write(path, *steps: float, loss: float = 1.0, columns=COLUMNS) -> None:
    writer = StepWriter(path, columns)
    for step in steps:
        writer.append({"step": step, "time_s": 1000.0 + step, "loss": loss})
    writer.close()


def test_a_table_is_raw_doubles_under_a_named_header(path):
    write(path, 1, 2, loss=0.25)
    assert json.loads(path.with_suffix(".json").read_text())["columns"] == list(COLUMNS)
    assert path.read_bytes() == struct.pack("<6d", 1, 1001, 0.25, 2, 1002, 0.25)
    table = StepTable.open(path)
    assert table.column("step").tolist() == [1, 2]
    assert table.column("time_s").tolist() == [1001, 1002]
    assert table.columns.last("loss") == 0.25


def test_columns_of_a_run_name_each_term_raw_and_weighted():
    columns = columns_of(["joints_3d", "betas"])
    assert columns[: len(BASE_COLUMNS)] == BASE_COLUMNS
    assert columns[len(BASE_COLUMNS) :] == (
        "raw/joints_3d",
        "raw/betas",
        "weighted/joints_3d",
        "weighted/betas",
    )


def test_a_refresh_reads_only_new_rows(path):
    table = StepTable.open(path)
    assert (len(table), table.columns.names) == (0, ())
    assert not table.refresh()
    write(path, 1, 2)
    assert table.refresh()
    path.write_bytes(b"\xff" * 48)  # what was read is not read again
    write(path, 3)
    assert table.refresh()
    assert table.column("step").tolist() == [1, 2, 3]
    assert not table.refresh()


def test_half_a_row_is_waited_for(path):
    write(path, 1, 2)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    table = StepTable.open(path)
    assert table.column("step").tolist() == [1]
    path.write_bytes(whole)
    assert table.refresh()
    assert table.column("step").tolist() == [1, 2]


def test_half_a_row_of_a_killed_writer_is_cut_off_by_the_next(path):
    write(path, 1, 2)
    with path.open("ab") as file:
        file.write(b"\x01" * 13)
    table = StepTable.open(path)
    write(path, 3)
    assert table.refresh()
    assert table.column("step").tolist() == [1, 2, 3]


@given(st.lists(st.lists(st.integers(0, 40), max_size=12), max_size=6))
def test_rewound_rows_are_dropped_as_a_plain_loop_drops_them(tmp_path_factory, pieces):
    path = tmp_path_factory.mktemp("steps") / "steps.f64"
    table, expected, number = StepTable(path), [], 0.0
    for piece in pieces:
        writer = StepWriter(path, COLUMNS)
        for step in piece:
            number += 1
            expected = [row for row in expected if row[0] < step] + [(step, number)]
            writer.append({"step": step, "time_s": 1.0, "loss": number})
        writer.close()
        table.refresh()
    read = list(zip(table.column("step"), table.column("loss"), strict=True)) if expected else []
    assert read == expected
    assert table.damaged_rows == 0


def test_a_snapshot_stays_as_it_was_when_the_run_is_rewound(path):
    write(path, *range(1, 11), loss=1.0)
    table = StepTable.open(path)
    before = table.columns
    write(path, 5, 6, loss=2.0)
    table.refresh()
    assert before.column("step").tolist() == list(range(1, 11))
    assert before.column("loss").tolist() == [1.0] * 10
    assert table.column("step").tolist() == [1, 2, 3, 4, 5, 6]
    assert table.column("loss").tolist() == [1, 1, 1, 1, 2, 2]
    with pytest.raises(ValueError, match="read-only"):
        before.column("loss")[0] = 5


def test_a_snapshot_stays_as_it_was_when_the_table_outgrows_its_buffer(path):
    write(path, *range(1, 1001))
    table = StepTable.open(path)
    before = table.columns
    write(path, *range(1001, 9001), loss=3.0)
    table.refresh()
    assert len(before) == 1000
    assert before.column("step").tolist() == list(range(1, 1001))
    assert table.column("step").tolist() == list(range(1, 9001))


@pytest.mark.parametrize(
    "row",
    [
        (0.0, 0.0, 0.0),  # a block that the file system never wrote
        (math.nan, 1.0, 1.0),
        (math.inf, 1.0, 1.0),
        (-3.0, 1.0, 1.0),
        (2.5, 1.0, 1.0),
    ],
)
def test_a_damaged_row_is_counted_and_left_out(path, row):
    write(path, 1, 2)
    with path.open("ab") as file:
        file.write(struct.pack("<3d", *row))
    write(path, 3)
    table = StepTable.open(path)
    assert table.column("step").tolist() == [1, 2, 3]
    assert table.damaged_rows == 1


def test_losses_that_are_not_finite_are_kept(path):
    write(path, 1, loss=math.nan)
    write(path, 2, loss=math.inf)
    loss = StepTable.open(path).column("loss")
    assert math.isnan(loss[0])
    assert math.isinf(loss[1])


def test_rows_without_a_header_are_named(path):
    write(path, 1, 2)
    header = path.with_suffix(".json")
    header.unlink()
    with pytest.raises(StepTableError, match=r"steps\.json.*missing"):
        StepTable.open(path)
    with pytest.raises(StepTableError, match=r"steps\.json.*missing"):
        StepWriter(path, COLUMNS)


@pytest.mark.parametrize("header", ["", "{", "[]", '{"columns": []}', '{"columns": ["loss", 3]}'])
def test_a_header_that_is_none_is_named(path, header):
    write(path, 1)
    path.with_suffix(".json").write_text(header)
    with pytest.raises(StepTableError, match=r"steps\.json"):
        StepTable.open(path)


def test_a_table_is_continued_only_with_its_own_columns(path):
    write(path, 1)
    with pytest.raises(StepTableError, match="raw/betas"):
        StepWriter(path, (*COLUMNS, "raw/betas"))
    with pytest.raises(StepTableError, match="order"):
        StepWriter(path, ("step", "loss", "time_s"))
    assert StepTable.open(path).column("step").tolist() == [1]


def test_a_row_must_name_every_column_and_no_other(path):
    writer = StepWriter(path, COLUMNS)
    with pytest.raises(ValueError, match=r"missing.*loss.*unknown.*lose"):
        writer.append({"step": 1, "time_s": 1, "lose": 1})
    writer.close()
    assert path.read_bytes() == b""


def test_another_table_in_its_place_is_read_from_its_start(path):
    write(path, *range(1, 6))
    table = StepTable.open(path)
    path.unlink()
    write(path, 1, 2, loss=9.0)
    table.refresh()
    assert table.column("loss").tolist() == [9.0, 9.0]


def test_a_full_disk_is_named_and_leaves_whole_rows(path, monkeypatch):
    import errno
    import os

    writer = StepWriter(path, COLUMNS)
    row = {"step": 1, "time_s": 1, "loss": 1}
    writer.append(row)
    real_write, room = os.write, [10]

    def write_until_full(descriptor: int, content: bytes) -> int:
        if room[0] == 0:
            raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))
        taken = min(room[0], len(content))
        room[0] -= taken
        return real_write(descriptor, content[:taken])

    monkeypatch.setattr(os, "write", write_until_full)
    with pytest.raises(DiskFullError, match=r"steps\.f64"):
        writer.append({**row, "step": 2})
    assert StepTable.open(path).column("step").tolist() == [1]
    room[0] = 1000
    writer.append({**row, "step": 2})
    writer.close()
    assert StepTable.open(path).column("step").tolist() == [1, 2]


def kept_by_a_plain_loop(y, points: int) -> list[int]:
    """Which points `decimate` keeps, one at a time."""
    if len(y) <= points:
        return list(range(len(y)))
    width = math.ceil(len(y) / ((points - 2) // 2))
    kept = {0, len(y) - 1}
    for start in range(0, len(y), width):
        places = [i for i in range(start, min(start + width, len(y))) if not math.isnan(y[i])]
        places = places or [start]
        kept |= {min(places, key=lambda i: y[i]), max(places, key=lambda i: y[i])}
    return sorted(kept)


@given(
    st.lists(st.floats(-100, 100) | st.just(math.nan), max_size=300),
    st.integers(4, 60),
)
def test_decimation_keeps_what_a_plain_loop_keeps(values, points):
    x, y = np.arange(len(values)) * 3.0, np.array(values)
    thin_x, thin_y = decimate(x, y, points)
    expected = kept_by_a_plain_loop(values, points)
    assert thin_x.tolist() == [3.0 * place for place in expected]
    assert np.array_equal(thin_y, y[expected], equal_nan=True)
    assert len(thin_y) <= max(points, 4)


def test_decimation_keeps_a_single_spike_among_many():
    y = np.zeros(100_003)
    y[77_777] = 5.0
    x, thin = decimate(np.arange(len(y)), y, 1000)
    assert x[thin.argmax()] == 77_777
    assert (x[0], x[-1]) == (0, 100_002)


def test_decimation_to_almost_nothing_is_refused():
    with pytest.raises(ValueError, match="too few"):
        decimate(np.arange(9), np.arange(9), 3)
