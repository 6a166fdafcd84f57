"""Presets: what they promise, and that the promise holds on the data they name."""

import pytest

from core.hand.mano_file import load_hand_model
from core.training.config import ConfigError, TrainingConfig, differences, load_config
from core.training.crop_dataset import CropDataset
from core.training.data import open_data
from core.training.presets import named_config, preset, preset_description, preset_names


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


def test_the_overfit_preset_measures_the_frames_it_learns():
    data = open_data(preset("overfit").data, load_hand_model(), seed=0)
    training = CropDataset(data.training, None, seed=0)
    learned = [training[0, row].frame_id for row in range(len(training))]
    measured = [str(data.validation[row].frame_id) for row in range(len(data.validation))]
    assert learned == measured
    # Of every sequence, not the first sixteen neighbours.
    assert len({frame_id.partition("/")[0] for frame_id in learned}) == 3
