"""A configuration as a file that explains itself."""

import textwrap

from core.training.config import TrainingConfig, fields
from core.training.config_fields import FieldInfo, Scalar, expected
from core.training.config_yaml import write_yaml

_WIDTH = 96


def explained_yaml(config: TrainingConfig) -> str:
    """YAML that `load_config` reads back, with meaning, range, unit and default above every key."""
    lines: list[str] = []
    section = ""
    for field in fields(config):
        head, _, name = field.key.rpartition(".")
        if head != section:
            lines += ["", f"{head}:"]
            section = head
        indent = "  " if head else ""
        for text in (field.help, _allowed(field)):
            hash_sign = f"{indent}# "
            lines += textwrap.wrap(
                text, _WIDTH, initial_indent=hash_sign, subsequent_indent=hash_sign
            )
        lines.append(indent + _line(name, field.value))
    return "\n".join(lines) + "\n"


def _allowed(field: FieldInfo) -> str:
    text = f"Takes {expected(field)}"
    if field.when_empty:
        text += f" ({field.when_empty})" if field.optional else f"; empty: {field.when_empty}"
    unit = f" Unit: {field.unit}." if field.unit else ""
    return f"{text}.{unit} {_line('Default', field.default)}."


def _line(name: str, value: Scalar) -> str:
    return write_yaml({name: value}).rstrip("\n")
