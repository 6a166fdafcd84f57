"""A configuration as a flat list of described fields: for a form, a table, an error message."""

import types
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin

import annotated_types
import pydantic.fields
from pydantic import BaseModel

Scalar = bool | int | float | str | None
Kind = Literal["int", "float", "bool", "choice", "text", "file", "folder"]

#: Kinds whose value is a text.
TEXT_KINDS = ("text", "file", "folder")


@dataclass(frozen=True)
class FieldInfo:
    """One key of a configuration.

    Attributes:
        key: Dotted: ``optimisation.learning_rate``.
        section: Title of its section: "Optimisation".
        title: What a form calls it, in sentence case.
        help: One sentence.
        unit: What the number counts, or "".
        kind: How it is edited; "file" and "folder" are texts that name one.
        minimum: Lowest value, or None; not itself allowed where `exclusive_minimum`.
        maximum: Highest value, or None; not itself allowed where `exclusive_maximum`.
        multiple_of: Allowed values are multiples of this, or None.
        choices: Allowed texts of the kind "choice".
        optional: Whether null is allowed.
        when_empty: What null or an empty text stands for, or "".
        default: Value where the file says nothing.
        value: Value in the configuration that was asked for.
    """

    key: str
    section: str
    title: str
    help: str
    unit: str
    kind: Kind
    minimum: float | None
    maximum: float | None
    exclusive_minimum: bool
    exclusive_maximum: bool
    multiple_of: float | None
    choices: tuple[str, ...]
    optional: bool
    when_empty: str
    default: Scalar
    value: Scalar


def fields(config: BaseModel) -> list[FieldInfo]:
    """Every field of a configuration in the order of its form, with the value it has."""
    values = flat_values(config)
    return [replace(field, value=values[field.key]) for field in describe(type(config))]


def flat_values(config: BaseModel) -> dict[str, Scalar]:
    """Dotted key to value, in order."""
    values: dict[str, Scalar] = {}
    for name in type(config).model_fields:
        value = getattr(config, name)
        if isinstance(value, BaseModel):
            values |= {f"{name}.{key}": inner for key, inner in flat_values(value).items()}
        else:
            values[name] = value
    return values


@cache
def describe(model: type[BaseModel]) -> tuple[FieldInfo, ...]:
    """Every field of a configuration's class; `value` is the default."""
    described = []
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            for inner_name, inner in field.annotation.model_fields.items():
                section = field.title or _title(name)
                described.append(_describe(f"{name}.{inner_name}", section, inner))
        else:
            described.append(_describe(name, _extra(field).get("section", ""), field))
    return tuple(described)


def expected(field: FieldInfo) -> str:
    """What a field takes, to follow "must be": ``a number above 0 and at most 1``."""
    if field.kind == "choice":
        text = "one of " + ", ".join(f'"{choice}"' for choice in field.choices)
    else:
        noun = {"int": "a whole number", "float": "a number", "bool": "true or false"}
        text = f"{noun.get(field.kind, 'a text')}{_range_text(field)}"
    return f"{text}, or null" if field.optional else text


def _range_text(field: FieldInfo) -> str:
    low, high = _number(field.minimum), _number(field.maximum)
    low_word = f"above {low}" if field.exclusive_minimum else f"of at least {low}"
    high_word = f"below {high}" if field.exclusive_maximum else f"of at most {high}"
    if field.minimum is None and field.maximum is None:
        text = ""
    elif field.maximum is None:
        text = f" {low_word}"
    elif field.minimum is None:
        text = f" {high_word}"
    elif not field.exclusive_minimum and not field.exclusive_maximum:
        text = f" from {low} to {high}"
    else:
        text = f" {low_word} and {high_word.removeprefix('of ')}"
    return text if field.multiple_of is None else f"{text}, a multiple of {field.multiple_of}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.12g}"


def _describe(key: str, section: str, field: pydantic.fields.FieldInfo) -> FieldInfo:
    kind, choices, optional = _kind(field)
    limits = {type(limit): limit for limit in field.metadata}
    ge, gt = limits.get(annotated_types.Ge), limits.get(annotated_types.Gt)
    le, lt = limits.get(annotated_types.Le), limits.get(annotated_types.Lt)
    step = limits.get(annotated_types.MultipleOf)
    return FieldInfo(
        key=key,
        section=section,
        title=field.title or _title(key.rpartition(".")[2]),
        help=field.description or "",
        unit=_extra(field).get("unit", ""),
        kind=kind,
        minimum=ge.ge if ge else gt.gt if gt else None,
        maximum=le.le if le else lt.lt if lt else None,
        exclusive_minimum=gt is not None,
        exclusive_maximum=lt is not None,
        multiple_of=step.multiple_of if step else None,
        choices=choices,
        optional=optional,
        when_empty=_extra(field).get("when_empty", ""),
        default=field.default,
        value=field.default,
    )


def _kind(field: pydantic.fields.FieldInfo) -> tuple[Kind, tuple[str, ...], bool]:
    """Kind, choices, and whether null is allowed, from the annotation."""
    options = [field.annotation]
    if get_origin(field.annotation) in (Union, types.UnionType):
        options = list(get_args(field.annotation))
    optional = type(None) in options
    (annotation,) = (option for option in options if option is not type(None))
    if get_origin(annotation) is Literal:
        return "choice", get_args(annotation), optional
    plain: dict[Any, Kind] = {bool: "bool", int: "int", float: "float", str: "text"}
    return _extra(field).get("kind", plain[annotation]), (), optional


def _extra(field: pydantic.fields.FieldInfo) -> dict[str, Any]:
    return field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()
