"""The form's view of a configuration."""

import re

import pytest

from core.training.config import TrainingConfig, fields
from core.training.config_fields import expected, flat_values
from core.training.presets import preset

FIELDS = {field.key: field for field in fields(TrainingConfig())}


def test_sections_come_in_the_order_of_the_form():
    sections = list(dict.fromkeys(field.section for field in FIELDS.values()))
    assert sections == [
        "Run",
        "Data",
        "Optimisation",
        "Loss weights",
        "Network",
        "Augmentation",
        "Doctor",
    ]


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_every_field_can_be_understood(field):
    assert re.match(r"[A-Z0-9]", field.title)
    assert "_" not in field.title
    # One sentence that says more than the title.
    assert re.fullmatch(r"[A-Z0-9\"][^\n]{15,180}\.", field.help), field.help
    assert ". " not in field.help
    assert field.kind != "choice" or field.default in field.choices
    if field.optional:
        assert field.when_empty, "what does null stand for?"
    if field.minimum is not None and field.default is not None:
        assert field.default >= field.minimum
    assert field.key.split(".")[-1].split("_")[-1] != "steps" or field.unit == "steps"


def test_limits_are_those_that_are_checked():
    rate = FIELDS["optimisation.learning_rate"]
    assert (rate.minimum, rate.exclusive_minimum, rate.maximum) == (0, True, 1)
    assert expected(rate) == "a number above 0 and at most 1"
    drop = FIELDS["network.drop_path"]
    assert (drop.maximum, drop.exclusive_maximum) == (1, True)
    assert expected(FIELDS["network.token_width"]) == (
        "a whole number from 64 to 4096, a multiple of 64, or null"
    )
    assert expected(FIELDS["data.in_memory"]) == "true or false"
    assert FIELDS["data.dataset"].kind == "folder"
    assert FIELDS["run.start_from"].kind == "file"
    assert FIELDS["augmentation.rotation_degrees"].unit == "°"
    assert FIELDS["network.rotation"].choices == ("6d", "axis_angle")


def test_fields_carry_the_value_and_the_default():
    field = {f.key: f for f in fields(preset("overfit"))}["run.steps"]
    assert (field.value, field.default) == (400, None)
    assert {f.key: f.value for f in fields(preset("overfit"))} == flat_values(preset("overfit"))
