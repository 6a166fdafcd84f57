"""An evaluation as one HTML page: nothing outside it is loaded, nothing in it runs."""

from pathlib import Path

from core.conventions import FINGER_JOINTS, WRIST
from core.data.frame_index import FrameIndex
from core.evaluation.report import words
from core.evaluation.report.content import Report, WorstFrame, report_of
from core.evaluation.report.figures import pck_figure, spread_figure, worst_figure
from core.evaluation.store import Evaluation
from core.evaluation.summary import Figure, JointSummary, SequenceSummary
from core.files.durable import write_atomically
from core.pages.markup import Html, element, joined
from core.pages.numbers import MINUS
from core.pages.style import POLICY, style_sheet

_SEQUENCES_SHOWN = 100
_FINGER_BY_FINGER = [WRIST, *(joint for joints in FINGER_JOINTS.values() for joint in joints)]

_LAYOUT = """
h1{font-size:13px;margin-bottom:6px}
.headline{font-size:20px;font-weight:600;line-height:1.3;color:var(--t1);margin:0 0 14px;
max-width:none}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:8px}
.card{padding:12px 14px}
.card .what{color:var(--t2);font-size:12px}
.card b{display:block;font-size:26px;font-weight:600;line-height:1.25;color:var(--t1)}
.card small{font-size:12px;font-weight:400;color:var(--t3);margin-left:4px}
.card .more{color:var(--t3);font-size:11px;line-height:1.45}
.notice{padding:10px 14px;margin:12px 0 0;background:var(--warning_tint);color:var(--warning);
border-radius:6px;max-width:none}
.two{display:flex;flex-wrap:wrap;gap:12px;margin-top:12px}
.two .figure{flex:1 1 400px;margin:0;background:var(--bg2);max-width:100%}
.two .figure svg{width:100%}
.box{padding:6px 14px}
.box+.box{margin-top:8px}
.fill{display:inline-block;height:8px;border-radius:2px;background:var(--accent);opacity:.75;
vertical-align:1px}
td.bar{width:34%;padding-right:0}
.worst{display:grid;grid-template-columns:repeat(auto-fill,minmax(230px,1fr));gap:10px}
.frame{overflow:hidden;margin:0}
.frame.figure{margin:0;padding:0;width:auto}
.frame svg{width:100%;height:auto;display:block}
.frame figcaption{padding:8px 12px 10px;font-size:12px;color:var(--t3)}
.frame figcaption b{display:block;color:var(--t1);font-weight:600;font-size:13px}
.frame .none{padding:26px 12px;color:var(--t3);font-size:12px;background:var(--bg1)}
"""


def write_report(
    path: Path, evaluation: Evaluation, index: FrameIndex | None = None, *, command: str = ""
) -> None:
    """Write the page, whole or not at all; see `report_of`. Raises OSError."""
    content = page(report_of(evaluation, index, command=command)).encode("utf-8")
    write_atomically(Path(path), content)


def page(report: Report) -> str:
    """The whole document."""
    identity = report.evaluation.identity
    names = {
        "checkpoint": identity.checkpoint_name,
        "dataset": identity.dataset_name,
        "split": identity.split,
    }
    head = joined(
        Html('<meta charset="utf-8">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
        Html('<meta name="viewport" content="width=device-width,initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark">'),
        element("title", words.DOCUMENT.format(**names)),
        element("style", Html(style_sheet(_LAYOUT))),
    )
    parts = (_figures, _curves, _joints, _sequences, _worst, _unmeasured, _identity)
    body = joined(
        _header(report, names),
        element("main", *(part(report) for part in parts)),
        element("footer", words.MADE_BY),
    )
    return "<!DOCTYPE html>\n" + element(
        "html", element("head", head), element("body", body), lang="en"
    )


def _header(report: Report, names: dict[str, str]) -> Html:
    counts, count = report.summary.counts, report.evaluation.identity.count
    lead = words.LEAD.format(**names, measured=counts["measured"], count=count)
    parts = [element("h1", words.TITLE), element("p", lead, css="headline")]
    cards = [_card(report, name) for name in words.HEADLINES]
    parts.append(element("div", *cards, css="cards"))
    notices = []
    if counts["pending"]:
        notices.append(words.UNFINISHED.format(pending=counts["pending"], count=count))
    if "stand-in" in report.evaluation.identity.hand_model.lower():
        notices.append(words.STAND_IN)
    parts += [element("p", notice, css="notice") for notice in notices]
    return element("header", *parts)


def _card(report: Report, name: str) -> Html:
    quantity = next(each for each in words.QUANTITIES if each.name == name)
    figure = report.summary.figures[name]
    if not figure.frames:
        below = words.UNKNOWN
    else:
        numbers = {
            "median": _number(figure.median, quantity.decimals),
            "p95": _number(figure.p95, quantity.decimals),
        }
        lines = [line.format(**numbers) for line in words.SPREAD_OF]
        below = _lines(words.MEAN_OVER.format(frames=figure.frames), *lines)
    mean = _number(figure.mean, quantity.decimals)
    return element(
        "div",
        element("div", quantity.title, css="what"),
        element("b", mean, element("small", quantity.unit) if quantity.unit else Html("")),
        element("div", below, css="more"),
        css="panel card",
    )


def _figures(report: Report) -> Html:
    rows = []
    for quantity in words.QUANTITIES:
        figure = report.summary.figures[quantity.name]
        title = joined(quantity.title, " ", element("span", quantity.meaning, css="hint"))
        cells = _numbers(figure, quantity.decimals, quantity.unit)
        rows.append([title, *cells, f"{figure.frames:,}"])
    heads = (words.QUANTITY, words.MEAN, words.MEDIAN, words.P95, words.FRAMES)
    areas = [[title, _number(report.summary.auc[name], 3)] for name, title in words.AREAS.items()]
    return element(
        "section",
        element("h2", words.FIGURES),
        element("p", words.FIGURES_LEAD, css="hint"),
        _table(heads, rows),
        _table((words.AREA, ""), areas),
    )


def _curves(report: Report) -> Html:
    drawn = (pck_figure(report.errors_mm), spread_figure(report.frame_errors_mm))
    figures = [element("figure", Html(svg), css="figure") for svg in drawn if svg is not None]
    return element("section", *figures, css="two")


def _joints(report: Report) -> Html:
    joints = [report.summary.by_joint[joint] for joint in _FINGER_BY_FINGER]
    largest = max((_known(joint.pa_joint_errors_mm) for joint in joints), default=0.0)
    heads = (words.JOINT, words.PA_MM, "", words.WRIST_MM, words.PX)
    rows = [_joint_row(joint, largest) for joint in joints]
    return element("section", element("h2", words.BY_JOINT), _table(heads, rows, bar=2))


def _joint_row(joint: JointSummary, largest: float) -> list[str]:
    return [
        joint.name,
        _number(joint.pa_joint_errors_mm.mean, 1),
        _fill(_known(joint.pa_joint_errors_mm), largest),
        _number(joint.joint_errors_mm.mean, 1),
        _number(joint.keypoint_errors_px.mean, 1),
    ]


def _sequences(report: Report) -> Html:
    worst_first = sorted(report.summary.by_sequence, key=lambda one: -_pa(one))
    shown, more = worst_first[:_SEQUENCES_SHOWN], len(worst_first) - _SEQUENCES_SHOWN
    largest = max((_pa(one) for one in shown), default=0.0)
    heads = (
        words.SEQUENCE,
        words.FRAMES,
        words.FAILED,
        words.PA_MM,
        "",
        words.WRIST_MM,
        words.PX,
    )
    rows = [
        [
            one.name,
            f"{one.frames:,}",
            f"{one.failed:,}",
            _number(one.figures["pa_mpjpe_mm"].mean, 1),
            _fill(_pa(one), largest),
            _number(one.figures["mpjpe_mm"].mean, 1),
            _number(one.figures["keypoint_error_px"].mean, 1),
        ]
        for one in shown
    ]
    parts = [
        element("h2", words.BY_SEQUENCE),
        element("p", words.BY_SEQUENCE_LEAD, css="hint"),
        _table(heads, rows, bar=4),
    ]
    if more > 0:
        parts.append(element("p", words.MORE_SEQUENCES.format(count=more), css="hint"))
    return element("section", *parts)


def _worst(report: Report) -> Html:
    if not report.worst:
        return Html("")
    return element(
        "section",
        element("h2", words.WORST.format(count=len(report.worst))),
        element("p", words.WORST_LEAD, css="hint"),
        element("div", *map(_worst_frame, report.worst), css="worst"),
    )


def _worst_frame(frame: WorstFrame) -> Html:
    if frame.jpeg:
        picture = Html(worst_figure(frame))
    else:
        picture = element("div", words.NO_PICTURE.format(why=frame.problem), css="none")
    numbers = {
        "pa": frame.pa_mpjpe_mm,
        "mpjpe": frame.mpjpe_mm,
        "px": frame.keypoint_error_px,
    }
    lines = [line.format(**numbers) for line in words.WORST_FIGURES]
    caption = element("figcaption", element("b", frame.name), _lines(*lines))
    return element("figure", picture, caption, css="panel frame")


def _unmeasured(report: Report) -> Html:
    parts = [element("h2", words.UNMEASURED)]
    notes = [element("li", note) for note in report.summary.notes]
    parts.append(element("ul", *notes) if notes else element("p", words.ALL_MEASURED))
    if report.failures:
        rows = [element("li", element("strong", name), " ", why) for name, why in report.failures]
        more = report.failure_count - len(rows)
        rows += [element("li", words.MORE_FAILURES.format(count=more))] if more else []
        parts += [element("h3", words.FAILURES), element("ul", *rows)]
    return element("section", *parts)


def _identity(report: Report) -> Html:
    facts = [joined(element("dt", name), element("dd", value)) for name, value in report.facts]
    return element("section", element("h2", words.IDENTITY), element("dl", *facts, css="facts"))


def _lines(*texts: str) -> Html:
    """One below the other."""
    return joined(*(element("div", text) for text in texts))


def _table(heads: tuple[str, ...], rows: list[list[str]], *, bar: int = -1) -> Html:
    """The first column is text, a column at `bar` a bar, all others numbers."""
    sides = ["bar" if column == bar else "n" if column else "" for column in range(len(heads))]
    head = [element("th", text, css=side) for text, side in zip(heads, sides, strict=True)]
    body = [
        element(
            "tr",
            *(element("td", cell, css=side) for cell, side in zip(row, sides, strict=True)),
        )
        for row in rows
    ]
    table = element("table", element("thead", element("tr", *head)), element("tbody", *body))
    return element("div", table, css="panel box wide")


def _numbers(figure: Figure, decimals: int, unit: str) -> list[str]:
    values = (figure.mean, figure.median, figure.p95)
    return [f"{_number(value, decimals)} {unit}".rstrip() for value in values]


def _number(value: float, decimals: int) -> str:
    if value != value:
        return "–"
    return f"{value:,.{decimals}f}".replace("-", MINUS)


def _fill(value: float, largest: float) -> Html:
    share = value / largest if largest > 0 and value > 0 else 0.0
    return element("span", css="fill", style=f"width:{100 * share:.1f}%")


def _known(figure: Figure) -> float:
    return figure.mean if figure.frames else 0.0


def _pa(sequence: SequenceSummary) -> float:
    return _known(sequence.figures["pa_mpjpe_mm"])
