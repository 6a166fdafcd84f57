"""The catalogue says everything that checks can name, twice, and thresholds say why."""

import ast
import re
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from core.doctor import check as check_module
from core.doctor.phrases import label
from core.doctor.registry import CHECKS
from core.doctor.thresholds import default_thresholds
from core.doctor.words import LANGUAGES, catalogue, say
from core.files.embedded import resource

DOCTOR = Path(check_module.__file__).parent
PLANTS = Path(__file__).parents[1] / "support" / "doctor_plants"
CAUSE_PARTS = ("title", "explanation", "why", "remedy")
CHECK_PARTS = ("title", "formula", "why")
EVIDENCE = ("Bars", "Scatter", "Curves", "Overlay", "Table")

CHINESE = re.compile("[\u4e00-\u9fff]")

#: Texts that are the same in both languages: formulas and punctuation.
NEED_NO_CHINESE = re.compile(
    r"checks\.\w+\.formula|report\.(and|lead|utc)|evidence\.\w+|quantities\.\w+|units\.(ratio|dex)"
)


def placeholders(text: str) -> list[tuple[str, str]]:
    """(name, format) of every blank, sorted."""
    parts = string.Formatter().parse(text)
    return sorted((name, form or "") for _, name, form, _ in parts if name is not None)


@cache
def calls(folder: Path = DOCTOR) -> tuple[tuple[str, ast.Call], ...]:
    """(name of what is called, call) in the doctor's modules, or in another folder's."""
    return tuple(_calls(folder))


def _calls(folder: Path) -> Iterator[tuple[str, ast.Call]]:
    for file in sorted(folder.rglob("*.py")):
        if "audit" in file.relative_to(folder).parts:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield node.func.id, node


def constants(called: tuple[str, ...], keyword: str, position: int | None = None) -> set[str]:
    """Texts that are given literally to an argument of these calls."""
    found = []
    for name, call in calls():
        if name in called:
            found += [item.value for item in call.keywords if item.arg == keyword]
            if position is not None and len(call.args) > position:
                found.append(call.args[position])
    return {
        node.value
        for node in found
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value
    }


def texts_of(language: str) -> dict[str, str]:
    """The catalogue without the reasons: in English these stand beside their thresholds."""
    texts = catalogue(language)
    return {key: text for key, text in texts.items() if not key.startswith("reasons.")}


def causes() -> set[str]:
    return {key.split(".")[1] for key in catalogue("en") if key.startswith("causes.")}


def test_both_languages_say_the_same_things():
    english, chinese = (set(texts_of(language)) for language in LANGUAGES)
    assert english - chinese == set() and chinese - english == set()


def test_both_languages_have_the_same_blanks():
    english, chinese = (texts_of(language) for language in LANGUAGES)
    different = {
        key
        for key in english
        if {name for name, _ in placeholders(english[key])}
        != {name for name, _ in placeholders(chinese[key])}
    }
    assert different == set()


def test_blanks_are_plain_names():
    odd = {
        key
        for language in LANGUAGES
        for key, text in catalogue(language).items()
        for name, _ in placeholders(text)
        if not name.isidentifier()
    }
    assert odd == set()


def test_every_text_says_something_in_its_language():
    for language in LANGUAGES:
        assert {key for key, text in catalogue(language).items() if not text.strip()} == set()
    assert not [key for key, text in catalogue("en").items() if CHINESE.search(text)]
    not_chinese = {
        key
        for key, text in catalogue("zh").items()
        if not CHINESE.search(text) and not NEED_NO_CHINESE.fullmatch(key)
    }
    assert not_chinese == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_is_said_twice(language: str):
    """YAML keeps the last of two in silence, and so does the catalogue over files."""

    class Strict(yaml.SafeLoader):
        pass

    def mapping(loader: Strict, node: yaml.MappingNode) -> dict:
        pairs = loader.construct_pairs(node, deep=True)
        keys = [key for key, _ in pairs]
        assert len(keys) == len(set(keys)), f"{node.start_mark}: {sorted(keys)}"
        return dict(pairs)

    Strict.add_constructor("tag:yaml.org,2002:map", mapping)
    owners: dict[str, str] = {}
    for file in sorted(resource(f"doctor/words/{language}").glob("*.yaml")):
        for section, texts in yaml.load(file.read_text("utf-8"), Loader=Strict).items():
            for key in texts:
                owner = owners.setdefault(f"{section}.{key}", file.name)
                assert owner == file.name, f"{section}.{key} is in {owner} and {file.name}"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_every_check_is_asked_and_explained(check):
    missing = [part for part in CHECK_PARTS if f"checks.{check.id}.{part}" not in catalogue("en")]
    assert missing == []


def test_every_cause_is_told_whole():
    named = causes() | constants(("Named",), "cause")
    missing = {
        f"{cause}.{part}"
        for cause in named
        for part in CAUSE_PARTS
        if f"causes.{cause}.{part}" not in catalogue("en")
    }
    assert missing == set()


def test_every_cause_that_is_planted_has_words():
    planted = {
        call.args[1].value
        for name, call in calls(PLANTS)
        if name == "Plant" and len(call.args) > 1 and isinstance(call.args[1], ast.Constant)
    }
    assert planted and planted - causes() == set()


def test_every_reason_for_not_testing_has_words():
    reasons = constants(("not_tested",), "reason", 0) | constants(("Outcome",), "reason")
    assert {reason for reason in reasons if f"not_tested.{reason}" not in catalogue("en")} == set()


def test_every_title_and_axis_of_evidence_has_words():
    texts = {
        text for keyword in ("title", "x_label", "y_label") for text in constants(EVIDENCE, keyword)
    }
    nameless = {text for text in texts if label(text, "en") == text and label(text, "zh") == text}
    assert nameless == set()


def test_every_quantity_that_is_measured_has_words():
    measured = constants(("Reading",), "quantity")
    assert {name for name in measured if f"quantities.{name}" not in catalogue("zh")} == set()


def test_every_threshold_that_is_used_exists():
    used = constants(("Reading",), "threshold")
    assert used - set(default_thresholds()) == set()


def test_every_threshold_has_a_reason_that_is_one():
    poor = {key for key, row in default_thresholds().items() if len(row.reason.split()) < 6}
    assert poor == set()
    checks = {check.id for check in CHECKS}
    if checks:
        assert {key.split(".")[0] for key in default_thresholds()} <= checks


def test_a_missing_number_is_an_error_that_names_it():
    with pytest.raises(KeyError, match="detail"):
        say("not_tested.blocked")


def test_every_threshold_gives_its_reason_in_chinese_too():
    """The same keys, and the same numerals: a reason that was changed alone is found."""
    chinese = {
        key.removeprefix("reasons."): text
        for key, text in catalogue("zh").items()
        if key.startswith("reasons.")
    }
    table = default_thresholds()
    assert set(chinese) == set(table), "resources/doctor/words/zh/reasons.yaml"
    numerals = re.compile(r"\d[\d,.]*(?:e-?\d+)?(?!D)")
    different = {
        key: (table[key].reason, text)
        for key, text in chinese.items()
        if sorted(part.rstrip(".,") for part in numerals.findall(table[key].reason))
        != sorted(part.rstrip(".,") for part in numerals.findall(text))
    }
    assert different == {}, "resources/doctor/words/zh/reasons.yaml"
