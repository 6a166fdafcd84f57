"""The Doctor workspace, its ``utnet`` a fake one: examine, read, apply, test again, export."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from core.doctor.check import Verdict
from utnet_viewer.doctor.request import ConfigChoice
from utnet_viewer.doctor.telling import ORDER

WAIT_MS = 20_000
CLICK = Qt.MouseButton.LeftButton
RATE = "optimisation.learning_rate"


def examine(qtbot, workspace) -> None:
    QTest.mouseClick(workspace.subject.start, CLICK)
    qtbot.waitUntil(lambda: not workspace.examining.is_busy, timeout=WAIT_MS)


def checks_of(workspace) -> list[str]:
    return [row.check for row in workspace.checks.model.rows if row.check]


def asked(workspace) -> list[str]:
    folder = workspace.examining.view.kept.folder
    return json.loads((folder / "asked.json").read_text())


@pytest.fixture
def examined(qtbot, make_workspace):
    workspace = make_workspace()
    examine(qtbot, workspace)
    return workspace


def test_before_anything_it_says_what_to_do(make_workspace):
    workspace = make_workspace()
    assert "press Examine" in workspace.head.head.text
    assert workspace.checks.empty.isVisible() and "Examine" in workspace.checks.empty.text()
    assert workspace.subject.start.isEnabled() and not workspace.head.cancel.isVisible()
    assert not workspace.checks.export.isEnabled() and not workspace.checks.again.isEnabled()


def test_the_root_cause_is_named_at_the_top_and_its_check_is_chosen(examined):
    head = examined.head.head
    assert head.tag == "Most probable root cause" and head.kind == "fault"
    assert head.about == "explains 1 warning, blocks 1 check"
    assert head.number == "0.1864 mm"
    assert [check for check, _ in head.others] == ["learning_rate", "loss_balance"]
    assert examined.checks.current == "scale"
    assert examined.shown_finding.check == "scale"
    QTest.mouseClick(examined.head.others[0], CLICK)
    assert examined.checks.current == "learning_rate"


def test_the_list_has_faults_first_and_words_beside_every_icon(examined):
    findings = {f.check: f for f in examined.examining.view.findings}
    verdicts = [findings[check].verdict for check in checks_of(examined)]
    assert verdicts == sorted(verdicts, key=ORDER.index)
    assert len(verdicts) == len(findings) == 11
    heads = [row.title.split("\t") for row in examined.checks.model.rows if not row.check]
    assert heads == [["Faults", "2"], ["Warning", "1"], ["Not tested", "5"], ["Passed", "3"]]
    by_check = {row.check: row for row in examined.checks.model.rows}
    assert by_check["metric"].number == "not tested" and by_check["metric"].limit
    assert all(row.tip for row in examined.checks.model.rows if row.check)


def test_up_and_down_pass_over_the_heads(examined):
    view = examined.checks.list
    view.setFocus()
    seen = []
    for _ in range(10):
        seen.append(examined.checks.current)
        QTest.keyClick(view, Qt.Key.Key_Down)
    assert seen == checks_of(examined)[:10]


def test_every_kind_of_evidence_is_painted(examined, qtbot):
    for check in checks_of(examined):
        examined.checks.select(check)
        column = examined.evidence
        assert not column.grab().isNull() and not examined.numbers.grab().isNull()
        assert not examined.remedy.grab().isNull()
    examined.checks.select("reprojection")
    assert examined.evidence.overlay.current.sample == "MC1/0013"


def test_progress_is_told_and_cancelling_keeps_what_was_found(qtbot, make_workspace):
    workspace = make_workspace("--behaviour", "hang")
    QTest.mouseClick(workspace.subject.start, CLICK)
    assert workspace.head.cancel.isVisible() and not workspace.subject.start.isEnabled()
    qtbot.waitUntil(lambda: bool(workspace.examining.view.findings), timeout=WAIT_MS)
    assert "check 1 of 11" in workspace.head.head.tag
    assert workspace.head.progress.isVisible()
    QTest.mouseClick(workspace.head.cancel, CLICK)
    assert workspace.head.head.tag == "Cancelling…"
    qtbot.waitUntil(lambda: not workspace.examining.is_running, timeout=WAIT_MS)
    assert workspace.head.head.tag == "Cancelled" and "1 not tested" in workspace.head.head.about
    assert checks_of(workspace) == ["load"] and workspace.subject.start.isEnabled()
    assert not list(workspace.examining._book.root.rglob("request.json"))


def test_what_went_wrong_is_said_and_can_be_copied(qtbot, make_workspace):
    workspace = make_workspace("--behaviour", "crash")
    examine(qtbot, workspace)
    head = workspace.head
    assert head.strip.isVisible() and "divided by zero" in head.strip.message.text()
    QTest.mouseClick(head.strip.copy, CLICK)
    assert "Traceback" in QGuiApplication.clipboard().text()
    assert workspace.subject.start.isEnabled()


def test_a_healthy_subject_has_no_fault_but_what_was_not_tested_is_said(qtbot, make_workspace):
    workspace = make_workspace("--finds", "healthy")
    examine(qtbot, workspace)
    head = workspace.head.head
    assert head.tag == "Healthy" and head.kind == "success"
    assert "2 checks were not tested: that is no pass" in head.text


def test_the_last_examination_of_a_subject_is_shown_again(qtbot, make_workspace, tmp_path):
    root = tmp_path / "kept"
    first = make_workspace(root=root)
    first.subject.config.setCurrentIndex(first.subject.config.findData("preset/overfit"))
    first.subject.config.activated.emit(first.subject.config.currentIndex())
    examine(qtbot, first)
    examine(qtbot, first)
    assert len(list(root.rglob("examination.json"))) == 1  # the older one is forgotten
    again = make_workspace(root=root)
    assert again.subject.request.config == ConfigChoice("preset", "overfit")
    again.show_first()
    qtbot.waitUntil(lambda: again.examining.view.kept is not None, timeout=WAIT_MS)
    assert again.checks.current == "scale" and len(checks_of(again)) == 11
    again.subject._change(dataset=str(tmp_path))
    qtbot.waitUntil(lambda: not again.examining.is_busy, timeout=WAIT_MS)
    assert checks_of(again) == [] and again.examining.view.kept is None


def test_a_damaged_examination_is_told(qtbot, make_workspace, tmp_path):
    workspace = make_workspace()
    examine(qtbot, workspace)
    kept = workspace.examining.view.kept.folder / "examination.json"
    kept.write_text("{")
    workspace.examining.show_last(workspace.subject.request)
    qtbot.waitUntil(lambda: not workspace.examining.is_busy, timeout=WAIT_MS)
    assert str(kept) in workspace.head.head.trouble


def test_a_remedy_is_shown_applied_to_the_form_and_undone(examined, qtbot):
    form = examined.remedies.form
    before = form.draft.text(RATE)
    assert not examined.can("undo")
    examined.checks.select("learning_rate")
    (proposal,) = examined._proposals(examined.shown_finding)
    assert proposal.changes[0].words == f"{RATE}: {before} → 4e-4"
    assert not examined.head.head.trouble
    QTest.mouseClick(examined.remedy.apply[0], CLICK)
    assert (
        form.draft.text(RATE) == "4e-4" and form.checked.config.optimisation.learning_rate == 4e-4
    )
    assert "was changed since" in examined.head.head.trouble
    assert not examined.remedy.apply and examined.can("undo")
    QTest.mouseClick(examined.remedy.undo, CLICK)
    assert form.draft.text(RATE) == before and not examined.can("undo")
    assert not examined.head.head.trouble


def test_an_edit_after_the_remedy_is_not_undone(examined, qtbot):
    form = examined.remedies.form
    examined.checks.select("learning_rate")
    examined.apply(0)
    form.form.edited.emit("run.seed", "7")
    assert not examined.can("undo")
    examined.undo()
    assert form.draft.text("run.seed") == "7" and form.draft.text(RATE) == "4e-4"


def test_a_preset_is_put_into_the_form_together_with_the_change(examined, qtbot):
    request = replace(examined.subject.request, config=ConfigChoice("preset", "overfit"))
    examined.subject.show_request(request)
    before = examined.remedies.form.keep()
    examined.checks.select("learning_rate")
    examined._show()
    examined.apply(0)
    form = examined.remedies.form
    assert form.draft.baseline_name == "overfit" and form.draft.text(RATE) == "4e-4"
    assert examined.subject.request.config == ConfigChoice("form", "")
    examined.undo()
    assert form.keep() == before and examined.subject.request.config.value == "overfit"


def test_a_change_that_does_not_fit_is_told_and_not_offered(examined):
    examined.checks.select("scale")
    assert not examined.remedy.apply and not examined.can("apply")
    words = [label.text() for label in examined.remedy.findChildren(type(examined.checks.empty))]
    assert any("no key data.joint_unit" in text for text in words)


def test_testing_again_takes_what_was_mended_before_it_along(examined, qtbot):
    examined.checks.select("reprojection")
    before = examined.examining.view.kept.examination
    QTest.mouseClick(examined.checks.again, CLICK)
    qtbot.waitUntil(lambda: not examined.examining.is_busy, timeout=WAIT_MS)
    arguments = asked(examined)
    assert arguments[arguments.index("--checks") + 1] == "scale,reprojection"
    after = examined.examining.view.kept.examination
    assert [f.check for f in after.findings] == [f.check for f in before.findings]
    assert [c.named.cause for c in after.causes] == [c.named.cause for c in before.causes]
    assert examined.checks.current == "reprojection"


def test_after_a_remedy_its_check_alone_can_be_tested_again(examined, qtbot):
    request = replace(examined.subject.request, config=ConfigChoice("preset", "overfit"))
    examined.subject.show_request(request)
    examined.checks.select("learning_rate")
    examined._show()
    examined.apply(0)
    examined.test_again()
    qtbot.waitUntil(lambda: not examined.examining.is_busy, timeout=WAIT_MS)
    kept = examined.examining.view.kept
    assert kept.config.optimisation.learning_rate == 4e-4 and kept.request.config.kind == "form"
    assert len(checks_of(examined)) == 11 and examined.checks.current == "learning_rate"


def test_the_whole_command_line_says_what_stands_at_the_left(qtbot, make_workspace, tmp_path):
    workspace = make_workspace()
    request = replace(
        workspace.subject.request,
        dataset=str(tmp_path),
        checkpoint="c.safetensors",
        run="r",
        adapter="a.b:c",
    )
    workspace.subject.show_request(request)
    workspace.subject.tier.set_value("Seconds")
    examine(qtbot, workspace)
    arguments = asked(workspace)
    assert arguments[0] == str(tmp_path) and Path(arguments[2]).name == "config.yaml"
    assert arguments[3:11] == [
        "--tier", "seconds", "--checkpoint", "c.safetensors", "--run", "r", "--adapter", "a.b:c",
    ]  # fmt: skip


def test_an_adapter_that_is_none_is_marked_and_not_examined(make_workspace):
    workspace = make_workspace()
    QTest.keyClicks(workspace.subject.adapter, "no colon")
    assert not workspace.subject.start.isEnabled() and workspace.subject.problem.isVisible()
    workspace.examine()
    assert not workspace.examining.is_running
    workspace.subject.adapter.clear()
    QTest.keyClicks(workspace.subject.adapter, "mine.pipeline:make")
    assert workspace.subject.start.isEnabled()


def test_a_form_with_wrong_values_is_not_examined(make_workspace):
    workspace = make_workspace()
    form = workspace.remedies.form
    form.form.edited.emit(RATE, "fast")
    workspace.examine()
    assert not workspace.examining.is_running
    assert "values to correct" in workspace.head.head.trouble


def test_export_copies_the_report_beside_an_older_one(examined, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    for name in ("doctor-demo-Form-in-Train", "doctor-demo-Form-in-Train-2"):
        with qtbot.waitSignal(examined.exporter.done, timeout=WAIT_MS) as done:
            QTest.mouseClick(examined.checks.export, CLICK)
        folder = Path(done.args[0])
        assert folder == tmp_path / name
        assert {
            f"report.{language}.{kind}" for language in ("en", "zh") for kind in ("md", "html")
        } < {file.name for file in folder.iterdir()}
        assert not (folder / "request.json").exists()


def test_a_folder_that_cannot_be_written_is_told(examined, qtbot, tmp_path):
    (tmp_path / "file").write_text("")
    with qtbot.waitSignal(examined.exporter.failed, timeout=WAIT_MS) as failed:
        examined.exporter.export(examined.examining.view.kept.folder, tmp_path / "file" / "in")
    assert str(tmp_path / "file" / "in") in failed.args[0]


def test_a_sample_leads_to_inspect(examined, qtbot):
    examined.checks.select("scale")
    with qtbot.waitSignal(examined.sample_wanted) as wanted:
        QTest.mouseClick(examined.remedy.links["MC1/0012"], CLICK)
    assert wanted.args == ["demo", "train", "MC1/0012"]


def test_a_new_fault_is_shown_while_the_rest_still_runs(qtbot, make_workspace):
    workspace = make_workspace("--delay", "0.3")
    workspace.examine()

    def has_fault() -> bool:
        return any(f.verdict is Verdict.FAULT for f in workspace.examining.view.findings)

    qtbot.waitUntil(has_fault, timeout=WAIT_MS)
    assert workspace.examining.is_running
    qtbot.waitUntil(lambda: workspace.checks.current == "scale", timeout=WAIT_MS)
    assert not workspace.can("again") and not workspace.can("export")
    workspace.cancel()
    qtbot.waitUntil(lambda: not workspace.examining.is_running, timeout=WAIT_MS)
