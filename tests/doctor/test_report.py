"""The report says what the examination holds, all of it, and lets nothing else in."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from doctor_examples import HAND_PX, faulty_examination, healthy_examination, picture

from core.doctor.check import Finding, Named, Outcome, Reading, Tier
from core.doctor.evidence import Bars, Curves, Overlay, Scatter, Table
from core.doctor.examination import Cause, Examination
from core.doctor.phrases import measured
from core.doctor.report.figures import figure
from core.doctor.report.files import write_report
from core.doctor.report.markdown import plain, write_markdown
from core.doctor.report.page import page
from core.doctor.words import LANGUAGES, say

HOSTILE = (
    '</text></title><script>alert(1)</script><img src="http://e.x/a" onerror=x>"\'\x00\ud800|`*_'
)

_VOID = {"meta", "br", "img", "hr", "input", "link"}


class _Page(HTMLParser):
    """Checks that tags balance, and collects them and the text between."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text.append(data)


def parsed(html: str) -> _Page:
    reader = _Page()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


def hostile_examination() -> Examination:
    """A text that wants to be markup, wherever a text can come from outside."""
    bars = Bars(title=HOSTILE, labels=(HOSTILE,), values=np.ones(1), unit=HOSTILE)
    scatter = Scatter(
        title=HOSTILE,
        x=np.ones(1),
        y=np.ones(1),
        x_label=HOSTILE,
        y_label=HOSTILE,
        names=(HOSTILE,),
    )
    curves = Curves(
        title=HOSTILE,
        x=np.arange(3.0),
        curves={HOSTILE: np.arange(3.0)},
        x_label=HOSTILE,
        y_label=HOSTILE,
        marks={HOSTILE: 1.0},
    )
    overlay = Overlay(
        title=HOSTILE, sample=HOSTILE, image=picture(), skeletons_px={HOSTILE: HAND_PX}
    )
    table = Table(title=HOSTILE, columns=(HOSTILE,), rows=((HOSTILE,),))
    named = Named(
        cause=HOSTILE,
        numbers={HOSTILE: HOSTILE},
        where=(HOSTILE,),
        changes={HOSTILE: HOSTILE},
    )
    outcome = Outcome(
        readings=(Reading(quantity=HOSTILE, value=1.0, unit=HOSTILE, threshold=HOSTILE),),
        named=(named,),
        evidence=(bars, scatter, curves, overlay, table),
    )
    findings = (
        Finding(check="scale", tier=Tier.SECONDS, outcome=outcome, under=(HOSTILE,)),
        Finding(check="load", tier=Tier.SECONDS, outcome=Outcome(reason=HOSTILE, detail=HOSTILE)),
    )
    return Examination(
        subject=HOSTILE,
        findings=findings,
        causes=(Cause(named=named, check="scale", explains=(HOSTILE,)),),
        command=HOSTILE,
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("make", [healthy_examination, faulty_examination, hostile_examination])
def test_the_page_is_whole_alone_and_runs_nothing(make, language: str):
    html = page(make(), language)
    read = parsed(html)
    names = {name for name, _ in read.tags}
    assert not names & {"script", "iframe", "object", "embed", "link", "base", "form", "img"}
    for name, attributes in read.tags:
        assert not [key for key in attributes if key.startswith("on")], name
        for key in ("src", "href", "xlink:href", "action", "data"):
            value = attributes.get(key) or "#"
            assert value.startswith(("#", "data:image/png;base64,")), value
    styles = "".join(re.findall(r"<style>(.*?)</style>", html, re.DOTALL))
    assert "url(" not in styles and "@import" not in styles
    assert "prefers-color-scheme:dark" in styles and "@media print" in styles
    html.encode("utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_texts_are_read_as_texts(language: str):
    read = parsed(page(hostile_examination(), language))
    visible = "".join(read.text)
    assert visible.count("<script>alert(1)</script>") > 10


def test_a_page_that_did_not_escape_would_be_caught():
    with pytest.raises(AssertionError):
        parsed(f"<p><b>{HOSTILE}</b></p>")


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_figures_are_well_formed(language: str, tmp_path: Path):
    write_markdown(tmp_path, hostile_examination(), language)
    files = sorted((tmp_path / "figures").iterdir())
    assert len(files) == 4
    for file in files:
        root = ElementTree.parse(file).getroot()
        assert {element.tag.rpartition("}")[2] for element in root.iter()} <= {
            "svg", "style", "text", "line", "rect", "circle", "title", "polygon", "path", "image",
        }  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_texts_are_no_markdown(language: str, tmp_path: Path):
    text = write_markdown(tmp_path, hostile_examination(), language).read_text(encoding="utf-8")
    outside_code = re.sub(r"(`{3,})[a-z]*\n.*?\n\1\n", "", text, flags=re.DOTALL)
    assert not re.search(r"(?<!\\)<", outside_code)
    tables = [line for line in outside_code.splitlines() if line.startswith("|")]
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in tables}
    assert widths <= {2, 5}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("joints_in_mm *and* <b>", r"joints_in_mm \*and\* \<b\>"),
        ("# no heading", r"\# no heading"),
        ("- no list", r"\- no list"),
        ("1. no list", r"1\. no list"),
        ("1.5 mm", "1.5 mm"),
        ("two\nlines | cells", r"two lines \| cells"),
        (r"\[x](y)", r"\\\[x\](y)"),
    ],
)
def test_markdown_escapes_only_what_means_something(text: str, expected: str):
    assert plain(text) == expected


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("make", [healthy_examination, faulty_examination])
def test_every_number_and_every_place_is_in_both_reports(make, language: str, tmp_path: Path):
    examination = make()
    html = "".join(parsed(page(examination, language)).text)
    markdown = write_markdown(tmp_path, examination, language).read_text(encoding="utf-8")
    for finding in examination.findings:
        for reading in finding.outcome.readings:
            assert measured(reading.value, reading, language) in html
            assert measured(reading.value, reading, language) in markdown
        for named in finding.outcome.named:
            for word in (*named.where, *(key.rpartition(".")[2] for key in named.changes)):
                assert word in html and word in markdown
    assert examination.command in html and examination.command in markdown


@pytest.mark.parametrize("language", LANGUAGES)
def test_has_the_sections_of_a_scale_check_report(language: str, tmp_path: Path):
    html = "".join(parsed(page(faulty_examination(), language)).text)
    markdown = write_markdown(tmp_path, faulty_examination(), language).read_text(encoding="utf-8")
    for section in ("purpose", "results", "conclusion", "recommendations"):
        heading = say(f"report.{section}", language)
        assert heading in html
        assert re.search(rf"^## \d\. {heading}$", markdown, re.MULTILINE)


def test_not_tested_is_never_shown_as_passed(tmp_path: Path):
    untested = replace(
        healthy_examination(),
        findings=tuple(f for f in healthy_examination().findings if not f.outcome.readings),
    )
    html = page(untested, "en")
    assert "Nothing could be tested" in html
    assert "Passed" not in "".join(parsed(html).text)
    read = parsed(page(healthy_examination(), "en"))
    said = "".join(read.text)
    assert "Not tested, and therefore no pass" in said
    assert said.count("Not tested") >= 4  # twice each: in the list and at its item


def test_faults_are_unfolded_and_listed_first():
    read = parsed(page(faulty_examination(), "en"))
    rows = [a["href"] for name, a in read.tags if name == "a"]
    assert rows[:3] == ["#scale", "#learning_rate", "#loss_balance"]
    assert sum("open" in a for name, a in read.tags if name == "details") == 3
    ids = [a["id"] for _, a in read.tags if "id" in a]
    assert len(ids) == len(set(ids)) and {row[1:] for row in rows} <= set(ids)


def test_overridden_thresholds_are_used_and_said():
    reading = Reading(quantity="x", value=2.0, threshold="a.key")
    finding = Finding(check="scale", tier=Tier.SECONDS, outcome=Outcome(readings=(reading,)))
    examination = replace(healthy_examination(), findings=(finding,), overrides={"a.key": 1.5})
    said = "".join(parsed(page(examination, "en")).text)
    assert "≤ 1.5" in said and "set for this examination" in said and "beyond its limit" in said


@pytest.mark.parametrize(
    "evidence",
    [
        Bars(title="t", labels=(), values=np.empty(0)),
        Bars(title="t", labels=("a",), values=np.array([np.nan]), limits=(1.0,)),
        Bars(title="t", labels=("a", "b"), values=np.array([0.0, -1.0]), is_log=True),
        Bars(title="t", labels=("a", "b"), values=np.array([1e308, -1e308])),
        Bars(title="t", labels=("a",), values=np.array([5e-324]), is_log=True, limits=(1e300,)),
        Scatter(title="t", x=np.empty(0), y=np.empty(0), x_label="a", y_label="b"),
        Scatter(title="t", x=np.zeros(3), y=np.zeros(3), x_label="a", y_label="b", diagonal=True),
        Scatter(
            title="t",
            x=np.array([np.inf, 1.0]),
            y=np.array([1.0, np.nan]),
            x_label="a",
            y_label="b",
            diagonal=True,
        ),
        Curves(title="t", x=np.empty(0), curves={}, x_label="a", y_label="b"),
        Curves(
            title="t",
            x=np.arange(4.0),
            curves={"c": np.full(4, np.nan)},
            x_label="a",
            y_label="b",
            is_log_x=True,
            is_log_y=True,
        ),
        Curves(title="t", x=np.zeros(1), curves={"c": np.ones(1)}, x_label="a", y_label="b"),
        Overlay(
            title="t",
            sample="s",
            image=np.zeros((8, 6, 3), np.uint8),
            skeletons_px={"label": np.full((21, 2), np.nan), "projected": np.full((3, 2), 1e9)},
        ),
        Overlay(title="t", sample="s", image=np.zeros((8, 6, 3), np.uint8), skeletons_px={}),
    ],
)
def test_odd_evidence_is_drawn_or_said_to_be_empty(evidence):
    drawing = figure(evidence, "en")
    root = ElementTree.fromstring(drawing)
    numbers = [
        value
        for element in root.iter()
        for key, value in element.attrib.items()
        if key in ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height", "points")
    ]
    assert not [value for value in numbers if "nan" in value or "inf" in value]


def test_what_is_not_drawn_is_counted():
    values = np.array([1.0, np.nan, np.inf, 0.0])
    bars = Bars(title="t", labels=("a", "b", "c", "d"), values=values, is_log=True)
    drawing = figure(bars, "en")
    assert say("figures.left_out", count=2) in drawing
    assert say("figures.not_positive", count=1) in drawing
    skeleton = HAND_PX.copy()
    skeleton[:4] += 1000
    overlay = Overlay(title="t", sample="s", image=picture(), skeletons_px={"label": skeleton})
    assert say("figures.outside", count=4, all=21) in figure(overlay, "en")


def test_skeletons_differ_without_colour():
    overlay = next(
        finding.outcome.evidence[0]
        for finding in faulty_examination().findings
        if finding.check == "reprojection"
    )
    root = ElementTree.fromstring(figure(overlay, "en"))
    inside = [
        e for e in root.iter() if e.tag.endswith("}line") and "stroke:#F75A3A" in e.get("style")
    ]
    dashes = [re.search(r"stroke-dasharray:([^;]+)", e.get("style"))[1] for e in inside]
    assert dashes == ["none"] * 4 + ["7 4"] * 4
    markers = [e for e in root.iter() if e.tag.endswith(("}circle", "}polygon"))]
    kinds = {e.tag.rpartition("}")[2] for e in markers}
    assert kinds == {"circle", "polygon"}


def test_an_overlay_lies_on_its_pixels():
    """A joint at a pixel's centre is drawn at that pixel's centre in the enlarged picture."""
    points = np.array([[0.0, 0.0], [191.0, 255.0]])
    overlay = Overlay(title="t", sample="s", image=picture(), skeletons_px={"label": points})
    root = ElementTree.fromstring(figure(overlay, "en"))
    inset = next(e for e in root if e.tag.endswith("}svg"))
    width, height = float(inset.get("width")), float(inset.get("height"))
    dots = [e for e in inset if e.tag.endswith("}circle")]
    places = np.array([[float(e.get("cx")), float(e.get("cy"))] for e in dots])
    expected = np.array([[0.5, 0.5], [191.5, 255.5]]) * [width / 192, height / 256]
    np.testing.assert_allclose(places, expected, atol=0.06)


def test_long_curves_keep_their_spikes():
    steps = np.arange(50_000.0)
    loss = np.ones(50_000)
    loss[31_234] = 1000.0
    curves = Curves(
        title="t", x=steps, curves={"loss": loss}, x_label="step", y_label="loss", is_log_y=True
    )
    drawing = figure(curves, "en")
    assert len(drawing) < 60_000
    path = next(e for e in ElementTree.fromstring(drawing).iter() if e.tag.endswith("}path"))
    heights = [float(pair.split()[1]) for pair in re.split("[ML]", path.get("d"))[1:]]
    assert max(heights) - min(heights) > 150


def test_one_call_leaves_everything_in_the_folder(tmp_path: Path):
    figures = write_report(tmp_path, faulty_examination())
    assert {path.name for path in tmp_path.iterdir()} == {
        "report.en.html", "report.zh.html", "report.en.md", "report.zh.md",
        "examination.json", "evidence", "figures",
    }  # fmt: skip
    assert [path.name for path in figures["learning_rate"]] == [
        "learning_rate_0.en.svg",
        "learning_rate_1.en.svg",
    ]
    assert figures["load"] == [] and figures["targets"] == []
    assert all(path.is_file() for paths in figures.values() for path in paths)
    named = re.findall(r"!\[.*?\]\((.*?)\)", (tmp_path / "report.zh.md").read_text("utf-8"))
    assert named and all((tmp_path / name).is_file() for name in named)


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="klingon"):
        page(healthy_examination(), "klingon")
