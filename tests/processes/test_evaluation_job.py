"""What an evaluation says, line by line."""

import math
from pathlib import Path

import pytest

from utnet_viewer.processes.evaluation_job import (
    EvaluationJob,
    Finished,
    Progressed,
    Started,
    read_line,
)
from utnet_viewer.processes.lines import UnreadableLineError


def test_lines_are_read():
    assert read_line(b'{"event": "started", "folder": "/e", "total": 9, "done": 2}') == Started(
        Path("/e"), 9, 2
    )
    line = b'{"event": "progress", "done": 3, "total": 9, "rate": 1.5, "eta_s": 4}'
    assert read_line(line) == Progressed(3, 9, 1.5, 4.0)
    assert read_line(b'{"event": "finished", "folder": "/e", "summary": {}}') == Finished(
        Path("/e")
    )


def test_what_is_not_known_yet_is_not_a_number():
    line = read_line(b'{"event": "progress", "done": 0, "total": 9, "rate": 0.0, "eta_s": null}')
    assert math.isnan(line.eta_s)


@pytest.mark.parametrize(
    "raw",
    [b"hello", b"[]", b'{"event": "what"}', b'{"event": "started"}', b"[" * 9999, b"\xff"],
)
def test_anything_else_is_none_of_its_lines(raw):
    with pytest.raises(UnreadableLineError):
        read_line(raw)


def test_utnet_itself_is_what_is_started(qtbot, tmp_path):
    """The real command, which sees that there is no dataset."""
    job = EvaluationJob()
    with qtbot.waitSignal(job.failed, timeout=60_000) as told:
        job.start([str(tmp_path), "--split", "train", "--device", "cpu"])
    sentence, details = told.args
    assert str(tmp_path) in sentence and "evaluate" in details and "--progress" in details
    job.end()
