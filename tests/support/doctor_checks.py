"""Checks run alone, on a subject small enough for dozens of them."""

from doctor_subjects import healthy_subject

from core.doctor.check import Check, Finding, Outcome
from core.doctor.lab import Lab
from core.doctor.registry import CHECKS
from core.doctor.subject import Subject

#: The least network: linear patches, one block, one map.
LEAST = (
    "network.stem=linear",
    "network.blocks=1",
    "network.num_scales=1",
    "network.graph_layers=1",
)


def least_subject(seed: int = 0, *, frames: int = 8, **how: object) -> Subject:
    """A healthy subject that networks' checks take fractions of a second on."""
    return healthy_subject(seed, frames=frames, changes=LEAST, **how)


def check_called(name: str) -> Check:
    """A registered check."""
    return next(check for check in CHECKS if check.id == name)


def outcome_of(name: str, subject: Subject, seed: int = 0) -> Outcome:
    """What one check finds, without those above it."""
    return check_called(name).run(Lab(subject, seed=seed))


def causes_of(outcome: Outcome) -> list[str]:
    """What it names, in order."""
    return [named.cause for named in outcome.named]


def reading(outcome: Outcome | Finding, quantity: str) -> float:
    """One measured number."""
    readings = outcome.readings if isinstance(outcome, Outcome) else outcome.outcome.readings
    return next(one.value for one in readings if one.quantity == quantity)
