"""The configuration of a training run: read, checked, changed, written.

A file names only what differs from the defaults. Whatever cannot be used is refused before
anything starts, with file, line, key and what would be allowed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pydantic
from pydantic import Field, model_validator

from core.network_config import NetworkConfig
from core.training.config_errors import ConfigError, ConfigProblem, problems_of, unknown_key
from core.training.config_fields import TEXT_KINDS, FieldInfo, Scalar, describe, fields, flat_values
from core.training.config_sections import (
    AugmentationConfig,
    DataConfig,
    DoctorConfig,
    LossConfig,
    OptimisationConfig,
    RunConfig,
    Section,
    key_problem,
)
from core.training.config_yaml import read_yaml, read_yaml_file, write_yaml

__all__ = [
    "AugmentationConfig",
    "ConfigError",
    "ConfigProblem",
    "DataConfig",
    "Difference",
    "DoctorConfig",
    "FieldInfo",
    "LossConfig",
    "OptimisationConfig",
    "RunConfig",
    "TrainingConfig",
    "differences",
    "fields",
    "load_config",
    "parse_config",
    "to_yaml",
    "with_overrides",
    "with_values",
]

#: Sections of the original UTNet's config.yaml that ours does not have.
_ORIGINAL_SECTIONS = {"dataset", "model", "mano", "training", "optimizer", "scheduler"}


class TrainingConfig(Section):
    """Everything that a run is started with."""

    name: str = Field(
        "run",
        description="Name of the run and of its folder.",
        json_schema_extra={"section": "Run"},
    )
    run: RunConfig = Field(RunConfig(), title="Run")
    data: DataConfig = Field(DataConfig(), title="Data")
    optimisation: OptimisationConfig = Field(OptimisationConfig(), title="Optimisation")
    loss: LossConfig = Field(LossConfig(), title="Loss weights")
    network: NetworkConfig = Field(NetworkConfig(), title="Network")
    augmentation: AugmentationConfig = Field(AugmentationConfig(), title="Augmentation")
    doctor: DoctorConfig = Field(DoctorConfig(), title="Doctor")

    @model_validator(mode="after")
    def _the_name_is_a_folder_name(self) -> Self:
        allowed = self.name[:1].isalnum() and all(c.isalnum() or c in " ._+-" for c in self.name)
        if not allowed or len(self.name) > 100 or self.name[-1:] in " .":
            raise key_problem(
                "name",
                "names a folder: 1 to 100 letters, digits, spaces and . _ + -, a letter or digit "
                f'first and no space or dot last, but is "{self.name}"',
            )
        return self

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Self:
        steps, warmup = self.run.steps, self.optimisation.warmup_steps
        if steps is not None and warmup >= steps:
            raise key_problem(
                "optimisation.warmup_steps",
                f"must be shorter than the run, but the warm-up is {warmup} steps and run.steps "
                f"is {steps}; about {max(steps // 20, 0)} would do",
            )
        if self.data.frames is not None and self.data.frames < self.optimisation.batch_size:
            raise key_problem(
                "data.frames",
                f"must fill at least one batch, but is {self.data.frames} and "
                f"optimisation.batch_size is {self.optimisation.batch_size}",
            )
        if self.optimisation.precision == "16-mixed" and self.run.device in ("cpu", "mps"):
            raise key_problem(
                "optimisation.precision",
                f"16-mixed needs a CUDA GPU, but run.device is {self.run.device}; use 32-true or "
                "bf16-mixed",
            )
        return self


@dataclass(frozen=True)
class Difference:
    """A key whose value is not the baseline's."""

    key: str
    value: Scalar
    baseline: Scalar


def load_config(path: Path | str) -> TrainingConfig:
    """Read a YAML file.

    Raises:
        ConfigError: The file cannot be read, is not YAML, or says what cannot be used.
    """
    document = read_yaml_file(path)
    if document.values is None:
        raise _file_error(path, "is empty; write at least the keys that differ, or use a preset")
    return parse_config(document.values, source=str(path), lines=document.lines)


def parse_config(
    mapping: Any, *, source: str, lines: Mapping[str, int] | None = None
) -> TrainingConfig:
    """Check nested mappings of plain values, as YAML gives them.

    Args:
        mapping: Sections and keys; what is missing takes its default.
        source: Where it comes from, for messages.
        lines: Line of each dotted key, where it comes from a file.

    Raises:
        ConfigError: With every problem that was found.
    """
    if not isinstance(mapping, Mapping):
        raise _file_error(source, "holds no keys; a configuration is lines of KEY: VALUE")
    if len(_ORIGINAL_SECTIONS & set(mapping)) >= 2:
        raise _file_error(
            source,
            "looks like the original UTNet's config.yaml; turn it into a configuration with "
            f"`utnet import-config {source} NEW.yaml`",
        )
    try:
        return TrainingConfig.model_validate(dict(mapping), strict=True)
    except pydantic.ValidationError as error:
        raise ConfigError(source, problems_of(error, TrainingConfig, lines or {})) from error


def with_overrides(config: TrainingConfig, assignments: Sequence[str]) -> TrainingConfig:
    """Change single keys: ``["optimisation.learning_rate=1e-3", "run.steps=400"]``.

    A value is read as in a YAML file, but for a key that takes a text it is always a text:
    ``name=2026``. The last assignment of a key counts.

    Raises:
        ConfigError: An assignment cannot be read, or the result cannot be used.
    """
    texts = {f.key for f in describe(TrainingConfig) if f.kind in TEXT_KINDS}
    values: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise ConfigError(
                f"--set {assignment}",
                [ConfigProblem("", "must be KEY=VALUE; a configuration stands before --set")],
            )
        value = read_yaml(text, source=f"--set {assignment}").values
        is_text = key.strip() in texts and not isinstance(value, str)
        values[key.strip()] = text.strip() if is_text else value
    return with_values(config, values, source="--set")


def with_values(
    config: TrainingConfig, values: Mapping[str, Any], *, source: str
) -> TrainingConfig:
    """Change single keys to values of their type: ``{"run.steps": 400}``.

    Setting one of run.steps and run.epochs takes the other away.

    Raises:
        ConfigError: A key does not exist, or the result cannot be used.
    """
    known = [field.key for field in describe(TrainingConfig)]
    problems = [ConfigProblem(key, _not_a_field(key, known)) for key in values if key not in known]
    if problems:
        raise ConfigError(source, problems)
    mapping = config.model_dump()
    for key, other in (("run.steps", "run.epochs"), ("run.epochs", "run.steps")):
        if values.get(key) is not None and other not in values:
            values = {**values, other: None}
    for key, value in values.items():
        section, _, name = key.rpartition(".")
        (mapping[section] if section else mapping)[name] = value
    return parse_config(mapping, source=source)


def to_yaml(config: TrainingConfig) -> str:
    """The whole configuration as text that `load_config` reads back."""
    return write_yaml(config.model_dump())


def differences(config: TrainingConfig, baseline: TrainingConfig) -> list[Difference]:
    """The keys whose values differ, in the order of the form."""
    before = flat_values(baseline)
    return [
        Difference(key, value, before[key])
        for key, value in flat_values(config).items()
        if value != before[key]
    ]


def _not_a_field(key: str, known: list[str]) -> str:
    if inside := [name for name in known if name.startswith(f"{key}.")]:
        return f"is a section; set one of its keys: {', '.join(inside)}"
    return unknown_key(key, TrainingConfig)


def _file_error(source: Path | str, message: str) -> ConfigError:
    return ConfigError(str(source), [ConfigProblem("", message)])
