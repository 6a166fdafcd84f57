"""The form's view of a configuration, and the presets."""

import re

import pytest

from core.training.config import ConfigError, TrainingConfig, differences, fields, load_config
from core.training.config_fields import expected, flat_values
from core.training.presets import named_config, preset, preset_description, preset_names

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


def test_presets_are_what_they_are_called():
    assert preset_names() == ("demo", "overfit", "base-rgbd", "huge-rgbd")
    for name in preset_names():
        assert preset(name).name == name
        assert 40 <= len(preset_description(name)) <= 110
        assert preset_description(name).endswith(".")
        assert 5 <= len(differences(preset(name), TrainingConfig())) <= 25


def test_the_overfit_preset_learns_and_measures_one_batch():
    config = preset("overfit")
    assert config.data.frames == config.data.validation_frames == config.optimisation.batch_size
    assert config.data.validation_split == config.data.split
    assert (config.network.preset.width, config.network.preset.depth) == (192, 4)
    assert not config.augmentation.enabled


def test_large_presets_can_take_vitpose_weights():
    for name, width, depth in (("base-rgbd", 768, 12), ("huge-rgbd", 1280, 32)):
        config = preset(name)
        assert config.network.stem == "linear"
        assert (config.network.preset.width, config.network.preset.depth) == (width, depth)
        assert config.optimisation.layer_decay < 1
        assert config.optimisation.precision == "bf16-mixed"


def test_a_name_means_a_preset_or_a_file(tmp_path):
    assert named_config("demo") == preset("demo")
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine")
    assert named_config(str(path)) == load_config(path)
    with pytest.raises(ConfigError, match=r"dmeo: is neither .* did you mean demo"):
        named_config("dmeo")
    with pytest.raises(ConfigError, match="presets are demo, overfit"):
        named_config(str(tmp_path / "none.yaml"))
    with pytest.raises(ConfigError, match="neither a preset"):
        preset("../checkpoints/README")
