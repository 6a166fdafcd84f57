"""The report of the evaluation that is shown, from the window."""

import pytest
from made_evaluation import make_evaluation
from support_window import wait_until

from core.evaluation.identity import RowNames
from utnet_viewer.notices import Notice


@pytest.fixture
def desk(opened):
    yield opened._menus.report
    opened.session.document.set_evaluation(None)
    wait_until(opened.is_painted_finely)


def test_without_an_evaluation_it_says_what_to_do_first(desk, opened):
    desk.action.trigger()
    assert "Evaluate this split first" in opened.window.status._text.text()


def test_the_report_is_written_with_pictures_of_the_worst_frames(desk, opened, tmp_path, qtbot):
    document = opened.session.document
    evaluation = make_evaluation(tmp_path / "store", RowNames.of_index(document.index))
    document.set_evaluation(evaluation)
    path = tmp_path / "report.html"
    with qtbot.waitSignal(desk.written, timeout=30_000) as written:
        desk.save(path)
    assert written.args == [str(path), ""]
    content = path.read_text(encoding="utf-8")
    assert content.count("data:image/jpeg") == 10
    assert opened.window.status._text.text() == f"Saved {path}"


def test_an_unwritable_place_is_said(desk, opened, tmp_path, qtbot):
    document = opened.session.document
    document.set_evaluation(make_evaluation(tmp_path, RowNames.of_index(document.index)))
    with qtbot.waitSignal(desk.written, timeout=30_000):
        desk.save(tmp_path / "no" / "report.html")
    (notice,) = [
        notice
        for notice in opened.window.findChildren(Notice)
        if notice.title == "The report was not saved"
    ]
    assert "Choose another folder" in notice.text
    opened.window.drop_notices(notice.title)
