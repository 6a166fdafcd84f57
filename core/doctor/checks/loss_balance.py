"""Who drives: each term's share of the gradient, terms that pull apart, sums instead of means."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from core.doctor.check import Check, Named, Outcome, Reading, Tier
from core.doctor.evidence import Bars, Evidence, Table
from core.doctor.lab import Lab
from core.doctor.trials.gradients import Gradients, gradients
from core.doctor.trials.shared_work import is_trained, loss_batch, network
from core.training.config import LossConfig

#: The batch is repeated so many times to see whether the loss grows with it.
_REPEATS = 4


def _run(lab: Lab) -> Outcome:
    found = gradients(lab)
    loss = sum(found.values.values())
    exponents = _growth(lab)
    shares = _judged_shares(lab, found)
    conflict = _worst_conflict(lab, found, shares)
    top = max(shares, key=shares.__getitem__, default="")
    readings = (
        Reading(
            quantity="largest_gradient_share",
            value=shares.get(top, 0.0),
            threshold="loss_balance.largest_share",
        ),
        Reading(
            quantity="least_cosine",
            value=conflict[0],
            threshold="loss_balance.cosine",
            is_high_bad=False,
        ),
        Reading(
            quantity="growth_exponent",
            value=max(exponents.values(), default=0.0),
            threshold="loss_balance.growth",
        ),
        Reading(quantity="loss", value=loss),
    )
    named = [
        *_zero_loss(found),
        *_sums(lab, exponents),
        *_dominance(lab, found, shares, top),
        *_conflicts(lab, conflict),
    ]
    return Outcome(readings=readings, named=tuple(named), evidence=_evidence(lab, found, exponents))


def _zero_loss(found: Gradients) -> list[Named]:
    if any(value != 0 for value in found.values.values()):
        return []
    return [Named(cause="all_zero_loss", numbers={"count": len(found.values)})]


@torch.no_grad()
def _growth(lab: Lab) -> dict[str, float]:
    """By term, the power of the batch size with which it grows: 0 for a mean, 1 for a sum.

    The same samples once and four times over, with other samples' labels for answers, so that
    nothing random of the network comes in.
    """
    access = lab.subject.network
    module = network(lab).train()
    asked = loss_batch(lab)[:2]
    told = asked[::-1]
    if len(asked) < 2:
        return {}
    once = access.terms(module, access.truth(told), asked)
    often = access.terms(module, access.truth(told * _REPEATS), asked * _REPEATS)
    found = {}
    for name, term in once.items():
        low, high = float(term), float(often[name])
        if low != 0 and high / low > 0:
            found[name] = float(np.log(high / low) / np.log(_REPEATS))
    return found


def _sums(lab: Lab, exponents: Mapping[str, float]) -> list[Named]:
    limit = lab.thresholds["loss_balance.growth"]
    grown = [name for name, power in exponents.items() if power > limit]
    if not grown:
        return []
    numbers = {
        "terms": ", ".join(grown),
        "repeats": _REPEATS,
        "factor": float(_REPEATS ** max(exponents[name] for name in grown)),
    }
    return [Named(cause="sum_reduction", numbers=numbers)]


def _judged_shares(lab: Lab, found: Gradients) -> dict[str, float]:
    """Shares of the gradient, of terms that compare with labels."""
    judged = {n: v for n, v in found.norms.items() if n not in lab.subject.network.regularisers}
    total = sum(norm for norm in judged.values() if np.isfinite(norm))
    return {name: norm / total if total > 0 else 0.0 for name, norm in judged.items()}


def _dominance(lab: Lab, found: Gradients, shares: Mapping[str, float], top: str) -> list[Named]:
    active = [name for name, norm in found.norms.items() if norm > 0 and name in shares]
    if len(active) < 2 or not shares[top] > lab.thresholds["loss_balance.largest_share"]:
        return []
    second = max((name for name in active if name != top), key=lambda name: found.norms[name])
    factor = found.norms[top] / found.norms[second]
    numbers = {"term": top, "share": shares[top], "second": second, "factor": factor}
    return [
        Named(
            cause="one_term_dominates",
            numbers=numbers,
            changes=_lighter(lab, top, factor),
        )
    ]


def _lighter(lab: Lab, term: str, factor: float) -> dict[str, object]:
    """The weight with which a term pulls as hard as the next one, if it is one of ours."""
    training = lab.subject.training
    weight = 0.0 if training is None else training.facts.weights.get(term, 0.0)
    if not weight > 0 or term not in LossConfig.model_fields:
        return {}
    return {f"loss.{term}": float(f"{weight / factor:.2g}")}


def _worst_conflict(
    lab: Lab, found: Gradients, shares: Mapping[str, float]
) -> tuple[float, str, str]:
    """The least cosine between two terms that both matter, and which they are.

    Only of a network that is not trained yet: at a minimum terms hold each other in balance.
    """
    least = (1.0, "", "")
    if is_trained(lab):
        return least
    names = list(found.values)
    enough = lab.thresholds["loss_balance.heard_share"]
    heard = [n for n, name in enumerate(names) if shares.get(name, 0.0) > enough]
    for place, first in enumerate(heard):
        for second in heard[place + 1 :]:
            cosine = float(found.cosines[first, second])
            if cosine < least[0]:
                least = (cosine, names[first], names[second])
    return least


def _conflicts(lab: Lab, conflict: tuple[float, str, str]) -> list[Named]:
    cosine, first, second = conflict
    if not cosine < lab.thresholds["loss_balance.cosine"]:
        return []
    numbers = {"cosine": cosine, "first": first, "second": second}
    return [Named(cause="terms_conflict", numbers=numbers)]


def _evidence(lab: Lab, found: Gradients, exponents: Mapping[str, float]) -> tuple[Evidence, ...]:
    shares = found.shares
    names: Sequence[str] = list(found.values)
    bars = Bars(
        title="gradient_shares",
        labels=tuple(shares),
        values=np.array(list(shares.values())),
        limits=(lab.thresholds["loss_balance.largest_share"],),
    )
    cosines = Table(
        title="gradient_cosines",
        columns=("term", *names),
        rows=tuple((name, *map(float, found.cosines[row])) for row, name in enumerate(names)),
    )
    growth = Table(
        title="batch_growth",
        columns=("term", "growth_exponent"),
        rows=tuple(exponents.items()),
    )
    return bars, cosines, growth


CHECK = Check(
    id="loss_balance",
    tier=Tier.MINUTES,
    needs=("samples", "network"),
    after=("targets/labels_not_finite", "targets/zero_confidence", "load/hand_model_zeros"),
    run=_run,
)
