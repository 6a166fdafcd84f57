"""Order, blocking, mending and telling of checks, with checks made for it."""

from dataclasses import replace

import pytest

from core.doctor.check import Check, Named, Outcome, Reading, Tier, Verdict
from core.doctor.lab import Cancelled
from core.doctor.runner import Progressed, Started, examine
from core.doctor.subject import Subject
from core.doctor.thresholds import Thresholds, UnknownThresholdError, default_thresholds

SUBJECT = Subject(name="made up", split_frames=1)


def check(id_, *, named=(), tier=Tier.SECONDS, needs=(), after=(), sees=None):
    """A check that names causes while `sees(subject)` holds."""

    def run(lab):
        lab.tick(0.5)
        found = named if sees is None or sees(lab.subject) else ()
        return Outcome(readings=(Reading(quantity="number", value=1.0),), named=found)

    return Check(id=id_, tier=tier, run=run, needs=needs, after=after)


def verdicts(examination):
    return {finding.check: finding.verdict for finding in examination.findings}


STUCK = Named(cause="stuck")
#: A fault in `split_frames`, which mending makes even again.
MENDABLE = Named(cause="odd", mend=lambda subject: replace(subject, split_frames=2))


def test_below_a_fault_that_cannot_be_mended_nothing_is_tested_and_the_reason_is_told():
    examination = examine(
        SUBJECT,
        [
            check("above", named=(STUCK,)),
            check("below", after=("above",)),
            check("below_that", after=("below",)),
            check("beside"),
        ],
    )
    assert verdicts(examination) == {
        "above": Verdict.FAULT,
        "below": Verdict.NOT_TESTED,
        "below_that": Verdict.NOT_TESTED,
        "beside": Verdict.PASS,
    }
    below = examination.findings[1].outcome
    assert (below.reason, below.detail) == ("blocked", "stuck")
    assert examination.causes[0].explains == ("below", "below_that")


def test_only_the_cause_that_masks_blocks_where_a_check_says_so():
    above = check("above", named=(STUCK,))
    masked, other = check("a", after=("above/stuck",)), check("b", after=("above/another",))
    assert verdicts(examine(SUBJECT, [above, masked, other])) == {
        "above": Verdict.FAULT,
        "a": Verdict.NOT_TESTED,
        "b": Verdict.PASS,
    }


def test_a_mended_fault_lets_those_below_it_run_on_the_mended_subject():
    is_odd = lambda subject: subject.split_frames % 2 == 1
    examination = examine(
        SUBJECT,
        [
            check("above", named=(MENDABLE,), sees=is_odd),
            check("below", named=(STUCK,), after=("above",), sees=lambda s: not is_odd(s)),
        ],
    )
    assert [cause.named.cause for cause in examination.causes] == ["odd", "stuck"]
    assert examination.findings[1].under == ("odd",)


def test_a_check_looks_again_once_its_first_cause_is_mended():
    def run(lab):
        named = (MENDABLE,) if lab.subject.split_frames == 1 else (STUCK,)
        return Outcome(readings=(Reading(quantity="n", value=0.0),), named=named)

    examination = examine(SUBJECT, [Check(id="twice", tier=Tier.SECONDS, needs=(), run=run)])
    assert [n.cause for n in examination.findings[0].outcome.named] == ["odd", "stuck"]


def test_a_mend_that_mends_nothing_ends():
    useless = Named(cause="odd", mend=lambda subject: subject)
    examination = examine(SUBJECT, [check("again", named=(useless,))])
    assert [n.cause for n in examination.findings[0].outcome.named] == ["odd"]


def test_missing_parts_dear_tiers_and_crashes_are_not_tested_and_never_pass():
    def crash(lab):
        raise ZeroDivisionError("by nothing")

    examination = examine(
        SUBJECT,
        [
            check("network", needs=("network",)),
            check("dear", tier=Tier.LONG),
            Check(id="crashes", tier=Tier.SECONDS, needs=(), run=crash),
        ],
    )
    reasons = [(f.verdict, f.outcome.reason, f.outcome.detail) for f in examination.findings]
    assert reasons == [
        (Verdict.NOT_TESTED, "missing", "network"),
        (Verdict.NOT_TESTED, "tier", "long"),
        (Verdict.NOT_TESTED, "crashed", "ZeroDivisionError: by nothing"),
    ]


def test_reasons_come_before_symptoms_and_faults_before_warnings():
    examination = examine(
        SUBJECT,
        [
            check("first", named=(Named(cause="a_warning", verdict=Verdict.WARNING),)),
            check("collapse", named=(Named(cause="constant_predictor"),)),
            check("last", named=(Named(cause="a_reason"),)),
        ],
    )
    causes = [cause.named.cause for cause in examination.causes]
    assert causes == ["a_reason", "constant_predictor", "a_warning"]
    assert examination.causes[0].explains == ("collapse",)
    assert not examination.is_healthy


def test_a_cause_is_told_with_a_number_beyond_its_threshold():
    well = Reading(quantity="a", value=0.001, threshold="learning_rate.factor_high")
    beyond = Reading(quantity="b", value=257.0, threshold="learning_rate.factor_low")

    def one(*named):
        return Check(
            id="rate", tier=Tier.SECONDS, needs=(),
            run=lambda lab: Outcome(readings=(well, beyond), named=named),
        )  # fmt: skip

    (found,) = examine(SUBJECT, [one(STUCK)]).findings
    assert found.outcome.readings == (beyond, well)
    (passed,) = examine(SUBJECT, [one()]).findings
    assert passed.outcome.readings == (well, beyond)


def test_what_follows_from_another_cause_comes_after_it_and_is_explained_by_it():
    clipped = Named(cause="always_clipped", verdict=Verdict.WARNING)
    scaled = Named(cause="weights_scaled_alike", verdict=Verdict.WARNING)
    both = [check("above", named=(clipped,)), check("below", named=(scaled,))]
    causes = examine(SUBJECT, both).causes
    assert [cause.named.cause for cause in causes] == ["weights_scaled_alike", "always_clipped"]
    assert causes[0].explains == ("above",)
    (alone,) = examine(SUBJECT, both[:1]).causes
    assert alone.named.cause == "always_clipped" and not alone.explains


def test_only_what_is_asked_for_runs_and_everything_is_told():
    told = []
    examine(SUBJECT, [check("a"), check("b")], only=frozenset({"b"}), listen=told.append)
    assert told[0] == Started("b", 1, 1) and told[1] == Progressed("b", 0.5)
    assert told[2].check == "b" and len(told) == 3


def test_a_listener_can_end_it():
    def listen(event):
        if isinstance(event, Progressed):
            raise Cancelled

    with pytest.raises(Cancelled):
        examine(SUBJECT, [check("a")], listen=listen)


def test_a_verdict_needs_a_number():
    with pytest.raises(ValueError, match="number"):
        Outcome()
    with pytest.raises(ValueError, match="number"):
        Outcome(reason="blocked", named=(STUCK,))


def test_thresholds_are_overridden_by_name_and_misspelt_names_refused():
    key, known = next(iter(default_thresholds().items()))
    assert Thresholds({key: known.value * 2})[key] == known.value * 2
    assert Thresholds()[key] == known.value and known.reason
    with pytest.raises(UnknownThresholdError, match="no_such"):
        Thresholds({"no_such.threshold": 1.0})
