"""The report as Markdown, its figures as SVG files beside it."""

import re
from pathlib import Path

from core.doctor.check import Verdict
from core.doctor.evidence import Evidence, Table
from core.doctor.examination import Examination
from core.doctor.phrases import label
from core.doctor.report.cells import cell_text, shown_rows
from core.doctor.report.content import ORDER, CauseText, ItemText, ReportText, report_text
from core.doctor.report.figures import figure
from core.doctor.words import say
from core.files.durable import write_atomically
from core.pages.markup import writable
from core.pages.palette import figure_style

FIGURES = "figures"

#: Signs beside the words, so that a long list can be skimmed; the word says it.
SIGNS = {Verdict.PASS: "✓", Verdict.WARNING: "!", Verdict.FAULT: "✗", Verdict.NOT_TESTED: "–"}

# What Markdown or the HTML inside it could take for its own: anywhere, and where a line begins.
_SPECIAL = re.compile(r"([\\`*{}\[\]<>|~&$]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z]))")
_LEADING = re.compile(r"^([0-9]*)([#+=-]|(?<=[0-9])[.)](?=\s|$))")


def write_markdown(folder: Path, examination: Examination, language: str) -> Path:
    """Write ``report.LANGUAGE.md`` and its figures into `folder`; returns the report's path."""
    (folder / FIGURES).mkdir(parents=True, exist_ok=True)
    report = report_text(examination, language)
    lines = [*_top(report), *_purpose(report), *_results(report, folder)]
    lines += [*_conclusion(report), *_recommendations(report)]
    lines += ["---", "", plain(say("report.made_by", language)), ""]
    path = folder / f"report.{language}.md"
    write_atomically(path, "\n".join(lines).encode("utf-8"))
    return path


def figure_file(check: str, index: int, language: str) -> str:
    """Where a check's figure lies, from the report's folder."""
    return f"{FIGURES}/{check}_{index}.{language}.svg"


def plain(text: str) -> str:
    """The text as text: no mark of Markdown or HTML in it means anything, and it is one line."""
    one_line = " ".join(writable(text).split())
    safe = _SPECIAL.sub(r"\\\1", one_line)
    return _LEADING.sub(r"\1\\\2", safe)


def _code(text: str) -> list[str]:
    """A block that ends nowhere inside the text."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [fence, writable(text).rstrip("\n"), fence, ""]


def _lead(name: str, language: str) -> str:
    """A word and a colon."""
    return say("report.lead", language, name=say(f"report.{name}", language))


def _table(columns: list[str], rows: list[list[str]]) -> list[str]:
    head = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    return [*head, *(f"| {' | '.join(row)} |" for row in rows), ""]


def _top(report: ReportText) -> list[str]:
    sign = SIGNS[report.verdict]
    lines = [f"# {plain(report.title)}", "", f"## {sign} {plain(report.headline)}", ""]
    if report.lead:
        lines += [plain(report.lead), ""]
    lines += [plain(report.counts), ""]
    heads = [say(f"report.{name}", report.language) for name in ("verdict", "check", "measured")]
    heads += [say("report.expected", report.language)]
    rows = []
    for item in sorted(report.items, key=lambda item: ORDER.index(item.verdict)):
        first = item.readings[0] if item.readings else None
        verdict = f"{SIGNS[item.verdict]} {item.verdict_word}"
        number = f"{plain(first.quantity)} **{plain(first.measured)}**" if first else ""
        expected = plain(first.expected) if first else ""
        rows.append([verdict, f"`{item.check}` {plain(item.title)}", number, expected])
    return lines + _table(heads, rows)


def _purpose(report: ReportText) -> list[str]:
    lines = [f"## 1. {say('report.purpose', report.language)}", ""]
    lines += [plain(say("report.purpose_text", report.language)), ""]
    facts = [say("report.lead", report.language, name=n) + plain(v) for n, v in report.facts]
    return [*lines, *(f"- {fact}" for fact in facts), ""]


def _results(report: ReportText, folder: Path) -> list[str]:
    lines = [f"## 2. {say('report.results', report.language)}", ""]
    for index, item in enumerate(report.items, start=1):
        sign = f"{SIGNS[item.verdict]} {item.verdict_word}"
        lines += [f"### 2.{index} `{item.check}`: {plain(item.title)} ({sign})", ""]
        lines += _item(item, report.language, folder)
    return lines


def _item(item: ItemText, language: str, folder: Path) -> list[str]:
    lines = []
    if item.purpose:
        lines += [f"**{say('report.purpose', language)}.** {plain(item.purpose)}", ""]
    lines += _measurements(item, language)
    for index, evidence in enumerate(item.evidence):
        file = figure_file(item.check, index, language)
        lines += _evidence(evidence, file, language, folder)
    lines += [f"**{say('report.conclusion', language)}.**", ""]
    for cause in item.causes:
        said = f"**{plain(cause.title)}.** {plain(cause.explanation)} {plain(cause.why)}"
        lines += [said.rstrip(), ""]
    lines += [plain(item.conclusion), ""] if item.conclusion else []
    recommendation = f"**{say('report.recommendation', language)}.** {plain(item.recommendation)}"
    lines += [recommendation.rstrip(), ""]
    for cause in item.causes:
        lines += _remedy(cause, language)
    return lines


def _measurements(item: ItemText, language: str) -> list[str]:
    lines = [f"**{say('report.result', language)}.**", ""]
    if item.formula:
        lines += [f"{_lead('formula', language)}{plain(item.formula)}", ""]
    if item.readings:
        names = ("quantity", "measured", "expected", "reason")
        heads = [say(f"report.{name}", language) for name in names]
        informs = say("report.no_limit", language)
        rows = [
            [
                plain(reading.quantity),
                f"**{plain(reading.measured)}**"
                + (f" ({say('report.beyond', language)})" if reading.is_beyond else ""),
                plain(reading.expected or informs),
                plain(reading.reason),
            ]
            for reading in item.readings
        ]
        lines += _table(heads, rows)
    else:
        lines += [plain(say("report.no_number", language)), ""]
    for cause in item.causes:
        if cause.where:
            lines += [f"{_lead('location', language)}{plain(cause.where)}", ""]
    return lines + ([plain(item.under), ""] if item.under else [])


def _evidence(evidence: Evidence, file: str, language: str, folder: Path) -> list[str]:
    if isinstance(evidence, Table):
        columns = [plain(label(column, language)) for column in evidence.columns]
        rows, more = shown_rows(evidence)
        cells = [[plain(cell_text(cell)) for cell in row] for row in rows]
        lines = [f"**{plain(label(evidence.title, language))}**", "", *_table(columns, cells)]
        return lines + ([plain(say("report.more_rows", language, more=more)), ""] if more else [])
    drawing = figure(evidence, language, style=figure_style(own_ground=True))
    write_atomically(folder / file, (drawing or "").encode("utf-8"))
    return [f"![{plain(label(evidence.title, language))}]({file})", ""]


def _remedy(cause: CauseText, language: str) -> list[str]:
    lines = [plain(cause.remedy), ""] if cause.remedy else []
    if cause.change:
        change = _code(cause.change)
        change[0] += "yaml"
        lines += [plain(say("report.change", language)), "", *change]
    return lines


def _conclusion(report: ReportText) -> list[str]:
    language = report.language
    lines = [f"## 3. {say('report.conclusion', language)}", ""]
    lines += [plain(report.conclusion), ""] if report.conclusion else []
    for rank, cause in enumerate(report.causes, start=1):
        lines += [f"### 3.{rank} {SIGNS[cause.verdict]} {plain(cause.title)}", ""]
        by_check = say("report.by_check", language, check=cause.check_title)
        lines += [f"{plain(cause.explanation)} {plain(by_check)}", ""]
        if cause.why:
            lines += [f"{_lead('why', language)}{plain(cause.why)}", ""]
        if cause.where:
            lines += [f"{_lead('location', language)}{plain(cause.where)}", ""]
        if cause.explains:
            names = say("report.and", language).join(cause.explains)
            lines += [plain(say("report.explains", language, checks=names)), ""]
    if not report.untested:
        return [*lines, plain(say("report.everything_tested", language)), ""]
    lines += [f"**{plain(say('report.untested_lead', language))}**", ""]
    return [*lines, *(f"- **{plain(title)}** {plain(why)}" for title, why in report.untested), ""]


def _recommendations(report: ReportText) -> list[str]:
    language = report.language
    lines = [f"## 4. {say('report.recommendations', language)}", ""]
    if report.causes:
        lines += [plain(say("report.in_order", language)), ""]
    else:
        lines += [plain(say("report.keep", language)), ""]
    for rank, cause in enumerate(report.causes, start=1):
        lines += [f"### 4.{rank} {plain(cause.title)}", "", *_remedy(cause, language)]
    if not report.causes and report.untested:
        lines += [plain(say("report.test_more", language)), ""]
        lines += [*(f"- {plain(title)}" for title, _ in report.untested), ""]
    if report.command:
        lines += [plain(say("report.then", language)), "", *_code(report.command)]
    return lines
