"""Can the loss be zero: what does each of its terms say of the labels themselves?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch

from core.doctor.check import Check, Named, Outcome, Reading, Tier, not_tested
from core.doctor.evidence import Bars, Evidence, Table
from core.doctor.lab import Lab
from core.doctor.subject import Sample
from core.doctor.trials.shared_work import loss_batch, network, training_terms

#: Labels are blown up by this for a term to say something else, if it looks at them at all.
_BLOWN_UP = 2.0


def _run(lab: Lab) -> Outcome:
    samples = loss_batch(lab)
    at_truth = _truth_terms(lab, samples, samples)
    with torch.no_grad():
        fresh = _numbers(training_terms(lab, network(lab), samples))
    lab.tick(0.7)
    regularisers = lab.subject.network.regularisers
    judged = [name for name in fresh if name not in regularisers]
    if not any(fresh[name] for name in judged):
        return not_tested("loss_is_zero")
    if not all(np.isfinite(fresh[name]) for name in judged):
        return not_tested("not_finite", "loss")
    shares = {name: _share(at_truth.get(name, 0.0), fresh[name]) for name in judged}
    limit = lab.thresholds["oracle.share"]
    bad = [name for name in judged if not shares[name] <= limit]
    bad.sort(key=lambda name: -at_truth[name] if at_truth[name] > 0 else -np.inf)
    constant = _constant_shares(lab, samples, at_truth, fresh) if bad else {}
    total = sum(fresh[name] for name in judged)
    readings = (
        Reading(
            quantity="truth_share",
            value=max(shares.values(), key=_nan_first),
            threshold="oracle.share",
        ),
        Reading(quantity="loss_at_truth", value=sum(at_truth[name] for name in judged)),
        Reading(quantity="loss_when_fresh", value=total),
        Reading(quantity="left_out_terms", value=float(len(regularisers & fresh.keys()))),
    )
    return Outcome(
        readings=readings,
        named=tuple(_named(lab, bad, at_truth, fresh, constant)),
        evidence=_evidence(lab, at_truth, fresh, shares),
    )


def _nan_first(value: float) -> float:
    return np.inf if np.isnan(value) else value


@torch.no_grad()
def _truth_terms(lab: Lab, told: Sequence[Sample], asked: Sequence[Sample]) -> dict[str, float]:
    """Terms where the labels of `told` are the answer and those of `asked` the truth."""
    access = lab.subject.network
    module = network(lab).train()
    return _numbers(access.terms(module, access.truth(told), asked))


def _numbers(terms: Mapping[str, torch.Tensor]) -> dict[str, float]:
    return {name: float(term.detach()) for name, term in terms.items()}


def _share(at_truth: float, fresh: float) -> float:
    """A term's value for the truth over that for a fresh network."""
    if fresh == 0:
        return 0.0 if at_truth == 0 else float("inf")
    return abs(at_truth / fresh)


def _constant_shares(
    lab: Lab, samples: Sequence[Sample], at_truth: Mapping[str, float], fresh: Mapping[str, float]
) -> dict[str, float]:
    """By term, the part of its value that no answer changes: least over largest of four answers.

    The answers: the truth, a fresh network's, other samples' truth, and the truth twice as large.
    """
    rolled = _truth_terms(lab, (*samples[1:], samples[0]), samples)
    blown_up = _truth_terms(lab, [_blown_up(sample) for sample in samples], samples)
    found = {}
    for name in at_truth:
        values = [abs(terms[name]) for terms in (at_truth, fresh, rolled, blown_up)]
        found[name] = min(values) / max(values) if max(values) > 0 else 0.0
    return found


def _blown_up(sample: Sample) -> Sample:
    wrist_mm = sample.joints_mm[:1]
    return replace(
        sample,
        joints_mm=wrist_mm + _BLOWN_UP * (sample.joints_mm - wrist_mm),
        keypoints_norm=_BLOWN_UP * sample.keypoints_norm,
        betas=None if sample.betas is None else _BLOWN_UP * sample.betas + 1,
    )


def _named(
    lab: Lab,
    bad: Sequence[str],
    at_truth: Mapping[str, float],
    fresh: Mapping[str, float],
    constant: Mapping[str, float],
) -> list[Named]:
    floor = lab.thresholds["oracle.constant_share"]
    groups = {
        "loss_constant_floor": [name for name in bad if constant[name] > floor],
        "loss_not_zero_for_truth": [name for name in bad if not constant[name] > floor],
    }
    return [
        Named(
            cause=cause,
            numbers={
                "terms": ", ".join(names),
                "at_truth": at_truth[names[0]],
                "fresh": fresh[names[0]],
                "share": _share(at_truth[names[0]], fresh[names[0]]),
                "constant_share": constant[names[0]],
            },
        )
        for cause, names in groups.items()
        if names
    ]


def _evidence(
    lab: Lab,
    at_truth: Mapping[str, float],
    fresh: Mapping[str, float],
    shares: Mapping[str, float],
) -> tuple[Evidence, ...]:
    bars = Bars(
        title="truth_shares",
        labels=tuple(shares),
        values=np.array(list(shares.values())),
        limits=(lab.thresholds["oracle.share"],),
    )
    rows = tuple(
        (name, at_truth.get(name, 0.0), value, shares.get(name, float("nan")))
        for name, value in fresh.items()
    )
    return bars, Table(
        title="truth_terms",
        columns=("term", "loss_at_truth", "loss_when_fresh", "truth_share"),
        rows=rows,
    )


CHECK = Check(
    id="oracle",
    tier=Tier.SECONDS,
    needs=("samples", "network"),
    after=("targets/labels_not_finite", "targets/zero_confidence", "load/hand_model_zeros"),
    run=_run,
)
