"""An examination on disk is the examination: every number, also those that are none."""

import json
import math
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from doctor_examples import faulty_examination, healthy_examination

from core.doctor.check import Finding, Named, Outcome, Reading, Tier
from core.doctor.evidence import Bars, Overlay
from core.doctor.store import (
    FILE_NAME,
    DamagedExaminationError,
    finding_from_json,
    finding_to_json,
    read_examination,
    write_examination,
)


def assert_same(one: object, other: object) -> None:
    """Equal in every field and number; NaN is NaN; arrays by value and shape."""
    if isinstance(one, np.ndarray):
        np.testing.assert_array_equal(one, other)
    elif is_dataclass(one):
        assert type(one) is type(other)
        for field in fields(one):
            if field.compare:
                assert_same(getattr(one, field.name), getattr(other, field.name))
    elif isinstance(one, dict):
        assert list(one) == list(other)
        for key in one:
            assert_same(one[key], other[key])
    elif isinstance(one, tuple | list):
        assert len(one) == len(other)
        for item, its_twin in zip(one, other, strict=True):
            assert_same(item, its_twin)
    elif isinstance(one, float) and math.isnan(one):
        assert math.isnan(other)
    else:
        assert one == other and type(one) is type(other)


@pytest.mark.parametrize("make", [healthy_examination, faulty_examination])
def test_comes_back_as_it_was(make, tmp_path: Path):
    examination = replace(make(), overrides={"scale.ratio": 1.1})
    write_examination(tmp_path / "new" / "folder", examination)
    assert_same(examination, read_examination(tmp_path / "new" / "folder"))


def test_the_file_is_strict_json(tmp_path: Path):
    path = write_examination(tmp_path, faulty_examination())

    def refuse(constant: str):
        raise AssertionError(f"{constant} is no JSON")

    json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)


def test_numbers_that_are_none_and_awkward_ones(tmp_path: Path):
    awkward = [math.nan, math.inf, -math.inf, 0.1 + 0.2, 5e-324, -0.0, float(np.float32(0.1))]
    finding = Finding(
        check="scale",
        tier=Tier.SECONDS,
        outcome=Outcome(
            readings=tuple(Reading(quantity="x", value=value) for value in awkward),
            named=(
                Named(
                    cause="joints_in_metres",
                    numbers={
                        "nothing": math.nan,
                        "word": "inf",
                        "none": None,
                        "numpy": np.float32(0.1),
                        "count": np.int64(3),
                        "yes": True,
                    },
                ),
            ),
            evidence=(Bars(title="t", labels=("a",) * len(awkward), values=np.array(awkward)),),
        ),
    )
    text = json.dumps(finding_to_json(finding, tmp_path), allow_nan=False)
    back = finding_from_json(json.loads(text), tmp_path)
    assert_same(
        [r.value for r in finding.outcome.readings], [r.value for r in back.outcome.readings]
    )
    assert math.copysign(1, back.outcome.readings[5].value) == -1
    assert_same(finding.outcome.evidence, back.outcome.evidence)
    numbers = back.outcome.named[0].numbers
    assert math.isnan(numbers["nothing"])
    assert numbers["word"] == "inf" and numbers["none"] is None and numbers["yes"] is True
    assert numbers["numpy"] == float(np.float32(0.1)) and numbers["count"] == 3


def test_nothing_is_stored_that_cannot_be_read_back(tmp_path: Path):
    finding = faulty_examination().findings[2]
    odd = replace(finding.outcome.named[0], numbers={"what": object()})
    with pytest.raises(TypeError, match="object"):
        finding_to_json(replace(finding, outcome=replace(finding.outcome, named=(odd,))), tmp_path)


def test_a_picture_must_be_rgb_bytes(tmp_path: Path):
    overlay = Overlay(title="t", sample="s", image=np.zeros((4, 4, 3)), skeletons_px={})
    outcome = Outcome(readings=(Reading(quantity="x", value=1.0),), evidence=(overlay,))
    with pytest.raises(ValueError, match="uint8"):
        finding_to_json(Finding(check="c", tier=Tier.SECONDS, outcome=outcome), tmp_path)


def _damage(folder: Path, change) -> None:
    data = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    change(data)
    (folder / FILE_NAME).write_text(json.dumps(data), encoding="utf-8")


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.pop("subject"),
        lambda data: data.update(format=2),
        lambda data: data.update(findings=3),
        lambda data: data["findings"][1].update(tier="weeks"),
        lambda data: data["findings"][2]["readings"][0].update(value="many"),
        lambda data: data["findings"][2]["readings"][0].update(value=True),
        lambda data: data["findings"][3]["evidence"][0].update(kind="film"),
        lambda data: data["findings"][3]["evidence"][0].update(image="../../secret.png"),
        lambda data: data["findings"][3]["evidence"][0]["skeletons_px"].update(label=[[1, 2], [3]]),
        lambda data: data["findings"][2].update(readings=[], reason=""),
        lambda data: data["causes"][0].update(explains="scale"),
    ],
)
def test_damaged_content_names_the_file(change, tmp_path: Path):
    write_examination(tmp_path, faulty_examination())
    _damage(tmp_path, change)
    with pytest.raises(DamagedExaminationError, match=FILE_NAME):
        read_examination(tmp_path)


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_file_names_itself(content: bytes, tmp_path: Path):
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(DamagedExaminationError, match=FILE_NAME):
        read_examination(tmp_path)


def test_missing_files_are_named(tmp_path: Path):
    with pytest.raises(DamagedExaminationError, match=FILE_NAME):
        read_examination(tmp_path)
    write_examination(tmp_path, faulty_examination())
    (tmp_path / "evidence" / "reprojection_0.png").unlink()
    with pytest.raises(DamagedExaminationError, match="reprojection_0"):
        read_examination(tmp_path)


def test_a_broken_picture_is_named(tmp_path: Path):
    write_examination(tmp_path, faulty_examination())
    (tmp_path / "evidence" / "reprojection_0.png").write_bytes(b"\x89PNG\r\n")
    with pytest.raises(DamagedExaminationError, match="reprojection_0"):
        read_examination(tmp_path)
