"""Overrides of a named size."""

import pydantic
import pytest

from core.network_config import SIZES, NetworkConfig


def test_an_override_replaces_one_width_of_the_size():
    config = NetworkConfig(size="tiny", token_width=192, blocks=4)
    assert (config.preset.width, config.preset.depth, config.preset.heads) == (192, 4, 4)
    assert config.preset.map_widths == SIZES["tiny"].map_widths
    assert config.size_text() == '"tiny" with token_width 192, blocks 4'


def test_without_overrides_a_size_is_itself():
    for size, widths in SIZES.items():
        assert NetworkConfig(size=size).preset == widths
    assert NetworkConfig().size_text() == '"tiny"'


def test_a_checkpoint_from_before_the_overrides_is_still_read():
    old = NetworkConfig.model_validate({"size": "base", "stem": "linear", "depth": True})
    assert old.preset == SIZES["base"]


@pytest.mark.parametrize(
    "wrong",
    [{"token_width": 100}, {"token_width": 0}, {"heads": 3}, {"blocks": 0}],
    ids=str,
)
def test_widths_that_cannot_be_built_are_refused(wrong):
    with pytest.raises(pydantic.ValidationError):
        NetworkConfig(**wrong)
