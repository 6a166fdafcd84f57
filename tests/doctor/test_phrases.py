"""What people read: numbers, limits, sentences, in both languages."""

import math
from dataclasses import replace

import pytest
import yaml
from doctor_examples import faulty_examination, healthy_examination

from core.doctor.check import Finding, Named, Outcome, Reading, Tier, Verdict, not_tested
from core.doctor.phrases import (
    cause_words,
    changes_yaml,
    headline,
    label,
    limit_of,
    limit_text,
    measured,
    not_tested_sentence,
    number,
    quantity,
)
from core.doctor.thresholds import default_thresholds
from core.doctor.words import LANGUAGES, catalogue


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (186.44, "186.4"),
        (0.18644, "0.1864"),
        (3953.7583, "3954"),
        (0.00123456, "0.001235"),
        (-1.5, "−1.5"),
        (3e-5, "3e−5"),
        (1.23456e-7, "1.235e−7"),
        (2_500_000.0, "2.5e6"),
        (99.99999, "100"),
        (7e-14, "0"),
        (-7e-14, "0"),
        (2e-9, "2e−9"),
        (math.nan, "NaN"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
    ],
)
def test_numbers_have_four_digits(value: float, text: str):
    assert number(value) == text


def test_shares_are_in_per_cent_and_units_follow_their_number():
    assert measured(0.9971, Reading(quantity="largest_share", value=0.9971)) == "99.71 %"
    assert measured(0.02, Reading(quantity="fall", value=0.02, unit="share")) == "2 %"
    assert measured(math.nan, Reading(quantity="share", value=math.nan)) == "NaN"
    assert measured(1.25, Reading(quantity="offset_px", value=1.25, unit="px")) == "1.25 px"
    steps = Reading(quantity="count", value=3, unit="steps")
    assert measured(3, steps) == "3 steps" and measured(3, steps, "zh") == "3 步"


@pytest.mark.parametrize(
    ("value", "is_high_bad", "expected"),
    [(2.0, True, True), (1.0, True, False), (0.5, True, False), (0.5, False, True)],
)
def test_beyond_is_on_the_bad_side(value: float, is_high_bad: bool, expected: bool):
    reading = Reading(quantity="x", value=value, threshold="k", is_high_bad=is_high_bad)
    limit = limit_of(reading, {"k": 1.0})
    assert reading.is_beyond(limit.value) is expected
    assert replace(reading, value=math.nan).is_beyond(limit.value)
    assert limit_text(reading, limit) == ("≤ 1" if is_high_bad else "≥ 1")


def test_limits_come_from_the_table_unless_overridden():
    key, row = next(iter(default_thresholds().items()))
    reading = Reading(quantity="x", value=1.0, threshold=key)
    usual = limit_of(reading, {})
    assert (usual.value, usual.reason, usual.is_overridden) == (row.value, row.reason, False)
    mine = limit_of(reading, {key: row.value + 1})
    assert (mine.value, mine.is_overridden) == (row.value + 1, True)
    assert limit_of(Reading(quantity="x", value=1.0), {}) is None


def test_what_this_version_does_not_know_is_said_to_be_unknown():
    reading = Reading(quantity="x", value=1.0, threshold="gone.long_ago")
    assert limit_of(reading, {}) is None
    words = cause_words(Named(cause="of_tomorrow", numbers={"size": 2}), "en")
    assert words.title == "of_tomorrow"
    assert "no words" in words.explanation and "size = 2" in words.explanation


def test_changes_nest_by_their_dots():
    text = changes_yaml({"optimisation.learning_rate": 1e-5, "data.hand": "a: b", "data.x.y": True})
    assert yaml.safe_load(text) == {
        "optimisation": {"learning_rate": 1e-5},
        "data": {"hand": "a: b", "x": {"y": True}},
    }
    assert changes_yaml({}) == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_reasons_name_causes_and_parts_in_words(language: str):
    texts = catalogue(language)
    missing = not_tested_sentence(not_tested("missing", "hand_model"), language)
    assert texts["parts.hand_model"] in missing and "hand_model" not in missing
    cause = next(key.split(".")[1] for key in texts if key.startswith("causes."))
    blocked = not_tested_sentence(not_tested("blocked", f"{cause}, of_tomorrow"), language)
    assert texts[f"causes.{cause}.title"] in blocked and "of_tomorrow" in blocked
    crashed = not_tested_sentence(not_tested("crashed", "E: {odd} %s"), language)
    assert "E: {odd} %s" in crashed
    assert "weird: why" in not_tested_sentence(not_tested("weird", "why"), language)


def test_the_headline_says_what_counts():
    healthy, faulty = healthy_examination(), faulty_examination()
    assert "5 tested checks" in headline(healthy, "en")
    first = faulty.causes[0].named.cause
    assert headline(faulty, "en") == catalogue("en").get(f"causes.{first}.title", first)
    nothing = replace(
        healthy,
        findings=(Finding(check="load", tier=Tier.SECONDS, outcome=not_tested("tier")),),
    )
    assert "Nothing" in headline(nothing, "en")
    warning = Outcome(
        readings=(Reading(quantity="x", value=1.0),),
        named=(Named(cause="of_tomorrow", verdict=Verdict.WARNING),),
    )
    warned = replace(healthy, findings=(Finding(check="load", tier=Tier.SECONDS, outcome=warning),))
    assert "warning" in headline(warned, "en") and "No fault" in headline(warned, "en")


def test_names_of_data_stay_as_they_are():
    assert label("MC1/0012", "zh") == "MC1/0012"
    assert label("step", "zh") == catalogue("zh")["evidence.step"]
    assert quantity("never_heard_of_mm", "en") == "never heard of"
