"""Events survive what happens to files: cut-off lines, damage, full disks, another version."""

import json
import math

import pytest

from core.events import (
    CheckpointEvent,
    ErrorEvent,
    EventReader,
    EventWriter,
    FinishedEvent,
    MarkEvent,
    PhaseEvent,
    ResumedEvent,
    SampleEvent,
    SharesEvent,
    StartedEvent,
    UnreadableEvent,
    UpdatesEvent,
    ValidationEvent,
    WarningEvent,
)
from core.files.durable import DiskFullError

EVERY_KIND = [
    PhaseEvent(step=1, phase="reading data"),
    StartedEvent(pid=7, host="h", device="cpu", total_steps=400, versions={"torch": "2"}),
    ResumedEvent(step=500),
    SharesEvent(step=3, shares={"keypoints_2d": 0.25, "joints_3d": 0.75}),
    UpdatesEvent(step=3, ratios={"backbone": 1e-3}),
    ValidationEvent(step=4, epoch=2, metrics={"mpjpe_mm": 12.5}, frames=9, seconds=0.5),
    SampleEvent(frame_id="S/0", file="samples/S.png", epoch=2, keypoints_px=((1.0, 2.0),) * 21),
    CheckpointEvent(file="checkpoints/best.safetensors", role="best"),
    WarningEvent(message="a label is missing"),
    MarkEvent(step=5, cause="divergence", numbers={"last": 9.5, "term": "joints_3d"}),
    ErrorEvent(code="out of memory", message="4 GB wanted", remedy="a smaller batch"),
    FinishedEvent(outcome="stopped"),
]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.jsonl"


def write(path, *events) -> None:
    writer = EventWriter(path)
    for event in events:
        writer.write(event)
    writer.close()


def steps(events) -> list[int]:
    return [event.step for event in events]


def without_nan(event) -> dict:
    values = vars(event).copy()
    if isinstance(event, SampleEvent):
        assert math.isnan(values.pop("error_px"))
    return values


def test_every_kind_comes_back_as_it_was(path):
    write(path, *EVERY_KIND)
    read = EventReader(path).refresh()
    assert [type(event) for event in read] == [type(event) for event in EVERY_KIND]
    assert [without_nan(event) for event in read] == [without_nan(event) for event in EVERY_KIND]


def test_lines_are_standard_json_with_time_kind_and_step(path):
    write(path, ValidationEvent(step=4, epoch=1, metrics={"mpjpe_mm": math.nan, "auc": math.inf}))
    (line,) = path.read_text().splitlines()
    fields = json.loads(line, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert {"time", "kind", "step"} <= fields.keys()
    assert fields["metrics"] == {"mpjpe_mm": None, "auc": None}
    (event,) = EventReader(path).refresh()
    assert math.isnan(event.metrics["mpjpe_mm"])


def test_a_refresh_gives_only_what_is_new(path):
    reader = EventReader(path)
    assert reader.refresh() == []  # no file yet
    write(path, WarningEvent(step=1, message="a"), WarningEvent(step=2, message="b"))
    assert steps(reader.refresh()) == [1, 2]
    assert reader.refresh() == []
    write(path, WarningEvent(step=3, message="c"))
    assert steps(reader.refresh()) == [3]


def test_a_line_still_being_written_is_waited_for(path):
    write(path, WarningEvent(step=1, message="a"))
    whole = path.read_bytes()
    reader = EventReader(path)
    for cut in range(1, len(whole)):
        path.write_bytes(whole + whole[:cut])
        assert steps(reader.refresh()) == ([1] if cut == 1 else [])
    path.write_bytes(whole + whole)
    assert steps(reader.refresh()) == [1]


def test_the_half_line_of_a_killed_writer_is_cut_off_by_the_next(path):
    write(path, WarningEvent(step=1, message="a"))
    with path.open("ab") as file:
        file.write(b'{"kind":"warning","step":2,"mess')
    reader = EventReader(path)
    assert steps(reader.refresh()) == [1]
    write(path, WarningEvent(step=3, message="c"))
    assert steps(reader.refresh()) == [3]
    assert steps(EventReader(path).refresh()) == [1, 3]


def test_a_file_of_one_half_line_is_begun_anew(path):
    path.write_bytes(b"{" * 3_000_000)
    write(path, WarningEvent(step=3, message="c"))
    assert steps(EventReader(path).refresh()) == [3]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (b"\x00" * 512, "JSON"),
        (b"\xff\xfe not a word", "JSON"),
        (b"", "JSON"),
        (b"[1, 2]", "object"),
        (b'{"kind": "holiday", "time": 1, "step": 2}', "holiday"),
        (b'{"kind": "warning", "time": 1, "step": 2}', "message"),
        (b'{"kind": "warning", "time": 1, "step": "soon", "message": "m"}', "step"),
        (b"[" * 100_000, "JSON"),
    ],
)
def test_a_damaged_line_is_reported_once_and_the_rest_is_read(path, damage, reason):
    write(path, WarningEvent(step=1, message="a"))
    with path.open("ab") as file:
        file.write(damage + b"\n")
    write(path, WarningEvent(step=3, message="c"))
    reader = EventReader(path)
    first, damaged, last = reader.refresh()
    assert (first.step, last.step) == (1, 3)
    assert isinstance(damaged, UnreadableEvent)
    assert damaged.line == 2
    assert reason in damaged.reason
    assert reader.refresh() == []


def test_megabytes_without_a_line_end_do_not_stop_the_reader(path):
    path.write_bytes(b"x" * (3 << 20) + b"\n")
    write(path, WarningEvent(step=3, message="c"))
    *damaged, last = EventReader(path).refresh()
    assert last.step == 3
    assert all(isinstance(event, UnreadableEvent) for event in damaged)


def test_what_a_newer_version_adds_to_an_event_is_left_aside(path):
    path.write_bytes(b'{"kind": "warning", "time": 1, "step": 2, "message": "m", "new": {}}\n')
    (event,) = EventReader(path).refresh()
    assert (event.message, event.step) == ("m", 2)


def test_a_long_file_is_read_in_parts(path, monkeypatch):
    monkeypatch.setattr("core.events._PIECE_BYTES", 200)
    write(path, *(WarningEvent(step=n, message="m" * 50) for n in range(20)))
    reader = EventReader(path)
    read, rounds = steps(reader.refresh(most_bytes=300)), 1
    assert 0 < len(read) < 20
    while reader.is_behind:
        read += steps(reader.refresh(most_bytes=300))
        rounds += 1
    assert read == list(range(20))
    assert rounds > 3


def test_a_line_longer_than_a_piece_is_whole(path, monkeypatch):
    monkeypatch.setattr("core.events._PIECE_BYTES", 50)
    write(path, WarningEvent(step=1, message="m" * 500), WarningEvent(step=2, message="n"))
    assert steps(EventReader(path).refresh()) == [1, 2]


def test_another_file_in_its_place_is_read_from_its_start(path):
    write(path, *(WarningEvent(step=n, message="m") for n in range(5)))
    reader = EventReader(path)
    reader.refresh()
    path.unlink()
    write(path, WarningEvent(step=9, message="m"))
    assert steps(reader.refresh()) == [9]


def test_an_event_that_no_reader_would_take_cannot_be_made():
    with pytest.raises(ValueError, match="phase"):
        PhaseEvent(phase="dreaming")
    with pytest.raises(ValueError, match="metrics"):
        ValidationEvent(epoch=1, metrics={"mpjpe_mm": "low"})


def test_a_full_disk_is_named_and_leaves_whole_lines(path, monkeypatch):
    import errno
    import os

    writer = EventWriter(path)
    writer.write(WarningEvent(step=1, message="a"))
    real_write, room = os.write, [10]

    def write_until_full(descriptor: int, content: bytes) -> int:
        if room[0] == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = min(room[0], len(content))
        room[0] -= taken
        return real_write(descriptor, content[:taken])

    monkeypatch.setattr(os, "write", write_until_full)
    with pytest.raises(DiskFullError, match=r"events\.jsonl") as raised:
        writer.write(WarningEvent(step=2, message="b"))
    assert "room" in raised.value.remedy
    room[0] = 10_000
    writer.write(WarningEvent(step=3, message="c"))
    writer.close()
    assert steps(EventReader(path).refresh()) == [1, 3]
