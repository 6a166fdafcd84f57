"""Somebody else's pipeline through the documented example adapter, healthy and with a fault."""

import sys
from pathlib import Path

import pytest

from core.doctor.adapter import AdapterError, load_adapter
from core.doctor.check import Tier, Verdict
from core.doctor.registry import CHECKS
from core.doctor.runner import examine

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@pytest.fixture
def examples(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    yield
    for name in ("my_adapter", "someones_repository"):
        sys.modules.pop(name, None)


def test_the_example_is_healthy_and_what_it_lacks_is_not_tested(examples):
    examination = examine(load_adapter("my_adapter:subject"), CHECKS, tier=Tier.SECONDS)
    assert [cause.named.cause for cause in examination.causes] == []
    by_id = {finding.check: finding for finding in examination.findings}
    assert by_id["targets"].verdict is Verdict.PASS
    assert by_id["augmentation"].outcome.reason == "missing"


def test_a_fault_in_someones_own_dataset_is_named_first(examples, monkeypatch):
    import someones_repository

    read = someones_repository.HandDataset.__getitem__

    def in_decimetres(self, number):
        row = read(self, number)
        return {**row, "xyz_cm": row["xyz_cm"] / 10}  # decimetres, believed to be centimetres

    monkeypatch.setattr(someones_repository.HandDataset, "__getitem__", in_decimetres)
    examination = examine(load_adapter("my_adapter:subject"), CHECKS, tier=Tier.SECONDS)
    assert examination.causes[0].named.cause == "joints_in_centimetres"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("my_adapter", "package.module:factory"),
        ("my_adapter:a.b", "package.module:factory"),
        ("no_such_module:subject", "cannot be imported"),
        ("my_adapter:no_such", "has no no_such"),
        ("my_adapter:as_sample", "failed"),
        ("my_adapter:RATE", "failed"),
        ("my_adapter:TheirNetwork", "must return"),
    ],
)
def test_an_adapter_that_cannot_be_used_says_why(examples, text, said):
    with pytest.raises(AdapterError, match=said):
        load_adapter(text)
