"""The watch sees what goes wrong while it goes wrong, tells it once, and is silent otherwise."""

import numpy as np
import pytest
from doctor_runs import BASELINES, exploding, flat, healthy_run, overfitted, report_of, swinging
from fake_trainer import TERMS, make_run
from support_training import events_of, train_here

from core.cli.train import _sentence
from core.doctor.run_record import RunRecord
from core.events import EventWriter, MarkEvent, ResumedEvent
from core.training.steps import StepTable, StepWriter, columns_of
from core.training.watch import QUIET_STEPS, Watch, default_limits, spread_px


def watched(
    run: RunRecord,
    *,
    every: int = 50,
    spread: float = 25.0,
    clip_norm: float = 1.0,
    **shares: float,
) -> list[MarkEvent]:
    """The marks of a watch that hears of a run as the loop would tell it."""
    marks: list[MarkEvent] = []
    peak = float(run.configured_rate.max())
    watch = Watch(marks.append, pytest.fail, clip_norm=clip_norm, peak_rate=peak)
    validated = dict(zip(run.validation_step, range(len(run.validation_step)), strict=True))
    for row, step in enumerate(run.step):
        report = report_of(run, row)
        watch.stepped(report, step=int(step), applied=run.learning_rate[row])
        if step % every == 0:
            ratios = {"backbone": 5 * run.learning_rate[row]}
            watch.diagnosed(step=int(step), shares=shares or run.shares, ratios=ratios)
        if step in validated:
            metrics = {name: v[validated[step]] for name, v in run.metrics.items()}
            watch.validated(step=int(step), metrics=metrics, baselines=BASELINES, spread_px=spread)
    return marks


def causes(marks: list[MarkEvent]) -> list[str]:
    return [mark.cause for mark in marks]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("scatter", [0.03, 0.1, 0.35])
def test_a_healthy_run_is_watched_in_silence(seed: int, scatter: float):
    assert watched(healthy_run(seed, steps=800, scatter=scatter)) == []


def test_a_standing_loss_is_told_once_per_quiet_time():
    marks = watched(flat(healthy_run(steps=1200), 0), spread=20.0)
    assert set(causes(marks)) == {"plateau"}
    told = [mark.step for mark in marks]
    assert len(told) == 1 + (1200 - told[0]) // QUIET_STEPS
    assert min(np.diff(told)) >= QUIET_STEPS


def test_a_diverging_loss_is_told_before_the_run_ends():
    run = exploding(healthy_run(steps=800), at_share=0.5, growth=20.0)
    first = watched(run)[0]
    assert first.cause == "divergence"
    assert 400 < first.step < 700
    assert first.numbers["last"] > 1.5 * first.numbers["best"]


def test_swings_overfitting_and_constant_answers_have_their_names():
    assert "oscillation" in causes(watched(swinging(healthy_run(steps=600), period=90)))
    assert "overfitting" in causes(watched(overfitted(healthy_run(steps=800), rise=1.2)))
    still = flat(healthy_run(steps=400), 0)
    assert "constant_output_run" in causes(watched(still, spread=0.2))


def test_one_terms_gradient_is_told_with_its_name():
    marks = watched(healthy_run(steps=100), joints_3d=0.99, keypoints_2d=0.01)
    assert causes(marks) == ["loss_imbalance_run"]
    assert marks[0].numbers == {"term": "joints_3d", "share": 0.99}
    assert marks[0].step == 50


def test_another_rate_than_the_configured_one_is_told():
    run = healthy_run(steps=200)
    run.learning_rate[:] = run.learning_rate.copy()
    other = RunRecord(**{**vars(run), "learning_rate": np.full(200, 1e-3)})
    mark = watched(other)[0]
    assert mark.cause == "rate_mismatch_run"
    assert mark.numbers["applied"] > mark.numbers["configured"]


def test_a_validation_that_repeats_itself_is_told():
    run = healthy_run(steps=300, validations=3)
    same = {name: np.full(3, values[0]) for name, values in run.metrics.items()}
    marks = watched(RunRecord(**{**vars(run), "metrics": same}))
    assert causes(marks) == ["metric_frozen_run"]
    assert marks[0].step == 200


def test_gradients_that_explode_unclipped_are_told():
    run = healthy_run(steps=300)
    norm = run.gradient_norm.copy()
    norm[120] = 5000.0
    spiked = RunRecord(**{**vars(run), "gradient_norm": norm, "clipped": np.zeros(300)})
    marks = watched(spiked, clip_norm=0.0)
    assert causes(marks) == ["spikes_run"]
    assert 121 <= marks[0].step <= 150
    assert marks[0].numbers["at"] == 121


def test_limits_are_the_doctors():
    assert default_limits()["gradient_share"] == 0.95


def test_the_spread_of_keypoints_is_that_about_their_mean():
    keypoints = np.zeros((4, 21, 2))
    keypoints[:2, :, 0], keypoints[2:, :, 0] = 3.0, -3.0
    assert spread_px(keypoints) == pytest.approx(3.0)
    assert np.isnan(spread_px(keypoints[:1]))


def test_every_mark_has_a_sentence():
    """Numbers that a rule gives are those that the doctor's words ask for."""
    run = healthy_run(steps=600)
    seen = [
        *watched(exploding(run, at_share=0.5, growth=20.0)),
        *watched(swinging(run, period=90)),
        *watched(overfitted(healthy_run(steps=800), rise=1.2)),
        *watched(flat(run, 0), spread=0.2),
        *watched(run, joints_3d=0.99, keypoints_2d=0.01),
    ]
    sentences = {mark.cause: _sentence(mark) for mark in seen}
    assert sentences.keys() >= {"divergence", "oscillation", "overfitting", "plateau"}
    assert sentences.keys() >= {"constant_output_run", "loss_imbalance_run"}
    for cause, sentence in sentences.items():
        assert "{" not in sentence and cause not in sentence and len(sentence) > 80


class BrokenLimits(dict):
    """Limits of which one is no number."""

    def __getitem__(self, name: str) -> float:
        return "a word" if name == "gradient_share" else super().__getitem__(name)


def test_a_rule_that_fails_is_told_once_and_ends_nothing():
    marks, warnings = [], []
    limits = BrokenLimits(default_limits())
    watch = Watch(marks.append, warnings.append, clip_norm=1.0, peak_rate=1e-3, limits=limits)
    for step in (50, 100):
        watch.diagnosed(step=step, shares={"a": 0.9, "b": 0.1}, ratios={})
        watch.validated(step=step, metrics={}, baselines={}, spread_px=1.0)
    assert len(warnings) == 1 and "TypeError" in warnings[0] and "goes on" in warnings[0]
    assert marks == []


def test_a_full_disk_is_the_runs_own_trouble():
    def tell(mark: MarkEvent) -> None:
        raise OSError("full")

    watch = Watch(tell, pytest.fail, clip_norm=1.0, peak_rate=1e-3)
    with pytest.raises(OSError, match="full"):
        watch.diagnosed(step=50, shares={"a": 0.99, "b": 0.01}, ratios={})


def test_a_resumed_run_is_watched_with_its_past(tmp_path):
    folder = make_run(tmp_path, steps=150)
    writer = EventWriter(folder.events_file)
    writer.write(MarkEvent(step=60, cause="plateau"))
    writer.write(MarkEvent(step=110, cause="divergence"))
    writer.write(ResumedEvent(step=100))
    writer.close()
    watch = Watch(pytest.fail, pytest.fail, clip_norm=1.0, peak_rate=1e-3)
    watch.recall(folder, step=100)
    table, steps = watch._table(), StepTable.open(folder.steps_file).columns
    assert table["step"].tolist() == list(range(1, 101))
    assert table["loss"].tolist() == steps.column("loss")[:100].tolist()
    assert table["applied"].tolist() == table["configured"].tolist()
    assert watch._validation_steps == [50, 100]
    assert watch._told == {"plateau": 60}


def test_small_swings_at_the_bottom_are_none_after_resuming_either(tmp_path):
    """Without the fall before they would be large ones."""
    run = healthy_run(steps=400, fall=0.99, pace=0.05, scatter=0.02)
    late = run.step > 200
    run.loss[late] *= np.exp(0.3 * np.sin(run.step[late] / 10))
    folder = make_run(tmp_path, steps=1)
    columns = columns_of(TERMS)
    writer = StepWriter(folder.steps_file, columns)
    for row in range(1, 200):
        other = {"step": run.step[row], "loss": run.loss[row], "gradient_norm": 1.0}
        writer.append(dict.fromkeys(columns, 0.0) | other)
    writer.close()

    def marks_after(*, recalled: bool) -> list[str]:
        marks: list[MarkEvent] = []
        watch = Watch(marks.append, pytest.fail, clip_norm=1.0, peak_rate=1e-3)
        if recalled:
            watch.recall(folder, step=200)
        for row in range(200, 400):
            report = report_of(run, row)
            watch.stepped(report, step=row + 1, applied=report.learning_rate)
        watch.diagnosed(step=400, shares={}, ratios={})
        return causes(marks)

    assert marks_after(recalled=False) == ["oscillation"]  # the test can fail
    assert marks_after(recalled=True) == []


def test_a_real_run_marks_a_loss_of_one_term(tmp_path):
    """Through loop, reporter and event file, as the window reads it."""
    status, folder = train_here(
        tmp_path,
        run__steps=3,
        run__validate_every_steps=3,
        run__diagnostics_every_steps=1,
        loss__heatmaps=1e6,
    )
    assert status == 0
    marks = events_of(folder, MarkEvent)
    assert causes(marks) == ["loss_imbalance_run"]
    assert marks[0].numbers["term"] == "heatmaps"
    assert "warning: after step 1: loss imbalance run: term heatmaps" in folder.log_file.read_text(
        encoding="utf-8"
    )
