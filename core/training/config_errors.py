"""What is wrong with a configuration, said with file, line, key, allowed values and nearest key."""

import math
import reprlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import pydantic
from pydantic import BaseModel

from core.training.config_fields import TEXT_KINDS, FieldInfo, describe, expected

#: Names that other programs use for the same thing.
_OTHER_NAMES = {
    "lr": "optimisation.learning_rate",
    "wd": "optimisation.weight_decay",
    "bs": "optimisation.batch_size",
    "num_epochs": "run.epochs",
    "max_epochs": "run.epochs",
    "max_steps": "run.steps",
    "num_workers": "data.workers",
    "num_nodes": "run.nodes",
    "root_dir": "data.dataset",
    "checkpoint": "run.start_from",
    "pretrained_weights": "run.start_from",
    "grad_clip": "optimisation.clip_norm",
    "optimizer": "optimisation",
    "optimiser": "optimisation",
    "training": "run",
    "model": "network",
    "dataset": "data.dataset",
}


@dataclass(frozen=True)
class ConfigProblem:
    """One thing that is wrong.

    Attributes:
        key: Dotted key, or "" where the file as a whole is meant.
        message: A sentence about it that starts with a verb: ``must be …``, ``is not a key …``.
        line: Line of the file from 1, or None.
    """

    key: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        where = [] if self.line is None else [f"line {self.line}"]
        subject = ", ".join([*where, *([self.key] if self.key else [])])
        return f"{subject}: {self.message}" if subject else self.message


class ConfigError(ValueError):
    """A configuration that cannot be used, with every problem that was found.

    Attributes:
        source: File, or what else the configuration came from.
        problems: At least one.
    """

    def __init__(self, source: str, problems: Iterable[ConfigProblem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        lines = [str(problem) for problem in self.problems]
        separator = "\n  " if len(lines) > 1 else " "
        super().__init__(separator.join([f"{source}:", *lines]))


def problems_of(
    error: pydantic.ValidationError,
    model: type[BaseModel],
    lines: Mapping[str, int],
) -> list[ConfigProblem]:
    """pydantic's findings in sentences."""
    problems = []
    for detail in error.errors():
        key = ".".join(str(part) for part in detail["loc"] if part != "[key]")
        if "key" in detail.get("ctx", {}):
            key = f"{key}.{detail['ctx']['key']}".lstrip(".")
        problems.append(ConfigProblem(key, _message(key, detail, model), _line(key, lines)))
    return sorted(problems, key=lambda problem: problem.line or 0)


def _line(key: str, lines: Mapping[str, int]) -> int | None:
    """The key's own line, or its section's."""
    return lines.get(key, lines.get(key.rpartition(".")[0]))


def _message(key: str, detail: Any, model: type[BaseModel]) -> str:
    known = {field.key: field for field in describe(model)}
    if detail["type"] == "key_problem":
        return detail["ctx"]["message"]
    if detail["type"] == "string_too_short":
        return "must not be empty"
    if detail["type"] == "extra_forbidden":
        return unknown_key(key, model)
    if detail["type"] == "invalid_key":
        return f"a key must be a word, not {shown(detail['input'])}"
    if key in known:
        return f"must be {expected(known[key])}, but is {shown(detail['input'])}" + _hint(
            known[key], detail["input"]
        )
    inside = [field for name, field in known.items() if name.startswith(f"{key}.")]
    if inside:
        return _not_a_section(key, inside, detail["input"])
    return detail["msg"]


def _not_a_section(key: str, inside: list[FieldInfo], value: Any) -> str:
    meant = next((f"; did you mean {f.key}?" for f in inside if value in f.choices), "")
    if value is None:
        meant = "; take the line away to keep its defaults"
    names = ", ".join(field.key.removeprefix(f"{key}.") for field in inside)
    return (
        f"is a section, so its keys must be indented below it ({names}), but it is "
        f"{shown(value)}{meant}"
    )


def unknown_key(key: str, model: type[BaseModel]) -> str:
    """What to say of a dotted key that does not exist."""
    known = [field.key for field in describe(model)]
    if key in known:
        section, _, name = key.partition(".")
        return f'belongs to a section: write "{section}:" and below it, indented, "{name}: …"'
    section, _, name = key.rpartition(".")
    if guess := _nearest(section, name, known):
        return f"is not a key; did you mean {guess}?"
    siblings = [k.rpartition(".")[2] for k in known if k.rpartition(".")[0] == section]
    if not section or not siblings:
        return f"is not a key; a configuration has {', '.join(_top_level(known))}"
    return f"is not a key; {section} has {', '.join(siblings)}"


def _top_level(known: list[str]) -> list[str]:
    return list(dict.fromkeys(key.partition(".")[0] for key in known))


def _nearest(section: str, name: str, known: list[str]) -> str | None:
    """A known key or section that was probably meant, most likely first."""
    siblings = {k.rpartition(".")[2]: k for k in known if k.rpartition(".")[0] == section}
    leaves = {k.rpartition(".")[2]: k for k in known}
    if name in leaves:
        return f"{leaves[name]} (a key of the section {leaves[name].partition('.')[0]})"
    if close := get_close_matches(name, siblings, n=1, cutoff=0.6):
        return siblings[close[0]]
    if not section and (close := get_close_matches(name, _top_level(known), n=1, cutoff=0.7)):
        return close[0]
    if name.lower() in _OTHER_NAMES:
        return _OTHER_NAMES[name.lower()]
    if close := get_close_matches(name, leaves, n=1, cutoff=0.7):
        return leaves[close[0]]
    return None


def shown(value: Any) -> str:
    """A value as a person knows it: its kind, and what it is, cut short."""
    if value is None:
        return "empty (null)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value}" if math.isfinite(value) else f"{value}, not a finite number"
    if isinstance(value, str):
        return f'the text "{value if len(value) <= 60 else value[:57] + "…"}"'
    if isinstance(value, Mapping):
        return f"a section with {', '.join(map(str, list(value)[:4])) or 'nothing'}"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    return reprlib.repr(value)


def _hint(field: FieldInfo, value: Any) -> str:
    """What to write instead, where that can be told."""
    if value is None and field.kind not in TEXT_KINDS:
        return "; give a value, or take the line away to keep the default"
    if isinstance(value, str):
        lower = value.strip().lower()
        if field.kind == "bool" and lower in ("yes", "on", "y", "no", "off", "n", "1", "0"):
            return f"; write {'true' if lower in ('yes', 'on', 'y', '1') else 'false'}"
        if field.optional and lower in ("none", "nil", ""):
            return "; write null"
        if field.kind in ("int", "float", "bool") and _is_number_or_bool(lower):
            return "; take the quotes away"
        if field.kind == "choice":
            close = get_close_matches(lower, field.choices, n=1)
            return f'; did you mean "{close[0]}"?' if close else ""
    if field.kind in TEXT_KINDS and isinstance(value, bool | int | float):
        return "; put it in quotes"
    if field.kind in TEXT_KINDS and value is None:
        return '; write ""'
    if field.kind == "int" and isinstance(value, float) and value.is_integer():
        return f"; write {int(value)}"
    return ""


def _is_number_or_bool(text: str) -> bool:
    if text in ("true", "false"):
        return True
    try:
        float(text)
    except ValueError:
        return False
    return True
