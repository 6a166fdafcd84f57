"""The configuration being written in the form: texts, what they mean, and what is wrong with them.

It knows no widgets. Every text is kept as it was typed, so that nothing is lost while a value is
not valid yet.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

from core.files.embedded import DEMO
from core.training.config import (
    ConfigError,
    ConfigProblem,
    TrainingConfig,
    fields,
    parse_config,
    with_values,
)
from core.training.config_fields import FieldInfo, Scalar, flat_values
from utnet_viewer.training.field_text import read_value, show_value

#: Setting one of these takes the other away: a run is as long as one of them says.
LENGTHS = {"run.steps": "run.epochs", "run.epochs": "run.steps"}

#: A run's name says nothing about how it learns, so it is never a change.
NAME = "name"

DATASETS = ("data.dataset", "data.validation_dataset")
FILES = ("data.hand_model", "run.start_from")


@dataclass(frozen=True)
class Checked:
    """What the texts amount to.

    Attributes:
        config: The configuration, or None while something is wrong.
        problems: Key to sentence; "" is the configuration as a whole.
        changed: Keys whose value is not the baseline's, in the order of the form.
    """

    config: TrainingConfig | None = None
    problems: dict[str, str] = field(default_factory=dict)
    changed: tuple[str, ...] = ()


class Draft:
    """Texts by key, beside the baseline that they are compared with."""

    def __init__(self, baseline: TrainingConfig, baseline_name: str) -> None:
        self.fields: dict[str, FieldInfo] = {info.key: info for info in fields(baseline)}
        self.take(baseline, baseline_name)

    def take(self, baseline: TrainingConfig, baseline_name: str) -> None:
        """Begin anew with the values of a baseline, such as a preset; the name too is its own."""
        self.set_baseline(baseline, baseline_name)
        self.show(baseline)

    def set_baseline(self, baseline: TrainingConfig, baseline_name: str) -> None:
        """Compare with another configuration from now on; the texts stay."""
        self.baseline, self.baseline_name = baseline, baseline_name
        self._baseline_texts = {k: show_value(v) for k, v in flat_values(baseline).items()}

    def show(self, config: TrainingConfig) -> None:
        """Take the values of a configuration; the baseline stays."""
        self._texts = {key: show_value(value) for key, value in flat_values(config).items()}

    def text(self, key: str) -> str:
        """As it was typed."""
        return self._texts[key]

    def baseline_text(self, key: str) -> str:
        """What stands there in the baseline."""
        return self._baseline_texts[key]

    def set_text(self, key: str, text: str) -> None:
        """Somebody typed; KeyError for a key that does not exist."""
        if key not in self.fields:
            raise KeyError(key)
        self._texts[key] = text
        if key in LENGTHS and text.strip():
            self._texts[LENGTHS[key]] = ""

    def reset(self, key: str) -> None:
        """Back to the baseline's value."""
        self.set_text(key, self._baseline_texts[key])

    def check(self) -> Checked:
        """What the texts amount to now; takes about a millisecond, reads no dataset."""
        values, problems = self._read()
        config, baseline = None, flat_values(self.baseline)
        try:
            # What cannot be read is the baseline's here, so that all else is checked as well.
            config = with_values(self.baseline, baseline | values, source="form")
        except ConfigError as error:
            for problem in error.problems:
                problems.setdefault(problem.key, _sentence(problem))
        if config is not None:
            for key, sentence in _missing_places(values).items():
                problems.setdefault(key, sentence)
        changed = tuple(
            key
            for key in self.fields
            if key != NAME and (key in problems or values.get(key) != baseline[key])
        )
        return Checked(None if problems else config, problems, changed)

    def _read(self) -> tuple[dict[str, Scalar], dict[str, str]]:
        values, problems = {}, {}
        for key, info in self.fields.items():
            try:
                values[key] = read_value(info, self._texts[key])
            except ValueError as error:
                problems[key] = str(error)
        return values, problems

    def to_text(self) -> str:
        """Everything, to be kept until the next start."""
        return json.dumps(
            {
                "baseline": self.baseline.model_dump(),
                "baseline_name": self.baseline_name,
                "texts": {k: t for k, t in self._texts.items() if t != self._baseline_texts[k]},
            }
        )

    def restore(self, text: str) -> None:
        """Take back what `to_text` gave; raises ValueError for anything else.

        Keys that this version does not have are left out.
        """
        kept = json.loads(text)
        try:
            baseline, name, texts = kept["baseline"], kept["baseline_name"], kept["texts"]
            known = {key: str(typed) for key, typed in texts.items() if key in self.fields}
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a kept form: {error!r}") from error
        self.take(parse_config(baseline, source="the kept form"), str(name))
        self._texts |= known


def _sentence(problem: ConfigProblem) -> str:
    """The value stands in the field already, so the sentence need not repeat it."""
    message = problem.message
    for word in (", but is the number", ", but is the text", ", but is empty"):
        message = message.partition(word)[0]
    return message


def _missing_places(values: dict[str, Scalar]) -> dict[str, str]:
    """Folders and files that are named and are not there."""
    missing = {}
    for key in DATASETS:
        text = str(values.get(key) or "")
        if text and text != DEMO and not Path(text).is_dir():
            missing[key] = "there is no such folder"
    for key in FILES:
        text = str(values.get(key) or "")
        if text and not Path(text).is_file():
            missing[key] = "there is no such file"
    return missing
