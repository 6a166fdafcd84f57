"""``utnet annotations suggest`` as a person or the window calls it."""

import json
from pathlib import Path

import pytest
from label_plants import SpoiltIndex, plant

from core.annotation.suggestion_file import read_suggestions
from core.cli.main import main


@pytest.fixture(autouse=True)
def _folders(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("UTNET_ANNOTATIONS", str(tmp_path / "annotations"))
    monkeypatch.setenv("UTNET_EVALUATIONS", str(tmp_path / "evaluations"))


@pytest.fixture
def spoilt(monkeypatch) -> None:
    """Three of the demo's labels are wrong."""
    from core.data import opening
    from core.hand.mano_file import load_hand_model

    open_healthy = opening.open_dataset

    def open_spoilt(*arguments, **options) -> SpoiltIndex:
        index = open_healthy(*arguments, **options)
        return SpoiltIndex(index, plant(index, load_hand_model(None), share=0.04, seed=1))

    monkeypatch.setattr(opening, "open_dataset", open_spoilt)


def _suggest(*options: str) -> int:
    return main(["annotations", "suggest", "demo", *options])


def test_the_window_hears_how_far_it_is_and_where_they_are(capsys) -> None:
    assert _suggest("--progress", "--limit", "3") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == {"event": "started", "total": 76, "by": ""}
    assert [line["done"] for line in lines if line["event"] == "progress"] == [64, 76]
    assert lines[-1]["event"] == "finished"
    kept = read_suggestions(Path(lines[-1]["path"]))
    assert lines[-1]["count"] == len(kept.suggestions) <= 3
    assert (kept.dataset, kept.count, kept.by) == ("demo", 76, "")


def test_a_person_reads_frames_and_reasons(capsys, tmp_path, spoilt) -> None:
    out = tmp_path / "mine.json"
    assert _suggest("--out", str(out)) == 0
    told = capsys.readouterr()
    first = read_suggestions(out).suggestions[0]
    assert first.frame in told.out
    assert first.words in told.out
    assert "reading 76 labels alone" in told.err


def test_json_has_what_the_file_has(capsys, spoilt) -> None:
    assert _suggest("--json", "--limit", "2") == 0
    told = json.loads(capsys.readouterr().out)
    kept = read_suggestions(Path(told["path"]))
    assert [one["frame"] for one in told["suggestions"]] == [s.frame for s in kept.suggestions]
    assert told["suggestions"][0]["because"][0]["unit"] in ("mm", "px")


def test_healthy_labels_are_not_accused(capsys) -> None:
    assert _suggest() == 0
    assert "no label stands out" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "words"),
    [(("--limit", "0"), "--limit"), (("--evaluation", "/nowhere"), "/nowhere")],
)
def test_what_cannot_be_is_refused_by_name(capsys, options, words) -> None:
    assert _suggest(*options) == 2
    assert words in capsys.readouterr().err
