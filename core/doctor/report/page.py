"""The report as one HTML file: nothing outside it is loaded, nothing in it runs.

Figures are inline SVG, pictures data inside them, checks fold by ``<details>``; a content security
policy forbids scripts and every request besides. Fonts are named, not embedded: half a megabyte
of them would say nothing more.
"""

import re
from functools import cache
from pathlib import Path

from core.doctor.check import Verdict
from core.doctor.evidence import Evidence, Table
from core.doctor.examination import Examination
from core.doctor.phrases import label
from core.doctor.report.cells import cell_text, is_number, shown_rows
from core.doctor.report.content import (
    ORDER,
    CauseText,
    ItemText,
    ReadingText,
    ReportText,
    report_text,
)
from core.doctor.report.figures import figure
from core.doctor.report.page_style import page_style
from core.doctor.words import say
from core.files.durable import write_atomically
from core.files.embedded import resource
from core.pages.markup import Html, element, joined
from core.pages.style import POLICY

_LANGUAGE_TAGS = {"en": "en", "zh": "zh-Hans"}

_ICONS = {
    Verdict.PASS: "check-circle",
    Verdict.WARNING: "warning",
    Verdict.FAULT: "x-circle",
    Verdict.NOT_TESTED: "minus-circle",
}


def write_html(folder: Path, examination: Examination, language: str) -> Path:
    """Write ``report.LANGUAGE.html`` into `folder`, made where it is missing; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"report.{language}.html"
    write_atomically(path, page(examination, language).encode("utf-8"))
    return path


def page(examination: Examination, language: str) -> str:
    """The whole document; raises ValueError for an unknown language."""
    report = report_text(examination, language)
    head = joined(
        Html('<meta charset="utf-8">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
        Html('<meta name="viewport" content="width=device-width,initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark">'),
        element("title", report.document),
        element("style", Html(page_style())),
    )
    body = joined(
        _symbols(),
        _header(report),
        element("main", _list(report), _purpose(report), _results(report), *_ends(report)),
        element("footer", say("report.made_by", language)),
    )
    tag = _LANGUAGE_TAGS[language]
    return "<!DOCTYPE html>\n" + element(
        "html", element("head", head), element("body", body), lang=tag
    )


@cache
def _symbols() -> Html:
    """The verdicts' icons, once; `_icon` refers to them."""
    symbols = []
    for verdict, name in _ICONS.items():
        source = resource(f"icons/{name}.svg").read_text(encoding="utf-8")
        shape = re.sub(r"^.*?<svg[^>]*>|</svg>\s*$", "", source, flags=re.DOTALL)
        symbols.append(
            element("symbol", Html(shape), id=f"icon-{verdict.value}", viewBox="0 0 256 256")
        )
    return element("svg", *symbols, width="0", height="0", style="position:absolute")


def _icon(verdict: Verdict) -> Html:
    use = element("use", href=f"#icon-{verdict.value}")
    return element("svg", use, css=f"icon {verdict.value}", aria_hidden="true")


def _header(report: ReportText) -> Html:
    language = report.language
    top = element(
        "div",
        element("h1", report.title),
        element("div", report.facts[0][1], css="subject"),
        css="top",
    )
    tag = say("report.root_cause", language) if report.verdict is Verdict.FAULT else ""
    said = [
        element("span", tag, css=f"tag {report.verdict.value}") if tag else Html(""),
        element("p", report.headline, css="headline"),
        element("p", report.lead or report.conclusion),
    ]
    card = element(
        "section",
        element("div", _icon(report.verdict), css=f"badge {report.verdict.value}"),
        element("div", *said, css="said"),
        _deciding(report),
        css="panel diagnosis",
    )
    return element("header", top, card, element("p", report.counts, css="counts"))


def _deciding(report: ReportText) -> Html:
    """The number that the first cause rests on, beside what it should be."""
    if not report.causes:
        return Html("")
    item = next(item for item in report.items if item.check == report.causes[0].check)
    first = item.readings[0]
    below = f"{say('report.expected', report.language)} {first.expected}" if first.expected else ""
    return element("div", first.quantity, element("b", first.measured), below, css="deciding")


def _list(report: ReportText) -> Html:
    """Every check with its verdict: faults first, then as they were measured."""
    items = sorted(report.items, key=lambda item: ORDER.index(item.verdict))
    rows = [_list_row(item) for item in items]
    return element(
        "nav", *rows, css="panel list", aria_label=say("report.verdicts", report.language)
    )


def _list_row(item: ItemText) -> Html:
    number = Html("")
    if item.readings:
        first = item.readings[0]
        what = element("span", first.quantity, css="what")
        number = joined(what, element("b", first.measured))
    return element(
        "a",
        _icon(item.verdict),
        element(
            "span",
            element("span", item.title, css="name"),
            element("span", item.check, css="id"),
        ),
        element("span", number if item.readings else item.verdict_word, css="number"),
        element("span", item.readings[0].expected if item.readings else "", css="limit"),
        css=f"row {item.verdict.value}",
        href=f"#{item.check}",
        title=item.verdict_word,
    )


def _purpose(report: ReportText) -> Html:
    facts = [joined(element("dt", name), element("dd", value)) for name, value in report.facts]
    return element(
        "section",
        element("h2", say("report.purpose", report.language)),
        element("p", say("report.purpose_text", report.language)),
        element("dl", *facts, css="facts"),
    )


def _results(report: ReportText) -> Html:
    heading = element("h2", say("report.results", report.language))
    return element("section", heading, *(_item(item, report.language) for item in report.items))


def _item(item: ItemText, language: str) -> Html:
    summary = element(
        "summary",
        _icon(item.verdict),
        element("h3", item.title, element("span", item.check, css="id")),
        element("span", item.verdict_word, css=f"tag {item.verdict.value}"),
        css="summary",
    )
    # The anchor lies inside: a link to it makes browsers unfold what is around it.
    body = element("div", *_item_parts(item, language), css="body", id=item.check)
    is_open = item.verdict in (Verdict.FAULT, Verdict.WARNING)
    attributes = {"open": "open"} if is_open else {}
    return element("details", summary, body, css="panel", **attributes)


def _item_parts(item: ItemText, language: str) -> list[Html]:
    parts = []
    if item.purpose:
        parts += [_heading("purpose", language), element("p", item.purpose)]
    parts.append(_heading("result", language))
    if item.formula:
        parts.append(element("p", element("strong", _lead("formula", language)), item.formula))
    if item.readings:
        parts.append(_readings(item.readings, language))
    else:
        parts.append(element("p", say("report.no_number", language)))
    if item.under:
        parts.append(element("p", item.under, css="hint"))
    parts += [_where(cause, language) for cause in item.causes]
    parts += [_evidence(evidence, language) for evidence in item.evidence]
    parts.append(_heading("conclusion", language))
    for cause in item.causes:
        parts.append(element("p", element("strong", cause.title), " ", cause.explanation))
        parts.append(element("p", cause.why))
    parts += [element("p", item.conclusion)] if item.conclusion else []
    parts.append(_heading("recommendation", language))
    parts += [element("p", item.recommendation)] if item.recommendation else []
    for cause in item.causes:
        parts += _remedy(cause, language)
    return [*parts, element("p", item.duration, css="hint")] if item.readings else parts


def _heading(name: str, language: str) -> Html:
    return element("h4", say(f"report.{name}", language))


def _readings(readings: tuple[ReadingText, ...], language: str) -> Html:
    heads = element(
        "tr",
        element("th", say("report.quantity", language), css="c1"),
        element("th", say("report.measured", language), css="n c2"),
        element("th", say("report.expected", language), css="n c2"),
        element("th", say("report.reason", language)),
    )
    rows = [
        element(
            "tr",
            element("td", reading.quantity),
            element(
                "td", *_number(reading, language), css="n beyond" if reading.is_beyond else "n"
            ),
            element("td", reading.expected or say("report.no_limit", language), css="n"),
            element("td", reading.reason, css="hint"),
        )
        for reading in readings
    ]
    table = element("table", element("thead", heads), element("tbody", *rows), css="readings")
    return element("div", table, css="wide")


def _number(reading: ReadingText, language: str) -> list[Html]:
    parts = [element("b", reading.measured)]
    if reading.is_beyond:
        parts.append(element("span", say("report.beyond", language), css="mark"))
    return parts


def _where(cause: CauseText, language: str) -> Html:
    if not cause.where:
        return Html("")
    return element("p", element("strong", _lead("location", language)), cause.where)


def _lead(name: str, language: str) -> str:
    """A word and a colon."""
    return say("report.lead", language, name=say(f"report.{name}", language))


def _evidence(evidence: Evidence, language: str) -> Html:
    if isinstance(evidence, Table):
        return _table(evidence, language)
    return element("figure", Html(figure(evidence, language) or ""), css="figure")


def _table(table: Table, language: str) -> Html:
    rows, more = shown_rows(table)
    # A column is set like its first row.
    sides = ["n" if is_number(cell) else "" for cell in rows[0]] if rows else []
    sides += [""] * (len(table.columns) - len(sides))
    heads = [
        element("th", label(column, language), css=side)
        for column, side in zip(table.columns, sides, strict=False)
    ]
    body = [
        element(
            "tr",
            *(
                element("td", cell_text(cell), css=side)
                for cell, side in zip(row, sides, strict=False)
            ),
        )
        for row in rows
    ]
    note = say("report.more_rows", language, more=more) if more else ""
    return element(
        "div",
        element("p", element("strong", label(table.title, language))),
        element(
            "table", element("thead", element("tr", *heads)), element("tbody", *body), css="data"
        ),
        element("p", note, css="hint") if note else Html(""),
        css="wide",
    )


def _remedy(cause: CauseText, language: str) -> list[Html]:
    parts = [element("p", cause.remedy)] if cause.remedy else []
    if cause.change:
        parts.append(element("p", say("report.change", language), css="hint"))
        parts.append(element("pre", cause.change))
    return parts


def _ends(report: ReportText) -> list[Html]:
    return [_conclusion(report), _recommendations(report)]


def _conclusion(report: ReportText) -> Html:
    language = report.language
    parts = [element("h2", say("report.conclusion", language))]
    parts += [element("p", report.conclusion)] if report.conclusion else []
    parts += [_cause(rank, cause, language) for rank, cause in enumerate(report.causes, start=1)]
    if report.untested:
        rows = [element("li", element("b", title), " ", why) for title, why in report.untested]
        lead = element("strong", say("report.untested_lead", language))
        parts.append(element("div", lead, element("ul", *rows), css="panel untested"))
    else:
        parts.append(element("p", say("report.everything_tested", language)))
    return element("section", *parts)


def _cause(rank: int, cause: CauseText, language: str) -> Html:
    by_check = say("report.by_check", language, check=cause.check_title)
    said = [
        element("h3", cause.title),
        element("p", cause.explanation),
    ]
    if cause.why:
        said += [_heading("why", language), element("p", cause.why)]
    said.append(_where(cause, language))
    if cause.explains:
        names = say("report.and", language).join(cause.explains)
        said.append(element("p", say("report.explains", language, checks=names)))
    said.append(element("p", by_check, css="hint"))
    return element(
        "article",
        element("span", str(rank), css="rank"),
        element("div", *said, css="said"),
        _icon(cause.verdict),
        css="panel cause",
    )


def _recommendations(report: ReportText) -> Html:
    language = report.language
    lead = "report.in_order" if report.causes else "report.keep"
    parts = [
        element("h2", say("report.recommendations", language)),
        element("p", say(lead, language)),
    ]
    for rank, cause in enumerate(report.causes, start=1):
        said = [element("h3", cause.title), *_remedy(cause, language)]
        number = element("span", str(rank), css="rank")
        parts.append(element("div", number, element("div", *said, css="said"), css="panel cause"))
    if not report.causes and report.untested:
        parts.append(element("p", say("report.test_more", language)))
        names = [element("li", title) for title, _ in report.untested]
        parts.append(element("ul", *names, css="chips"))
    if report.command:
        parts.append(element("p", say("report.then", language)))
        parts.append(element("pre", report.command))
    return element("section", *parts)
