"""YAML as a configuration needs it: no duplicate keys, numbers as people write them, line numbers.

PyYAML speaks YAML 1.1, in which ``1e-3`` is a text, ``no`` is false, ``010`` is 8 and ``1:30`` is
90. Here only true, false, null and decimal numbers are special; all else is text. Nothing but plain
values can be built (it is PyYAML's safe loader), and aliases are refused.
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from core.training.config_errors import ConfigError, ConfigProblem

#: A configuration is some kilobytes; what is larger is another kind of file.
MAX_FILE_BYTES = 1_000_000

_SPECIAL = {
    "null": (r"(?:~|null|Null|NULL|)\Z", ["~", "n", "N", ""]),
    "bool": (r"(?:true|True|TRUE|false|False|FALSE)\Z", list("tTfF")),
    "int": (r"[-+]?(?:0|[1-9][0-9_]*)\Z", list("-+0123456789")),
    "float": (
        r"(?:[-+]?(?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z",
        list("-+.0123456789"),
    ),
}
#: 010 and 007 are neither numbers of YAML 1.2 that people expect nor octal: they stay texts.
_LEADING_ZERO = r"(?![-+]?0[0-9])"


class _Loader(yaml.SafeLoader):
    """The safe loader with fewer special words, without aliases and tags."""

    yaml_implicit_resolvers: dict = {}  # noqa: RUF012 (PyYAML's own way)

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            raise yaml.composer.ComposerError(None, None, "aliases are refused", event.start_mark)
        if getattr(event, "tag", None) is not None:
            raise yaml.composer.ComposerError(None, None, "tags are refused", event.start_mark)
        return super().compose_node(parent, index)


#: Line breaks of YAML 1.1 beside the usual one; only double quotes keep them as they are.
_RARE_BREAKS = "\x85\u2028\u2029"


class _Dumper(yaml.SafeDumper):
    """Quotes every text that YAML 1.1 or our reader would take for something else."""

    def represent_str(self, text: str) -> yaml.ScalarNode:
        """A text; with a rare line break in it, in double quotes and escaped."""
        style = '"' if any(mark in text for mark in _RARE_BREAKS) else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _Dumper.represent_str)

for _name, (_pattern, _first) in _SPECIAL.items():
    for _class in (_Loader, _Dumper):
        _class.add_implicit_resolver(
            f"tag:yaml.org,2002:{_name}", re.compile(_LEADING_ZERO + _pattern), _first
        )


#: PyYAML's words, and what a person can do about it.
_SYNTAX = {
    "\\t": "a tab indents here; indent with spaces",
    "mapping values": "a colon where none can be; does the line above lack its own, is this "
    "line indented too far, or a text not in quotes?",
    "tags are": "a tag (!name) asks for more than plain values; take it away",
    "aliases are": "aliases (*name) are not used in a configuration; write the values out",
    "another document": "a second document (---) begins here; keep one",
    "<stream end>": "the file ends in the middle of a value; is a bracket or a quote not closed?",
    "end of stream": "the file ends in the middle of a value; is a bracket or a quote not closed?",
    "could not find expected ':'": "a line without a colon; write KEY: VALUE",
    "special characters": "a character that no text has; is this another kind of file?",
    "<block mapping start>": "a line is indented differently from those around it",
    "<block end>": "a line is indented differently from those around it",
}


@dataclass(frozen=True)
class YamlDocument:
    """What a text holds, and in which line (from 1) each dotted key stands."""

    values: Any
    lines: dict[str, int]


def read_yaml(text: str, *, source: str) -> YamlDocument:
    """Read one document of plain values.

    Raises:
        ConfigError: It is not YAML, holds a key twice, or asks for more than plain values.
    """
    lines: dict[str, int] = {}
    problems: list[ConfigProblem] = []
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is not None:
            _find_keys(node, "", lines, problems)
        values = None if node is None or problems else loader.construct_document(node)
    except yaml.YAMLError as error:
        raise ConfigError(source, [_syntax_problem(error)]) from error
    except RecursionError as error:
        raise ConfigError(source, [ConfigProblem("", "is nested too deeply")]) from error
    except ValueError as error:  # a whole number of thousands of digits
        raise ConfigError(source, [ConfigProblem("", f"cannot be read: {error}")]) from error
    if problems:
        raise ConfigError(source, problems)
    return YamlDocument(values, lines)


def read_yaml_file(path: Path | str) -> YamlDocument:
    """Read a file of plain values.

    Raises:
        ConfigError: As `read_yaml`; also where the file cannot be read, or is no text.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
        raise ConfigError(str(path), [ConfigProblem("", problem)]) from error
    except UnicodeDecodeError as error:
        problem = "is not a text in UTF-8, so it is no configuration"
        raise ConfigError(str(path), [ConfigProblem("", problem)]) from error
    if len(content) > MAX_FILE_BYTES:
        problem = "is larger than 1 MB, so it is no configuration"
        raise ConfigError(str(path), [ConfigProblem("", problem)])
    return read_yaml(text, source=str(path))


def write_yaml(values: dict[str, Any]) -> str:
    """The YAML text of nested mappings, in their order."""
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=math.inf)


def _find_keys(
    node: yaml.Node, prefix: str, lines: dict[str, int], problems: list[ConfigProblem]
) -> None:
    """Note the line of every key, and every key that stands twice."""
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _find_keys(item, f"{prefix}{index}.", lines, problems)
    if not isinstance(node, yaml.MappingNode):
        return
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            problems.append(ConfigProblem(prefix.rstrip("."), "a key must be a word", line))
            continue
        key = f"{prefix}{key_node.value}"
        if key in lines:
            message = f"is there twice, first in line {lines[key]}; take one of the two away"
            problems.append(ConfigProblem(key, message, line))
            continue
        lines[key] = line
        _find_keys(value_node, f"{key}.", lines, problems)


def _syntax_problem(error: yaml.YAMLError) -> ConfigProblem:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    line = None if mark is None else mark.line + 1
    plain = next((words for part, words in _SYNTAX.items() if part in problem), problem)
    return ConfigProblem("", f"cannot be read as YAML: {plain}", line)
