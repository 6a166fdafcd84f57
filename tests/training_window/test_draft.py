"""The configuration while it is being written: texts, problems, changes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.training.config import fields, parse_config, to_yaml
from core.training.presets import preset, preset_names
from utnet_viewer.training.draft import Draft
from utnet_viewer.training.field_text import read_value, show_value


@pytest.fixture
def draft() -> Draft:
    return Draft(preset("demo"), "demo")


@pytest.mark.parametrize("name", preset_names())
def test_every_value_of_every_preset_is_read_back_as_it_is_shown(name):
    for info in fields(preset(name)):
        assert read_value(info, show_value(info.value)) == info.value, info.key
        assert type(read_value(info, show_value(info.value))) is type(info.value), info.key


@given(st.floats(min_value=0, allow_infinity=False, allow_nan=False))
def test_numbers_lose_nothing_between_screen_and_configuration(number):
    rate = next(i for i in fields(preset("demo")) if i.key == "optimisation.learning_rate")
    assert read_value(rate, show_value(number)) == number


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (3e-4, "3e-4"),
        (2.5e-5, "2.5e-5"),
        (0.05, "0.05"),
        (1e-3, "1e-3"),
        (1.0, "1.0"),
        (500.0, "500"),
    ],
)
def test_numbers_are_shown_as_the_field_writes_them(value, shown):
    assert show_value(value) == shown


@pytest.mark.parametrize("text", ["12 000", "12,000", "12_000", "12000", "1.2e4"])
def test_whole_numbers_are_understood_however_they_are_grouped(text):
    steps = next(i for i in fields(preset("demo")) if i.key == "run.steps")
    assert read_value(steps, text) == 12000


def test_a_fresh_draft_is_its_baseline(draft):
    checked = draft.check()
    assert checked.config == preset("demo") and checked.changed == () and checked.problems == {}


def test_what_is_typed_becomes_the_configuration(draft):
    draft.set_text("optimisation.learning_rate", "2e-3")
    draft.set_text("augmentation.enabled", "no")
    checked = draft.check()
    assert checked.config.optimisation.learning_rate == 2e-3
    assert checked.config.augmentation.enabled is False
    assert checked.changed == ("optimisation.learning_rate", "augmentation.enabled")


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("optimisation.batch_size", "abc", "whole number"),
        ("optimisation.batch_size", "0", "from 1 to"),
        ("optimisation.batch_size", "1.5", "whole number"),
        ("optimisation.batch_size", "", "whole number"),
        ("optimisation.layer_decay", "2", "at most 1"),
        ("data.dataset", "/no/such/folder", "no such folder"),
        ("run.start_from", "/no/such/file", "no such file"),
        ("optimisation.warmup_steps", "600", "shorter than the run"),
        ("name", "a/b", "folder"),
    ],
)
def test_what_cannot_be_used_is_told_at_its_key(draft, key, text, said):
    draft.set_text(key, text)
    checked = draft.check()
    assert checked.config is None
    assert list(checked.problems) == [key] and said in checked.problems[key]
    assert draft.text(key) == text  # nothing that was typed is lost


def test_every_wrong_value_is_told_at_once(draft):
    draft.set_text("optimisation.batch_size", "abc")
    draft.set_text("optimisation.beta1", "7")
    draft.set_text("loss.wrist", "-1")
    assert set(draft.check().problems) == {
        "optimisation.batch_size",
        "optimisation.beta1",
        "loss.wrist",
    }


def test_a_length_in_epochs_takes_the_place_of_one_in_steps(draft):
    draft.set_text("run.epochs", "3")
    config = draft.check().config
    assert (config.run.steps, config.run.epochs) == (None, 3)


def test_a_value_can_be_put_back(draft):
    draft.set_text("loss.wrist", "-1")
    draft.reset("loss.wrist")
    assert draft.check().changed == ()


def test_a_draft_survives_with_its_wrong_values(draft):
    draft.set_text("optimisation.batch_size", "abc")
    draft.set_text("loss.wrist", "4")
    kept = draft.to_text()
    other = Draft(preset("overfit"), "overfit")
    other.restore(kept)
    assert other.baseline_name == "demo"
    assert other.text("optimisation.batch_size") == "abc"
    assert other.check().changed == ("optimisation.batch_size", "loss.wrist")


def test_keys_of_another_version_are_left_out(draft):
    kept = json.loads(draft.to_text())
    kept["texts"]["loss.of_tomorrow"] = "3"
    draft.restore(json.dumps(kept))
    assert draft.check().config == preset("demo")


@pytest.mark.parametrize("kept", ["", "[]", "{}", '{"baseline": "x"}', "null"])
def test_a_kept_draft_that_is_damaged_is_refused(draft, kept):
    with pytest.raises(ValueError):
        draft.restore(kept)


def test_another_baseline_counts_the_changes_anew(draft):
    draft.set_text("loss.wrist", "4")
    config = draft.check().config
    draft.set_baseline(config, "mine")
    assert draft.check().changed == ()
    draft.set_baseline(preset("overfit"), "overfit")
    assert "loss.wrist" in draft.check().changed


def test_the_name_is_no_change(draft):
    draft.set_text("name", "another")
    checked = draft.check()
    assert checked.changed == () and checked.config.name == "another"
    assert parse_config(checked.config.model_dump(), source="test") == checked.config
    assert "another" in to_yaml(checked.config)
