"""A checkpoint's card is read without torch, and damage is named."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from core.files.checkpoint_card import (
    CheckpointCard,
    CheckpointError,
    metadata_of,
    read_card,
    read_header,
)

CARD = CheckpointCard(
    name="UTNet tiny, demo",
    trained_on="100 synthetic frames",
    held_out={"mpjpe_mm": 21.5},
    training={"steps": 3000},
    notes="synthetic data only",
)


@pytest.fixture
def checkpoint(tmp_path) -> Path:
    path = tmp_path / "demo.safetensors"
    tensors = {"a": np.zeros((2, 3), np.float32), "b": np.zeros(4, np.float32)}
    save_file(tensors, path, metadata=metadata_of(CARD, {"size": "tiny"}, "stand-in"))
    return path


def test_card_and_header_come_back(checkpoint):
    assert read_card(checkpoint) == CARD
    header = read_header(checkpoint)
    assert header.config == {"size": "tiny"}
    assert header.hand_model == "stand-in"
    assert (header.tensor_count, header.parameter_count) == (2, 10)


def test_reading_a_card_needs_no_torch(checkpoint):
    code = (
        "import sys; from core.files.checkpoint_card import read_card; "
        f"print(read_card({str(checkpoint)!r}).name); print('torch' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root
    )
    assert run.stdout.split("\n")[:2] == [CARD.name, "False"]


@pytest.mark.parametrize("kept", [0, 4, 8, 100, -1])
def test_a_file_cut_short_is_named(checkpoint, kept):
    checkpoint.write_bytes(checkpoint.read_bytes()[:kept])
    with pytest.raises(CheckpointError, match=r"demo\.safetensors"):
        read_header(checkpoint)


def test_a_file_with_bytes_too_many_is_refused(checkpoint):
    checkpoint.write_bytes(checkpoint.read_bytes() + b"more")
    with pytest.raises(CheckpointError, match="promises"):
        read_header(checkpoint)


@pytest.mark.parametrize(
    "content",
    [
        b"no checkpoint at all, just text that goes on",
        b"\xff" * 64,
        b"\x02\0\0\0\0\0\0\0[]",
        b"\x02\0\0\0\0\0\0\0\xff\xff",
        b'\x0a\0\0\0\0\0\0\0{"a": "b"}',
        b'\x08\0\0\0\0\0\0\0{"a": 1}',
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\nq\x00.",
    ],
)
def test_garbage_is_refused(tmp_path, content):
    path = tmp_path / "garbage.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="garbage"):
        read_header(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_header(tmp_path / "none.safetensors")
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_header(tmp_path)


def test_another_programs_safetensors_is_told_apart(tmp_path):
    path = tmp_path / "foreign.safetensors"
    save_file({"a": np.zeros(3, np.float32)}, path)
    with pytest.raises(CheckpointError, match="without a UTNet configuration"):
        read_header(path)


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        ("config", "{", "damaged"),
        ("card", "[]", "damaged"),
        ("card", "{}", "damaged"),
        ("format_version", "two", "damaged"),
        ("format_version", "99", "newer"),
    ],
)
def test_a_damaged_or_newer_description_is_named(tmp_path, key, value, what):
    path = tmp_path / "odd.safetensors"
    metadata = metadata_of(CARD, {}, "stand-in") | {key: value}
    save_file({"a": np.zeros(3, np.float32)}, path, metadata=metadata)
    with pytest.raises(CheckpointError, match=what):
        read_header(path)


def test_fields_of_a_later_version_are_passed_over(tmp_path):
    path = tmp_path / "later.safetensors"
    metadata = metadata_of(CARD, {}, "stand-in")
    metadata["card"] = json.dumps(json.loads(metadata["card"]) | {"licence": "MIT"})
    save_file({"a": np.zeros(3, np.float32)}, path, metadata=metadata)
    assert read_card(path) == CARD


def test_a_header_of_lists_in_lists_without_end_is_named(tmp_path):
    path = tmp_path / "deep.safetensors"
    header = b"[" * 200_000
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(CheckpointError, match=r"deep\.safetensors.*no JSON"):
        read_header(path)
