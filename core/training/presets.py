"""Configurations that come with the program, each with a line that says what it is for."""

from difflib import get_close_matches
from importlib import resources
from pathlib import Path

from core.training.config import ConfigError, ConfigProblem, TrainingConfig, load_config

#: From the quickest to the largest.
_NAMES = ("demo", "overfit", "base-rgbd", "huge-rgbd")


def preset_names() -> tuple[str, ...]:
    """Every preset, from the quickest to the largest."""
    return _NAMES


def preset(name: str) -> TrainingConfig:
    """The configuration of a preset; raises ConfigError where there is none of this name."""
    return load_config(_path(name))


def preset_description(name: str) -> str:
    """One line for people: the comment that the preset's file begins with."""
    first_line = _path(name).read_text(encoding="utf-8").partition("\n")[0]
    return first_line.removeprefix("#").strip()


def named_config(text: str) -> TrainingConfig:
    """What a person means by `text`: a preset's name, or else a YAML file.

    Raises:
        ConfigError: There is neither, or the file says what cannot be used.
    """
    if text in _NAMES:
        return preset(text)
    if not Path(text).exists():
        raise ConfigError(text, [ConfigProblem("", _neither(text))])
    return load_config(text)


def _path(name: str) -> Path:
    if name not in _NAMES:
        raise ConfigError(name, [ConfigProblem("", _neither(name))])
    return Path(str(resources.files("resources"))) / "presets" / f"{name}.yaml"


def _neither(text: str) -> str:
    close = get_close_matches(text, _NAMES, n=1)
    guess = f"did you mean {close[0]}?" if close else f"presets are {', '.join(_NAMES)}"
    return f"is neither a preset nor a file that exists; {guess}"
