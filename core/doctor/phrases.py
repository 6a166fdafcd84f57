"""What people read of an examination, in their language: the window's, the report's and the JSON's.

No torch here, and no layout: texts only. An examination may be older than the program and name
causes or checks that it no longer knows; these are shown by their id, and said to be unknown.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from core.doctor.check import Changes, Named, Outcome, Reading, Verdict
from core.doctor.examination import Examination
from core.doctor.thresholds import default_thresholds
from core.doctor.words import catalogue, say
from core.pages.numbers import ROUNDING, number

#: Units that names of quantities end with; a number carries its own.
_UNIT_IN_NAME = re.compile("_(mm|px|deg|rad)$")
_UNIT_SIGNS = {"deg": "°"}

#: Reasons whose detail is a list of ids, and the catalogue's section and part that name them.
_DETAIL_NAMES = {"blocked": ("causes", ".title"), "missing": ("parts", "")}


@dataclass(frozen=True, kw_only=True)
class CauseWords:
    """What is said of a cause, its numbers filled in."""

    title: str
    explanation: str
    why: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Limit:
    """What a number is held against.

    Attributes:
        value: In the reading's unit.
        unit: "" for a bare number.
        reason: Why it lies there.
        is_overridden: Whether it was set for this examination instead of the table's value.
    """

    value: float
    unit: str
    reason: str
    is_overridden: bool


def label(text: str, language: str) -> str:
    """A text of evidence: the catalogue's where it is a key there, else itself (names of data)."""
    texts = catalogue(language)
    for key in (text, f"evidence.{text}", f"quantities.{text}", f"causes.{text}.title"):
        if key in texts:
            return texts[key]
    return text


def axis_label(text: str, language: str) -> str:
    """What stands along an axis: its words, and the unit that its name ends with."""
    words, unit = label(text, language), _UNIT_IN_NAME.search(text)
    return f"{words}, {_UNIT_SIGNS.get(unit[1], unit[1])}" if unit else words


def check_title(check: str, language: str) -> str:
    """The check's question; its id where this version does not know it."""
    return catalogue(language).get(f"checks.{check}.title", check)


def check_formula(check: str, language: str) -> str:
    """How it measures; "" where this version does not know it."""
    return catalogue(language).get(f"checks.{check}.formula", "")


def check_why(check: str, language: str) -> str:
    """Why it matters; "" where this version does not know it."""
    return catalogue(language).get(f"checks.{check}.why", "")


def verdict_word(verdict: Verdict, language: str) -> str:
    """ "Passed", "Warning", "Fault", "Not tested"."""
    return say(f"verdicts.{verdict.value}", language)


def cause_title(cause: str, language: str) -> str:
    """A cause's short name; its id where this version does not know it."""
    return catalogue(language).get(f"causes.{cause}.title", cause)


def cause_words(named: Named, language: str) -> CauseWords:
    """Everything said of a cause. Raises KeyError where it misses a number that its text needs."""
    if f"causes.{named.cause}.title" not in catalogue(language):
        numbers = ", ".join(f"{name} = {value}" for name, value in named.numbers.items())
        unknown = say("report.unknown_cause", language, cause=named.cause, numbers=numbers or "–")
        return CauseWords(title=named.cause, explanation=unknown, why="", remedy="")
    numbers = {
        name: 0.0 if isinstance(value, float) and abs(value) < ROUNDING else value
        for name, value in named.numbers.items()
    }
    said = {
        part: say(f"causes.{named.cause}.{part}", language, **numbers)
        for part in ("title", "explanation", "why", "remedy")
    }
    return CauseWords(**said)


def not_tested_sentence(outcome: Outcome, language: str) -> str:
    """Why an outcome has no number."""
    texts = catalogue(language)
    detail = outcome.detail
    if outcome.reason in _DETAIL_NAMES:
        section, part = _DETAIL_NAMES[outcome.reason]
        ids = [name.strip() for name in detail.split(",") if name.strip()]
        names = [texts.get(f"{section}.{name}{part}", name) for name in ids]
        detail = say("report.and", language).join(names)
    key = f"not_tested.{outcome.reason}"
    if key not in texts:
        return f"{outcome.reason}: {detail}" if detail else outcome.reason
    return say(key, language, detail=detail)


def headline(examination: Examination, language: str) -> str:
    """The one sentence at the top: the root cause, or that none was found and what that means."""
    if examination.causes and not examination.is_healthy:
        return cause_title(examination.causes[0].named.cause, language)
    tested = len(examination.findings) - examination.count(Verdict.NOT_TESTED)
    if not examination.is_healthy:
        return say("headlines.unnamed_fault", language)
    if not tested:
        return say("headlines.untested", language)
    warnings = examination.count(Verdict.WARNING)
    key = "headlines.warnings" if warnings else "headlines.healthy"
    return say(key, language, tested=tested, warnings=warnings)


def quantity(name: str, language: str) -> str:
    """What was measured, in words: the catalogue's, else the name without underscores and unit."""
    plain = _UNIT_IN_NAME.sub("", name).replace("_", " ")
    return catalogue(language).get(f"quantities.{name}", plain)


def measured(value: float, reading: Reading, language: str = "en") -> str:
    """A number of this reading's kind with its unit; shares of a whole in per cent."""
    if _is_share(reading) and math.isfinite(value):
        return f"{number(100 * value)} %"
    return f"{number(value)} {unit_word(reading.unit, language)}".rstrip()


def unit_word(unit: str, language: str) -> str:
    """A unit that is a word, in the language; any other, such as mm, as it is."""
    return catalogue(language).get(f"units.{unit}", unit)


def limit_of(
    reading: Reading, overrides: Mapping[str, float], language: str = "en"
) -> Limit | None:
    """What the reading is held against; None where it only informs."""
    row = default_thresholds().get(reading.threshold)
    if row is None and reading.threshold not in overrides:
        return None
    value = overrides.get(reading.threshold, row.value if row else math.nan)
    return Limit(
        value=value,
        unit=row.unit if row else reading.unit,
        reason=threshold_reason(reading.threshold, language),
        is_overridden=row is None or value != row.value,
    )


def threshold_reason(key: str, language: str) -> str:
    """Why a threshold lies where it does; the table's own English where it has no translation."""
    row = default_thresholds().get(key)
    return catalogue(language).get(f"reasons.{key}", row.reason if row else "")


def limit_text(reading: Reading, limit: Limit, language: str = "en") -> str:
    """``≤ 3 px`` or ``≥ 99 %``: what the number may be."""
    sign = "≤" if reading.is_high_bad else "≥"
    return f"{sign} {measured(limit.value, reading, language)}"


def changes_yaml(changes: Changes) -> str:
    """A configuration change as YAML to be merged into a configuration: dotted keys nested."""
    nested: dict = {}
    for key, value in changes.items():
        *sections, last = key.split(".")
        place = nested
        for section in sections:
            place = place.setdefault(section, {})
        place[last] = value
    return yaml.safe_dump(nested, sort_keys=False, allow_unicode=True) if nested else ""


def _is_share(reading: Reading) -> bool:
    """Written in per cent: what is called a share, or has it for a unit."""
    return reading.unit == "share" or (not reading.unit and reading.quantity.endswith("share"))
