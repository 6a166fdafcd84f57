"""TensorBoard's files, read back by hand from their published format."""

import errno
import os
import struct

import pytest

from core.events import ValidationEvent
from core.files.durable import DiskFullError
from core.training.tensorboard import TensorboardWriter

ROW = {"time_s": 1000.5, "loss": 2.5, "learning_rate": 1e-3, "raw/joints_3d": 0.75}


def crc32c_masked(content: bytes) -> int:
    """CRC-32C (RFC 3720, polynomial 0x1EDC6F41 reflected), masked as TFRecord does it."""
    crc = 0xFFFFFFFF
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(path) -> list[bytes]:
    """TFRecords: length, its checksum, content, its checksum."""
    raw, found = path.read_bytes(), []
    while raw:
        (length,) = struct.unpack_from("<Q", raw)
        content = raw[12 : 12 + length]
        assert struct.unpack_from("<I", raw, 8)[0] == crc32c_masked(raw[:8])
        assert struct.unpack_from("<I", raw, 12 + length)[0] == crc32c_masked(content)
        found.append(content)
        raw = raw[16 + length :]
    return found


def varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (raw[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if raw[at - 1] < 0x80:
            return value, at


def fields(raw: bytes) -> list[tuple[int, object]]:
    """(field number, value) of a protocol buffer."""
    at, found = 0, []
    while at < len(raw):
        key, at = varint(raw, at)
        if key & 7 == 0:
            value, at = varint(raw, at)
        else:
            size = {1: 8, 5: 4}.get(key & 7)
            if size is None:
                size, at = varint(raw, at)
            value, at = raw[at : at + size], at + size
        found.append((key >> 3, value))
    return found


def scalars(path) -> list[tuple[int, float, str, float]]:
    """(step, wall time, tag, value): Event has wall_time 1, step 2, summary 5."""
    found = []
    for record in records(path):
        event = dict(fields(record))
        for number, value in fields(event.get(5, b"")):
            assert number == 1
            entry = dict(fields(value))
            (time_s,) = struct.unpack("<d", event[1])
            (scalar,) = struct.unpack("<f", entry[2])
            found.append((event.get(2, 0), time_s, entry[1].decode(), scalar))
    return found


def only_file(folder):
    (path,) = folder.iterdir()
    assert ".tfevents." in path.name
    return path


def test_every_so_many_steps_the_row_is_there_under_its_columns_names(tmp_path):
    writer = TensorboardWriter(tmp_path, every_steps=10)
    for step in range(1, 31):
        writer.step({"step": step, **ROW, "loss": step / 4})
    writer.close()
    read = scalars(only_file(tmp_path))
    assert [(s, v) for s, _, tag, v in read if tag == "loss"] == [
        (1, 0.25),
        (10, 2.5),
        (20, 5.0),
        (30, 7.5),
    ]
    assert {tag for _, _, tag, _ in read} == {"loss", "learning_rate", "raw/joints_3d"}
    assert {time_s for _, time_s, _, _ in read} == {1000.5}


def test_a_validation_is_there_as_soon_as_it_is_done(tmp_path):
    writer = TensorboardWriter(tmp_path)
    metrics = {"mpjpe_mm": 12.5, "auc": float("nan")}
    writer.validation(ValidationEvent(step=40, epoch=2, metrics=metrics, time=7.0))
    assert scalars(only_file(tmp_path)) == [(40, 7.0, "validation/mpjpe_mm", 12.5)]
    writer.close()


def test_a_resumed_run_tells_tensorboard_what_to_forget(tmp_path):
    writer = TensorboardWriter(tmp_path)
    writer.resumed(500)
    (_, start) = records(only_file(tmp_path))
    writer.close()
    event = dict(fields(start))
    assert event[2] == 501
    assert dict(fields(event[7])) == {1: 1}  # session_log: status START


def test_a_full_disk_is_a_typed_error(tmp_path, monkeypatch):
    writer = TensorboardWriter(tmp_path)

    def no_room():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(writer._writer, "flush", no_room)
    with pytest.raises(DiskFullError):
        writer.validation(ValidationEvent(step=1, epoch=1, metrics={"auc": 1.0}))
    monkeypatch.undo()
    writer.close()
